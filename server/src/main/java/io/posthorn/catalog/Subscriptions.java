package io.posthorn.catalog;

import io.posthorn.model.Endpoint;
import io.posthorn.model.Subscribed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which endpoints of one application want which event types. Immutable; a change makes a new one and touches only the
 * types that the changed endpoint names, so an application with ten thousand endpoints is no slower to change.
 *
 * <p>Those that want everything are kept apart and not copied into each type: that would take memory for the product
 * of both numbers. Where both have members, they are joined for each message; that costs less than the deliveries that
 * follow from it.
 *
 * <p>Wildcards and groups stand in the same map under what they are written as, which no type is called. Where an
 * application has none, which is usual, a type costs the one look that it always did. Where it has some, what a type comes
 * to is put together once and kept for as long as the subscriptions and the type's group stay as they are.
 */
final class Subscriptions {
    static final Subscriptions NONE = new Subscriptions(Audience.NOBODY, Map.of(), 0);

    /** Types of one application for which it is kept who wants them by wildcards and groups. */
    private static final int MOST_KEPT = 1_000;

    /** To which group an event type belongs. */
    interface Groups {
        @Nullable
        String of(String eventType);
    }

    private record Resolved(@Nullable String group, Audience audience) {}

    private final Audience everything;
    private final Map<String, Audience> byType;
    /** How many enabled endpoints name a wildcard or a group. */
    private final int loose;

    /** By type; only where there are loose ones. */
    private final Map<String, Resolved> resolved = new ConcurrentHashMap<>();

    private Subscriptions(Audience everything, Map<String, Audience> byType, int loose) {
        this.everything = everything;
        this.byType = byType;
        this.loose = loose;
    }

    private static boolean isLoose(List<String> entries) {
        for (String entry : entries) {
            if (Subscribed.isPattern(entry) || Subscribed.isGroup(entry)) {
                return true;
            }
        }
        return false;
    }

    static Subscriptions of(Endpoint[] endpoints) {
        if (endpoints.length == 0) {
            return NONE;
        }
        List<Endpoint> everything = new ArrayList<>();
        Map<String, List<Endpoint>> lists = new HashMap<>();
        int loose = 0;
        for (Endpoint endpoint : endpoints) {
            List<String> types = endpoint.eventTypes();
            if (endpoint.disabled()) {
                continue;
            } else if (types == null) {
                everything.add(endpoint);
                continue;
            }
            loose += isLoose(types) ? 1 : 0;
            for (String type : new HashSet<>(types)) {
                lists.computeIfAbsent(type, any -> new ArrayList<>(1)).add(endpoint);
            }
        }
        Map<String, Audience> byType = new HashMap<>();
        lists.forEach((type, list) -> byType.put(type, Audience.of(list)));
        return new Subscriptions(Audience.of(everything), byType, loose);
    }

    /**
     * The same with one endpoint different.
     *
     * @param before as it was; null if it is new
     * @param after as it is; null if it is gone
     */
    Subscriptions replace(@Nullable Endpoint before, @Nullable Endpoint after) {
        Audience all = everything;
        Map<String, Audience> types = byType;
        int count = loose;
        if (before != null && !before.disabled()) {
            List<String> named = before.eventTypes();
            if (named == null) {
                all = all.without(before.no());
            } else {
                count -= isLoose(named) ? 1 : 0;
                types = new HashMap<>(types);
                for (String type : new HashSet<>(named)) {
                    Audience rest = types.getOrDefault(type, Audience.NOBODY).without(before.no());
                    if (rest.isEmpty()) {
                        types.remove(type);
                    } else {
                        types.put(type, rest);
                    }
                }
            }
        }
        if (after != null && !after.disabled()) {
            List<String> named = after.eventTypes();
            if (named == null) {
                all = all.with(after);
            } else {
                count += isLoose(named) ? 1 : 0;
                types = new HashMap<>(types);
                for (String type : new HashSet<>(named)) {
                    types.put(type, types.getOrDefault(type, Audience.NOBODY).with(after));
                }
            }
        }
        return new Subscriptions(all, types, count);
    }

    /** The enabled endpoints that want the message, in no order. The array may be shared: nobody writes to it. */
    Endpoint[] matching(String eventType, List<String> channels, Groups groups) {
        Audience some = loose == 0 ? byType.get(eventType) : resolved(eventType, groups);
        if (some == null) {
            return narrow(everything, channels);
        }
        if (everything.isEmpty()) {
            return narrow(some, channels);
        }
        Endpoint[] first = narrow(everything, channels);
        Endpoint[] second = narrow(some, channels);
        Endpoint[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private @Nullable Audience resolved(String eventType, Groups groups) {
        String group = groups.of(eventType);
        Resolved known = resolved.get(eventType);
        if (known == null || !Objects.equals(known.group, group)) {
            known = new Resolved(group, resolve(eventType, group));
            if (resolved.size() < MOST_KEPT || resolved.containsKey(eventType)) {
                resolved.put(eventType, known);
            }
        }
        return known.audience.isEmpty() ? null : known.audience;
    }

    private Audience resolve(String eventType, @Nullable String group) {
        Map<Integer, Endpoint> members = new LinkedHashMap<>();
        add(members, eventType);
        for (int dot = eventType.indexOf('.'); dot >= 0; dot = eventType.indexOf('.', dot + 1)) {
            if (dot + 1 < eventType.length()) {
                add(members, eventType.substring(0, dot + 1) + '*');
            }
        }
        if (group != null) {
            add(members, Subscribed.GROUP + group);
        }
        return Audience.of(List.copyOf(members.values()));
    }

    private void add(Map<Integer, Endpoint> members, String entry) {
        for (Endpoint member : byType.getOrDefault(entry, Audience.NOBODY).members()) {
            members.put(member.no(), member);
        }
    }

    private static Endpoint[] narrow(Audience audience, List<String> channels) {
        Endpoint[] members = audience.members();
        if (!audience.choosy()) {
            return members;
        }
        Endpoint[] kept = new Endpoint[members.length];
        int count = 0;
        for (Endpoint member : members) {
            if (wants(member.channels(), channels)) {
                kept[count++] = member;
            }
        }
        return count == members.length ? members : Arrays.copyOf(kept, count);
    }

    private static boolean wants(@Nullable List<String> wanted, List<String> channels) {
        if (wanted == null) {
            return true;
        }
        for (String channel : channels) {
            if (wanted.contains(channel)) {
                return true;
            }
        }
        return false;
    }
}
