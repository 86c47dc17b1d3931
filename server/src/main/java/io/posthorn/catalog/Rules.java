package io.posthorn.catalog;

import io.posthorn.model.Endpoint;
import io.posthorn.model.Subscribed;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the parts of an application, an endpoint and an event type may look like. Each method returns null if its
 * argument is fine, else the rule it breaks, for people.
 */
public final class Rules {
    /** Characters of a uid, of an event type's name and of a channel's. */
    public static final int MOST_NAME = 256;
    /** Characters of an application's name. */
    public static final int MOST_APP_NAME = 1_000;
    /** Characters of a description. */
    public static final int MOST_DESCRIPTION = 10_000;
    /** Characters of a URL. */
    public static final int MOST_URL = 8_192;
    /** Characters of all keys and values of metadata. */
    public static final int MOST_METADATA = 16_384;
    /** Event types that an endpoint names. */
    public static final int MOST_EVENT_TYPES = 2_000;
    /** Characters of all event types that an endpoint names. */
    public static final int MOST_EVENT_TYPES_LENGTH = 64 << 10;
    /** Channels that an endpoint names. */
    public static final int MOST_CHANNELS = 100;

    /** Feature flags of an event type. */
    public static final int MOST_FEATURE_FLAGS = 100;

    /** Bytes of an event type's schemas, as they are stored. */
    public static final int MOST_SCHEMAS = 256 << 10;

    /** Scopes of an application, or of an event type. */
    public static final int MOST_SCOPES = 100;

    /** Characters of a scope. */
    public static final int MOST_SCOPE = 128;

    /** Characters of the name of a version that is declared, or has a step. */
    public static final int MOST_VERSION_NAME = 64;

    /** Steps from versions to those before, of an event type. */
    public static final int MOST_DOWNGRADES = 50;

    /** Characters of such a step. */
    public static final int MOST_DOWNGRADE = 16_384;

    /** Bytes of an event type's example. */
    public static final int MOST_EXAMPLE = 64 << 10;

    /** Requests a second with one token. */
    public static final int MOST_TOKEN_RATE = 100_000;

    private static final int MOST_PROFILE_NAME = 64;
    private static final int MOST_VERSION = 65_535;
    private static final int ULID = 26;

    private Rules() {}

    /** The owner's own id: {@link #nameInPath}, and not like an id that we give. */
    public static @Nullable String uid(String uid) {
        String wrong = nameInPath(uid);
        if (wrong == null && looksLikeId(uid)) {
            return "must not look like an id that the server gives (app_, ep_, msg_ … and 26 letters and digits)";
        }
        return wrong;
    }

    /** What a message is put in order by: 1 to 256 characters, none of them NUL. */
    public static @Nullable String orderingKey(String key) {
        return key.isEmpty() || key.length() > MOST_NAME || key.indexOf('\0') >= 0
                ? "must be 1 to " + MOST_NAME + " characters, none of them NUL"
                : null;
    }

    /** The name of an event type or a channel, and the letters of a uid: 1 to 256 of {@code [a-zA-Z0-9\-_.]}. */
    public static @Nullable String name(String name) {
        boolean fine = !name.isEmpty() && name.length() <= MOST_NAME;
        for (int i = 0; fine && i < name.length(); i++) {
            fine = allowed(name.charAt(i));
        }
        return fine ? null : "must be 1 to " + MOST_NAME + " letters, digits, hyphens, underscores and dots";
    }

    /** What an endpoint names to say which event types it wants: {@link io.posthorn.model.Subscribed}. */
    public static @Nullable String subscription(String entry) {
        String name = entry;
        if (Subscribed.isGroup(entry)) {
            name = entry.substring(Subscribed.GROUP.length());
        } else if (Subscribed.isPattern(entry)) {
            name = entry.substring(0, entry.length() - 2);
        }
        return name(name) == null
                ? null
                : "must be the name of an event type, such as user.created; or a name with .* behind it for all below, such"
                        + " as user.*; or group: with the name of a group, such as group:users; with 1 to " + MOST_NAME
                        + " letters, digits, hyphens, underscores and dots in the name";
    }

    /** A name that things are addressed by: not {@code .} or {@code ..}, because clients take these out of paths. */
    public static @Nullable String nameInPath(String name) {
        return name.equals(".") || name.equals("..")
                ? "must not be . or .., because no path can have it as a part"
                : name(name);
    }

    private static boolean allowed(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || "-_.".indexOf(c) >= 0;
    }

    /** The name of an environment: like a uid, and not beginning as the ids of environments do. */
    public static @Nullable String environmentName(String name) {
        String wrong = uid(name);
        return wrong == null && name.startsWith("env_") ? "must not begin with env_, as ids do" : wrong;
    }

    /** The name of a profile: like a name in a path, and at most 64 of them. */
    public static @Nullable String profileName(String name) {
        return name.length() > MOST_PROFILE_NAME
                ? "must have at most " + MOST_PROFILE_NAME + " characters"
                : nameInPath(name);
    }

    /** The name of a token: 1 to 256 characters, not only blanks. */
    public static @Nullable String tokenName(String name) {
        return name.isBlank() || name.length() > MOST_NAME
                ? "must be 1 to " + MOST_NAME + " characters, and not only blanks"
                : null;
    }

