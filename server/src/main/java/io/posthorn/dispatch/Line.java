package io.posthorn.dispatch;

import java.util.function.Predicate;

/**
 * The deliveries that wait in a lane's memory, and which of them may go. Iterating is in an order in which they can be
 * parked: of those that wait for each other, the earlier ones come first.
 */
interface Line extends Iterable<Delivery> {
    /** It waits behind those that it has to wait for. */
    void add(Delivery delivery);

    /** How many wait. */
    int size();

    /** Whether one of them may go. */
    boolean hasNext();

    /** Takes out the next one that may go, of which there has to be one. */
    Delivery next();

    /** The request of one that was taken out is over. */
    void ended(Delivery delivery);

    /** Takes out all of these. */
    boolean removeIf(Predicate<Delivery> which);

    /** Takes out all. */
    void clear();

    default boolean isEmpty() {
        return size() == 0;
    }
}
