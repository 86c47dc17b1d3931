package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FairWorkersTest {
    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whoseTurnIsOverStandsBehindAllOthers() {
        Queue<String> done = new ConcurrentLinkedQueue<>();
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(6);
        try (FairWorkers workers = new FairWorkers("test-", 1)) {
            workers.run(1, () -> await(held));
            for (String piece : List.of("1a", "1b", "1c")) {
                workers.run(1, () -> {
                    done.add(piece);
                    all.countDown();
                });
            }
            for (int endpoint : new int[] {2, 3, 4}) {
                workers.run(endpoint, () -> {
                    done.add("" + endpoint);
                    all.countDown();
                });
            }
            held.countDown();
            await(all);
        }
        assertThat(done).containsExactly("2", "3", "4", "1a", "1b", "1c");
    }

    @Test
    void oneAtATimeForAnEndpointAndInOrder() {
        AtomicBoolean inside = new AtomicBoolean();
        AtomicInteger together = new AtomicInteger();
        Queue<Integer> done = new ConcurrentLinkedQueue<>();
        CountDownLatch all = new CountDownLatch(1_000);
        try (FairWorkers workers = new FairWorkers("test-", 4)) {
            for (int i = 0; i < 1_000; i++) {
                int piece = i;
                workers.run(7, () -> {
                    if (!inside.compareAndSet(false, true)) {
                        together.incrementAndGet();
                    }
                    done.add(piece);
                    inside.set(false);
                    all.countDown();
                });
            }
            await(all);
        }
        assertThat(together).hasValue(0);
        assertThat(done)
                .containsExactlyElementsOf(IntStream.range(0, 1_000).boxed().toList());
    }

    @Test
    void whatFailsKeepsNobodyWaiting() {
        CountDownLatch after = new CountDownLatch(1);
        CountDownLatch empty = new CountDownLatch(1);
        try (FairWorkers workers = new FairWorkers("test-", 1)) {
            workers.run(1, () -> {
                throw new StackOverflowError("as if");
            });
            workers.run(1, after::countDown);
            await(after);
            workers.run(2, () -> {}); // behind the end of endpoint 1, on the only thread
            workers.run(3, empty::countDown);
            await(empty);
            assertThat(workers.endpoints()).isLessThanOrEqualTo(1); // its own piece may not have ended yet
        }
    }
}
