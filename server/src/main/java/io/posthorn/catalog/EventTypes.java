package io.posthorn.catalog;

import io.posthorn.model.EventType;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The kinds of events. Reading them is free; changes wait for the database and belong on a virtual thread. */
public final class EventTypes {
    /** What is in doubt when a change to any of them fails: there are few, so all are read again. */
    static final String SUBJECT = "event types";

    private static final ConcurrentSkipListMap<String, EventType> NONE = new ConcurrentSkipListMap<>();

    /** By environment, then by name. */
    private final ConcurrentHashMap<Integer, ConcurrentSkipListMap<String, EventType>> environments =
            new ConcurrentHashMap<>();

    private final Environments known;
    private final PgCatalog pg;
    private final Changes changes;
    private final Clock clock;

    EventTypes(Environments known, PgCatalog pg, Changes changes, Clock clock) {
        this.known = known;
        this.pg = pg;
        this.changes = changes;
        this.clock = clock;
    }

    /** Makes memory agree with the database, while readers go on. */
    void load(List<EventType> all) {
        Map<Integer, Set<String>> present = new HashMap<>();
        for (EventType type : all) {
            put(type);
            present.computeIfAbsent(type.envNo(), any -> new HashSet<>()).add(type.name());
        }
        environments.forEach((env, byName) -> byName.keySet().retainAll(present.getOrDefault(env, Set.of())));
    }

    private void put(EventType type) {
        environments
                .computeIfAbsent(type.envNo(), any -> new ConcurrentSkipListMap<>())
                .put(type.name(), type);
    }

    private ConcurrentSkipListMap<String, EventType> in(int env) {
        return environments.getOrDefault(env, NONE);
    }

    /** The database has removed those of an environment with it. */
    void forgetEnvironment(int env) {
        environments.remove(env);
    }

    @Nullable
    EventType find(int env, String name) {
        return in(env).get(name);
    }

    /**
     * Some of an environment by name.
     *
     * @param env its number
     * @param after only those beyond this name, whether it still exists or not; null for the first ones
     * @param ascending from A to Z, otherwise from Z to A
     * @param most how many
     * @param archivedToo whether archived ones count
     */
    public List<EventType> list(int env, @Nullable String after, boolean ascending, int most, boolean archivedToo) {
        ConcurrentSkipListMap<String, EventType> byName = in(env);
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
     * @param env the number of its environment
     * @param name of it
     * @param draft the rest of it
     * @return {@code Created}; {@code Conflict} if there is one of the name that is not archived
     */
    public Result<EventType> create(int env, String name, EventTypeDraft draft) {
        return changes.run(SUBJECT, () -> {
            EventType present = in(env).get(name);
            if (!known.has(env)) {
                return new Result.NotFound<>("environment"); // deleted since the request began
            }
            return present != null && !present.archived()
                    ? new Result.Conflict<>("name", "there is an event type " + name + " already; names are unique")
                    : new Result.Created<>(store(env, name, present, draft));
        });
    }

    /**
     * Makes it so: changes it, or makes it if there is none.
     *
     * @param env the number of its environment
     * @param name of it
     * @param draft the rest of it
     * @return {@code Updated} or {@code Created}
     */
    public Result<EventType> put(int env, String name, EventTypeDraft draft) {
        return changes.run(SUBJECT, () -> {
            EventType present = in(env).get(name);
            if (!known.has(env)) {
                return new Result.NotFound<>("environment"); // deleted since the request began
            }
            EventType now = store(env, name, present, draft);
            return present == null ? new Result.Created<>(now) : new Result.Updated<>(now);
        });
    }

    /**
     * Changes some of it.
     *
     * @param env the number of its environment
     * @param name of it
     * @param patch from what it is to what it is to be
     * @return {@code Updated} or {@code NotFound}
     */
    public Result<EventType> patch(int env, String name, UnaryOperator<EventTypeDraft> patch) {
        return changes.run(SUBJECT, () -> {
            EventType present = in(env).get(name);
            return present == null
                    ? new Result.NotFound<>("event type")
                    : new Result.Updated<>(store(env, name, present, patch.apply(EventTypeDraft.of(present))));
        });
    }

    /**
     * Archives it, or removes it for good. Endpoints that want it, and messages that are of it, are left as they are.
     *
     * @param env the number of its environment
     * @param name of it
     * @param expunge for good
     * @return {@code Deleted} or {@code NotFound}
     */
    public Result<EventType> delete(int env, String name, boolean expunge) {
        return changes.run(SUBJECT, () -> {
            EventType present = in(env).get(name);
            if (present == null) {
                return new Result.NotFound<>("event type");
            }
            if (expunge) {
                Audit.about(new Audit.Subject(env, null, name), () -> pg.deleteEventType(env, name));
                in(env).remove(name);
            } else if (!present.archived()) {
                store(env, name, present, EventTypeDraft.of(present).withArchived());
            }
            return new Result.Deleted<>(present);
        });
    }

    private EventType store(int env, String name, @Nullable EventType present, EventTypeDraft draft) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        EventType wanted = new EventType(
                env,
                name,
                draft.description(),
                draft.archived(),
                draft.deprecated(),
                draft.groupName(),
                draft.featureFlags(),
                draft.schemas(),
                present == null ? now : present.createdAt(),
                now);
        EventType type = Audit.about(new Audit.Subject(env, null, name), () -> pg.upsert(wanted));
        put(type);
        return type;
    }
}
