package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.egress.AddressResolver;
import io.posthorn.egress.Certificates;
import io.posthorn.egress.Egress;
import io.posthorn.egress.EgressSettings;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.egress.Target;
import io.posthorn.egress.TargetResult;
import io.posthorn.model.Authentication;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.model.SigningSecret;
import io.posthorn.model.TlsIdentity;
import io.posthorn.runtime.FairWorkers;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.PemTrustOptions;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against servers of the test: one that gives out tokens, and one that wants to know who calls. */
@Timeout(60)
@SuppressWarnings("NullAway.Init") // JUnit calls begin
final class CredentialsTest {
    private static final long SECOND = 1_000_000;
    private static final String SECRET = "cl!ent s3cret&more";

    /** A request as a server got it. */
    private record Got(@Nullable String authorization, Map<String, String> headers, String body) {}

    private final Vertx vertx = Vertx.vertx();
    private final Context lane = ((VertxInternal) vertx).createEventLoopContext();
    private final AtomicLong now = new AtomicLong(1_700_000_000 * SECOND);
    private final BlockingQueue<Got> tokenRequests = new LinkedBlockingQueue<>();
    private final BlockingQueue<Got> deliveries = new LinkedBlockingQueue<>();
    private final AtomicReference<Consumer<HttpServerRequest>> tokenAnswer = new AtomicReference<>();
    private final AtomicReference<String> accepted = new AtomicReference<>("");
    private final AtomicInteger issued = new AtomicInteger();
    private final EgressSettings settings = new EgressSettings(
            true,
            List.of("127.0.0.0/8"),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            100,
            0, // nothing is kept of answers, and tokens are read all the same
            1 << 20,
            "Posthorn/test",
            null,
            Duration.ofSeconds(30));
    private final FairWorkers workers = new FairWorkers("test-", 1);
    private final TlsIdentities identities = new TlsIdentities(workers);
    private Egress egress;
    private HttpServer tokenServer;
    private HttpServer receiver;

    @BeforeEach
    void begin() {
        AddressResolver resolver = (host, done) ->
                done.accept(new AddressResolver.Resolution.Addresses(List.of(InetAddress.ofLiteral("127.0.0.1"))));
        egress = on(() -> new Egress(lane, settings, resolver, InstantSource.system()));
        tokenServer = serve(new HttpServerOptions(), (request, got) -> {
            tokenRequests.add(got);
            tokenAnswer.get().accept(request);
        });
        receiver = serve(new HttpServerOptions(), (request, got) -> {
            deliveries.add(got);
            boolean fine = ("Bearer " + accepted.get()).equals(got.authorization);
            request.response().setStatusCode(fine ? 204 : 401).end();
        });
        tokenAnswer.set(this::issue);
    }

    @AfterEach
    void end() {
        workers.close();
        await(vertx.close().toCompletionStage().toCompletableFuture());
    }

    /** A new token, which is the only one that is accepted from now on. */
    private void issue(HttpServerRequest request) {
        String token = "token-" + issued.incrementAndGet();
        accepted.set(token);
        answer(request, 200, "{\"access_token\":\"" + token + "\",\"token_type\":\"bearer\",\"expires_in\":100}");
    }

    private static void answer(HttpServerRequest request, int status, String body) {
        request.response().setStatusCode(status).end(body);
    }

    private interface Handler {
        void handle(HttpServerRequest request, Got got);
    }

    private HttpServer serve(HttpServerOptions options, Handler handler) {
        return await(vertx.createHttpServer(options)
                .requestHandler(request -> request.body().onSuccess((Buffer body) -> {
                    Map<String, String> headers = new java.util.TreeMap<>();
                    request.headers().forEach(each -> headers.put(each.getKey(), each.getValue()));
                    handler.handle(request, new Got(request.getHeader("authorization"), headers, body.toString()));
                }))
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture());
    }

    private Authentication.OAuth2 oauth(boolean inBody) {
        return new Authentication.OAuth2(
                "http://auth.test:" + tokenServer.actualPort() + "/token",
                "client:1",
                SECRET,
                "a b",
                "https://api.test",
                inBody);
    }

