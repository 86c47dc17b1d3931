package io.posthorn.bench;

import java.util.Arrays;

/** A set of numbers from 0, as a bitmap that grows. Used by one thread. */
final class Bits {
    private long[] words = new long[1024];

    /**
     * Puts a number in.
     *
     * @param index 0 or more
     * @return whether it was not in yet
     */
    boolean add(long index) {
        int word = Math.toIntExact(index >>> 6);
        if (word >= words.length) {
            words = Arrays.copyOf(words, Math.max(word + 1, words.length * 2));
        }
        long bit = 1L << index;
        boolean fresh = (words[word] & bit) == 0;
        words[word] |= bit;
        return fresh;
    }

    /** Whether a number is in. */
    boolean contains(long index) {
        int word = Math.toIntExact(index >>> 6);
        return word < words.length && (words[word] & (1L << index)) != 0;
    }
}
