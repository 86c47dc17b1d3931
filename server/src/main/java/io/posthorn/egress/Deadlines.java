package io.posthorn.egress;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A wheel of deadlines: adding and removing are a few pointers, and one tick serves all. An entry expires with the
 * first tick after its time, never before it. Confined to one thread.
 */
final class Deadlines {
    /** Nanoseconds from tick to tick: what a deadline may be late by. */
    static final long TICK = 50_000_000L;

    /** The wheel turns in 25.6 s; an entry with longer to go is passed over. */
    private static final int BUCKETS = 512;

    /** What has a deadline: a link in the list of its bucket. */
    abstract static class Entry {
        private @Nullable Entry previous;
        private @Nullable Entry next;
        private long due;

        /** The time has come. The entry is not in the wheel any more. */
        abstract void expired();
    }

    private static final class Head extends Entry {
        @Override
        void expired() {
            throw new AssertionError("the head of a bucket has no deadline");
        }
    }

    private final @Nullable Entry[] buckets = new @Nullable Entry[BUCKETS];
    private final long origin;
    private long ticked;

    /** A wheel that starts now, in the sense of {@link System#nanoTime()}. */
    Deadlines(long now) {
        this.origin = now;
    }

    /** Puts an entry in that is not in it. */
    void add(Entry entry, long deadline) {
        entry.due = Math.max(ticked + 1, Math.ceilDiv(deadline - origin, TICK));
        int index = (int) (entry.due % BUCKETS);
        Entry head = buckets[index];
        if (head == null) {
            head = new Head();
            buckets[index] = head;
        }
        Entry after = head.next;
        entry.previous = head;
        entry.next = after;
        head.next = entry;
        if (after != null) {
            after.previous = entry;
        }
    }

    /** Takes an entry out; nothing happens if it is not in it. */
    void remove(Entry entry) {
        Entry before = entry.previous;
        if (before == null) {
            return;
        }
        Entry after = entry.next;
        before.next = after;
        if (after != null) {
            after.previous = before;
        }
        entry.previous = null;
        entry.next = null;
    }

    /** Lets everything expire whose time has come. */
    void tick(long now) {
        long until = Math.floorDiv(now - origin, TICK);
        long from = Math.max(ticked + 1, until - BUCKETS + 1);
        ticked = Math.max(ticked, until);
        List<Entry> due = new ArrayList<>();
        for (long tick = from; tick <= until; tick++) {
            collect(buckets[(int) (tick % BUCKETS)], entry -> entry.due <= until, due);
        }
        expire(due);
    }

    /** Lets everything expire, whatever its time. */
    void expireAll() {
        List<Entry> all = new ArrayList<>();
        for (Entry head : buckets) {
            collect(head, entry -> true, all);
        }
        expire(all);
    }

    private static void collect(@Nullable Entry head, Predicate<Entry> wanted, List<Entry> into) {
        for (Entry entry = head == null ? null : head.next; entry != null; entry = entry.next) {
            if (wanted.test(entry)) {
                into.add(entry);
            }
        }
    }

    /** What expires may add and remove others, so the list was made before. */
    private void expire(List<Entry> entries) {
        for (Entry entry : entries) {
            if (entry.previous != null) {
                remove(entry);
                entry.expired();
            }
        }
    }
}