    private Endpoint endpoint(@Nullable Authentication authentication, @Nullable TlsIdentity tls, String url) {
        return new Endpoint(
                1,
                1,
                "ep_1",
                null,
                url,
                "",
                null,
                null,
                false,
                null,
                null,
                Map.of(),
                new SigningSecret(new byte[24]),
                List.of(),
                List.of(
                        new CustomHeader("X-Own", "1", false),
                        new CustomHeader("Authorization", "of the owner", true),
                        new CustomHeader("X-Api-Key", "of the owner", true)),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                new EndpointSecrets(null, authentication, tls),
                false,
                Instant.EPOCH,
                Instant.EPOCH);
    }

    private Sender sender(Endpoint endpoint) {
        return switch (Target.parse(endpoint.url(), settings.policy())) {
            case TargetResult.Ok(Target target) ->
                on(() -> Credentials.sender(endpoint, target, egress, settings.policy(), identities, lane, now::get));
            case TargetResult.Refused(String reason) -> throw new AssertionError(reason);
        };
    }

    private Sender oauthSender() {
        return sender(endpoint(oauth(false), null, "http://hooks.test:" + receiver.actualPort()));
    }

    private CompletableFuture<Exchange> start(Sender sender) {
        return start(sender, Duration.ofSeconds(20));
    }

    private CompletableFuture<Exchange> start(Sender sender, Duration deadline) {
        return start(sender, deadline, null);
    }

    private CompletableFuture<Exchange> start(Sender sender, Duration deadline, @Nullable String path) {
        CompletableFuture<Exchange> result = new CompletableFuture<>();
        Message message =
                new Message(1, 1, 1, "msg_1", "a", null, List.of(), List.of(), "{}".getBytes(StandardCharsets.UTF_8));
        Outgoing request = new Outgoing(
                message, "POST", path, null, new String[] {"content-type", "application/json"}, message.payload);
        lane.runOnContext(nothing -> sender.send(request, deadline, exchange -> {
            if (!result.complete(exchange)) {
                throw new AssertionError("told twice");
            }
        }));
        return result;
    }

    private int send(Sender sender) {
        return status(await(start(sender)));
    }

    private static int status(Exchange exchange) {
        if (exchange.outcome() instanceof Outcome.Response response) {
            return response.code();
        }
        throw new AssertionError(exchange.outcome().toString());
    }

    private static Outcome.Failure failure(Exchange exchange) {
        if (exchange.outcome() instanceof Outcome.Failure failure) {
            return failure;
        }
        throw new AssertionError(exchange.outcome().toString());
    }

