package io.posthorn.dispatch;

import io.posthorn.egress.Egress;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.egress.OwnTls;
import io.posthorn.egress.Target;
import io.posthorn.model.TlsIdentity;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends over the TLS of one endpoint. Its certificates are read away from the event loop, before the first request if
 * nothing is in the way; requests that come sooner wait for that. If they cannot be used, every attempt fails, visibly.
 */
final class TlsSender implements Sender {
    private static final Logger LOG = LoggerFactory.getLogger(TlsSender.class);

    private final Context context;
    private final Time time;
    private final Waiters<Sender> waiters;
    private @Nullable Sender ready;

    /**
     * A sender that begins to read.
     *
     * @param endpointNo whose turn it takes
     * @param identity of the endpoint
     * @param target where its URL leads
     * @param identities read before, of all endpoints
     */
    TlsSender(
            int endpointNo,
            TlsIdentity identity,
            Target target,
            Egress egress,
            TlsIdentities identities,
            Context context,
            Time time) {
        this.context = context;
        this.time = time;
        this.waiters = new Waiters<>(context);
        OwnTls known = identities.known(identity);
        if (known == null) {
            identities.read(
                    endpointNo,
                    identity,
                    read -> context.runOnContext(nothing -> {
                        Sender made = sender(read, target, egress);
                        ready = made;
                        waiters.tell(made);
                    }));
        } else {
            ready = Sender.to(target.with(known), egress);
        }
    }

    private Sender sender(TlsIdentities.Read read, Target target, Egress egress) {
        return switch (read) {
            case TlsIdentities.Read.Usable(OwnTls tls) -> {
                try {
                    yield Sender.to(target.with(tls), egress);
                } catch (IllegalArgumentException e) {
                    LOG.warn("the TLS of an endpoint does not fit its URL: {}", e.getMessage());
                    yield failing(String.valueOf(e.getMessage()));
                }
            }
            case TlsIdentities.Read.Unusable(String why) -> failing(why);
        };
    }

    private Sender failing(String why) {
        Outcome failure = new Outcome.Failure(FailureKind.CONTENT, "the endpoint's member tls cannot be used: " + why);
        return (request, deadline, done) ->
                context.runOnContext(nothing -> done.accept(new Exchange(time.micros(), 0, failure)));
    }

    @Override
    public void send(Outgoing request, Duration deadline, Consumer<Exchange> done) {
        Sender sender = ready;
        if (sender != null) {
            sender.send(request, deadline, done);
            return;
        }
        long startedAt = time.micros();
        long start = System.nanoTime();
        waiters.add(
                deadline,
                made -> new OnceSender(made, context, time).send(request, left(deadline, start), done),
                () -> done.accept(new Exchange(
                        startedAt,
                        (System.nanoTime() - start) / 1_000,
                        new Outcome.Failure(
                                FailureKind.TIMEOUT,
                                "no complete answer within " + deadline.toMillis()
                                        + " ms; it ended while the endpoint's certificates were being read"))));
    }

    /** At least a moment: whose time is over is told so by whoever sends. */
    private static Duration left(Duration deadline, long start) {
        Duration left = deadline.minusNanos(System.nanoTime() - start);
        return left.isPositive() ? left : Duration.ofMillis(1);
    }
}
