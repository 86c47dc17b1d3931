package io.posthorn.dispatch;

import io.posthorn.catalog.Catalog;
import io.posthorn.egress.Egress;
import io.posthorn.egress.EgressPolicy;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.egress.Target;
import io.posthorn.egress.TargetResult;
import io.posthorn.model.Endpoint;
import io.posthorn.runtime.FairWorkers;
import io.posthorn.runtime.Time;
import io.posthorn.wire.ContentException;
import io.vertx.core.Context;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the routes of one event loop: the usual one, which does without a profile, or a {@link ShapedRoute}. An endpoint
 * that cannot be sent to gets a route on which every attempt fails, visibly.
 */
final class RouteFactory implements Routes {
    private static final Logger LOG = LoggerFactory.getLogger(RouteFactory.class);

    private final Catalog catalog;
    private final Egress egress;
    private final EgressPolicy policy;
    private final Listeners listeners;
    private final Context context;
    private final DispatchSettings settings;
    private final Shaping shaping;
    private final FairWorkers workers;
    private final TlsIdentities identities;
    private final Time time;

    RouteFactory(
            Catalog catalog,
            Egress egress,
            EgressPolicy policy,
            Listeners listeners,
            Context context,
            DispatchSettings settings,
            Shaping shaping,
            FairWorkers workers,
            TlsIdentities identities,
            Time time) {
        this.catalog = catalog;
        this.egress = egress;
        this.policy = policy;
        this.listeners = listeners;
        this.context = context;
        this.settings = settings;
        this.shaping = shaping;
        this.workers = workers;
        this.identities = identities;
        this.time = time;
    }

    @Override
    public Route of(Endpoint endpoint) {
        try {
            return PermittedRoute.of(made(endpoint), catalog, endpoint, context, time);
        } catch (ContentException e) {
            return failing(FailureKind.CONTENT, e.detail());
        } catch (RuntimeException e) {
            // A fault of ours that one endpoint brings to light must not stop the others.
            LOG.error("endpoint {} cannot be sent to", endpoint.id(), e);
            return failing(FailureKind.CONTENT, "no request could be made of the endpoint's settings: " + e);
        }
    }

    private Route made(Endpoint endpoint) throws ContentException {
        if (endpoint.temporary()) {
            return route(endpoint, listeners.sender(endpoint, context), new RequestMaker.UrlParts(endpoint.url(), ""));
        }
        return switch (Target.parse(endpoint.url(), policy)) {
            case TargetResult.Ok(Target target) ->
                route(
                        endpoint,
                        Credentials.sender(endpoint, target, egress, policy, identities, context, time),
                        new RequestMaker.UrlParts(target.toString(), target.path()));
            case TargetResult.Refused(String reason) -> failing(FailureKind.REFUSED_ADDRESS, reason);
        };
    }

    private Route route(Endpoint endpoint, Sender direct, RequestMaker.UrlParts url) throws ContentException {
        Sender sender = Credentials.isUsual(endpoint) ? direct : new OnceSender(direct, context, time);
        if (!RequestMaker.isNeeded(endpoint.shape())
                && catalog.profiles().of(endpoint).isStandard()) {
            return new EndpointRoute(sender, endpoint, catalog, context, settings, time);
        }
        RequestMaker maker = new RequestMaker(
                catalog,
                endpoint,
                () -> catalog.profiles().of(endpoint).profile(),
                url,
                settings.svixHeaders(),
                shaping,
                time);
        return new ShapedRoute(
                endpoint.no(),
                maker,
                workers,
                new OnceSender(direct, context, time),
                context,
                EndpointRoute.deadline(endpoint, settings),
                time);
    }

    /** Later and not now: a lane may have a thousand of them, and each answer starts the next. */
    private Route failing(FailureKind kind, String detail) {
        return (message, attempt, done) -> {
            Exchange failed = new Exchange(time.micros(), 0, new Outcome.Failure(kind, detail));
            context.runOnContext(ignored -> done.accept(failed));
        };
    }
}
