package io.posthorn.dispatch;

import java.util.BitSet;
import java.util.List;

/** A set of status codes, written as codes ({@code 429}) and classes ({@code 5xx}). */
final class Codes {
    private static final int MOST = 1_000;

    private final BitSet codes = new BitSet(MOST);

    /**
     * A set.
     *
     * @param texts three digits each, or one and {@code xx}
     * @throws IllegalArgumentException if one is neither
     */
    Codes(List<String> texts) {
        for (String text : texts) {
            if (!text.matches("[1-9]([0-9]{2}|[xX]{2})")) {
                throw new IllegalArgumentException("neither a status code nor a class of them: " + text);
            }
            int first = text.charAt(0) - '0';
            if (Character.isDigit(text.charAt(1))) {
                codes.set(Integer.parseInt(text));
            } else {
                codes.set(100 * first, 100 * first + 100);
            }
        }
    }

    boolean contains(int code) {
        return codes.get(code);
    }
}