    /** Requests a second with a token: 1 to 100,000. */
    public static @Nullable String tokenRateLimit(int perSecond) {
        return perSecond < 1 || perSecond > MOST_TOKEN_RATE
                ? "must be 1 to " + MOST_TOKEN_RATE + " requests a second"
                : null;
    }

    /** Whether it is a prefix of ours and 26 characters, the form of all ids that the server gives. */
    public static boolean looksLikeId(String text) {
        int start = text.indexOf('_') + 1;
        return switch (text.substring(0, start)) {
            case "app_", "ep_", "msg_", "atmpt_" -> text.length() == start + ULID;
            default -> false;
        };
    }

    /** The name of an application: 1 to 1,000 characters, not only blanks. */
    public static @Nullable String appName(String name) {
        return name.isBlank() || name.length() > MOST_APP_NAME
                ? "must be 1 to " + MOST_APP_NAME + " characters, and not only blanks"
                : null;
    }

    /** A description: at most 10,000 characters. */
    public static @Nullable String description(String text) {
        return text.length() > MOST_DESCRIPTION ? "must have at most " + MOST_DESCRIPTION + " characters" : null;
    }

    /** A URL's length and that it is not one of ours; what it may point to is decided elsewhere. */
    public static @Nullable String url(String url) {
        if (url.regionMatches(true, 0, Endpoint.TEMPORARY, 0, Endpoint.TEMPORARY.length())) {
            return "must not start with " + Endpoint.TEMPORARY
                    + ", which only the server gives, to endpoints that live as long as a connection";
        }
        return url.isEmpty() || url.length() > MOST_URL ? "must be 1 to " + MOST_URL + " characters" : null;
    }

    /** Metadata: at most 16,384 characters of keys and values together. */
    public static @Nullable String metadata(Map<String, String> metadata) {
        long size = 0;
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
            size += entry.getKey().length() + (long) entry.getValue().length();
        }
        return size > MOST_METADATA
                ? "must have at most " + MOST_METADATA + " characters in all keys and values, has " + size
                : null;
    }

    /** The event types that an endpoint wants: 1 to 2,000, with at most 65,536 characters in all their names. */
    public static @Nullable String eventTypes(List<String> names) {
        String wrong = count(names, MOST_EVENT_TYPES, "event types");
        long size = names.stream().mapToLong(String::length).sum();
        return wrong == null && size > MOST_EVENT_TYPES_LENGTH
                ? "must have at most " + MOST_EVENT_TYPES_LENGTH + " characters in all names, has " + size
                : wrong;
    }

    /** The channels that an endpoint wants: 1 to 100. */
    public static @Nullable String channels(List<String> names) {
        return count(names, MOST_CHANNELS, "channels");
    }

    private static @Nullable String count(List<String> names, int most, String what) {
        return names.isEmpty() || names.size() > most
                ? "must name 1 to " + most + " " + what + "; leave it out, or give null, for all"
                : null;
    }

    /** The names of flags of an event type: 1 to 100. */
    public static @Nullable String featureFlags(List<String> names) {
        return names.isEmpty() || names.size() > MOST_FEATURE_FLAGS
                ? "must name 1 to " + MOST_FEATURE_FLAGS + " flags; leave it out, or give null, for none"
                : null;
    }

    /** The schemas of an event type: at most 262,144 bytes as they are stored. */
    public static @Nullable String schemas(long bytes) {
        return bytes > MOST_SCHEMAS
                ? "must have at most " + MOST_SCHEMAS + " bytes as they are stored (numbers written out), have " + bytes
                : null;
    }

    /** A scope: 1 to 128 characters as people write them, such as {@code Customer fields} or {@code orders:read}. */
    public static @Nullable String scope(String scope) {
        boolean fine = !scope.isBlank() && scope.length() <= MOST_SCOPE && scope.equals(scope.strip());
        for (int i = 0; fine && i < scope.length(); i++) {
            fine = !Character.isISOControl(scope.charAt(i)) && scope.charAt(i) != ',';
        }
        return fine ? null : "must be 1 to " + MOST_SCOPE + " characters without commas, and no blanks around them";
    }

    /** The scopes of something: at most 100; none is possible. */
    public static @Nullable String scopes(List<String> names) {
        return names.size() > MOST_SCOPES ? "must name at most " + MOST_SCOPES + " scopes" : null;
    }

    /** The name of a version: 1 to 64 letters, digits, hyphens, underscores and dots. */
    public static @Nullable String versionName(String name) {
        return name.length() > MOST_VERSION_NAME || name(name) != null
                ? "must be 1 to " + MOST_VERSION_NAME + " letters, digits, hyphens, underscores and dots"
                : null;
    }

    /** The version of an endpoint: 1 to 65,535. */
    public static @Nullable String version(int version) {
        return version < 1 || version > MOST_VERSION ? "must be 1 to " + MOST_VERSION : null;
    }

    /** The most endpoints of an application that are not disabled: 0 to {@link Endpoints#MOST}. */
    public static @Nullable String endpointLimit(int most) {
        return most < 0 || most > Endpoints.MOST ? "must be 0 to " + Endpoints.MOST : null;
    }

    /** A limit a second: at least 1. */
    public static @Nullable String rateLimit(int perSecond) {
        return perSecond < 1 ? "must be at least 1 a second" : null;
    }
}
