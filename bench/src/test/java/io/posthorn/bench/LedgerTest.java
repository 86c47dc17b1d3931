package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LedgerTest {
    @Test
    void aMessageIsCompleteWhenAcceptedAndArrivedInEitherOrder() {
        Ledger ledger = new Ledger(2);
        int one = ledger.send();
        assertThat(ledger.accepted(one)).isFalse();
        assertThat(ledger.arrived(one, 1, 10)).isEqualTo(Ledger.Arrival.FIRST);
        assertThat(ledger.arrived(one, 0, 20)).isEqualTo(Ledger.Arrival.COMPLETE);
        int two = ledger.send();
        assertThat(ledger.arrived(two, 0, 30)).isEqualTo(Ledger.Arrival.FIRST);
        assertThat(ledger.arrived(two, 1, 40)).isEqualTo(Ledger.Arrival.FIRST);
        assertThat(ledger.accepted(two)).isTrue();
        assertThat(ledger.firstAt(one)).isEqualTo(10);
        assertThat(ledger.firstAt(two)).isEqualTo(30);
    }

    @Test
    void aSecondArrivalIsTold() {
        Ledger ledger = new Ledger(2);
        int seq = ledger.send();
        ledger.accepted(seq);
        ledger.arrived(seq, 0, 1);
        assertThat(ledger.arrived(seq, 0, 2)).isEqualTo(Ledger.Arrival.AGAIN);
        assertThat(ledger.lost()).isEqualTo(1);
        ledger.arrived(seq, 1, 3);
        assertThat(ledger.arrived(seq, 1, 4)).isEqualTo(Ledger.Arrival.AGAIN);
        assertThat(ledger.lost()).isZero();
        assertThat(ledger.deliveries()).isEqualTo(2);
    }

    @Test
    void onlyAcceptedMessagesCanBeLost() {
        Ledger ledger = new Ledger(1);
        ledger.accepted(ledger.send());
        ledger.refused(ledger.send());
        ledger.unknown(ledger.send());
        int taken = ledger.send();
        ledger.unknown(taken);
        ledger.arrived(taken, 0, 5);
        ledger.send();
        assertThat(ledger.lost()).isEqualTo(1);
        assertThat(ledger.unansweredButTaken()).isEqualTo(1);
        assertThat(ledger.deliveries()).isEqualTo(1);
    }

    @Test
    void growsBeyondItsFirstSize() {
        Ledger ledger = new Ledger(3);
        for (int i = 0; i < 200_000; i++) {
            int seq = ledger.send();
            ledger.accepted(seq);
            ledger.arrived(seq, 2, i);
        }
        assertThat(ledger.size()).isEqualTo(200_000);
        assertThat(ledger.deliveries()).isEqualTo(200_000);
        assertThat(ledger.lost()).isEqualTo(400_000);
        assertThat(ledger.firstAt(199_999)).isEqualTo(199_999);
    }

    @Test
    void bitsAgreeWithASet() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Bits bits = new Bits();
        Set<Long> set = new HashSet<>();
        for (int i = 0; i < 50_000; i++) {
            long index = random.nextInt(1_000_000);
            assertThat(bits.add(index)).as("seed %d, index %d", seed, index).isEqualTo(set.add(index));
        }
        for (long index = 0; index < 1_000_000; index += 997) {
            assertThat(bits.contains(index))
                    .as("seed %d, index %d", seed, index)
                    .isEqualTo(set.contains(index));
        }
        assertThat(bits.contains(1L << 30)).isFalse();
    }

    @Test
    void aKillBetweenTheArrivalsExplainsARepeat() {
        Repeats repeats = new Repeats();
        repeats.add(100, 300);
        repeats.add(190, 350);
        repeats.add(210, 290);
        repeats.add(400, 900);
        Repeats.Explanation explanation = repeats.explain(List.of(200, 800));
        assertThat(explanation.explained()).isEqualTo(3);
        assertThat(explanation.unexplained()).isEqualTo(1);
        assertThat(explanation.longestBefore()).isEqualTo(400);
        assertThat(repeats.count()).isEqualTo(4);
    }
}
