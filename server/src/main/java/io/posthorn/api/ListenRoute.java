package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Token;
import io.posthorn.dispatch.Listeners;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /api/v1/app/{app}/listen}: a WebSocket over which a developer's machine takes the deliveries of an
 * application, as {@link ListenFrames} describes. Who may use it is what may make endpoints.
 */
public final class ListenRoute implements RouteModule, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ListenRoute.class);
    private static final String PATH = "/api/v1/app/:app/listen";
    private static final Access ACCESS = Access.WRITE;
    private static final int RETRY_SECONDS = 10;
    private static final long CLOSED_WITHIN_SECONDS = 5;

    private final Vertx vertx;
    private final Catalog catalog;
    private final Listeners listeners;
    private final ListenSettings settings;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("listen-", 0).factory());
    private final Set<ListenSession> sessions = new HashSet<>();
    /** Upgrades under way and sessions; guarded, like the sessions, by them. */
    private int taken;

    private boolean closed;

    /**
     * The route, with no sessions.
     *
     * @param vertx whose event loops the connections are on
     * @param catalog of applications and tokens
     * @param listeners where the endpoints are made
     * @param settings the bounds
     */
    public ListenRoute(Vertx vertx, Catalog catalog, Listeners listeners, ListenSettings settings) {
        this.vertx = vertx;
        this.catalog = catalog;
        this.listeners = listeners;
        this.settings = settings;
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.live(PATH, ACCESS, this::handle));
    }

    /** On the event loop of the request, which is allowed. */
    private void handle(HttpServerRequest request, Call call) {
        if (!request.canUpgradeToWebSocket()) {
            Errors.write(
                    request,
                    Answer.error(
                            426,
                            "upgrade_required",
                            "this is a WebSocket: ask for it with `Connection: Upgrade` and `Upgrade: websocket`,"
                                    + " or use `posthorn listen`",
                            Map.of("upgrade", "websocket", "connection", "Upgrade")));
            return;
        }
        AppView app = catalog.app(call.env(), call.path("app"));
        if (app == null) {
            Errors.write(request, Answer.notFound("application"));
        } else if (!enter()) {
            Errors.write(
                    request,
                    Answer.unavailable(
                            "at most " + settings.sessions() + " listeners may be connected at a time", RETRY_SECONDS));
        } else {
            upgrade(request, call, app.application().id());
        }
    }

    private void upgrade(HttpServerRequest request, Call call, String appId) {
        Audit.Act act = act(call, appId);
        request.toWebSocket().onComplete(upgraded -> {
            if (upgraded.failed()) {
                leave(null);
                Errors.write(request, 400, "bad_request", "the WebSocket handshake is not complete");
                return;
            }
            ListenSession session = new ListenSession(
                    vertx,
                    upgraded.result(),
                    settings,
                    new ListenSession.Ground(
                            () -> Authenticator.stillPermits(catalog, request, ACCESS),
                            (wish, listener) -> ScopedValue.where(Audit.ACT, act)
                                    .call(() -> listeners.open(call.env(), appId, wish, listener)),
                            listeners::close,
                            this::block,
                            this::leave,
                            listeners.keptResponseBytes()));
            session.start();
            if (!add(session)) {
                session.close(ListenFrames.GOING_AWAY, "the server stops");
            }
        });
    }

    /** That somebody listens is a change like any other: an endpoint is made. That it goes is nobody's act. */
    private static Audit.Act act(Call call, String appId) {
        Token token = call.caller().token();
        return new Audit.Act(
                token.id(),
                token.name(),
                token.role(),
                token.envNo(),
                call.env(),
                Objects.requireNonNull(Contract.ours().operationId(HttpMethod.GET, PATH), "it is in openapi.yaml"),
                PATH.replace(":app", appId),
                appId,
                null,
                List.of(),
                call.source().address());
    }

    private void block(Runnable work) {
        try {
            threads.execute(work);
        } catch (RejectedExecutionException e) {
            LOG.debug("a listener came while the server stops; its session is closed with the others");
        }
    }

    private boolean enter() {
        synchronized (sessions) {
            if (closed || taken == settings.sessions()) {
                return false;
            }
            taken++;
            return true;
        }
    }

    private boolean add(ListenSession session) {
        synchronized (sessions) {
            sessions.add(session);
            return !closed;
        }
    }

    private void leave(@Nullable ListenSession session) {
        synchronized (sessions) {
            taken--;
            if (session != null) {
                sessions.remove(session);
            }
            sessions.notifyAll();
        }
    }

    /** How many sessions there are. */
    int sessions() {
        synchronized (sessions) {
            return sessions.size();
        }
    }

    /** Takes no more listeners, says goodbye to those that are there, and waits, at most 5 s, until they are gone. */
    @Override
    public void close() throws InterruptedException {
        List<ListenSession> open;
        synchronized (sessions) {
            closed = true;
            open = List.copyOf(sessions);
        }
        open.forEach(session -> session.close(ListenFrames.GOING_AWAY, "the server stops"));
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSED_WITHIN_SECONDS);
        synchronized (sessions) {
            for (long left = CLOSED_WITHIN_SECONDS * 1_000;
                    taken > 0 && left > 0;
                    left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime())) {
                sessions.wait(left);
            }
        }
        threads.shutdown();
        if (!threads.awaitTermination(CLOSED_WITHIN_SECONDS, TimeUnit.SECONDS)) {
            LOG.warn("the database does not answer a listener; its endpoint is left to the next start");
        }
    }
}
