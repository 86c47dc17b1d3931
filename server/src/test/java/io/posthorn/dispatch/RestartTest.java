package io.posthorn.dispatch;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.posthorn.Requirement;
import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.RecordTokens;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.SecretBox;
import io.posthorn.egress.DnsResolver;
import io.posthorn.egress.EgressSettings;
import io.posthorn.fanout.Fanout;
import io.posthorn.history.PgBacklog;
import io.posthorn.history.PgEndpointTroubles;
import io.posthorn.history.PgOutcomeStore;
import io.posthorn.history.PgUnsettled;
import io.posthorn.history.Recorder;
import io.posthorn.history.RecorderMetrics;
import io.posthorn.history.SettledPositions;
import io.posthorn.history.Settlement;
import io.posthorn.intake.AcceptResult;
import io.posthorn.intake.Intake;
import io.posthorn.intake.IntakeMetrics;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.PgJournal;
import io.posthorn.intake.Submission;
import io.posthorn.model.Attempt;
import io.posthorn.model.Ids;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.CuttingProxy;
import io.posthorn.store.Database;
import io.posthorn.store.DatabaseSettings;
import io.posthorn.store.Ownership;
import io.posthorn.store.TestDatabase;
import io.posthorn.store.WriterConnection;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Everything from the intake to the receiver, with a real database, dropped and started again. */
@Timeout(60)
class RestartTest {
    @TempDir
    private Path folder;

    private DatabaseSettings settings;
    private Receiver receiver;
    private Node node;

    @BeforeEach
    void open() throws Exception {
        settings = TestDatabase.settings();
        receiver = new Receiver();
        node = new Node();
    }

    @AfterEach
    void close() throws Exception {
        receiver.release.countDown();
        node.drop();
        receiver.close();
    }

    /** Counts what arrives at {@code /1}, {@code /2} and so on; the answer is decided by the test. */
    private static final class Receiver {
        private final HttpServer server;
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        final Map<String, Integer> arrived = new ConcurrentHashMap<>();
        final CountDownLatch release = new CountDownLatch(1);
        volatile IntUnaryOperator answers = endpoint -> 200;
        volatile int hangs = -1;
        private int waitedFor;
        private CountDownLatch enough = new CountDownLatch(1);

