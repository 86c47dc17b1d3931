package io.posthorn.api;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Pages of a list. An iterator names the last element seen (or the first, to go back), not a position, so pages neither
 * repeat nor skip anything while elements come and go.
 *
 * @param limit elements on a page
 * @param key the iterator's element; null for the first page
 * @param back towards the beginning of the list
 * @param ascending the order of the list
 */
public record Paging(int limit, @Nullable String key, boolean back, boolean ascending) {
    private static final int MOST = 250;
    private static final int USUAL = 50;
    /** Of JSON on a page of things that may be large, unless the first one alone has more. */
    private static final long MOST_BYTES = 4 << 20;

    private static final String FORWARD = "f.";
    private static final String BACK = "b.";

    /**
     * One page.
     *
     * @param data the elements
     * @param iterator for the page after it; null if it is empty and no page was before it
     * @param prevIterator for the page before it; null if it is empty
     * @param done whether there is nothing beyond it in the direction that was asked for
     * @param <T> what is listed
     */
    public record Page<T>(
            List<T> data,
            @Nullable String iterator,
            @Nullable String prevIterator,
            boolean done) {}

    /**
     * Where the elements come from.
     *
     * @param <T> what is listed
     */
    @FunctionalInterface
    public interface Source<T> {
        /**
         * Elements in order of their keys.
         *
         * @param after only those beyond this key; null for all
         * @param ascending or descending
         * @param most how many
         */
        List<T> fetch(@Nullable String after, boolean ascending, int most);
    }

    /** {@code limit}, {@code iterator} and {@code order}; what is wrong with them is noted in the query. */
    public static Paging of(Query query, boolean ascendingIfUnsaid) {
        int limit = query.number("limit", USUAL, 1, MOST);
        String order = query.text("order");
        boolean ascending = order == null ? ascendingIfUnsaid : order.equals("ascending");
        if (order != null && !ascending && !order.equals("descending")) {
            query.refuse("order", "must be ascending or descending");
        }
        String iterator = query.text("iterator");
        if (iterator == null || iterator.isEmpty()) {
            return new Paging(limit, null, false, ascending);
        }
        boolean back = iterator.startsWith(BACK);
        if (!back && !iterator.startsWith(FORWARD)) {
            query.refuse("iterator", "must be an iterator or prevIterator of an earlier answer");
        }
        return new Paging(limit, iterator.substring(Math.min(iterator.length(), 2)), back, ascending);
    }

    /**
     * The page.
     *
     * @param source the list
     * @param key of an element
     * @param shown an element as the API shows it
     */
    public <E, T> Page<T> page(Source<E> source, Function<E, String> key, Function<E, T> shown) {
        return page(source, key, shown, any -> 0);
    }

    /**
     * The page, with fewer elements than the limit if they would be more than 4 MiB of JSON together, but at least one;
     * the iterator goes on after the last of them. For lists whose elements may be large and are not cut at their
     * source.
     *
     * @param source the list
     * @param key of an element
     * @param shown an element as the API shows it
     */
    public <E, T> Page<T> bounded(Source<E> source, Function<E, String> key, Function<E, T> shown) {
        return page(source, key, shown, element -> Json.write(element).length);
    }

    private <E, T> Page<T> page(
            Source<E> source, Function<E, String> key, Function<E, T> shown, ToIntFunction<T> bytes) {
        List<E> found = source.fetch(this.key, ascending != back, limit + 1);
        List<T> data = new ArrayList<>();
        long size = 0;
        while (data.size() < Math.min(limit, found.size())) {
            T element = shown.apply(found.get(data.size()));
            size += bytes.applyAsInt(element);
            if (size > MOST_BYTES && !data.isEmpty()) {
                break;
            }
            data.add(element);
        }
        if (data.isEmpty()) {
            return new Page<>(List.of(), this.key == null ? null : FORWARD + this.key, null, true);
        }
        String near = key.apply(found.getFirst());
        String far = key.apply(found.get(data.size() - 1));
        if (back) {
            Collections.reverse(data);
        }
        return new Page<>(
                List.copyOf(data),
                FORWARD + (back ? near : far),
                BACK + (back ? far : near),
                data.size() == found.size());
    }
}