    private <T> T on(java.util.function.Supplier<T> action) {
        CompletableFuture<T> result = new CompletableFuture<>();
        lane.runOnContext(nothing -> {
            try {
                result.complete(action.get());
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return await(result);
    }

    private static <T> T await(CompletableFuture<T> future) {
        return future.orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Test
    @Requirement({"A7", "E23"})
    void whatIsTheSameOnEveryRequestWinsOverTheOwnersHeaderOfThatName() {
        String url = "https://hooks.test/";
        assertThat(Credentials.headers(endpoint(new Authentication.Basic("jo", "pä:ss"), null, url)))
                .containsExactly(
                        "X-Own",
                        "1",
                        "X-Api-Key",
                        "of the owner",
                        "authorization",
                        "Basic " + Base64.getEncoder().encodeToString("jo:pä:ss".getBytes(StandardCharsets.UTF_8)));
        assertThat(Credentials.headers(endpoint(new Authentication.Bearer("t"), null, url)))
                .containsExactly("X-Own", "1", "X-Api-Key", "of the owner", "authorization", "Bearer t");
        assertThat(Credentials.headers(endpoint(new Authentication.Header("x-api-key", "v"), null, url)))
                .containsExactly("X-Own", "1", "Authorization", "of the owner", "x-api-key", "v");
        assertThat(Credentials.headers(endpoint(oauth(true), null, url)))
                .containsExactly("X-Own", "1", "X-Api-Key", "of the owner");
        assertThat(Credentials.headers(endpoint(null, null, url))).hasSize(6);
    }

    @Test
    void aTokenIsAskedForOnceAndUsedUntilShortlyBeforeItsEnd() throws Exception {
        Sender sender = oauthSender();

        assertThat(send(sender)).isEqualTo(204);
        assertThat(send(sender)).isEqualTo(204);
        Got asked = tokenRequests.take();
        assertThat(asked.authorization)
                .isEqualTo("Basic "
                        + Base64.getEncoder()
                                .encodeToString("client%3A1:cl%21ent+s3cret%26more".getBytes(StandardCharsets.UTF_8)));
        assertThat(asked.body).isEqualTo("grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fapi.test");
        assertThat(tokenRequests).isEmpty();
        assertThat(deliveries.take().authorization).isEqualTo("Bearer token-1");

        // a fifth before its end it is renewed, beside the delivery that still uses it
        now.addAndGet(81 * SECOND);
        assertThat(await(start(sender)).outcome()).isInstanceOf(Outcome.Response.class);
        tokenRequests.take();
        while (deliveries.stream().noneMatch(got -> "Bearer token-2".equals(got.authorization))) {
            assertThat(await(start(sender)).outcome()).isInstanceOf(Outcome.Response.class);
        }
        // after its end nothing is sent with it
        now.addAndGet(1_000 * SECOND);
        deliveries.clear();
        assertThat(send(sender)).isEqualTo(204);
        assertThat(deliveries.take().authorization).isEqualTo("Bearer " + accepted.get());
        tokenRequests.take();
    }

    @Test
    void theSecretCanStandInTheBody() throws Exception {
        Sender sender = sender(endpoint(oauth(true), null, "http://hooks.test:" + receiver.actualPort()));

        assertThat(send(sender)).isEqualTo(204);
        Got asked = tokenRequests.take();
        assertThat(asked.authorization).isNull();
        assertThat(asked.body).endsWith("&client_id=client%3A1&client_secret=cl%21ent+s3cret%26more");
    }

    @Test
    void manyDeliveriesWaitForOneRequest() throws Exception {
        CompletableFuture<HttpServerRequest> asked = new CompletableFuture<>();
        tokenAnswer.set(asked::complete);
        Sender sender = oauthSender();
        List<CompletableFuture<Exchange>> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(start(sender));
        }
        HttpServerRequest request = await(asked);
        on(() -> true); // all of them have been begun
        vertx.runOnContext(nothing -> issue(request));

        for (CompletableFuture<Exchange> each : all) {
            assertThat(status(await(each))).isEqualTo(204);
        }
        assertThat(tokenRequests).hasSize(1);
    }

    @Test
    void after401AFreshTokenIsTriedOnce() {
        Sender sender = oauthSender();
        assertThat(send(sender)).isEqualTo(204);
        accepted.set("none");
        Exchange exchange = await(start(sender));

        assertThat(status(exchange)).isEqualTo(204);
        assertThat(exchange.startedAtMicros()).isEqualTo(now.get());
        assertThat(deliveries.stream().map(Got::authorization))
                .containsExactly("Bearer token-1", "Bearer token-1", "Bearer token-2");
        // and no more than once
        now.addAndGet(6 * SECOND);
        tokenAnswer.set(request -> answer(request, 200, "{\"access_token\":\"useless\",\"expires_in\":\"50\"}"));
        accepted.set("none");
        deliveries.clear();
        assertThat(send(sender)).isEqualTo(401);
        assertThat(deliveries).hasSize(2);
    }

    @Test
    void withoutATokenNothingIsSentAndTheReasonHasNoSecret() {
        Sender sender = oauthSender();
        for (String body : List.of(
                "{\"error\":\"invalid_client\",\"error_description\":\"" + SECRET + "\"}",
                "{\"error\":\"" + SECRET + "\"}",
                SECRET)) {
            tokenAnswer.set(request -> answer(request, 401, body));
            Outcome.Failure failure = failure(await(start(sender)));
            assertThat(failure.kind()).isEqualTo(FailureKind.PROTOCOL);
            assertThat(failure.detail())
                    .startsWith("no access token: auth.test answered 401")
                    .doesNotContain("s3cret", "cl!ent");
        }
        for (String body : List.of(
                "",
                "[]",
                "null",
                "{}",
                "{\"access_token\":\"a\\r\\nX: y\"}",
                "{\"access_token\":\"a b\"}",
                "{\"access_token\":\"a\",\"token_type\":\"mac\"}",
                "{\"access_token\":\"" + "x".repeat(40_000) + "\"}")) {
            tokenAnswer.set(request -> answer(request, 200, body));
            assertThat(failure(await(start(sender))).detail()).startsWith("no access token: ");
        }
        assertThat(deliveries).isEmpty();
        tokenAnswer.set(this::issue);
        assertThat(send(sender)).isEqualTo(204);
    }

    @Test
    void aTokenServerThatHangsIsATimeoutOfTheAttempt() {
        tokenAnswer.set(request -> {});
        Outcome.Failure failure = failure(await(start(oauthSender(), Duration.ofMillis(200))));

        assertThat(failure.kind()).isEqualTo(FailureKind.TIMEOUT);
        assertThat(failure.detail()).startsWith("no access token: ").contains("auth.test");
        assertThat(deliveries).isEmpty();
    }

    /** A request for a token has a deadline of its own, and each who waits for it has theirs. */
    @Test
    void eachWaitsForATokenAsLongAsItMayAndNoLonger() throws Exception {
        BlockingQueue<HttpServerRequest> asked = new LinkedBlockingQueue<>();
        tokenAnswer.set(asked::add);
        Sender sender = oauthSender();
        CompletableFuture<Exchange> hurried = start(sender, Duration.ofMillis(200));
        CompletableFuture<Exchange> patient = start(sender);

        assertThat(failure(await(hurried)).kind()).isEqualTo(FailureKind.TIMEOUT);
        assertThat(patient).isNotDone();
        HttpServerRequest request = asked.take();
        vertx.runOnContext(nothing -> issue(request));
        assertThat(status(await(patient))).isEqualTo(204);
        assertThat(tokenRequests).hasSize(1);

        // a renewal is begun beside a delivery and hangs; the token ends meanwhile
        now.addAndGet(81 * SECOND);
        assertThat(send(sender)).isEqualTo(204);
        asked.take();
        now.addAndGet(1_000 * SECOND);
        assertThat(failure(await(start(sender, Duration.ofMillis(200)))).kind()).isEqualTo(FailureKind.TIMEOUT);
        assertThat(tokenRequests).hasSize(2);
    }

    @Test
    void anEndpointThatRefusesEveryTokenDoesNotFloodWhoGivesThemOut() {
        tokenAnswer.set(request -> answer(
                request, 200, "{\"access_token\":\"useless-" + issued.incrementAndGet() + "\",\"expires_in\":900}"));
        Sender sender = oauthSender();
        for (int i = 0; i < 5; i++) {
            assertThat(send(sender)).isEqualTo(401);
        }
        assertThat(tokenRequests).as("the first, and one instead of it").hasSize(2);

        now.addAndGet(6 * SECOND);
        assertThat(send(sender)).isEqualTo(401);
        assertThat(send(sender)).isEqualTo(401);
        assertThat(tokenRequests).hasSize(3);
    }

    @Test
    void whoCannotUseTheTokenFailsAndLeavesTheOthersAlone() throws Exception {
        BlockingQueue<HttpServerRequest> asked = new LinkedBlockingQueue<>();
        tokenAnswer.set(asked::add);
        Sender sender = oauthSender();
        // with a token that is there, and with one that is waited for, a path that cannot be sent is a failure
        CompletableFuture<Exchange> broken = start(sender, Duration.ofSeconds(20), "no slash");
        CompletableFuture<Exchange> good = start(sender);
        HttpServerRequest request = asked.take();
        vertx.runOnContext(nothing -> issue(request));
        assertThat(failure(await(broken)).kind()).isEqualTo(FailureKind.CONTENT);
        assertThat(status(await(good))).isEqualTo(204);
        assertThat(failure(await(start(sender, Duration.ofSeconds(20), "no slash")))
                        .kind())
                .isEqualTo(FailureKind.CONTENT);

        // one whose end cannot be dealt with
        now.addAndGet(1_000 * SECOND);
        lane.runOnContext(nothing -> sender.send(
                Outgoing.usual(
                        new Message(1, 1, 1, "msg_2", "a", null, List.of(), List.of(), new byte[2]), new String[0]),
                Duration.ofSeconds(20),
                exchange -> {
                    throw new IllegalStateException("of the test");
                }));
        CompletableFuture<Exchange> other = start(sender);
        HttpServerRequest second = asked.take();
        on(() -> true); // both of them have been begun
        vertx.runOnContext(nothing -> answer(second, 500, ""));
        assertThat(failure(await(other)).detail()).startsWith("no access token: ");
    }

    @Test
    void whateverASenderDoesTheEndIsToldOnce() {
        Exchange first = new Exchange(1, 1, new Outcome.Unwanted());
        List<Exchange> told = new ArrayList<>();
        Sender talkative = new OnceSender(
                (request, deadline, done) -> {
                    done.accept(first);
                    done.accept(new Exchange(2, 2, new Outcome.Unwanted()));
                    throw new IllegalStateException("of the test");
                },
                lane,
                now::get);
        Sender mute = new OnceSender(
                (request, deadline, done) -> {
                    throw new IllegalStateException("of the test");
                },
                lane,
                now::get);
        Outgoing request = Outgoing.usual(
                new Message(1, 1, 1, "msg_1", "a", null, List.of(), List.of(), new byte[2]), new String[0]);
        on(() -> {
            talkative.send(request, Duration.ofSeconds(1), told::add);
            return true;
        });
        on(() -> true); // after whatever it has left to be done
        assertThat(told).containsExactly(first);
        assertThat(failure(await(start(mute))).detail()).contains("of the test");
    }

    @Test
    void certificatesThatCannotBeUsedAreAVisibleFailureOfEveryAttempt() {
        TlsIdentity tls = new TlsIdentity("-----BEGIN CERTIFICATE-----", "x", null, List.of());
        Sender sender = sender(endpoint(null, tls, "https://hooks.test/"));
        for (int i = 0; i < 2; i++) {
            Outcome.Failure failure = failure(await(start(sender)));
            assertThat(failure.kind()).isEqualTo(FailureKind.CONTENT);
            assertThat(failure.detail()).contains("tls cannot be used: must be");
        }
    }

    /** Certificates are read by others; who waits for that does not wait for ever. */
    @Test
    void whoWaitsForCertificatesHasItsDeadline() {
        CompletableFuture<Boolean> go = new CompletableFuture<>();
        workers.run(9, () -> await(go));
        TlsIdentity tls =
                new TlsIdentity(null, null, null, List.of(Base64.getEncoder().encodeToString(new byte[32])));
        Sender sender = sender(endpoint(null, tls, "https://hooks.test:" + receiver.actualPort()));
        Outcome.Failure failure = failure(await(start(sender, Duration.ofMillis(100))));
        assertThat(failure.kind()).isEqualTo(FailureKind.TIMEOUT);
        CompletableFuture<Exchange> patient = start(sender);
        go.complete(true);
        assertThat(failure(await(patient)).kind()).isEqualTo(FailureKind.TLS);
    }

    /** The guard holds for where tokens are got, too. */
    @Test
    void tokensAreNotGotFromWhereNothingMayBeSent() {
        Authentication inside = new Authentication.OAuth2("http://10.0.0.1/token", "a", "b", null, null, false);
        assertThatThrownBy(() -> sender(endpoint(inside, null, "http://hooks.test/")))
                .rootCause()
                .hasMessageContaining("no access token can be got")
                .hasMessageContaining("10.0.0.1");
    }

    @Test
    @Requirement("D25")
    void anEndpointThatDemandsACertificateGetsIt(@TempDir Path folder) throws Exception {
        Certificates certificates = new Certificates(folder);
        BlockingQueue<String> clients = new LinkedBlockingQueue<>();
        HttpServer server = serve(
                new HttpServerOptions()
                        .setSsl(true)
                        .setKeyCertOptions(certificates.server(Certificates.GOOD))
                        .setClientAuth(ClientAuth.REQUIRED)
                        .setTrustOptions(new PemTrustOptions().addCertPath(certificates.ca.toString())),
                (request, got) -> {
                    try {
                        clients.add(request.connection()
                                .sslSession()
                                .getPeerPrincipal()
                                .getName());
                    } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
                        clients.add(e.toString());
                    }
                    request.response().end();
                });
        TlsIdentity tls = new TlsIdentity(
                certificates.certificate(Certificates.CLIENT),
                certificates.key(Certificates.CLIENT),
                Files.readString(certificates.ca),
                List.of());
        String url = "https://hooks.test:" + server.actualPort();

        assertThat(send(sender(endpoint(null, tls, url)))).isEqualTo(200);
        assertThat(clients.take()).isEqualTo("CN=posthorn");
        assertThat(identities.known(tls)).as("not read again").isNotNull();
        assertThat(send(sender(endpoint(null, tls, url)))).isEqualTo(200);
        assertThat(failure(await(start(sender(endpoint(null, null, url))))).kind())
                .isEqualTo(FailureKind.TLS);
    }
}
