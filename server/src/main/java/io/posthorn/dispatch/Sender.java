package io.posthorn.dispatch;

import io.posthorn.egress.Egress;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.Target;
import java.time.Duration;
import java.util.function.Consumer;

/** How complete requests to one endpoint leave. Used on the event loop of its lane. */
@FunctionalInterface
interface Sender {
    /**
     * Makes the request and tells what came of it, once, on the same event loop and not before this has returned.
     *
     * @param deadline of the whole exchange
     */
    void send(Outgoing request, Duration deadline, Consumer<Exchange> done);

    /** To where a URL leads. */
    static Sender to(Target target, Egress egress) {
        return (request, deadline, done) -> {
            if (request.isUsual()) {
                egress.post(target, request.headers(), request.body(), deadline, done);
            } else {
                egress.send(
                        target,
                        request.method(),
                        request.path(),
                        request.userAgent(),
                        request.headers(),
                        request.body(),
                        deadline,
                        done);
            }
        };
    }
}
