package io.posthorn.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.catalog.RecordTokens;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.SecretBox;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Authentication;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Environment;
import io.posthorn.model.Message;
import io.posthorn.model.MessageFilter;
import io.posthorn.model.SchemaMode;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.FairWorkers;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What leaves of a message for an endpoint whose requests are not the usual ones. */
@Timeout(60)
final class ShapedRouteTest {
    private static final int ENV = Environment.DEFAULT_NO;

    @TempDir
    private Path folder = Path.of("");

    private final Database db = TestDatabase.fresh();
    private final Vertx vertx = Vertx.vertx();
    private final FairWorkers workers = new FairWorkers("test-make-", 1);
    private final List<Outgoing> sent = new CopyOnWriteArrayList<>();
    private final AtomicLong now = new AtomicLong(1_800_000_000_000_000L);
    private Sender sender = (request, deadline, done) -> {
        sent.add(request);
        done.accept(new Exchange(1, 1, new Outcome.Response(204, "", new byte[0], false, null)));
    };

    @SuppressWarnings("NullAway.Init") // opened before each test
    private Catalog catalog;

    @SuppressWarnings("NullAway.Init") // opened before each test
    private Shaping shaping;

    @BeforeEach
    void open() throws Exception {
        SecretBox box = SecretBox.open(null, folder);
        catalog = Catalog.load(db.jdbi(), box, Clock.systemUTC());
        shaping = new Shaping(
                new Thin(new RecordTokens(box), () -> "https://p.example", Duration.ofHours(1)),
                () -> "https://p.example");
        catalog.applications().create(ENV, new AppDraft("a", "a", Map.of(), null), false);
    }

    @AfterEach
    void close() throws Exception {
        workers.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        db.close();
    }

    private Endpoint endpoint(EndpointShape shape, @Nullable Authentication authentication, CustomHeader... headers) {
        Result<Endpoint> made = catalog.endpoints()
                .create(
                        ENV,
                        "a",
                        new EndpointDraft(
                                "https://a.example/hook",
                                null,
                                "",
                                null,
                                null,
                                false,
                                null,
                                Map.of(),
                                "github".equals(shape.profile())
                                        ? SigningSecret.text("a text")
                                        : new SigningSecret(new byte[32]),
                                List.of(headers),
                                1,
                                null,
                                was -> shape,
                                was -> new EndpointSecrets(null, authentication, null),
                                null));
        assertThat(made).isInstanceOf(Result.Created.class);
        return requireNonNull(catalog.app(ENV, "a")).endpoints().getLast();
    }

    private Route route(Endpoint endpoint) {
        RequestMaker maker = new RequestMaker(
                catalog,
                endpoint,
                () -> catalog.profiles().of(endpoint).profile(),
                new RequestMaker.UrlParts("https://a.example", "/hook"),
                false,
                shaping,
                now::get);
        Context context = vertx.getOrCreateContext();
        return new ShapedRoute(
                endpoint.no(),
                maker,
                workers,
                new OnceSender((request, deadline, done) -> sender.send(request, deadline, done), context, now::get),
                context,
                Duration.ofSeconds(15),
                now::get);
    }

    private static Message message(Endpoint endpoint, String type, String payload, Map<String, String> headers) {
        return new Message(
                endpoint.appNo(),
                1,
                1_800_000_000_000_000L,
                "msg_01j8zz0000000000000000000a",
                type,
                null,
                List.of(),
                List.of(),
                payload.getBytes(StandardCharsets.UTF_8),
                0,
                null,
                0,
                headers);
    }

    private static Outcome send(Route route, Message message) throws Exception {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        route.send(message, 1, exchange -> outcome.complete(exchange.outcome()));
        return outcome.get(30, TimeUnit.SECONDS);
    }

