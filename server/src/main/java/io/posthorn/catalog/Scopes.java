package io.posthorn.catalog;

import io.posthorn.model.Application;
import io.posthorn.model.EventType;
import io.posthorn.model.Subscribed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What an application may be told of. An event type names the scopes that it needs; an application has scopes, or is not
 * restricted at all. Event types that need none, and those that the catalogue does not know, are for everybody.
 */
public final class Scopes {
    private Scopes() {}

    /** Whether the application may be told of it; free of cost for one that is not restricted. */
    public static boolean permit(Application application, @Nullable EventType type) {
        List<String> has = application.scopes();
        return has == null || type == null || has.containsAll(type.contract().scopes());
    }

    /** The scopes that it would take and the application does not have, in the order of the event type. */
    public static List<String> missing(Application application, @Nullable EventType type) {
        List<String> has = application.scopes();
        if (has == null || type == null) {
            return List.of();
        }
        return type.contract().scopes().stream()
                .filter(scope -> !has.contains(scope))
                .toList();
    }

    /**
     * Of what an endpoint names, that which the application may not be told of, each with the scopes that it lacks. A
     * pattern or a group is among them if it leads to known types and to none that is permitted; what leads to some that
     * are is for these.
     */
    static Map<String, List<String>> beyond(Application application, List<String> names, EventTypes types) {
        if (application.scopes() == null) {
            return Map.of();
        }
        Map<String, List<String>> beyond = new LinkedHashMap<>();
        for (String name : names) {
            List<String> missing = Subscribed.isPattern(name) || Subscribed.isGroup(name)
                    ? missingOfAll(application, name, types)
                    : missing(application, types.find(application.envNo(), name));
            if (!missing.isEmpty()) {
                beyond.put(name, missing);
            }
        }
        return beyond;
    }

    /** Empty if it leads to one that is permitted, or to none at all. */
    private static List<String> missingOfAll(Application application, String several, EventTypes types) {
        Set<String> all = new LinkedHashSet<>();
        for (EventType type : types.all(application.envNo())) {
            if (Subscribed.covers(several, type.name(), type.groupName())) {
                List<String> missing = missing(application, type);
                if (missing.isEmpty()) {
                    return List.of();
                }
                all.addAll(missing);
            }
        }
        return all.stream().limit(MOST_NAMED).toList();
    }

    /** All that an application may not be told of. */
    static WithheldTypes withheld(Application application, EventTypes types) {
        return application.scopes() == null
                ? WithheldTypes.NONE
                : some(application, types, type -> !permit(application, type));
    }

    /** All that an application may not be told of any more. */
    static WithheldTypes lost(Application was, Application now, EventTypes types) {
        return some(now, types, type -> permit(was, type) && !permit(now, type));
    }

    private static WithheldTypes some(Application of, EventTypes types, Predicate<EventType> which) {
        return new WithheldTypes(types.all(of.envNo()).stream().filter(which).toList());
    }

    /** For the one whose subscription is refused. */
    static String refusal(Map<String, List<String>> beyond) {
        List<String> sentences = new ArrayList<>();
        for (Map.Entry<String, List<String>> each : beyond.entrySet()) {
            if (sentences.size() == MOST_NAMED) {
                sentences.add("… and " + (beyond.size() - MOST_NAMED) + " more");
                break;
            }
            sentences.add(each.getKey() + " needs " + counted(each.getValue()));
        }
        return "names event types that this application may not be told of: " + String.join("; ", sentences)
                + ". An administrator can give them (scopes of the application)";
    }

    /** What is wrong with an event type that an application has not all the scopes for. */
    public static String lacking(List<String> missing) {
        return "needs " + counted(missing) + ", which the application does not have";
    }

    private static final int MOST_NAMED = 10;

    /** {@code the scope a}, or {@code the scopes a, b}. */
    public static String counted(List<String> scopes) {
        return (scopes.size() == 1 ? "the scope " : "the scopes ") + String.join(", ", scopes);
    }
}
