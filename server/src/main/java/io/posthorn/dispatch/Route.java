package io.posthorn.dispatch;

import io.posthorn.model.Message;

/** How the requests to one endpoint are made, ready for the hot path. Used on one event loop. */
interface Route {
    /**
     * Makes the request and tells what came of it, once, on the same event loop.
     *
     * @param message what to send
     * @param done told the exchange
     */
    void send(Message message, java.util.function.Consumer<io.posthorn.egress.Exchange> done);
}