    private static List<String> values(Outgoing request, String name) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < request.headers().length; i += 2) {
            if (request.headers()[i].equalsIgnoreCase(name)) {
                values.add(request.headers()[i + 1]);
            }
        }
        return values;
    }

    private static EndpointShape own(String profile) {
        return new EndpointShape(null, profile, null, null, false, null);
    }

    @Test
    @Requirement({"D4", "E24"})
    void noPublishersHeaderStandsBesideThatOfASignatureOrOfAuthentication() throws Exception {
        Endpoint endpoint = endpoint(
                new EndpointShape("github", null, null, null, false, null),
                new Authentication.Bearer("right"),
                new CustomHeader("X-Own", "right", false));
        Map<String, String> given = Map.of(
                "authorization",
                "Bearer wrong",
                "X-HUB-signature-256",
                "sha256=wrong",
                "x-own",
                "wrong",
                "X-More",
                "yes");
        assertThat(send(route(endpoint), message(endpoint, "issues.opened", "{}", given)))
                .isInstanceOf(Outcome.Response.class);
        Outgoing request = sent.getFirst();
        assertThat(values(request, "authorization")).containsExactly("Bearer right");
        assertThat(values(request, "x-own")).containsExactly("right");
        assertThat(values(request, "x-more")).containsExactly("yes");
        assertThat(values(request, "x-hub-signature-256"))
                .singleElement()
                .asString()
                .startsWith("sha256=")
                .isNotEqualTo("sha256=wrong");
    }

    @Test
    @Requirement("D26")
    void theFilterSeesTheVersionThatTheEndpointWasWrittenFor() throws Exception {
        catalog.eventTypes()
                .create(
                        ENV,
                        "user.made",
                        new EventTypeDraft(
                                "d",
                                false,
                                false,
                                null,
                                null,
                                "{\"1\":{},\"2\":{}}",
                                new EventTypeDraft.Promise(
                                        null,
                                        List.of(),
                                        false,
                                        SchemaMode.OFF,
                                        "2",
                                        Map.of("2", "{\"name\": fullName}"))));
        MessageFilter filter = new MessageFilter("payload.name = 'Ada'", null, Map.of(), List.of());
        Endpoint endpoint = endpoint(new EndpointShape(null, null, filter, null, false, "1"), null);
        Route route = route(endpoint);
        assertThat(send(route, message(endpoint, "user.made", "{\"fullName\":\"Ada\"}", Map.of())))
                .isInstanceOf(Outcome.Response.class);
        assertThat(new String(sent.getFirst().body(), StandardCharsets.UTF_8)).isEqualTo("{\"name\":\"Ada\"}");
        assertThat(values(sent.getFirst(), RequestMaker.VERSION_HEADER)).containsExactly("1");
        assertThat(send(route, message(endpoint, "user.made", "{\"fullName\":\"Bob\"}", Map.of())))
                .isInstanceOf(Outcome.Unwanted.class);
        assertThat(sent).hasSize(1);
    }

    @Test
    void whatCannotBeSentIsAFailureThatIsToldOnce() throws Exception {
        Endpoint path =
                endpoint(new EndpointShape(null, null, null, "{'path': '/a' & '\\\\' & 'b'}", false, null), null);
        assertThat(send(route(path), message(path, "a", "{}", Map.of())))
                .isInstanceOfSatisfying(Outcome.Failure.class, failure -> {
                    assertThat(failure.kind()).isEqualTo(FailureKind.CONTENT);
                    assertThat(failure.detail()).contains("path", "backslashes");
                });
        sender = (request, deadline, done) -> {
            throw new IllegalArgumentException("not this one");
        };
        Endpoint refused = endpoint(own("headers: {X-A: b}"), null);
        assertThat(send(route(refused), message(refused, "a", "{}", Map.of())))
                .isInstanceOfSatisfying(
                        Outcome.Failure.class,
                        failure -> assertThat(failure.detail()).contains("not this one"));
        assertThat(sent).isEmpty();
    }

    @Test
    void anErrorIsAFailureToo() throws Exception {
        Endpoint endpoint = endpoint(own("headers: {X-A: b}"), null);
        RequestMaker maker = new RequestMaker(
                catalog,
                endpoint,
                () -> {
                    throw new OutOfMemoryError("as if");
                },
                new RequestMaker.UrlParts("https://a.example", "/hook"),
                false,
                shaping,
                now::get);
        Route route = new ShapedRoute(
                endpoint.no(), maker, workers, sender, vertx.getOrCreateContext(), Duration.ofSeconds(15), now::get);
        assertThat(send(route, message(endpoint, "a", "{}", Map.of())))
                .isInstanceOfSatisfying(
                        Outcome.Failure.class,
                        failure -> assertThat(failure.kind()).isEqualTo(FailureKind.CONTENT));
    }

    @Test
    @Requirement("E18")
    void whatIsMadeTooLateForWhoWaitsIsNotSent() throws Exception {
        Endpoint endpoint = endpoint(own("headers: {X-A: b}"), null);
        Route route = route(endpoint);
        CountDownLatch held = new CountDownLatch(1);
        workers.run(endpoint.no(), () -> {
            try {
                held.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        route.send(
                message(endpoint, "a", "{}", Map.of()),
                1,
                Duration.ofSeconds(1),
                exchange -> outcome.complete(exchange.outcome()));
        now.addAndGet(1_000_001);
        held.countDown();
        assertThat(outcome.get(30, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        Outcome.Failure.class,
                        failure -> assertThat(failure.kind()).isEqualTo(FailureKind.TIMEOUT));
        assertThat(sent).isEmpty();
    }

    @Test
    @Requirement("C8")
    void aThinEndpointGetsALinkThatIsNew() throws Exception {
        Endpoint endpoint = endpoint(new EndpointShape(null, null, null, null, true, null), null);
        assertThat(send(route(endpoint), message(endpoint, "a", "{\"secret\":1}", Map.of())))
                .isInstanceOf(Outcome.Response.class);
        assertThat(new String(sent.getFirst().body(), StandardCharsets.UTF_8))
                .contains("https://p.example/api/v1/record/", "\"type\":\"a\"")
                .doesNotContain("secret");
    }
}
