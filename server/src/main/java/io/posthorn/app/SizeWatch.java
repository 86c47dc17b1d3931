package io.posthorn.app;

import io.posthorn.store.DiskUse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the database within its bounds: its size, and the room on its disk. Near a bound it warns; at it, nothing new is
 * accepted, while what is there is delivered, read and deleted as ever. What was refused is welcome again as soon as there
 * is room, which retention makes, or the operator.
 */
final class SizeWatch implements AutoCloseable {
    /** The disk keeps this much for what has to be written to deliver, to delete and to start again. */
    static final long RESERVE = 200L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(SizeWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final long WARN_EVERY_NANOS = Duration.ofHours(1).toNanos();
    private static final int WARN_PERCENT = 80;

    private final Meter meter;
    private final long bound;
    private final Consumer<@Nullable String> refuse;
    private final Alarm alarm;
    private volatile DiskUse last = new DiskUse(0, Long.MAX_VALUE);
    private volatile @Nullable Thread thread;
    private boolean refusing;
    private boolean warned;
    private long warnedAt;

    /** Says how much room is taken. */
    @FunctionalInterface
    interface Meter {
        DiskUse read() throws SQLException;
    }

    /** Told of a database that comes near its bound, or has it; neither blocks nor throws. */
    @FunctionalInterface
    interface Alarm {
        void reached(long bytes, long bound);
    }

    /**
     * Watches nothing until it is asked to.
     *
     * @param meter says how much room is taken
     * @param bound of the database, bytes; 0 for none
     * @param refuse told why nothing new may be accepted, or null when it may again
     * @param alarm told at 80 % and above, each time that it is looked
     */
    SizeWatch(Meter meter, long bound, Consumer<@Nullable String> refuse, Alarm alarm) {
        this.meter = meter;
        this.bound = bound;
        this.refuse = refuse;
        this.alarm = alarm;
    }

    /** Looks now, and every five seconds from now on, on a thread of its own. */
    void start() {
        look();
        thread = Thread.ofVirtual().name("size-watch").start(this::run);
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(EVERY);
                look();
            }
        } catch (InterruptedException _) {
            LOG.debug("the size is watched no longer");
        }
    }

    /** What the last look found. */
    DiskUse last() {
        return last;
    }

    /** Looks once. A database that is away keeps what was decided before. */
    void look() {
        DiskUse use;
        try {
            use = meter.read();
        } catch (SQLException e) {
            LOG.debug("the size of the database cannot be found out now: {}", e.toString());
            return;
        }
        last = use;
        String full = full(use);
        if (full != null && !refusing) {
            LOG.error("No new messages are accepted: {}", full);
        } else if (full == null && refusing) {
            LOG.info("New messages are accepted again: the database takes {}", shown(use.bytes()));
        }
        refusing = full != null;
        refuse.accept(full);
        warn(use);
    }

    private @Nullable String full(DiskUse use) {
        if (bound > 0 && use.bytes() >= bound) {
            return "the database has the size that it may have (" + shown(use.bytes()) + " of " + shown(bound)
                    + "): raise database-max-size, or shorten what retention-payloads, retention-attempts and"
                    + " retention-messages keep; what was accepted is delivered";
        }
        if (use.free() < RESERVE) {
            return "the disk of the database has " + shown(use.free()) + " left, less than the " + shown(RESERVE)
                    + " that deliveries need: free some room; what was accepted is delivered";
        }
        return null;
    }

    private void warn(DiskUse use) {
        boolean near = bound > 0 && use.bytes() >= bound / 100 * WARN_PERCENT;
        if (!near) {
            return;
        }
        alarm.reached(use.bytes(), bound);
        if (!warned || System.nanoTime() - warnedAt >= WARN_EVERY_NANOS) {
            warned = true;
            warnedAt = System.nanoTime();
            LOG.warn(
                    "The database takes {} of {} (database-max-size); at that size no new messages are accepted",
                    shown(use.bytes()),
                    shown(bound));
        }
    }

    private static String shown(long bytes) {
        return bytes / (1 << 20) + " MiB";
    }

    @Override
    public void close() throws InterruptedException {
        Thread running = thread;
        if (running != null) {
            running.interrupt();
            running.join();
        }
    }
}
