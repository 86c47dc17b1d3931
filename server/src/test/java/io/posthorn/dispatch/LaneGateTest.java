package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Lanes whose endpoints are in trouble, or are held to something. */
class LaneGateTest {
    private static final long SECOND = 1_000_000;
    private static final long HOUR = 3_600 * SECOND;

    private final FakeWorld world = new FakeWorld();
    private LaneLoop loop = world.loop(FakeWorld.settings(5, 100, 1_000, 1 << 20));

    private void offer(long from, long to) {
        loop.offer(LongStream.rangeClosed(from, to)
                .mapToObj(seq -> world.delivery(seq, 1))
                .toList());
    }

    private void answerAll(int code) {
        for (FakeWorld.Request request : List.copyOf(world.requests)) {
            world.answer(request, code);
        }
    }

    /** Time goes on, and what happens by itself happens. */
    private void pass(long micros) {
        world.now += micros;
        world.commit(loop);
        loop.tick();
        world.read();
        world.commit(loop);
    }

    private List<Settlement> of(long seq) {
        return world.committed.stream()
                .filter(settlement -> settlement.seq() == seq && settlement.attempt() != null)
                .toList();
    }

    private Map<Long, FakeWorld.Row> rowsOf(int endpointNo) {
        return Objects.requireNonNull(world.deferrals.get(endpointNo));
    }

    private Attempt attempt(Settlement settlement) {
        return Objects.requireNonNull(settlement.attempt());
    }

    /** Twenty have failed; five were under way, and fail too. */
    private void open() {
        world.endpoint(1, "{'concurrency': {'adaptive': false}}", null);
        offer(1, 100);
        while (world.circuitsOpened == 0) {
            world.answer(world.requests.getFirst(), 500);
        }
        assertThat(world.requests).hasSize(4);
    }

    @Test
    @Requirement("B44")
    void anOpenCircuitParksWhatWaitsAndTakesNoMemory() {
        open();
        assertThat(loop.queued()).isZero();
        offer(101, 110);
        answerAll(500);
        pass(0);
        assertThat(loop.bytes()).isZero();
        assertThat(loop.openCircuits()).isEqualTo(1);
        assertThat(world.rows()).isEqualTo(110);
        assertThat(rowsOf(1).values().stream()
                        .filter(row -> row.reason() == DeferralReason.CIRCUIT)
                        .count())
                .isEqualTo(110 - 24);
    }

    @Test
    void nothingIsSentButOneProbeAtATime() {
        open();
        answerAll(500);
        Set<Long> probed = new HashSet<>();
        long pause = 30;
        for (int i = 0; i < 6; i++) {
            pass((pause - 1) * SECOND);
            offer(200 + i, 200 + i);
            pass(SECOND - 25_000);
            assertThat(world.requests).isEmpty();
            pass(25_000);
            assertThat(world.requests).hasSize(1);
            pass(SECOND);
            offer(300 + i, 300 + i);
            assertThat(world.requests).hasSize(1);
            probed.add(world.requests.getFirst().message().seq);
            answerAll(500);
            pass(0);
            pause = Math.min(2 * pause, 300);
        }
        assertThat(probed).hasSize(6); // not always the same one
        assertThat(loop.bytes()).isZero();
    }

    @Test
    void whatIsNotWantedEndsAndLeavesNothingBehind() {
        for (String mode : List.of("unordered", "fifo")) {
            FakeWorld.Request asked;
            world.endpoint(1, "{'order': {'mode': '" + mode + "'}}", null);
            loop = world.loop(FakeWorld.settings(5, 100, 1_000, 1 << 20));
            world.committed.clear();
            offer(1, 20);
            while (!world.requests.isEmpty()) {
                asked = world.requests.getFirst();
                world.finish(asked, new Outcome.Unwanted());
                world.commit(loop);
            }
            assertThat(world.committed)
                    .hasSize(20)
                    .allMatch(settlement -> settlement.verdict() instanceof Verdict.Dropped)
                    .allMatch(settlement -> settlement.attempt() == null);
            assertThat(loop.bytes()).isZero();
            assertThat(world.rows()).isZero();
        }
    }

