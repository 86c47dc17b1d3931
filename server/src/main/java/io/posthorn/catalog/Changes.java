package io.posthorn.catalog;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One change at a time. When one fails half-way, nobody knows whether the database has it; what it concerned is then in
 * doubt and is read again before the next change begins.
 */
final class Changes {
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<String> inDoubt = new LinkedHashSet<>();
    private final Consumer<String> reread;
    private final List<Consumer<EndpointChange>> listeners = new CopyOnWriteArrayList<>();

    /**
     * Nothing in doubt and nobody listening.
     *
     * @param reread makes memory agree with the database about a subject; called under the lock
     */
    Changes(Consumer<String> reread) {
        this.reread = reread;
    }

    /**
     * Runs a change when it is its turn.
     *
     * @param subject what to read again if it fails: the id of an application, or a word for a group of things
     * @param change writes to the database, then to memory
     */
    <T> T run(String subject, Supplier<T> change) {
        lock.lock();
        try {
            reconcile();
            try {
                return change.get();
            } catch (Throwable e) {
                inDoubt.add(subject);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Reads again what is in doubt. */
    void reconcile() {
        lock.lock();
        try {
            for (String subject : new ArrayList<>(inDoubt)) {
                reread.accept(subject);
                inDoubt.remove(subject);
            }
        } finally {
            lock.unlock();
        }
    }

    void listen(Consumer<EndpointChange> listener) {
        listeners.add(listener);
    }

    /** Called under the lock and after publishing, so that all listeners see all changes in the same order. */
    void announce(EndpointChange change) {
        for (Consumer<EndpointChange> listener : listeners) {
            listener.accept(change);
        }
    }
}
