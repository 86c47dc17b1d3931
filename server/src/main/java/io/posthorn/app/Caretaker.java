package io.posthorn.app;

import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.intake.AnswerKeys;
import io.posthorn.store.DailyPartitions;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be done now and then: the partitions of the coming days are made long before they are needed, and an
 * application whose change broke off in mid-commit is read again. Kept answers go after their 12 hours, entries of the
 * audit log after 400 days.
 */
final class Caretaker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Caretaker.class);
    private static final long EVERY_SECONDS = 5;
    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final Duration AUDITED_FOR = Duration.ofDays(400);

    private final DailyPartitions partitions;
    private final Catalog catalog;
    private final Thread thread;
    private final Audit audit;
    private final AnswerKeys answerKeys;
    private final Clock clock;
    private long hourlyAt = System.nanoTime();

    Caretaker(DailyPartitions partitions, Catalog catalog, Audit audit, AnswerKeys answerKeys, Clock clock) {
        this.audit = audit;
        this.answerKeys = answerKeys;
        this.clock = clock;
        this.partitions = partitions;
        this.catalog = catalog;
        this.thread = Thread.ofVirtual().name("caretaker").start(this::run);
    }

    private void run() {
        try {
            while (true) {
                TimeUnit.SECONDS.sleep(EVERY_SECONDS);
                careFor();
            }
        } catch (InterruptedException _) {
            LOG.debug("the caretaker ends");
        }
    }

    private void careFor() {
        try {
            catalog.reconcile();
            if (System.nanoTime() - hourlyAt >= HOUR_NANOS) {
                partitions.ensureAhead();
                answerKeys.forget();
                audit.forget(clock.instant().minus(AUDITED_FOR));
                hourlyAt = System.nanoTime();
            }
        } catch (SQLException | RuntimeException e) {
            LOG.warn("what is done now and then failed, trying again in {} s: {}", EVERY_SECONDS, e.toString());
        }
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}