    @Test
    void aRequestThatCannotBeMadeIsTriedAgainAndSaysNothingOfTheEndpoint() {
        world.endpoint(1, "{'circuit': {'failures': 3}, 'disabling': {'failures': 5}}", null);
        offer(1, 30);
        while (!world.requests.isEmpty()) {
            world.fail(world.requests.getFirst(), FailureKind.CONTENT);
        }
        world.commit(loop);
        assertThat(loop.openCircuits()).isZero();
        assertThat(world.disabled).isEmpty();
        assertThat(world.rows()).isEqualTo(30);
        assertThat(attempt(of(7).getFirst()).status()).isEqualTo(AttemptStatus.CONTENT);
    }

    @Test
    void aProbeThatWasNotSentLeavesItsPlaceToTheNext() {
        open();
        answerAll(500);
        pass(0);
        pass(30 * SECOND);
        world.fail(world.requests.getFirst(), FailureKind.CONTENT);
        pass(25_000);
        assertThat(loop.openCircuits()).isEqualTo(1);
        assertThat(world.requests).hasSize(1);
        world.finish(world.requests.getFirst(), new Outcome.Unwanted());
        pass(25_000);
        assertThat(loop.openCircuits()).isEqualTo(1);
        assertThat(world.requests).hasSize(1);
        world.answer(world.requests.getFirst(), 200);
        assertThat(loop.openCircuits()).isZero();
    }

    @Test
    void aProbeDoesNotUseUpTheAttemptsOfItsDelivery() {
        world.endpoint(1, "{'circuit': {'failures': 1}}", null);
        offer(1, 1);
        answerAll(500); // it opens
        long pause = 30 * SECOND;
        for (int probes = 1; probes <= 7; probes++) {
            pass(0);
            pass(pause);
            assertThat(world.requests).hasSize(1);
            answerAll(500);
            pause = Math.min(2 * pause, 300 * SECOND);
        }
        pass(0);
        pass(pause);
        answerAll(200);
        pass(0);
        assertThat(of(1)).hasSize(9);
        assertThat(of(1).stream().map(s -> attempt(s).number())).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(of(1).getLast().verdict()).isEqualTo(new Verdict.Delivered());
        assertThat(of(1).stream().map(Settlement::base)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 7);
        assertThat(world.rows()).isZero();
    }

    @Test
    void whatWasUnderWayWhenItOpenedIsTriedAgainWithTheProbes() {
        open();
        List<Long> underWay =
                world.requests.stream().map(request -> request.message().seq).toList();
        answerAll(500);
        world.commit(loop);
        for (long seq : underWay) {
            assertThat(of(seq).getLast().verdict()).isEqualTo(new Verdict.RetryAt(world.now + 30 * SECOND));
            assertThat(of(seq).getLast().base()).isEqualTo(1);
        }
    }

    @Test
    @Requirement("B45")
    void whenItIsWellAgainAllComesByItselfAndNotAllAtOnce() {
        open();
        answerAll(500);
        pass(30 * SECOND);
        answerAll(200);
        assertThat(world.well).containsKey(1);
        world.commit(loop);
        world.makeDue(1);
        List<Integer> perSecond = new ArrayList<>();
        for (int second = 0; second < 20; second++) {
            int sent = 0;
            for (int i = 0; i < 40; i++) {
                assertThat(world.requests.size()).isLessThanOrEqualTo(5);
                sent += world.requests.size();
                answerAll(200);
                pass(25_000);
            }
            perSecond.add(sent);
        }
        assertThat(world.delivered()).isEqualTo(100);
        assertThat(world.rows()).isZero();
        assertThat(perSecond.getFirst()).isBetween(10, 23);
        assertThat(perSecond.get(1)).isBetween(20, 45);
        assertThat(loop.bytes()).isZero();
        assertThat(loop.openCircuits()).isZero();
    }

    @Test
    void aFailureRightAfterTheProbeOpensItAgainAndNothingIsLost() {
        open();
        answerAll(500);
        for (int i = 0; i < 5; i++) {
            pass(30 * SECOND);
            answerAll(200);
            pass(SECOND);
            assertThat(world.requests).hasSize(1);
            answerAll(500);
            assertThat(loop.openCircuits()).isEqualTo(1);
        }
        for (int i = 0; i < 2_000 && world.rows() > 0; i++) {
            pass(SECOND);
            answerAll(200);
            world.commit(loop);
            world.makeDue(1);
        }
        assertThat(world.delivered()).isEqualTo(100);
        assertThat(world.rows()).isZero();
    }

