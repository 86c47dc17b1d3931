package io.posthorn.runtime;

import java.util.Arrays;

/**
 * A text that a regular expression is tried on. The engine goes back and forth in it, for some patterns as often as there
 * are ways to part the text; every so many looks the time is checked, the sooner the more it does between two of them.
 */
final class ScriptText implements CharSequence {
    private static final int STEPS = 1 << 18;
    private static final int OF_A_LOOK = 64;
    private static final int SHORT = 32;

    private final Sandbox sandbox;
    private final String text;
    private final int ofALook;
    private int steps;

    /**
     * One.
     *
     * @param cost the {@link PatternCost} of the regular expression
     */
    ScriptText(Sandbox sandbox, String text, int cost) {
        this.sandbox = sandbox;
        this.text = text;
        this.ofALook = Math.max(OF_A_LOOK, cost);
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        steps += ofALook;
        if (steps >= STEPS) {
            steps = 0;
            sandbox.check();
        }
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.substring(start, end);
    }

    @Override
    public String toString() {
        return text;
    }

    /**
     * Looks for a text in another in a time that is the sum of both, where {@link String#indexOf(String)} needs their
     * product (Knuth, Morris and Pratt).
     */
    static final class Search {
        private final String sought;
        private final int[] back;

        Search(String sought) {
            this.sought = sought;
            this.back = sought.length() <= SHORT ? new int[0] : table(sought);
        }

        private static int[] table(String sought) {
            int[] back = new int[sought.length()];
            int matched = 0;
            for (int i = 1; i < back.length; i++) {
                while (matched > 0 && sought.charAt(i) != sought.charAt(matched)) {
                    matched = back[matched - 1];
                }
                if (sought.charAt(i) == sought.charAt(matched)) {
                    matched++;
                }
                back[i] = matched;
            }
            return back;
        }

        /** From where on; -1 if it is not there. */
        int in(String text, int from) {
            if (back.length == 0) {
                return text.indexOf(sought, from);
            }
            int matched = 0;
            for (int i = from; i < text.length(); i++) {
                while (matched > 0 && text.charAt(i) != sought.charAt(matched)) {
                    matched = back[matched - 1];
                }
                if (text.charAt(i) == sought.charAt(matched)) {
                    matched++;
                }
                if (matched == back.length) {
                    return i - matched + 1;
                }
            }
            return -1;
        }

        /** All places, none overlapping another, at most so many. */
        int[] all(String text, int most) {
            int[] found = new int[16];
            int count = 0;
            for (int i = in(text, 0); i >= 0 && count < most; i = in(text, i + sought.length())) {
                if (count == found.length) {
                    found = Arrays.copyOf(found, count * 2);
                }
                found[count++] = i;
            }
            return Arrays.copyOf(found, count);
        }
    }
}
