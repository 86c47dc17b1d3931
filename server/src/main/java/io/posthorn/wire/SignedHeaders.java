package io.posthorn.wire;

import java.util.ArrayList;
import java.util.List;

/** The headers that schemes add. Several schemes may share one: a list of signatures, or the timestamp. */
final class SignedHeaders {
    private final List<String> all = new ArrayList<>();

    void add(String name, String value) {
        all.add(name);
        all.add(value);
    }

    /** Once, whoever needs it. */
    void once(String name, String value) {
        if (at(name) < 0) {
            add(name, value);
        }
    }

    /** Behind what other schemes have put there. */
    void join(String name, String value, String separator) {
        int at = at(name);
        if (at < 0) {
            add(name, value);
        } else {
            all.set(at, all.get(at) + separator + value);
        }
    }

    private int at(String name) {
        for (int i = 0; i < all.size(); i += 2) {
            if (all.get(i).equalsIgnoreCase(name)) {
                return i + 1;
            }
        }
        return -1;
    }

    String[] toArray() {
        return all.toArray(String[]::new);
    }
}
