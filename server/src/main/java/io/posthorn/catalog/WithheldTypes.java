package io.posthorn.catalog;

import io.posthorn.model.EventType;
import io.posthorn.model.Subscribed;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Event types that an application may not be told of, and which of its endpoints would want them. Made once for all endpoints
 * of an application, so that each of them costs no walk through the catalogue.
 */
public final class WithheldTypes {
    /** Names that are listed of one endpoint. */
    public static final int MOST = 100;

    static final WithheldTypes NONE = new WithheldTypes(List.of());

    private final NavigableMap<String, EventType> types = new TreeMap<>();

    WithheldTypes(Collection<EventType> types) {
        types.forEach(type -> this.types.put(type.name(), type));
    }

    /** All of their names. */
    public List<String> names() {
        return List.copyOf(types.keySet());
    }

    /**
     * Those that an endpoint wants.
     *
     * @param entries what it names; null for everything
     * @return at most {@link #MOST} names, in the order in which it names them, then by name
     */
    public List<String> of(@Nullable List<String> entries) {
        if (types.isEmpty()) {
            return List.of();
        }
        if (entries == null) {
            return types.keySet().stream().limit(MOST).toList();
        }
        Set<String> wanted = new LinkedHashSet<>();
        Set<String> groups = new HashSet<>();
        for (String entry : entries) {
            if (Subscribed.isGroup(entry)) {
                groups.add(entry.substring(Subscribed.GROUP.length()));
            } else if (Subscribed.isPattern(entry)) {
                for (String name :
                        types.tailMap(Subscribed.beginning(entry), true).keySet()) {
                    if (wanted.size() == MOST || !Subscribed.covers(entry, name, null)) {
                        break;
                    }
                    wanted.add(name);
                }
            } else if (types.containsKey(entry)) {
                wanted.add(entry);
            }
        }
        if (!groups.isEmpty()) {
            types.forEach((name, type) -> {
                String group = type.groupName();
                if (group != null && groups.contains(group)) {
                    wanted.add(name);
                }
            });
        }
        return wanted.stream().limit(MOST).toList();
    }
}