    @Test
    @Requirement("B44")
    void deliveriesKeepForADayAndThenEndVisibly() {
        open();
        answerAll(500);
        long opened = world.now;
        pass(23 * HOUR);
        offer(101, 105);
        answerAll(500);
        pass(0);
        assertThat(of(100)).isEmpty();
        while (world.now < opened + 24 * HOUR) {
            pass(60 * SECOND);
            answerAll(500);
            world.commit(loop);
        }
        pass(60 * SECOND);
        answerAll(500);
        pass(60 * SECOND);
        Settlement last = of(100).getLast();
        assertThat(last.verdict()).isEqualTo(new Verdict.Exhausted());
        assertThat(attempt(last).status()).isEqualTo(AttemptStatus.EXPIRED);
        assertThat(attempt(last).detail()).contains("circuit");
        for (long seq = 1; seq <= 100; seq++) {
            List<Integer> numbers = of(seq).stream()
                    .map(settlement -> attempt(settlement).number())
                    .toList();
            assertThat(numbers)
                    .isEqualTo(LongStream.rangeClosed(1, numbers.size())
                            .mapToObj(number -> (int) number)
                            .toList());
            assertThat(of(seq).getLast().verdict()).isEqualTo(new Verdict.Exhausted());
        }
        assertThat(rowsOf(1).keySet()).containsExactly(101L, 102L, 103L, 104L, 105L);
    }

    @Test
    void thoseWhoseOwnerWantsThemKeptKeep() {
        world.endpoint(1, "{'circuit': {'failures': 1, 'keepFor': '1m', 'afterwards': 'keep'}}", null);
        offer(1, 10);
        answerAll(500);
        pass(0);
        for (int i = 0; i < 100; i++) {
            pass(60 * SECOND);
            answerAll(500);
        }
        world.commit(loop);
        assertThat(world.rows()).isEqualTo(10);
    }

    @Test
    @Requirement("D23")
    void retryAfterHoldsTheWholeLane() {
        world.endpoint(1);
        offer(1, 50);
        world.finish(world.requests.getFirst(), new Outcome.Response(429, "", new byte[0], false, "60"));
        answerAll(200);
        assertThat(world.requests).isEmpty();
        assertThat(loop.queued()).isZero(); // for so long it needs no memory
        offer(51, 60);
        pass(0);
        assertThat(loop.bytes()).isZero();
        pass(60 * SECOND - 25_000);
        assertThat(world.requests).isEmpty();
        for (int i = 0; i < 400; i++) {
            pass(25_000);
            answerAll(200);
        }
        world.commit(loop);
        assertThat(world.delivered()).isEqualTo(60);
        assertThat(world.rows()).isZero();
    }

    @Test
    void a429WithoutATimeHoldsItForAMoment() {
        world.endpoint(1);
        offer(1, 20);
        answerAll(429);
        assertThat(world.requests).isEmpty();
        pass(SECOND - 25_000);
        assertThat(world.requests).isEmpty();
        assertThat(loop.queued()).isEqualTo(15);
        pass(25_000);
        assertThat(world.requests).hasSize(2); // and half as many
    }

    @Test
    @Requirement("D23")
    void theRateIsNeverExceededRetriesIncluded() {
        world.endpoint(1, "{'circuit': {'enabled': false}}", 10);
        offer(1, 200);
        List<Long> starts = new ArrayList<>();
        for (int i = 0; i < 60 * 40 && world.delivered() < 200; i++) {
            for (FakeWorld.Request request : List.copyOf(world.requests)) {
                starts.add(world.now);
                world.answer(
                        request,
                        request.message().seq % 3 == 0
                                        && of(request.message().seq).isEmpty()
                                ? 500
                                : 200);
            }
            pass(25_000);
        }
        assertThat(world.delivered()).isEqualTo(200);
        int from = 0;
        for (int to = 0; to < starts.size(); to++) {
            while (starts.get(to) - starts.get(from) >= SECOND) {
                from++;
            }
            assertThat(to - from + 1).isLessThanOrEqualTo(12);
        }
        assertThat(starts).hasSize(266);
        assertThat(starts.getLast() - starts.getFirst()).isBetween(26 * SECOND, 28 * SECOND);
    }

