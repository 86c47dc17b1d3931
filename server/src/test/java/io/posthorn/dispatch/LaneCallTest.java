package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Verdict;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Calls for which somebody waits. */
class LaneCallTest {
    private static final long SECOND = 1_000_000;
    private static final Duration MOST = Duration.ofSeconds(3);

    private final FakeWorld world = new FakeWorld();
    private LaneLoop loop = world.loop(FakeWorld.settings(5, 100, 1_000, 1 << 20));
    private final List<Called> called = new ArrayList<>();

    private void call(long seq, int endpointNo) {
        loop.call(world.message(seq), endpointNo, MOST, called::add);
    }

    private Called.Reason reason() {
        assertThat(called).hasSize(1);
        return ((Called.NotCalled) called.removeFirst()).reason();
    }

    private void offer(long from, long to) {
        loop.offer(LongStream.rangeClosed(from, to)
                .mapToObj(seq -> world.delivery(seq, 1))
                .toList());
    }

    @Test
    @Requirement({"E18", "E19"})
    void aCallPassesWhatWaitsAndIsOnRecordLikeAnyAttempt() {
        world.endpoint(1);
        offer(1, 50);
        assertThat(world.requests).hasSize(5);

        call(51, 1);
        assertThat(world.requests).hasSize(6);
        assertThat(world.requests.getLast().message().seq).isEqualTo(51);
        assertThat(loop.inFlight()).isEqualTo(6);
        world.answer(world.requests.getLast(), 200);

        assertThat(called).singleElement().isInstanceOf(Called.Answered.class);
        Settlement settlement = world.recorded.getLast();
        assertThat(settlement.seq()).isEqualTo(51);
        assertThat(settlement.verdict()).isInstanceOf(Verdict.Delivered.class);
        assertThat(settlement.fromDeferral())
                .as("no settled position waits for it")
                .isTrue();
        assertThat(Objects.requireNonNull(settlement.attempt()).responseCode()).isEqualTo(200);
        world.commit(loop);
        assertThat(loop.inFlight()).isEqualTo(5);
        assertThat(loop.queued()).isEqualTo(45);
    }

    @Test
    @Requirement("E18")
    void whatFailsIsNeverTriedAgain() {
        world.endpoint(1);
        call(1, 1);
        world.answer(world.requests.getFirst(), 500);

        assertThat(called).singleElement().isInstanceOfSatisfying(Called.Answered.class, answered -> {
            assertThat(answered.code()).isEqualTo(500);
            assertThat(answered.success()).isFalse();
        });
        Settlement settlement = world.recorded.getFirst();
        assertThat(settlement.verdict()).isInstanceOf(Verdict.Unrepeated.class);
        world.commit(loop);
        assertThat(world.deferrals.getOrDefault(1, new java.util.TreeMap<>())).isEmpty();
        for (int i = 0; i < 100; i++) {
            world.now += 600 * SECOND;
            loop.tick();
            world.read();
        }
        assertThat(world.requests).isEmpty();
    }

    @Test
    void anEndpointThatGetsNothingIsNotCalled() {
        call(1, 7);
        assertThat(reason()).isEqualTo(Called.Reason.DISABLED);

        world.endpoints.put(1, FakeWorld.endpoint(1, true));
        call(1, 1);
        assertThat(reason()).isEqualTo(Called.Reason.DISABLED);

        world.endpoints.put(2, FakeWorld.endpoint(2, false, DeliveryPolicy.DEFAULT, true));
        call(1, 2);
        assertThat(reason()).isEqualTo(Called.Reason.PAUSED);

        world.endpoint(3);
        world.full = true;
        call(1, 3);
        assertThat(reason()).isEqualTo(Called.Reason.UNAVAILABLE);
        world.full = false;
        loop.stop();
        call(1, 3);
        assertThat(reason()).isEqualTo(Called.Reason.UNAVAILABLE);
        assertThat(world.requests).isEmpty();
        assertThat(world.recorded).isEmpty();
    }

    @Test
    void theRateLimitHoldsForCallsToo() {
        world.endpoint(1, "{}", 2);
        call(1, 1);
        world.answer(world.requests.getFirst(), 200);
        called.clear();
        call(2, 1);
        assertThat(reason()).isEqualTo(Called.Reason.RATE_LIMITED);
        world.now += SECOND;
        call(3, 1);
        assertThat(world.requests).hasSize(1);
    }

