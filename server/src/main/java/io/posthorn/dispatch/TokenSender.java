package io.posthorn.dispatch;

import io.posthorn.dispatch.TokenFetch.Answer;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends with an access token. The token is kept until shortly before its end; then one request for a new one goes out
 * beside the deliveries, which use the present one as long as it lasts. Where there is none, deliveries wait for the one
 * request that is under way, each as long as its own deadline lets it; the request has one that is nobody's else. If the
 * endpoint answers 401, a fresh token is got and the request sent once more, within the same attempt and its deadline;
 * every few seconds at most, because an endpoint that always answers so must not make us flood who gives out tokens.
 * Confined to the event loop of the endpoint's lane.
 */
final class TokenSender implements Sender {
    private static final int UNAUTHORIZED = 401;
    private static final long SECOND = 1_000_000;
    /** The most that a token is renewed before its end, seconds. */
    private static final long MOST_AHEAD = 60;
    /** Between two attempts to renew a token that can still be used, microseconds. */
    private static final long PAUSE = 5 * SECOND;
    /** Of a request for a token, however long those wait for whom it was begun. */
    private static final Duration FETCH = Duration.ofSeconds(10);

    private final TokenFetch tokens;
    private final Sender next;
    private final Context context;
    private final Time time;

    private @Nullable String token;
    private long renewAt;
    private long endsAt;
    private boolean fetching;
    /** When the last token was given up because it was refused; 0 for never. */
    private long refusedAt;

    private final Waiters<Answer> waiting;

    TokenSender(TokenFetch tokens, Sender next, Context context, Time time) {
        this.tokens = tokens;
        this.next = new OnceSender(next, context, time); // who waits for a token can do nothing about what it throws
        this.context = context;
        this.time = time;
        this.waiting = new Waiters<>(context);
    }

    @Override
    public void send(Outgoing request, Duration deadline, Consumer<Exchange> done) {
        new Attempt(request, deadline, done).first();
    }

    /** One attempt, which may be two requests. */
    private final class Attempt {
        private final Outgoing request;
        private final Consumer<Exchange> done;
        private final long startedAt = time.micros();
        private final long start = System.nanoTime();
        private final long deadline;
        private final long budgetMillis;

        Attempt(Outgoing request, Duration deadline, Consumer<Exchange> done) {
            this.request = request;
            this.done = done;
            this.deadline = start + deadline.toNanos();
            this.budgetMillis = deadline.toMillis();
        }

        void first() {
            String present = present();
            if (present == null) {
                fetchAnd(got -> post(got, this::answered));
            } else {
                post(present, this::answered);
            }
        }

        private void answered(String used, Outcome outcome) {
            if (!(outcome instanceof Outcome.Response response && response.code() == UNAUTHORIZED)) {
                end(outcome);
                return;
            }
            String newer = token;
            if (newer != null && !newer.equals(used)) {
                post(newer, (again, last) -> end(last));
            } else if (fetching || mayRefuse()) {
                token = null;
                fetchAnd(got -> post(got, (again, last) -> end(last)));
            } else {
                end(outcome);
            }
        }

        private void fetchAnd(Consumer<String> then) {
            Duration left = left();
            if (!left.isPositive()) {
                context.runOnContext(nothing -> tooLate());
                return;
            }
            waiting.add(
                    left,
                    answer -> {
                        switch (answer) {
                            case Answer.Token(String got, long _) -> then.accept(got);
                            case Answer.None(Outcome.Failure failure) -> end(failure);
                        }
                    },
                    this::tooLate);
            fetch();
        }

        private void post(String with, BiConsumer<String, Outcome> then) {
            Duration left = left();
            if (!left.isPositive()) {
                context.runOnContext(nothing -> tooLate());
                return;
            }
            next.send(authorized(with), left, exchange -> then.accept(with, exchange.outcome()));
        }

        private Outgoing authorized(String with) {
            String value = "Bearer " + with;
            Integer at = Credentials.at(request.headers(), Credentials.AUTHORIZATION);
            if (at == null) {
                return request.with(Credentials.AUTHORIZATION, value);
            }
            String[] headers = request.headers().clone();
            headers[at] = value;
            return new Outgoing(
                    request.message(), request.method(), request.path(), request.userAgent(), headers, request.body());
        }

        private Duration left() {
            return Duration.ofNanos(deadline - System.nanoTime());
        }

        private void tooLate() {
            end(new Outcome.Failure(
                    FailureKind.TIMEOUT,
                    "no access token: " + tokens.host() + " gave none in time; no complete answer within "
                            + budgetMillis + " ms"));
        }

        private void end(Outcome outcome) {
            done.accept(new Exchange(startedAt, (System.nanoTime() - start) / 1_000, outcome));
        }
    }

    /** The token that can be used now; one that ends soon is renewed meanwhile. */
    private @Nullable String present() {
        long now = time.micros();
        if (token == null || now >= endsAt) {
            return null;
        }
        if (now >= renewAt && !fetching) {
            renewAt = now + PAUSE;
            fetch();
        }
        return token;
    }

    /** Whether a token that the endpoint refuses is worth another. */
    private boolean mayRefuse() {
        long now = time.micros();
        if (Math.abs(now - refusedAt) < PAUSE) {
            return false;
        }
        refusedAt = now;
        return true;
    }

    /** One request at a time, whoever waits for it. */
    private void fetch() {
        if (fetching) {
            return;
        }
        fetching = true;
        try {
            tokens.fetch(FETCH, this::fetched);
        } catch (RuntimeException e) {
            Answer none = new Answer.None(OnceSender.notMade(e));
            context.runOnContext(nothing -> fetched(none));
        }
    }

    private void fetched(Answer answer) {
        fetching = false;
        if (answer instanceof Answer.Token(String got, long lifeSeconds)) {
            long now = time.micros();
            token = got;
            endsAt = now + lifeSeconds * SECOND;
            renewAt = endsAt - Math.min(MOST_AHEAD, lifeSeconds / 5) * SECOND;
        }
        waiting.tell(answer);
    }
}
