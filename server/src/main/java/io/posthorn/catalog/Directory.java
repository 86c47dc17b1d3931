package io.posthorn.catalog;

import io.posthorn.model.Application;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * All applications in memory. Any thread reads; only the holder of the lock of {@link Changes} writes.
 *
 * <p>Every way to an application (id, uid, number) leads to the same slot, and the slot holds the present view. A
 * change to its endpoints is therefore one write, and readers by whatever way see it at the same moment.
 */
final class Directory {
    private static final class Slot {
        volatile AppView view;

        Slot(AppView view) {
            this.view = view;
        }
    }

    /** The applications of one environment. */
    private static final class Names {
        final ConcurrentHashMap<String, Slot> byKey = new ConcurrentHashMap<>();
        final ConcurrentSkipListMap<String, Slot> byId = new ConcurrentSkipListMap<>();
    }

    private static final Names NOBODY = new Names();

    private final ConcurrentHashMap<Integer, Names> environments = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, Slot> byNo = new ConcurrentHashMap<>();
    private final ConcurrentSkipListMap<String, Slot> byId = new ConcurrentSkipListMap<>();

    /** The application of an environment; one of another environment is not there. */
    @Nullable
    AppView find(int env, String idOrUid) {
        Slot slot = names(env).byKey.get(idOrUid);
        return slot == null ? null : slot.view;
    }

    /** The application with this id, in whatever environment. */
    @Nullable
    AppView findById(String id) {
        Slot slot = byId.get(id);
        return slot == null ? null : slot.view;
    }

    private Names names(int env) {
        return environments.getOrDefault(env, NOBODY);
    }

    @Nullable
    AppView find(int no) {
        Slot slot = byNo.get(no);
        return slot == null ? null : slot.view;
    }

    /** Those of an environment beyond an id in the order of ids, as they are when the iterator reaches them. */
    Iterable<AppView> from(int env, @Nullable String after, boolean ascending) {
        ConcurrentSkipListMap<String, Slot> byId = names(env).byId;
        Map<String, Slot> some;
        if (ascending) {
            some = after == null ? byId : byId.tailMap(after, false);
        } else {
            some = after == null
                    ? byId.descendingMap()
                    : byId.headMap(after, false).descendingMap();
        }
        return () -> views(some.values().iterator());
    }

    Collection<AppView> all() {
        return new AbstractCollection<>() {
            @Override
            public Iterator<AppView> iterator() {
                return views(byId.values().iterator());
            }

            @Override
            public int size() {
                return byNo.size();
            }
        };
    }

    private static Iterator<AppView> views(Iterator<Slot> slots) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return slots.hasNext();
            }

            @Override
            public AppView next() {
                return slots.next().view;
            }
        };
    }

    /** Publishes an application that is new, or as it is now. */
    void put(AppView view) {
        Application now = view.application();
        Names names = environments.computeIfAbsent(now.envNo(), any -> new Names());
        Slot slot = byNo.get(now.no());
        if (slot == null) {
            Slot fresh = new Slot(view);
            byNo.put(now.no(), fresh);
            byId.put(now.id(), fresh);
            names.byId.put(now.id(), fresh);
            names.byKey.put(now.id(), fresh);
            if (now.uid() != null) {
                names.byKey.put(now.uid(), fresh);
            }
            return;
        }
        String before = slot.view.application().uid();
        slot.view = view;
        if (!Objects.equals(before, now.uid())) {
            if (now.uid() != null) {
                names.byKey.put(now.uid(), slot);
            }
            if (before != null) {
                names.byKey.remove(before, slot);
            }
        }
    }

    void remove(Application application) {
        Slot slot = byNo.remove(application.no());
        if (slot != null) {
            Application last = slot.view.application();
            Names names = names(last.envNo());
            names.byKey.remove(last.id(), slot);
            if (last.uid() != null) {
                names.byKey.remove(last.uid(), slot);
            }
            names.byId.remove(last.id());
            byId.remove(last.id());
        }
    }
}
