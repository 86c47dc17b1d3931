package io.posthorn.runtime;

import java.util.Collection;
import java.util.Locale;

/** What somebody may have meant by a name that does not exist. */
public final class Nearest {
    /** From so many letters on, the beginning of a name counts as near it. */
    private static final int BEGINNING = 4;

    private Nearest() {}

    /**
     * The rule for an unknown name.
     *
     * @param name what was written
     * @param known what it could have been
     * @return {@code is not a setting}, with the nearest known name if there is one near enough
     */
    public static String hint(String name, Collection<String> known) {
        return hint(name, known, "a setting");
    }

    /**
     * The rule for an unknown name of some kind.
     *
     * @param name what was written
     * @param known what it could have been
     * @param kind what it should be, with its article
     * @return {@code is not an option}, with the nearest known name if there is one near enough
     */
    public static String hint(String name, Collection<String> known, String kind) {
        String nearest = of(name, known);
        return "is not " + kind + (nearest.isEmpty() ? "" : "; did you mean " + nearest + "?");
    }

    /** The nearest known name; empty if none is near enough. */
    public static String of(String name, Collection<String> known) {
        String best = "";
        int least = Integer.MAX_VALUE;
        for (String candidate : known) {
            int distance = distance(plain(name), plain(candidate));
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        boolean near = least <= Math.max(1, plain(name).length() / 3)
                || (plain(name).length() >= BEGINNING && plain(best).startsWith(plain(name)));
        return near ? best : "";
    }

    /** Without what separates words, so that {@code maxBodyBytes} is {@code max-body-bytes}. */
    private static String plain(String name) {
        return name.replaceAll("[-_.\\s]", "").toLowerCase(Locale.ROOT);
    }

    /** How many letters have to be inserted, removed, replaced or swapped with their neighbour (Damerau-Levenshtein). */
    private static int distance(String one, String other) {
        int[][] table = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                table[i][j] = i == 0 || j == 0 ? i + j : step(table, one, other, i, j);
            }
        }
        return table[one.length()][other.length()];
    }

    private static int step(int[][] table, String one, String other, int i, int j) {
        boolean same = one.charAt(i - 1) == other.charAt(j - 1);
        int least = Math.min(table[i - 1][j - 1] + (same ? 0 : 1), Math.min(table[i - 1][j], table[i][j - 1]) + 1);
        boolean swapped =
                i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2) && one.charAt(i - 2) == other.charAt(j - 1);
        return swapped ? Math.min(least, table[i - 2][j - 2] + 1) : least;
    }
}
