package io.posthorn.app;

import io.posthorn.api.ApiPorts;
import io.posthorn.api.ApiServer;
import io.posthorn.api.ApiSettings;
import io.posthorn.api.ApplicationPace;
import io.posthorn.api.CancelRoutes;
import io.posthorn.api.ContentRoutes;
import io.posthorn.api.DeadLetterRoutes;
import io.posthorn.api.DeliveryCeilings;
import io.posthorn.api.EndpointHealthRoutes;
import io.posthorn.api.ExampleRoutes;
import io.posthorn.api.FastRoutes;
import io.posthorn.api.HistoryRoutes;
import io.posthorn.api.ListenRoute;
import io.posthorn.api.ListenSettings;
import io.posthorn.api.RecordRoute;
import io.posthorn.api.RedeliveryRoutes;
import io.posthorn.api.SyncRoutes;
import io.posthorn.api.TransformRoutes;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointLimit;
import io.posthorn.catalog.MailDomains;
import io.posthorn.catalog.PgAudit;
import io.posthorn.catalog.PgResealing;
import io.posthorn.catalog.RecordTokens;
import io.posthorn.catalog.SecretBox;
import io.posthorn.catalog.SecretBoxException;
import io.posthorn.catalog.WriteGuard;
import io.posthorn.dispatch.Cancellation;
import io.posthorn.dispatch.ContentDeletion;
import io.posthorn.dispatch.Discarding;
import io.posthorn.dispatch.DispatchSettings;
import io.posthorn.dispatch.Dispatcher;
import io.posthorn.dispatch.EndpointCheck;
import io.posthorn.dispatch.ProfileTests;
import io.posthorn.dispatch.Records;
import io.posthorn.dispatch.Recovery;
import io.posthorn.dispatch.Redelivery;
import io.posthorn.dispatch.RetrySchedule;
import io.posthorn.dispatch.Shaping;
import io.posthorn.dispatch.Thin;
import io.posthorn.dispatch.Trials;
import io.posthorn.egress.DnsResolver;
import io.posthorn.egress.EgressPolicy;
import io.posthorn.egress.EgressSettings;
import io.posthorn.egress.Target;
import io.posthorn.egress.TargetResult;
import io.posthorn.fanout.Fanout;
import io.posthorn.history.Backlog;
import io.posthorn.history.PgBacklog;
import io.posthorn.history.PgCancellations;
import io.posthorn.history.PgContents;
import io.posthorn.history.PgDeadLetters;
import io.posthorn.history.PgEndpointTroubles;
import io.posthorn.history.PgHistory;
import io.posthorn.history.PgOutcomeStore;
import io.posthorn.history.PgRedeliveries;
import io.posthorn.history.PgUnsettled;
import io.posthorn.history.Recorder;
import io.posthorn.history.Retention;
import io.posthorn.history.SettledPositions;
import io.posthorn.intake.Intake;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.PgAnswerKeys;
import io.posthorn.intake.PgJournal;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.notify.MailSettings;
import io.posthorn.notify.NoticeQueue;
import io.posthorn.notify.Notifier;
import io.posthorn.notify.NotifySettings;
import io.posthorn.notify.PgNotices;
import io.posthorn.runtime.Notices;
import io.posthorn.runtime.SteadyTime;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.DatabaseException;
import io.posthorn.store.DatabaseSettings;
import io.posthorn.store.Ownership;
import io.posthorn.store.StaleOwnerException;
import io.posthorn.store.WriterConnection;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running server: all rooms, wired and started. */
public final class Server {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);
    private static final long MOST_FOR_STOPPING_MILLIS = 120_000;
    private static final int OUTCOMES_THAT_MAY_WAIT = 20_000;

    /** One step of stopping. */
    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }

    private record Stopping(String what, Step step) {}

    private final Deque<Stopping> stopping = new ArrayDeque<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Config config;
    private boolean stopCalled;
    private boolean failed;
    private int port;

    private Server(Config config) {
        this.config = config;
    }

    /**
     * Starts everything and returns when requests are accepted.
     *
     * @param config the settings
     * @throws StartException if it cannot start; the message is for people
     */
    public static Server start(Config config) throws StartException {
        Server server = new Server(config);
        try {
            server.start();
            return server;
        } catch (StartException e) {
            server.stop();
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            server.stop();
            throw new StartException("interrupted while starting", e);
        } catch (DatabaseException
                | IOException
                | SQLException
                | Backlog.BacklogUnavailable
                | SecretBoxException
                | StaleOwnerException e) {
            server.stop();
            throw new StartException(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            server.stop();
            throw new StartException(e.toString(), e);
        }
    }

    private void start()
            throws DatabaseException, IOException, SQLException, InterruptedException, Backlog.BacklogUnavailable,
                    StaleOwnerException, StartException {
        long began = System.nanoTime();
        Time time = Time.system();
        Database database = Database.open(databaseSettings());
        onStop("database", database::close);
        Ownership ownership = database.own(nodeName());
        onStop("ownership", ownership::close);
        SecretBox box =
                SecretBox.open(reveal(config.secretKey()), reveal(config.secretKeyPrevious()), config.dataDir());
        SteadyTime steady = new SteadyTime(time);
        InstantSource instants = () -> Time.instant(steady.micros());
        Clock clock = instants.withZone(ZoneOffset.UTC);
        PgAudit audit = new PgAudit(database.jdbi(), ownership::fence, clock);
        PgAnswerKeys answerKeys = new PgAnswerKeys(database.jdbi(), box, ownership::fence, clock);
        Ids ids = new Ids(database.idKey());
        PgNotices notices = new PgNotices(notifySettings(), ids, database.dataSource(), ownership::fence, time);
        NoticeQueue told = new NoticeQueue(notices);
        WriteGuard acts = notices.marking(answerKeys.marking(audit.guard()));
        Catalog catalog = Catalog.load(database.jdbi(), box, clock, acts, endpointLimit(told));
        int left = catalog.endpoints().deleteTemporary();
        if (left > 0) {
            LOG.info("Removed {} endpoints whose listeners were connected to an earlier run", left);
        }
        notices.open(catalog);

        int loops = config.eventLoops() == 0 ? Runtime.getRuntime().availableProcessors() : config.eventLoops();
        Vertx vertx =
                Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(loops));
        onStop(
                "event loops",
                () -> vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS));
        ServerMetrics metrics = new ServerMetrics();
        onStop("metrics", metrics::close);
        DnsResolver resolver = new DnsResolver(egressSettings().dnsCache());
        onStop("resolver", resolver::close);

        SettledPositions positions = new SettledPositions();
        PgOutcomeStore outcomes = new PgOutcomeStore(
                new WriterConnection(database, ownership, "posthorn-history"), database.partitions(), notices);
        onStop("history", outcomes::close);
        Recorder recorder = new Recorder(OUTCOMES_THAT_MAY_WAIT, outcomes, positions, metrics, time, this::failed);
        PgBacklog backlog = new PgBacklog(database.dataSource(), ids);
        RecordTokens recordTokens = new RecordTokens(box);
        Shaping shaping =
                new Shaping(new Thin(recordTokens, this::publicUrl, config.recordLinkLifetime()), this::publicUrl);
        Dispatcher dispatcher = new Dispatcher(
                vertx,
                loops,
                dispatchSettings(database.idKey()),
                egressSettings(),
                resolver,
                catalog,
                recorder,
                positions,
                backlog,
                new PgEndpointTroubles(database.dataSource(), ownership::fence),
                shaping,
                time,
                metrics,
                told,
                this::failed);
        onStop("deliveries", () -> dispatcher.stop(config.shutdownGrace().toMillis()));
        Trials trials = new Trials(catalog, shaping, time);
        onStop("dry runs", trials::close);
        dispatcher.loadTroubles();
        metrics.backlogFound(dispatcher.loadBacklog());
        Recovery.Recovered recovered =
                new Recovery(new PgUnsettled(database.dataSource(), ids), positions, catalog, dispatcher).run();
        steady.atLeast(Math.max(recovered.latest(), youngest(catalog)));
        if (recovered.deliveries() > 0) {
            LOG.info(
                    "Recovered {} deliveries of {} messages that were accepted and not settled",
                    recovered.deliveries(),
                    recovered.messages());
        }

        PgJournal journal = new PgJournal(
                new WriterConnection(database, ownership, "posthorn-intake"),
                database.partitions(),
                ids,
                steady,
                recovered.heads(),
                recovered.latest());
        Fanout fanout = new Fanout(catalog, dispatcher);
        Intake intake = new Intake(
                config.intakeQueueMessages(),
                config.intakeQueueBytes(),
                journal,
                fanout::accepted,
                metrics,
                this::failed);
        intake.start();
        onStop("intake", intake::close);
        Notifier notifier = new Notifier(
                notifySettings(),
                notices,
                told,
                catalog,
                ids,
                Long.toHexString(database.idKey()),
                intake::submit,
                metrics::backlog,
                metrics);
        notifier.start();
        onStop("operational webhooks and mail", notifier::close);
        Redelivery redelivery = new Redelivery(
                new PgRedeliveries(database.dataSource(), acts::check, ids),
                catalog,
                dispatcher,
                metrics,
                time,
                this::failed);
        redelivery.start();
        onStop("background tasks", redelivery::close);
        SizeWatch sizes =
                new SizeWatch(database::diskUse, config.databaseMaxSize(), intake::refuse, told::databaseSizeReached);
        sizes.start();
        onStop("size watch", sizes::close);
        metrics.gauge(
                "posthorn.database.bytes",
                "Room that the database takes",
                () -> sizes.last().bytes());
        metrics.gauge("posthorn.database.max.bytes", "Room that it may take; 0 for any", config::databaseMaxSize);
        metrics.gauge(
                "posthorn.database.free.bytes",
                "Free room on the disk of the embedded database",
                () -> sizes.last().free());
        Retention retention = Keeping.retention(config, database, ownership, clock, dispatcher, told, metrics);
        retention.start();
        onStop("retention", retention::close);
        Caretaker caretaker = new Caretaker(database.partitions(), catalog, audit, answerKeys, clock);
        onStop("caretaker", caretaker::close);
        if (box.hasPrevious()) {
            PgResealing resealing =
                    new PgResealing(database.jdbi(), box, ownership::fence, PgAnswerKeys.sealed(), PgResealing.BATCH);
            resealing.start();
            onStop("sealing anew", resealing::close);
        }
        gauges(metrics, intake, recorder, dispatcher, positions);
        metrics.gauge(
                "posthorn.operational.waiting",
                "Operational webhooks in the outbox, up to a million",
                notifier::eventsWaiting);
        metrics.gauge("posthorn.mails.waiting", "Mails that are not sent yet", notifier::mailsWaiting);

        String token = catalog.ensureAdminToken(reveal(config.adminToken()));
        if (token != null) {
            System.err.println("The administrator's token, shown this once: " + token);
        }
        EgressPolicy policy = egressSettings().policy();
        ListenRoute listen = new ListenRoute(
                vertx, catalog, dispatcher.listeners(), ListenSettings.of((int) config.responseKeepBytes()));
        PgHistory history = new PgHistory(database.dataSource(), ids, Math.max(1, config.databasePoolSize() / 2));
        PgContents contents = new PgContents(database.dataSource(), acts::check, ownership::fence);
        ApplicationPace pace = new ApplicationPace(System::nanoTime);
        PayloadChecks checks = new PayloadChecks(catalog, metrics, Math.max(1, loops / 2));
        onStop("payload checks", checks::close);
        SyncRoutes sync = new SyncRoutes(vertx, catalog, checks, intake, dispatcher::call, pace, answerKeys);
        onStop("synchronous messages", sync::close);
        Records made = new Records(catalog, shaping, time);
        onStop("records", made::close);
        RecordRoute records = new RecordRoute(vertx, catalog, history, recordTokens, made, instants, System::nanoTime);
        onStop("links to records", records::close);
        ApiServer api = new ApiServer(
                vertx,
                apiSettings(loops),
                new ApiPorts(
                        catalog,
                        url -> Target.parse(url, policy) instanceof TargetResult.Refused(String reason) ? reason : null,
                        MailDomains.of(config.notificationDomains())::refuse,
                        () -> ownership.held() && database.reachable(),
                        metrics::scrape,
                        answerKeys,
                        audit,
                        new EndpointCheck(
                                dispatcher.exchanges(), policy, this::publicUrl, new ProfileTests(catalog), time),
                        FastRoutes.accepting(
                                        catalog,
                                        intake,
                                        config.requestDeadline(),
                                        Keeping.longestDelay(config),
                                        pace,
                                        checks)
                                .or(sync.fast())
                                .or(records.fast()),
                        List.of(
                                sync,
                                new HistoryRoutes(catalog, history, ids),
                                new ExampleRoutes(catalog, intake, pace, config.requestDeadline(), instants),
                                new TransformRoutes(catalog, history, ids, trials, instants),
                                new ContentRoutes(
                                        catalog,
                                        history,
                                        ids,
                                        new ContentDeletion(dispatcher, contents, metrics),
                                        contents),
                                listen,
                                new CancelRoutes(
                                        catalog,
                                        history,
                                        ids,
                                        new Cancellation(
                                                dispatcher,
                                                new PgCancellations(
                                                        database.dataSource(), database.partitions(), acts::check),
                                                metrics,
                                                steady)),
                                new EndpointHealthRoutes(catalog, dispatcher),
                                new RedeliveryRoutes(catalog, history, ids, redelivery, clock),
                                new DeadLetterRoutes(
                                        catalog,
                                        history,
                                        ids,
                                        redelivery,
                                        new Discarding(
                                                new PgDeadLetters(
                                                        database.dataSource(), acts::check, ids, database.partitions()),
                                                dispatcher,
                                                metrics,
                                                time),
                                        clock))));
        listen(api);
        onStop(
                "API",
                () -> api.close(config.shutdownGrace())
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(config.shutdownGrace().toMillis() + 5_000, TimeUnit.MILLISECONDS));
        onStop("listeners", listen::close);
        onStop("new deliveries", dispatcher::beginNoMore);
        ownership.onLost(this::lost);
        LOG.info(
                "Posthorn listens on {}:{} after {} ms",
                config.host(),
                port,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
    }

    private void listen(ApiServer api) throws StartException, InterruptedException {
        try {
            api.start().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            throw new StartException(
                    "cannot listen on " + config.host() + ":" + config.port() + ": " + cause.getMessage()
                            + " (choose another with --port or --host)",
                    cause);
        }
        port = api.port();
    }

    /** Another node owns the shards: whatever this one did from now on would be refused, so it ends. */
    private void lost() {
        LOG.error("another node has taken the installation over; this one stops");
        stopAsFailed();
    }

    /** A part has failed that nothing works without. What can still be put in order is; then the process ends. */
    private void failed(String part, Throwable why) {
        LOG.error("{} has failed, Posthorn stops: start it again, it goes on where it was", part, why);
        stopAsFailed();
    }

    private void stopAsFailed() {
        synchronized (this) {
            if (failed || stopCalled) {
                return;
            }
            failed = true;
        }
        Thread.ofPlatform().name("stop-failed").start(this::stop);
        Thread.ofPlatform().name("stop-failed-deadline").daemon().start(this::haltIfItHangs);
    }

    /** What has failed may hold up an orderly stop; a process that hangs helps nobody. */
    private void haltIfItHangs() {
        long millis = 2 * config.shutdownGrace().toMillis() + MOST_FOR_STOPPING_MILLIS;
        try {
            if (!stopped.await(millis, TimeUnit.MILLISECONDS)) {
                LOG.error("Posthorn does not stop in order, so it is ended");
                Runtime.getRuntime().halt(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** When the youngest endpoint was made, microseconds since 1970. */
    private static long youngest(Catalog catalog) {
        long youngest = Long.MIN_VALUE;
        for (AppView app : catalog.apps()) {
            for (Endpoint endpoint : app.endpoints()) {
                youngest = Math.max(youngest, Time.micros(endpoint.createdAt()));
            }
        }
        return youngest;
    }

    private static void gauges(
            ServerMetrics metrics,
            Intake intake,
            Recorder recorder,
            Dispatcher dispatcher,
            SettledPositions positions) {
        metrics.gauge("posthorn.intake.waiting", "Messages that wait for their commit", intake::waiting);
        metrics.gauge("posthorn.history.waiting", "Outcomes that wait for their commit", recorder::waiting);
        metrics.gauge("posthorn.deliveries.inflight", "Requests under way", dispatcher::inFlight);
        metrics.gauge("posthorn.deliveries.queued", "Deliveries that wait in memory", dispatcher::queued);
        metrics.gauge("posthorn.circuits.open", "Endpoints whose circuit is open", dispatcher::openCircuits);
        metrics.gauge("posthorn.deliveries.memory.bytes", "Memory that deliveries take", dispatcher::memoryBytes);
        metrics.gauge(
                "posthorn.messages.unsettled",
                "Messages above the settled positions of their shards",
                positions::unsettled);
    }

    private EndpointLimit endpointLimit(Notices notices) {
        return new EndpointLimit(config.endpointLimit(), new EndpointLimit.Watcher() {
            @Override
            public void reached(Application application, int limit, int active) {
                notices.endpointLimitReached(application.no(), limit, active);
            }

            @Override
            public void scopesTaken(
                    Application application, List<String> scopes, int endpoints, List<String> eventTypes) {
                notices.scopesTaken(application.no(), scopes, endpoints, eventTypes);
            }
        });
    }

    private DatabaseSettings databaseSettings() {
        return new DatabaseSettings(
                config.dataDir(),
                config.databaseUrl(),
                config.databaseUser(),
                config.databasePassword() == null
                        ? null
                        : config.databasePassword().reveal(),
                config.databasePoolSize(),
                config.embeddedPort());
    }

    private EgressSettings egressSettings() {
        EgressSettings standard = EgressSettings.standard("Posthorn/" + version());
        return new EgressSettings(
                config.allowHttp(),
                config.allowNetwork(),
                config.connectTimeout(),
                standard.idleTimeout(),
                standard.maxIdle(),
                (int) config.responseKeepBytes(),
                standard.maxResponseBytes(),
                standard.userAgent(),
                config.extraCa(),
                standard.dnsCache());
    }

    private DispatchSettings dispatchSettings(long keyOfKeys) {
        return new DispatchSettings(
                config.endpointInFlight(),
                config.inFlight(),
                config.attemptTimeout(),
                config.laneQueue(),
                config.memoryQueueBytes(),
                new RetrySchedule(
                        config.retrySchedule(),
                        config.retryJitter(),
                        config.retryAfterMax(),
                        () -> ThreadLocalRandom.current().nextDouble()),
                keyOfKeys,
                config.svixHeaders());
    }

    private NotifySettings notifySettings() {
        String url = reveal(config.smtpUrl());
        return new NotifySettings(
                config.operationalApplication(),
                config.backlogThreshold(),
                MailDomains.of(config.notificationDomains()),
                url == null ? null : MailSettings.of(url, config.smtpStarttls(), config.smtpFrom(), config.extraCa()));
    }

    private ApiSettings apiSettings(int loops) {
        ApiSettings standard = ApiSettings.of(config.host(), config.port(), loops);
        return new ApiSettings(
                config.host(),
                config.port(),
                loops,
                (int) config.maxBodyBytes(),
                (int) Math.max(1, config.requestDeadline().toSeconds()),
                standard.maxConnections(),
                standard.maxBlocking(),
                standard.idleSeconds(),
                config.secretOverlap(),
                config.tokenRateLimit(),
                new DeliveryCeilings(config.attemptTimeout(), config.endpointInFlight()),
                config.publicUrl());
    }

    /** Where people reach the server. */
    private String publicUrl() {
        return ApiServer.publicUrl(config.publicUrl(), config.host(), port);
    }

    private static @Nullable String reveal(@Nullable Secret secret) {
        return secret == null ? null : secret.reveal();
    }

    private static String version() {
        String version = Server.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    private static String nodeName() {
        return "pid " + ProcessHandle.current().pid();
    }

    private synchronized void onStop(String what, Step step) {
        stopping.push(new Stopping(what, step));
    }

    /** The port that it listens on, also if the setting was 0. */
    public int port() {
        return port;
    }

    /**
     * Waits until somebody has stopped it.
     *
     * @return false if it stopped by itself, because it had failed or another node had taken over
     */
    public boolean awaitStop() {
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            return !failed;
        }
    }

    /**
     * Stops in order: no new requests, those under way finish within {@link Config#shutdownGrace()}, the rest is
     * deferred. Returns when it has stopped; more calls do no harm.
     */
    public void stop() {
        synchronized (this) {
            if (stopCalled) {
                return;
            }
            stopCalled = true;
            if (port != 0) {
                LOG.info(
                        "Posthorn stops: requests under way have {} s",
                        config.shutdownGrace().toSeconds());
            }
        }
        Logging.stopping();
        for (@Nullable Stopping next = stopping.poll(); next != null; next = stopping.poll()) {
            try {
                next.step.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                LOG.warn("interrupted while stopping: {}", next.what);
            } catch (Exception e) {
                LOG.warn("while stopping: {}", next.what, e);
            }
        }
        stopped.countDown();
    }
}
