package io.posthorn.history;

import io.posthorn.runtime.BatchQueue;
import io.posthorn.runtime.Fatal;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes outcomes in group commits, on a thread of its own. What it is given it keeps until it is written, through any
 * outage of the database: those who begin deliveries look at {@link #full} first.
 */
public final class Recorder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Recorder.class);
    private static final long LOOK_WHETHER_WRITTEN_MILLIS = 2;
    private static final int MOST_IN_ONE_COMMIT = 2_000;
    private static final long HEAVIEST_COMMIT = 4L << 20;
    private static final long HEAVIEST_WAITING = 48L << 20;
    private static final long POSITIONS_EVERY_MICROS = 250_000;
    private static final long IDLE_MILLIS = 100;
    private static final long PAUSE_AFTER_FAILURE_MILLIS = 250;
    private static final long LOG_OUTAGE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final BatchQueue<Settlement> queue;
    private final OutcomeStore store;
    private final SettledPositions positions;
    private final RecorderMetrics metrics;
    private final Time time;
    private final Fatal fatal;
    private final Thread thread;
    private final LongAdder taken = new LongAdder();
    private final AtomicLong written = new AtomicLong();

    private volatile Consumer<List<Settlement>> committed = settlements -> {};
    private long positionsAt;
    private long outageLoggedAt;
    private volatile boolean stopNow;

    /**
     * A recorder that is not running yet.
     *
     * @param capacity outcomes that may wait before {@link #full}; with their responses, 48 MiB
     * @param store where they go
     * @param positions moved on after each commit
     * @param metrics of the commits
     * @param time the clock
     * @param fatal told if it cannot go on
     */
    public Recorder(
            int capacity,
            OutcomeStore store,
            SettledPositions positions,
            RecorderMetrics metrics,
            Time time,
            Fatal fatal) {
        this.queue = new BatchQueue<>(capacity, HEAVIEST_WAITING, Settlement::weight);
        this.fatal = fatal;
        this.store = store;
        this.positions = positions;
        this.metrics = metrics;
        this.time = time;
        this.thread = Thread.ofPlatform().name("recorder").unstarted(this::run);
    }

    /**
     * Begins to write.
     *
     * @param onCommitted told of every batch after its commit, on the recorder's thread; must not block
     */
    public void start(Consumer<List<Settlement>> onCommitted) {
        committed = onCommitted;
        thread.start();
    }

    /** Hands over an outcome. Never blocks. */
    public void record(Settlement settlement) {
        taken.increment(); // before it can be written
        queue.put(settlement);
    }

    /**
     * Waits until all that was handed over before is written.
     *
     * @param millis how long at most
     * @return whether it is
     */
    public boolean awaitWritten(long millis) throws InterruptedException {
        long all = taken.sum();
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (written.get() < all) {
            if (System.nanoTime() - until >= 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_WHETHER_WRITTEN_MILLIS);
        }
        return true;
    }

    /** Whether so much waits to be written that nothing new should begin. */
    public boolean full() {
        return queue.full();
    }

    /** How many outcomes wait to be written. */
    public int waiting() {
        return queue.size();
    }

    /**
     * Blocks while {@link #full}: for those who hand messages over from the database or the intake.
     *
     * @param millis how long at most
     * @return whether there is room now
     */
    public boolean awaitRoom(long millis) throws InterruptedException {
        return queue.awaitRoom(millis);
    }

    private void run() {
        try {
            while (!queue.drained()) {
                write(queue.take(MOST_IN_ONE_COMMIT, HEAVIEST_COMMIT, IDLE_MILLIS));
            }
            positionsAt = 0;
            write(List.of());
        } catch (InterruptedException e) {
            LOG.warn("recorder stopped, {} outcomes not written: they will be found again", queue.size());
        } catch (Throwable e) {
            fatal.failed("the recorder of outcomes", e);
        } finally {
            queue.close();
        }
    }

    private void write(List<Settlement> batch) throws InterruptedException {
        long now = time.micros();
        boolean due = now - positionsAt >= POSITIONS_EVERY_MICROS || now < positionsAt;
        List<SettledPositions.Position> moved = due ? positions.moved() : List.of();
        if (batch.isEmpty() && moved.isEmpty()) {
            return;
        }
        if (!moved.isEmpty()) {
            positionsAt = now;
        }
        commit(batch, moved);
    }

    /** Returns when it is written, however long that takes. */
    private void commit(List<Settlement> batch, List<SettledPositions.Position> moved) throws InterruptedException {
        boolean again = false;
        while (true) {
            long began = System.nanoTime();
            switch (store.write(batch, moved, again)) {
                case WriteResult.Written(int backlogChange) -> {
                    afterCommit(batch, backlogChange, System.nanoTime() - began);
                    return;
                }
                case WriteResult.Unavailable(String why) -> {
                    metrics.outcomesFailed();
                    logOutage(why);
                    if (stopNow) {
                        throw new InterruptedException("stopped while the database is away");
                    }
                    again = true;
                    TimeUnit.MILLISECONDS.sleep(PAUSE_AFTER_FAILURE_MILLIS);
                }
                case WriteResult.Refused(String why) -> {
                    positions.notWritten(moved);
                    refused(batch, why);
                    return;
                }
                case WriteResult.Fenced _ -> {
                    LOG.error("another node owns the shards now; {} outcomes are left to it", batch.size());
                    throw new InterruptedException("fenced");
                }
            }
        }
    }

    /** One bad outcome must not hold up all others: it is written alone, and without what a stranger put into it. */
    private void refused(List<Settlement> batch, String why) throws InterruptedException {
        if (batch.size() > 1) {
            LOG.warn("a batch of {} outcomes was refused, writing them one by one: {}", batch.size(), why);
            for (Settlement settlement : batch) {
                commit(List.of(settlement), List.of());
            }
            return;
        }
        Settlement bare = batch.isEmpty() ? null : batch.getFirst().bare();
        if (bare == null || bare.equals(batch.getFirst())) {
            throw new IllegalStateException("the database refuses an outcome: " + why);
        }
        LOG.error("an outcome was refused, it is kept without the response: {}", why);
        commit(List.of(bare), List.of());
    }

    private void logOutage(String why) {
        long now = System.nanoTime();
        if (outageLoggedAt == 0 || now - outageLoggedAt > LOG_OUTAGE_EVERY_NANOS) {
            outageLoggedAt = now;
            LOG.warn("outcomes cannot be written, trying again: {}", why);
        }
    }

    private void afterCommit(List<Settlement> batch, int backlogChange, long nanos) {
        outageLoggedAt = 0;
        if (batch.isEmpty()) {
            return;
        }
        for (Settlement settlement : batch) {
            if (!settlement.fromDeferral()) {
                positions.settle(settlement.shard(), settlement.seq());
            }
        }
        written.addAndGet(batch.size());
        metrics.outcomesCommitted(batch, backlogChange, nanos);
        committed.accept(batch);
    }

    /** Writes what has gathered, then ends. While the database is away it gives up after the given time. */
    public void close(long millis) throws InterruptedException {
        queue.close();
        if (!thread.isAlive()) {
            return;
        }
        if (!thread.join(Duration.ofMillis(millis))) {
            stopNow = true;
            thread.interrupt();
            thread.join();
        }
    }

    @Override
    public void close() throws InterruptedException {
        close(TimeUnit.SECONDS.toMillis(10));
    }
}
