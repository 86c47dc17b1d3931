package io.posthorn.catalog;

import io.posthorn.model.Endpoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which endpoints of one application want which event types. Immutable; a change makes a new one and touches only the
 * types that the changed endpoint names, so an application with ten thousand endpoints is no slower to change.
 *
 * <p>Those that want everything are kept apart and not copied into each type: that would take memory for the product
 * of both numbers. Where both have members, they are joined for each message; that costs less than the deliveries that
 * follow from it.
 */
final class Subscriptions {
    static final Subscriptions NONE = new Subscriptions(Audience.NOBODY, Map.of());

    private final Audience everything;
    private final Map<String, Audience> byType;

    private Subscriptions(Audience everything, Map<String, Audience> byType) {
        this.everything = everything;
        this.byType = byType;
    }

    static Subscriptions of(Endpoint[] endpoints) {
        if (endpoints.length == 0) {
            return NONE;
        }
        List<Endpoint> everything = new ArrayList<>();
        Map<String, List<Endpoint>> lists = new HashMap<>();
        for (Endpoint endpoint : endpoints) {
            List<String> types = endpoint.eventTypes();
            if (endpoint.disabled()) {
                continue;
            } else if (types == null) {
                everything.add(endpoint);
                continue;
            }
            for (String type : new HashSet<>(types)) {
                lists.computeIfAbsent(type, any -> new ArrayList<>(1)).add(endpoint);
            }
        }
        Map<String, Audience> byType = new HashMap<>();
        lists.forEach((type, list) -> byType.put(type, Audience.of(list)));
        return new Subscriptions(Audience.of(everything), byType);
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
        if (before != null && !before.disabled()) {
            List<String> named = before.eventTypes();
            if (named == null) {
                all = all.without(before.no());
            } else {
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
                types = new HashMap<>(types);
                for (String type : new HashSet<>(named)) {
                    types.put(type, types.getOrDefault(type, Audience.NOBODY).with(after));
                }
            }
        }
        return new Subscriptions(all, types);
    }

    /** The enabled endpoints that want the message, in no order. The array may be shared: nobody writes to it. */
    Endpoint[] matching(String eventType, List<String> channels) {
        Audience some = byType.get(eventType);
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
