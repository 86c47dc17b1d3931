package io.posthorn.catalog;

import io.posthorn.model.Endpoint;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Endpoints sorted by one of their texts. Immutable; a change copies one array of references, which for ten thousand
 * endpoints takes microseconds and leaves no trees or hash tables to be collected.
 */
final class Index {
    private final Function<Endpoint, String> key;
    private final Endpoint[] sorted;

    private Index(Function<Endpoint, String> key, Endpoint[] sorted) {
        this.key = key;
        this.sorted = sorted;
    }

    /** An index of these endpoints, which all have the key. */
    static Index of(Endpoint[] endpoints, Function<Endpoint, String> key) {
        Endpoint[] sorted = endpoints.clone();
        Arrays.sort(sorted, Comparator.comparing(key));
        return new Index(key, sorted);
    }

    /** In order; nobody writes to it. */
    Endpoint[] sorted() {
        return sorted;
    }

    @Nullable
    Endpoint find(String text) {
        int at = position(text);
        return at < 0 ? null : sorted[at];
    }

    /** Where the text is, or −1 − where it would be put. */
    int position(String text) {
        int low = 0;
        int high = sorted.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = key.apply(sorted[middle]).compareTo(text);
            if (order == 0) {
                return middle;
            } else if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1 - low;
    }

    /** With this endpoint, in the place of one of the same key if there is one. */
    Index with(Endpoint endpoint) {
        int at = position(key.apply(endpoint));
        if (at >= 0) {
            Endpoint[] same = sorted.clone();
            same[at] = endpoint;
            return new Index(key, same);
        }
        int gap = -1 - at;
        Endpoint[] more = new Endpoint[sorted.length + 1];
        System.arraycopy(sorted, 0, more, 0, gap);
        more[gap] = endpoint;
        System.arraycopy(sorted, gap, more, gap + 1, sorted.length - gap);
        return new Index(key, more);
    }

    Index without(String text) {
        int at = position(text);
        if (at < 0) {
            return this;
        }
        Endpoint[] fewer = new Endpoint[sorted.length - 1];
        System.arraycopy(sorted, 0, fewer, 0, at);
        System.arraycopy(sorted, at + 1, fewer, at, fewer.length - at);
        return new Index(key, fewer);
    }
}