    @Test
    void anEndpointThatIsDisabledForItsFailuresSaysWhichAndBeginsAfresh() {
        world.endpoint(1, "{'circuit': {'enabled': false}, 'disabling': {'failures': 4}}", null);
        offer(1, 10);
        while (world.gone.isEmpty()) {
            world.answer(world.requests.getFirst(), 500);
        }
        assertThat(world.requests).hasSize(4); // under way already
        answerAll(500);
        assertThat(world.gone).containsExactly(1);
        assertThat(world.disabled).containsEntry(1, "4 attempts one after the other have failed");
        assertThat(world.requests).isEmpty();
        pass(6 * SECOND);
        assertThat(world.requests).isEmpty();
        loop.changed(FakeWorld.endpoint(1, true));
        loop.changed(FakeWorld.endpoint(1, false, FakeWorld.policy("{'disabling': {'failures': 4}}"), null));
        EndpointHealth health = loop.health(Objects.requireNonNull(world.endpoints.get(1)));
        assertThat(health.failures()).isZero();
        for (int i = 0; i < 10; i++) {
            pass(SECOND);
            answerAll(200);
        }
        world.commit(loop);
        assertThat(world.delivered()).isEqualTo(10);
        assertThat(world.gone).hasSize(1);
    }

    @Test
    void anEndpointThatHasMovedBeginsAfresh() {
        open();
        answerAll(500);
        pass(0);
        loop.changed(FakeWorld.endpoint(2, false)); // another one, which nobody knows
        assertThat(loop.openCircuits()).isEqualTo(1);
        var moved = FakeWorld.endpoint(1, false);
        loop.changed(FakeWorld.moved(moved));
        assertThat(loop.openCircuits()).isZero();
        pass(SECOND);
        pass(SECOND);
        assertThat(world.requests).hasSize(5);
    }

    @Test
    void whatIsRememberedIsOnlyOfThoseInTroubleAndSurvivesARestart() {
        world.endpoint(2);
        loop.offer(List.of(world.delivery(1_000, 2)));
        world.answer(world.requests.getFirst(), 500);
        open();
        answerAll(500);
        pass(0);
        loop.tick();
        assertThat(world.remembered).containsOnlyKeys(1); // one failure is no trouble yet
        EndpointHealth before = loop.health(Objects.requireNonNull(world.endpoints.get(1)));
        world.forgetWhatIsUnderWay();

        loop = world.loop(FakeWorld.settings(5, 100, 1_000, 1 << 20));
        loop.remember(1, Objects.requireNonNull(world.remembered.get(1)));
        loop.backlog(new io.posthorn.history.Backlog.Summary(1, 1, 100, 76, 0));
        EndpointHealth after = loop.health(Objects.requireNonNull(world.endpoints.get(1)));
        assertThat(after.openSince()).isEqualTo(before.openSince());
        assertThat(after.failures()).isEqualTo(before.failures());
        pass(29 * SECOND);
        assertThat(world.requests).isEmpty();
        pass(SECOND);
        assertThat(world.requests).hasSize(1);
        answerAll(200);
        pass(0);
        pass(SECOND);
        assertThat(world.remembered).isEmpty();
    }

    /** Reads and sends until nothing moves any more, and tells who was sent, in order. */
    private void drain(List<Long> sent, int most) {
        for (int i = 0; i < most; i++) {
            pass(SECOND);
            for (FakeWorld.Request request : List.copyOf(world.requests)) {
                sent.add(request.message().seq);
                world.answer(request, 200);
            }
        }
        world.commit(loop);
    }

    @Test
    @Requirement({"B42", "B43", "B44", "B45"})
    void inStrictOrderTheFirstOneIsTheProbeAndNobodyOvertakesIt() {
        world.endpoint(1, "{'order': {'mode': 'fifo'}, 'circuit': {'failures': 2}}", null);
        loop.recovered();
        offer(1, 10);
        assertThat(only().message().seq).isEqualTo(1);
        answerAll(500);
        pass(0);
        pass(5 * SECOND);
        assertThat(only().message().seq).isEqualTo(1);
        answerAll(500);
        assertThat(loop.openCircuits()).isEqualTo(1);
        pass(0);
        long pause = 30 * SECOND;
        for (int probes = 0; probes < 5; probes++) {
            offer(11 + probes, 11 + probes);
            pass(pause - SECOND);
            assertThat(world.requests).isEmpty();
            pass(SECOND);
            pass(0);
            assertThat(only().message().seq).isEqualTo(1);
            answerAll(500);
            pass(0);
            assertThat(loop.bytes()).isLessThan(1_000); // one chain that is shut
            pause = Math.min(2 * pause, 300 * SECOND);
        }
        pass(pause);
        pass(0);
        List<Long> sent = new ArrayList<>(List.of(only().message().seq));
        answerAll(200);
        world.commit(loop);
        world.makeDue(1);
        drain(sent, 60);
        assertThat(sent).isEqualTo(LongStream.rangeClosed(1, 15).boxed().toList());
        assertThat(world.rows()).isZero();
        assertThat(of(1).stream().map(Settlement::base)).containsExactly(0, 0, 1, 2, 3, 4, 5, 5);
    }

