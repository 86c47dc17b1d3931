package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GateTest {
    private static final long SECOND = 1_000_000;
    private static final long MINUTE = 60 * SECOND;
    private static final int USUAL = 50;

    private long now = 1_000_000 * SECOND;

    private Gate gate(String policy, @Nullable Integer rate) {
        return new Gate(FakeWorld.endpoint(1, false, FakeWorld.policy(policy), rate), USUAL, () -> 0.5);
    }

    private static Outcome answer(int code) {
        return new Outcome.Response(code, "", new byte[0], false, null);
    }

    private Gate.Turn ends(Gate gate, long request, int code) {
        boolean ok = code < 300;
        return gate.ended(request, answer(code), ok ? new Verdict.Delivered() : new Verdict.RetryAt(now + 1), 0, now);
    }

    private Gate.Turn fails(Gate gate) {
        return ends(gate, gate.begin(() -> now), 500);
    }

    private Gate.Turn succeeds(Gate gate) {
        return ends(gate, gate.begin(() -> now), 200);
    }

    private static Gate.Turn timesOut(Gate gate, long request, long now) {
        return gate.ended(request, new Outcome.Failure(FailureKind.TIMEOUT, ""), new Verdict.RetryAt(now + 1), 0, now);
    }

    @Test
    void anEndpointThatIsWellHasAllItsPlacesAtOnceAndNoClock() {
        Gate gate = gate("{}", null);
        assertThat(gate.timeless()).isTrue();
        assertThat(gate.limit()).isEqualTo(USUAL);
        assertThat(gate.hasPlace(USUAL - 1)).isTrue();
        assertThat(gate.hasPlace(USUAL)).isFalse();
        for (int i = 0; i < 1_000; i++) {
            assertThat(succeeds(gate)).isEqualTo(Gate.Turn.NONE);
        }
        assertThat(gate.timeless()).isTrue();
        assertThat(gate.limit()).isEqualTo(USUAL);
        assertThat(gate.trouble(1, now)).isNull();
    }

    // ---- rate

    @Test
    @Requirement("D23")
    void neverMoreInASecondThanTheRateATenthOfItAndOne() {
        for (int rate : List.of(1, 2, 10, 40, 333, 5_000)) {
            Gate gate = gate("{'concurrency': {'max': 1000}}", rate);
            List<Long> starts = new ArrayList<>();
            long end = now + 20 * SECOND;
            long began = now;
            while (now < end) {
                while (gate.mayStart(0, now)) {
                    starts.add(now);
                    succeeds(gate);
                }
                now += 25_000; // the loop looks so often
            }
            int from = 0;
            for (int to = 0; to < starts.size(); to++) {
                while (starts.get(to) - starts.get(from) >= SECOND) {
                    from++;
                }
                assertThat(to - from + 1).as("rate %s", rate).isLessThanOrEqualTo(rate + rate / 10 + 1);
            }
            long seconds = (now - began) / SECOND;
            assertThat((double) starts.size()).isBetween(0.97 * rate * seconds, rate * seconds + 0.1 * rate + 1);
        }
    }

    /** How many requests start within an hour. */
    private int startsInAnHour(Gate gate) {
        long end = now + 3_600 * SECOND;
        int starts = 0;
        while (now < end) {
            while (gate.mayStart(0, now)) {
                succeeds(gate);
                starts++;
            }
            now += 25_000;
        }
        return starts;
    }

    private static Gate agreed(int perMinute, @Nullable Integer rate) {
        Endpoint endpoint = FakeWorld.endpoint(1, false, FakeWorld.policy("{}"), rate);
        return new Gate(endpoint.with(EndpointShape.DEFAULT.withAgreedRate(perMinute)), USUAL, () -> 0.5);
    }

    @Test
    void whatWasAgreedHoldsBesideTheRateAndBelowOneASecondToo() {
        assertThat(agreed(30, null).timeless()).isFalse();
        assertThat(startsInAnHour(agreed(1, null))).isBetween(60, 61);
        assertThat(startsInAnHour(agreed(30, null))).isBetween(1_790, 1_801);
        assertThat(startsInAnHour(agreed(150, null))).isBetween(8_950, 9_001);
        assertThat(startsInAnHour(agreed(150, 10))).as("less was agreed").isBetween(8_950, 9_001);
        assertThat(startsInAnHour(agreed(600, 1))).as("less is wanted").isBetween(3_590, 3_601);
        assertThat(agreed(1, null).worthReading(2)).isEqualTo(1);
    }

    @Test
    void whatWasNotUsedIsNotSavedUp() {
        Gate gate = gate("{}", 100);
        succeeds(gate);
        now += 3_600 * SECOND;
        int at = 0;
        while (gate.mayStart(0, now)) {
            succeeds(gate);
            at++;
        }
        assertThat(at).isBetween(9, 11);
    }

    // ---- concurrency

    @Test
    void halvedOnceForThoseThatWereUnderWayTogetherAndUpAgainByOneForEachRound() {
        Gate gate = gate("{'circuit': {'enabled': false}}", null);
        List<Long> requests = new ArrayList<>();
        for (int i = 0; i < USUAL; i++) {
            requests.add(gate.begin(() -> now));
        }
        requests.forEach(request -> timesOut(gate, request, now));
        assertThat(gate.limit()).isEqualTo(25);
        assertThat(gate.standing()).isEqualTo(Health.Standing.SUSPECT);
        timesOut(gate, gate.begin(() -> now), now);
        assertThat(gate.limit()).isEqualTo(12);
        for (int i = 0; i < 20; i++) {
            timesOut(gate, gate.begin(() -> now), now);
        }
        assertThat(gate.limit()).isEqualTo(1);
        int successes = 0;
        while (gate.limit() < USUAL) {
            int before = gate.limit();
            succeeds(gate);
            successes++;
            assertThat(gate.limit()).isBetween(before, before + 1);
        }
        assertThat(successes).isBetween(1_150, 1_300);
        assertThat(gate.standing()).isEqualTo(Health.Standing.PROVEN);
    }

    @Test
    void whichAnswersAreTooMuch() {
        for (int code : List.of(429, 502, 504)) {
            Gate gate = gate("{}", null);
            ends(gate, gate.begin(() -> now), code);
            assertThat(gate.limit()).as("%s", code).isEqualTo(25);
        }
        for (int code : List.of(400, 404, 500, 503)) {
            Gate gate = gate("{}", null);
            ends(gate, gate.begin(() -> now), code);
            assertThat(gate.limit()).as("%s", code).isEqualTo(USUAL);
        }
        Gate gate = gate("{}", null);
        gate.ended(gate.begin(() -> now), answer(503), new Verdict.RetryAt(now), SECOND, now);
        assertThat(gate.limit()).isEqualTo(25);
    }

    @Test
    void theOwnersMostAndNoAdaptingIfTheyWantNone() {
        Gate gate = gate("{'concurrency': {'max': 3, 'adaptive': false}, 'circuit': {'enabled': false}}", null);
        assertThat(gate.limit()).isEqualTo(3);
        for (int i = 0; i < 10; i++) {
            timesOut(gate, gate.begin(() -> now), now);
        }
        assertThat(gate.limit()).isEqualTo(3);
        gate.endpoint(FakeWorld.endpoint(1, false, FakeWorld.policy("{'concurrency': {'max': 1}}"), null));
        assertThat(gate.limit()).isEqualTo(1);
    }

    @Test
    void noMoreThanTheOperatorAllowsEvenIfMoreWasAllowedOnce() {
        Gate gate = gate("{'concurrency': {'max': 1000}}", null);
        assertThat(gate.limit()).isEqualTo(USUAL);
        gate.endpoint(FakeWorld.endpoint(1, false, FakeWorld.policy("{'concurrency': {'max': 51}}"), null));
        assertThat(gate.limit()).isEqualTo(USUAL);
    }

    // ---- holding

    @Test
    @Requirement("D23")
    void whoeverAsksToBeLeftAloneIsForSoLong() {
        Gate gate = gate("{}", null);
        long other = gate.begin(() -> now);
        gate.ended(gate.begin(() -> now), answer(429), new Verdict.RetryAt(now), 30 * SECOND, now);
        assertThat(gate.timeless()).isFalse();
        assertThat(gate.opensAt(now)).isEqualTo(now + 30 * SECOND);
        assertThat(gate.closedForLong(now)).isTrue();
        ends(gate, other, 200);
        now += 30 * SECOND - 1;
        assertThat(gate.mayStart(0, now)).isFalse();
        assertThat(gate.heldUntil(now)).isEqualTo(now + 1);
        now++;
        assertThat(gate.mayStart(0, now)).isTrue();
        assertThat(gate.timeless()).isTrue();
    }

    @Test
    void a429ThatSaysNothingHoldsForASecondAndTwiceAsLongEachTimeUpToAMinute() {
        Gate gate = gate("{'circuit': {'enabled': false}}", null);
        for (long seconds : List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L)) {
            long one = gate.begin(() -> now);
            long another = gate.begin(() -> now);
            ends(gate, one, 429);
            ends(gate, another, 429); // of the same moment
            assertThat(gate.opensAt(now)).isEqualTo(now + seconds * SECOND);
            now += seconds * SECOND;
        }
        succeeds(gate);
        ends(gate, gate.begin(() -> now), 429);
        assertThat(gate.opensAt(now)).isEqualTo(now + SECOND);
    }

    // ---- circuit

    private void open(Gate gate, int failures) {
        for (int i = 1; i < failures; i++) {
            assertThat(fails(gate)).isEqualTo(Gate.Turn.NONE);
        }
        assertThat(fails(gate)).isEqualTo(Gate.Turn.OPENED);
    }

    @Test
    void opensAfterSoManyFailuresAndSendsNothingButProbes() {
        Gate gate = gate("{}", null);
        succeeds(gate);
        open(gate, 20);
        assertThat(gate.circuitOpen()).isTrue();
        assertThat(gate.openSince()).isEqualTo(now);
        assertThat(gate.probeAt()).isEqualTo(now + 30 * SECOND);
        assertThat(gate.mayStart(0, now)).isFalse();
        long pause = 30 * SECOND;
        for (int i = 0; i < 6; i++) {
            now += pause - 1;
            assertThat(gate.mayStart(0, now)).isFalse();
            now++;
            assertThat(gate.mayStart(40, now)).isTrue(); // those that hang do not matter
            long probe = gate.begin(() -> now);
            assertThat(gate.mayStart(0, now)).isFalse();
            assertThat(gate.opensAt(now)).isEqualTo(Backlog.NEVER);
            now += SECOND;
            assertThat(ends(gate, probe, 500)).isEqualTo(Gate.Turn.NONE);
            pause = Math.min(2 * pause, 5 * MINUTE);
            assertThat(gate.probeAt()).isEqualTo(now + pause);
            assertThat(gate.triedAgainAt(now)).isEqualTo(now + pause);
        }
    }

    @Test
    void strictOrderOpensAfterThree() {
        open(gate("{'order': {'mode': 'fifo'}}", null), 3);
        open(gate("{'order': {'mode': 'fifo'}, 'circuit': {'failures': 7}}", null), 7);
        open(gate("{'order': {'mode': 'fifoByKey'}}", null), 20);
        open(gate("{'circuit': {'failures': 1}}", null), 1);
    }

    @Test
    void aSuccessInBetweenBeginsTheCountAnew() {
        Gate gate = gate("{}", null);
        for (int i = 0; i < 100; i++) {
            for (int j = 0; j < 19; j++) {
                assertThat(fails(gate)).isEqualTo(Gate.Turn.NONE);
            }
            succeeds(gate);
        }
    }

    @Test
    void opensWhenSuchAPartOfTheLastMinuteHasFailed() {
        Gate gate = gate("{'circuit': {'failureRate': 0.5}}", null);
        for (int i = 0; i < 9; i++) {
            succeeds(gate);
            assertThat(fails(gate)).isEqualTo(Gate.Turn.NONE);
        }
        succeeds(gate);
        assertThat(fails(gate)).isEqualTo(Gate.Turn.OPENED); // the twentieth
    }

    @Test
    void whatFailedLongerAgoDoesNotCountForTheRate() {
        Gate gate = gate("{'circuit': {'failureRate': 0.5}}", null);
        for (int i = 0; i < 9; i++) {
            fails(gate);
        }
        succeeds(gate);
        now += 66 * SECOND;
        for (int i = 0; i < 10; i++) {
            succeeds(gate);
        }
        for (int i = 0; i < 9; i++) {
            assertThat(fails(gate)).isEqualTo(Gate.Turn.NONE);
        }
        assertThat(fails(gate)).isEqualTo(Gate.Turn.OPENED);
    }

    @Test
    void neitherAnswersThatAreNotTriedAgainNorASwitchedOffCircuitOpenIt() {
        Gate rejecting = gate("{}", null);
        Gate off = gate("{'circuit': {'enabled': false}}", null);
        for (int i = 0; i < 100; i++) {
            assertThat(rejecting.ended(rejecting.begin(() -> now), answer(400), new Verdict.Exhausted(true), 0, now))
                    .isEqualTo(Gate.Turn.NONE);
            assertThat(fails(off)).isEqualTo(Gate.Turn.NONE);
        }
        assertThat(rejecting.failures()).isEqualTo(100);
    }

    @Test
    void onlyTheProbeSaysWhetherItIsWell() {
        Gate gate = gate("{'circuit': {'failures': 1}}", null);
        long before = gate.begin(() -> now);
        open(gate, 1);
        assertThat(ends(gate, before, 200)).isEqualTo(Gate.Turn.NONE);
        assertThat(gate.circuitOpen()).isTrue();
        now += 30 * SECOND;
        long probe = gate.begin(() -> now);
        assertThat(ends(gate, probe, 200)).isEqualTo(Gate.Turn.WELL);
        assertThat(gate.circuitOpen()).isFalse();
    }

    @Test
    @Requirement("B45")
    void whenItIsWellAgainItIsNotKnockedOver() {
        Gate gate = gate("{'circuit': {'failures': 1}}", null);
        open(gate, 1);
        now += 30 * SECOND;
        long wellSince = now;
        ends(gate, gate.begin(() -> now), 200);
        int level = 0;
        List<Long> underWay = new ArrayList<>();
        long startedInSecond = 0;
        long second = now;
        int most = 0;
        while (!gate.timeless() && now < wellSince + MINUTE) {
            if (now - second >= SECOND) {
                assertThat(startedInSecond).isLessThanOrEqualTo((long) (1.1 * 20 * (1 << level)) + 1);
                level = Math.min(level + 1, Circuit.TOP_LEVEL);
                second = now;
                startedInSecond = 0;
            }
            while (gate.mayStart(underWay.size(), now)) {
                underWay.add(gate.begin(() -> now));
                startedInSecond++;
            }
            assertThat(underWay.size()).isLessThanOrEqualTo(Math.min(USUAL, 1 << level));
            most = Math.max(most, underWay.size());
            now += 25_000;
            underWay.forEach(request -> ends(gate, request, 200));
            underWay.clear();
        }
        assertThat(gate.timeless()).isTrue();
        assertThat(now - wellSince).isBetween(8 * SECOND, 15 * SECOND);
        assertThat(most).isEqualTo(USUAL);
    }

    @Test
    void aFailureAtTheFootOfTheRampOpensItAgainAndOneFurtherUpGoesDownALevel() {
        Gate gate = gate("{'circuit': {'failures': 5}}", null);
        open(gate, 5);
        now += 30 * SECOND;
        ends(gate, gate.begin(() -> now), 500); // the pause is a minute now
        now += MINUTE;
        assertThat(succeeds(gate)).isEqualTo(Gate.Turn.WELL);
        assertThat(fails(gate)).isEqualTo(Gate.Turn.OPENED);
        assertThat(gate.probeAt()).isEqualTo(now + MINUTE);

        now += MINUTE;
        assertThat(succeeds(gate)).isEqualTo(Gate.Turn.WELL);
        now += SECOND;
        succeeds(gate);
        assertThat(gate.limit()).isEqualTo(2);
        assertThat(fails(gate)).isEqualTo(Gate.Turn.NONE);
        assertThat(gate.limit()).isEqualTo(1);
        assertThat(fails(gate)).isEqualTo(Gate.Turn.OPENED);
    }

    /** Otherwise one failure next week would open it. */
    @Test
    void whoGetsLittleIsWellAfterAMinuteToo() {
        Gate gate = gate("{}", null);
        open(gate, 20);
        now += 30 * SECOND;
        succeeds(gate);
        now += 61 * SECOND;
        assertThat(fails(gate)).isEqualTo(Gate.Turn.NONE);
        assertThat(gate.timeless()).isTrue();
    }

    // ---- disabling

    @Test
    void disabledAfterFiveDaysWithoutASuccess() {
        Gate gate = gate("{'circuit': {'enabled': false}}", null);
        for (int hour = 0; hour < 120; hour++) {
            fails(gate);
            assertThat(gate.disable(now)).isNull();
            now += 60 * MINUTE;
        }
        fails(gate);
        assertThat(gate.disable(now)).isEqualTo("it has failed for 5 days without a success");
    }

    @Test
    void twoFailuresFarApartAreNotFiveDaysOfThem() {
        Gate gate = gate("{}", null);
        fails(gate);
        now += 6 * 24 * 60 * MINUTE;
        fails(gate);
        assertThat(gate.disable(now)).isNull();
        succeeds(gate);
        assertThat(gate.failingSince()).isZero();
    }

    @Test
    void disabledAfterSoManyFailuresOneAfterTheOther() {
        Gate gate = gate("{'disabling': {'failures': 7}}", null);
        for (int i = 0; i < 6; i++) {
            fails(gate);
            assertThat(gate.disable(now)).isNull();
        }
        fails(gate);
        assertThat(gate.disable(now)).isEqualTo("7 attempts one after the other have failed");
        Gate never = gate("{'disabling': {'failingFor': null}, 'circuit': {'enabled': false}}", null);
        for (int i = 0; i < 1_000; i++) {
            fails(never);
            now += 24 * 60 * MINUTE;
        }
        assertThat(never.disable(now)).isNull();
    }

    // ---- memory

    @Test
    void goesOnAfterARestartWhereItStood() {
        Gate gate = gate("{}", null);
        open(gate, 20);
        long since = now;
        now += 30 * SECOND;
        ends(gate, gate.begin(() -> now), 500);
        EndpointTrouble trouble = gate.trouble(1, now);
        assertThat(trouble).isEqualTo(new EndpointTrouble(1, since, 21, since, MINUTE, now + MINUTE, 0));

        Gate next = gate("{}", null);
        next.restore(java.util.Objects.requireNonNull(trouble));
        assertThat(next.circuitOpen()).isTrue();
        assertThat(next.openSince()).isEqualTo(since);
        assertThat(next.failures()).isEqualTo(21);
        assertThat(next.mayStart(0, now + MINUTE - 1)).isFalse();
        now += MINUTE;
        assertThat(next.mayStart(0, now)).isTrue();
        assertThat(succeeds(next)).isEqualTo(Gate.Turn.WELL);
        assertThat(next.trouble(1, now)).isNull();
    }

    @Test
    void aCircuitThatItsOwnerHasSwitchedOffMeanwhileIsNotOpenAfterwards() {
        Gate gate = gate("{}", null);
        open(gate, 20);
        EndpointTrouble trouble = java.util.Objects.requireNonNull(gate.trouble(1, now));
        Gate off = gate("{'circuit': {'enabled': false}}", null);
        off.restore(trouble);
        assertThat(off.circuitOpen()).isFalse();
        gate.endpoint(FakeWorld.endpoint(1, false, FakeWorld.policy("{'circuit': {'enabled': false}}"), null));
        assertThat(gate.circuitOpen()).isFalse();
    }
}
