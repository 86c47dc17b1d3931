package io.posthorn.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.NewToken;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.Role;
import io.posthorn.catalog.Token;
import io.posthorn.catalog.TokenDraft;
import io.posthorn.history.PgHistory;
import io.posthorn.history.Written;
import io.posthorn.intake.Intake;
import io.posthorn.intake.IntakeMetrics;
import io.posthorn.intake.Journal;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.Submission;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * Tries to get in: every operation of the server with every kind of token. What has to come out stands in a table that is
 * written by hand, so that a mistake in the code under test is not repeated here.
 *
 * <p>There are two environments, one and two. In one there are two applications; all paths name the first and what
 * belongs to it.
 */
class AccessTest {
    /**
     * Who calls: the administrator of the installation; of environment one; a publisher and a viewer of one; the first
     * application, in full and read-only; the second application; the administrator of environment two.
     *
     * <p>{@code +} is let in, {@code 3} is forbidden (403), {@code 4} sees nothing: the answer is the same as if there
     * were no such thing. Names in braces may be any.
     */
    private static final String TABLE = """
            |                                                     chief admin publ. view. app   look  app2  env2
            GET    /app                                           +     +     3     +     +     +     +     +
            POST   /app                                           +     +     3     3     3     3     3     +
            GET    /app/{}                                        +     +     3     +     +     +     4     4
            PUT    /app/{}                                        +     +     3     3     3     3     3     4
            PATCH  /app/{}                                        +     +     3     3     3     3     3     4
            DELETE /app/{}                                        +     +     3     3     3     3     3     4
            GET    /app/{}/endpoint                               +     +     3     +     +     +     4     4
            POST   /app/{}/endpoint                               +     +     3     3     +     3     4     4
            GET    /app/{}/endpoint/{}                            +     +     3     +     +     +     4     4
            PUT    /app/{}/endpoint/{}                            +     +     3     3     +     3     4     4
            PATCH  /app/{}/endpoint/{}                            +     +     3     3     +     3     4     4
            DELETE /app/{}/endpoint/{}                            +     +     3     3     +     3     4     4
            GET    /app/{}/endpoint/{}/headers                    +     +     3     +     +     +     4     4
            PUT    /app/{}/endpoint/{}/headers                    +     +     3     3     +     3     4     4
            PATCH  /app/{}/endpoint/{}/headers                    +     +     3     3     +     3     4     4
            GET    /app/{}/endpoint/{}/secret                     +     +     3     3     +     3     4     4
            POST   /app/{}/endpoint/{}/secret/rotate              +     +     3     3     +     3     4     4
            POST   /app/{}/endpoint/{}/recover                    +     +     3     3     +     3     4     4
            POST   /app/{}/endpoint/{}/replay-missing             +     +     3     3     +     3     4     4
            POST   /app/{}/endpoint/{}/bulk-replay                +     +     3     3     +     3     4     4
            GET    /app/{}/dead-letter                            +     +     3     +     +     +     4     4
            POST   /app/{}/dead-letter/replay                     +     +     3     3     +     3     4     4
            POST   /app/{}/dead-letter/discard                    +     +     3     3     +     3     4     4
            POST   /app/{}/dead-letter/replay-all                 +     +     3     3     +     3     4     4
            POST   /app/{}/dead-letter/discard-all                +     +     3     3     +     3     4     4
            POST   /app/{}/endpoint/{}/send-example               +     +     3     3     +     3     4     4
            POST   /app/{}/endpoint/{}/check                      +     +     3     3     +     3     4     4
            POST   /app/{}/endpoint/{}/transform/try              +     +     3     3     +     3     4     4
            GET    /app/{}/endpoint/{}/stats                      +     +     3     +     +     +     4     4
            GET    /app/{}/endpoint/{}/health                     +     +     3     +     +     +     4     4
            GET    /app/{}/endpoint/{}/msg                        +     +     3     +     +     +     4     4
            GET    /app/{}/msg                                    +     +     3     +     +     +     4     4
            POST   /app/{}/msg                                    +     +     +     3     3     3     3     4
            POST   /app/{}/msg/batch                              +     +     +     3     3     3     3     4
            POST   /app/{}/msg/sync                               +     +     +     3     3     3     3     4
            GET    /app/{}/msg/{}                                 +     +     3     +     +     +     4     4
            POST   /app/{}/msg/{}/cancel                          +     +     +     3     3     3     3     4
            DELETE /app/{}/msg/{}/content                         +     +     3     3     3     3     3     4
            GET    /app/{}/msg/{}/endpoint                        +     +     3     +     +     +     4     4
            POST   /app/{}/msg/{}/endpoint/{}/resend              +     +     3     3     +     3     4     4
            GET    /app/{}/msg/{}/attempt/{}                      +     +     3     +     +     +     4     4
            DELETE /app/{}/msg/{}/attempt/{}/content              +     +     3     3     3     3     3     4
            GET    /app/{}/attempt                                +     +     3     +     +     +     4     4
            GET    /app/{}/attempt/endpoint/{}                    +     +     3     +     +     +     4     4
            GET    /app/{}/attempt/msg/{}                         +     +     3     +     +     +     4     4
            GET    /app/{}/stats/attempt                          +     +     3     +     +     +     4     4
            GET    /app/{}/stats/message                          +     +     3     +     +     +     4     4
            GET    /app/{}/listen                                 +     +     3     3     +     3     4     4
            GET    /event-type                                    +     +     3     +     +     +     +     +
            POST   /event-type                                    +     +     3     3     3     3     3     +
            GET    /event-type/{}                                 +     +     3     +     +     +     +     4
            PUT    /event-type/{}                                 +     +     3     3     3     3     3     +
            PATCH  /event-type/{}                                 +     +     3     3     3     3     3     4
            DELETE /event-type/{}                                 +     +     3     3     3     3     3     4
            POST   /event-type/import/openapi                     +     +     3     3     3     3     3     +
            GET    /catalogue                                     +     +     3     +     +     +     +     +
            GET    /catalogue/export                              +     +     3     +     +     +     +     +
            POST   /catalogue/import                              +     +     3     3     3     3     3     +
            GET    /app/{}/event-type                             +     +     3     +     +     +     4     4
            GET    /background-task                               +     +     3     +     +     +     +     +
            GET    /background-task/{}                            +     +     3     +     +     +     4     4
            POST   /background-task/{}/cancel                     +     +     3     3     +     3     4     4
            POST   /background-task/{}/pause                      +     +     3     3     +     3     4     4
            POST   /background-task/{}/resume                     +     +     3     3     +     3     4     4
            GET    /token                                         +     +     3     3     3     3     3     +
            POST   /token                                         +     +     3     3     3     3     3     +
            GET    /token/{}                                      +     +     3     3     3     3     3     4
            PATCH  /token/{}                                      +     +     3     3     3     3     3     4
            DELETE /token/{}                                      +     +     3     3     3     3     3     4
            GET    /profile                                       +     +     3     +     +     +     +     +
            POST   /profile/test                                  +     +     3     3     +     3     +     +
            GET    /profile/{}                                    +     +     3     +     +     +     +     4
            PUT    /profile/{}                                    +     +     3     3     3     3     3     +
            DELETE /profile/{}                                    +     +     3     3     3     3     3     4
            GET    /environment                                   +     +     3     3     3     3     3     +
            POST   /environment                                   +     3     3     3     3     3     3     3
            GET    /environment/{}                                +     +     3     3     3     3     3     4
            PATCH  /environment/{}                                +     3     3     3     3     3     3     3
            DELETE /environment/{}                                +     3     3     3     3     3     3     3
            GET    /audit-log                                     +     +     3     3     3     3     3     +
            POST   /auth/app-portal-access/{}                     +     +     3     3     3     3     3     4
            POST   /auth/logout                                   +     +     +     +     +     +     +     +
            """;

