package io.posthorn.notify;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Wakes one thread; to ring it while nobody waits is not lost, and to ring it often is to ring it once. */
final class Bell {
    private final Semaphore rings = new Semaphore(0);

    void ring() {
        if (rings.availablePermits() == 0) {
            rings.release();
        }
    }

    /** Returns when it has rung, or the time is over. */
    void await(long millis) throws InterruptedException {
        if (rings.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
            rings.drainPermits();
        }
    }
}
