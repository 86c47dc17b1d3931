package io.posthorn.bench;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that was measured.
 *
 * @param scenario what measured it
 * @param name what it is, for people
 * @param value in the unit
 * @param unit such as {@code ms} or {@code /s}; empty for a ratio or a count
 * @param bound what it has to be; null if nothing is demanded
 */
record Figure(
        String scenario,
        String name,
        double value,
        String unit,
        @Nullable Bound bound) {
    /**
     * A bound, itself allowed.
     *
     * @param most whether the value may be at most this; otherwise it is at least this
     * @param limit in the figure's unit
     */
    record Bound(boolean most, double limit) {
        boolean holds(double value) {
            return most ? value <= limit : value >= limit;
        }

        @Override
        public String toString() {
            return (most ? "≤ " : "≥ ") + number(limit);
        }
    }

    /** A figure of which nothing is demanded. */
    static Figure plain(String scenario, String name, double value, String unit) {
        return new Figure(scenario, name, value, unit, null);
    }

    /** A figure that has to be at least so much. */
    static Figure atLeast(String scenario, String name, double value, String unit, double limit) {
        return new Figure(scenario, name, value, unit, new Bound(false, limit));
    }

    /** A figure that may be at most so much. */
    static Figure atMost(String scenario, String name, double value, String unit, double limit) {
        return new Figure(scenario, name, value, unit, new Bound(true, limit));
    }

    /** Whether it is within its bound; true if it has none. */
    boolean holds() {
        return bound == null || bound.holds(value);
    }

    /** A line of the table. */
    String line() {
        String demand = bound == null ? "" : bound.toString();
        String verdict = bound == null ? "" : holds() ? "holds" : "MISSED";
        return String.format(
                Locale.ROOT, "%-11s %-58s %12s %-5s %10s  %s", scenario, name, number(value), unit, demand, verdict);
    }

    /** Rounded as suits its size. */
    static String number(double value) {
        return value == Math.rint(value) || Math.abs(value) >= 1000
                ? String.format(Locale.ROOT, "%,d", Math.round(value))
                : String.format(Locale.ROOT, "%.2f", value);
    }
}
