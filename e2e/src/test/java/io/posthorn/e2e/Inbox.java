package io.posthorn.e2e;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** One address of a receiver: how it replies, and all that has arrived there. */
final class Inbox {
    private final URI url;
    private final List<Arrival> arrivals = new ArrayList<>();
    private final Map<String, Integer> byId = new HashMap<>();
    private volatile Reply reply = Reply.status(204);
    private volatile boolean forgets;

    Inbox(URI url) {
        this.url = url;
    }

    URI url() {
        return url;
    }

    /** From now on; at first it is 204. */
    Inbox replies(Reply next) {
        reply = next;
        return this;
    }

    Reply reply() {
        return reply;
    }

    /** It remembers none of what comes, for a test with more than fits: the reply sees each. */
    Inbox forgets() {
        forgets = true;
        return this;
    }

    synchronized void arrived(Arrival arrival) {
        if (forgets) {
            return;
        }
        arrivals.add(arrival);
        List<String> ids = arrival.headers().getOrDefault("webhook-id", List.of());
        ids.forEach(id -> byId.merge(id, 1, Integer::sum));
        notifyAll();
    }

    /** Waits until so many requests have come, at most 30 s. */
    List<Arrival> await(int count) throws InterruptedException {
        return await(count, Until.PATIENCE);
    }

    /** Waits until so many requests have come. */
    synchronized List<Arrival> await(int count, Duration most) throws InterruptedException {
        awaitThat(() -> arrivals.size() >= count, most, () -> arrivals.size() + " of " + count + " requests came");
        return all();
    }

    /** Waits until each of these messages has come at least once. */
    synchronized void awaitAll(Set<String> messages, Duration most) throws InterruptedException {
        awaitThat(() -> byId.keySet().containsAll(messages), most, () -> {
            Set<String> missing = new HashSet<>(messages);
            missing.removeAll(byId.keySet());
            return missing.size() + " of " + messages.size() + " messages have not come, such as "
                    + missing.stream().sorted().limit(3).toList();
        });
    }

    private void awaitThat(BooleanSupplier condition, Duration most, java.util.function.Supplier<String> failure)
            throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        synchronized (this) {
            while (!condition.getAsBoolean()) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw new AssertionError(url + ": not within " + most + ": " + failure.get());
                }
                wait(left);
            }
        }
    }

    /** All that has come so far. */
    synchronized List<Arrival> all() {
        return List.copyOf(arrivals);
    }

    /** The ids of all messages that have come. */
    synchronized Set<String> ids() {
        return Set.copyOf(byId.keySet());
    }

    /** The requests for a message. */
    synchronized List<Arrival> of(String message) {
        return arrivals.stream().filter(a -> a.id().equals(message)).toList();
    }

    /** How many requests came beyond the first for their message. */
    synchronized int repeated() {
        return byId.values().stream().mapToInt(count -> count - 1).sum();
    }
}
