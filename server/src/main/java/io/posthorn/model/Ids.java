package io.posthorn.model;

import com.github.f4b6a3.ulid.Ulid;
import com.github.f4b6a3.ulid.UlidCreator;
import org.jspecify.annotations.Nullable;

/**
 * Public ids: a prefix and a ULID in lower case, which sorts by time.
 *
 * <p>The ids of messages and attempts are not stored. A message id holds the millisecond of its acceptance and its
 * sequence number, so that it leads to the right partition and row without an index of its own; the number is mixed
 * with a key of the installation, so that an id does not tell how many messages there are. An attempt id holds its
 * start, endpoint and number in the same way.
 */
public final class Ids {
    private static final int TEXT = 26;
    private static final int SEQ_BITS = 58;
    private final long key;

    /**
     * The ids of an installation.
     *
     * @param key {@code installation.id_key}
     */
    public Ids(long key) {
        this.key = key;
    }

    /**
     * A new id from the clock and randomness.
     *
     * @param prefix such as {@code app_}
     */
    public static String fresh(String prefix) {
        return prefix + UlidCreator.getMonotonicUlid().toLowerCase();
    }

    /**
     * What a message id says.
     *
     * @param millis when it was accepted, milliseconds since 1970
     * @param seq its sequence number
     */
    public record MessageRef(long millis, long seq) {}

    /**
     * The id of a message, unique in the installation: receivers recognise what they already have by it. Numbers are
     * counted within a shard, and one commit gives the same moment to messages of many; so the shard is part of it.
     *
     * @param appNo its application
     * @param createdAt microseconds since 1970
     * @param seq its sequence number, 1 to 2^58 − 1
     */
    public String message(int appNo, long createdAt, long seq) {
        long low = (long) Shards.of(appNo) << SEQ_BITS | seq;
        return encode("msg_", Math.floorDiv(createdAt, 1000L), low, 0);
    }

    /**
     * Reads a message id.
     *
     * @return null if it is not one of ours
     */
    public @Nullable MessageRef parseMessage(String id) {
        Ulid ulid = decode("msg_", id);
        if (ulid == null) {
            return null;
        }
        long millis = ulid.getTime();
        long mix = mix(millis);
        if ((ulid.getMostSignificantBits() & 0xffffL) != (mix >>> 48)) {
            return null;
        }
        long seq = (ulid.getLeastSignificantBits() ^ mix) & ((1L << SEQ_BITS) - 1);
        return seq > 0 ? new MessageRef(millis, seq) : null;
    }

    /**
     * The id of an attempt, unique in the installation.
     *
     * @param startedAt microseconds since 1970
     * @param seq of the message
     * @param endpointNo of the endpoint
     * @param number 1 for the first
     */
    public String attempt(long startedAt, long seq, int endpointNo, int number) {
        long low = mix(seq ^ Long.rotateLeft(endpointNo, 32)) + number;
        return encode("atmpt_", Math.floorDiv(startedAt, 1000L), low, endpointNo & 0xffff);
    }

    private String encode(String prefix, long millis, long low, int high16) {
        long mix = mix(millis);
        return prefix + new Ulid((millis << 16) | ((mix >>> 48) ^ high16), low ^ mix).toLowerCase();
    }

    private static @Nullable Ulid decode(String prefix, String id) {
        if (id.length() != prefix.length() + TEXT || !id.startsWith(prefix)) {
            return null;
        }
        String text = id.substring(prefix.length());
        return Ulid.isValid(text) ? Ulid.from(text) : null;
    }

    /** The finaliser of SplitMix64: every bit of the input reaches every bit of the result. */
    private long mix(long value) {
        long z = value + key;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
