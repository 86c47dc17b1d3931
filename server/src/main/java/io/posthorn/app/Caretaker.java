package io.posthorn.app;

import io.posthorn.catalog.Catalog;
import io.posthorn.store.DailyPartitions;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be done now and then: the partitions of the coming days are made long before they are needed, and an
 * application whose change broke off in mid-commit is read again.
 */
final class Caretaker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Caretaker.class);
    private static final long EVERY_SECONDS = 5;
    private static final long PARTITIONS_EVERY_NANOS = TimeUnit.HOURS.toNanos(1);

    private final DailyPartitions partitions;
    private final Catalog catalog;
    private final Thread thread;
    private long partitionsAt = System.nanoTime();

    Caretaker(DailyPartitions partitions, Catalog catalog) {
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
            if (System.nanoTime() - partitionsAt >= PARTITIONS_EVERY_NANOS) {
                partitions.ensureAhead();
                partitionsAt = System.nanoTime();
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
