package io.posthorn.api;

import io.posthorn.history.DeliveryState;
import io.posthorn.runtime.Time;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a delivery stands, as it is shown.
 *
 * @param status 0 success, 1 pending, 2 fail, 3 sending
 * @param statusText the same in a word
 * @param nextAttempt when the next one is due; null if none is scheduled
 */
record StateView(int status, String statusText, @Nullable Instant nextAttempt) {
    static StateView of(DeliveryState state) {
        Long next = state.nextAttemptAt();
        return new StateView(
                state.status().code(),
                state.status().name().toLowerCase(Locale.ROOT),
                next == null ? null : Time.instant(next));
    }
}
