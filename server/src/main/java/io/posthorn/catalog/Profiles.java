package io.posthorn.catalog;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Environment;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Profile;
import io.posthorn.wire.ProfileProblem;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Profiles by name, those of an environment and the built-in ones, and which of them an endpoint has: its own, or the one
 * that it names, or that of its environment, or {@code standard}. Reading them is free; changes wait for the database and
 * belong on a virtual thread.
 *
 * <p>What an endpoint's {@code delivery} and {@code rateLimit} are is stored with the endpoint, so that nobody who looks
 * at one has to know of profiles. What a profile says of them is put there when the endpoint gets it, and replaced when
 * the profile changes, in the same transaction; what the owner has decided otherwise stays.
 */
public final class Profiles {
    /** Profiles in an environment. */
    public static final int MOST = 200;

    /** What is in doubt when a change fails, before the number of its environment: profiles, and endpoints that have them. */
    static final String SUBJECT = "profiles ";

    private static final Logger LOG = LoggerFactory.getLogger(Profiles.class);
    private static final ConcurrentSkipListMap<String, NamedProfile> NONE = new ConcurrentSkipListMap<>();
    /** Characters of those that are kept read. */
    private static final long MOST_KEPT = 4L << 20;
    /** That a profile costs beside its text, in characters, roughly. */
    private static final int OVERHEAD = 4_000;

    private final ConcurrentHashMap<Integer, ConcurrentSkipListMap<String, NamedProfile>> environments =
            new ConcurrentHashMap<>();
    /** What endpoints bring along, by its text: many may have the same. */
    private final Cache<String, ProfileReader.Result> own = Caffeine.newBuilder()
            .maximumWeight(MOST_KEPT)
            .<String, ProfileReader.Result>weigher((source, read) -> source.length() + OVERHEAD)
            .build();

    private final Directory directory;
    private final Environments known;
    private final PgProfiles pg;
    private final Changes changes;
    private final Clock clock;

    Profiles(Directory directory, Environments known, PgProfiles pg, Changes changes, Clock clock) {
        this.directory = directory;
        this.known = known;
        this.pg = pg;
        this.changes = changes;
        this.clock = clock;
    }

    /** Makes memory agree with the database, while readers go on. */
    void load(List<PgProfiles.Row> rows) {
        Map<Integer, ConcurrentSkipListMap<String, NamedProfile>> present = new HashMap<>();
        for (PgProfiles.Row row : rows) {
            switch (ProfileReader.read(row.source())) {
                case ProfileReader.Result.Read(Profile profile, DeliveryPolicy base) ->
                    present.computeIfAbsent(row.envNo(), any -> new ConcurrentSkipListMap<>())
                            .put(row.name(), named(row, profile, base));
                case ProfileReader.Result.Wrong(List<ProfileProblem> problems) ->
                    // another version may have stored it; it must not keep the server from starting
                    LOG.error(
                            "the profile {} of environment {} cannot be read, its endpoints fail: {}",
                            row.name(),
                            row.envNo(),
                            texts(problems));
            }
        }
        environments.keySet().retainAll(present.keySet());
        environments.putAll(present);
    }

    private static NamedProfile named(PgProfiles.Row row, Profile profile, DeliveryPolicy base) {
        return new NamedProfile(row.name(), false, row.source(), profile, base, row.createdAt(), row.updatedAt());
    }

    private static String texts(List<ProfileProblem> problems) {
        return String.join("; ", problems.stream().map(ProfileProblem::text).toList());
    }

    private ConcurrentSkipListMap<String, NamedProfile> in(int env) {
        return environments.getOrDefault(env, NONE);
    }

    /** The database has removed those of an environment with it. */
    void forgetEnvironment(int env) {
        environments.remove(env);
    }

    /** The profile of this name that the endpoints of an environment can have; null if there is none. */
    public @Nullable NamedProfile find(int env, String name) {
        NamedProfile builtin = ProfileReader.BUILTINS.get(name);
        return builtin == null ? in(env).get(name) : builtin;
    }

