package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends, and tells what came of it once, whatever the sender behind it does: one that throws has failed, and what it says
 * after its first word is not heard. Confined to an event loop.
 */
final class OnceSender implements Sender {
    private static final Logger LOG = LoggerFactory.getLogger(OnceSender.class);

    private final Sender next;
    private final Context context;
    private final Time time;

    OnceSender(Sender next, Context context, Time time) {
        this.next = next;
        this.context = context;
        this.time = time;
    }

    @Override
    public void send(Outgoing request, Duration deadline, Consumer<Exchange> done) {
        Once once = new Once(done);
        try {
            next.send(request, deadline, once);
        } catch (RuntimeException e) {
            Exchange failed = new Exchange(time.micros(), 0, notMade(e));
            context.runOnContext(nothing -> once.accept(failed));
        }
    }

    /** What becomes of a request that a sender cannot make. */
    static Outcome.Failure notMade(RuntimeException why) {
        LOG.error("a request could not be made", why);
        return new Outcome.Failure(FailureKind.CONTENT, "the request could not be made: " + why);
    }

    private static final class Once implements Consumer<Exchange> {
        private @Nullable Consumer<Exchange> done;

        Once(Consumer<Exchange> done) {
            this.done = done;
        }

        @Override
        public void accept(Exchange exchange) {
            Consumer<Exchange> told = done;
            done = null;
            if (told == null) {
                LOG.warn("a request has ended twice; this is not counted: {}", exchange.outcome());
            } else {
                told.accept(exchange);
            }
        }
    }
}
