package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Expression;
import io.posthorn.runtime.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says what an exchange means for a delivery. As long as the owner of the endpoint has not decided otherwise, only a 2xx
 * within the deadline succeeds, 410 ends the subscription, and everything else is tried again as the schedule says
 * (Standard Webhooks 1.0.0).
 */
final class Judge {
    private static final int GONE = 410;

    private final RetryPlan plan;
    private final @Nullable Codes successes;
    private final @Nullable String body;
    private final @Nullable String expression;
    private final @Nullable Codes retried;
    private final boolean timeouts;
    private final boolean connectionErrors;
    private final boolean onGone;

    /** One for all endpoints whose owners have decided nothing. */
    Judge(RetrySchedule installation) {
        this(installation, DeliveryPolicy.DEFAULT);
    }

    Judge(RetrySchedule installation, DeliveryPolicy policy) {
        this.plan = new RetryPlan(installation, policy.retry());
        this.successes = codes(policy.success().statuses());
        String literal = policy.success().body();
        this.body = literal == null ? null : literal.strip();
        this.expression = policy.success().expression();
        this.retried = codes(policy.retry().statuses());
        this.timeouts = policy.retry().timeouts();
        this.connectionErrors = policy.retry().connectionErrors();
        this.onGone = policy.disabling().onGone();
    }

    private static @Nullable Codes codes(@Nullable List<String> texts) {
        return texts == null ? null : new Codes(texts);
    }

    /** Whether two policies have the same judge. */
    static boolean same(DeliveryPolicy one, DeliveryPolicy other) {
        return one.retry().equals(other.retry())
                && one.success().equals(other.success())
                && one.disabling().onGone() == other.disabling().onGone();
    }

    /** The attempt as it is kept. */
    static Attempt attempt(Exchange exchange, int number) {
        return attempt(exchange, number, null);
    }

    /**
     * The attempt as it is kept.
     *
     * @param exchange what happened
     * @param number 1 for the first
     * @param why a response was no success although its status was; null if there is nothing to say
     */
    static Attempt attempt(Exchange exchange, int number, @Nullable String why) {
        int duration = (int) Math.min(Integer.MAX_VALUE, exchange.durationMicros());
        return switch (exchange.outcome()) {
            case Outcome.Response response ->
                new Attempt(
                        number,
                        exchange.startedAtMicros(),
                        duration,
                        AttemptStatus.RESPONSE,
                        response.code(),
                        why,
                        response.headers(),
                        response.body());
            case Outcome.Failure failure ->
                new Attempt(
                        number,
                        exchange.startedAtMicros(),
                        duration,
                        switch (failure.kind()) {
                            case TIMEOUT -> AttemptStatus.TIMEOUT;
                            case DNS -> AttemptStatus.DNS;
                            case CONNECT -> AttemptStatus.CONNECT;
                            case TLS -> AttemptStatus.TLS;
                            case REFUSED_ADDRESS -> AttemptStatus.REFUSED_ADDRESS;
                            case PROTOCOL -> AttemptStatus.PROTOCOL;
                            case CONTENT -> AttemptStatus.CONTENT;
                        },
                        0,
                        failure.detail(),
                        null,
                        null);
            case Outcome.Unwanted _ -> throw new IllegalStateException("nothing was tried");
        };
    }

    /** The expression that has to be asked before there is a verdict; null if there is none to ask. */
    @Nullable
    String asks(Exchange exchange) {
        return expression != null
                        && exchange.outcome() instanceof Outcome.Response response
                        && succeeds(response.code())
                        && unlike(response) == null
                ? expression
                : null;
    }

    /**
     * Why a response is no success although its status is.
     *
     * @param exchange what happened
     * @param answer what the expression said, if it had to be asked
     * @return for people; null if it is a success, or its status says it already
     */
    @Nullable
    String objection(Exchange exchange, Expression.@Nullable Answer answer) {
        if (!(exchange.outcome() instanceof Outcome.Response response) || !succeeds(response.code())) {
            return null;
        }
        String unlike = unlike(response);
        return unlike != null || answer == null ? unlike : answer.why();
    }

