package io.posthorn.dispatch;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.function.Predicate;

/** Any of them may go, and the first one goes first. */
final class SimpleLine implements Line {
    private final ArrayDeque<Delivery> waiting = new ArrayDeque<>();

    @Override
    public void add(Delivery delivery) {
        waiting.add(delivery);
    }

    @Override
    public int size() {
        return waiting.size();
    }

    @Override
    public boolean hasNext() {
        return !waiting.isEmpty();
    }

    @Override
    public Delivery next() {
        return waiting.remove();
    }

    @Override
    public void ended(Delivery delivery) {
        // nobody waits for another one
    }

    @Override
    public boolean removeIf(Predicate<Delivery> which) {
        return waiting.removeIf(which);
    }

    @Override
    public void clear() {
        waiting.clear();
    }

    @Override
    public Iterator<Delivery> iterator() {
        return waiting.iterator();
    }
}
