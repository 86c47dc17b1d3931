package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/**
 * Says what an exchange means for a delivery: only a 2xx within the deadline succeeds, 410 ends the subscription,
 * everything else is tried again as the schedule says (Standard Webhooks 1.0.0).
 */
final class Judge {
    private static final int GONE = 410;

    private final RetrySchedule schedule;

    Judge(RetrySchedule schedule) {
        this.schedule = schedule;
    }

    /** The attempt as it is kept. */
    static Attempt attempt(Exchange exchange, int number) {
        int duration = (int) Math.min(Integer.MAX_VALUE, exchange.durationMicros());
        return switch (exchange.outcome()) {
            case Outcome.Response response ->
                new Attempt(
                        number,
                        exchange.startedAtMicros(),
                        duration,
                        AttemptStatus.RESPONSE,
                        response.code(),
                        null,
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
                        },
                        0,
                        failure.detail(),
                        null,
                        null);
        };
    }

    /** What is kept where nothing was sent. */
    static Attempt unsent(AttemptStatus status, int number, long now, String detail) {
        return new Attempt(Math.min(number, Attempt.MOST), now, 0, status, 0, detail, null, null);
    }

    /**
     * What follows.
     *
     * @param exchange what happened
     * @param attempts made in this round by now, this one included
     * @param now microseconds since 1970
     */
    Verdict verdict(Exchange exchange, int attempts, long now) {
        Duration retryAfter = Duration.ZERO;
        if (exchange.outcome() instanceof Outcome.Response response) {
            if (response.code() >= 200 && response.code() < 300) {
                return new Verdict.Delivered();
            }
            if (response.code() == GONE) {
                return new Verdict.Gone();
            }
            retryAfter = retryAfter(response.retryAfter(), now);
        }
        return schedule.hasNext(attempts)
                ? new Verdict.RetryAt(now + schedule.waitMicros(attempts, retryAfter))
                : new Verdict.Exhausted();
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
            Duration wait = Duration.between(io.posthorn.runtime.Time.instant(now), until);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeParseException _) {
            return Duration.ZERO;
        }
    }
}
