package io.posthorn.api;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The HTTP server: one instance for each event loop in use, all on one port. */
public final class ApiServer {
    private static final int INITIAL_LINE = 8_192;
    /** To Vert.x: any free port, the same one for all instances (0 would be another one for each). */
    private static final int ANY_SHARED = -1;

    private static final int HEADERS = 16_384;
    /** To listen on: all addresses of the machine. */
    private static final Set<String> ANY_ADDRESS = Set.of("0.0.0.0", "::");

    private final Vertx vertx;
    private final ApiSettings settings;
    private final ApiPorts ports;
    private final Authenticator authenticator;
    private final Bodies bodies;
    private final Blocking blocking;
    private final Pipeline pipeline;
    private final HealthRoute health;
    private final DocsRoute docs;
    private final List<RouteModule> modules;
    private final List<HttpServer> servers = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile int port;

    /**
     * A server that does not listen yet.
     *
     * @param vertx whose event loops it uses
     * @param settings where, and its bounds
     * @param ports what it stands on
     */
    public ApiServer(Vertx vertx, ApiSettings settings, ApiPorts ports) {
        this.vertx = vertx;
        this.settings = settings;
        this.ports = ports;
        this.port = settings.port();
        this.authenticator = new Authenticator(ports.catalog(), settings.tokenRateLimit(), System::nanoTime);
        this.bodies = new Bodies(vertx, settings);
        this.blocking = new Blocking(vertx, settings.maxBlocking());
        this.pipeline =
                new Pipeline(ports.catalog(), authenticator, bodies, blocking, ports.answerKeys(), ports.audit());
        this.docs = new DocsRoute(blocking);
        this.health = new HealthRoute(vertx, ports.healthy());
        SecretRule secretRule = new SecretRule(ports.catalog());
        EndpointCheckRoutes checks = new EndpointCheckRoutes(ports.catalog(), ports.checks(), ports.audit());
        this.modules = Stream.concat(
                        Stream.of(
                                new ApplicationRoutes(ports.catalog()),
                                new EndpointRoutes(
                                        ports.catalog(),
                                        ports.urlRule(),
                                        secretRule,
                                        settings.ceilings(),
                                        ports.mailRule(),
                                        checks),
                                checks,
                                new EndpointSettingRoutes(ports.catalog(), secretRule, settings.secretOverlap()),
                                new EventTypeRoutes(ports.catalog()),
                                new CatalogueRoutes(ports.catalog()),
                                new TokenRoutes(ports.catalog()),
                                new EnvironmentRoutes(ports.catalog()),
                                new ProfileRoutes(ports.catalog(), settings.ceilings(), ports.mailRule()),
                                new PortalRoutes(ports.catalog(), this::publicUrl),
                                new AuditRoutes(ports.audit())),
                        ports.modules().stream())
                .toList();
    }

    /** Listens; fails if the address cannot be had. */
    public Future<Void> start() {
        // Reading openapi.yaml takes a while, and no event loop shall wait for it when the first request comes.
        Thread.ofPlatform().name("contract").daemon().start(Contract::ours);
        return vertx.deployVerticle(Instance::new, new DeploymentOptions().setInstances(settings.instances()))
                .mapEmpty();
    }

    /** Every operation but the few that are open to everybody. */
    List<Operation> operations() {
        return modules.stream().flatMap(module -> module.operations().stream()).toList();
    }

    /** Where people reach this server. */
    public String publicUrl() {
        return publicUrl(settings.publicUrl(), settings.host(), port);
    }

