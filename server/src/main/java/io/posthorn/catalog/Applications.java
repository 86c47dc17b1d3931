package io.posthorn.catalog;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Changes to applications. They wait for the database; call them on a virtual thread. */
public final class Applications {
    private static final String PREFIX = "app_";

    private final Directory directory;
    private final Environments environments;
    private final Tokens tokens;
    private final EventTypes eventTypes;
    private final EndpointLimit.Watcher watcher;
    private final PgCatalog pg;
    private final Changes changes;
    private final Clock clock;

    Applications(
            Directory directory,
            Environments environments,
            Tokens tokens,
            EventTypes eventTypes,
            EndpointLimit.Watcher watcher,
            PgCatalog pg,
            Changes changes,
            Clock clock) {
        this.eventTypes = eventTypes;
        this.watcher = watcher;
        this.directory = directory;
        this.environments = environments;
        this.tokens = tokens;
        this.pg = pg;
        this.changes = changes;
        this.clock = clock;
    }

    /**
     * Makes one.
     *
     * @param env the number of its environment
     * @param draft what it is to be
     * @param getIfExists whether one with the same uid is as good
     * @return {@code Created}; {@code Existing} or {@code Conflict} if another has the uid
     */
    public Result<Application> create(int env, AppDraft draft, boolean getIfExists) {
        String id = Ids.fresh(PREFIX);
        return changes.run(id, () -> {
            Application holder = holder(env, draft.uid());
            if (holder == null) {
                return insert(env, id, draft);
            }
            return getIfExists ? new Result.Existing<>(holder) : taken(draft.uid());
        });
    }

    /**
     * Makes it so: changes it, or makes it if there is none. One that is made gets the uid it was addressed by if the
     * draft names none, and so does one that was addressed by its uid, so that saying the same thing twice is the same
     * as saying it once.
     *
     * @param env the number of its environment
     * @param idOrUid how it was addressed
     * @param draft what it is to be
     * @return {@code Updated} or {@code Created}; {@code Conflict} if another has the uid; {@code NotFound} for an id
     *     that does not exist, because ids are given by us
     */
    public Result<Application> put(int env, String idOrUid, AppDraft draft) {
        AppView present = directory.find(env, idOrUid);
        String freshId = Ids.fresh(PREFIX);
        String subject = present == null ? freshId : present.application().id();
        return changes.run(subject, () -> {
            AppView view = directory.find(env, idOrUid);
            AppDraft named = draft.uid() == null && !Rules.looksLikeId(idOrUid) ? withUid(draft, idOrUid) : draft;
            if (view != null) {
                return update(view, named);
            }
            if (Rules.looksLikeId(idOrUid)) {
                return new Result.NotFound<>("application");
            }
            return holder(env, named.uid()) == null ? insert(env, freshId, named) : taken(named.uid());
        });
    }

    /**
     * Changes some of it.
     *
     * @param env the number of its environment
     * @param idOrUid how it was addressed
     * @param patch from what it is to what it is to be
     * @return {@code Updated}; {@code Conflict} if another has the uid; {@code NotFound}
     */
    public Result<Application> patch(int env, String idOrUid, UnaryOperator<AppDraft> patch) {
        AppView present = directory.find(env, idOrUid);
        return changes.run(present == null ? "" : present.application().id(), () -> {
            AppView view = directory.find(env, idOrUid);
            return view == null
                    ? new Result.NotFound<>("application")
                    : update(view, patch.apply(AppDraft.of(view.application())));
        });
    }

    /**
     * Removes it with its endpoints.
     *
     * @param env the number of its environment
     * @param idOrUid how it was addressed
     * @return {@code Deleted} or {@code NotFound}
     */
    public Result<Application> delete(int env, String idOrUid) {
        AppView present = directory.find(env, idOrUid);
        return changes.run(present == null ? "" : present.application().id(), () -> {
            AppView view = directory.find(env, idOrUid);
            if (view == null) {
                return new Result.NotFound<>("application");
            }
            Audit.about(
                    subject(view.application()),
                    () -> pg.deleteApplication(view.application().no()));
            remove(view);
            return new Result.Deleted<>(view.application());
        });
    }

