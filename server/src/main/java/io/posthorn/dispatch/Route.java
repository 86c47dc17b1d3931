package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.model.Message;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How the requests to one endpoint are made, ready for the hot path. Used on one event loop. */
interface Route {
    /**
     * Makes the request and tells what came of it, once, on the same event loop.
     *
     * @param message what to send
     * @param attempt its number, 1 for the first
     * @param done told the exchange
     */
    void send(Message message, int attempt, Consumer<Exchange> done);

    /**
     * As {@link #send(Message, int, Consumer)}, for somebody who waits no longer than they say.
     *
     * @param most for the whole exchange, if the endpoint's own deadline is not sooner; a route that cannot be held to it
     *     takes its own
     */
    default void send(Message message, int attempt, Duration most, Consumer<Exchange> done) {
        send(message, attempt, done);
    }

    /** The deadline of its exchanges; null if they have none of their own. */
    default @Nullable Duration deadline() {
        return null;
    }
}