    /**
     * Where people reach a server.
     *
     * @param given what its operator says; null to go by the address that it listens on
     * @param host of that
     * @param port of that
     */
    public static String publicUrl(@Nullable String given, String host, int port) {
        if (given != null) {
            return given;
        }
        String name = ANY_ADDRESS.contains(host) ? "localhost" : host;
        return "http://" + (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + ":" + port;
    }

    /** The port it listens on, once it has started. */
    public int port() {
        return port;
    }

    /**
     * Takes no more requests, lets those under way finish, and closes.
     *
     * @param grace how long they may take; then their connections are cut
     * @return done when all is closed
     */
    public Future<Void> close(Duration grace) {
        List<Future<Void>> closing = servers.stream()
                .map(server -> server.shutdown(grace.toMillis(), TimeUnit.MILLISECONDS))
                .toList();
        return Future.join(closing)
                .eventually(() -> vertx.executeBlocking(() -> {
                    blocking.close();
                    return null;
                }))
                .mapEmpty();
    }

    private final class Instance extends VerticleBase {
        @Override
        public Future<?> start() {
            Router router = router();
            FastRoute fast = ports.fastRoutes().on(context, authenticator, bodies, settings.maxBodyBytes());
            HttpServer server = vertx.createHttpServer(options())
                    .connectionHandler(connection -> {
                        if (connections.incrementAndGet() > settings.maxConnections()) {
                            connection.close();
                        }
                        connection.closeHandler(closed -> connections.decrementAndGet());
                    })
                    .requestHandler(request -> handle(request, fast, router));
            servers.add(server);
            return server.listen().onSuccess(listening -> port = listening.actualPort());
        }
    }

    private HttpServerOptions options() {
        return new HttpServerOptions()
                .setHost(settings.host())
                .setPort(settings.port() == 0 ? ANY_SHARED : settings.port())
                .setTcpNoDelay(true)
                .setMaxInitialLineLength(INITIAL_LINE)
                .setMaxHeaderSize(HEADERS)
                .setIdleTimeout(settings.idleSeconds())
                .setIdleTimeoutUnit(TimeUnit.SECONDS)
                // what is compressed has no bound before it is unpacked
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                // HTTP/2 without TLS is for proxies that insist on it; none is known to, and one protocol less is
                // one less to bound
                .setHttp2ClearTextEnabled(false);
    }

    private static void handle(HttpServerRequest request, FastRoute fast, Router router) {
        try {
            if (!fast.tryHandle(request)) {
                router.handle(request);
            }
        } catch (RuntimeException e) {
            Errors.write(request, Failures.answer(e));
        }
    }

    private Router router() {
        Router router = Router.router(vertx);
        health.mount(router);
        docs.mount(router);
        PortalPage.mount(router);
        router.get("/metrics")
                .handler(ctx -> blocking.run(
                        ctx.request(),
                        () -> Answer.text(
                                200,
                                "text/plain; version=0.0.4; charset=utf-8",
                                ports.metrics().get())));
        router.route("/api/v1/*").handler(this::authenticate);
        for (Operation operation : operations()) {
            router.route(operation.method(), operation.path()).handler(ctx -> pipeline.handle(ctx, operation));
        }
        router.errorHandler(400, ctx -> Errors.write(ctx.request(), Errors.BAD_ENCODING));
        router.errorHandler(
                404,
                ctx -> Errors.write(
                        ctx.request(),
                        404,
                        "not_found",
                        "there is nothing at this path in this version of the server"));
        router.errorHandler(405, ctx -> wrongMethod(router, ctx));
        router.errorHandler(500, ApiServer::failed);
        return router;
    }

    private static void wrongMethod(Router router, RoutingContext ctx) {
        String allowed = Allowed.methods(router, ctx.normalizedPath());
        Errors.write(
                ctx.request(),
                Answer.error(
                        405,
                        "method_not_allowed",
                        "this path does not take " + ctx.request().method() + ", but " + allowed,
                        Map.of("allow", allowed)));
    }

    private static void failed(RoutingContext ctx) {
        Throwable failure = ctx.failure();
        Errors.write(
                ctx.request(),
                Failures.answer(
                        failure == null ? new IllegalStateException("a route failed without a reason") : failure));
    }

    /** Who has no token does not learn which paths there are. */
    private void authenticate(RoutingContext ctx) {
        if (pipeline.authenticated(ctx)) {
            ctx.next();
        }
    }
}
