package io.posthorn.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.AppView;
import io.posthorn.history.PgHistory;
import io.posthorn.history.Written;
import io.posthorn.model.Environment;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Searching, attempts of an application, and counts, over HTTP. */
class SearchApiTest {
    private static final Api api = Api.usual();
    private static final Written written = new Written(api.db);
    private static final Vertx vertx = Vertx.vertx();
    /** The clock of the counts; the catalog's is the machine's. */
    private static final long NOW = shortlyAfterTheHour();

    private static final ApiServer server = new ApiServer(
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
                    List.of(new HistoryRoutes(
                            api.catalog, new PgHistory(api.db.dataSource(), written.ids, 4), written.ids, () -> NOW))));

    static {
        Api.await(server.start());
    }

    @AfterAll
    static void close() {
        Api.await(server.close(Duration.ofSeconds(5)));
        Api.await(vertx.close());
        written.close();
        api.close();
    }

    private static long shortlyAfterTheHour() {
        return Time.micros(Instant.now()) / 3_600_000_000L * 3_600_000_000L + 90_000_000L;
    }

    private static Api.Reply get(String path) {
        return api.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/api/v1/app/" + path))
                .header("Authorization", "Bearer " + api.token));
    }

    private static JsonNode ok(String path) {
        Api.Reply reply = get(path);
        assertThat(reply.status()).as(path + ": " + reply.text()).isEqualTo(200);
        return reply.body();
    }

    private static List<String> all(JsonNode page, String field) {
        return page.get("data").valueStream().map(e -> e.get(field).asText()).toList();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static AppView app(String uid) {
        api.post("/app", "{\"name\":\"" + uid + "\",\"uid\":\"" + uid + "\"}");
        for (String endpoint : List.of("one", "two")) {
            api.post(
                    "/app/" + uid + "/endpoint",
                    "{\"url\":\"https://example.com/" + endpoint + "\",\"uid\":\"" + endpoint + "\"}");
        }
        return requireNonNull(api.catalog.app(Environment.DEFAULT_NO, uid));
    }

    private static int no(AppView view, String endpoint) {
        return requireNonNull(view.endpoint(endpoint)).no();
    }

    private static Message message(AppView view, long at, String type, String eventId, String payload) {
        Message message = written.next(
                view.application().no(),
                at,
                type,
                eventId,
                List.of("c"),
                List.of("t"),
                payload.getBytes(StandardCharsets.UTF_8));
        written.write(List.of(message));
        return message;
    }

    @Test
    void messagesAreFoundByEachCriterion() {
        AppView view = app("found");
        Message one = message(view, NOW, "a", "e-1", "{\"n\":1}");
        Message two = message(view, NOW, "b", "e-2", "{\"n\":\"1\"}");
        Message three = message(view, NOW, "c", "e-3", "{\"n\":2}");
        assertThat(all(ok("found/msg?event_types=a&event_types=b"), "id")).containsExactly(two.id, one.id);
        assertThat(all(ok("found/msg?event_types=a,b"), "id")).containsExactly(two.id, one.id);
        assertThat(all(ok("found/msg?event_types=a%2Cc&event_types=b"), "id")).hasSize(3);
        assertThat(all(ok("found/msg?event_types="), "id")).hasSize(3);
        assertThat(all(ok("found/msg?event_id=e-3"), "id")).containsExactly(three.id);
        assertThat(all(ok("found/msg?tag=t&channel=c"), "id")).hasSize(3);
        assertThat(all(ok("found/msg?payload_path=$.n&payload_value=1"), "id")).containsExactly(two.id, one.id);
        assertThat(all(ok("found/msg?payload_path=$.n&payload_value=1&event_types=a"), "id"))
                .containsExactly(one.id);
        assertThat(all(ok("found/msg?payload_path=" + encoded("$ ? (@.n > 1)")), "id"))
                .containsExactly(three.id);
        JsonNode page = ok("found/msg?payload_path=$.n&limit=2");
        assertThat(page.get("done").booleanValue()).isFalse();
        assertThat(all(
                        ok("found/msg?payload_path=$.n&limit=2&iterator="
                                + page.get("iterator").textValue()),
                        "id"))
                .containsExactly(one.id);
    }

    @Test
    void whatCannotBeAskedForIsRefusedByName() {
        app("asked");
        for (String bad : List.of(
                "msg?payload_path=nonsense",
                "msg?payload_path=$.**.**",
                "msg?payload_path=%00",
                "msg?payload_path=$." + "a".repeat(499),
                "msg?payload_path=" + encoded("$[*] ? ($[*] == 2)"),
                "msg?payload_value=1",
                "msg?payload_value=" + "1".repeat(1_001) + "&payload_path=$",
                "msg?event_id=%20",
                "msg?tag=a&tag=b",
                "msg?limit=1&limit=2",
                "msg?event_types=a&event_types=%20",
                "msg?status=0",
                "msg?status_code_class=200",
                "msg?expanded_statuses=1",
                "attempt?status=5",
                "attempt?msg_id=a&msg_id=b",
                "attempt?iterator=f." + "z".repeat(58),
                "attempt/endpoint/one?expanded_statuses=no",
                "stats/attempt?bucket=2h",
                "stats/attempt?bucket=1m&after=2026-01-01T00:00:00Z",
                "stats/attempt?after=2500-01-01T00:00:00Z",
                "stats/message?before=never",
                "stats/message?event_types=%00",
                "endpoint/one/stats?since=x",
                "endpoint/one/stats?since=2026-02-01T00:00:00Z&until=2026-02-01T00:00:00Z")) {
            Api.Reply reply = get("asked/" + bad);
            assertThat(reply.status()).as(bad + " " + reply.text()).isEqualTo(422);
            String named = bad.substring(bad.indexOf('?') + 1, bad.indexOf('='));
            assertThat(reply.places()).as(bad).containsExactly("query." + named);
        }
        assertThat(get("asked/msg?payload_path=nonsense").text()).contains("syntax error");
    }

    @Test
    void attemptsOfAnApplicationAreListedAndPaged() {
        AppView view = app("attempts");
        List<String> expected = new ArrayList<>();
        Message last = null;
        for (int i = 0; i < 4; i++) {
            last = message(view, NOW + i, "t" + i, "e" + i, "{}");
            written.settle(
                    Written.delivered(last, no(view, "one")),
                    Written.outcome(
                            last,
                            no(view, "two"),
                            Written.response(1, last.createdAt + 1_000, 500, "no"),
                            new Verdict.Exhausted()));
            expected.addFirst(last.id + " success");
            expected.addFirst(last.id + " fail");
        }
        List<String> seen = new ArrayList<>();
        JsonNode page = ok("attempts/attempt?limit=3");
        JsonNode second =
                ok("attempts/attempt?limit=3&iterator=" + page.get("iterator").textValue());
        JsonNode third =
                ok("attempts/attempt?limit=3&iterator=" + second.get("iterator").textValue());
        for (JsonNode each : List.of(page, second, third)) {
            each.get("data")
                    .forEach(a -> seen.add(a.get("msgId").textValue() + " "
                            + a.get("statusText").textValue()));
        }
        assertThat(seen).isEqualTo(expected);
        assertThat(third.get("done").booleanValue()).isTrue();
        JsonNode back = ok(
                "attempts/attempt?limit=3&iterator=" + third.get("prevIterator").textValue());
        assertThat(all(back, "id")).isEqualTo(all(second, "id"));
        assertThat(all(ok("attempts/attempt?status=2"), "response")).containsExactly("no", "no", "no", "no");
        assertThat(all(ok("attempts/attempt?status=4"), "id")).isEmpty();
        assertThat(all(ok("attempts/attempt?status_code_class=200&event_types=t1&event_types=t2"), "id"))
                .hasSize(2);
        assertThat(all(ok("attempts/attempt?endpoint_id=one"), "statusText"))
                .containsExactly("success", "success", "success", "success");
        String id = requireNonNull(last).id;
        assertThat(all(ok("attempts/attempt?msg_id=" + id), "msgId")).containsExactly(id, id);
        JsonNode full = ok("attempts/attempt?msg_id=e3&endpoint_id=two&with_msg=true&with_content=false");
        assertThat(all(full, "response")).containsExactly("");
        assertThat(full.get("data").get(0).get("msg").get("eventType").textValue())
                .isEqualTo("t3");
        assertThat(ok("attempts/attempt?limit=1&with_msg=true")
                        .get("data")
                        .get(0)
                        .get("msg")
                        .get("id")
                        .textValue())
                .isEqualTo(id);
        app("attempts-not");
        assertThat(all(ok("attempts-not/attempt"), "id")).isEmpty();
        String foreign = requireNonNull(view.endpoint("one")).id();
        for (String path : List.of(
                "attempts-not/attempt?msg_id=" + id,
                "attempts-not/attempt?endpoint_id=" + foreign,
                "attempts-not/stats/attempt?endpoint_id=" + foreign,
                "attempts-not/endpoint/" + foreign + "/stats",
                "nobody/attempt",
                "nobody/stats/attempt",
                "nobody/stats/message")) {
            assertThat(get(path).status()).as(path).isEqualTo(404);
        }
    }

    @Test
    void countsFillTheirBuckets() {
        AppView view = app("counts");
        Message two = message(view, NOW - 3_600_000_000L, "b", "2", "{}");
        Message one = message(view, NOW - 60_000_000, "a", "1", "{}");
        message(view, NOW, "a", "3", "{}");
        written.settle(
                Written.delivered(one, no(view, "one")),
                Written.outcome(
                        one, no(view, "two"), Written.response(1, one.createdAt, 500, ""), new Verdict.Exhausted()),
                Written.delivered(two, no(view, "one")));
        JsonNode chart = ok("counts/stats/attempt");
        assertThat(chart.get("bucket").textValue()).isEqualTo("1h");
        assertThat(chart.get("before").textValue()).isEqualTo(Time.instant(NOW).toString());
        assertThat(chart.get("after").textValue())
                .isEqualTo(Time.instant(NOW - 86_400_000_000L).toString());
        assertThat(chart.get("data")).hasSize(25);
        assertThat(chart.get("data").get(24).toString())
                .isEqualTo("{\"at\":\"" + Time.instant(NOW - 90_000_000)
                        + "\",\"delivered\":1,\"failed\":1,\"exhausted\":1,\"averageMillis\":12.345}");
        assertThat(chart.get("data").get(0).toString())
                .contains("\"delivered\":0,\"failed\":0,\"exhausted\":0,\"averageMillis\":null");
        assertThat(all(ok("counts/stats/attempt?endpoint_id=two&bucket=1d"), "failed"))
                .containsExactly("0", "1");
        String after = "&after=" + Time.instant(NOW - 120_000_000);
        assertThat(all(ok("counts/stats/attempt?bucket=1m" + after), "delivered"))
                .containsExactly("0", "1", "0");
        assertThat(all(ok("counts/stats/message?bucket=1m" + after), "accepted"))
                .containsExactly("0", "1", "0");
        assertThat(all(ok("counts/stats/message?event_types=b,c&bucket=1d"), "accepted"))
                .contains("1");
        assertThat(all(ok("counts/stats/message?event_types=c&bucket=1d"), "accepted"))
                .doesNotContain("1");
    }

    @Test
    void anEndpointsDeliveriesAreCountedAsClientsName() {
        AppView view = app("standing");
        Message one = message(view, NOW - 60_000_000, "a", "1", "{}");
        Message two = message(view, NOW - 30_000_000, "a", "2", "{}");
        Message three = message(view, NOW - 20_000_000, "a", "3", "{}");
        int no = no(view, "one");
        written.settle(
                Written.delivered(one, no),
                Written.outcome(two, no, Written.response(1, two.createdAt, 500, ""), new Verdict.Exhausted()),
                Written.outcome(three, no, Written.response(1, three.createdAt, 500, ""), new Verdict.RetryAt(NOW)));
        assertThat(ok("standing/endpoint/one/stats").toString())
                .isEqualTo("{\"success\":1,\"pending\":1,\"sending\":0,\"fail\":1,\"canceled\":0}");
        assertThat(ok("standing/endpoint/one/stats?since=" + Time.instant(two.createdAt) + "&until="
                                + Time.instant(three.createdAt))
                        .toString())
                .isEqualTo("{\"success\":0,\"pending\":0,\"sending\":0,\"fail\":1,\"canceled\":0}");
        assertThat(ok("standing/endpoint/two/stats").get("success").intValue()).isZero();
    }
}
