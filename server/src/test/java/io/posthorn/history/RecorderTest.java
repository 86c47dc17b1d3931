package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The recorder before a store that does as it is told. */
@Timeout(30)
class RecorderTest {
    private final SettledPositions positions = new SettledPositions();
    private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
    private final List<Settlement> written = new ArrayList<>();
    private final List<SettledPositions.Position> moved = new ArrayList<>();
    private final CountDownLatch three = new CountDownLatch(3);
    private final long now = 1_000_000_000;

    private Recorder recorder(OutcomeStore store) {
        RecorderMetrics metrics = new RecorderMetrics() {
            @Override
            public void outcomesCommitted(List<Settlement> outcomes, int backlogChange, long nanos) {}

            @Override
            public void outcomesFailed() {}
        };
        return new Recorder(10, store, positions, metrics, () -> now, (part, why) -> failed.complete(why));
    }

    private WriteResult write(List<Settlement> batch, List<SettledPositions.Position> at) {
        written.addAll(batch);
        moved.addAll(at);
        return new WriteResult.Written(0);
    }

    private Settlement delivered(long seq, String headers) {
        positions.owe(1, seq, seq, 1);
        Attempt attempt = new Attempt(1, 1, 1, AttemptStatus.RESPONSE, 200, null, headers, new byte[0]);
        return new Settlement(1, 5, seq, 1, 1, false, attempt, new Verdict.Delivered());
    }

    @Test
    void aRefusedOutcomeLosesItsResponseAndHoldsUpNoOthers() throws Exception {
        Recorder recorder = recorder((batch, at, again) -> batch.stream().anyMatch(RecorderTest::isBad)
                ? new WriteResult.Refused("bad headers")
                : write(batch, at));
        recorder.record(delivered(1, "a: 1"));
        recorder.record(delivered(2, "bad"));
        recorder.record(delivered(3, "c: 3"));
        recorder.start(batch -> batch.forEach(settlement -> three.countDown()));
        assertThat(three.await(20, TimeUnit.SECONDS)).isTrue();
        recorder.close();
        assertThat(written).extracting(Settlement::seq).containsExactly(1L, 2L, 3L);
        assertThat(written)
                .extracting(s -> s.attempt() == null ? "" : s.attempt().headers())
                .containsExactly("a: 1", null, "c: 3");
        assertThat(moved).last().isEqualTo(new SettledPositions.Position(1, 3, 3));
        assertThat(failed).isNotDone();
    }

    private static boolean isBad(Settlement settlement) {
        Attempt attempt = settlement.attempt();
        return attempt != null && "bad".equals(attempt.headers());
    }

    @Test
    void whatTheDatabaseNeverTakesIsFatalAndNotRepeatedForEver() throws Exception {
        Recorder recorder = recorder((batch, at, again) -> new WriteResult.Refused("no"));
        recorder.record(delivered(1, "a"));
        recorder.start(batch -> three.countDown());
        assertThat(failed.get(20, TimeUnit.SECONDS)).hasMessageContaining("refuses an outcome: no");
        recorder.close();
        assertThat(positions.unsettled()).isEqualTo(1);
    }

    @Test
    void aFaultIsTold() throws Exception {
        Recorder recorder = recorder((batch, at, again) -> {
            throw new IllegalStateException("a bug");
        });
        recorder.record(delivered(1, "a"));
        recorder.start(batch -> three.countDown());
        assertThat(failed.get(20, TimeUnit.SECONDS)).hasMessage("a bug");
        assertThat(recorder.awaitRoom(10_000)).as("nobody waits for it").isTrue();
    }

    @Test
    void positionsAreNeverWrittenBeforeTheOutcomesThatSettleThem() throws Exception {
        List<Boolean> tries = new ArrayList<>();
        Recorder recorder = recorder((batch, at, again) -> {
            tries.add(again);
            for (SettledPositions.Position position : at) {
                assertThat(written).extracting(Settlement::seq).contains(position.seq());
            }
            return tries.size() == 1 ? new WriteResult.Unavailable("away") : write(batch, at);
        });
        for (long seq = 1; seq <= 3; seq++) {
            recorder.record(delivered(seq, "a"));
        }
        recorder.start(batch -> batch.forEach(settlement -> three.countDown()));
        assertThat(three.await(20, TimeUnit.SECONDS)).isTrue();
        recorder.close();
        assertThat(tries).startsWith(false, true);
        assertThat(moved).last().isEqualTo(new SettledPositions.Position(1, 3, 3));
        assertThat(failed).isNotDone();
    }

    @Test
    void itIsFullByTheWeightOfResponses() {
        Recorder recorder = recorder(this::write0);
        Attempt big = new Attempt(1, 1, 1, AttemptStatus.RESPONSE, 200, null, null, new byte[30 << 20]);
        recorder.record(new Settlement(1, 5, 1, 1, 1, false, big, new Verdict.Delivered()));
        assertThat(recorder.full()).isFalse();
        recorder.record(new Settlement(1, 5, 2, 1, 1, false, big, new Verdict.Delivered()));
        assertThat(recorder.full()).isTrue();
    }

    private WriteResult write0(List<Settlement> batch, List<SettledPositions.Position> at, boolean again) {
        return write(batch, at);
    }
}
