package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.Audit;
import io.posthorn.dispatch.Listeners;
import io.posthorn.egress.EgressSettings;
import io.posthorn.runtime.Time;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ListenApiTest {
    private static final Duration LONG = Duration.ofSeconds(50);
    private static final ListenSettings PATIENT = new ListenSettings(2, 2, LONG, LONG, LONG, 1_000, 10_000);

    private static final Api api = Api.usual();
    private static final Vertx client = Vertx.vertx();
    private String app;

    /** A server of its own for a test, since each has other bounds. */
    private static final class Served implements AutoCloseable {
        final Vertx vertx = Vertx.vertx();
        final ListenRoute route;
        final ApiServer server;

        Served(ListenSettings settings) {
            Listeners listeners = new Listeners(api.catalog, EgressSettings.standard("test"), LONG, Time.system());
            route = new ListenRoute(vertx, api.catalog, listeners, settings);
            server = new ApiServer(
                    vertx,
                    ApiSettings.of("127.0.0.1", 0, 1),
                    new ApiPorts(
                            api.catalog,
                            url -> null,
                            address -> null,
                            () -> true,
                            () -> "",
                            api.keys,
                            api.audit,
                            FastRoutes.NONE,
                            List.of(route)));
            Api.await(server.start());
        }

        Talk talk(String app, String token) throws Exception {
            WebSocket socket = Api.await(client.createWebSocketClient()
                    .connect(new WebSocketConnectOptions()
                            .setHost("127.0.0.1")
                            .setPort(server.port())
                            .setURI("/api/v1/app/" + app + "/listen")
                            .putHeader("Authorization", "Bearer " + token)));
            return new Talk(socket);
        }

        /** The status that a handshake is answered with. */
        int refusal(String app, String token) throws Exception {
            URI uri = URI.create("ws://127.0.0.1:" + server.port() + "/api/v1/app/" + app + "/listen");
            try {
                api.http
                        .newWebSocketBuilder()
                        .header("Authorization", "Bearer " + token)
                        .buildAsync(uri, new java.net.http.WebSocket.Listener() {})
                        .get(30, TimeUnit.SECONDS);
                return 101;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof WebSocketHandshakeException refused) {
                    return refused.getResponse().statusCode();
                }
                throw e;
            }
        }

        @Override
        public void close() throws InterruptedException {
            route.close();
            Api.await(server.close(Duration.ofSeconds(5)));
            Api.await(vertx.close());
        }
    }

    /** The client's side of a session. */
    private static final class Talk {
        private final WebSocket socket;
        private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
        private final CompletableFuture<String> closed = new CompletableFuture<>();

        Talk(WebSocket socket) {
            this.socket = socket;
            socket.textMessageHandler(said::add);
            socket.closeHandler(any -> closed.complete(socket.closeStatusCode() + " " + socket.closeReason()));
        }

        Talk say(String text) {
            socket.writeTextMessage(text);
            return this;
        }

        JsonNode hear() throws Exception {
            String text = said.poll(30, TimeUnit.SECONDS);
            assertThat(text).as("a message of the server").isNotNull();
            return Api.JSON.readTree(text);
        }

        /** Code and reason. */
        String end() throws Exception {
            return closed.get(30, TimeUnit.SECONDS);
        }
    }

    @AfterAll
    static void close() {
        Api.await(client.close());
        api.close();
    }

    @BeforeEach
    void application() {
        app = api.post("/app", "{\"name\":\"Acme\"}").id();
    }

    private JsonNode endpoints() {
        return api.get("/app/" + app + "/endpoint").body().path("data");
    }

    /** A token straight in the database; the change of another one makes the catalog read them all. */
    private String token(String role, @Nullable String onlyApp) {
        String token = "t-" + role + "-" + onlyApp + "-" + System.nanoTime();
        api.db
                .jdbi()
                .useHandle(handle -> handle.createUpdate("""
                        insert into api_token (id, name, role, env_no, app_no, hash)
                        values (:token, :token, :role, 1, (select no from application where id = :app), :hash)
                        """)
                        .bind("token", token)
                        .bind("role", role)
                        .bind("app", onlyApp == null ? "none" : onlyApp)
                        .bind("hash", sha256(token))
                        .execute());
        api.catalog.ensureAdminToken("changed-" + token);
        return token;
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aHelloMakesAnEndpointAndTheEndOfTheConnectionDeletesIt() throws Exception {
        try (Served served = new Served(PATIENT)) {
            Talk talk = served.talk(app, api.token)
                    .say(
                            "{\"type\":\"hello\",\"eventTypes\":[\"a.b\"],\"channels\":[\"red\"],\"forwardTo\":\"http://x/y\"}");
            JsonNode ready = talk.hear();
            assertThat(ready.path("type").asText()).isEqualTo("ready");
            assertThat(ready.path("secret").asText()).startsWith("whsec_");
            assertThat(ready.path("keepResponseBytes").asInt()).isEqualTo(16 << 10);
            JsonNode endpoint = endpoints().path(0);
            assertThat(endpoint.path("id").asText())
                    .isEqualTo(ready.path("endpointId").asText());
            assertThat(endpoint.path("url").asText()).startsWith("listen:");
            assertThat(endpoint.path("description").asText()).isEqualTo("Live forwarding to http://x/y");
            assertThat(endpoint.path("eventTypes").toString()).isEqualTo("[\"a.b\"]");
            assertThat(endpoint.path("channels").toString()).isEqualTo("[\"red\"]");

            assertThat(api.audit.list(new Audit.Filter(1, "endpoint.listen", null, app), null, true, 10))
                    .hasSize(1);

            CompletableFuture<Void> deleted = new CompletableFuture<>();
            api.catalog.onEndpointChange(change -> deleted.complete(null));
            talk.socket.close();
            deleted.get(30, TimeUnit.SECONDS);
            assertThat(endpoints()).isEmpty();
        }
    }

    @Test
    void whoIsNotAllowedGetsNoWebSocket() throws Exception {
        String other = api.post("/app", "{\"name\":\"Other\"}").id();
        String own = token("application", app);
        String foreign = token("application", other);
        String viewer = token("viewer", null);
        try (Served served = new Served(PATIENT)) {
            assertThat(served.refusal(app, "nonsense")).isEqualTo(401);
            assertThat(served.refusal(app, viewer)).isEqualTo(403);
            assertThat(served.refusal(app, foreign)).isEqualTo(404);
            assertThat(served.refusal("nobody", api.token)).isEqualTo(404);
            assertThat(served.refusal(app, own)).isEqualTo(101);
            assertThat(served.refusal(app, own)).isEqualTo(101);
            assertThat(served.refusal(app, own))
                    .as("more sessions than allowed")
                    .isEqualTo(503);
        }
    }

    @Test
    void withoutAnUpgradeItIs426() throws Exception {
        try (Served served = new Served(PATIENT)) {
            Api.Reply reply = api.send(HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + served.server.port() + "/api/v1/app/" + app + "/listen"))
                    .header("Authorization", "Bearer " + api.token));
            assertThat(reply.status()).isEqualTo(426);
            assertThat(reply.code()).isEqualTo("upgrade_required");
            assertThat(reply.headers().firstValue("upgrade")).contains("websocket");
        }
    }

    @Test
    void aHelloThatBreaksRulesIsToldAllOfThem() throws Exception {
        try (Served served = new Served(PATIENT)) {
            Talk talk = served.talk(app, api.token)
                    .say("{\"type\":\"hello\",\"eventTypes\":[\"a b\"],\"channels\":7,\"secret\":\"x\"}");
            JsonNode invalid = talk.hear();
            assertThat(invalid.path("type").asText()).isEqualTo("invalid");
            assertThat(invalid.path("detail")
                            .valueStream()
                            .map(p -> p.path("loc").toString()))
                    .containsExactly("[\"body\",\"eventTypes\",0]", "[\"body\",\"channels\"]", "[\"body\",\"secret\"]");
            assertThat(talk.end()).startsWith("4422 ");
            assertThat(endpoints()).isEmpty();
        }
    }

    @Test
    void whatIsNoneOfTheMessagesEndsTheSession() throws Exception {
        String hello = "{\"type\":\"hello\"}";
        try (Served served = new Served(PATIENT)) {
            assertThat(served.talk(app, api.token).say("hi" + "é".repeat(200)).end())
                    .startsWith("1002 Unrecognized token")
                    .endsWith("...");
            assertThat(served.talk(app, api.token).say("{\"type\":\"bye\"}").end())
                    .isEqualTo("1002 type must be hello, response or failure");
            assertThat(served.talk(app, api.token).say(hello).say(hello).end())
                    .startsWith("1002 hello may be said once");
            assertThat(served.talk(app, api.token)
                            .say(hello)
                            .say("{\"type\":\"response\",\"id\":1,\"status\":99}")
                            .end())
                    .startsWith("1002 a response needs");
            assertThat(served.talk(app, api.token)
                            .say(hello)
                            .say("{\"type\":\"failure\",\"id\":1,\"kind\":\"bad\"}")
                            .end())
                    .startsWith("1002 a failure needs");
            assertThat(served.talk(app, api.token).say("x".repeat(1_001)).end())
                    .isEqualTo("1009 a message may have 1000 bytes");
            Talk binary = served.talk(app, api.token);
            binary.socket.writeBinaryMessage(Buffer.buffer("x"));
            assertThat(binary.end()).startsWith("1003 ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'id':1,'status':200,'body':7",
                "'id':1,'status':200,'body':{}",
                "'id':1,'status':200,'body':['e30=']",
                "'id':1,'status':200,'body':'?'",
                "'id':1,'status':200,'headers':[{'name':'a'}]",
                "'id':1,'status':200,'headers':[{'name':7,'value':'b'}]",
                "'id':1,'status':200,'headers':[null]",
                "'id':1,'status':200,'headers':{'a':'b'}",
                "'id':1,'status':200,'headers':'a: b'",
                "'id':1,'status':'200'",
                "'id':1,'status':200.5",
                "'id':1,'status':4294967496",
                "'id':1,'status':199",
                "'id':1,'status':1000",
                "'id':1",
                "'id':'1','status':200",
                "'id':1.5,'status':200",
                "'id':18446744073709551617,'status':200",
                "'status':200",
            })
    void aResponseThatIsNoneEndsTheSession(String members) throws Exception {
        try (Served served = new Served(PATIENT)) {
            Talk talk = served.talk(app, api.token).say("{\"type\":\"hello\"}");
            talk.hear();
            talk.say("{'type':'response',%s}".formatted(members).replace('\'', '"'));
            assertThat(talk.end()).matches("1002 (a response needs|the body of|the headers of) .*");
        }
    }

    @Test
    void anAnswerToNothingIsIgnored() throws Exception {
        try (Served served = new Served(PATIENT)) {
            Talk talk = served.talk(app, api.token).say("{\"type\":\"hello\"}");
            talk.hear();
            talk.say("{\"type\":\"response\",\"id\":77,\"status\":200}").say("{\"type\":\"bye\"}");
            assertThat(talk.end()).isEqualTo("1002 type must be hello, response or failure");
        }
    }

    @Test
    void aDeletedEndpointOrApplicationEndsTheSession() throws Exception {
        try (Served served = new Served(PATIENT)) {
            Talk talk = served.talk(app, api.token).say("{\"type\":\"hello\"}");
            String endpoint = talk.hear().path("endpointId").asText();
            assertThat(api.delete("/app/" + app + "/endpoint/" + endpoint).status())
                    .isEqualTo(204);
            assertThat(talk.end()).isEqualTo("4404 the endpoint was deleted");
            Talk another = served.talk(app, api.token).say("{\"type\":\"hello\"}");
            another.hear();
            api.delete("/app/" + app);
            assertThat(another.end()).isEqualTo("4404 the endpoint was deleted");
        }
    }

    @Test
    void whoSaysNoHelloIsNotWaitedFor() throws Exception {
        try (Served served = new Served(new ListenSettings(2, 2, Duration.ofMillis(20), LONG, LONG, 1_000, 10_000))) {
            assertThat(served.talk(app, api.token).end()).isEqualTo("4408 the first message must be a hello");
        }
    }

    @Test
    void aTokenThatIsRevokedEndsTheSession() throws Exception {
        api.catalog.ensureAdminToken("first-token");
        try (Served served = new Served(new ListenSettings(2, 2, LONG, Duration.ofMillis(20), LONG, 1_000, 10_000))) {
            Talk talk = served.talk(app, "first-token").say("{\"type\":\"hello\"}");
            talk.hear();
            api.catalog.ensureAdminToken("second-token");
            assertThat(talk.end()).isEqualTo("4401 the token is no longer valid for this");
            assertThat(served.refusal(app, "first-token")).isEqualTo(401);
        }
    }

    /** Over a bare socket, because clients answer pings by themselves. */
    @Test
    void whoAnswersNoPingIsDead() throws Exception {
        ListenSettings hasty =
                new ListenSettings(2, 2, LONG, Duration.ofMillis(50), Duration.ofMillis(200), 1_000, 10_000);
        try (Served served = new Served(hasty);
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), served.server.port())) {
            socket.setSoTimeout(30_000);
            OutputStream out = socket.getOutputStream();
            out.write(("GET /api/v1/app/" + app + "/listen HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                            + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer " + api.token
                            + "\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            DataInputStream in = new DataInputStream(socket.getInputStream());
            assertThat(head(in)).startsWith("HTTP/1.1 101");
            assertThat(closeCode(in)).isEqualTo(4408);
        }
    }

    private static String head(DataInputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        return head.toString();
    }

    /** Reads frames (RFC 6455, 5.2), all of them short, up to the one that closes. */
    private static int closeCode(DataInputStream in) throws IOException {
        while (true) {
            int opcode = in.readUnsignedByte() & 15;
            byte[] data = new byte[in.readUnsignedByte()];
            in.readFully(data);
            if (opcode == 8) {
                return ((data[0] & 255) << 8) | (data[1] & 255);
            }
        }
    }

    @Test
    void aServerThatStopsSaysSo() throws Exception {
        Talk talk;
        try (Served served = new Served(PATIENT)) {
            talk = served.talk(app, api.token).say("{\"type\":\"hello\"}");
            talk.hear();
        }
        assertThat(talk.end()).isEqualTo("1001 the server stops");
    }

    @Test
    void oneApplicationLeavesRoomForOthers() throws Exception {
        String other = api.post("/app", "{\"name\":\"other\"}").id();
        try (Served served = new Served(new ListenSettings(2, 1, LONG, LONG, LONG, 1_000, 10_000))) {
            Talk first = served.talk(app, api.token);
            assertThat(served.refusal(app, api.token)).isEqualTo(503);
            Talk second = served.talk(other, api.token);
            first.say("{\"type\":\"hello\"}").hear();
            second.say("{\"type\":\"hello\"}").hear();
            first.socket.close();
            int status;
            do {
                status = served.refusal(app, api.token); // until the server has seen that the first one is gone
            } while (status == 503);
            assertThat(status).isEqualTo(101);
        }
    }
}
