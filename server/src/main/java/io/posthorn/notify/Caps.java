package io.posthorn.notify;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How many letters there may be within an hour of the clock: whoever may make endpoints names addresses, and nobody has
 * asked those. The counts are of applications and addresses and so outlive endpoints.
 */
final class Caps {
    /** Of an application. */
    static final int OF_APPLICATION = 200;
    /** To an address. */
    static final int TO_ADDRESS = 20;
    /** Of the installation. */
    static final int OF_ALL = 2_000;

    private static final String ALL = "all";
    private static final int DIGEST_BYTES = 16;

    private final Map<String, Integer> counts;
    private final Map<String, Integer> changed = new LinkedHashMap<>();

    /**
     * Those in force.
     *
     * @param counts of the hour, by {@link #whose}; those that are not there are zero
     */
    Caps(Map<String, Integer> counts) {
        this.counts = counts;
    }

    /** Whom letters are counted for. */
    static Set<String> whose(List<PgLetters.Addressed> letters) {
        Set<String> whose = new LinkedHashSet<>(List.of(ALL));
        for (PgLetters.Addressed letter : letters) {
            whose.add(application(letter));
            whose.add(address(letter.address()));
        }
        return whose;
    }

    /** The start of the hour of the clock. */
    static long hour(long now) {
        return Math.floorDiv(now, PgMails.HOUR_MICROS) * PgMails.HOUR_MICROS;
    }

    /** Counts a letter, if there may be one more. */
    boolean take(PgLetters.Addressed letter) {
        String application = application(letter);
        String address = address(letter.address());
        if (count(ALL) >= OF_ALL || count(application) >= OF_APPLICATION || count(address) >= TO_ADDRESS) {
            return false;
        }
        for (String each : List.of(ALL, application, address)) {
            changed.put(each, count(each) + 1);
        }
        return true;
    }

    private int count(String whose) {
        Integer now = changed.get(whose);
        return now == null ? counts.getOrDefault(whose, 0) : now;
    }

    /** The counts that are others now. */
    Map<String, Integer> changed() {
        return changed;
    }

    private static String application(PgLetters.Addressed letter) {
        return "app " + letter.mail().mail().appNo();
    }

    /** The same for all ways of writing a mailbox: without what follows a plus, which goes to the same one. */
    static String address(String address) {
        String small = address.toLowerCase(Locale.ROOT);
        int at = small.lastIndexOf('@');
        int plus = small.indexOf('+');
        String mailbox = plus > 0 && plus < at ? small.substring(0, plus) + small.substring(at) : small;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(mailbox.getBytes(StandardCharsets.UTF_8));
            return "to " + HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
