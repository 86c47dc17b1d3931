package io.posthorn.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.SecretBox;
import io.posthorn.dispatch.Forward.Header;
import io.posthorn.dispatch.Forward.Trouble;
import io.posthorn.dispatch.Listeners.Wish;
import io.posthorn.egress.EgressSettings;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Environment;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
final class ListenersTest {
    private static final Wish EVERYTHING = new Wish("for a test", null, null, null);
    private static final Duration LONG = Duration.ofSeconds(50);

    @TempDir
    private Path folder = Path.of("");

    private final Database db = TestDatabase.fresh();
    private final Vertx vertx = Vertx.vertx();
    private final Context lane = vertx.getOrCreateContext();
    private final AtomicBoolean databaseRefuses = new AtomicBoolean();
    private final CountDownLatch refused = new CountDownLatch(1);
    private Catalog catalog;
    private Listeners listeners;
    private Application app;

    /** Notes what it is told. */
    private static final class Noting implements Listener {
        final BlockingQueue<Forward> requests = new LinkedBlockingQueue<>();
        final BlockingQueue<Forward> forgotten = new LinkedBlockingQueue<>();
        final CountDownLatch removed = new CountDownLatch(1);

        @Override
        public void forward(Forward request) {
            requests.add(request);
        }

        @Override
        public void forget(Forward request) {
            forgotten.add(request);
        }

        @Override
        public void removed() {
            removed.countDown();
        }
    }

    @BeforeEach
    void open() throws Exception {
        catalog = Catalog.load(db.jdbi(), SecretBox.open(null, folder), Clock.systemUTC(), this::guard);
        Result<Application> made = catalog.applications()
                .create(Environment.DEFAULT_NO, new AppDraft("Acme", null, Map.of(), null), false);
        app = ((Result.Created<Application>) made).value();
        EgressSettings standard = EgressSettings.standard("Test/1");
        listeners = new Listeners(catalog, standard, LONG, Time.system());
    }

    private void guard(Connection tx) {
        if (databaseRefuses.get()) {
            refused.countDown();
            throw new IllegalStateException("not now");
        }
    }

    @AfterEach
    void close() throws Exception {
        listeners.stop();
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        db.close();
    }

    private Endpoint listen(Listener listener) {
        return ((Result.Created<Endpoint>) listeners.open(Environment.DEFAULT_NO, app.id(), EVERYTHING, listener))
                .value();
    }

    private CompletableFuture<Exchange> send(Endpoint endpoint, Duration timeout, String... headers) {
        CompletableFuture<Exchange> done = new CompletableFuture<>();
        Message message = new Message(
                app.no(),
                1,
                1,
                "msg_1",
                "order.created",
                null,
                List.of(),
                List.of(),
                "{}".getBytes(StandardCharsets.UTF_8));
        Consumer<Exchange> once = exchange -> {
            if (!done.complete(exchange)) {
                done.obtrudeException(new AssertionError("told twice"));
            }
        };
        lane.runOnContext(
                ignored -> listeners.sender(endpoint, lane).send(Outgoing.usual(message, headers), timeout, once));
        return done;
    }

    private List<Endpoint> endpoints(Catalog of) {
        return requireNonNull(of.appByNo(app.no())).endpoints();
    }

    private static Outcome outcome(CompletableFuture<Exchange> done) throws Exception {
        return done.get(30, TimeUnit.SECONDS).outcome();
    }

