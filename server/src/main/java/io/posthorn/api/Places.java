package io.posthorn.api;

import io.posthorn.history.History.Place;
import io.posthorn.model.Ids;
import org.jspecify.annotations.Nullable;

/**
 * Places in lists as iterators name them: like the id of a message, because that hides the numbers in it as well and
 * tells those apart that we have not made; then three digits for the microseconds. Where a second number is needed, the
 * same follows with it.
 */
final class Places {
    private static final String PREFIX = "msg_";
    private static final int DIGITS = 3;
    private static final int LENGTH = 26 + DIGITS;

    private Places() {}

    static String write(Ids ids, Place place) {
        String text = write(ids, place.at(), place.tie());
        return place.second() == 0 ? text : text + write(ids, place.at(), place.second());
    }

    private static String write(Ids ids, long at, long number) {
        return ids.message(0, at, number).substring(PREFIX.length()) + "%03d".formatted(Math.floorMod(at, 1_000));
    }

    /** Null if it is not one of ours. */
    static @Nullable Place read(Ids ids, String text) {
        if (text.length() <= LENGTH) {
            return one(ids, text);
        }
        Place first = one(ids, text.substring(0, LENGTH));
        Place second = one(ids, text.substring(LENGTH));
        return first == null || second == null || first.at() != second.at()
                ? null
                : new Place(first.at(), first.tie(), second.tie());
    }

    private static @Nullable Place one(Ids ids, String text) {
        int end = text.length() - DIGITS;
        Ids.MessageRef ref = end < 0 ? null : ids.parseMessage(PREFIX + text.substring(0, end));
        String rest = text.substring(Math.max(0, end));
        return ref == null || !rest.chars().allMatch(c -> c >= '0' && c <= '9')
                ? null
                : new Place(ref.millis() * 1_000 + Integer.parseInt(rest), ref.seq());
    }
}
