package io.posthorn.catalog;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint changes. Bound to the thread that makes the change, so that a {@link WriteGuard}, which is asked in every
 * transaction, can write down in the same one that it was disabled, say.
 *
 * @param application its application
 * @param was how it was
 * @param now how it is to be
 * @param failSince since when its attempts have failed; null if that is not why it changes, or not known
 */
public record Turn(
        Application application,
        Endpoint was,
        Endpoint now,
        @Nullable Instant failSince) {
    /** What changes on this thread; not bound when something else does. */
    public static final ScopedValue<Turn> TURN = ScopedValue.newInstance();

    static Turn of(AppView view, Endpoint now, @Nullable Instant failSince) {
        Endpoint was = view.endpointByNo(now.no());
        return new Turn(view.application(), was == null ? now : was, now, failSince);
    }

    void during(Runnable change) {
        ScopedValue.where(TURN, this).run(change);
    }

    /** Whether nothing is sent to it from now on. */
    public boolean disables() {
        return now.disabled() && !was.disabled();
    }

    /** Whether it gets what it missed, and all that comes. */
    public boolean enables() {
        return was.disabled() && !now.disabled();
    }

    /** Whether nobody asked for it: it is the server that disables it, and says why. */
    public boolean byItself() {
        return now.disabledReason() != null;
    }
}
