package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BatchQueueTest {
    private final BatchQueue<Integer> queue = new BatchQueue<>(5, 100, Integer::intValue);

    @Test
    void takesAllThatHasGatheredInOrder() throws InterruptedException {
        assertThat(queue.offer(List.of(1, 2))).isTrue();
        queue.put(3);
        assertThat(queue.size()).isEqualTo(3);
        assertThat(queue.take(10, 100, 0)).containsExactly(1, 2, 3);
        assertThat(queue.take(10, 100, 0)).isEmpty();
    }

    @Test
    void takesNoMoreThanSoManyAndSoMuch() throws InterruptedException {
        queue.offer(List.of(10, 20, 30, 5, 5));
        assertThat(queue.take(2, 100, 0)).containsExactly(10, 20);
        assertThat(queue.take(9, 35, 0)).containsExactly(30, 5);
        assertThat(queue.take(9, 1, 0)).containsExactly(5);
        queue.put(99);
        assertThat(queue.take(9, 1, 0)).as("a single one may be heavier").containsExactly(99);
    }

    @Test
    void takesAllOfAListOrNothing() {
        assertThat(queue.offer(List.of(1, 1, 1))).isTrue();
        assertThat(queue.offer(List.of(1, 1, 1))).isFalse();
        assertThat(queue.offer(List.of(1, 1))).isTrue();
        assertThat(queue.full()).isTrue();
        assertThat(queue.offer(List.of(1))).isFalse();
        assertThat(queue.size()).isEqualTo(5);
    }

    @Test
    void aListThatIsTooBigForAllIsTakenWhenNothingElseWaits() {
        assertThat(queue.offer(List.of(1, 1, 1, 1, 1, 1, 1))).isTrue();
        assertThat(queue.offer(List.of(1))).isFalse();
    }

    @Test
    void isFullByWeightToo() throws InterruptedException {
        queue.put(60);
        assertThat(queue.full()).isFalse();
        assertThat(queue.offer(List.of(50))).isFalse();
        queue.put(60);
        assertThat(queue.full()).isTrue();
        assertThat(queue.awaitRoom(1)).isFalse();
        queue.take(1, 100, 0);
        assertThat(queue.full()).isFalse();
        assertThat(queue.awaitRoom(1)).isTrue();
    }

    @Test
    void whoWaitsForRoomIsWokenByATakeAndByTheEnd() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            queue.offer(List.of(1, 1, 1, 1, 1));
            Future<Boolean> room = threads.submit(() -> queue.awaitRoom(20_000));
            queue.take(1, 100, 0);
            assertThat(room.get(10, TimeUnit.SECONDS)).isTrue();
            queue.put(1);
            Future<Boolean> end = threads.submit(() -> queue.awaitRoom(20_000));
            queue.close();
            assertThat(end.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void afterTheEndNothingComesInAndTheRestComesOut() throws InterruptedException {
        queue.offer(List.of(1));
        queue.close();
        assertThat(queue.offer(List.of(2))).isFalse();
        assertThat(queue.drained()).isFalse();
        assertThat(queue.take(5, 100, 10_000)).containsExactly(1);
        assertThat(queue.drained()).isTrue();
        assertThat(queue.take(5, 100, 10_000)).isEmpty();
    }

    @Test
    void manyProducersLoseAndDoubleNothingAndKeepTheirOrder() throws Exception {
        BatchQueue<int[]> busy = new BatchQueue<>(100, 100_000, item -> 8);
        int producers = 8;
        int each = 5_000;
        List<Integer> last = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> running = new ArrayList<>();
            for (int p = 0; p < producers; p++) {
                last.add(-1);
                running.add(threads.submit(produce(busy, p, each)));
            }
            int seen = 0;
            while (seen < producers * each) {
                for (int[] item : busy.take(64, 400, 10_000)) {
                    assertThat(item[1]).isEqualTo(last.get(item[0]) + 1);
                    last.set(item[0], item[1]);
                    seen++;
                }
                assertThat(busy.size()).isLessThanOrEqualTo(100);
            }
            for (Future<Integer> one : running) {
                assertThat(one.get(10, TimeUnit.SECONDS)).isEqualTo(each);
            }
        }
        assertThat(busy.size()).isZero();
        assertThat(busy.full()).isFalse();
    }

    private static Callable<Integer> produce(BatchQueue<int[]> queue, int producer, int count) {
        return () -> {
            int next = 0;
            while (next < count) {
                List<int[]> pair = next + 1 < count
                        ? List.of(new int[] {producer, next}, new int[] {producer, next + 1})
                        : List.of(new int[] {producer, next});
                if (queue.offer(pair)) {
                    next += pair.size();
                } else {
                    queue.awaitRoom(10);
                }
            }
            return next;
        };
    }
}
