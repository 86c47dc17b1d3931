package io.posthorn.catalog;

import io.posthorn.model.Environment;
import io.posthorn.model.Ids;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The parts of the installation that know nothing of each other. Reading them is free; changes wait for the database and
 * belong on a virtual thread.
 */
public final class Environments {
    /** Environments in an installation. */
    public static final int MOST = 1_000;

    static final String SUBJECT = "environments";
    private static final String PREFIX = "env_";

    /** All of them, replaced as a whole: there are few. */
    private record All(
            Map<Integer, Environment> byNo, Map<String, Environment> byName, NavigableMap<String, Environment> byId) {
        static All of(Iterable<Environment> all) {
            Map<Integer, Environment> byNo = new HashMap<>();
            Map<String, Environment> byName = new HashMap<>();
            NavigableMap<String, Environment> byId = new TreeMap<>();
            for (Environment environment : all) {
                byNo.put(environment.no(), environment);
                byName.put(environment.name(), environment);
                byId.put(environment.id(), environment);
            }
            return new All(byNo, byName, byId);
        }
    }

    private final PgAccess pg;
    private final Changes changes;
    private final Clock clock;
    private final IntFunction<@Nullable String> contents;
    private final IntConsumer gone;
    private volatile All all = All.of(List.of());

    /**
     * None yet.
     *
     * @param contents what an environment has that must go before it can go, for people; null if nothing. Called under
     *     the lock of {@link Changes}
     * @param gone told of those that are deleted, so that their event types go from memory too
     */
    Environments(PgAccess pg, Changes changes, Clock clock, IntFunction<@Nullable String> contents, IntConsumer gone) {
        this.pg = pg;
        this.changes = changes;
        this.clock = clock;
        this.contents = contents;
        this.gone = gone;
    }

    void load(List<Environment> now) {
        all = All.of(now);
    }

    boolean has(int no) {
        return all.byNo.containsKey(no);
    }

    /** The environment with this id or name; null if there is none. */
    public @Nullable Environment find(String idOrName) {
        All now = all;
        Environment named = now.byName.get(idOrName);
        return named == null ? now.byId.get(idOrName) : named;
    }

    /** The environment with this number; null if there is none. */
    public @Nullable Environment find(int no) {
        return all.byNo.get(no);
    }

    /**
     * Some of them, in the order of their ids.
     *
     * @param after only those beyond this id, whether it still exists or not; null for the first ones
     * @param ascending or descending
     * @param most how many
     * @param wanted leaves out the others
     */
    public List<Environment> list(@Nullable String after, boolean ascending, int most, Predicate<Environment> wanted) {
        NavigableMap<String, Environment> byId = ascending ? all.byId : all.byId.descendingMap();
        return (after == null ? byId : byId.tailMap(after, false))
                .values().stream().filter(wanted).limit(most).toList();
    }

    /**
     * Makes one.
     *
     * @param name of it, checked against {@link Rules}
     * @return {@code Created}; {@code Conflict} if another has the name, or there are {@link #MOST}
     */
    public Result<Environment> create(String name) {
        String id = Ids.fresh(PREFIX);
        return changes.run(SUBJECT, () -> {
            if (all.byName.containsKey(name)) {
                return taken(name);
            }
            if (all.byId.size() >= MOST) {
                return new Result.Conflict<>("environment", "there are " + MOST + " environments already");
            }
            Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
            Environment made = Audit.about(subject(id), () -> pg.insertEnvironment(id, name, now));
            publish(made, made);
            return new Result.Created<>(made);
        });
    }

    /**
     * Gives it another name.
     *
     * @param idOrName how it was addressed
     * @param name the one it is to have, checked against {@link Rules}
     * @return {@code Updated}; {@code NotFound}; {@code Conflict} if another has the name
     */
    public Result<Environment> rename(String idOrName, String name) {
        return changes.run(SUBJECT, () -> {
            Environment was = find(idOrName);
            if (was == null) {
                return new Result.NotFound<>("environment");
            }
            if (name.equals(was.name())) {
                return new Result.Updated<>(was);
            }
            if (all.byName.containsKey(name)) {
                return taken(name);
            }
            Audit.about(subject(was.id()), () -> pg.renameEnvironment(was.no(), name));
            Environment now = new Environment(was.no(), was.id(), name, was.profile(), was.createdAt());
            publish(was, now);
            return new Result.Updated<>(now);
        });
    }

    /**
     * Removes one that is empty, with its event types.
     *
     * @param idOrName how it was addressed
     * @return {@code Deleted}; {@code NotFound}; {@code Conflict} if it is the first one, or has something in it
     */
    public Result<Environment> delete(String idOrName) {
        return changes.run(SUBJECT, () -> {
            Environment was = find(idOrName);
            if (was == null) {
                return new Result.NotFound<>("environment");
            }
            if (was.no() == Environment.DEFAULT_NO) {
                return new Result.Conflict<>(
                        "environment", "the environment that every installation begins with cannot be deleted");
            }
            String has = contents.apply(was.no());
            if (has != null) {
                return new Result.Conflict<>(
                        "environment", "the environment has " + has + ": delete what is in it first");
            }
            Audit.about(subject(was.id()), () -> pg.deleteEnvironment(was.no()));
            publish(was, null);
            gone.accept(was.no());
            return new Result.Deleted<>(was);
        });
    }

    /** Makes memory agree with what the database has of one. */
    void published(Environment was, Environment now) {
        publish(was, now);
    }

    static Audit.Subject subject(String id) {
        return new Audit.Subject(Audit.INSTALLATION, null, id);
    }

    private void publish(Environment was, @Nullable Environment now) {
        List<Environment> next = new ArrayList<>(all.byId.values());
        next.remove(was);
        if (now != null) {
            next.add(now);
        }
        all = All.of(next);
    }

    private static Result<Environment> taken(String name) {
        return new Result.Conflict<>("name", "another environment has the name " + name + "; names are unique");
    }
}
