package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.model.Message;
import java.util.function.Consumer;

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
}
