package io.posthorn.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an endpoint names to say which event types it wants: a type by its name; {@code user.*}, all types whose names begin
 * with {@code user.} and have something behind that, one segment or more; or {@code group:users}, the types that belong to
 * that group at the moment. Names of types have neither colons nor asterisks in them, so that none can be taken for another.
 */
public final class Subscribed {
    /** What a group begins with. */
    public static final String GROUP = "group:";

    private static final String ALL_BELOW = ".*";

    private Subscribed() {}

    /** Whether it stands for types that begin alike. */
    public static boolean isPattern(String entry) {
        return entry.endsWith(ALL_BELOW);
    }

    /** Whether it stands for the types of a group. */
    public static boolean isGroup(String entry) {
        return entry.startsWith(GROUP);
    }

    /** What the names of a pattern's types begin with, up to the last full stop. */
    public static String beginning(String pattern) {
        return pattern.substring(0, pattern.length() - 1);
    }

    /**
     * Whether it is about a type.
     *
     * @param entry what the endpoint names
     * @param type the name of an event type
     * @param group to which the type belongs; null for none
     */
    public static boolean covers(String entry, String type, @Nullable String group) {
        if (isGroup(entry)) {
            return group != null && entry.length() == GROUP.length() + group.length() && entry.endsWith(group);
        }
        return isPattern(entry)
                ? type.length() >= entry.length() && type.startsWith(beginning(entry))
                : entry.equals(type);
    }

    /**
     * Whether any of them is about a type.
     *
     * @param entries what the endpoint names; null for everything
     */
    public static boolean anyCovers(@Nullable List<String> entries, String type, @Nullable String group) {
        if (entries == null) {
            return true;
        }
        for (String entry : entries) {
            if (covers(entry, type, group)) {
                return true;
            }
        }
        return false;
    }
}
