package io.posthorn.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Restarts the embedded server when it ends by itself, with pauses of 0.1 to 30 s between tries that fail. */
final class Watchdog {
    private static final Logger log = LoggerFactory.getLogger(Watchdog.class);
    private static final long LEAST_BACKOFF_MILLIS = 100;
    private static final long MOST_BACKOFF_MILLIS = 30_000;
    private static final long TEND_MILLIS = 60_000;

    private final Watched watched;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread;

    /** What is watched. */
    interface Watched {
        /** The process that runs, or ran last. */
        ProcessHandle process();

        /** Whether it runs again. */
        boolean restart() throws InterruptedException;

        /** Called every minute while it runs. */
        void tend();
    }

    Watchdog(Watched watched) {
        this.watched = watched;
        this.thread = Thread.ofVirtual().name("posthorn-db-watchdog").unstarted(this::watch);
    }

    void start() {
        thread.start();
    }

    /** Returns when it will not restart anything any more. */
    void stop() throws InterruptedException {
        stopping.countDown();
        thread.interrupt();
        thread.join();
    }

    private void watch() {
        long backoff = LEAST_BACKOFF_MILLIS;
        try {
            while (stopping.getCount() > 0) {
                if (!Readiness.ended(watched.process(), TEND_MILLIS)) {
                    watched.tend();
                    continue;
                }
                if (stopping.getCount() == 0) {
                    return;
                }
                log.error(
                        "the embedded database (process {}) has ended: restarting it",
                        watched.process().pid());
                if (watched.restart()) {
                    backoff = LEAST_BACKOFF_MILLIS;
                } else if (stopping.await(backoff, MILLISECONDS)) {
                    return;
                } else {
                    backoff = Math.min(backoff * 2, MOST_BACKOFF_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // stopping
        }
    }
}
