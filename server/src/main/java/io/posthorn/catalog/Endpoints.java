package io.posthorn.catalog;

import io.posthorn.model.Application;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Environment;
import io.posthorn.model.Ids;
import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Changes to endpoints. They wait for the database; call them on a virtual thread. */
public final class Endpoints {
    /** Endpoints of an application, active or not. All of them stand in memory, and a change to one copies the list of them. */
    public static final int MOST = 100_000;

    private static final String PREFIX = "ep_";
    private static final int SECRET_BYTES = 24;
    /** Each is one more signature on every request. */
    private static final int MOST_OLD_SECRETS = 5;

    private final Directory directory;
    private final EventTypes eventTypes;
    private final Profiles profiles;
    private final PgCatalog pg;
    private final Changes changes;
    private final Clock clock;
    private final SecureRandom random;
    private final EndpointLimit limit;

    Endpoints(
            Directory directory,
            EventTypes eventTypes,
            Profiles profiles,
            PgCatalog pg,
            Changes changes,
            Clock clock,
            SecureRandom random,
            EndpointLimit limit) {
        this.directory = directory;
        this.profiles = profiles;
        this.eventTypes = eventTypes;
        this.pg = pg;
        this.changes = changes;
        this.clock = clock;
        this.random = random;
        this.limit = limit;
    }

    /** A new signing secret of 24 random bytes. */
    public SigningSecret freshSecret() {
        byte[] key = new byte[SECRET_BYTES];
        random.nextBytes(key);
        return new SigningSecret(key);
    }

    /**
     * Makes one; without a secret in the draft, it gets a fresh one.
     *
     * @param env the number of its application's environment
     * @param app id or uid of its application
     * @param draft what it is to be
     * @return {@code Created}; {@code Conflict} if another of this application has the uid, or if it has
     *     {@link #MOST}; {@code Limited} if it would be active and one more than its {@link EndpointLimit};
     *     {@code NotFound} without the application
     */
    public Result<Endpoint> create(int env, String app, EndpointDraft draft) {
        return inApp(env, app, view -> insert(view, draft));
    }

    /**
     * Makes it so: changes it, or makes it if there is none. What is said of the uid at {@link Applications#put} holds
     * here too. The secret and the headers stay as they are if the draft has none.
     *
     * @param env the number of its application's environment
     * @param app id or uid of its application
     * @param idOrUid how it was addressed
     * @param draft what it is to be
     * @return {@code Updated} or {@code Created}; {@code Conflict} if another of this application has the uid, or if a
     *     new one would be one more than {@link #MOST}; {@code Limited} if it would be active, has not been, and is one
     *     more than its {@link EndpointLimit}; {@code NotFound} without the application, or for an id that does not
     *     exist
     */
    public Result<Endpoint> put(int env, String app, String idOrUid, EndpointDraft draft) {
        return inApp(env, app, view -> {
            Endpoint present = view.endpoint(idOrUid);
            EndpointDraft named = named(idOrUid, draft);
            if (present != null) {
                return update(view, present, named);
            }
            return Rules.looksLikeId(idOrUid) ? new Result.NotFound<>("endpoint") : insert(view, named);
        });
    }

    /**
     * Changes some of it.
     *
     * @param env the number of its application's environment
     * @param app id or uid of its application
     * @param idOrUid how it was addressed
     * @param patch from what it is (with no secret and no headers, which keeps the present ones) to what it is to be
     * @return {@code Updated}; {@code Conflict} if another of this application has the uid; {@code Limited} as for {@link
     *     #put}; {@code NotFound}
     */
    public Result<Endpoint> patch(int env, String app, String idOrUid, UnaryOperator<EndpointDraft> patch) {
        return inApp(env, app, view -> {
            Endpoint present = view.endpoint(idOrUid);
            return present == null
                    ? new Result.NotFound<>("endpoint")
                    : update(view, present, patch.apply(EndpointDraft.of(present)));
        });
    }

    /**
     * Removes it.
     *
     * @param env the number of its application's environment
     * @param app id or uid of its application
     * @param idOrUid how it was addressed
     * @return {@code Deleted} or {@code NotFound}
     */
    public Result<Endpoint> delete(int env, String app, String idOrUid) {
        return inApp(env, app, view -> {
            Endpoint present = view.endpoint(idOrUid);
            if (present == null) {
                return new Result.NotFound<>("endpoint");
            }
            Audit.about(subject(view, present), () -> pg.deleteEndpoint(present.no()));
            directory.put(view.without(present.no()));
            changes.announce(new EndpointChange.Removed(present));
            return new Result.Deleted<>(present);
        });
    }

