package io.posthorn.catalog;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EventType;
import io.posthorn.model.Message;
import io.posthorn.model.Subscribed;
import io.posthorn.runtime.Time;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is configured about senders and receivers, in memory; see the package for how.
 *
 * <p>Reads take no lock, make no query and may be called from event loops. Changes (the methods of
 * {@link #applications()}, {@link #endpoints()}, {@link #eventTypes()}, and {@link #disable}) wait for the database and
 * belong on a virtual thread; when they return, the next message sees them.
 */
public final class Catalog {
    private final Directory directory = new Directory();
    private final PgCatalog pg;
    private final Changes changes;
    private final Tokens tokens;
    private final Applications applications;
    private final Endpoints endpoints;
    private final EventTypes eventTypes;
    private final Environments environments;
    private final Profiles profiles;
    private final PgAccess access;
    private final PgProfiles pgProfiles;

    private Catalog(
            PgCatalog pg,
            PgAccess access,
            PgProfiles pgProfiles,
            Clock clock,
            SecureRandom random,
            EndpointLimit limit) {
        this.pg = pg;
        this.access = access;
        this.pgProfiles = pgProfiles;
        this.changes = new Changes(this::reread);
        this.environments = new Environments(access, changes, clock, this::contents, this::emptied);
        this.tokens = new Tokens(access, changes, directory, environments, clock, random);
        this.eventTypes = new EventTypes(environments, pg, changes, clock);
        this.applications =
                new Applications(directory, environments, tokens, eventTypes, limit.watcher(), pg, changes, clock);
        this.profiles = new Profiles(directory, environments, pgProfiles, changes, clock);
        this.endpoints = new Endpoints(directory, eventTypes, profiles, pg, changes, clock, random, limit);
    }

    /**
     * Reads everything: about a second for 100,000 endpoints, on two cores with the database on the same ones.
     *
     * @param jdbi the database, migrated
     * @param box opens and seals the secrets
     * @param clock for the times of changes
     * @param guard asked at the start of each transaction that changes something
     * @param limit of active endpoints
     * @throws SecretBoxException if a stored secret does not open with the key in use
     */
    public static Catalog load(Jdbi jdbi, SecretBox box, Clock clock, WriteGuard guard, EndpointLimit limit) {
        PgWrites writes = new PgWrites(jdbi, guard);
        PgCatalog pg = new PgCatalog(jdbi, box, writes);
        PgAccess access = new PgAccess(writes);
        PgProfiles pgProfiles = new PgProfiles(writes);
        Catalog catalog = new Catalog(pg, access, pgProfiles, clock, new SecureRandom(), limit);
        pg.inSnapshot(handle -> {
            catalog.environments.load(access.environments(handle));
            catalog.profiles.load(pgProfiles.all(handle));
            catalog.loadApplications(handle);
            catalog.eventTypes.load(pg.eventTypes(handle));
            catalog.tokens.load(access.tokens(handle));
        });
        return catalog;
    }

    /** {@link #load(Jdbi, SecretBox, Clock, WriteGuard, EndpointLimit)} without a limit. */
    public static Catalog load(Jdbi jdbi, SecretBox box, Clock clock, WriteGuard guard) {
        return load(jdbi, box, clock, guard, EndpointLimit.NONE);
    }

    /** {@link #load(Jdbi, SecretBox, Clock, WriteGuard)} with a guard that allows everything. */
    public static Catalog load(Jdbi jdbi, SecretBox box, Clock clock) {
        return load(jdbi, box, clock, WriteGuard.NONE);
    }

    private void loadApplications(Handle handle) {
        Map<Integer, Application> left = new HashMap<>();
        pg.applications(handle, application -> left.put(application.no(), application));
        List<Endpoint> group = new ArrayList<>();
        pg.endpoints(handle, endpoint -> {
            if (!group.isEmpty() && group.getFirst().appNo() != endpoint.appNo()) {
                publish(left, group);
            }
            group.add(endpoint);
        });
        if (!group.isEmpty()) {
            publish(left, group);
        }
        left.values().forEach(application -> directory.put(AppView.of(application, new Endpoint[0])));
    }

    /** One application with all its endpoints, which come from the database one after the other. */
    private void publish(Map<Integer, Application> left, List<Endpoint> group) {
        Application owner = left.remove(group.getFirst().appNo());
        if (owner == null) {
            throw new IllegalStateException(
                    "endpoints of application " + group.getFirst().appNo()
                            + " came without it: they are read in one snapshot, in the order of applications");
        }
        directory.put(AppView.of(owner, group.toArray(Endpoint[]::new)));
        group.clear();
    }

    /**
     * The application with this id or uid.
     *
     * @param env the number of its environment
     * @param idOrUid its own
     * @return null if the environment has none
     */
    public @Nullable AppView app(int env, String idOrUid) {
        return directory.find(env, idOrUid);
    }

    /** The application with this number; null if there is none. */
    public @Nullable AppView appByNo(int no) {
        return directory.find(no);
    }

    /** All applications of all environments by age. A live view: what changes during an iteration may or may not be seen by it. */
    public Collection<AppView> apps() {
        return directory.all();
    }

    /**
     * Some applications of an environment, in the order of their ids, which is that of their creation.
     *
     * @param env the number of the environment
     * @param after only those beyond this id, whether it still exists or not; null for the first ones
     * @param ascending the oldest first, otherwise the newest
     * @param most how many
     * @param wanted leaves out the others
     */
    public List<AppView> apps(int env, @Nullable String after, boolean ascending, int most, Predicate<AppView> wanted) {
        List<AppView> some = new ArrayList<>();
        for (AppView view : directory.from(env, after, ascending)) {
            if (some.size() == most) {
                break;
            }
            if (wanted.test(view)) {
                some.add(view);
            }
        }
        return some;
    }

    /** The event type of this name in an environment; null if there is none. */
    public @Nullable EventType eventType(int env, String name) {
        return eventTypes.find(env, name);
    }

    /**
     * The enabled endpoints that want a message. One without event types wants all, one with wants these ({@link
     * Subscribed}); one without channels wants messages of every channel and of none, one with wants those that share a
     * channel with it.
     *
     * @param app whose endpoints
     * @param eventType of the message
     * @param channels of the message; empty for none
     * @return in no order; the array may be shared, so nobody writes to it
     */
    public Endpoint[] matching(AppView app, String eventType, List<String> channels) {
        return app.matching(eventType, channels, type -> group(app.application(), type));
    }

    /**
     * Whether an endpoint wants a message, be it enabled or not.
     *
     * @param app whose endpoint it is
     * @param eventType of the message
     * @param channels of the message; empty for none
     */
    public boolean wants(Application app, Endpoint endpoint, String eventType, List<String> channels) {
        List<String> wanted = endpoint.channels();
        return (wanted == null || !Collections.disjoint(wanted, channels))
                && Subscribed.anyCovers(endpoint.eventTypes(), eventType, group(app, eventType));
    }

    private @Nullable String group(Application app, String eventType) {
        EventType type = eventTypes.find(app.envNo(), eventType);
        return type == null ? null : type.groupName();
    }

    /**
     * Whether an application may be told of an event type, by its scopes. For one without scopes, which is usual, it is
     * a look at a field; for another, one into a map.
     */
    public boolean permits(Application application, String eventType) {
        return application.scopes() == null
                || Scopes.permit(application, eventTypes.find(application.envNo(), eventType));
    }

    /** The version that a message's payload was sent in; null if its event type has none. A look at a field for most. */
    public @Nullable String payloadVersion(Message message) {
        if (!eventTypes.versioned()) {
            return null;
        }
        AppView app = appByNo(message.appNo);
        EventType type = app == null ? null : eventType(app.application().envNo(), message.eventType);
        return type == null ? null : type.contract().currentAt(Time.instant(message.createdAt));
    }

    /** The event types that an application may not be told of, so that its endpoints do not get them. */
    public WithheldTypes withheld(Application application) {
        return Scopes.withheld(application, eventTypes);
    }

    /**
     * The endpoints that want an event type and do not get it, because their applications lack scopes that it needs. A walk
     * through all applications, unless it needs none.
     *
     * @param type as it is now
     * @param each gets them, in the order of their applications
     */
    public void withheldFrom(EventType type, BiConsumer<Application, Endpoint> each) {
        if (type.contract().scopes().isEmpty()) {
            return;
        }
        for (AppView view : directory.from(type.envNo(), null, true)) {
            if (!Scopes.permit(view.application(), type)) {
                for (Endpoint endpoint : view.endpoints()) {
                    if (Subscribed.anyCovers(endpoint.eventTypes(), type.name(), type.groupName())) {
                        each.accept(view.application(), endpoint);
                    }
                }
            }
        }
    }

    /**
     * Whose token this is. The token's hash is looked up, so the time it takes tells nothing about valid ones.
     *
     * @param bearer what the caller presented
     * @return null if it is not valid, or not any more
     */
    public @Nullable Credential authenticate(String bearer) {
        return tokens.authenticate(bearer);
    }

    /**
     * Sees to it that somebody can use the API.
     *
     * @param configured the token of the configuration; it replaces the one configured before. Null if there is none:
     *     the one configured before is not valid any more
     * @return a new token, the only time it is to be seen, if nobody could administer the installation; otherwise null
     * @throws IllegalArgumentException if the configured one is empty or has spaces or control characters
     */
    public @Nullable String ensureAdminToken(@Nullable String configured) {
        return changes.run(Tokens.SUBJECT, () -> tokens.ensureAdmin(configured));
    }

    /** Changes to applications. */
    public Applications applications() {
        return applications;
    }

    /** Changes to endpoints. */
    public Endpoints endpoints() {
        return endpoints;
    }

    /** Changes to environments, and their list. */
    public Environments environments() {
        return environments;
    }

    /** Changes to tokens, and their list. */
    public Tokens tokens() {
        return tokens;
    }

    /** Changes to profiles, their list, and which one an endpoint has. */
    public Profiles profiles() {
        return profiles;
    }

    /** Changes to event types, and their list. */
    public EventTypes eventTypes() {
        return eventTypes;
    }

    /**
     * Whoever holds state about endpoints hears of every change, after it is visible to readers and in the order of the
     * changes. The listener must be quick, must not throw and must not change the catalog.
     */
    public void onEndpointChange(Consumer<EndpointChange> listener) {
        changes.listen(listener);
    }

    /**
     * Stops sending to an endpoint until its owner enables it again. Nothing happens if it is gone or disabled already.
     *
     * @param endpointNo {@link Endpoint#no()}
     * @param reason for its owner to read
     */
    public void disable(int endpointNo, String reason) {
        disable(endpointNo, reason, null);
    }

    /**
     * As {@link #disable(int, String)}.
     *
     * @param failSince since when its attempts have failed, for those who are told; null if that is not why
     */
    public void disable(int endpointNo, String reason, @Nullable Instant failSince) {
        endpoints.disable(endpointNo, reason, failSince);
    }

    /** Reads again what is in doubt since the database failed in the midst of a change; for when it is back. */
    public void reconcile() {
        changes.reconcile();
    }

    private void reread(String subject) {
        switch (subject) {
            case Tokens.SUBJECT -> pg.inSnapshot(handle -> tokens.load(access.tokens(handle)));
            case Environments.SUBJECT ->
                pg.inSnapshot(handle -> {
                    environments.load(access.environments(handle));
                    eventTypes.load(pg.eventTypes(handle)); // they go with their environment
                    profiles.load(pgProfiles.all(handle)); // and so do these
                });
            case EventTypes.SUBJECT -> pg.inSnapshot(handle -> eventTypes.load(pg.eventTypes(handle)));
            default -> {
                if (subject.startsWith(Profiles.SUBJECT)) {
                    rereadProfiles(Integer.parseInt(subject.substring(Profiles.SUBJECT.length())));
                } else {
                    applications.reread(subject);
                }
            }
        }
    }

    /** A change to a profile concerns endpoints of any application of its environment. */
    private void rereadProfiles(int env) {
        pg.inSnapshot(handle -> {
            environments.load(access.environments(handle));
            profiles.load(pgProfiles.all(handle));
        });
        List<String> ids = new ArrayList<>();
        directory
                .from(env, null, true)
                .forEach(view -> ids.add(view.application().id()));
        ids.forEach(applications::reread);
    }

    /** What keeps an environment from being deleted; null if nothing does. */
    private @Nullable String contents(int env) {
        long apps = 0;
        for (AppView _ : directory.from(env, null, true)) {
            apps++;
        }
        long valid = tokens.countIn(env);
        return apps + valid == 0 ? null : counted(apps, "application") + " and " + counted(valid, "token");
    }

    private static String counted(long number, String what) {
        return (number == 0 ? "no" : Long.toString(number)) + " " + what + (number == 1 ? "" : "s");
    }

    private void emptied(int env) {
        eventTypes.forgetEnvironment(env);
        profiles.forgetEnvironment(env);
    }
}
