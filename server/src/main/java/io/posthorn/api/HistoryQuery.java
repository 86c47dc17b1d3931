package io.posthorn.api;

import io.posthorn.catalog.Rules;
import io.posthorn.history.DeliveryStatus;
import io.posthorn.history.Filter;
import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.Ids;
import io.posthorn.runtime.Time;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The query of a list from the history; the newest comes first unless {@code order} says otherwise.
 *
 * @param ids makes the iterators
 * @param paging the page
 * @param reach the page as the history understands it
 * @param filter what is wanted
 */
record HistoryQuery(Ids ids, Paging paging, Reach reach, Filter filter) {
    /** Clocks differ, and what is older than the thing it belongs to is not by more than this. Microseconds. */
    private static final long SLACK = 86_400_000_000L;

    private static final List<String> CLASSES = List.of("0", "100", "200", "300", "400", "500");

    /**
     * Reads it; what is wrong is noted in the query, and then it must not be used.
     *
     * @param query of the request
     * @param ids reads the iterator
     * @param since nothing in the list is much older
     * @param without messages of these types
     */
    static HistoryQuery of(Query query, Ids ids, Instant since, List<String> without) {
        Paging paging = Paging.of(query, false);
        String key = paging.key();
        Place after = key == null ? null : Places.read(ids, key);
        if (key != null && after == null && query.problems().isEmpty()) {
            query.refuse("iterator", "must be an iterator or prevIterator of an earlier answer");
        }
        Filter filter = new Filter(
                names(query, "event_types"),
                name(query, "channel"),
                name(query, "tag"),
                time(query, "after", Math.max(0, Time.micros(since) - SLACK)),
                time(query, "before", Filter.FOREVER),
                status(query),
                codeClass(query),
                without);
        // Clients ask with it for the statuses that came later, which they know then. Here they are always told.
        query.flag("expanded_statuses");
        Reach reach = new Reach(after, paging.ascending() != paging.back(), paging.limit(), content(query));
        return new HistoryQuery(ids, paging, reach, filter);
    }

    /** Whether payloads and bodies are wanted; they are unless the query says no. */
    static boolean content(Query query) {
        return query.text("with_content") == null || query.flag("with_content");
    }

    static @Nullable String name(Query query, String parameter) {
        String name = query.text(parameter);
        String rule = name == null ? null : Rules.name(name);
        if (rule != null) {
            query.refuse(parameter, rule);
        }
        return name;
    }

    /** Names with commas between them, or each on its own. */
    static List<String> names(Query query, String parameter) {
        List<String> names = query.texts(parameter);
        for (String name : names) {
            String rule = Rules.name(name);
            if (rule != null) {
                query.refuse(parameter, "each " + rule + "; commas between them");
                return List.of();
            }
        }
        return names;
    }

    /** A moment, microseconds since 1970. */
    static long time(Query query, String parameter, long ifAbsent) {
        String text = query.text(parameter);
        if (text == null) {
            return ifAbsent;
        }
        Instant time = Times.read(text);
        if (time == null) {
            query.refuse(
                    parameter, "must be a time such as 2026-01-31T12:00:00Z; in a query a plus sign is written %2B");
            return ifAbsent;
        }
        if (time.isBefore(Instant.EPOCH) || !time.isBefore(Time.instant(Filter.FOREVER))) {
            query.refuse(parameter, "must be a time from 1970 to 9999");
            return ifAbsent;
        }
        return Time.micros(time);
    }

    private static @Nullable DeliveryStatus status(Query query) {
        String text = query.text("status");
        if (text == null) {
            return null;
        }
        for (DeliveryStatus status : DeliveryStatus.values()) {
            if (text.equals(Integer.toString(status.code()))) {
                return status;
            }
        }
        query.refuse("status", "must be 0 (success), 1 (pending), 2 (fail), 3 (sending) or 4 (canceled)");
        return null;
    }

    private static @Nullable Integer codeClass(Query query) {
        String text = query.text("status_code_class");
        if (text == null) {
            return null;
        }
        if (!CLASSES.contains(text)) {
            query.refuse("status_code_class", "must be 100, 200, 300, 400 or 500, or 0 for no response");
            return null;
        }
        return Integer.valueOf(text);
    }

    /**
     * The page.
     *
     * @param slice its rows, and whether there are more
     * @param place of a row
     * @param shown a row as the API shows it
     */
    <E, T> Answer answer(Slice<E> slice, Function<E, Place> place, Function<E, T> shown) {
        List<E> rows = slice.rows();
        List<E> found = new ArrayList<>(rows);
        if (slice.more()) {
            found.add(rows.getLast()); // paging tells by one row too many that there are more
        }
        Paging cut = new Paging(
                slice.more() ? rows.size() : paging.limit(), paging.key(), paging.back(), paging.ascending());
        return Answer.json(
                200, cut.page((after, ascending, most) -> found, row -> Places.write(ids, place.apply(row)), shown));
    }
}