    @Test
    void thereIsABoundOnCallsUnderWayAndTheOwnersHolds() {
        world.endpoint(1);
        for (int i = 1; i <= 20; i++) {
            call(i, 1);
        }
        assertThat(called).isEmpty();
        call(21, 1);
        assertThat(reason()).isEqualTo(Called.Reason.BUSY);
        world.answer(world.requests.getFirst(), 200);
        called.clear();
        call(22, 1);
        assertThat(called).isEmpty();

        world.endpoint(2, "{'concurrency': {'max': 1}}", null);
        loop.offer(List.of(world.delivery(30, 2)));
        call(31, 2);
        assertThat(reason()).isEqualTo(Called.Reason.BUSY);
    }

    @Test
    void anEndpointThatFailsIsLeftAloneAndACallMayBeTheProbe() {
        world.endpoint(1, "{'concurrency': {'adaptive': false}}", null);
        long seq = 1;
        while (world.circuitsOpened == 0) {
            call(seq++, 1);
            world.answer(world.requests.getFirst(), 500);
        }
        called.clear();
        call(seq++, 1);
        assertThat(reason()).isEqualTo(Called.Reason.CIRCUIT_OPEN);
        assertThat(world.requests).isEmpty();

        world.now += 3_600 * SECOND;
        call(seq++, 1);
        assertThat(world.requests).hasSize(1);
        call(seq++, 1);
        assertThat(reason()).isEqualTo(Called.Reason.CIRCUIT_OPEN);
        world.answer(world.requests.getFirst(), 200);
        assertThat(loop.openCircuits()).isZero();
    }

    @Test
    void aFailureIsOnRecordWithItsKind() {
        world.endpoint(1);
        call(1, 1);
        world.finish(world.requests.getFirst(), new Outcome.Failure(FailureKind.TIMEOUT, "too slow"));
        assertThat(called).singleElement().isEqualTo(new Called.Failed(true, "too slow", 0));
        Attempt attempt = Objects.requireNonNull(world.recorded.getFirst().attempt());
        assertThat(attempt.status()).isEqualTo(AttemptStatus.TIMEOUT);
        assertThat(attempt.number()).isEqualTo(1);
    }

    @Test
    void whatAFilterDoesNotWantLeavesNoTrace() {
        world.endpoint(1);
        call(1, 1);
        world.finish(world.requests.getFirst(), new Outcome.Unwanted());
        assertThat(reason()).isEqualTo(Called.Reason.UNWANTED);
        assertThat(world.recorded).isEmpty();
        assertThat(loop.inFlight()).isZero();
    }

    @Test
    void goneDisablesTheEndpoint() {
        world.endpoint(1);
        call(1, 1);
        world.answer(world.requests.getFirst(), 410);
        assertThat(world.gone).containsExactly(1);
        assertThat(world.recorded.getFirst().verdict()).isInstanceOf(Verdict.Unrepeated.class);
    }

    @Test
    void successIsWhatTheOwnerSaysItIs() {
        world.endpoint(1, "{'success': {'body': 'ok'}}", null);
        call(1, 1);
        world.finish(
                world.requests.getFirst(),
                new Outcome.Response(200, "", "no".getBytes(StandardCharsets.UTF_8), false, null));
        assertThat(called).singleElement().isInstanceOfSatisfying(Called.Answered.class, answered -> {
            assertThat(answered.success()).isFalse();
            assertThat(answered.why()).contains("not the one that means success");
        });
    }

    /** A second would be counted as one request fewer under way than there is. */
    @Test
    void anEndThatIsToldTwiceCountsOnce() {
        world.endpoint(1);
        call(1, 1);
        call(2, 1);
        FakeWorld.Request request = world.requests.getFirst();
        world.answer(request, 200);
        request.done().accept(new Exchange(world.now, 1, new Outcome.Failure(FailureKind.CONTENT, "again")));

        assertThat(called).singleElement().isInstanceOf(Called.Answered.class);
        assertThat(world.recorded).hasSize(1);
        assertThat(loop.inFlight()).isEqualTo(1);
    }
}
