package io.posthorn.history;

import io.posthorn.model.Shards;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts for each shard what its messages still owe, and says how far it is settled. Called from the intake writer
 * (a message was accepted), the recorder (outcomes were committed) and recovery.
 */
public final class SettledPositions {
    private final Shard[] shards = new Shard[Shards.COUNT];

    /** All shards at 0. */
    public SettledPositions() {
        for (int no = 0; no < shards.length; no++) {
            shards[no] = new Shard(no);
        }
    }

    /**
     * A position as it is written.
     *
     * @param shard its number
     * @param seq everything up to it is settled
     * @param at nothing above it was accepted before, microseconds since 1970
     */
    public record Position(int shard, long seq, long at) {}

    /**
     * Where a shard stands at the start. Until {@link #release} it does not move, while recovery tells what is owed.
     *
     * @param shard its number
     * @param settled the position in the database
     * @param at its time, microseconds since 1970
     * @param head the highest sequence number there is
     */
    public void init(int shard, long settled, long at, long head) {
        shards[shard].init(settled, at, head);
    }

    /** The shard's position may move from now on. */
    public void release(int shard) {
        shards[shard].release();
    }

    /**
     * A message is owed to so many endpoints. Its number is at most one above the highest so far.
     *
     * @param shard its shard
     * @param seq its number
     * @param at when it was accepted, microseconds since 1970
     * @param endpoints how many; 0 settles it at once
     */
    public void owe(int shard, long seq, long at, int endpoints) {
        shards[shard].owe(seq, at, endpoints);
    }

    /** One endpoint less is owed the message. */
    public void settle(int shard, long seq) {
        shards[shard].settle(seq);
    }

    /** How many messages lie above the settled positions. */
    public long unsettled() {
        long sum = 0;
        for (Shard shard : shards) {
            sum += shard.open();
        }
        return sum;
    }

    /** The positions that moved since they were last taken. */
    public List<Position> moved() {
        List<Position> moved = new ArrayList<>();
        for (Shard shard : shards) {
            shard.takeMoved(moved);
        }
        return moved;
    }

    /** The positions could not be written: they count as moved again. */
    public void notWritten(List<Position> positions) {
        for (Position position : positions) {
            shards[position.shard()].notWritten();
        }
    }

    private static final class Shard {
        private static final int LEAST = 64;
        private final int no;
        private long settled;
        private long settledAt = Long.MIN_VALUE;
        private long head;
        private boolean held;
        private boolean moved;
        /** What is owed, a ring: the message {@code seq} stands at {@code seq & (length − 1)}. */
        private int[] owed = new int[LEAST];

        private long[] acceptedAt = new long[LEAST];

        Shard(int no) {
            this.no = no;
        }

        synchronized void init(long settled, long at, long head) {
            this.settled = settled;
            this.settledAt = at;
            this.head = head;
            this.held = true;
            grow(head - settled);
            java.util.Arrays.fill(owed, 0);
            java.util.Arrays.fill(acceptedAt, at);
        }

        synchronized void release() {
            held = false;
            advance();
        }

        synchronized void owe(long seq, long at, int endpoints) {
            if (seq > head + 1) {
                throw new IllegalStateException("shard " + no + ": message " + seq + " after " + head);
            }
            head = Math.max(head, seq);
            grow(head - settled);
            int slot = slot(seq);
            owed[slot] = endpoints;
            acceptedAt[slot] = at;
            if (endpoints == 0) {
                advance();
            }
        }

        synchronized void settle(long seq) {
            if (seq <= settled || seq > head || --owed[slot(seq)] < 0) {
                throw new IllegalStateException("shard " + no + ": nothing is owed of message " + seq);
            }
            if (seq == settled + 1) {
                advance();
            }
        }

        synchronized long open() {
            return head - settled;
        }

        synchronized void takeMoved(List<Position> into) {
            if (moved) {
                moved = false;
                into.add(new Position(no, settled, settledAt));
            }
        }

        synchronized void notWritten() {
            moved = true;
        }

        private void advance() {
            if (held) {
                return;
            }
            long before = settled;
            while (settled < head && owed[slot(settled + 1)] == 0) {
                settled++;
                settledAt = acceptedAt[slot(settled)];
            }
            moved |= settled != before;
        }

        private int slot(long seq) {
            return (int) (seq & (owed.length - 1));
        }

        private void grow(long open) {
            if (open <= owed.length) {
                return;
            }
            int length = Math.toIntExact(Long.highestOneBit(open - 1) * 2);
            int[] newOwed = new int[length];
            long[] newAt = new long[length];
            for (long seq = settled + 1; seq <= Math.min(head, settled + owed.length); seq++) {
                newOwed[(int) (seq & (length - 1))] = owed[slot(seq)];
                newAt[(int) (seq & (length - 1))] = acceptedAt[slot(seq)];
            }
            owed = newOwed;
            acceptedAt = newAt;
        }
    }
}
