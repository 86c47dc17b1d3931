package io.posthorn.dispatch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Headers that a message's publisher gave with it, on the way out. */
final class MessageHeaders {
    private MessageHeaders() {}

    /**
     * Adds those whose names are not taken yet, in capitals or not.
     *
     * @param headers names and values in turn
     * @param given by the publisher
     */
    static String[] behind(String[] headers, Map<String, String> given) {
        List<String> all = new ArrayList<>(Arrays.asList(headers));
        given.forEach((name, value) -> {
            if (!has(headers, name)) {
                all.add(name);
                all.add(value);
            }
        });
        return all.toArray(String[]::new);
    }

    /** Whether one of them has the name, in any case. */
    static boolean has(String[] headers, String name) {
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i].equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }
}
