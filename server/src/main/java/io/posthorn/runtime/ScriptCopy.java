package io.posthorn.runtime;

import com.dashjoin.jsonata.Jsonata;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** Copies a tree, in or out, and holds it to its size. */
final class ScriptCopy {
    private static final int OF_A_VALUE = 16;

    /** The copy of a {@link Script.Kept} one, which cannot be changed and so stays the same. */
    private sealed interface Traced {
        Object origin();

        long weight();
    }

    /** The library may put null where its own sign for it stands, and nothing else. */
    private static final class TracedMap extends LinkedHashMap<String, @Nullable Object> implements Traced {
        private static final long serialVersionUID = 1L;

        private final transient Object origin;
        private final long weight;

        TracedMap(Map<String, @Nullable Object> members, Object origin, long weight) {
            super(members);
            this.origin = origin;
            this.weight = weight;
        }

        @Override
        public Object origin() {
            return origin;
        }

        @Override
        public long weight() {
            return weight;
        }

        @Override
        public @Nullable Object put(String key, @Nullable Object value) {
            throw new UnsupportedOperationException("what a script is given cannot be changed");
        }

        @Override
        public @Nullable Object remove(@Nullable Object key) {
            throw new UnsupportedOperationException("what a script is given cannot be changed");
        }
    }

    /** As {@link TracedMap}. */
    private static final class TracedList extends AbstractList<@Nullable Object> implements Traced, RandomAccess {
        private final List<@Nullable Object> elements;
        private final Object origin;
        private final long weight;

        TracedList(List<@Nullable Object> elements, Object origin, long weight) {
            this.elements = elements;
            this.origin = origin;
            this.weight = weight;
        }

        @Override
        public Object origin() {
            return origin;
        }

        @Override
        public long weight() {
            return weight;
        }

        @Override
        public @Nullable Object get(int index) {
            return elements.get(index);
        }

        @Override
        public @Nullable Object set(int index, @Nullable Object element) {
            if (element != null) {
                throw new UnsupportedOperationException("what a script is given cannot be changed");
            }
            return elements.set(index, null);
        }

        @Override
        public int size() {
            return elements.size();
        }
    }

    private final boolean inward;
    private long weight;

    ScriptCopy(boolean inward) {
        this.inward = inward;
    }

    @Nullable
    Object of(@Nullable Object value, int level) {
        if (level > Script.MOST_LEVELS) {
            throw tooLarge("has more than " + Script.MOST_LEVELS + " levels");
        }
        weigh(OF_A_VALUE);
        if (value == null || value == Jsonata.NULL_VALUE) {
            return inward ? Jsonata.NULL_VALUE : null;
        }
        if (value instanceof String text) {
            weigh(text.length());
            return text;
        }
        if (value instanceof Boolean) {
            return value;
        }
        if (value instanceof Number number) {
            return inward ? number(number) : plain(number);
        }
        if (!inward && value instanceof Traced traced) {
            weigh(traced.weight());
            return traced.origin();
        }
        long before = weight;
        if (value instanceof List<?> list) {
            List<@Nullable Object> copy = new ArrayList<>(list.size());
            for (Object element : list) {
                copy.add(of(element, level + 1));
            }
            return inward && value instanceof Script.Kept ? new TracedList(copy, value, weight - before) : copy;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getKey() instanceof String key)) {
                    throw new IllegalArgumentException("a name has to be a text");
                }
                weigh(key.length());
                copy.put(key, of(entry.getValue(), level + 1));
            }
            return inward && value instanceof Script.Kept ? new TracedMap(copy, value, weight - before) : copy;
        }
        throw new IllegalArgumentException(inward ? "is given what is no value" : "gives a function, not a value");
    }

    private static Number number(Number number) {
        return number instanceof BigInteger || number instanceof BigDecimal ? number.doubleValue() : number;
    }

    /** Whole numbers as such, as far as they are exact. */
    private static Number plain(Number number) {
        if (number instanceof Long whole) {
            return whole == whole.intValue() ? (Number) whole.intValue() : whole;
        }
        if (!(number instanceof Double) && !(number instanceof Float)) {
            return number;
        }
        double value = number.doubleValue();
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("gives a number that is none");
        }
        if (value == Math.rint(value) && Math.abs(value) <= 1L << 53) {
            long whole = (long) value;
            return whole == (int) whole ? (Number) (int) whole : (Number) whole;
        }
        return value;
    }

    private void weigh(long more) {
        weight += more;
        if (weight > Script.MOST_WEIGHT) {
            throw tooLarge("has more than " + Script.MOST_WEIGHT + " characters, each value counted as " + OF_A_VALUE);
        }
    }

    private ScriptException tooLarge(String rule) {
        return new ScriptException(
                ScriptException.Kind.LIMIT,
                (inward ? "what the script is given " : "what the script gives ") + rule,
                0,
                0);
    }
}
