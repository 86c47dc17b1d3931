package io.posthorn.dispatch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Headers that go behind others, on the way out: those of a message's publisher above all. */
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

    /** The same with names and values in turn. */
    static String[] behind(String[] headers, List<String> more) {
        List<String> all = new ArrayList<>(Arrays.asList(headers));
        for (int i = 0; i < more.size(); i += 2) {
            if (!has(headers, more.get(i))) {
                all.add(more.get(i));
                all.add(more.get(i + 1));
            }
        }
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
