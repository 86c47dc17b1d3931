package io.posthorn.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;

/**
 * A queue with one consumer that always takes all that has gathered: the heart of a group commit. There is no timer
 * and no fixed batch size. While the consumer is busy with one commit the next batch gathers, so batches grow with the
 * load by themselves.
 *
 * @param <T> what is queued
 */
public final class BatchQueue<T> {
    private final int capacity;
    private final long mostWeight;
    private final ToIntFunction<? super T> weigher;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition taken = lock.newCondition();
    private ArrayList<T> gathering = new ArrayList<>();
    private boolean consumerWaits;
    private boolean closed;
    /** Of what gathers. Written before {@link #size}, so that who reads that first sees this. */
    private long weight;

    private volatile int size;

    /**
     * An empty queue.
     *
     * @param capacity the most that {@link #offer} lets in
     * @param mostWeight likewise, the heaviest
     * @param weigher what one weighs, for example bytes; the same each time
     */
    public BatchQueue(int capacity, long mostWeight, ToIntFunction<? super T> weigher) {
        this.capacity = capacity;
        this.mostWeight = mostWeight;
        this.weigher = weigher;
    }

    /**
     * Adds all of them or none. An empty queue takes any list: it is bounded by whoever made it.
     *
     * @return false if there is no room for all, or the queue is closed
     */
    public boolean offer(List<? extends T> items) {
        long heavy = 0;
        for (T item : items) {
            heavy += weigher.applyAsInt(item);
        }
        lock.lock();
        try {
            boolean room = gathering.size() + items.size() <= capacity && weight + heavy <= mostWeight;
            if (closed || !(room || gathering.isEmpty())) {
                return false;
            }
            gathering.addAll(items);
            weight += heavy;
            added();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds one, beyond the capacity too: for what has already happened and must be recorded. Whoever calls this bounds
     * it by not beginning more while {@link #full()}.
     */
    public void put(T item) {
        lock.lock();
        try {
            gathering.add(item);
            weight += weigher.applyAsInt(item);
            added();
        } finally {
            lock.unlock();
        }
    }

    private void added() {
        size = gathering.size();
        if (consumerWaits) {
            consumerWaits = false;
            arrived.signal();
        }
    }

    /**
     * Takes what has gathered, waiting for something to arrive.
     *
     * @param most how many at most; the rest stays
     * @param heaviest how heavy the batch may be; a single one may be heavier
     * @param millis how long to wait at most
     * @return empty when the time passed, or the queue is closed and drained
     */
    public List<T> take(int most, long heaviest, long millis) throws InterruptedException {
        lock.lock();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
            while (gathering.isEmpty() && !closed && nanos > 0) {
                consumerWaits = true;
                nanos = arrived.awaitNanos(nanos);
            }
            consumerWaits = false;
            List<T> batch;
            if (gathering.size() <= most && weight <= heaviest) {
                batch = gathering;
                gathering = new ArrayList<>(Math.max(16, batch.size()));
                weight = 0;
            } else {
                batch = head(most, heaviest);
            }
            size = gathering.size();
            taken.signalAll();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private List<T> head(int most, long heaviest) {
        int count = 0;
        long heavy = 0;
        while (count < Math.min(most, gathering.size())) {
            int next = weigher.applyAsInt(gathering.get(count));
            if (count > 0 && heavy + next > heaviest) {
                break;
            }
            heavy += next;
            count++;
        }
        List<T> head = gathering.subList(0, count);
        List<T> batch = new ArrayList<>(head);
        head.clear();
        weight -= heavy;
        return batch;
    }

    /**
     * Waits until it is no longer full, or the queue is closed. For producers that may block.
     *
     * @param millis how long to wait at most
     * @return whether there is room now
     */
    public boolean awaitRoom(long millis) throws InterruptedException {
        lock.lock();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
            while (isFull() && !closed) {
                if (nanos <= 0) {
                    return false;
                }
                nanos = taken.awaitNanos(nanos);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isFull() {
        return gathering.size() >= capacity || weight >= mostWeight;
    }

    /** How many wait. */
    public int size() {
        return size;
    }

    /** Whether as many wait as the capacity says, or as much as the weight says, or more. */
    public boolean full() {
        return size >= capacity || weight >= mostWeight;
    }

    /** Refuses what comes by {@link #offer} from now on; what has gathered can still be taken. */
    public void close() {
        lock.lock();
        try {
            closed = true;
            arrived.signalAll();
            taken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether {@link #close} was called and nothing is left. */
    public boolean drained() {
        lock.lock();
        try {
            return closed && gathering.isEmpty();
        } finally {
            lock.unlock();
        }
    }
}
