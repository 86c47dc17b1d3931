package io.posthorn.dispatch;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The deliveries of a lane whose requests are under way. Each knows its place, so that taking one out costs no search
 * and no hash: this happens for every request.
 */
final class InFlight implements Iterable<Delivery> {
    private final ArrayList<Delivery> deliveries = new ArrayList<>();

    int size() {
        return deliveries.size();
    }

    void add(Delivery delivery) {
        delivery.place = deliveries.size();
        deliveries.add(delivery);
    }

    /** Takes one out; false if it is not there. The last one takes its place. */
    boolean remove(Delivery delivery) {
        int place = delivery.place;
        if (place < 0) {
            return false;
        }
        Delivery last = deliveries.removeLast();
        if (last != delivery) {
            deliveries.set(place, last);
            last.place = place;
        }
        delivery.place = -1;
        return true;
    }

    void clear() {
        deliveries.forEach(delivery -> delivery.place = -1);
        deliveries.clear();
    }

    @Override
    public Iterator<Delivery> iterator() {
        return List.copyOf(deliveries).iterator();
    }
}
