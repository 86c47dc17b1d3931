package io.posthorn.bench;

import java.util.Arrays;
import java.util.List;

/**
 * Deliveries that arrived more than once, and whether a kill of the server explains each: it does when the server was
 * killed after the first arrival and before the second. Such a delivery's attempt was not committed when the server
 * died, and nobody could know any more that it had arrived.
 */
final class Repeats {
    private long[] pairs = new long[256];
    private int size;

    /**
     * A delivery has come again.
     *
     * @param first when its message arrived first, milliseconds
     * @param again now, milliseconds
     */
    void add(int first, int again) {
        if (size == pairs.length) {
            pairs = Arrays.copyOf(pairs, size * 2);
        }
        pairs[size++] = ((long) first << 32) | again;
    }

    /** How many there were. */
    int count() {
        return size;
    }

    /**
     * What explains them.
     *
     * @param explained how many had a kill between their arrivals
     * @param unexplained how many had none
     * @param longestBefore the longest time from a first arrival to the kill, milliseconds
     */
    record Explanation(int explained, int unexplained, int longestBefore) {}

    /**
     * Explains them.
     *
     * @param kills when the server was killed, milliseconds, in order
     */
    Explanation explain(List<Integer> kills) {
        int explained = 0;
        int longest = 0;
        for (int i = 0; i < size; i++) {
            int first = (int) (pairs[i] >>> 32);
            int again = (int) pairs[i];
            for (int kill : kills) {
                if (first <= kill && kill <= again) {
                    explained++;
                    longest = Math.max(longest, kill - first);
                    break;
                }
            }
        }
        return new Explanation(explained, size - explained, longest);
    }
}
