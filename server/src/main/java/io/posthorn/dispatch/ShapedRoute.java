package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Message;
import io.posthorn.runtime.Budget;
import io.posthorn.runtime.FairWorkers;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The route of an endpoint whose requests are not the usual ones. What they are like, strangers have written down; so they
 * are made away from the event loop, and only sent on it.
 */
final class ShapedRoute implements Route {
    private static final Logger LOG = LoggerFactory.getLogger(ShapedRoute.class);

    private final int endpointNo;
    private final RequestMaker maker;
    private final FairWorkers workers;
    private final Sender sender;
    private final Context context;
    private final Duration deadline;
    private final Time time;

    ShapedRoute(
            int endpointNo,
            RequestMaker maker,
            FairWorkers workers,
            Sender sender,
            Context context,
            Duration deadline,
            Time time) {
        this.endpointNo = endpointNo;
        this.maker = maker;
        this.workers = workers;
        this.sender = sender;
        this.context = context;
        this.deadline = deadline;
        this.time = time;
    }

    @Override
    public @Nullable Duration deadline() {
        return deadline;
    }

    @Override
    public void send(Message message, int attempt, Consumer<Exchange> done) {
        long startedAt = time.micros();
        workers.run(endpointNo, () -> {
            RequestMaker.Made made = made(message, attempt);
            context.runOnContext(ignored -> go(made, startedAt, deadline, done));
        });
    }

    /** Somebody waits: what is made too late for them is not sent any more. */
    @Override
    public void send(Message message, int attempt, Duration most, Consumer<Exchange> done) {
        long startedAt = time.micros();
        workers.run(endpointNo, () -> {
            RequestMaker.Made made = made(message, attempt);
            context.runOnContext(ignored -> {
                Duration left = most.minus(time.micros() - startedAt, ChronoUnit.MICROS);
                if (left.isPositive()) {
                    go(made, startedAt, left.compareTo(deadline) < 0 ? left : deadline, done);
                } else {
                    String detail = "its request was not made in time; nothing was sent";
                    done.accept(
                            new Exchange(startedAt, micros(most), new Outcome.Failure(FailureKind.TIMEOUT, detail)));
                }
            });
        });
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }

    /** Whatever it is that goes wrong: who sends has to be told, or the delivery would be in flight for ever. */
    private RequestMaker.Made made(Message message, int attempt) {
        try (Budget _ = Budget.open()) {
            return maker.make(message, attempt);
        } catch (Throwable e) {
            LOG.error("no request could be made of message {}", message.id, e);
            return new RequestMaker.Made.Broken("no request could be made: " + e);
        }
    }

    private void go(RequestMaker.Made made, long startedAt, Duration most, Consumer<Exchange> done) {
        switch (made) {
            case RequestMaker.Made.Request(Outgoing outgoing) -> sender.send(outgoing, most, done);
            case RequestMaker.Made.Unwanted _ -> done.accept(new Exchange(startedAt, 0, new Outcome.Unwanted()));
            case RequestMaker.Made.Broken(String detail) ->
                done.accept(new Exchange(startedAt, 0, new Outcome.Failure(FailureKind.CONTENT, detail)));
        }
    }
}