    private Result<Application> insert(int env, String id, AppDraft draft) {
        if (!environments.has(env)) {
            return new Result.NotFound<>("environment"); // deleted since the request began
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        AppDraft.Limit limit = draft.endpointLimit();
        AppDraft.Scopes scopes = draft.scopes();
        Application fresh = new Application(
                0,
                env,
                id,
                draft.uid(),
                draft.name(),
                draft.metadata(),
                draft.rateLimit(),
                Boolean.TRUE.equals(draft.paused()),
                limit == null ? null : limit.most(),
                scopes == null ? null : scopes.names(),
                now,
                now);
        Application made = Audit.about(subject(fresh), () -> pg.insert(fresh));
        directory.put(AppView.of(made, new Endpoint[0]));
        return new Result.Created<>(made);
    }

    private Result<Application> update(AppView view, AppDraft draft) {
        Application was = view.application();
        Application holder = holder(was.envNo(), draft.uid());
        if (holder != null && holder.no() != was.no()) {
            return taken(draft.uid());
        }
        Boolean paused = draft.paused();
        AppDraft.Limit limit = draft.endpointLimit();
        AppDraft.Scopes scopes = draft.scopes();
        Application now = new Application(
                was.no(),
                was.envNo(),
                was.id(),
                draft.uid(),
                draft.name(),
                draft.metadata(),
                draft.rateLimit(),
                paused == null ? was.paused() : paused,
                limit == null ? was.endpointLimit() : limit.most(),
                scopes == null ? was.scopes() : scopes.names(),
                was.createdAt(),
                clock.instant().truncatedTo(ChronoUnit.MICROS));
        Audit.about(subject(now), () -> pg.update(now));
        directory.put(view.with(now));
        if (now.paused() != was.paused() || restricted(now) != restricted(was)) {
            view.endpoints().forEach(endpoint -> changes.announce(new EndpointChange.Changed(endpoint)));
        }
        tellOfScopes(view, was, now);
        return new Result.Updated<>(now);
    }

    private void tellOfScopes(AppView view, Application was, Application now) {
        List<String> left = now.scopes();
        List<String> had = was.scopes();
        if (left == null || (had != null && left.containsAll(had))) {
            return;
        }
        int endpoints = 0;
        Set<String> types = new TreeSet<>();
        WithheldTypes lost = Scopes.lost(was, now, eventTypes);
        for (Endpoint endpoint : view.endpoints()) {
            List<String> some = lost.of(endpoint.eventTypes());
            endpoints += some.isEmpty() ? 0 : 1;
            types.addAll(some);
        }
        List<String> taken = had == null
                ? List.of()
                : had.stream().filter(scope -> !left.contains(scope)).toList();
        watcher.scopesTaken(
                now, taken, endpoints, types.stream().limit(WithheldTypes.MOST).toList());
    }

    /** How its deliveries are made depends on whether it has scopes, not on which. */
    private static boolean restricted(Application application) {
        return application.scopes() != null;
    }

    private static Audit.Subject subject(Application application) {
        return new Audit.Subject(application.envNo(), application.id(), application.id());
    }

    private @Nullable Application holder(int env, @Nullable String uid) {
        AppView view = uid == null ? null : directory.find(env, uid);
        return view == null ? null : view.application();
    }

    private static Result<Application> taken(@Nullable String uid) {
        return new Result.Conflict<>("uid", "another application has the uid " + uid + "; uids are unique");
    }

    private static AppDraft withUid(AppDraft draft, String uid) {
        return new AppDraft(
                draft.name(),
                uid,
                draft.metadata(),
                draft.rateLimit(),
                draft.paused(),
                draft.endpointLimit(),
                draft.scopes());
    }

    private void remove(AppView view) {
        directory.remove(view.application());
        tokens.forgetApp(view.application().no());
        view.endpoints().forEach(endpoint -> changes.announce(new EndpointChange.Removed(endpoint)));
    }

    /** Makes memory agree with the database about the application with this id, whatever happened to it. */
    void reread(String id) {
        AppView before = directory.findById(id);
        AppView now = pg.application(id);
        if (now != null) {
            directory.put(now);
            now.endpoints().stream()
                    .filter(endpoint -> before == null
                            || before.application().paused()
                                    != now.application().paused()
                            || restricted(before.application()) != restricted(now.application())
                            || !Objects.equals(endpoint, before.endpoint(endpoint.id())))
                    .forEach(endpoint -> changes.announce(new EndpointChange.Changed(endpoint)));
        } else if (before != null) {
            directory.remove(before.application());
            tokens.forgetApp(before.application().no());
        }
        if (before != null) {
            before.endpoints().stream()
                    .filter(endpoint -> now == null || now.endpointByNo(endpoint.no()) == null)
                    .forEach(endpoint -> changes.announce(new EndpointChange.Removed(endpoint)));
        }
    }
}