    /** All that the endpoints of an environment can have: the built-in ones, then its own by name. */
    public List<NamedProfile> list(int env) {
        List<NamedProfile> all = new ArrayList<>(ProfileReader.BUILTINS.values());
        all.addAll(in(env).values());
        return List.copyOf(all);
    }

    /**
     * Some of them by name.
     *
     * @param env the number of the environment
     * @param after only those beyond this name, whether it still exists or not; null for the first ones
     * @param ascending from A to Z, otherwise from Z to A
     * @param most how many
     */
    public List<NamedProfile> list(int env, @Nullable String after, boolean ascending, int most) {
        Comparator<NamedProfile> byName = Comparator.comparing(NamedProfile::name);
        return list(env).stream()
                .sorted(ascending ? byName : byName.reversed())
                .filter(each -> after == null
                        || (ascending
                                ? each.name().compareTo(after) > 0
                                : each.name().compareTo(after) < 0))
                .limit(most)
                .toList();
    }

    /**
     * The profile that an endpoint has.
     *
     * @throws ContentException if it cannot be read: its text was stored by another version, or its name is of none
     */
    public ActiveProfile of(Endpoint endpoint) throws ContentException {
        EndpointShape shape = endpoint.shape();
        AppView app = directory.find(endpoint.appNo());
        return of(app == null ? Environment.DEFAULT_NO : app.application().envNo(), shape);
    }

    /**
     * The profile that an endpoint of this shape has.
     *
     * @param env the number of its environment
     * @throws ContentException as above
     */
    public ActiveProfile of(int env, EndpointShape shape) throws ContentException {
        String source = shape.ownProfile();
        if (source != null) {
            return own(source);
        }
        String name = shape.profile();
        if (name == null) {
            Environment environment = known.find(env);
            name = environment == null ? null : environment.profile();
        }
        if (name == null || name.equals(Profile.STANDARD)) {
            return ProfileReader.STANDARD;
        }
        NamedProfile named = find(env, name);
        if (named == null) {
            throw new ContentException("there is no profile " + name + ", or it cannot be read by this version");
        }
        return ProfileReader.active(named, name);
    }

    private ActiveProfile own(String source) throws ContentException {
        return switch (own.get(source, ProfileReader::read)) {
            case ProfileReader.Result.Read(Profile profile, DeliveryPolicy base) ->
                new ActiveProfile(ActiveProfile.OWN, profile, base);
            case ProfileReader.Result.Wrong(List<ProfileProblem> problems) ->
                throw new ContentException("the endpoint's own profile cannot be read: " + texts(problems));
        };
    }

    /** As {@link #of(int, EndpointShape)}; what cannot be read says nothing of deliveries. */
    ActiveProfile orStandard(int env, EndpointShape shape) {
        try {
            return of(env, shape);
        } catch (ContentException _) {
            return ProfileReader.STANDARD;
        }
    }

    /**
     * What keeps an endpoint from having this shape.
     *
     * @return null if nothing does
     */
    Result.@Nullable Broken<Endpoint> broken(int env, EndpointShape shape) {
        String name = shape.profile();
        if (name != null && find(env, name) == null) {
            return new Result.Broken<>(
                    List.of("profile"),
                    "must be the name of a profile; there are "
                            + String.join(
                                    ", ",
                                    list(env).stream().map(NamedProfile::name).toList()));
        }
        try {
            of(env, shape);
            return null;
        } catch (ContentException e) {
            return new Result.Broken<>(List.of("profileSource"), e.detail());
        }
    }

