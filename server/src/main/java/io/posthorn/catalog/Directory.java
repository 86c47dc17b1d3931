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

    private final ConcurrentHashMap<String, Slot> byKey = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, Slot> byNo = new ConcurrentHashMap<>();
    private final ConcurrentSkipListMap<String, Slot> byId = new ConcurrentSkipListMap<>();

    @Nullable
    AppView find(String idOrUid) {
        Slot slot = byKey.get(idOrUid);
        return slot == null ? null : slot.view;
    }

    @Nullable
    AppView find(int no) {
        Slot slot = byNo.get(no);
        return slot == null ? null : slot.view;
    }

    /** Those beyond an id in the order of ids, as they are when the iterator reaches them. */
    Iterable<AppView> from(@Nullable String after, boolean ascending) {
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
        Slot slot = byNo.get(now.no());
        if (slot == null) {
            Slot fresh = new Slot(view);
            byNo.put(now.no(), fresh);
            byId.put(now.id(), fresh);
            byKey.put(now.id(), fresh);
            if (now.uid() != null) {
                byKey.put(now.uid(), fresh);
            }
            return;
        }
        String before = slot.view.application().uid();
        slot.view = view;
        if (!Objects.equals(before, now.uid())) {
            if (now.uid() != null) {
                byKey.put(now.uid(), slot);
            }
            if (before != null) {
                byKey.remove(before, slot);
            }
        }
    }

    void remove(Application application) {
        Slot slot = byNo.remove(application.no());
        if (slot != null) {
            Application last = slot.view.application();
            byKey.remove(last.id(), slot);
            if (last.uid() != null) {
                byKey.remove(last.uid(), slot);
            }
            byId.remove(last.id());
        }
    }
}