        Receiver() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 1_000);
            server.setExecutor(threads);
            server.createContext("/", this::handle);
            server.start();
        }

        private void handle(HttpExchange exchange) throws IOException {
            try (exchange) {
                int endpoint =
                        Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
                String id = exchange.getRequestHeaders().getFirst("webhook-id");
                exchange.getRequestBody().readAllBytes();
                int code = answers.applyAsInt(endpoint);
                if (code == 200) {
                    count(id + " " + endpoint);
                }
                if (hangs == endpoint) {
                    release.await();
                }
                exchange.sendResponseHeaders(code, -1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized void count(String pair) {
            arrived.merge(pair, 1, Integer::sum);
            if (arrived.size() >= waitedFor) {
                enough.countDown();
            }
        }

        /** Waits until so many different pairs of message and endpoint have arrived. */
        void await(int pairs) throws InterruptedException {
            CountDownLatch latch;
            synchronized (this) {
                waitedFor = pairs;
                enough = new CountDownLatch(arrived.size() >= pairs ? 0 : 1);
                latch = enough;
            }
            assertThat(latch.await(30, TimeUnit.SECONDS))
                    .as("%d of %d pairs", arrived.size(), pairs)
                    .isTrue();
        }

        void close() {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    private static final class Signals implements IntakeMetrics, RecorderMetrics, DispatchMetrics {
        /** A success is in the log. */
        final CountDownLatch delivered = new CountDownLatch(1);

        @Override
        public void asked(long deliveries) {}

        @Override
        public void messagesCommitted(int messages, long nanos) {}

        @Override
        public void messagesRefused(int messages) {}

        @Override
        public void messagesUnavailable(int messages) {}

        @Override
        public void outcomesCommitted(List<Settlement> outcomes, int backlogChange, long nanos) {
            if (outcomes.stream().anyMatch(outcome -> outcome.verdict() instanceof Verdict.Delivered)) {
                delivered.countDown();
            }
        }

        @Override
        public void forgotten(long deliveries) {}

        @Override
        public void outcomesFailed() {}

        @Override
        public void attempted(Attempt attempt, Verdict verdict, long sinceAcceptedMicros) {}

        @Override
        public void circuitOpened() {}

        @Override
        public void unwanted() {}

        @Override
        public void superseded() {}

        @Override
        public void parked() {}
    }

    /** A server without HTTP, wired as the real one. */
    private final class Node {
        final Signals metrics = new Signals();
        final CuttingProxy proxy = new CuttingProxy(settings);
        final Database db;
        final Ownership owner;
        final Catalog catalog;
        final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
        final DnsResolver resolver = new DnsResolver(Duration.ofSeconds(1));
        final SettledPositions positions = new SettledPositions();
        final PgOutcomeStore outcomes;
        final Recorder recorder;
        final Dispatcher dispatcher;
        final Intake intake;
        final Recovery.Recovered recovered;
        final List<Throwable> faults = new ArrayList<>();

        Node() throws Exception {
            Time time = Time.system();
            db = Database.open(proxy.through(settings));
            owner = db.own("restart test");
            catalog = Catalog.load(db.jdbi(), SecretBox.open(null, folder), Clock.systemUTC(), owner::fence);
            Ids ids = new Ids(db.idKey());
            outcomes = new PgOutcomeStore(new WriterConnection(db, owner, "history"), db.partitions());
            recorder = new Recorder(1_000, outcomes, positions, metrics, time, this::failed);
            EgressSettings open = EgressSettings.standard("test");
            EgressSettings egress = new EgressSettings(
                    true,
                    List.of("127.0.0.0/8"),
                    open.connectTimeout(),
                    open.idleTimeout(),
                    open.maxIdle(),
                    open.keptResponseBytes(),
                    open.maxResponseBytes(),
                    open.userAgent(),
                    null,
                    open.dnsCache());
            DispatchSettings dispatch = new DispatchSettings(
                    10,
                    100,
                    Duration.ofSeconds(20),
                    50,
                    16 << 20,
                    new RetrySchedule(
                            java.util.Collections.nCopies(50, Duration.ofMillis(200)),
                            0,
                            Duration.ofSeconds(1),
                            () -> 0.5),
                    17,
                    false);
            dispatcher = new Dispatcher(
                    vertx,
                    2,
                    dispatch,
                    egress,
                    resolver,
                    catalog,
                    recorder,
                    positions,
                    new PgBacklog(db.dataSource(), ids),
                    new PgEndpointTroubles(db.dataSource(), tx -> {}),
                    new Shaping(
                            new Thin(
                                    new RecordTokens(SecretBox.open(null, folder)),
                                    () -> "http://localhost",
                                    Duration.ofHours(1)),
                            () -> "http://localhost"),
                    time,
                    metrics,
                    io.posthorn.runtime.Notices.NONE,
                    this::failed);
            dispatcher.loadBacklog();
            recovered = new Recovery(new PgUnsettled(db.dataSource(), ids), positions, catalog, dispatcher).run();
            PgJournal journal = new PgJournal(
                    new WriterConnection(db, owner, "intake"),
                    db.partitions(),
                    ids,
                    time,
                    recovered.heads(),
                    recovered.latest());
            intake = new Intake(
                    100_000, 64 << 20, journal, new Fanout(catalog, dispatcher)::accepted, metrics, this::failed);
            intake.start();
        }

        private synchronized void failed(String part, Throwable why) {
            faults.add(why);
        }

        /** As {@code kill -9}, as far as the database and the receivers can tell. */
        void drop() throws Exception {
            proxy.close();
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
            recorder.close(1);
            intake.close();
            outcomes.close();
            rest();
        }

        /** As the server does it. */
        void stop(long graceMillis) throws Exception {
            intake.close();
            dispatcher.stop(graceMillis);
            outcomes.close();
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
            rest();
            proxy.close();
            assertThat(faults).isEmpty();
        }

        private void rest() {
            resolver.close();
            owner.close();
            db.close();
        }

        /** Returns when all are answered; the ids of those accepted. */
        Set<String> accept(int count) throws InterruptedException {
            int app = catalog.apps().iterator().next().application().no();
            Set<String> accepted = ConcurrentHashMap.newKeySet();
            CountDownLatch answered = new CountDownLatch(count);
            for (int i = 0; i < count; i++) {
                byte[] payload = ("{\"n\":" + i + "}").getBytes(StandardCharsets.UTF_8);
                assertThat(intake.submit(List.of(new Submission(
                                new NewMessage(app, "a.b", null, List.of(), List.of(), payload, null),
                                Runnable::run,
                                result -> {
                                    if (result instanceof AcceptResult.Accepted(var message)) {
                                        accepted.add(message.id);
                                    }
                                    answered.countDown();
                                }))))
                        .isTrue();
            }
            assertThat(answered.await(20, TimeUnit.SECONDS)).isTrue();
            return accepted;
        }

        void endpoints(int from, int to) {
            for (int no = from; no <= to; no++) {
                assertThat(catalog.endpoints().create(DEFAULT_NO, "a", draft(no, false)))
                        .isInstanceOf(Result.Created.class);
            }
        }

        void application() {
            assertThat(catalog.applications().create(DEFAULT_NO, new AppDraft("a", "a", Map.of(), null), false))
                    .isInstanceOf(Result.Created.class);
        }
    }

    private EndpointDraft draft(int no, boolean disabled) {
        String url = "http://127.0.0.1:" + receiver.server.getAddress().getPort() + "/" + no;
        return new EndpointDraft(url, "e" + no, "", null, null, disabled, null, Map.of(), null);
    }

    private static long figure(Database database, String sql) throws SQLException {
        try (Connection c = database.dataSource().getConnection();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery(sql)) {
            r.next();
            return r.getLong(1);
        }
    }

    private static Set<String> pairs(Set<String> ids, int from, int to) {
        Set<String> pairs = new TreeSet<>();
        for (String id : ids) {
            for (int no = from; no <= to; no++) {
                pairs.add(id + " " + no);
            }
        }
        return pairs;
    }

    /** Pairs whose attempt is committed with a success. */
    private Set<String> logged() throws Exception {
        Set<String> pairs = new TreeSet<>();
        try (Database direct = Database.open(TestDatabase.beside(settings));
                Connection c = direct.dataSource().getConnection();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery("""
                        select a.app_no, (extract(epoch from a.message_at) * 1000000)::bigint, a.seq, e.uid
                        from attempt a join endpoint e on e.no = a.endpoint_no where a.verdict = 0
                        """)) {
            Ids ids = new Ids(direct.idKey());
            while (r.next()) {
                pairs.add(ids.message(r.getInt(1), r.getLong(2), r.getLong(3)) + " "
                        + r.getString(4).substring(1));
            }
        }
        return pairs;
    }

    @Test
    @Requirement({"B38", "D24", "D9"})
    void whatWasAcceptedArrivesAfterAKillAndWhatWasLoggedIsNotSentAgain() throws Exception {
        node.application();
        node.endpoints(1, 3);
        AtomicInteger turn = new AtomicInteger();
        receiver.answers = endpoint -> endpoint == 2 && turn.incrementAndGet() % 3 == 0 ? 500 : 200;
        receiver.hangs = 3;
        Set<String> accepted = new TreeSet<>(node.accept(300));
        assertThat(accepted).hasSize(300);
        receiver.await(200);
        assertThat(node.metrics.delivered.await(30, TimeUnit.SECONDS)).isTrue();
        node.drop();

        Set<String> logged = logged();
        receiver.hangs = -1;
        receiver.release.countDown();
        Map<String, Integer> before = Map.copyOf(receiver.arrived);
        receiver.arrived.keySet().retainAll(logged); // the others are sent once more
        node = new Node();
        accepted.addAll(node.accept(50));
        receiver.await(350 * 3);
        node.stop(10_000);

        assertThat(receiver.arrived.keySet()).containsExactlyInAnyOrderElementsOf(pairs(accepted, 1, 3));
        assertThat(logged).isNotEmpty();
        for (String pair : logged) {
            assertThat(receiver.arrived).as("logged, so not sent again").containsEntry(pair, before.get(pair));
        }
        assertThat(logged()).containsExactlyInAnyOrderElementsOf(pairs(accepted, 1, 3));
        nothingIsOwed();
    }

    private void nothingIsOwed() throws Exception {
        try (Database direct = Database.open(TestDatabase.beside(settings))) {
            assertThat(figure(direct, "select count(*) from deferral")).isZero();
            assertThat(figure(direct, "select max(settled) from shard"))
                    .isEqualTo(figure(direct, "select max(seq) from message"));
        }
    }

    @Test
    void anOrderlyStopSettlesEverythingAsDeferred() throws Exception {
        node.application();
        node.endpoints(1, 2);
        receiver.hangs = 2;
        Set<String> accepted = node.accept(120);
        receiver.await(120 + 10);
        node.stop(100);

        try (Database direct = Database.open(TestDatabase.beside(settings))) {
            assertThat(figure(direct, "select count(*) from deferral")).isEqualTo(120);
            assertThat(figure(direct, "select max(settled) from shard")).isEqualTo(120);
        }
        receiver.hangs = -1;
        receiver.release.countDown();
        receiver.arrived.keySet().removeIf(pair -> pair.endsWith(" 2"));
        node = new Node();
        assertThat(node.recovered.messages()).isZero();
        receiver.await(240);
        node.stop(10_000);
        assertThat(receiver.arrived.keySet()).containsExactlyInAnyOrderElementsOf(pairs(accepted, 1, 2));
        nothingIsOwed();
    }

    @Test
    void deliveriesPauseWhileTheDatabaseIsAwayAndGoOnByThemselves() throws Exception {
        node.application();
        node.endpoints(1, 2);
        Set<String> accepted = new TreeSet<>(node.accept(50));
        receiver.await(100);
        node.proxy.goAway();
        assertThat(node.accept(5)).as("not promised").isEmpty();
        node.proxy.comeBack();
        while (accepted.size() < 100) {
            accepted.addAll(node.accept(50));
        }
        receiver.await(accepted.size() * 2);
        node.stop(10_000);
        assertThat(receiver.arrived.keySet()).containsExactlyInAnyOrderElementsOf(pairs(accepted, 1, 2));
        assertThat(receiver.arrived.values()).as("sent once each").containsOnly(1);
        nothingIsOwed();
    }

    @Test
    void aLostCommitOfOutcomesIsSettledEitherWay() throws Exception {
        node.application();
        node.endpoints(1, 1);
        Set<String> accepted = new TreeSet<>(node.accept(1));
        receiver.await(1);
        for (CuttingProxy.Cut cut : List.of(CuttingProxy.Cut.AFTER_COMMIT, CuttingProxy.Cut.BEFORE_COMMIT)) {
            node.proxy.arm(cut);
            while (!node.proxy.hasCut()) {
                accepted.addAll(node.accept(1));
            }
        }
        accepted.addAll(node.accept(1));
        node.stop(10_000);
        assertThat(logged()).as("each once, and nothing lost").containsAll(pairs(accepted, 1, 1));
        try (Database direct = Database.open(TestDatabase.beside(settings))) {
            assertThat(figure(direct, "select count(*) from attempt"))
                    .isEqualTo(figure(direct, "select count(*) from message"));
        }
        nothingIsOwed();
    }

    @Test
    void recoveryKnowsWhoWasThereWhenAMessageWasAccepted() throws Exception {
        node.application();
        node.endpoints(1, 1);
        receiver.hangs = 1;
        Set<String> accepted = node.accept(30);
        receiver.await(10);
        node.endpoints(2, 2);
        // The endpoint is disabled, and the kill comes before its deliveries are parked.
        node.recorder.close(1);
        node.catalog.endpoints().put(DEFAULT_NO, "a", "e1", draft(1, true));
        node.drop();
        receiver.hangs = -1;
        receiver.release.countDown();
        receiver.arrived.clear();

        node = new Node();
        assertThat(node.recovered.deliveries()).isEqualTo(30);
        node.catalog.endpoints().put(DEFAULT_NO, "a", "e1", draft(1, false));
        receiver.await(30);
        node.stop(10_000);
        assertThat(receiver.arrived.keySet()).containsExactlyInAnyOrderElementsOf(pairs(accepted, 1, 1));
        nothingIsOwed();
    }
}
