package io.posthorn.dispatch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.posthorn.history.Backlog;
import io.posthorn.model.DeliveryPolicy.Mode;
import io.posthorn.model.DeliveryPolicy.OnExhausted;
import io.posthorn.model.DeliveryPolicy.Order;
import io.posthorn.model.Message;
import io.posthorn.runtime.KeyPath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries that wait for each other. Those with the same key make a chain: one of them is under way, the others stand
 * behind it in the order of acceptance. With {@link Mode#FIFO} there is one chain; deliveries without a key stand in none.
 *
 * <p><b>The memory holds a beginning of each chain, the database the rest.</b> That is what keeps the order, and
 * everything here serves it:
 *
 * <ul>
 *   <li>While the lane is behind, that is while the database may have rows that it has not read, whatever is new is parked
 *       behind them.
 *   <li>A chain whose first one waits for a retry, or is held, is <em>shut</em>: nothing of it stays in memory, its rows
 *       are left where they are, and what is new of it is parked. The others go on. A chain with many waiting in memory is
 *       shut likewise until some have gone.
 *   <li>Rows are read in the order of acceptance from the <em>cursor</em> on: below it there is nothing that could be
 *       read but rows of shut chains. A chain that opens draws the cursor back to its first row.
 *   <li>What is on its way to the database is not there yet, and rows behind it may be. So nothing is read before what
 *       was given out of memory has been committed (the <em>barrier</em>).
 *   <li>A steady publisher would add rows for as long as the lane reads some, and it would never be through. Therefore,
 *       once a read found the end, new deliveries gather in memory, in the <em>tail</em>; if the next read finds nothing
 *       that is not known, the tail goes behind what was read, and the lane is no longer behind.
 * </ul>
 *
 * <p>What had ended and was asked for again ({@link Delivery#aside}) stands in no chain's order: it goes when nothing
 * else of its chain does.
 */
final class OrderedLine implements Line {
    /** The key of deliveries that have none. */
    static final long NO_KEY = 0;
    /** The only key of {@link Mode#FIFO}. It is not written down. */
    private static final long ALL = 1;

    private static final int MOST_OF_CHAIN = 64;
    private static final int FEW_OF_CHAIN = 16;
    private static final int MOST_SHUT = 10_000;
    /** What a shut chain costs in memory, bytes, roughly. */
    static final int SHUT_WEIGHT = 200;

    /** Numbers and names may be as long as the payload, which has been accepted. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final Mode mode;
    private final boolean holds;
    private final @Nullable KeyPath path;
    private final byte[] keyOfKeys;
    private final int version;
    private final Map<Long, Chain> chains = new HashMap<>();
    private final ArrayDeque<Chain> ready = new ArrayDeque<>();
    private final Map<Long, Shut> shut = new HashMap<>();
    /** What shut chains wait for until it is committed, by its number. */
    private final Map<Long, Shut> pending = new HashMap<>();
    /** Of what is on its way to the database, by its number. */
    private final Map<Long, Long> keysOfUnwritten = new HashMap<>();

    private final Set<Long> barrier = new HashSet<>();
    private @Nullable ArrayDeque<Delivery> tail;
    /** The latest that were parked, perhaps too late for the last read; by keys, for {@link Mode#LATEST_BY_KEY} only. */
    private final Map<Long, Message> parked = new HashMap<>();

    /** When the next of the shut chains opens, or earlier: looked for anew when one does. */
    private long next = Backlog.NEVER;

    /** The lowest number that was to be read again while chains were shut. */
    private long againFrom = Backlog.NEVER;

    private long cursor;
    /** What was in memory has left it since the last read began: what that brings comes too early. */
    private boolean anew;
    /** The first row of each chain that was written since the last read began, by keys. */
    private final Map<Long, Long> writtenMeanwhile = new HashMap<>();
    /** How far the cursor was drawn back since the last read began. */
    private long lowered = Backlog.NEVER;

    private int size;
    /** Whether the rows in the database have the hashes of the present keys. */
    private boolean keyed;

    /** Those with the same key that are in memory. */
    private static final class Chain {
        final long key;
        final ArrayDeque<Delivery> plain = new ArrayDeque<>(2);
        final ArrayDeque<Delivery> asked = new ArrayDeque<>(0);
        /** The one that is under way. */
        @Nullable
        Delivery busy;

        boolean ready;

        Chain(long key) {
            this.key = key;
        }

        boolean hasWaiting() {
            return !plain.isEmpty() || !asked.isEmpty();
        }

        /** The latest of those that are in order. */
        @Nullable
        Message latest() {
            if (!plain.isEmpty()) {
                return plain.getLast().message();
            }
            return busy == null || busy.aside() ? null : busy.message();
        }
    }

    /** A chain that nothing is read of. */
    private static final class Shut {
        /** Until then, microseconds since 1970; {@link Backlog#NEVER} until somebody decides. */
        long until;
        /** The one that shut it. */
        long head;
        /** Nothing of it is read from there on: that row, or an earlier one that was to be read again. */
        long from;
        /** It is shut because many of it are in memory, and for no time. */
        boolean full;
        /** How much was given out of memory when it was shut and is not committed yet. */
        int pending;

        Shut(long until, long head, long from, boolean full) {
            this.until = until;
            this.head = head;
            this.from = from;
            this.full = full;
        }
    }

    /**
     * Nothing waits, and nothing is known of the database.
     *
     * @param keyOfKeys what hashes of keys are mixed with, always the same
     */
    OrderedLine(Order order, long keyOfKeys) {
        this.keyOfKeys = ByteBuffer.allocate(Long.BYTES).putLong(keyOfKeys).array();
        this.mode = order.mode();
        this.holds = order.onExhausted() == OnExhausted.HOLD && mode != Mode.LATEST_BY_KEY;
        this.path = order.key() == null || !mode.keyed() ? null : KeyPath.of(order.key());
        this.version = mode.keyed() ? version(order.key()) : 0;
        this.keyed = !mode.keyed();
    }

    /** The same for equal paths, also after a restart; never 0. */
    private int version(@Nullable String path) {
        return ((int) hash(path == null ? "" : path) & Integer.MAX_VALUE) | 1;
    }

    // ---- keys

    int version() {
        return version;
    }

    /** Whether one that has run out of attempts holds the others up. */
    boolean holds(Delivery delivery) {
        return holds && !delivery.aside() && isChained(delivery);
    }

    /** Of those that wait behind one that is over, the id of the latest, if only that one goes; null if there is none. */
    @Nullable
    String newerThan(Delivery delivery) {
        Chain chain = latest() ? chains.get(delivery.keyHash) : null;
        if (chain == null || delivery.aside() || chain.plain.isEmpty()) {
            return null;
        }
        Message last = chain.plain.getLast().message();
        return last.seq > delivery.message().seq ? last.id : null;
    }

    /** Whether what is written under this key is of a chain that is shut. */
    boolean isShutWritten(long keyHash) {
        return isShut(mode == Mode.FIFO ? ALL : keyHash);
    }

    /** Whether of those that wait only the latest goes. */
    boolean latest() {
        return mode == Mode.LATEST_BY_KEY;
    }

    boolean isKeyed() {
        return keyed;
    }

    void keyed(boolean is) {
        keyed = is;
    }

    /** The key under which a message stands in the database; {@link #NO_KEY} if it has none, or none is written. */
    long writtenKey(Message message) {
        String key = message.orderingKey;
        KeyPath place = path;
        if (place != null) {
            key = find(place, message.payload);
        }
        return key == null || !mode.keyed() ? NO_KEY : hash(key);
    }

    private static @Nullable String find(KeyPath place, byte[] payload) {
        try (JsonParser parser = JSON.createParser(payload)) {
            return place.find(parser);
        } catch (IOException e) {
            return null; // a payload that Jackson does not take, though it was accepted, has no key
        }
    }

    /**
     * Not to be guessed, so that nobody can make two keys one, and mixed with what only this installation has, so that who
     * sees the rows of the database alone cannot try out which value of a payload it is.
     */
    private long hash(String key) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(keyOfKeys);
            byte[] digest = sha.digest(key.getBytes(StandardCharsets.UTF_8));
            long hash = ByteBuffer.wrap(digest).getLong();
            return hash == NO_KEY ? 1 : hash;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Tells the delivery what it is in order by. */
    void key(Delivery delivery) {
        if (delivery.keyVersion != version) { // it costs a walk over the payload and a hash
            delivery.keyHash = writtenKey(delivery.message());
            delivery.keyVersion = version;
        }
    }

    private long chainKey(Delivery delivery) {
        return mode == Mode.FIFO ? ALL : delivery.keyHash;
    }

    // ---- the line

    @Override
    public void add(Delivery delivery) {
        long key = chainKey(delivery);
        Chain chain = key == NO_KEY ? new Chain(key) : chains.computeIfAbsent(key, Chain::new);
        (delivery.aside() ? chain.asked : chain.plain).add(delivery);
        size++;
        makeReady(chain);
    }

    private void makeReady(Chain chain) {
        if (chain.busy == null && !chain.ready && chain.hasWaiting()) {
            chain.ready = true;
            ready.add(chain);
        }
    }

    @Override
    public int size() {
        return size + (tail == null ? 0 : tail.size());
    }

    @Override
    public boolean hasNext() {
        while (!ready.isEmpty() && !ready.getFirst().hasWaiting()) {
            dropIfDone(ready.remove());
        }
        return !ready.isEmpty() && shut.size() < MOST_SHUT;
    }

    @Override
    public Delivery next() {
        if (!hasNext()) {
            throw new IllegalStateException("none may go");
        }
        Chain chain = ready.remove();
        chain.ready = false;
        size--;
        Delivery first = chain.plain.poll();
        Delivery next = first == null ? chain.asked.remove() : first;
        chain.busy = next;
        return next;
    }

    @Override
    public void ended(Delivery delivery) {
        Chain chain = chains.get(chainKey(delivery));
        if (chain != null) {
            chain.busy = null;
            makeReady(chain);
            Shut closed = shut.get(chain.key);
            if (closed != null) {
                openFull(chain.key, closed);
            }
            dropIfDone(chain);
        }
    }

    private void dropIfDone(Chain chain) {
        if (!chain.hasWaiting()) {
            chain.ready = false;
            if (chain.busy == null && chain.key != NO_KEY) {
                chains.remove(chain.key, chain);
            }
        }
    }

    /** Whether few of them may go, so that more should be read. What has gathered waits for just that. */
    boolean runsLow(int limit, int most) {
        return ready.size() <= limit && size < most;
    }

    @Override
    public boolean removeIf(Predicate<Delivery> which) {
        boolean any = false;
        for (Iterator<Delivery> all = iterator(); all.hasNext(); ) {
            if (which.test(all.next())) {
                all.remove();
                any = true;
            }
        }
        if (any) {
            shut.forEach((key, closed) -> openFull(key, closed));
        }
        return any;
    }

    /** Enough of a full chain have gone. */
    private void openFull(long key, Shut closed) {
        Chain chain = chains.get(key);
        if (closed.full && (chain == null || chain.plain.size() <= FEW_OF_CHAIN)) {
            closed.until = 0;
            next = Math.min(next, 0);
        }
    }

    @Override
    public void clear() {
        chains.values().removeIf(chain -> {
            chain.plain.clear();
            chain.asked.clear();
            chain.ready = false;
            return chain.busy == null;
        });
        ready.clear();
        tail = null;
        size = 0;
    }

    @Override
    public Iterator<Delivery> iterator() {
        List<ArrayDeque<Delivery>> all = new ArrayList<>();
        for (Chain chain : chains.values()) {
            all.add(chain.plain);
            all.add(chain.asked);
        }
        for (Chain chain : ready) {
            if (chain.key == NO_KEY) {
                all.add(chain.plain);
                all.add(chain.asked);
            }
        }
        int chained = all.size();
        if (tail != null) {
            all.add(tail);
        }
        return new Iterator<>() {
            private int at = -1;
            private Iterator<Delivery> inner = List.<Delivery>of().iterator();

            @Override
            public boolean hasNext() {
                while (!inner.hasNext() && at + 1 < all.size()) {
                    inner = all.get(++at).iterator();
                }
                return inner.hasNext();
            }

            @Override
            public Delivery next() {
                return hasNext() ? inner.next() : List.<Delivery>of().iterator().next();
            }

            @Override
            public void remove() {
                inner.remove();
                size -= at < chained ? 1 : 0;
            }
        };
    }

    // ---- shut chains

    boolean isShut(Delivery delivery) {
        return isShut(chainKey(delivery));
    }

    private boolean isShut(long key) {
        return shut.containsKey(key);
    }

    int shutCount() {
        return shut.size();
    }

    boolean tooManyShut() {
        return shut.size() >= MOST_SHUT;
    }

    /**
     * Shuts a chain.
     *
     * @param first the first one of it that stays in the database
     * @param until when it opens, microseconds since 1970; {@link Backlog#NEVER} if somebody has to decide
     * @return what is to leave the memory, in order
     */
    List<Delivery> shut(Delivery first, long until) {
        long key = chainKey(first);
        if (key == NO_KEY || first.aside()) {
            return List.of();
        }
        long seq = first.message().seq;
        Shut before = shut.get(key);
        if (before == null) {
            shut.put(key, new Shut(until, seq, Math.min(seq, cursor + 1), false));
        } else {
            before.until = until;
            before.head = seq;
            before.from = Math.min(before.from, Math.min(seq, cursor + 1));
            before.full = false;
        }
        next = Math.min(next, until);
        List<Delivery> out = new ArrayList<>();
        Chain chain = chains.get(key);
        if (chain != null) {
            chain.plain.removeIf(delivery -> delivery.message().seq > seq && out.add(delivery));
            size -= out.size();
        }
        takeFromTail(key, out);
        return out;
    }

    /** Its chain is shut and does not open before this one, which is on its way to the database, is there. */
    void awaits(Delivery delivery) {
        Shut closed = shut.get(chainKey(delivery));
        if (closed != null && pending.put(delivery.message().seq, closed) == null) {
            closed.pending++;
        }
    }

    /** Whether so many of a chain are in memory that it is to be shut until some have gone. */
    boolean isFull(Delivery last) {
        Chain chain = mode.keyed() && !last.aside() ? chains.get(last.keyHash) : null;
        return chain != null && chain.plain.size() >= MOST_OF_CHAIN && !isShut(chain.key);
    }

    /**
     * Shuts a chain until some of those of it that are in memory have gone.
     *
     * @param last of those
     * @return what has gathered of it and is to leave the memory, in order
     */
    List<Delivery> shutFull(Delivery last) {
        long next = last.message().seq + 1;
        shut.put(chainKey(last), new Shut(Backlog.NEVER, next, Math.min(next, cursor + 1), true));
        List<Delivery> out = new ArrayList<>();
        takeFromTail(chainKey(last), out);
        return out;
    }

    private void takeFromTail(long key, List<Delivery> out) {
        if (tail != null) {
            tail.removeIf(delivery -> chainKey(delivery) == key && !delivery.aside() && out.add(delivery));
        }
    }

    /** The chains whose first ones these are open as soon as they can. */
    void open(Set<Long> seqs, long now) {
        shut.values().forEach(closed -> closed.until = !closed.full && seqs.contains(closed.head) ? now : closed.until);
        next = Math.min(next, now);
    }

    /** The chain of this delivery opens as soon as it can. */
    void open(Delivery delivery, long now) {
        Shut closed = shut.get(chainKey(delivery));
        if (closed != null && !closed.full && closed.until != Backlog.NEVER) {
            closed.until = now;
            next = Math.min(next, now);
        }
    }

    /** All chains that are shut for a time open as soon as they can: their rows say whether that was right. */
    void openAll(long now) {
        shut.values().forEach(closed -> closed.until = closed.full ? closed.until : now);
        next = Math.min(next, now);
    }

    /**
     * Opens the chains whose time has come.
     *
     * @return whether there were any: their rows are to be read, and new deliveries gather in the tail meanwhile
     */
    boolean openDue(long now) {
        if (next > now) {
            return false;
        }
        boolean any = false;
        for (Iterator<Shut> all = shut.values().iterator(); all.hasNext(); ) {
            Shut closed = all.next();
            if (closed.until <= now && closed.pending == 0) {
                all.remove();
                cursor = Math.min(cursor, Math.min(closed.from, againFrom) - 1);
                any = true;
            }
        }
        againFrom = shut.isEmpty() ? Backlog.NEVER : againFrom;
        findNext();
        return any;
    }

    /** When the next one opens, or earlier; {@link Backlog#NEVER} if none does, or only after something is committed. */
    long nextOpening() {
        return next;
    }

    private void findNext() {
        next = Backlog.NEVER;
        for (Shut closed : shut.values()) {
            if (closed.pending == 0) {
                next = Math.min(next, closed.until);
            }
        }
    }

    /** What is to be read. */
    Backlog.Ordered wanted() {
        boolean all = mode == Mode.FIFO;
        return new Backlog.Ordered(
                cursor,
                all
                        ? new long[0]
                        : shut.keySet().stream().mapToLong(Long::longValue).toArray(),
                all && isShut(ALL),
                mode.keyed(),
                latest());
    }

    /** Whether others may wait for it. */
    boolean isChained(Delivery delivery) {
        return chainKey(delivery) != NO_KEY;
    }

    // ---- reading

    /**
     * A read is over: up to this number all was read that could be.
     *
     * @param last 0 if nothing was read
     * @return whether nothing has become readable meanwhile that the read may have passed over
     */
    boolean read(long last) {
        boolean undisturbed = lowered == Backlog.NEVER;
        cursor = Math.min(Math.max(cursor, last), lowered);
        lowered = Backlog.NEVER;
        return undisturbed;
    }

    /** A read begins. */
    void reads() {
        writtenMeanwhile.clear();
        lowered = Backlog.NEVER;
        anew = false;
        // what is there now is seen by the read
        parked.values().removeIf(message -> !keysOfUnwritten.containsKey(message.seq));
    }

    /**
     * What left the memory had rows already: a read passes over these until it is committed that nobody has them any more,
     * and would bring only what stands behind them.
     */
    void passedOver() {
        anew = true;
        raiseBarrier();
    }

    /** Whether what the last read brings is to be read again. */
    boolean isReadInVain() {
        return anew;
    }

    /** The id of a newer one with the same key that a read may not have seen, or passed by; null if there is none. */
    @Nullable
    String newerThanRead(Delivery delivery) {
        if (!latest() || delivery.keyHash == NO_KEY || delivery.aside()) {
            return null;
        }
        Message newer = parked.get(delivery.keyHash);
        Chain chain = chains.get(delivery.keyHash);
        Message here = chain == null ? null : chain.latest(); // what is sent later is read when others have gone by
        if (here != null && (newer == null || newer.seq < here.seq)) {
            newer = here;
        }
        if (tail != null) {
            for (Delivery gathered : tail) {
                newer = gathered.keyHash == delivery.keyHash ? gathered.message() : newer;
            }
        }
        return newer == null || newer.seq <= delivery.message().seq ? null : newer.id;
    }

    /** This row may be read, whatever was read so far. */
    void readAgain(long seq) {
        cursor = Math.min(cursor, seq - 1);
        lowered = Math.min(lowered, seq - 1);
        againFrom = shut.isEmpty() ? Backlog.NEVER : Math.min(againFrom, seq); // it may be of one of those
    }

    /**
     * A delivery was given to the recorder to be written as a row.
     *
     * @param later where it waits for its time, and takes nobody's place before
     */
    void unwritten(Delivery delivery, boolean later) {
        keysOfUnwritten.put(delivery.message().seq, chainKey(delivery));
        if (latest() && !later && delivery.keyHash != NO_KEY && !delivery.aside()) {
            parked.merge(delivery.keyHash, delivery.message(), (a, b) -> a.seq > b.seq ? a : b);
        }
    }

    void written(long seq) {
        keysOfUnwritten.remove(seq);
        barrier.remove(seq);
        Shut closed = pending.remove(seq);
        if (closed != null && --closed.pending == 0) {
            next = Math.min(next, closed.until);
        }
    }

    /** Whether something that left the memory has to be committed before anything is read. */
    boolean hasBarrier() {
        return !barrier.isEmpty();
    }

    /** What is on its way has to be there before the next read, unless it is of a shut chain. */
    void raiseBarrier() {
        keysOfUnwritten.forEach((seq, key) -> {
            if (!isShut(key)) {
                barrier.add(seq);
            }
        });
    }

    /**
     * Nothing is known of the database any more: all is to be read, from the beginning.
     *
     * @param unwritten the numbers of all that is on its way there
     */
    void startAnew(Set<Long> unwritten) {
        shut.values().removeIf(closed -> closed.full);
        readAgain(1);
        anew = true;
        barrier.addAll(unwritten);
    }

    // ---- the tail

    boolean gathers() {
        return tail != null;
    }

    /** New deliveries gather from now on, and the next read tells whether they can stand behind what was read. */
    void gather() {
        if (tail == null) {
            tail = new ArrayDeque<>();
        }
        raiseBarrier();
    }

    void addToTail(Delivery delivery) {
        if (tail == null) {
            throw new IllegalStateException("nothing gathers");
        }
        tail.add(delivery);
    }

    /** What has gathered; nothing gathers any more. */
    List<Delivery> takeTail() {
        List<Delivery> gathered = tail == null ? List.of() : List.copyOf(tail);
        tail = null;
        return gathered;
    }

    /** A row was written under this key, of a chain that is not shut; perhaps too late for the read that is under way. */
    void writtenMeanwhile(long keyHash, long seq) {
        long key = mode == Mode.FIFO ? ALL : keyHash;
        if (key != NO_KEY) {
            writtenMeanwhile.merge(key, seq, Math::min);
        }
    }

    /** Whether something of its chain that is older was written since the last read began. */
    boolean hasOlderWritten(Delivery delivery) {
        Long first = writtenMeanwhile.get(chainKey(delivery));
        return first != null && !delivery.aside() && first < delivery.message().seq;
    }

    /** Whether something of its chain that is older is on its way to the database. */
    boolean awaitsOlder(Delivery delivery) {
        long key = chainKey(delivery);
        long seq = delivery.message().seq;
        return key != NO_KEY
                && !delivery.aside()
                && keysOfUnwritten.entrySet().stream()
                        .anyMatch(other -> other.getKey() < seq && other.getValue() == key);
    }

    /** What has gathered of its chain and is older, unless only the latest goes. It is taken out. */
    List<Delivery> takeOlder(Delivery delivery) {
        long key = chainKey(delivery);
        ArrayDeque<Delivery> gathered = tail;
        if (gathered == null || latest() || key == NO_KEY || delivery.aside()) {
            return List.of();
        }
        long seq = delivery.message().seq;
        List<Delivery> out = new ArrayList<>();
        gathered.removeIf(other -> other.message().seq < seq && chainKey(other) == key && out.add(other));
        return out;
    }

    /** Those of its chain that wait and are older than this one, which takes their place. They are taken out. */
    List<Delivery> supersededBy(Delivery newer) {
        long key = chainKey(newer);
        if (!latest() || key == NO_KEY || newer.aside()) {
            return List.of();
        }
        List<Delivery> out = new ArrayList<>();
        Chain chain = chains.get(key);
        if (chain != null) {
            out.addAll(chain.plain);
            size -= chain.plain.size();
            chain.plain.clear();
        }
        takeFromTail(key, out);
        return out;
    }
}
