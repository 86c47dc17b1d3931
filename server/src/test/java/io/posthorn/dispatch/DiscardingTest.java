package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.history.DeadLetter;
import io.posthorn.history.DeadLetters;
import io.posthorn.history.DeadLetters.Discarded;
import io.posthorn.history.DeadLetters.Ref;
import io.posthorn.model.Attempt;
import io.posthorn.model.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DiscardingTest {
    private static final Ref HELD = new Ref(3, "msg_1", 11);
    private static final DeadLetter.Wanted WANTED = new DeadLetter.Wanted(7, 3, List.of(), null, 0, 1);

    private final List<String> told = new ArrayList<>();

    private final Redelivery.Lanes lanes = new Redelivery.Lanes() {
        @Override
        public void asked(int appNo, int endpointNo, long[] seqs) {
            told.add("asked");
        }

        @Override
        public void maybeAsked(int appNo, int endpointNo) {
            told.add("maybe " + appNo + "/" + endpointNo);
        }

        @Override
        public void withdrawn(int endpointNo, Set<Long> seqs) {
            told.add("withdrawn " + endpointNo + seqs);
        }
    };

    private final DispatchMetrics metrics = new DispatchMetrics() {
        @Override
        public void attempted(Attempt attempt, Verdict verdict, long sinceAcceptedMicros) {}

        @Override
        public void unwanted() {}

        @Override
        public void superseded() {}

        @Override
        public void circuitOpened() {}

        @Override
        public void parked() {}

        @Override
        public void asked(long deliveries) {}

        @Override
        public void forgotten(long deliveries) {
            told.add("forgotten " + deliveries);
        }
    };

    private Discarding discarding(Supplier<Discarded> books) {
        DeadLetters store = new DeadLetters() {
            @Override
            public Discarded discard(int appNo, List<Ref> refs, long now) {
                return books.get();
            }

            @Override
            public Discarded discard(DeadLetter.Wanted wanted, long now) {
                return books.get();
            }
        };
        return new Discarding(store, lanes, metrics, () -> 1);
    }

    @Test
    void theLaneOfWhatOthersWaitForIsTold() {
        Discarded discarded = new Discarded(List.of(HELD), Set.of(), Map.of(3, Set.of(11L)), false);
        assertThat(discarding(() -> discarded).discard(7, List.of(HELD))).isEqualTo(discarded);
        assertThat(discarding(() -> discarded).discard(WANTED)).isEqualTo(discarded);
        assertThat(told).containsExactly("forgotten 1", "withdrawn 3[11]", "forgotten 1", "withdrawn 3[11]");
    }

    @Test
    void theLaneLooksAnewIfNobodyKnowsWhetherItIsCommitted() {
        Discarding discarding = discarding(() -> {
            throw new IllegalStateException("the connection broke during the commit");
        });
        assertThatThrownBy(() -> discarding.discard(7, List.of(HELD))).hasMessageContaining("commit");
        assertThatThrownBy(() -> discarding.discard(WANTED)).hasMessageContaining("commit");
        assertThat(told).containsExactly("maybe 7/3", "maybe 7/3");
    }
}