    private static final Logger ROOT = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private static final Logger OURS = (Logger) LoggerFactory.getLogger("io.posthorn");
    private static final @Nullable Level LEVEL = OURS.getLevel();
    private static final String API = "/api/v1";
    /** Not a JSON object: who is let in gets 422, and nothing happens. */
    private static final String LET_IN_BUT_NOTHING_DONE = "[]";

    private static final Queue<String> logged = new ConcurrentLinkedQueue<>();
    private static final AppenderBase<ILoggingEvent> listener = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            logged.add(event.getFormattedMessage() + event.getThrowableProxy());
        }
    };
    private static final Api api = Api.usual();
    private static final Written written = new Written(api.db);
    private static final Vertx vertx = Vertx.vertx();
    private static final ApiServer server = serve();
    private static final Map<String, Client> callers = new LinkedHashMap<>();
    private static final Map<String, String> ids = new LinkedHashMap<>();
    private static final List<String> secrets = new ArrayList<>();

    /** Stores nothing: no body that gets that far is sent. */
    private static final class NoJournal implements Journal {
        @Override
        public Appended append(List<Submission> batch) {
            throw new AssertionError("a message came through");
        }

        @Override
        public boolean inDoubt() {
            return false;
        }

        @Override
        public void close() {}
    }

    private static final class NoMetrics implements IntakeMetrics {
        @Override
        public void messagesCommitted(int messages, long nanos) {}

        @Override
        public void messagesRefused(int messages) {}

        @Override
        public void messagesUnavailable(int messages) {}
    }

    private static ApiServer serve() {
        Intake intake = new Intake(
                10, 1_000, new NoJournal(), (accepted, millis) -> accepted.size(), new NoMetrics(), (part, why) -> {});
        ApiServer made = new ApiServer(
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
                        FastRoutes.accepting(
                                        api.catalog,
                                        intake,
                                        Duration.ofSeconds(30),
                                        Duration.ofDays(90),
                                        new ApplicationPace(System::nanoTime),
                                        new PayloadChecks(api.catalog, refused -> {}, 1))
                                .or(new SyncRoutes(
                                                vertx,
                                                api.catalog,
                                                new PayloadChecks(api.catalog, refused -> {}, 1),
                                                intake,
                                                (message, endpoints, most, each) -> {
                                                    throw new AssertionError("a message came through");
                                                },
                                                new ApplicationPace(System::nanoTime),
                                                api.keys)
                                        .fast()),
                        List.of(new HistoryRoutes(
                                api.catalog, new PgHistory(api.db.dataSource(), written.ids, 4), written.ids))));
        Api.await(made.start());
        return made;
    }

    @BeforeAll
    static void world() {
        listener.setContext(ROOT.getLoggerContext());
        listener.start();
        ROOT.addAppender(listener);
        OURS.setLevel(Level.TRACE);

        Client chief = new Client(api, server.port(), api.token, "one");
        secrets.add(api.token);
        for (String name : List.of("one", "two")) {
            Api.Reply made = chief.with(api.token).post("/environment", "{\"name\":\"" + name + "\"}");
            assertThat(made.status()).as(made.text()).isEqualTo(201);
        }
        ids.put("environment", chief.get("/environment/one").id());
        ids.put(
                "app",
                chief.post("/app", "{\"name\":\"First\",\"uid\":\"first\"}").id());
        chief.post("/app", "{\"name\":\"Second\",\"uid\":\"second\"}");
        chief.post("/event-type", "{\"name\":\"first.happened\",\"description\":\"d\"}");
        ids.put("event-type", "first.happened");
        chief.call("PUT", "/profile/acme", "{\"source\":\"description: d\"}");
        ids.put("profile", "acme");
        ids.put(
                "endpoint",
                chief.post("/app/first/endpoint", "{\"url\":\"https://example.com/first\"}")
                        .id());
        secrets.add(chief.get("/app/first/endpoint/" + ids.get("endpoint") + "/secret")
                .body()
                .get("key")
                .textValue());
        message(chief);

        callers.put("chief", chief);
        callers.put("admin", chief.with(token(chief, "\"role\":\"administrator\"")));
        callers.put("publ.", chief.with(token(chief, "\"role\":\"publisher\"")));
        callers.put("view.", chief.with(token(chief, "\"role\":\"viewer\"")));
        callers.put("app", chief.with(token(chief, "\"role\":\"application\",\"appId\":\"first\"")));
        callers.put("look", chief.with(readOnly(chief)));
        callers.put("app2", chief.with(token(chief, "\"role\":\"application\",\"appId\":\"second\"")));
        callers.put("env2", chief.with(token(chief.in("two"), "\"role\":\"administrator\"")));
    }

    private static void message(Client chief) {
        AppView first = requireNonNull(api.catalog.app(
                requireNonNull(api.catalog.environments().find("one")).no(), "first"));
        Message message = written.message(first.application().no(), Time.micros(Instant.now()), "first.happened");
        int endpoint = requireNonNull(first.endpoint(requireNonNull(ids.get("endpoint"))))
                .no();
        written.settle(Written.delivered(message, endpoint));
        ids.put("msg", message.id);
        ids.put(
                "attempt",
                chief.get("/app/first/attempt/msg/" + message.id)
                        .body()
                        .at("/data/0/id")
                        .textValue());
        assertThat(ids.get("attempt")).startsWith("atmpt_");
    }

    private static String token(Client by, String json) {
        Api.Reply made = by.post("/token", "{\"name\":\"t\"," + json + "}");
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        String token = made.body().get("token").textValue();
        secrets.add(token);
        ids.putIfAbsent("token", made.id());
        return token;
    }

    private static String readOnly(Client by) {
        String token = by.post("/auth/app-portal-access/first", "{\"readOnly\":true}")
                .body()
                .get("token")
                .textValue();
        secrets.add(token);
        return token;
    }

    @AfterAll
    static void close() {
        ROOT.detachAppender(listener);
        OURS.setLevel(LEVEL);
        Api.await(server.close(Duration.ofSeconds(5)));
        Api.await(vertx.close());
        written.close();
        api.close();
    }

    // ---- what is not properly encoded

    @Test
    void aQueryThatCannotBeDecodedIsAnsweredOnTheHotPathToo() throws IOException {
        for (String target : List.of("app/first/msg?x=%zz", "app/first/msg/batch?with_content=%f", "app?x=%zz")) {
            String head = "POST /api/v1/" + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + "Authorization: Bearer " + api.token + "\r\nposthorn-environment: one\r\n";
            String body = "{\"eventType\":\"a\",\"payload\":1}";
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                socket.setSoTimeout(30_000);
                socket.getOutputStream()
                        .write((head + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                                .getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().flush();
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .as(target)
                        .startsWith("HTTP/1.1 400 ")
                        .contains("bad_request", "not properly encoded");
            }
        }
    }

    // ---- the table

    /** An operation, and what each caller gets by the table. */
    record Row(String method, String path, List<String> cells) {
        String key() {
            return method + " " + path;
        }

        @Override
        public String toString() {
            return key();
        }
    }

    private static Map<String, Row> table() {
        Map<String, Row> rows = new LinkedHashMap<>();
        TABLE.lines().skip(1).forEach(line -> {
            String[] words = line.strip().split(" +");
            Row row = new Row(words[0], words[1], Arrays.asList(words).subList(2, words.length));
            assertThat(row.cells()).as(line).hasSize(8);
            assertThat(rows.put(row.key(), row)).as(line).isNull();
        });
        return rows;
    }

    private static String key(Operation operation) {
        return operation.method() + " "
                + operation.path().substring(API.length()).replaceAll(":[a-zA-Z]+", "{}");
    }

    static Stream<Row> operations() {
        Map<String, Row> table = table();
        return server.operations().stream()
                .map(operation -> table.getOrDefault(
                        key(operation), new Row(operation.method().name(), key(operation), List.of())));
    }

    /** The path with ids of what is there. */
    private static String path(Row row) {
        return path(row, -1);
    }

    /** The path with ids of what is there, but for one: 0 is the first in it. */
    private static String path(Row row, int missing) {
        StringBuilder path = new StringBuilder();
        String before = "";
        int at = 0;
        for (String part : row.path().substring(1).split("/", -1)) {
            path.append('/');
            if (part.equals("{}")) {
                path.append(at++ == missing ? nobody(before) : id(before));
            } else {
                path.append(part);
            }
            before = part;
        }
        return path.toString();
    }

    private static String id(String kind) {
        return ids.getOrDefault(kind.equals("app-portal-access") ? "app" : kind, nobody(kind));
    }

    private static String nobody(String kind) {
        return switch (kind) {
            case "app", "app-portal-access" -> "app_01hzzzzzzzzzzzzzzzzzzzzzzz";
            case "event-type" -> "never.happened";
            default -> kind + "_01hzzzzzzzzzzzzzzzzzzzzzzz";
        };
    }

    private static boolean takesBody(Row row) {
        return row.method().startsWith("P");
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everybodyGetsWhatTheTableSays(Row row) {
        assertThat(row.cells())
                .as("a row for " + row.path() + " in the table of this test")
                .hasSize(8);
        int column = 0;
        for (Map.Entry<String, Client> caller : callers.entrySet()) {
            String as = row + " as " + caller.getKey();
            switch (row.cells().get(column++)) {
                case "+" -> letIn(row, caller.getValue(), as);
                case "3" -> {
                    Api.Reply reply = caller.getValue().call(row.method(), path(row), takesBody(row) ? "{}" : null);
                    assertThat(reply.status()).as(as).isEqualTo(403);
                    assertThat(reply.code()).as(as).isEqualTo("forbidden");
                    showsNothing(reply, as);
                }
                case "4" -> {
                    Api.Reply reply = caller.getValue().call(row.method(), path(row), takesBody(row) ? "{}" : null);
                    Api.Reply nobody = caller.getValue().call(row.method(), path(row, 0), takesBody(row) ? "{}" : null);
                    assertThat(reply.status()).as(as).isIn(404, 422).isEqualTo(nobody.status());
                    assertThat(takesBody(row) || reply.status() == 404).as(as).isTrue();
                    assertThat(reply.text()).as(as).isEqualTo(nobody.text());
                    showsNothing(reply, as);
                }
                default -> throw new AssertionError("what is this cell? " + row.cells());
            }
        }
    }

    /** Past all checks; and nothing is changed by it. */
    private static void letIn(Row row, Client caller, String as) {
        boolean removes = row.method().equals("DELETE");
        int last = row.path().split("\\{\\}", -1).length - 2;
        Api.Reply reply = caller.call(
                row.method(), path(row, removes ? last : -1), takesBody(row) ? LET_IN_BUT_NOTHING_DONE : null);
        if (takesBody(row)) {
            assertThat(reply.status()).as(as).isEqualTo(422);
            assertThat(reply.places()).as(as).allMatch(place -> place.startsWith("body"));
        } else if (removes) {
            assertThat(reply.status()).as(as).isEqualTo(404);
            assertThat(last > 0 && reply.text().contains("application")).as(as).isFalse();
        } else if (row.path().endsWith("/listen")) {
            assertThat(reply.status()).as(as + ": " + reply.text()).isNotIn(401, 403, 404, 500);
        } else if (row.path().equals("/background-task/{}")) {
            assertThat(reply.status()).as(as + ": " + reply.text()).isEqualTo(404);
        } else {
            assertThat(reply.status()).as(as + ": " + reply.text()).isIn(200, 422);
        }
        if (!row.path().endsWith("/secret")) {
            showsNoSecret(reply, as);
        }
        if (caller.equals(callers.get("app2")) || caller.equals(callers.get("env2"))) {
            showsNothing(reply, as);
        }
    }

    /** Of the first application. */
    private static void showsNothing(Api.Reply reply, String as) {
        showsNoSecret(reply, as);
        for (String id : List.of("app", "endpoint", "msg", "attempt")) {
            assertThat(reply.text()).as(as).doesNotContain(requireNonNull(ids.get(id)));
        }
    }

    private static void showsNoSecret(Api.Reply reply, String as) {
        for (String secret : secrets) {
            assertThat(reply.text()).as(as).doesNotContain(secret);
        }
    }

    // ---- no valid token at all

    @ParameterizedTest
    @MethodSource("operations")
    void withoutAValidTokenNothingIsSaid(Row row) {
        Client chief = requireNonNull(callers.get("chief"));
        Api.Reply made = chief.post(
                "/token",
                "{\"name\":\"ends\",\"role\":\"administrator\",\"expiresAt\":\""
                        + Instant.now().plusSeconds(600) + "\"}");
        String revoked = made.body().get("token").textValue();
        assertThat(chief.with(revoked).get("/app").status()).isEqualTo(200);
        chief.delete("/token/" + made.id());
        List<@Nullable String> none =
                Arrays.asList(null, "", "garbage", "ph_" + "A".repeat(43), "x".repeat(5_000), revoked, expired());
        for (String bad : none) {
            refused(row, chief.with(bad), String.valueOf(bad));
        }
    }

    private static void refused(Row row, Client caller, String as) {
        for (int missing : new int[] {-1, 0}) {
            Api.Reply reply = caller.call(row.method(), path(row, missing), takesBody(row) ? "{}" : null);
            assertThat(reply.status()).as(row + " with " + as).isEqualTo(401);
            assertThat(reply.code()).isEqualTo("authentication_failed");
            assertThat(reply.headers().firstValue("www-authenticate")).contains("Bearer");
            showsNothing(reply, row.toString());
        }
    }

    /** An administrator's token that has expired a moment ago; the API makes none, so the catalog does. */
    private static String expired() {
        Result<NewToken> made = api.catalog
                .tokens()
                .create(new TokenDraft(
                        "expired",
                        Role.ADMINISTRATOR,
                        Token.EVERYWHERE,
                        null,
                        null,
                        Instant.now().minusMillis(1)));
        return ((Result.Created<NewToken>) made).value().secret();
    }

    // ---- ids of others in paths of one's own

    @Test
    void idsOfAnotherApplicationLeadNowhereFromTheOwnOne() {
        Client second = requireNonNull(callers.get("app2"));
        Client admin = requireNonNull(callers.get("admin"));
        int tried = 0;
        for (Row row : operations().toList()) {
            if (!row.path().startsWith("/app/{}/") || row.path().indexOf("{}", 8) < 0) {
                continue;
            }
            String path = path(row).replace(requireNonNull(ids.get("app")), "second");
            for (Client caller : List.of(second, admin)) {
                Api.Reply reply = caller.call(row.method(), path, takesBody(row) ? body(row) : null);
                boolean mayNot = caller.equals(second) && row.cells().get(4).equals("3");
                assertThat(reply.status()).as(row + ": " + reply.text()).isEqualTo(mayNot ? 403 : 404);
                showsNothing(reply, row.toString());
                tried++;
            }
        }
        assertThat(tried).isGreaterThan(15);
    }

    /** One that is fine, so that only the path is wrong. */
    private static String body(Row row) {
        if (row.method().equals("PUT") && row.path().endsWith("/endpoint/{}")) {
            return "{\"url\":\"https://example.com/\"}";
        }
        if (row.path().endsWith("/recover")
                || row.path().endsWith("-missing")
                || row.path().endsWith("/bulk-replay")) {
            return "{\"since\":\"" + Instant.now().minusSeconds(60) + "\"}";
        }
        if (row.path().endsWith("/transform/try")) {
            return "{\"message\":{\"eventType\":\"first.happened\",\"payload\":{}}}";
        }
        if (row.path().endsWith("/send-example")) {
            return "{\"eventType\":\"first.happened\"}";
        }
        return row.path().endsWith("/headers") ? "{\"headers\":{}}" : "{}";
    }

    @Test
    void aMovedHeaderOpensNoEnvironment() {
        for (String who : List.of("admin", "view.", "app", "look", "publ.")) {
            Api.Reply reply = requireNonNull(callers.get(who)).in("two").get("/app");
            assertThat(reply.status()).as(who).isEqualTo(403);
        }
        assertThat(requireNonNull(callers.get("env2")).in("two").get("/app").status())
                .isEqualTo(200);
    }

    /** Who knows the key of a request of another does not get the answer of it. */
    @Test
    void anIdempotencyKeyOpensNoAnswerOfOthers() {
        String body = "{\"name\":\"t\",\"role\":\"administrator\",\"environment\":\"*\"}";
        Api.Reply made = keyed("chief", body);
        assertThat(made.status()).isEqualTo(201);
        secrets.add(made.body().get("token").textValue());
        assertThat(keyed("chief", body).text()).isEqualTo(made.text());
        assertThat(keyed("admin", body).status()).isEqualTo(403);
        for (String other : List.of("publ.", "view.", "app", "look", "app2", "env2")) {
            Api.Reply reply = keyed(other, body);
            assertThat(reply.status()).as(other).isEqualTo(403);
            showsNothing(reply, other);
        }
    }

    private static Api.Reply keyed(String who, String body) {
        Client caller = requireNonNull(callers.get(who));
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + caller.port() + API + "/token"))
                .header("Authorization", "Bearer " + caller.token())
                .header("Idempotency-Key", "guessed")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        String environment = caller.environment();
        return api.send(environment == null ? request : request.header(Authenticator.ENVIRONMENT, environment));
    }

    // ---- what may be seen of secrets

    @Test
    void listsAndLogsHoldNoToken() {
        Client chief = requireNonNull(callers.get("chief"));
        for (String list : List.of("/token?limit=250", "/token?role=application", "/environment", "/app")) {
            showsNoSecret(chief.get(list), list);
        }
        chief.with("ph_guessed_by_a_stranger").get("/app?token=ph_in_the_query");
        assertThat(logged.stream().filter(line -> line.contains("ph_"))).isEmpty();
        for (String secret : secrets) {
            assertThat(logged.stream().filter(line -> line.contains(secret))).isEmpty();
        }
        LoggerFactory.getLogger("io.posthorn.api.AccessTest").trace("the listener listens");
        assertThat(logged).contains("the listener listensnull");
    }

    @Test
    void noRowIsWrittenTwiceOrWithoutAMeaning() {
        assertThat(new TreeSet<>(table().values().stream()
                        .flatMap(row -> row.cells().stream())
                        .toList()))
                .containsExactly("+", "3", "4");
    }
}
