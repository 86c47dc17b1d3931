package io.posthorn.dispatch;

import io.posthorn.history.Cancellations;
import io.posthorn.history.Cancellations.Cancelled;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Cancels messages that were to be sent later, before they go.
 *
 * <pre>
 *   the lanes hold it ▶ rows in deferral deleted and entered in the log ▶ lanes let go of it
 * </pre>
 *
 * <p>While the lanes hold it nothing of it begins, so what is deleted is known not to have been sent; what was under way by
 * then is left alone. The rows of all endpoints go in one transaction: after any end of the process the message is
 * cancelled, or it is not and goes when it is due.
 */
public final class Cancellation {
    private static final long PATIENCE_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 10;

    private final Dispatcher dispatcher;
    private final Cancellations store;
    private final DispatchMetrics metrics;
    private final Time time;

    /**
     * A cancellation.
     *
     * @param dispatcher whose lanes may have the messages
     * @param store the backlog and the log
     * @param metrics told of what is owed no longer
     * @param time the clock
     */
    public Cancellation(Dispatcher dispatcher, Cancellations store, DispatchMetrics metrics, Time time) {
        this.dispatcher = dispatcher;
        this.store = store;
        this.metrics = metrics;
        this.time = time;
    }

    /**
     * Cancels the deliveries of a message that have not begun. Blocks, for some seconds at most.
     *
     * @param message committed
     * @return what became of it; null if the message is not on its way yet, because outcomes cannot be written: nothing was
     *     changed
     */
    public @Nullable Cancelled cancel(Message message) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        if (!dispatcher.awaitHanded(message, PATIENCE_MILLIS)) {
            return null;
        }
        do {
            try {
                Set<Integer> begun = new HashSet<>();
                if (dispatcher.hold(message, begun)) {
                    Cancelled cancelled = store.cancel(message, begun, time.micros());
                    metrics.forgotten(cancelled.now().size());
                    for (int endpointNo : cancelled.now()) {
                        dispatcher.withdrawn(endpointNo, Set.of(message.seq));
                    }
                    return cancelled;
                }
            } finally {
                dispatcher.release(message);
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } while (System.nanoTime() < until);
        return null;
    }
}
