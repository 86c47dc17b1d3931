package io.posthorn.runtime;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * What was made last and used last, as much of it as fits: by its size and not by its number. Confined to one thread.
 *
 * @param <K> what it is found by
 * @param <V> what is kept
 */
public final class Recent<K, V> {
    private static final float LOAD = 0.75f;

    private final int most;
    private final ToIntFunction<V> size;
    private final Map<K, V> kept = new LinkedHashMap<>(16, LOAD, true);
    private long all;

    /**
     * An empty one.
     *
     * @param most of the sizes of all together; the one that was asked for last is kept even if it is larger
     * @param size of one, which does not change
     */
    public Recent(int most, ToIntFunction<V> size) {
        this.most = most;
        this.size = size;
    }

    /**
     * The one that is kept, or another.
     *
     * @param make asked if none is; what it throws is thrown, and nothing is kept then
     */
    public V get(K key, Supplier<V> make) {
        V known = kept.get(key);
        if (known != null) {
            return known;
        }
        V made = make.get();
        all += size.applyAsInt(made);
        Iterator<V> oldest = kept.values().iterator();
        while (all > most && oldest.hasNext()) {
            all -= size.applyAsInt(oldest.next());
            oldest.remove();
        }
        kept.put(key, made);
        return made;
    }
}
