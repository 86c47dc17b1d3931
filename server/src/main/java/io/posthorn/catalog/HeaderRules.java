package io.posthorn.catalog;

import io.posthorn.model.CustomHeader;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What headers an endpoint's owner may have sent to it. Each method but {@link #sensitive} returns null if its argument
 * is fine, else the rule it breaks, for people.
 *
 * <p>Three kinds of names are not theirs: those that say where a request ends and what becomes of the connection (a
 * wrong one smuggles requests past the receiver's proxy), those that describe the body, and those of the signature,
 * which the receiver trusts.
 */
public final class HeaderRules {
    /** Headers of an endpoint. */
    public static final int MOST_HEADERS = 50;
    /** Characters of a name. */
    public static final int MOST_NAME = 256;
    /** Characters of all names and values. */
    public static final int MOST_CHARACTERS = 16_384;

    private static final Set<String> NOT_THEIRS = Set.of(
            "connection",
            "expect",
            "host",
            "http2-settings",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "user-agent");
    private static final List<String> NOT_THEIR_PREFIXES = List.of("content-", "proxy-", "svix-", "webhook-");
    /** What is in the names of headers whose values are secret. Rather one too many hidden than one shown. */
    private static final List<String> SECRET_WORDS = List.of(
            "auth",
            "cookie",
            "credential",
            "hmac",
            "jwt",
            "key",
            "passw",
            "private",
            "pwd",
            "secret",
            "session",
            "signature",
            "token");

    private HeaderRules() {}

    /** The name of a header: a token of RFC 9110, at most 256 characters, and not one of ours. */
    public static @Nullable String name(String name) {
        boolean token = !name.isEmpty() && name.length() <= MOST_NAME;
        for (int i = 0; token && i < name.length(); i++) {
            token = inToken(name.charAt(i));
        }
        if (!token) {
            return "must have a name of 1 to " + MOST_NAME + " letters, digits and !#$%&'*+-.^_`|~";
        }
        String lower = lower(name);
        if (NOT_THEIRS.contains(lower)) {
            return "is a header that the server sets itself";
        }
        for (String prefix : NOT_THEIR_PREFIXES) {
            if (lower.startsWith(prefix)) {
                return "must not begin with " + prefix + ": those are headers that the server sets itself";
            }
        }
        return null;
    }

    private static boolean inToken(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }

    /** The value of a header: visible ASCII with spaces in it, not empty. The length is bounded by {@link #all}. */
    public static @Nullable String value(String value) {
        boolean fine = !value.isEmpty() && value.charAt(0) != ' ' && value.charAt(value.length() - 1) != ' ';
        for (int i = 0; fine && i < value.length(); i++) {
            fine = value.charAt(i) >= ' ' && value.charAt(i) <= '~';
        }
        return fine ? null : "must be visible ASCII, at least one character, with spaces only between others";
    }

    /** All headers of an endpoint: at most 50, none twice, at most 16,384 characters. */
    public static @Nullable String all(List<CustomHeader> headers) {
        if (headers.size() > MOST_HEADERS) {
            return "must be at most " + MOST_HEADERS + ", are " + headers.size();
        }
        Set<String> seen = new HashSet<>();
        long size = 0;
        for (CustomHeader header : headers) {
            size += header.name().length() + (long) header.value().length();
            if (!seen.add(lower(header.name()))) {
                return "must name each once, in capitals or not: " + header.name() + " is there twice";
            }
        }
        return size > MOST_CHARACTERS
                ? "must have at most " + MOST_CHARACTERS + " characters in all names and values, have " + size
                : null;
    }

    /** Whether a header's name or value looks as if the value should be shown to nobody. */
    public static boolean sensitive(String name, String value) {
        String lower = lower(name);
        String start = lower(value.substring(0, Math.min(value.length(), 7)));
        return SECRET_WORDS.stream().anyMatch(lower::contains) || start.equals("bearer ") || start.startsWith("basic ");
    }

    /** A name as it is compared. */
    public static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
