package io.posthorn.bench;

import java.util.Arrays;

/**
 * What became of every message of a run: whether the server took it, and which of its deliveries arrived. This is
 * where a lost message would show. Used by one thread.
 */
final class Ledger {
    /** What a call of {@link #arrived} found out. */
    enum Arrival {
        /** The first time for this delivery; others of the message are still to come, or its 202 is. */
        FIRST,
        /** The first time, and now the message is accepted and complete. */
        COMPLETE,
        /** It had arrived before. */
        AGAIN
    }

    private static final byte SENT = 1;
    private static final byte ACCEPTED = 2;
    private static final byte REFUSED = 3;
    private static final byte UNKNOWN = 4;

    private final int copies;
    private final Bits arrived = new Bits();
    private byte[] fate = new byte[1 << 16];
    private byte[] missing = new byte[1 << 16];
    private int[] firstAt = new int[1 << 16];
    private int size;

    /**
     * An empty ledger.
     *
     * @param copies how many deliveries each message is to have, 1 to 100
     */
    Ledger(int copies) {
        this.copies = copies;
    }

    /**
     * A new message is on its way.
     *
     * @return its number: 0, 1, 2 …
     */
    int send() {
        if (size == fate.length) {
            fate = Arrays.copyOf(fate, size * 2);
            missing = Arrays.copyOf(missing, size * 2);
            firstAt = Arrays.copyOf(firstAt, size * 2);
        }
        fate[size] = SENT;
        missing[size] = (byte) copies;
        return size++;
    }

    /**
     * The server has answered 202.
     *
     * @return whether all deliveries had arrived before that, so that the message is complete now
     */
    boolean accepted(int seq) {
        fate[seq] = ACCEPTED;
        return missing[seq] == 0;
    }

    /** The server has answered something else: it did not take the message. */
    void refused(int seq) {
        fate[seq] = REFUSED;
    }

    /** The connection broke before the answer: the server may have taken the message or not. */
    void unknown(int seq) {
        fate[seq] = UNKNOWN;
    }

    /**
     * A delivery has arrived.
     *
     * @param seq of the message, below {@link #size()}
     * @param copy which of its deliveries, 0 to copies − 1
     * @param now milliseconds, remembered when it is the first
     */
    Arrival arrived(int seq, int copy, int now) {
        if (!arrived.add((long) seq * copies + copy)) {
            return Arrival.AGAIN;
        }
        if (missing[seq] == copies) {
            firstAt[seq] = now;
        }
        missing[seq]--;
        return missing[seq] == 0 && fate[seq] == ACCEPTED ? Arrival.COMPLETE : Arrival.FIRST;
    }

    /** Whether the server has answered 202. */
    boolean isAccepted(int seq) {
        return fate[seq] == ACCEPTED;
    }

    /** Whether a delivery has arrived. */
    boolean hasArrived(int seq, int copy) {
        return arrived.contains((long) seq * copies + copy);
    }

    /** How many messages were sent. */
    int size() {
        return size;
    }

    /** When the first delivery of a message arrived, as given to {@link #arrived}. */
    int firstAt(int seq) {
        return firstAt[seq];
    }

    /** Deliveries of accepted messages that have not arrived. */
    long lost() {
        long lost = 0;
        for (int seq = 0; seq < size; seq++) {
            if (fate[seq] == ACCEPTED) {
                lost += missing[seq];
            }
        }
        return lost;
    }

    /** Different deliveries that have arrived, of whatever message. */
    long deliveries() {
        long count = 0;
        for (int seq = 0; seq < size; seq++) {
            count += copies - missing[seq];
        }
        return count;
    }

    /** Messages whose request got no answer and that arrived all the same: the server had taken them. */
    long unansweredButTaken() {
        long count = 0;
        for (int seq = 0; seq < size; seq++) {
            if (fate[seq] == UNKNOWN && missing[seq] < copies) {
                count++;
            }
        }
        return count;
    }
}