    /**
     * Makes one so: changes it, or makes it if there is none. The endpoints that have it get what it says of deliveries.
     *
     * @param env the number of its environment
     * @param name of it, checked against {@link Rules#profileName}
     * @param source YAML
     * @return {@code Updated} or {@code Created}; {@code Conflict} if it is built in, or there are {@link #MOST};
     *     {@code NotFound} without the environment
     * @throws IllegalArgumentException if something is wrong with the source; {@link ProfileReader#read} tells
     */
    public Result<NamedProfile> put(int env, String name, String source) {
        if (!(ProfileReader.read(source) instanceof ProfileReader.Result.Read(Profile profile, DeliveryPolicy base))) {
            throw new IllegalArgumentException("the profile " + name + " cannot be read");
        }
        if (ProfileReader.BUILTINS.containsKey(name)) {
            return builtin(name);
        }
        return changes.run(SUBJECT + env, () -> {
            if (!known.has(env)) {
                return new Result.NotFound<>("environment"); // deleted since the request began
            }
            NamedProfile present = in(env).get(name);
            if (present == null && in(env).size() >= MOST) {
                return new Result.Conflict<>("name", "there are " + MOST + " profiles in this environment already");
            }
            Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
            PgProfiles.Row row = new PgProfiles.Row(
                    env,
                    name,
                    source,
                    present == null ? now : Objects.requireNonNullElse(present.createdAt(), now),
                    now);
            NamedProfile next = named(row, profile, base);
            List<Endpoint> having = present == null ? List.of() : having(env, name);
            List<Endpoint> rebased = present == null
                    ? List.of()
                    : rebased(having, ProfileReader.active(present, name), ProfileReader.active(next, name), now);
            Audit.about(new Audit.Subject(env, null, name), () -> pg.upsert(row, changed(having, rebased)));
            environments
                    .computeIfAbsent(env, any -> new ConcurrentSkipListMap<>())
                    .put(name, next);
            publish(rebased);
            return present == null ? new Result.Created<>(next) : new Result.Updated<>(next);
        });
    }

    private static <T> Result<T> builtin(String name) {
        return new Result.Conflict<>(
                "name", "the profile " + name + " is built in and cannot be changed; make one of another name");
    }

    /**
     * Removes one that nobody has.
     *
     * @param env the number of its environment
     * @param name of it
     * @return {@code Deleted}; {@code NotFound}; {@code Conflict} if it is built in, or an endpoint or its environment has
     *     it
     */
    public Result<NamedProfile> delete(int env, String name) {
        if (ProfileReader.BUILTINS.containsKey(name)) {
            return builtin(name);
        }
        return changes.run(SUBJECT + env, () -> {
            NamedProfile present = in(env).get(name);
            if (present == null) {
                return new Result.NotFound<>("profile");
            }
            Environment environment = known.find(env);
            if (environment != null && name.equals(environment.profile())) {
                return new Result.Conflict<>(
                        "name", "the environment has it as its profile; give the environment another one first");
            }
            List<Endpoint> having = having(env, name);
            if (!having.isEmpty()) {
                return new Result.Conflict<>(
                        "name",
                        having.size() + (having.size() == 1 ? " endpoint has" : " endpoints have")
                                + " this profile, the first of them "
                                + having.getFirst().id()
                                + "; give them another one first");
            }
            Audit.about(new Audit.Subject(env, null, name), () -> pg.delete(env, name));
            in(env).remove(name);
            return new Result.Deleted<>(present);
        });
    }

    /**
     * Gives an environment the profile of all its endpoints that have chosen none.
     *
     * @param environment id or name
     * @param name of the profile; null for {@code standard}
     * @return {@code Updated}; {@code NotFound}; {@code Broken} if there is no such profile
     */
    public Result<Environment> setDefault(String environment, @Nullable String name) {
        Environment present = known.find(environment);
        return changes.run(SUBJECT + (present == null ? Environment.DEFAULT_NO : present.no()), () -> {
            Environment was = known.find(environment);
            if (was == null) {
                return new Result.NotFound<>("environment");
            }
            int env = was.no();
            NamedProfile wanted = find(env, name == null ? Profile.STANDARD : name);
            if (wanted == null) {
                return new Result.Broken<>(
                        List.of("profile"),
                        "must be the name of a profile; there are "
                                + String.join(
                                        ", ",
                                        list(env).stream()
                                                .map(NamedProfile::name)
                                                .toList()));
            }
            ActiveProfile before = orStandard(env, EndpointShape.DEFAULT);
            Environment next = new Environment(env, was.id(), was.name(), name, was.createdAt());
            Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
            List<Endpoint> having = having(env, null);
            List<Endpoint> rebased = rebased(having, before, ProfileReader.active(wanted, wanted.name()), now);
            Audit.about(Environments.subject(was.id()), () -> pg.setDefault(env, name, changed(having, rebased)));
            known.published(was, next);
            publish(rebased);
            return new Result.Updated<>(next);
        });
    }