    @Test
    @Requirement("B42")
    void inStrictOrderRetryAfterAndTheRateKeepTheOrder() {
        world.endpoint(1, "{'order': {'mode': 'fifo'}}", 5);
        loop.recovered();
        offer(1, 10);
        finish(429, "", "60");
        assertThat(world.requests).isEmpty();
        offer(11, 15);
        pass(30 * SECOND);
        assertThat(world.requests).isEmpty();
        assertThat(loop.queued()).isZero();
        pass(30 * SECOND);
        List<Long> sent = new ArrayList<>();
        drain(sent, 30);
        assertThat(sent).isEqualTo(LongStream.rangeClosed(1, 15).boxed().toList());
        assertThat(world.rows()).isZero();
    }

    @Test
    void anOrderThatHoldsKeepsWhatHasWaitedForTheCircuit() {
        world.endpoint(
                1,
                "{'order': {'mode': 'fifo', 'onExhausted': 'hold'}, 'circuit': {'failures': 1, 'keepFor': '1m'}}",
                null);
        loop.recovered();
        offer(1, 5);
        answerAll(500);
        for (int i = 0; i < 50; i++) {
            pass(60 * SECOND);
            answerAll(500);
        }
        world.commit(loop);
        assertThat(world.rows()).isEqualTo(5);
    }

    private FakeWorld.Request only() {
        assertThat(world.requests).hasSize(1);
        return world.requests.getFirst();
    }

    private void finish(int code, String body, @Nullable String retryAfter) {
        world.finish(only(), new Outcome.Response(code, "", body.getBytes(StandardCharsets.UTF_8), false, retryAfter));
    }

    @Test
    void theSuccessCriterionIsAskedAndItsAnswerKept() {
        world.endpoint(1, "{'success': {'expression': 'body.ok = true'}}", null);
        offer(1, 1);
        finish(200, "{\"ok\": false}", null);
        pass(5 * SECOND);
        finish(200, "not json", null);
        pass(300 * SECOND);
        finish(200, "{\"ok\": true}", null);
        pass(0);
        assertThat(of(1).stream().map(settlement -> attempt(settlement).detail()))
                .containsExactly(
                        "the success expression gave false, not true",
                        "the success expression gave false, not true",
                        null);
        assertThat(of(1).getLast().verdict()).isEqualTo(new Verdict.Delivered());
    }

    @Test
    void anAnswerThatIsNotTriedAgainEndsItAtOnce() {
        world.endpoint(1, "{'retry': {'statuses': ['5xx']}}", null);
        offer(1, 1);
        finish(422, "", null);
        pass(0);
        assertThat(of(1)).extracting(Settlement::verdict).containsExactly(new Verdict.Exhausted(true));
        assertThat(world.rows()).isZero();
    }

    @Test
    void noAttemptBeginsWhenTheMessageIsTooOld() {
        world.endpoint(1, "{'retry': {'schedule': ['5s', '1h'], 'maxAge': '1h', 'jitter': 0}}", 1);
        offer(1, 1);
        finish(500, "", null);
        pass(0);
        world.full = true; // nothing can begin for an hour
        pass(2 * HOUR);
        world.full = false;
        pass(SECOND);
        pass(SECOND);
        assertThat(world.requests).isEmpty();
        assertThat(of(1)).hasSize(2);
        assertThat(attempt(of(1).getLast()).status()).isEqualTo(AttemptStatus.EXPIRED);
        assertThat(of(1).getLast().verdict()).isEqualTo(new Verdict.Exhausted());
        assertThat(loop.bytes()).isZero();
        assertThat(world.rows()).isZero();
    }
}
