package io.posthorn.dispatch;

import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.history.EndpointTroubles;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down which endpoints are in trouble, on a thread of its own. Of each endpoint only the latest is written, so what
 * waits is bounded by the number of endpoints, however long the database is away.
 */
final class TroubleKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TroubleKeeper.class);
    private static final int AT_ONCE = 1_000;
    private static final long AGAIN_AFTER_NANOS = 1_000_000_000L;
    private static final long CLOSING_MILLIS = 5_000;

    private final EndpointTroubles troubles;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** By endpoint; null if it is well. Guarded by the lock, as what follows. */
    private final Map<Integer, @Nullable EndpointTrouble> unwritten = new HashMap<>();

    private boolean closed;
    private final Thread writer = Thread.ofVirtual().name("posthorn-troubles").unstarted(this::run);

    TroubleKeeper(EndpointTroubles troubles) {
        this.troubles = troubles;
    }

    void start() {
        writer.start();
    }

    /** Parameters as {@link EndpointTroubles#write}. Does not block. */
    void keep(List<EndpointTrouble> inTrouble, List<Integer> well) {
        lock.lock();
        try {
            inTrouble.forEach(trouble -> unwritten.put(trouble.endpointNo(), trouble));
            well.forEach(no -> unwritten.put(no, null));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            for (Map<Integer, @Nullable EndpointTrouble> batch = take(); !batch.isEmpty(); batch = take()) {
                if (!write(batch)) {
                    putBack(batch);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Empty when it is closed and all is written. */
    private Map<Integer, @Nullable EndpointTrouble> take() throws InterruptedException {
        lock.lock();
        try {
            while (unwritten.isEmpty() && !closed) {
                changed.await();
            }
            Map<Integer, @Nullable EndpointTrouble> batch = new HashMap<>();
            for (Map.Entry<Integer, @Nullable EndpointTrouble> each : unwritten.entrySet()) {
                if (batch.size() == AT_ONCE) {
                    break;
                }
                batch.put(each.getKey(), each.getValue());
            }
            batch.keySet().forEach(unwritten::remove);
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private boolean write(Map<Integer, @Nullable EndpointTrouble> batch) {
        List<EndpointTrouble> inTrouble = new ArrayList<>();
        List<Integer> well = new ArrayList<>();
        batch.forEach((no, trouble) -> {
            if (trouble == null) {
                well.add(no);
            } else {
                inTrouble.add(trouble);
            }
        });
        try {
            troubles.write(inTrouble, well);
            return true;
        } catch (Backlog.BacklogUnavailable e) {
            LOG.warn("which endpoints are in trouble cannot be written down, trying again: {}", e.getMessage());
            return false;
        }
    }

    /** What is newer stands. */
    private void putBack(Map<Integer, @Nullable EndpointTrouble> batch) throws InterruptedException {
        lock.lock();
        try {
            if (closed) {
                return; // the next start sees by itself which endpoints fail
            }
            batch.forEach((no, trouble) -> {
                if (!unwritten.containsKey(no)) {
                    unwritten.put(no, trouble);
                }
            });
            long left = AGAIN_AFTER_NANOS;
            while (left > 0 && !closed) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Writes what is left, if it can be, and stops. */
    @Override
    public void close() throws InterruptedException {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (writer.isAlive() && !writer.join(java.time.Duration.ofMillis(CLOSING_MILLIS))) {
            writer.interrupt();
        }
    }
}
