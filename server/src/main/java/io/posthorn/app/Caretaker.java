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
 * What has to be done now and then: the partitions of the coming days are made long before they are needed, what changed
 * and broke off in mid-commit is read again, and the last uses of tokens are written down. Expired tokens go after three
 * days, kept answers after their 12 hours, entries of the audit log after 400 days.
 */
final class Caretaker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Caretaker.class);
    private static final long EVERY_SECONDS = 5;
    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final Duration AUDITED_FOR = Duration.ofDays(400);

    private static final long TOKENS_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);
    /** Until then an expired token is still in the list, so that one can see why something does not work any more. */
    private static final Duration EXPIRED_TOKENS_STAY = Duration.ofDays(3);

    private final DailyPartitions partitions;
    private final Catalog catalog;
    private final Thread thread;
    private final Audit audit;
    private final AnswerKeys answerKeys;
    private final Clock clock;
    private long tokensAt = System.nanoTime();
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
            catalog.tokens().noteUses();
            catalog.reconcile();
            answerKeys.settleAgain();
            if (System.nanoTime() - tokensAt >= TOKENS_EVERY_NANOS) {
                tokensAt = System.nanoTime();
                catalog.tokens().saveUses();
                int removed = catalog.tokens().removeExpired(clock.instant().minus(EXPIRED_TOKENS_STAY));
                if (removed > 0) {
                    LOG.info("Removed {} tokens that expired {} days ago", removed, EXPIRED_TOKENS_STAY.toDays());
                }
            }
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
        try {
            catalog.tokens().noteUses();
            catalog.tokens().saveUses();
        } catch (RuntimeException e) {
            LOG.warn("the last uses of tokens could not be written down: {}", e.toString());
        }
    }
}
