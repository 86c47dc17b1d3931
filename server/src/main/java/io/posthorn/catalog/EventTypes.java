package io.posthorn.catalog;

import io.posthorn.model.EventType;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The kinds of events. Reading them is free; changes wait for the database and belong on a virtual thread. */
public final class EventTypes {
    /** What is in doubt when a change to any of them fails: there are few, so all are read again. */
    static final String SUBJECT = "event types";

    private final ConcurrentSkipListMap<String, EventType> byName = new ConcurrentSkipListMap<>();
    private final PgCatalog pg;
    private final Changes changes;
    private final Clock clock;

    EventTypes(PgCatalog pg, Changes changes, Clock clock) {
        this.pg = pg;
        this.changes = changes;
        this.clock = clock;
    }

    /** Makes memory agree with the database, while readers go on. */
    void load(List<EventType> all) {
        Map<String, EventType> gone = new ConcurrentSkipListMap<>(byName);
        for (EventType type : all) {
            byName.put(type.name(), type);
            gone.remove(type.name());
        }
        gone.keySet().forEach(byName::remove);
    }

    @Nullable
    EventType find(String name) {
        return byName.get(name);
    }

    /**
     * Some of them by name.
     *
     * @param after only those beyond this name, whether it still exists or not; null for the first ones
     * @param ascending from A to Z, otherwise from Z to A
     * @param most how many
     * @param archivedToo whether archived ones count
     */
    public List<EventType> list(@Nullable String after, boolean ascending, int most, boolean archivedToo) {
        Map<String, EventType> from;
        if (ascending) {
            from = after == null ? byName : byName.tailMap(after, false);
        } else {
            from = after == null
                    ? byName.descendingMap()
                    : byName.headMap(after, false).descendingMap();
        }
        List<EventType> some = new ArrayList<>();
        for (EventType type : from.values()) {
            if (some.size() == most) {
                break;
            }
            if (archivedToo || !type.archived()) {
                some.add(type);
            }
        }
        return some;
    }

    /**
     * Makes one. An archived one of the same name comes back with the new content.
     *
     * @param name of it
     * @param draft the rest of it
     * @return {@code Created}; {@code Conflict} if there is one of the name that is not archived
     */
    public Result<EventType> create(String name, EventTypeDraft draft) {
        return changes.run(SUBJECT, () -> {
            EventType present = byName.get(name);
            return present != null && !present.archived()
                    ? new Result.Conflict<>("name", "there is an event type " + name + " already; names are unique")
                    : new Result.Created<>(store(name, present, draft));
        });
    }

    /**
     * Makes it so: changes it, or makes it if there is none.
     *
     * @param name of it
     * @param draft the rest of it
     * @return {@code Updated} or {@code Created}
     */
    public Result<EventType> put(String name, EventTypeDraft draft) {
        return changes.run(SUBJECT, () -> {
            EventType present = byName.get(name);
            EventType now = store(name, present, draft);
            return present == null ? new Result.Created<>(now) : new Result.Updated<>(now);
        });
    }

    /**
     * Changes some of it.
     *
     * @param name of it
     * @param patch from what it is to what it is to be
     * @return {@code Updated} or {@code NotFound}
     */
    public Result<EventType> patch(String name, UnaryOperator<EventTypeDraft> patch) {
        return changes.run(SUBJECT, () -> {
            EventType present = byName.get(name);
            return present == null
                    ? new Result.NotFound<>("event type")
                    : new Result.Updated<>(store(name, present, patch.apply(EventTypeDraft.of(present))));
        });
    }

    /**
     * Archives it, or removes it for good. Endpoints that want it, and messages that are of it, are left as they are.
     *
     * @param name of it
     * @param expunge for good
     * @return {@code Deleted} or {@code NotFound}
     */
    public Result<EventType> delete(String name, boolean expunge) {
        return changes.run(SUBJECT, () -> {
            EventType present = byName.get(name);
            if (present == null) {
                return new Result.NotFound<>("event type");
            }
            if (expunge) {
                pg.deleteEventType(name);
                byName.remove(name);
            } else if (!present.archived()) {
                store(name, present, EventTypeDraft.of(present).withArchived());
            }
            return new Result.Deleted<>(present);
        });
    }

    private EventType store(String name, @Nullable EventType present, EventTypeDraft draft) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        EventType type = pg.upsert(new EventType(
                name,
                draft.description(),
                draft.archived(),
                draft.deprecated(),
                draft.groupName(),
                draft.featureFlags(),
                draft.schemas(),
                present == null ? now : present.createdAt(),
                now));
        byName.put(name, type);
        return type;
    }
}