    /** The endpoints of an environment that have this profile; with null, those that have chosen none. */
    private List<Endpoint> having(int env, @Nullable String name) {
        Environment environment = known.find(env);
        boolean usual = name == null || (environment != null && name.equals(environment.profile()));
        List<Endpoint> having = new ArrayList<>();
        for (AppView view : directory.from(env, null, true)) {
            for (Endpoint endpoint : view.endpoints()) {
                String named = endpoint.shape().profile();
                boolean none = named == null && endpoint.shape().ownProfile() == null;
                if (named == null ? none && usual : named.equals(name)) {
                    having.add(endpoint);
                }
            }
        }
        return having;
    }

    private static List<Endpoint> rebased(
            List<Endpoint> endpoints, ActiveProfile before, ActiveProfile after, Instant now) {
        List<Endpoint> rebased = new ArrayList<>(endpoints.size());
        for (Endpoint each : endpoints) {
            DeliveryPolicy delivery = PolicyCodec.rebase(each.delivery(), before.base(), after.base());
            Integer rate = rate(each.rateLimit(), before.profile(), after.profile());
            boolean same = delivery.equals(each.delivery()) && Objects.equals(rate, each.rateLimit());
            rebased.add(same ? each : with(each, delivery, rate, now));
        }
        return rebased;
    }

    /** The rate of an endpoint whose profile becomes another one; none is what the profile says, too. */
    static @Nullable Integer rate(@Nullable Integer present, Profile before, Profile after) {
        return present == null || present.equals(before.rateLimit()) ? after.rateLimit() : present;
    }

    private static List<Endpoint> changed(List<Endpoint> before, List<Endpoint> after) {
        List<Endpoint> changed = new ArrayList<>();
        for (int i = 0; i < after.size(); i++) {
            if (!after.get(i).equals(before.get(i))) {
                changed.add(after.get(i));
            }
        }
        return changed;
    }

    /** All that have the profile are told of, since what their requests are like has changed. */
    private void publish(List<Endpoint> endpoints) {
        Map<Integer, List<Endpoint>> byApp = new HashMap<>();
        endpoints.forEach(each ->
                byApp.computeIfAbsent(each.appNo(), any -> new ArrayList<>()).add(each));
        byApp.forEach((appNo, some) -> {
            AppView view = directory.find(appNo);
            if (view != null) {
                Map<Integer, Endpoint> now = new HashMap<>();
                some.forEach(each -> now.put(each.no(), each));
                Endpoint[] all = view.endpoints().stream()
                        .map(each -> now.getOrDefault(each.no(), each))
                        .toArray(Endpoint[]::new);
                directory.put(AppView.of(view.application(), all));
            }
        });
        endpoints.forEach(each -> changes.announce(new EndpointChange.Changed(each)));
    }

    private static Endpoint with(Endpoint was, DeliveryPolicy delivery, @Nullable Integer rateLimit, Instant now) {
        return new Endpoint(
                was.no(),
                was.appNo(),
                was.id(),
                was.uid(),
                was.url(),
                was.description(),
                was.eventTypes(),
                was.channels(),
                was.disabled(),
                was.disabledReason(),
                rateLimit,
                was.metadata(),
                was.secret(),
                was.oldSecrets(),
                was.headers(),
                was.version(),
                delivery,
                was.shape(),
                was.secrets(),
                was.paused(),
                was.createdAt(),
                now);
    }
}
