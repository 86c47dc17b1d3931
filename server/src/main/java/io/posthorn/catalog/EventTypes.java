package io.posthorn.catalog;

import io.posthorn.model.EventContract;
import io.posthorn.model.EventType;
import io.posthorn.model.SchemaMode;
import io.posthorn.runtime.JsonSchema;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The kinds of events. Reading them is free; changes wait for the database and belong on a virtual thread. */
public final class EventTypes {
    /** Event types in an environment, archived ones among them: they stand in memory with their schemas. */
    public static final int MOST = 10_000;

    /** Earlier current versions that are remembered of an event type. */
    private static final int MOST_RELEASES = 100;

    /** What is in doubt when a change to any of them fails: there are few, so all are read again. */
    static final String SUBJECT = "event types";

    private static final ConcurrentSkipListMap<String, EventType> NONE = new ConcurrentSkipListMap<>();

    /** By environment, then by name. */
    private final ConcurrentHashMap<Integer, ConcurrentSkipListMap<String, EventType>> environments =
            new ConcurrentHashMap<>();

    /** By environment, then by name: only those whose messages are looked at before they are accepted. */
    private volatile Map<Integer, Map<String, EventType>> guarded = Map.of();

    /** Whether any of them has, or has had, versions of its payload. */
    private volatile boolean versioned;

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
            hold(type);
            present.computeIfAbsent(type.envNo(), any -> new HashSet<>()).add(type.name());
        }
        environments.forEach((env, byName) -> byName.keySet().retainAll(present.getOrDefault(env, Set.of())));
        environments.keySet().forEach(this::guard);
    }

    private @Nullable EventType hold(EventType type) {
        versioned |= !type.contract().versions().isEmpty();
        return environments
                .computeIfAbsent(type.envNo(), any -> new ConcurrentSkipListMap<>())
                .put(type.name(), type);
    }

    private void put(EventType type) {
        EventType before = hold(type);
        if (type.contract().guarded() || (before != null && before.contract().guarded())) {
            guard(type.envNo());
        }
    }

    /** Changes come one at a time, so nobody else writes. */
    private void guard(int env) {
        Map<String, EventType> some = new HashMap<>();
        for (EventType type : in(env).values()) {
            if (type.contract().guarded()) {
                some.put(type.name(), type);
            }
        }
        Map<Integer, Map<String, EventType>> all = new HashMap<>(guarded);
        if (some.isEmpty()) {
            all.remove(env);
        } else {
            all.put(env, some);
        }
        guarded = all;
    }

    /**
     * Those of an environment whose messages have to be looked at before they are accepted, by name: empty for nearly
     * all installations, so that a message of theirs costs one look into an empty map.
     */
    public Map<String, EventType> guarded(int env) {
        Map<Integer, Map<String, EventType>> all = guarded;
        return all.isEmpty() ? Map.of() : all.getOrDefault(env, Map.of());
    }

    /** Whether there are versions of payloads at all; where there are none, nobody need look a type up for that. */
    boolean versioned() {
        return versioned;
    }

    private ConcurrentSkipListMap<String, EventType> in(int env) {
        return environments.getOrDefault(env, NONE);
    }

    /** The database has removed those of an environment with it. */
    void forgetEnvironment(int env) {
        environments.remove(env);
        guard(env);
    }

    @Nullable
    EventType find(int env, String name) {
        return in(env).get(name);
    }

    /** All of an environment by name, archived ones among them; as they are while somebody walks through them. */
    Collection<EventType> all(int env) {
        return in(env).values();
    }

    /** As below, those that are archived or not. */
    public List<EventType> list(int env, @Nullable String after, boolean ascending, int most, boolean archivedToo) {
        return list(env, after, ascending, most, type -> archivedToo || !type.archived());
    }

    /**
     * Some of an environment by name.
     *
     * @param env its number
     * @param after only those beyond this name, whether it still exists or not; null for the first ones
     * @param ascending from A to Z, otherwise from Z to A
     * @param most how many
     * @param wanted leaves out the others
     */
    public List<EventType> list(
            int env, @Nullable String after, boolean ascending, int most, Predicate<EventType> wanted) {
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
            if (wanted.test(type)) {
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
     * @return {@code Created}; {@code Conflict} if there is one of the name that is not archived, or if there are
     *     {@link #MOST}; {@code Broken} if payloads were to be held against a schema that is none
     */
    public Result<EventType> create(int env, String name, EventTypeDraft draft) {
        return changes.run(SUBJECT, () -> {
            EventType present = in(env).get(name);
            if (!known.has(env)) {
                return new Result.NotFound<>("environment"); // deleted since the request began
            }
            if (present == null && isFull(env)) {
                return full();
            }
            if (present != null && !present.archived()) {
                return new Result.Conflict<>("name", "there is an event type " + name + " already; names are unique");
            }
            EventType wanted = wanted(env, name, present, draft);
            Result.Broken<EventType> broken = broken(wanted);
            return broken == null ? new Result.Created<>(store(wanted)) : broken;
        });
    }

    /**
     * Makes it so: changes it, or makes it if there is none.
     *
     * @param env the number of its environment
     * @param name of it
     * @param draft the rest of it
     * @return {@code Updated} or {@code Created}; {@code Conflict} if there are {@link #MOST}; {@code Broken}
     *     as for {@link #create}
     */
    public Result<EventType> put(int env, String name, EventTypeDraft draft) {
        return changes.run(SUBJECT, () -> {
            EventType present = in(env).get(name);
            if (!known.has(env)) {
                return new Result.NotFound<>("environment"); // deleted since the request began
            }
            if (present == null && isFull(env)) {
                return full();
            }
            EventType wanted = wanted(env, name, present, draft);
            Result.Broken<EventType> broken = broken(wanted);
            if (broken != null) {
                return broken;
            }
            EventType now = store(wanted);
            return present == null ? new Result.Created<>(now) : new Result.Updated<>(now);
        });
    }

    /**
     * Changes some of it.
     *
     * @param env the number of its environment
     * @param name of it
     * @param patch from what it is to what it is to be
     * @return {@code Updated}, {@code NotFound}, or {@code Broken} as for {@link #create}
     */
    public Result<EventType> patch(int env, String name, UnaryOperator<EventTypeDraft> patch) {
        return changes.run(SUBJECT, () -> {
            EventType present = in(env).get(name);
            if (present == null) {
                return new Result.NotFound<>("event type");
            }
            EventType wanted = wanted(env, name, present, patch.apply(EventTypeDraft.of(present)));
            Result.Broken<EventType> broken = broken(wanted);
            return broken == null ? new Result.Updated<>(store(wanted)) : broken;
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
                guard(env);
            } else if (!present.archived()) {
                store(wanted(env, name, present, EventTypeDraft.of(present).withArchived()));
            }
            return new Result.Deleted<>(present);
        });
    }

    private boolean isFull(int env) {
        return in(env).size() >= MOST;
    }

    private static Result<EventType> full() {
        return new Result.Conflict<>(
                "name",
                "there are " + MOST + " event types in this environment, archived ones among them; remove those that"
                        + " nobody needs for good (expunge=true)");
    }

    private EventType store(EventType wanted) {
        EventType type = Audit.about(new Audit.Subject(wanted.envNo(), null, wanted.name()), () -> pg.upsert(wanted));
        put(type);
        return type;
    }

    private EventType wanted(int env, String name, @Nullable EventType present, EventTypeDraft draft) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        return new EventType(
                env,
                name,
                draft.description(),
                draft.archived(),
                draft.deprecated(),
                draft.groupName(),
                draft.featureFlags(),
                draft.schemas(),
                contract(present, draft, now),
                present == null ? now : present.createdAt(),
                now);
    }

    /** The schema of the current version of an event type; null if it has none. */
    public static @Nullable String currentSchema(EventType type) {
        String version = type.contract().current();
        return version == null ? null : ContractCodec.schema(type.schemas(), version);
    }

    /** Where payloads are to be held against a schema, there has to be one that they can be held against. */
    static Result.@Nullable Broken<EventType> broken(EventType wanted) {
        EventContract contract = wanted.contract();
        if (contract.schemaMode() == SchemaMode.OFF) {
            return null;
        }
        String version = contract.current();
        String schema = currentSchema(wanted);
        if (version == null || schema == null) {
            return new Result.Broken<>(
                    List.of("schemaMode"),
                    "needs a schema of the current version" + (version == null ? "" : ", which is " + version)
                            + ": give it in schemas, or set schemaMode to off");
        }
        String wrong = JsonSchema.broken(schema);
        return wrong == null ? null : new Result.Broken<>(List.of("schemas", version), wrong);
    }

    /** With since when its version is the current one, if it is another than before. */
    private static EventContract contract(@Nullable EventType present, EventTypeDraft draft, Instant now) {
        EventTypeDraft.Promise promise = draft.promise();
        EventContract next = new EventContract(
                promise.example(),
                promise.scopes(),
                promise.sync(),
                promise.schemaMode(),
                promise.version(),
                promise.downgrades(),
                ContractCodec.versions(draft.schemas(), promise.downgrades(), promise.version()),
                present == null ? List.of() : present.contract().releases());
        String before = present == null ? null : present.contract().current();
        String after = next.current();
        if (present == null || before == null || after == null || before.equals(after)) {
            return next;
        }
        List<EventContract.Release> releases = new ArrayList<>(next.releases());
        if (releases.isEmpty()) {
            releases.add(new EventContract.Release(before, present.createdAt()));
        }
        releases.add(new EventContract.Release(after, now));
        while (releases.size() > MOST_RELEASES) {
            releases.removeFirst();
        }
        return new EventContract(
                next.example(),
                next.scopes(),
                next.sync(),
                next.schemaMode(),
                next.version(),
                next.downgrades(),
                next.versions(),
                List.copyOf(releases));
    }

    /** What is to become of an event type, over what there is of it. */
    @FunctionalInterface
    public interface Over {
        /**
         * Makes the draft. Quick, since changes wait for it.
         *
         * @param present as it is at the moment of the change; null for nothing
         * @return null if what was given does not fit to it
         */
        @Nullable
        EventTypeDraft over(@Nullable EventType present);
    }

    /**
     * Makes many at once, all or none of them.
     *
     * @param env the number of their environment
     * @param drafts by name; asked while nobody else changes anything
     * @param replaceAll whether those that are not named are archived
     * @param dryRun whether nothing is to be changed
     * @return {@code Updated}; {@code Conflict} if there were more than {@link #MOST}, or a draft does not fit; {@code NotFound} without the
     *     environment; {@code Broken} as for {@link #create}, with the name in front of the path
     */
    public Result<CatalogueChange> importAll(int env, Map<String, Over> drafts, boolean replaceAll, boolean dryRun) {
        return changes.run(SUBJECT, () -> {
            if (!known.has(env)) {
                return new Result.NotFound<>("environment"); // deleted since the request began
            }
            List<EventType> fresh = new ArrayList<>();
            List<EventType> changed = new ArrayList<>();
            List<String> same = new ArrayList<>();
            List<String> gone = new ArrayList<>();
            int size = in(env).size();
            for (Map.Entry<String, Over> each : drafts.entrySet()) {
                EventType present = in(env).get(each.getKey());
                EventTypeDraft draft = each.getValue().over(present);
                if (draft == null) {
                    return new Result.Conflict<>(
                            "name",
                            "the event type " + each.getKey()
                                    + " was changed at the same moment, and what was given does"
                                    + " not fit to it any more; import it again");
                }
                EventType next = wanted(env, each.getKey(), present, draft);
                Result.Broken<EventType> broken = broken(next);
                if (broken != null) {
                    List<String> path = new ArrayList<>(List.of(each.getKey()));
                    path.addAll(broken.path());
                    return new Result.Broken<>(List.copyOf(path), broken.rule());
                }
                size += present == null ? 1 : 0;
                if (present == null || (present.archived() && !next.archived())) {
                    fresh.add(next);
                } else if (ContractCodec.same(present, next)) {
                    same.add(each.getKey());
                } else {
                    changed.add(next);
                }
            }
            if (size > MOST) {
                return new Result.Conflict<>(
                        "name",
                        "there would be " + size + " event types in this environment, and at most " + MOST
                                + " are possible, archived ones among them");
            }
            List<EventType> all = new ArrayList<>(fresh);
            all.addAll(changed);
            if (replaceAll) {
                for (EventType other : in(env).values()) {
                    if (!drafts.containsKey(other.name()) && !other.archived()) {
                        gone.add(other.name());
                        all.add(wanted(
                                env,
                                other.name(),
                                other,
                                EventTypeDraft.of(other).withArchived()));
                    }
                }
            }
            if (!dryRun && !all.isEmpty()) {
                pg.upsert(all).forEach(this::hold);
                guard(env);
            }
            return new Result.Updated<>(new CatalogueChange(fresh, changed, same, gone));
        });
    }
}