    @Test
    void aRequestGoesToTheListenerAndItsAnswerBack() throws Exception {
        Noting listener = new Noting();
        Endpoint endpoint = listen(listener);
        assertThat(endpoint.temporary()).isTrue();
        CompletableFuture<Exchange> done = send(endpoint, LONG, "webhook-id", "msg_1");

        Forward request = listener.requests.take();
        assertThat(request.headers())
                .containsExactly(new Header("user-agent", "Test/1"), new Header("webhook-id", "msg_1"));
        assertThat(request.body()).asString().isEqualTo("{}");
        assertThat(request.eventType()).isEqualTo("order.created");
        assertThat(request.method()).isEqualTo("POST");
        assertThat(request.path()).isNull();
        byte[] tooMuch = new byte[listeners.keptResponseBytes() + 1];
        request.answered(
                503,
                List.of(
                        new Header("Retry-After", "7"),
                        new Header("X-Evil", "a\r\nb: c"),
                        new Header("B", "x".repeat(17_000))),
                tooMuch,
                false);
        request.failed(Trouble.TIMEOUT, "too late to count");

        Outcome.Response response = (Outcome.Response) outcome(done);
        assertThat(response.code()).isEqualTo(503);
        assertThat(response.headers()).isEqualTo("Retry-After: 7\nX-Evil: a  b: c\n");
        assertThat(response.retryAfter()).isEqualTo("7");
        assertThat(response.body()).hasSize(listeners.keptResponseBytes());
        assertThat(response.truncated()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void aFailureKeepsItsKind(Trouble trouble) throws Exception {
        Noting listener = new Noting();
        CompletableFuture<Exchange> done = send(listen(listener), LONG);
        listener.requests.take().failed(trouble, "because");
        assertThat(outcome(done)).isEqualTo(new Outcome.Failure(FailureKind.valueOf(trouble.name()), "because"));
    }

    @Test
    void whoDoesNotAnswerInTimeHasFailed() throws Exception {
        Noting listener = new Noting();
        CompletableFuture<Exchange> done = send(listen(listener), Duration.ofMillis(1));
        assertThat(outcome(done))
                .isEqualTo(new Outcome.Failure(FailureKind.TIMEOUT, "the listener did not answer within 1 ms"));
        assertThat(listener.forgotten.take()).isSameAs(listener.requests.take());
    }

    @Test
    void whoLeavesTakesItsEndpointAlong() throws Exception {
        Noting listener = new Noting();
        Endpoint endpoint = listen(listener);
        Endpoint other = listen(new Noting());
        databaseRefuses.set(true);
        listeners.close(endpoint);
        refused.await();
        assertThat(outcome(send(endpoint, LONG)))
                .isEqualTo(new Outcome.Failure(FailureKind.CONNECT, "the listener is gone"));
        CountDownLatch deleted = new CountDownLatch(1);
        catalog.onEndpointChange(change -> deleted.countDown());
        databaseRefuses.set(false);
        assertThat(deleted.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(endpoints(catalog)).extracting(Endpoint::id).containsExactly(other.id());
        assertThat(listener.removed.getCount()).as("it left by itself").isOne();
    }

    @Test
    void whoseEndpointIsDeletedHearsOfIt() throws Exception {
        Noting listener = new Noting();
        Endpoint endpoint = listen(listener);
        catalog.endpoints().delete(Environment.DEFAULT_NO, app.id(), endpoint.id());
        listener.removed.await();
        Noting another = new Noting();
        listen(another);
        catalog.applications().delete(Environment.DEFAULT_NO, app.id());
        another.removed.await();
        assertThat(listeners.open(Environment.DEFAULT_NO, app.id(), EVERYTHING, another))
                .isInstanceOf(Result.NotFound.class);
    }

    @Test
    void theUrlOfATemporaryEndpointStaysAndTheRestMayChange() {
        Endpoint endpoint = listen(new Noting());
        EndpointDraft present = EndpointDraft.of(endpoint);
        assertThat(catalog.endpoints().patch(Environment.DEFAULT_NO, app.id(), endpoint.id(), was -> was))
                .isInstanceOf(Result.Updated.class);
        assertThat(catalog.endpoints().patch(Environment.DEFAULT_NO, app.id(), endpoint.id(), was -> moved(present)))
                .isInstanceOfSatisfying(
                        Result.Conflict.class,
                        conflict -> assertThat(conflict.field()).isEqualTo("url"));
    }

    private static EndpointDraft moved(EndpointDraft was) {
        return new EndpointDraft(
                "https://example.com",
                was.uid(),
                was.description(),
                was.eventTypes(),
                was.channels(),
                was.disabled(),
                was.rateLimit(),
                was.metadata(),
                was.secret());
    }

    @Test
    void theNextStartRemovesWhatIsLeft() throws Exception {
        listen(new Noting());
        listen(new Noting());
        Endpoint permanent = ((Result.Created<Endpoint>) catalog.endpoints()
                        .create(
                                Environment.DEFAULT_NO,
                                app.id(),
                                new EndpointDraft(
                                        "https://example.com", null, "", null, null, false, null, Map.of(), null)))
                .value();
        Catalog next = Catalog.load(db.jdbi(), SecretBox.open(null, folder), Clock.systemUTC());
        assertThat(next.endpoints().deleteTemporary()).isEqualTo(2);
        assertThat(endpoints(next)).extracting(Endpoint::id).containsExactly(permanent.id());
        assertThat(endpoints(Catalog.load(db.jdbi(), SecretBox.open(null, folder), Clock.systemUTC())))
                .hasSize(1);
    }

    @Test
    void anEndpointThatCannotBeMadeLeavesNobodyBehind() {
        databaseRefuses.set(true);
        Noting listener = new Noting();
        assertThatThrownBy(() -> listen(listener)).hasMessageContaining("not now");
        assertThat(endpoints(catalog)).isEmpty();
    }
}
