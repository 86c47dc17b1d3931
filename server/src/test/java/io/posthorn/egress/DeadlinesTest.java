package io.posthorn.egress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
    private static final long MILLI = 1_000_000;

    private final List<String> expired = new ArrayList<>();

    private Deadlines.Entry entry(String name) {
        return new Deadlines.Entry() {
            @Override
            void expired() {
                expired.add(name);
            }
        };
    }

    @Test
    void expiresWithTheFirstTickAfterItsTimeAndNeverBefore() {
        Deadlines deadlines = new Deadlines(1_000);
        deadlines.add(entry("at 50"), 1_000 + 50 * MILLI);
        deadlines.add(entry("at 51"), 1_000 + 51 * MILLI);
        deadlines.add(entry("at 40 s"), 1_000 + 40_000 * MILLI);

        deadlines.tick(1_000 + 49 * MILLI);
        assertThat(expired).isEmpty();
        deadlines.tick(1_000 + 50 * MILLI);
        assertThat(expired).containsExactly("at 50");
        deadlines.tick(1_000 + 100 * MILLI);
        assertThat(expired).containsExactly("at 50", "at 51");
        deadlines.tick(1_000 + 39_999 * MILLI);
        assertThat(expired).hasSize(2);
        deadlines.tick(1_000 + 40_000 * MILLI);
        assertThat(expired).last().isEqualTo("at 40 s");
    }

    @Test
    void whatIsOverdueWhenItComesExpiresWithTheNextTick() {
        Deadlines deadlines = new Deadlines(0);
        deadlines.tick(500 * MILLI);
        deadlines.add(entry("overdue"), 10 * MILLI);

        deadlines.tick(550 * MILLI);
        assertThat(expired).containsExactly("overdue");
    }

    @Test
    void anEntryThatExpiresMayRemoveAndAddOthers() {
        Deadlines deadlines = new Deadlines(0);
        Deadlines.Entry[] pair = new Deadlines.Entry[2];
        for (int i = 0; i < 2; i++) {
            int other = 1 - i;
            pair[i] = new Deadlines.Entry() {
                @Override
                void expired() {
                    expired.add("one of two");
                    deadlines.remove(pair[other]);
                    deadlines.add(entry("new"), 0);
                }
            };
            deadlines.add(pair[i], 50 * MILLI);
        }

        deadlines.tick(50 * MILLI);
        assertThat(expired).containsExactly("one of two");
        deadlines.tick(100 * MILLI);
        assertThat(expired).containsExactly("one of two", "new");
    }

    @Test
    void agreesWithASortedSet() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Deadlines deadlines = new Deadlines(0);
        TreeSet<Long> open = new TreeSet<>();
        List<Long> seen = new ArrayList<>();
        long now = 0;
        for (int step = 0; step < 2_000; step++) {
            for (int i = 0; i < 5; i++) {
                long due = now + 1 + random.nextLong(60_000 * MILLI);
                if (open.add(due)) {
                    Deadlines.Entry entry = new Deadlines.Entry() {
                        @Override
                        void expired() {
                            seen.add(due);
                        }
                    };
                    deadlines.add(entry, due);
                    if (random.nextInt(3) == 0) {
                        deadlines.remove(entry);
                        deadlines.remove(entry);
                        open.remove(due);
                    }
                }
            }
            now += random.nextLong(random.nextInt(50) == 0 ? 40_000 * MILLI : 100 * MILLI);
            deadlines.tick(now);
            long tick = now / Deadlines.TICK * Deadlines.TICK;
            List<Long> expected = List.copyOf(open.headSet(tick, true));
            assertThat(seen).as("seed %d, step %d", seed, step).containsExactlyInAnyOrderElementsOf(expected);
            open.removeAll(expected);
            seen.clear();
        }
        deadlines.expireAll();
        assertThat(seen).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(open);
    }
}
