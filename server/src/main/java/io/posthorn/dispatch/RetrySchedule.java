package io.posthorn.dispatch;

import java.time.Duration;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * When a failed delivery is tried again.
 *
 * @param delays the wait after the first attempt, after the second, and so on; after the last it is exhausted
 * @param jitter each delay is multiplied by a random factor from 1 − jitter to 1 + jitter; 0 to 1
 * @param retryAfterMost a {@code Retry-After} beyond this counts as this
 * @param random from 0 to 1
 */
public record RetrySchedule(List<Duration> delays, double jitter, Duration retryAfterMost, DoubleSupplier random) {

    /** Checked and copied. */
    public RetrySchedule {
        delays = List.copyOf(delays);
        if (jitter < 0 || jitter > 1) {
            throw new IllegalArgumentException("jitter is from 0 to 1, not " + jitter);
        }
    }
}
