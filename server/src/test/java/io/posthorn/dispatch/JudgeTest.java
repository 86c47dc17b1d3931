package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.Requirement;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Expression;
import io.posthorn.wire.Builtins;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JudgeTest {
    private static final long SECOND = 1_000_000;
    private static final long MINUTE = 60 * SECOND;
    private static final long NOW = 1_000 * MINUTE;
    private static final Verdict EXHAUSTED = new Verdict.Exhausted();
    private static final Verdict REJECTED = new Verdict.Exhausted(true);

    private double random = 0.5;
    private final RetrySchedule installation = new RetrySchedule(
            List.of(Duration.ofSeconds(5), Duration.ofMinutes(5)), 0.1, Duration.ofHours(24), () -> random);

    private Judge judge(String policy) {
        return new Judge(installation, FakeWorld.policy(policy));
    }

    private static Exchange response(int code, String body, @Nullable String retryAfter) {
        return new Exchange(
                NOW,
                5,
                new Outcome.Response(
                        code,
                        "Content-Type: application/json\nX-Result: done\n",
                        body.getBytes(StandardCharsets.UTF_8),
                        false,
                        retryAfter));
    }

    private static Exchange failure(FailureKind kind) {
        return new Exchange(NOW, 5, new Outcome.Failure(kind, "because"));
    }

    private static Verdict verdict(Judge judge, Exchange exchange, int attempts, long acceptedAt) {
        String expression = judge.asks(exchange);
        Expression.Answer answer = expression != null && exchange.outcome() instanceof Outcome.Response response
                ? Expression.of(expression).ask(Assessors.input(response))
                : null;
        return judge.verdict(exchange, judge.objection(exchange, answer), attempts, acceptedAt, NOW);
    }

    private static Verdict verdict(Judge judge, int code, int attempts) {
        return verdict(judge, response(code, "", null), attempts, NOW);
    }

    private static Verdict in(long micros) {
        return new Verdict.RetryAt(NOW + micros);
    }

    @Test
    @Requirement("B24")
    void unlessItsOwnerDecidesOtherwiseEveryNon2xxIsTriedAgainAsTheInstallationDoes() {
        Judge judge = judge("{}");
        for (int code : List.of(200, 201, 204, 299)) {
            assertThat(verdict(judge, code, 1)).isEqualTo(new Verdict.Delivered());
        }
        for (int code : List.of(300, 302, 400, 404, 429, 500, 503, 999)) {
            assertThat(verdict(judge, code, 1)).isEqualTo(in(5 * SECOND));
            assertThat(verdict(judge, code, 2)).isEqualTo(in(5 * MINUTE));
            assertThat(verdict(judge, code, 3)).isEqualTo(EXHAUSTED);
        }
        for (FailureKind kind : FailureKind.values()) {
            assertThat(verdict(judge, failure(kind), 1, NOW)).isEqualTo(in(5 * SECOND));
        }
        assertThat(verdict(judge, 410, 1)).isEqualTo(new Verdict.Gone());
    }

    @Test
    void onlyServerErrorsAndTooManyRequestsAreTriedAgainAfterHalfAMinuteOneAndTwo() {
        Judge judge = judge("""
                {'retry': {'schedule': ['30s', '1m', '2m'], 'jitter': 0, 'statuses': ['5xx', '429']}}""");
        for (int code : List.of(500, 502, 503, 599, 429)) {
            assertThat(verdict(judge, code, 1)).isEqualTo(in(30 * SECOND));
            assertThat(verdict(judge, code, 2)).isEqualTo(in(MINUTE));
            assertThat(verdict(judge, code, 3)).isEqualTo(in(2 * MINUTE));
            assertThat(verdict(judge, code, 4)).isEqualTo(EXHAUSTED);
        }
        for (int code : List.of(301, 400, 401, 404, 428, 430)) {
            assertThat(verdict(judge, code, 1)).isEqualTo(REJECTED);
        }
        assertThat(verdict(judge, failure(FailureKind.TIMEOUT), 1, NOW)).isEqualTo(in(30 * SECOND));
        assertThat(verdict(judge, 410, 1)).isEqualTo(new Verdict.Gone());
    }

    /** 410 is a refusal like others there; nobody loses an endpoint by it. */
    @Test
    @Requirement("B24")
    void profilesSayWhatGoneMeans() {
        Judge admin = judge(delivery("admin"));
        for (int code : List.of(302, 404, 410, 500)) {
            assertThat(verdict(admin, code, 1)).isInstanceOf(Verdict.RetryAt.class);
        }
        Judge administrate = judge(delivery("administrate"));
        for (int code : List.of(404, 410)) {
            assertThat(verdict(administrate, code, 1)).isEqualTo(REJECTED);
        }
        for (int code : List.of(429, 500)) {
            assertThat(verdict(administrate, code, 3)).isEqualTo(in(2 * MINUTE));
            assertThat(verdict(administrate, code, 4)).isEqualTo(EXHAUSTED);
        }
        assertThat(verdict(judge(delivery("github")), 410, 1)).isEqualTo(new Verdict.Gone());
    }

    private static String delivery(String profile) {
        return new ObjectMapper()
                .valueToTree(
                        Objects.requireNonNull(Builtins.find(profile)).profile().delivery())
                .toString();
    }

    @Test
    void timeoutsAndConnectionErrorsCanBeLeftOut() {
        Judge noTimeouts = judge("{'retry': {'timeouts': false}}");
        assertThat(verdict(noTimeouts, failure(FailureKind.TIMEOUT), 1, NOW)).isEqualTo(REJECTED);
        assertThat(verdict(noTimeouts, failure(FailureKind.DNS), 1, NOW)).isEqualTo(in(5 * SECOND));
        Judge noConnections = judge("{'retry': {'connectionErrors': false}}");
        assertThat(verdict(noConnections, failure(FailureKind.TIMEOUT), 1, NOW)).isEqualTo(in(5 * SECOND));
        assertThat(verdict(noConnections, failure(FailureKind.CONTENT), 1, NOW)).isEqualTo(in(5 * SECOND));
        for (FailureKind kind : FailureKind.values()) {
            if (kind != FailureKind.TIMEOUT && kind != FailureKind.CONTENT) {
                assertThat(verdict(noConnections, failure(kind), 1, NOW)).isEqualTo(REJECTED);
            }
        }
    }

    @Test
    @Requirement("B23")
    void waitsCanGrowUpToACap() {
        Judge judge = judge("""
                {'retry': {'exponential': {'initial': '1s', 'factor': 3, 'cap': '20s'}, 'jitter': 0, 'maxAttempts': 6}}""");
        assertThat(verdict(judge, 500, 1)).isEqualTo(in(SECOND));
        assertThat(verdict(judge, 500, 2)).isEqualTo(in(3 * SECOND));
        assertThat(verdict(judge, 500, 3)).isEqualTo(in(9 * SECOND));
        assertThat(verdict(judge, 500, 4)).isEqualTo(in(20 * SECOND));
        assertThat(verdict(judge, 500, 5)).isEqualTo(in(20 * SECOND));
        assertThat(verdict(judge, 500, 6)).isEqualTo(EXHAUSTED);
    }

    /** A power beyond all numbers is still no more than the cap. */
    @Test
    void waitsThatGrowForADayEndWithIt() {
        Judge judge = judge("""
                {'retry': {'exponential': {'initial': '1s', 'factor': 100, 'cap': '1m'}, 'jitter': 0, 'maxAge': '24h'}}""");
        assertThat(verdict(judge, 500, 99)).isEqualTo(in(MINUTE));
        long day = 24 * 60 * MINUTE;
        Exchange failed = response(500, "", null);
        assertThat(verdict(judge, failed, 9, NOW + MINUTE - day)).isEqualTo(in(MINUTE));
        assertThat(verdict(judge, failed, 9, NOW + MINUTE - day - 1)).isEqualTo(EXHAUSTED);
        assertThat(judge.tooOld(NOW - day, () -> NOW)).isFalse();
        assertThat(judge.tooOld(NOW - day - 1, () -> NOW)).isTrue();
        assertThat(judge("{}").tooOld(0, () -> Long.MAX_VALUE)).isFalse();
    }

    @Test
    void aHundredAttemptsAreTheMostWhateverIsGiven() {
        Judge judge = judge("""
                {'retry': {'exponential': {'initial': '10ms', 'factor': 1}, 'jitter': 0, 'maxAge': '90d'}}""");
        assertThat(verdict(judge, 500, 99)).isEqualTo(in(SECOND / 100));
        assertThat(verdict(judge, 500, 100)).isEqualTo(EXHAUSTED);
    }

    @Test
    void fewerAttemptsThanTheScheduleHasWaits() {
        Judge one = judge("{'retry': {'maxAttempts': 1}}");
        assertThat(verdict(one, 500, 1)).isEqualTo(EXHAUSTED);
        Judge two = judge("{'retry': {'maxAttempts': 2}}");
        assertThat(verdict(two, 500, 1)).isEqualTo(in(5 * SECOND));
        assertThat(verdict(two, 500, 2)).isEqualTo(EXHAUSTED);
    }

    @Test
    void jitterIsTheOwnersOrTheInstallations() {
        random = 1;
        assertThat(verdict(judge("{}"), 500, 1)).isEqualTo(in(5_500_000));
        assertThat(verdict(judge("{'retry': {'jitter': 0.5}}"), 500, 1)).isEqualTo(in(7_500_000));
        random = 0;
        assertThat(verdict(judge("{'retry': {'jitter': 0.5}}"), 500, 1)).isEqualTo(in(2_500_000));
    }

    @Test
    void retryAfterPostponesWithinBounds() {
        Judge judge = judge("{}");
        assertThat(verdict(judge, response(503, "", "60"), 1, NOW)).isEqualTo(in(MINUTE));
        assertThat(verdict(judge, response(503, "", "1"), 1, NOW)).isEqualTo(in(5 * SECOND));
        assertThat(verdict(judge, response(429, "", "999999999"), 1, NOW)).isEqualTo(in(24 * 60 * MINUTE));
    }

    /** It once was more nanoseconds than there are. */
    @Test
    void aRetryAfterThousandsOfYearsAwayIsOneTooMany() {
        assertThat(verdict(judge("{}"), response(503, "", "Fri, 31 Dec 9999 23:59:59 GMT"), 1, NOW))
                .isEqualTo(in(24 * 60 * MINUTE));
    }

    @Test
    void successCanBeOtherStatuses() {
        Judge judge = judge("{'success': {'statuses': ['202', '3xx', '410']}}");
        assertThat(verdict(judge, 202, 1)).isEqualTo(new Verdict.Delivered());
        assertThat(verdict(judge, 302, 1)).isEqualTo(new Verdict.Delivered());
        assertThat(verdict(judge, 410, 1)).isEqualTo(new Verdict.Delivered());
        assertThat(verdict(judge, 200, 1)).isEqualTo(in(5 * SECOND));
    }

    @Test
    void goneIsAnAnswerLikeOthersIfItsOwnerSaysSo() {
        Judge judge = judge("{'disabling': {'onGone': false}}");
        assertThat(verdict(judge, 410, 1)).isEqualTo(in(5 * SECOND));
        assertThat(verdict(judge("{'disabling': {'onGone': false}, 'retry': {'statuses': ['5xx']}}"), 410, 1))
                .isEqualTo(REJECTED);
    }

    @Test
    void theBodyCanBeWhatMeansSuccess() {
        Judge judge = judge("{'success': {'body': 'OK'}}");
        assertThat(verdict(judge, response(200, " OK\r\n", null), 1, NOW)).isEqualTo(new Verdict.Delivered());
        Exchange other = response(200, "ok", null);
        assertThat(verdict(judge, other, 1, NOW)).isEqualTo(in(5 * SECOND));
        assertThat(Judge.attempt(other, 1, judge.objection(other, null)).detail())
                .isEqualTo("the body is not the one that means success");
        assertThat(judge.objection(response(500, "ok", null), null)).isNull();
        Exchange cut =
                new Exchange(NOW, 5, new Outcome.Response(200, "", "OK".getBytes(StandardCharsets.UTF_8), true, null));
        assertThat(verdict(judge, cut, 1, NOW)).isEqualTo(in(5 * SECOND));
    }

    @Test
    void anExpressionCanBeWhatMeansSuccess() {
        Judge judge =
                judge("{'success': {'expression': 'body.status = \\\"ok\\\" and headers.`x-result` = \\\"done\\\"'}}");
        assertThat(verdict(judge, response(200, "{\"status\": \"ok\"}", null), 1, NOW))
                .isEqualTo(new Verdict.Delivered());
        assertThat(verdict(judge, response(200, "{\"status\": \"bad\"}", null), 1, NOW))
                .isEqualTo(in(5 * SECOND));
        assertThat(judge.asks(response(500, "", null))).isNull();
        assertThat(judge.asks(failure(FailureKind.TIMEOUT))).isNull();
        Judge text = judge("{'success': {'expression': 'body = \\\"fine\\\" and statusCode = 200'}}");
        assertThat(verdict(text, response(200, "fine", null), 1, NOW)).isEqualTo(new Verdict.Delivered());
        assertThat(verdict(text, response(201, "fine", null), 1, NOW)).isEqualTo(in(5 * SECOND));
    }

    @Test
    void thoseWhoHaveDecidedNothingShareOneJudge() {
        Judges judges = new Judges(installation);
        assertThat(judges.of(DeliveryPolicy.DEFAULT))
                .isSameAs(judges.of(FakeWorld.policy("{'circuit': {'failures': 7}, 'timeout': '3s'}")));
        assertThat(judges.of(DeliveryPolicy.DEFAULT))
                .isNotSameAs(judges.of(FakeWorld.policy("{'retry': {'maxAttempts': 3}}")));
    }
}
