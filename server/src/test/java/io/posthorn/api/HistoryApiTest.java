package io.posthorn.api;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import io.posthorn.catalog.AppView;
import io.posthorn.history.PgHistory;
import io.posthorn.history.Settlement;
import io.posthorn.history.Written;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class HistoryApiTest {
    private static final Api api = Api.usual();
    private static final Written written = new Written(api.db);
    private static final List<Vertx> loops = new ArrayList<>();
    private static final ApiServer server = serve(new PgHistory(api.db.dataSource(), written.ids, 4));

    @AfterAll
    static void close() {
        Api.await(server.close(Duration.ofSeconds(5)));
        loops.forEach(each -> Api.await(each.close()));
        written.close();
        api.close();
    }

    private static ApiServer serve(PgHistory history) {
        Vertx own = Vertx.vertx(); // within one, servers on "any port" share it
        loops.add(own);
        ApiServer started = new ApiServer(
                own,
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
                        List.of(new HistoryRoutes(api.catalog, history, written.ids))));
        Api.await(started.start());
        return started;
    }

    private static Api.Reply get(ApiServer from, String path) {
        return api.send(java.net.http.HttpRequest.newBuilder(
                        java.net.URI.create("http://127.0.0.1:" + from.port() + "/api/v1/app/" + path))
                .header("Authorization", "Bearer " + api.token));
    }

    private static Api.Reply get(String path) {
        return get(server, path);
    }

    private static JsonNode ok(String path) {
        Api.Reply reply = get(path);
        assertThat(reply.status()).as(path + ": " + reply.text()).isEqualTo(200);
        return reply.body();
    }

    private static List<String> all(JsonNode page, String field) {
        return page.get("data").valueStream().map(e -> e.get(field).asText()).toList();
    }

    /** An application with endpoints {@code one} and {@code two}; messages from now on are for them. */
    private static AppView app(String uid) {
        api.post("/app", "{\"name\":\"" + uid + "\",\"uid\":\"" + uid + "\"}");
        for (String endpoint : List.of("one", "two")) {
            api.post(
                    "/app/" + uid + "/endpoint",
                    "{\"url\":\"https://example.com/" + endpoint + "\",\"uid\":\"" + endpoint + "\"}");
        }
        return view(uid);
    }

    private static AppView view(String uid) {
        return requireNonNull(api.catalog.app(DEFAULT_NO, uid));
    }

    private static Endpoint endpoint(AppView view, String uid) {
        return requireNonNull(view.endpoint(uid));
    }

    private static long now() {
        return Time.micros(Instant.now());
    }

    private static Message message(AppView view, long at, String type) {
        return written.message(view.application().no(), at, type);
    }

    @Test
    @Requirement("D20")
    void aMessageIsShownAsWhereItWasAccepted() {
        AppView view = app("shown");
        byte[] payload = "{ \"n\": 1.10, \"s\":\"\\u00e9ü\\/\", \"n2\":1e400 }".getBytes(StandardCharsets.UTF_8);
        Message full = written.next(
                view.application().no(), now(), "a.b", "order-1", List.of("c1"), List.of("t1", "t2"), payload);
        Message bare = written.next(
                view.application().no(), now(), "a", null, List.of(), List.of(), "[]".getBytes(StandardCharsets.UTF_8));
        written.write(List.of(full, bare));
        for (Message each : List.of(full, bare)) {
            for (boolean content : new boolean[] {true, false}) {
                Buffer accepted = Buffer.buffer();
                MessageJson.write(accepted, each, content);
                assertThat(get("shown/msg/" + each.id + "?with_content=" + content)
                                .text())
                        .isEqualTo(accepted.toString());
            }
        }
        assertThat(get("shown/msg/order-1/").text()).contains(new String(payload, StandardCharsets.UTF_8));
        app("not-shown");
        for (String wrong : List.of(
                "not-shown/msg/" + full.id,
                "not-shown/msg/order-1",
                "shown/msg/order-2",
                "shown/msg/msg_01hzzzzzzzzzzzzzzzzzzzzzzz",
                "shown/msg/%00",
                "nobody/msg/" + full.id,
                "not-shown/attempt/msg/" + full.id,
                "not-shown/msg/" + full.id + "/endpoint")) {
            assertThat(get(wrong).status()).as(wrong).isEqualTo(404);
            assertThat(get(wrong).code()).isEqualTo("not_found");
        }
    }

    @Test
    void messagesAreListedNewestFirstAndPagedBothWays() {
        AppView view = app("listed");
        long start = now();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            expected.addFirst(message(view, start + i * 1_000L, i % 2 == 0 ? "even" : "odd").id);
        }
        JsonNode first = ok("listed/msg?limit=4");
        assertThat(all(first, "id")).isEqualTo(expected.subList(0, 4));
        assertThat(first.get("done").booleanValue()).isFalse();
        message(view, start + 20_000, "late");
        JsonNode second =
                ok("listed/msg?limit=4&iterator=" + first.get("iterator").textValue());
        assertThat(all(second, "id")).isEqualTo(expected.subList(4, 8));
        JsonNode third =
                ok("listed/msg?limit=4&iterator=" + second.get("iterator").textValue());
        assertThat(all(third, "id")).isEqualTo(expected.subList(8, 10));
        assertThat(third.get("done").booleanValue()).isTrue();
        JsonNode back =
                ok("listed/msg?limit=4&iterator=" + third.get("prevIterator").textValue());
        assertThat(all(back, "id")).isEqualTo(expected.subList(4, 8));
        assertThat(back.get("done").booleanValue()).isFalse();
        assertThat(all(ok("listed/msg?order=ascending&limit=2"), "id"))
                .containsExactly(expected.get(9), expected.get(8));
        assertThat(all(ok("listed/msg?event_types=odd,late"), "eventType"))
                .containsExactly("late", "odd", "odd", "odd", "odd", "odd");
        String middle = Time.instant(start + 5_000).toString();
        assertThat(all(ok("listed/msg?after=" + middle), "id")).hasSize(6).endsWith(expected.get(4));
        assertThat(all(ok("listed/msg?before=" + middle), "id")).isEqualTo(expected.subList(5, 10));
        assertThat(ok("listed/msg?with_content=false&limit=1")
                        .get("data")
                        .get(0)
                        .get("payload")
                        .toString())
                .isEqualTo("{}");
        assertThat(get("listed/msg?channel=c").text()).contains("\"data\":[]");
    }

    private static Client customer(String app, boolean readOnly) {
        return new Client(
                api,
                server.port(),
                api.post("/auth/app-portal-access/" + app, "{\"readOnly\":" + readOnly + "}")
                        .body()
                        .get("token")
                        .textValue(),
                null);
    }

    @Test
    void customersSeeNothingOfWhatTheirApplicationMayNotBeToldOf() {
        api.post("/event-type", "{\"name\":\"payment.done\",\"description\":\"\",\"scopes\":[\"Payments\"]}");
        AppView view = app("scoped");
        Endpoint one = endpoint(view, "one");
        long start = now();
        List<Message> shown = new ArrayList<>();
        List<Message> kept = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Message m = message(view, start + i * 1_000L, i % 2 == 0 ? "payment.done" : "order.paid");
            (i % 2 == 0 ? kept : shown).addFirst(m);
            written.settle(Written.delivered(m, one.no()));
        }
        List<String> ids = shown.stream().map(m -> m.id).toList();
        Message secret = kept.getFirst();
        String attempt = ok("scoped/attempt/msg/" + secret.id).at("/data/0/id").textValue();
        List<String> lists = List.of("msg", "endpoint/one/msg", "attempt", "attempt/endpoint/one");
        List<String> single = List.of(
                "msg/" + secret.id,
                "msg/" + secret.id + "/endpoint",
                "msg/" + secret.id + "/attempt/" + attempt,
                "attempt/msg/" + secret.id,
                "attempt?msg_id=" + secret.id);
        for (boolean readOnly : new boolean[] {false, true}) {
            Client customer = customer("scoped", readOnly);
            for (String path : lists) {
                assertThat(customer.get("/app/scoped/" + path).body().get("data"))
                        .as(path + " of an application without scopes")
                        .hasSize(6);
            }
            api.patch("/app/scoped", "{\"scopes\":[]}");
            for (String path : lists) {
                String id = path.endsWith("msg") ? "id" : "msgId";
                List<String> found = new ArrayList<>();
                String next = "";
                for (JsonNode page = null; page == null || !page.get("done").booleanValue(); ) {
                    page = customer.get("/app/scoped/" + path + "?limit=1" + (id.equals("id") ? "" : "&with_msg=true")
                                    + next)
                            .body();
                    assertThat(page.toString()).doesNotContain("payment.done");
                    found.addAll(all(page, id));
                    next = "&iterator=" + page.get("iterator").textValue();
                }
                assertThat(found).as(path).isEqualTo(ids);
                assertThat(customer.get("/app/scoped/" + path + "?event_types=payment.done")
                                .body()
                                .get("data"))
                        .as(path)
                        .isEmpty();
            }
            for (String path : single) {
                assertThat(customer.get("/app/scoped/" + path).status())
                        .as(path)
                        .isEqualTo(404);
                assertThat(get("scoped/" + path).status()).as(path).isEqualTo(200);
            }
            assertThat(customer.get("/app/scoped/msg/" + ids.getFirst()).status())
                    .isEqualTo(200);
            assertThat(accepted(customer.get("/app/scoped/stats/message").body()))
                    .isEqualTo(3);
            assertThat(accepted(customer.get("/app/scoped/stats/message?event_types=payment.done")
                            .body()))
                    .isZero();
            assertThat(accepted(ok("scoped/stats/message"))).isEqualTo(6);
            assertThat(ok("scoped/msg").get("data")).hasSize(6);
            api.patch("/app/scoped", "{\"scopes\":null}");
        }
    }

    private static long accepted(JsonNode chart) {
        return chart.get("data")
                .valueStream()
                .mapToLong(bucket -> bucket.get("accepted").longValue())
                .sum();
    }

    @Test
    @Requirement("D20")
    void attemptsTellEverything() {
        AppView view = app("told");
        Endpoint one = endpoint(view, "one");
        Message m = message(view, now(), "a.b");
        long due = m.createdAt + 5_000_000;
        written.settle(Written.outcome(
                m, one.no(), Written.response(1, m.createdAt + 2_000, 503, "bu\u00e9sy"), new Verdict.RetryAt(due)));
        written.settle(Written.outcome(
                m,
                one.no(),
                Written.failure(2, due, AttemptStatus.REFUSED_ADDRESS, "10.0.0.1"),
                new Verdict.Exhausted()));
        JsonNode page = ok("told/attempt/endpoint/one");
        assertThat(page.get("done").booleanValue()).isTrue();
        JsonNode last = page.get("data").get(0);
        JsonNode first = page.get("data").get(1);
        assertThat(first.get("id").textValue()).isEqualTo(written.ids.attempt(m.createdAt + 2_000, m.seq, one.no(), 1));
        assertThat(first.get("msgId").textValue()).isEqualTo(m.id);
        assertThat(first.get("endpointId").textValue()).isEqualTo(one.id());
        assertThat(first.get("url").textValue()).isEqualTo("https://example.com/one");
        assertThat(first.get("response").textValue()).isEqualTo("buésy");
        assertThat(first.get("responseStatusCode").intValue()).isEqualTo(503);
        assertThat(first.get("responseDurationMs").intValue()).isEqualTo(12);
        assertThat(first.get("status").intValue()).isEqualTo(2);
        assertThat(first.get("statusText").textValue()).isEqualTo("fail");
        assertThat(first.get("triggerType").intValue()).isZero();
        assertThat(first.get("timestamp").textValue())
                .isEqualTo(Time.instant(m.createdAt + 2_000).toString());
        assertThat(first.has("msg")).isFalse();
        assertThat(first.get("attemptNumber").intValue()).isEqualTo(1);
        assertThat(first.get("outcome").textValue()).isEqualTo("response");
        assertThat(first.get("detail").isNull()).isTrue();
        assertThat(first.get("responseHeaders").toString())
                .isEqualTo(
                        "[{\"name\":\"Content-Type\",\"value\":\"text/plain\"},{\"name\":\"X-Two\",\"value\":\"a: b\"}]");
        assertThat(first.get("nextAttemptAt").textValue())
                .isEqualTo(Time.instant(due).toString());
        assertThat(first.get("exhausted").booleanValue()).isFalse();
        assertThat(last.get("outcome").textValue()).isEqualTo("refused_address");
        assertThat(last.get("detail").textValue()).isEqualTo("10.0.0.1");
        assertThat(last.get("responseStatusCode").intValue()).isZero();
        assertThat(last.get("response").textValue()).isEmpty();
        assertThat(last.get("responseHeaders").isNull()).isTrue();
        assertThat(last.get("nextAttemptAt").isNull()).isTrue();
        assertThat(last.get("exhausted").booleanValue()).isTrue();
        String path = "told/msg/" + m.id + "/attempt/";
        assertThat(ok(path + first.get("id").textValue())).isEqualTo(first);
        assertThat(get(path + "atmpt_01hzzzzzzzzzzzzzzzzzzzzzzz").status()).isEqualTo(404);
        app("untold");
        assertThat(get("untold/msg/" + m.id + "/attempt/" + first.get("id").textValue())
                        .status())
                .isEqualTo(404);
        assertThat(get("untold/attempt/endpoint/" + one.id()).status()).isEqualTo(404);
        assertThat(get("untold/endpoint/" + one.id() + "/msg").status()).isEqualTo(404);
        JsonNode bare = ok("told/attempt/endpoint/one?with_content=false&with_msg=true&limit=1&order=ascending");
        assertThat(bare.get("data").get(0).get("response").textValue()).isEmpty();
        assertThat(bare.get("data").get(0).get("msg").get("id").textValue()).isEqualTo(m.id);
    }

    @Test
    void attemptsAreFilteredAndPaged() {
        AppView view = app("sifted");
        Endpoint one = endpoint(view, "one");
        Endpoint two = endpoint(view, "two");
        long start = now();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Message m = message(view, start + i * 1_000L, "t" + i);
            expected.addFirst(m.id);
            Settlement lost = Written.outcome(
                    m, one.no(), Written.response(1, m.createdAt + 1, 404, ""), new Verdict.Exhausted());
            written.settle(i < 2 ? lost : Written.delivered(m, one.no()), Written.delivered(m, two.no()));
        }
        JsonNode first = ok("sifted/attempt/endpoint/one?limit=4");
        assertThat(all(first, "msgId")).isEqualTo(expected.subList(0, 4));
        written.settle(Written.delivered(message(view, start + 60_000, "late"), one.no()));
        JsonNode second = ok("sifted/attempt/endpoint/one?limit=4&iterator="
                + first.get("iterator").textValue());
        assertThat(all(second, "msgId")).isEqualTo(expected.subList(4, 6));
        assertThat(second.get("done").booleanValue()).isTrue();
        JsonNode back = ok("sifted/attempt/endpoint/one?limit=2&iterator="
                + second.get("prevIterator").textValue());
        assertThat(all(back, "msgId")).isEqualTo(expected.subList(2, 4));
        assertThat(all(ok("sifted/attempt/endpoint/one?status=2"), "msgId")).isEqualTo(expected.subList(4, 6));
        assertThat(all(ok("sifted/attempt/endpoint/one?status=0&limit=1"), "statusText"))
                .containsExactly("success");
        assertThat(all(ok("sifted/attempt/endpoint/one?status=1"), "id")).isEmpty();
        assertThat(all(ok("sifted/attempt/endpoint/one?status_code_class=400"), "msgId"))
                .isEqualTo(expected.subList(4, 6));
        assertThat(all(ok("sifted/attempt/endpoint/one?event_types=t3"), "msgId"))
                .containsExactly(expected.get(2));
        String id = expected.getLast();
        assertThat(all(ok("sifted/attempt/msg/" + id), "endpointId")).containsExactly(two.id(), one.id());
        assertThat(all(ok("sifted/attempt/msg/" + id + "?endpoint_id=one&with_msg=true"), "endpointId"))
                .containsExactly(one.id());
        assertThat(all(ok("sifted/attempt/msg/" + id + "?status=2"), "endpointId"))
                .containsExactly(one.id());
        assertThat(all(ok("sifted/attempt/msg/" + id + "?event_types=t0"), "id"))
                .hasSize(2);
        assertThat(all(ok("sifted/attempt/msg/" + id + "?event_types=t1"), "id"))
                .isEmpty();
        assertThat(get("sifted/attempt/msg/" + id + "?endpoint_id=three").status())
                .isEqualTo(404);
    }

    @Test
    void attemptsAtADeletedEndpointStayWithTheirMessage() {
        AppView view = app("kept");
        Message m = message(view, now(), "a");
        written.settle(
                Written.delivered(m, endpoint(view, "one").no()),
                Written.delivered(m, endpoint(view, "two").no()));
        api.delete("/app/kept/endpoint/one");
        JsonNode page = ok("kept/attempt/msg/" + m.id);
        JsonNode orphan = page.get("data").get(1);
        assertThat(orphan.get("url").textValue()).isEmpty();
        assertThat(orphan.get("endpointId").textValue()).startsWith("ep_").hasSize(29);
        assertThat(get("kept/attempt/endpoint/" + orphan.get("endpointId").textValue())
                        .status())
                .isEqualTo(404);
        assertThat(all(ok("kept/msg/" + m.id + "/endpoint"), "uid")).containsExactly("two");
    }

    @Test
    void deliveriesByMessageAndByEndpoint() {
        AppView view = app("standing");
        Endpoint one = endpoint(view, "one");
        Endpoint two = endpoint(view, "two");
        Message m = message(view, now(), "a");
        String destinations = "standing/msg/" + m.id + "/endpoint";
        assertThat(all(ok(destinations), "statusText")).containsExactly("sending", "sending");
        assertThat(all(ok(destinations), "id")).containsExactly(one.id(), two.id());
        api.post("/app/standing/endpoint", "{\"url\":\"https://example.com/late\"}");
        assertThat(all(ok(destinations), "id"))
                .as("a later endpoint has no part in it")
                .hasSize(2);
        long due = m.createdAt + 60_000_000;
        written.settle(
                Written.outcome(m, one.no(), Written.response(1, m.createdAt + 5, 500, ""), new Verdict.RetryAt(due)),
                Written.delivered(m, two.no()));
        JsonNode page = ok(destinations);
        assertThat(all(page, "statusText")).containsExactly("pending", "success");
        assertThat(all(page, "status")).containsExactly("1", "0");
        assertThat(all(page, "nextAttempt")).containsExactly(Time.instant(due).toString(), "null");
        assertThat(all(page, "url")).containsExactly(one.url(), two.url());
        JsonNode firstPage = ok(destinations + "?limit=1");
        assertThat(firstPage.get("done").booleanValue()).isFalse();
        assertThat(all(
                        ok(destinations + "?limit=1&iterator="
                                + firstPage.get("iterator").textValue()),
                        "id"))
                .containsExactly(two.id());
        JsonNode attempted = ok("standing/endpoint/one/msg");
        assertThat(all(attempted, "id")).containsExactly(m.id);
        assertThat(all(attempted, "statusText")).containsExactly("pending");
        assertThat(all(attempted, "nextAttempt"))
                .containsExactly(Time.instant(due).toString());
        assertThat(all(attempted, "eventType")).containsExactly("a");
        assertThat(attempted.get("data").get(0).get("payload").toString()).isEqualTo("{\"n\":1.0}");
        assertThat(all(ok("standing/endpoint/one/msg?status=0"), "id")).isEmpty();
        assertThat(all(ok("standing/endpoint/two/msg?status=0&with_content=false"), "payload"))
                .hasSize(1);
        Message unwanted = message(view, now(), "b");
        written.settledUpTo(unwanted);
        assertThat(all(ok("standing/msg/" + unwanted.id + "/endpoint"), "id")).isEmpty();
    }

    @Test
    void manyAttemptsOfALargeMessageDoNotRepeatItWithoutBound() {
        AppView view = app("large");
        byte[] payload = ("\"" + "x".repeat(1 << 20) + "\"").getBytes(StandardCharsets.US_ASCII);
        Message m = written.next(view.application().no(), now(), "a", null, List.of(), List.of(), payload);
        written.write(List.of(m));
        int no = endpoint(view, "one").no();
        for (int i = 1; i <= 6; i++) {
            written.settle(Written.outcome(
                    m, no, Written.response(i, m.createdAt + i, 500, ""), new Verdict.RetryAt(m.createdAt)));
        }
        JsonNode page = ok("large/attempt/msg/" + m.id + "?with_msg=true");
        assertThat(all(page, "attemptNumber")).containsExactly("6", "5", "4");
        assertThat(page.get("done").booleanValue()).isFalse();
        JsonNode rest = ok("large/attempt/msg/" + m.id + "?with_msg=true&iterator="
                + page.get("iterator").textValue());
        assertThat(all(rest, "attemptNumber")).containsExactly("3", "2", "1");
        assertThat(rest.get("done").booleanValue()).isTrue();
    }

    @Test
    void nonsenseIsRefusedByName() {
        AppView view = app("strict");
        Message m = message(view, now(), "a");
        for (String bad : List.of(
                "limit=251",
                "iterator=f.nonsense",
                "iterator=f." + "z".repeat(29),
                "order=up",
                "before=yesterday",
                "after=%2B999999999-01-01T00:00:00Z",
                "before=-999999999-01-01T00:00:00Z",
                "before=1969-12-31T23:59:59Z",
                "channel=%00",
                "tag=",
                "event_types=a,,b",
                "status=9",
                "status_code_class=250",
                "with_content=maybe")) {
            for (String list : List.of("msg", "attempt/endpoint/one", "attempt/msg/" + m.id, "endpoint/one/msg")) {
                Api.Reply reply = get("strict/" + list + "?" + bad);
                assertThat(reply.status())
                        .as(list + "?" + bad + " " + reply.text())
                        .isEqualTo(422);
                assertThat(reply.places()).containsExactly("query." + bad.substring(0, bad.indexOf('=')));
            }
        }
    }

    private static ApiServer failing(SQLException failure) {
        DataSource broken = (DataSource) Proxy.newProxyInstance(
                HistoryApiTest.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, args) -> {
                    throw failure;
                });
        return serve(new PgHistory(broken, written.ids, 1));
    }

    @Test
    void withoutADatabaseTheAnswerIsToComeBack() {
        app("away");
        ApiServer away = failing(new SQLTransientConnectionException("no connection"));
        Api.Reply reply = get(away, "away/msg");
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.headers().firstValue("retry-after")).hasValue("1");
        Api.await(away.close(Duration.ofSeconds(5)));
    }

    @Test
    void whatTakesTooLongIsNotToBeRepeatedAsItIs() {
        app("slow");
        ApiServer slow = failing(new SQLException("canceling statement due to statement timeout", "57014"));
        Api.Reply reply = get(slow, "slow/msg?tag=rare");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.code()).isEqualTo("too_slow");
        Api.await(slow.close(Duration.ofSeconds(5)));
    }
}
