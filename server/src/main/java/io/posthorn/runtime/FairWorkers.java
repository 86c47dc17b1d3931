package io.posthorn.runtime;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few threads for what strangers have written and what is computed for each endpoint, away from the event loops. One piece
 * of work of an endpoint is done at a time, so that whose work takes long keeps the others waiting for no more than one
 * piece: an endpoint whose turn is over stands behind all others that wait. What waits here has no bound of its own: it is
 * in flight, and is bounded as that, for each endpoint and in all.
 */
public final class FairWorkers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FairWorkers.class);

    /** Of each thread, bytes: scripts call themselves. */
    private static final long STACK = 2L << 20;

    private final ExecutorService threads;
    /** By endpoint: what waits behind the piece that is being done. Guarded by itself. */
    private final Map<Integer, Queue<Runnable>> waiting = new HashMap<>();

    /**
     * Its threads are daemons on the platform.
     *
     * @param name of the threads, a number follows
     * @param threads how many
     */
    public FairWorkers(String name, int threads) {
        this.threads = Executors.newFixedThreadPool(
                threads,
                Thread.ofPlatform().name(name, 0).daemon().stackSize(STACK).factory());
    }

    /**
     * Has something done, sooner or later; never any more once it is closed.
     *
     * @param endpointNo whose turn it takes
     * @param work on a thread of this object; what it throws is logged
     */
    public void run(int endpointNo, Runnable work) {
        synchronized (waiting) {
            Queue<Runnable> behind = waiting.get(endpointNo);
            if (behind != null) {
                behind.add(work);
                return;
            }
            waiting.put(endpointNo, new ArrayDeque<>());
        }
        start(endpointNo, work);
    }

    private void start(int endpointNo, Runnable work) {
        try {
            threads.execute(() -> {
                try {
                    work.run();
                } catch (Throwable e) {
                    LOG.error("a piece of work for endpoint {} failed", endpointNo, e);
                } finally {
                    next(endpointNo);
                }
            });
        } catch (RejectedExecutionException e) {
            // Posthorn stops: what is in flight is settled as deferred by its lane.
            LOG.debug("a piece of work is not done any more: {}", e.toString());
        }
    }

    private void next(int endpointNo) {
        Runnable next;
        synchronized (waiting) {
            Queue<Runnable> behind = waiting.get(endpointNo);
            next = behind == null ? null : behind.poll();
            if (next == null) {
                waiting.remove(endpointNo);
            }
        }
        if (next != null) {
            start(endpointNo, next);
        }
    }

    /** How many endpoints have work under way or waiting. */
    int endpoints() {
        synchronized (waiting) {
            return waiting.size();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
