package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.dispatch.Dispatcher;
import io.posthorn.dispatch.EndpointHealth;
import io.posthorn.model.Endpoint;
import io.posthorn.runtime.Time;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How an endpoint is doing at this moment, asked of its lane. */
public final class EndpointHealthRoutes implements RouteModule {
    private static final int RETRY_SECONDS = 1;

    private final Catalog catalog;
    private final Dispatcher dispatcher;

    /**
     * The routes.
     *
     * @param catalog the endpoints
     * @param dispatcher has the lanes
     */
    public EndpointHealthRoutes(Catalog catalog, Dispatcher dispatcher) {
        this.catalog = catalog;
        this.dispatcher = dispatcher;
    }

    /**
     * How it is doing.
     *
     * @param status {@code disabled}, {@code paused}, {@code circuitOpen}, {@code held}, {@code failing} or
     *     {@code healthy}: the first that applies
     * @param failingSince when the first attempt failed after the last success
     * @param consecutiveFailures attempts since the last success
     * @param circuitOpenSince since when nothing is sent but probes
     * @param nextProbeAt when the next probe is due; null while one is under way, too
     * @param heldUntil until when the endpoint has asked to be left alone
     * @param inFlight requests under way
     * @param concurrencyLimit most requests under way at present
     * @param queued deliveries that wait in memory; those in the database are not counted
     */
    record HealthOut(
            String status,
            @Nullable Instant failingSince,
            int consecutiveFailures,
            @Nullable Instant circuitOpenSince,
            @Nullable Instant nextProbeAt,
            @Nullable Instant heldUntil,
            int inFlight,
            int concurrencyLimit,
            int queued) {
        static HealthOut of(EndpointHealth health, String status) {
            return new HealthOut(
                    status,
                    instant(health.failingSince()),
                    health.failures(),
                    instant(health.openSince()),
                    instant(health.probeAt()),
                    instant(health.heldUntil()),
                    health.inFlight(),
                    health.limit(),
                    health.queued());
        }

        private static @Nullable Instant instant(long micros) {
            return micros == 0 ? null : Time.instant(micros);
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.get(EndpointRoutes.ONE + "/health", Access.READ, this::health));
    }

    private Answer health(Call call) {
        AppView view = catalog.app(call.env(), call.path("app"));
        if (view == null) {
            return Answer.notFound("application");
        }
        Endpoint endpoint = view.endpoint(call.path("endpoint"));
        if (endpoint == null) {
            return Answer.notFound("endpoint");
        }
        EndpointHealth health = dispatcher.health(endpoint);
        return health == null
                ? Answer.unavailable("the endpoint's lane is busy, ask again", RETRY_SECONDS)
                : Answer.json(200, HealthOut.of(health, status(view, endpoint, health)));
    }

    private static String status(AppView view, Endpoint endpoint, EndpointHealth health) {
        if (endpoint.disabled()) {
            return "disabled";
        }
        if (endpoint.paused() || view.application().paused()) {
            return "paused";
        }
        if (health.openSince() > 0) {
            return "circuitOpen";
        }
        if (health.heldUntil() > 0) {
            return "held";
        }
        return health.failures() > 0 ? "failing" : "healthy";
    }
}
