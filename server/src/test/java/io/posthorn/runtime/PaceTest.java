package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaceTest {
    private static final long SECOND = 1_000_000_000L;
    /** Near the end of the counter, which runs over as that of a machine may. */
    private static final long START = Long.MAX_VALUE - SECOND / 2;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 10, 999, 100_000})
    void aSecondsWorthAtOnceThenAnEvenFlow(int perSecond) {
        Pace pace = new Pace(START);
        for (int left = perSecond - 1; left >= 0; left--) {
            assertThat(pace.take(perSecond, START)).isEqualTo(left);
        }
        assertThat(pace.take(perSecond, START)).isEqualTo(-1);
        long each = SECOND / perSecond;
        assertThat(pace.take(perSecond, START + each / 2)).isEqualTo(-1);
        assertThat(pace.take(perSecond, START + each)).isZero();
        assertThat(pace.take(perSecond, START + each)).isEqualTo(-1);
        assertThat(pace.take(perSecond, START + each + SECOND)).isEqualTo(perSecond - 1);
    }

    @Test
    void whatWasNotUsedIsNotSavedForLater() {
        Pace pace = new Pace(0);
        long later = 3_600 * SECOND;
        for (int i = 0; i < 5; i++) {
            assertThat(pace.take(5, later)).isNotNegative();
        }
        assertThat(pace.take(5, later)).isEqualTo(-1);
    }

    @Test
    void refusedRequestsDoNotCount() {
        Pace pace = new Pace(0);
        assertThat(pace.take(1, 0)).isZero();
        for (int i = 0; i < 100; i++) {
            assertThat(pace.take(1, SECOND / 2)).isEqualTo(-1);
        }
        assertThat(pace.take(1, SECOND)).isZero();
    }

    @Test
    void manyThreadsGetNoMoreThanOne() throws InterruptedException {
        Pace pace = new Pace(0);
        AtomicInteger taken = new AtomicInteger();
        CountDownLatch together = new CountDownLatch(1);
        Thread[] threads = new Thread[8];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = Thread.ofVirtual().start(() -> {
                try {
                    together.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                for (int n = 0; n < 1_000; n++) {
                    if (pace.take(1_000, 0) >= 0) {
                        taken.incrementAndGet();
                    }
                }
            });
        }
        together.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(taken.get()).isEqualTo(1_000);
    }
}
