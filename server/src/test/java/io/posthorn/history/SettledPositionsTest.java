package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SettledPositionsTest {
    /** Against a map that keeps everything. */
    @Test
    void agreesWithTheObvious() {
        long seed = Long.getLong("posthorn.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            SettledPositions positions = new SettledPositions();
            TreeMap<Long, Integer> owed = new TreeMap<>();
            long start = random.nextInt(100);
            long head = start + random.nextInt(200);
            positions.init(3, start, 0, head);
            for (long seq = start + 1; seq <= head; seq++) {
                if (random.nextBoolean()) { // what recovery does not tell of is settled
                    int endpoints = random.nextInt(3);
                    owed.put(seq, endpoints);
                    positions.owe(3, seq, seq * 10, endpoints);
                }
            }
            assertThat(positions.moved()).as("held, seed %d", seed).isEmpty();
            positions.release(3);
            long known = start;
            for (int step = 0; step < 400; step++) {
                List<Long> open = new ArrayList<>();
                owed.forEach((seq, count) -> {
                    if (count > 0) {
                        open.add(seq);
                    }
                });
                if (open.isEmpty() || random.nextInt(3) > 0) {
                    head++;
                    int endpoints = random.nextInt(3);
                    owed.put(head, endpoints);
                    positions.owe(3, head, head * 10, endpoints);
                } else {
                    long seq = open.get(random.nextInt(open.size()));
                    owed.merge(seq, -1, Integer::sum);
                    positions.settle(3, seq);
                }
                long expected = head;
                for (long seq : owed.keySet()) {
                    if (owed.getOrDefault(seq, 0) > 0) {
                        expected = seq - 1;
                        break;
                    }
                }
                for (SettledPositions.Position position : positions.moved()) {
                    assertThat(position.shard()).isEqualTo(3);
                    known = position.seq();
                }
                assertThat(known)
                        .as("seed %d, round %d, step %d", seed, round, step)
                        .isEqualTo(expected);
                assertThat(positions.unsettled()).as("seed %d", seed).isEqualTo(head - expected);
            }
        }
    }

    @Test
    void whatCannotBeIsAnErrorAndNotAWrongPosition() {
        SettledPositions positions = new SettledPositions();
        assertThatThrownBy(() -> positions.owe(0, 2, 0, 1)).hasMessageContaining("message 2 after 0");
        positions.owe(0, 1, 0, 1);
        positions.settle(0, 1);
        assertThatThrownBy(() -> positions.settle(0, 1)).hasMessageContaining("nothing is owed");
        assertThatThrownBy(() -> positions.settle(0, 2)).hasMessageContaining("nothing is owed");
    }

    @Test
    void whatCouldNotBeWrittenCountsAsMovedAgain() {
        SettledPositions positions = new SettledPositions();
        positions.owe(0, 1, 77, 0);
        List<SettledPositions.Position> moved = positions.moved();
        assertThat(moved).containsExactly(new SettledPositions.Position(0, 1, 77));
        assertThat(positions.moved()).isEmpty();
        positions.notWritten(moved);
        assertThat(positions.moved()).isEqualTo(moved);
    }
}