    private boolean succeeds(int code) {
        return successes == null ? code >= 200 && code < 300 : successes.contains(code);
    }

    private @Nullable String unlike(Outcome.Response response) {
        if (body == null) {
            return null;
        }
        boolean same = !response.truncated()
                && new String(response.body(), StandardCharsets.UTF_8).strip().equals(body);
        return same ? null : "the body is not the one that means success";
    }

    /** What is kept where nothing was sent. */
    static Attempt unsent(AttemptStatus status, int number, long now, String detail) {
        return new Attempt(Math.min(number, Attempt.MOST), now, 0, status, 0, detail, null, null);
    }

    /**
     * What follows.
     *
     * @param exchange what happened
     * @param objection as {@link #objection} has it
     * @param attempts made in this round by now that count, this one included
     * @param acceptedAt of the message, microseconds since 1970
     * @param now microseconds since 1970
     */
    Verdict verdict(Exchange exchange, @Nullable String objection, int attempts, long acceptedAt, long now) {
        return switch (exchange.outcome()) {
            case Outcome.Response response -> {
                if (succeeds(response.code()) && objection == null) {
                    yield new Verdict.Delivered();
                }
                if (response.code() == GONE && onGone) {
                    yield new Verdict.Gone();
                }
                yield retried == null || retried.contains(response.code())
                        ? again(attempts, retryAfter(response.retryAfter(), now), acceptedAt, now)
                        : new Verdict.Exhausted(true);
            }
            case Outcome.Failure failure ->
                isRetried(failure.kind())
                        ? again(attempts, Duration.ZERO, acceptedAt, now)
                        : new Verdict.Exhausted(true);
            case Outcome.Unwanted _ -> new Verdict.Dropped();
        };
    }

    private Verdict again(int attempts, Duration retryAfter, long acceptedAt, long now) {
        long at = plan.next(attempts, retryAfter, acceptedAt, now);
        return at < 0 ? new Verdict.Exhausted() : new Verdict.RetryAt(at);
    }

    /** An address that must not be reached is no connection either. */
    private boolean isRetried(FailureKind kind) {
        return switch (kind) {
            case TIMEOUT -> timeouts;
            case DNS, CONNECT, TLS, PROTOCOL, REFUSED_ADDRESS -> connectionErrors;
            case CONTENT -> true; // whoever mends it expects that what waits comes then
        };
    }

    /** Whether no attempt may begin any more: the message is too old. */
    boolean tooOld(long acceptedAt, long now) {
        return plan.tooOld(acceptedAt, now);
    }

    /** Whether no attempt may begin any more now. Looks at the clock only if it matters. */
    boolean tooOld(long acceptedAt, Time time) {
        return plan.hasMostAge() && plan.tooOld(acceptedAt, time.micros());
    }

    /**
     * How long the endpoint has asked to be left alone, as far as it is allowed to, microseconds; 0 if it has not.
     *
     * @param now microseconds since 1970
     */
    long askedFor(Outcome.Response response, long now) {
        return plan.bounded(retryAfter(response.retryAfter(), now));
    }

    /**
     * Reads {@code Retry-After}: seconds or an HTTP date (RFC 9110, 10.2.3). What is neither counts as absent.
     *
     * @param now microseconds since 1970
     */
    static Duration retryAfter(@Nullable String value, long now) {
        if (value == null || value.isBlank()) {
            return Duration.ZERO;
        }
        String text = value.trim();
        if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Duration.ofSeconds(text.length() > 9 ? 999_999_999L : Long.parseLong(text));
        }
        try {
            Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration wait = Duration.between(Time.instant(now), until);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeParseException _) {
            return Duration.ZERO;
        }
    }
}
