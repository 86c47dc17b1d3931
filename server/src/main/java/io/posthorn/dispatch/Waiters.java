package io.posthorn.dispatch;

import io.vertx.core.Context;
import io.vertx.core.internal.ContextInternal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that wait for the same thing, each as long as it may and no longer. Confined to one event loop. They are bounded
 * as what is in flight.
 */
final class Waiters<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Waiters.class);
    private static final long NANOS = 1_000_000;

    private final ContextInternal context;
    private final Set<Waiter> waiting = new LinkedHashSet<>();

    Waiters(Context context) {
        this.context = (ContextInternal) context;
    }

    /** One of them. */
    private final class Waiter {
        final Consumer<T> then;
        final long timer;

        Waiter(Duration left, Consumer<T> then, Runnable tooLate) {
            this.then = then;
            long millis = Math.max(1, (left.toNanos() + NANOS - 1) / NANOS);
            this.timer = context.setTimer(millis, id -> {
                if (waiting.remove(this)) {
                    tooLate.run();
                }
            });
        }
    }

    /**
     * One more.
     *
     * @param left how long it waits at most
     * @param then told what it has waited for
     * @param tooLate told instead if that takes longer; neither before this has returned
     */
    void add(Duration left, Consumer<T> then, Runnable tooLate) {
        waiting.add(new Waiter(left, then, tooLate));
    }

    /** What they have waited for. One that cannot deal with it leaves the others alone. */
    void tell(T what) {
        List<Waiter> told = new ArrayList<>(waiting);
        waiting.clear();
        for (Waiter each : told) {
            context.owner().cancelTimer(each.timer);
            try {
                each.then.accept(what);
            } catch (RuntimeException e) {
                LOG.error("what a request has waited for could not be used", e);
            }
        }
    }

    /** How many. */
    int size() {
        return waiting.size();
    }
}