    /**
     * Gives it another secret. The one it has goes on signing beside the new one for a while, and so do those that were
     * replaced before it, each until its own time is over. To give the secret that it has changes nothing.
     *
     * @param env the number of its application's environment
     * @param app id or uid of its application
     * @param idOrUid how it was addressed
     * @param key the new one; null to have one made
     * @param overlap how long the present one goes on; zero for not at all
     * @return {@code Updated}; {@code Conflict} if so many old ones sign that no other can be added; {@code NotFound}
     */
    public Result<Endpoint> rotateSecret(
            int env, String app, String idOrUid, @Nullable SigningSecret key, Duration overlap) {
        SigningSecret next = key == null ? freshSecret() : key;
        return inApp(env, app, view -> {
            Endpoint present = view.endpoint(idOrUid);
            if (present == null) {
                return new Result.NotFound<>("endpoint");
            }
            return next.equals(present.secret()) ? new Result.Updated<>(present) : rotate(view, present, next, overlap);
        });
    }

    private Result<Endpoint> rotate(AppView view, Endpoint present, SigningSecret next, Duration overlap) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        List<RetiredSecret> old = new ArrayList<>();
        old.add(new RetiredSecret(present.secret(), now.plus(overlap)));
        old.addAll(present.oldSecrets());
        old.removeIf(each -> each.secret().equals(next) || !now.isBefore(each.until()));
        if (old.size() > MOST_OLD_SECRETS) {
            return new Result.Conflict<>(
                    "secret",
                    MOST_OLD_SECRETS + " earlier secrets still sign, the first of them until "
                            + Collections.min(old, Comparator.comparing(RetiredSecret::until))
                                    .until()
                            + "; rotate again then, or now with gracePeriodSeconds 0, which ends the present one");
        }
        EndpointDraft same = EndpointDraft.of(present);
        return new Result.Updated<>(store(
                view,
                changed(
                        present,
                        same,
                        present.disabled(),
                        present.disabledReason(),
                        next,
                        List.copyOf(old),
                        present.headers())));
    }

    /**
     * Changes its headers.
     *
     * @param env the number of its application's environment
     * @param app id or uid of its application
     * @param idOrUid how it was addressed
     * @param change from those it has to those it is to have
     * @return {@code Updated}; {@code Conflict} of {@code headers} if the result breaks {@link HeaderRules#all}; {@code NotFound}
     */
    public Result<Endpoint> changeHeaders(
            int env, String app, String idOrUid, UnaryOperator<List<CustomHeader>> change) {
        return inApp(env, app, view -> {
            Endpoint present = view.endpoint(idOrUid);
            if (present == null) {
                return new Result.NotFound<>("endpoint");
            }
            List<CustomHeader> headers = List.copyOf(change.apply(present.headers()));
            String broken = HeaderRules.all(headers);
            return broken == null
                    ? new Result.Updated<>(store(
                            view,
                            changed(
                                    present,
                                    EndpointDraft.of(present),
                                    present.disabled(),
                                    present.disabledReason(),
                                    present.secret(),
                                    present.oldSecrets(),
                                    headers)))
                    : new Result.Conflict<>("headers", broken);
        });
    }

    void disable(int endpointNo, String reason, @Nullable Instant failSince) {
        Integer appNo = pg.appOf(endpointNo);
        AppView found = appNo == null ? null : directory.find(appNo);
        if (found == null) {
            return;
        }
        changes.run(found.application().id(), () -> {
            AppView view = directory.find(found.application().no());
            Endpoint present = view == null ? null : view.endpointByNo(endpointNo);
            if (view == null || present == null || present.disabled()) {
                return false;
            }
            store(view, changed(present, EndpointDraft.of(present), true, reason), failSince);
            return true;
        });
    }

    private Result<Endpoint> inApp(int env, String app, Function<AppView, Result<Endpoint>> change) {
        AppView present = directory.find(env, app);
        return changes.run(present == null ? "" : present.application().id(), () -> {
            AppView view = directory.find(env, app);
            return view == null ? new Result.NotFound<>("application") : change.apply(view);
        });
    }

    /**
     * What stands against making or replacing an endpoint, as far as it can be told before that: for those who do something
     * expensive first. What is found out later, when others have changed something meanwhile, is told by the change itself.
     *
     * @param env the number of its application's environment
     * @param app id or uid of its application
     * @param idOrUid how it is addressed; null if it is to be made
     * @param draft what it is to be
     * @return what {@link #create} or {@link #put} would return; null if nothing stands against it
     */
    public @Nullable Result<Endpoint> refusal(int env, String app, @Nullable String idOrUid, EndpointDraft draft) {
        AppView view = directory.find(env, app);
        if (view == null) {
            return new Result.NotFound<>("application");
        }
        Endpoint present = idOrUid == null ? null : view.endpoint(idOrUid);
        if (present != null) {
            return againstUpdate(view, present, named(idOrUid, draft));
        }
        return idOrUid != null && Rules.looksLikeId(idOrUid)
                ? new Result.NotFound<>("endpoint")
                : againstInsert(view, named(idOrUid, draft));
    }

    /** With the uid that it is addressed by, if it has none and that is no id. */
    private static EndpointDraft named(@Nullable String idOrUid, EndpointDraft draft) {
        return idOrUid != null && draft.uid() == null && !Rules.looksLikeId(idOrUid) ? draft.withUid(idOrUid) : draft;
    }

    private Result<Endpoint> insert(AppView view, EndpointDraft draft) {
        Result<Endpoint> refused = againstInsert(view, draft);
        if (refused != null) {
            return refused;
        }
        Endpoint fresh = fresh(view, draft);
        Endpoint made = Audit.about(subject(view, fresh), () -> pg.insert(fresh));
        publish(view, made);
        return new Result.Created<>(made);
    }

    private @Nullable Result<Endpoint> againstInsert(AppView view, EndpointDraft draft) {
        if (taken(view, draft.uid(), null)) {
            return conflict(draft);
        }
        if (view.endpoints().size() >= MOST) {
            return new Result.Conflict<>(
                    "endpoint",
                    "the application has " + MOST + " endpoints, and no more are possible; delete one, or use another"
                            + " application");
        }
        boolean counts = !draft.disabled() && !draft.url().startsWith(Endpoint.TEMPORARY);
        Result<Endpoint> limited = counts ? limited(view) : null;
        if (limited != null) {
            return limited;
        }
        Result<Endpoint> beyond = beyondScopes(view, draft.eventTypes(), null);
        if (beyond != null) {
            return beyond;
        }
        Result<Endpoint> unknown =
                profiles.broken(view.application().envNo(), changed(draft.shape(), EndpointShape.DEFAULT));
        return unknown == null ? broken(fresh(view, draft)) : unknown;
    }

    /** One that is not there yet, with the number 0. */
    private Endpoint fresh(AppView view, EndpointDraft draft) {
        Application app = view.application();
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        SigningSecret secret = draft.secret();
        List<CustomHeader> headers = draft.headers();
        EndpointShape shape = changed(draft.shape(), EndpointShape.DEFAULT);
        ActiveProfile profile = profiles.orStandard(app.envNo(), shape);
        return new Endpoint(
                0,
                app.no(),
                Ids.fresh(PREFIX),
                draft.uid(),
                draft.url(),
                draft.description(),
                draft.eventTypes(),
                draft.channels(),
                draft.disabled(),
                null,
                draft.rateLimit() == null ? profile.profile().rateLimit() : draft.rateLimit(),
                draft.metadata(),
                secret == null ? freshSecret() : secret,
                List.of(),
                headers == null ? List.of() : headers,
                draft.version(),
                delivery(draft, profile.base(), profile.base()),
                shape,
                changed(draft.secrets(), EndpointSecrets.NONE),
                Boolean.TRUE.equals(draft.paused()),
                now,
                now);
    }

    /**
     * What an endpoint would be.
     *
     * @param idOrUid how it was addressed; null if it is to be made
     * @param draft what it is to be
     * @return with the number 0 if it is not there; null without the application
     */
    public @Nullable Endpoint preview(int env, String app, @Nullable String idOrUid, EndpointDraft draft) {
        AppView view = directory.find(env, app);
        if (view == null) {
            return null;
        }
        Endpoint present = idOrUid == null ? null : view.endpoint(idOrUid);
        return present == null
                ? fresh(view, draft)
                : changed(present, draft, draft.disabled(), present.disabledReason());
    }

    /** The endpoint as it is; null if there is none, or if nothing is said of which. */
    public @Nullable Endpoint find(int env, String app, @Nullable String idOrUid) {
        AppView view = directory.find(env, app);
        return view == null || idOrUid == null ? null : view.endpoint(idOrUid);
    }

    /** A draft that has a secret if the endpoint has none yet: what is tried before it is stored has to be the same. */
    public EndpointDraft withSecret(int env, String app, @Nullable String idOrUid, EndpointDraft draft) {
        return draft.secret() != null || find(env, app, idOrUid) != null ? draft : draft.withSecret(freshSecret());
    }

    /**
     * The refusal, if event types are named anew that the application may not be told of; otherwise null. Those that
     * were named before its scopes were taken away may stay: they are not delivered, and to say of the endpoint what it
     * is already must not fail.
     */
    private @Nullable Result<Endpoint> beyondScopes(
            AppView view, @Nullable List<String> wanted, @Nullable List<String> before) {
        if (wanted == null || view.application().scopes() == null) {
            return null;
        }
        List<String> fresh = before == null ? wanted : fresh(wanted, new HashSet<>(before));
        Map<String, List<String>> beyond = Scopes.beyond(view.application(), fresh, eventTypes);
        return beyond.isEmpty() ? null : new Result.Broken<>(List.of("filterTypes"), Scopes.refusal(beyond));
    }

    private static List<String> fresh(List<String> names, Set<String> before) {
        return names.stream().filter(name -> !before.contains(name)).toList();
    }

    /** The refusal, if one more active endpoint is more than the application may have; otherwise null. */
    private @Nullable Result<Endpoint> limited(AppView view) {
        int active = active(view);
        int most = mostActive(view);
        if (active < most) {
            return null;
        }
        limit.watcher().reached(view.application(), most, active);
        return new Result.Limited<>("the application may have " + most + " active endpoints and has " + active
                + "; disable or delete one, or ask an administrator, who alone can raise the limit (endpointLimit"
                + " of the application)");
    }

    private int mostActive(AppView view) {
        Integer own = view.application().endpointLimit();
        return own == null ? limit.usual() : own;
    }

    private static int active(AppView view) {
        int active = 0;
        for (Endpoint endpoint : view.endpoints()) {
            active += endpoint.disabled() || endpoint.temporary() ? 0 : 1;
        }
        return active;
    }

    /**
     * Removes all temporary endpoints. For the start, when nobody is connected yet.
     *
     * @return how many there were
     */
    public int deleteTemporary() {
        int count = 0;
        for (AppView view : directory.all()) {
            for (Endpoint endpoint : view.endpoints()) {
                if (endpoint.temporary()) {
                    delete(view.application().envNo(), view.application().id(), endpoint.id());
                    count++;
                }
            }
        }
        return count;
    }

    private Result<Endpoint> update(AppView view, Endpoint was, EndpointDraft draft) {
        Result<Endpoint> refused = againstUpdate(view, was, draft);
        return refused == null ? new Result.Updated<>(store(view, updated(was, draft))) : refused;
    }

    private Endpoint updated(Endpoint was, EndpointDraft draft) {
        return changed(was, draft, draft.disabled(), draft.disabled() ? was.disabledReason() : null);
    }

    private @Nullable Result<Endpoint> againstUpdate(AppView view, Endpoint was, EndpointDraft draft) {
        if (was.temporary() && !draft.url().equals(was.url())) {
            return new Result.Conflict<>(
                    "url",
                    "this endpoint lives as long as a connection takes its deliveries; its URL cannot be changed");
        }
        if (taken(view, draft.uid(), was)) {
            return conflict(draft);
        }
        Result<Endpoint> beyond = beyondScopes(view, draft.eventTypes(), was.eventTypes());
        if (beyond != null) {
            return beyond;
        }
        boolean more = was.disabled() && !draft.disabled() && !was.temporary();
        Result<Endpoint> limited = more ? limited(view) : null;
        if (limited != null) {
            return limited;
        }
        EndpointShape shape = changed(draft.shape(), was.shape());
        Result<Endpoint> unknown = shape.equals(was.shape())
                ? null
                : profiles.broken(view.application().envNo(), shape);
        return unknown == null ? broken(updated(was, draft)) : unknown;
    }

    /** What is wrong with it as a whole, whose parts are fine by themselves; null if nothing is. */
    private static @Nullable Result<Endpoint> broken(Endpoint endpoint) {
        PolicyCodec.Broken broken = PolicyCodec.broken(endpoint.delivery());
        if (broken != null) {
            return new Result.Broken<>(broken.path(), broken.rule());
        }
        if (endpoint.shape().filter() != null
                && endpoint.delivery().order().mode() == DeliveryPolicy.Mode.LATEST_BY_KEY) {
            return new Result.Broken<>(
                    List.of("filter"),
                    "cannot be there with the order latestByKey: a newer message that is not wanted would take the place"
                            + " of one that is");
        }
        return null;
    }

    private static DeliveryPolicy delivery(EndpointDraft draft, DeliveryPolicy present, DeliveryPolicy usual) {
        BinaryOperator<DeliveryPolicy> change = draft.delivery();
        return change == null ? present : change.apply(present, usual);
    }

    private static <T> T changed(@Nullable UnaryOperator<T> change, T present) {
        return change == null ? present : change.apply(present);
    }

    private Endpoint changed(Endpoint was, EndpointDraft draft, boolean disabled, @Nullable String reason) {
        SigningSecret secret = draft.secret();
        List<CustomHeader> headers = draft.headers();
        boolean sameSecret = secret == null || secret.equals(was.secret());
        return changed(
                was,
                draft,
                disabled,
                reason,
                secret == null ? was.secret() : secret,
                sameSecret ? was.oldSecrets() : List.of(),
                headers == null ? was.headers() : headers);
    }

    /** Old secrets whose time is over are left out here, so that they are gone from the database too. */
    private Endpoint changed(
            Endpoint was,
            EndpointDraft draft,
            boolean disabled,
            @Nullable String reason,
            SigningSecret secret,
            List<RetiredSecret> oldSecrets,
            List<CustomHeader> headers) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        Boolean paused = draft.paused();
        AppView view = directory.find(was.appNo());
        int env = view == null ? Environment.DEFAULT_NO : view.application().envNo();
        // what was agreed was agreed with who is there, and not with who answers under another URL
        EndpointShape base =
                draft.url().equals(was.url()) ? was.shape() : was.shape().withAgreedRate(null);
        EndpointShape shape = changed(draft.shape(), base);
        ActiveProfile before = profiles.orStandard(env, was.shape());
        ActiveProfile after = profiles.orStandard(env, shape);
        DeliveryPolicy present = PolicyCodec.rebase(was.delivery(), before.base(), after.base());
        return new Endpoint(
                was.no(),
                was.appNo(),
                was.id(),
                draft.uid(),
                draft.url(),
                draft.description(),
                draft.eventTypes(),
                draft.channels(),
                disabled,
                reason,
                Profiles.rate(draft.rateLimit(), before.profile(), after.profile()),
                draft.metadata(),
                secret,
                oldSecrets.stream().filter(old -> now.isBefore(old.until())).toList(),
                headers,
                draft.version(),
                delivery(draft, present, after.base()),
                shape,
                changed(draft.secrets(), was.secrets()),
                paused == null ? was.paused() : paused,
                was.createdAt(),
                now);
    }

    private Endpoint store(AppView view, Endpoint now) {
        return store(view, now, null);
    }

    private Endpoint store(AppView view, Endpoint now, @Nullable Instant failSince) {
        Turn turn = Turn.of(view, now, failSince);
        Audit.about(subject(view, now), () -> turn.during(() -> pg.update(now)));
        publish(view, now);
        return now;
    }

    private static Audit.Subject subject(AppView view, Endpoint endpoint) {
        return new Audit.Subject(view.application().envNo(), view.application().id(), endpoint.id());
    }

    private void publish(AppView view, Endpoint now) {
        directory.put(view.with(now));
        changes.announce(new EndpointChange.Changed(now));
    }

    private static boolean taken(AppView view, @Nullable String uid, @Nullable Endpoint by) {
        Endpoint holder = uid == null ? null : view.endpoint(uid);
        return holder != null && (by == null || holder.no() != by.no());
    }

    private static Result<Endpoint> conflict(EndpointDraft draft) {
        return new Result.Conflict<>(
                "uid",
                "another endpoint of this application has the uid " + draft.uid()
                        + "; uids are unique within an application");
    }
}
