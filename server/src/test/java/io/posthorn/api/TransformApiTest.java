package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import io.posthorn.catalog.RecordTokens;
import io.posthorn.catalog.SecretBox;
import io.posthorn.dispatch.Shaping;
import io.posthorn.dispatch.Thin;
import io.posthorn.dispatch.Trials;
import io.posthorn.history.PgHistory;
import io.posthorn.history.Written;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransformApiTest {
    private static final Api api = Api.usual();
    private static final Written written = new Written(api.db);
    private static final Vertx own = Vertx.vertx();

    @TempDir
    static Path folder;

    private static Trials trials;
    private static ApiServer server;

    @BeforeAll
    static void start() throws Exception {
        SecretBox box = SecretBox.open(Base64.getEncoder().encodeToString(new byte[32]), folder);
        Shaping shaping = new Shaping(
                new Thin(new RecordTokens(box), () -> "https://posthorn.example", Duration.ofHours(1)),
                () -> "https://posthorn.example");
        trials = new Trials(api.catalog, shaping, Time.system());
        server = new ApiServer(
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
                        List.of(new TransformRoutes(
                                api.catalog,
                                new PgHistory(api.db.dataSource(), written.ids, 1),
                                written.ids,
                                trials,
                                api.clock))));
        Api.await(server.start());
        api.post("/app", "{\"name\":\"one\",\"uid\":\"one\"}");
        api.post("/app/one/endpoint", """
                {"url": "https://example.com/hook?k=1", "uid": "e", "filterTypes": ["order.*"],
                 "metadata": {"team": "ops"}, "headers": {"X-Team": "ops", "X-Api-Token": "hush"},
                 "config": {"secret": "hush", "n": [1, "hush"]}}
                """);
    }

    @AfterAll
    static void close() {
        Api.await(server.close(Duration.ofSeconds(5)));
        trials.close();
        Api.await(own.close());
        written.close();
        api.close();
    }

    private static Api.Reply reply(String body) {
        return api.send(HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/api/v1/app/one/endpoint/e/transform/try"))
                .header("Authorization", "Bearer " + api.token)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
    }

    private static JsonNode tried(String more) {
        Api.Reply reply = reply(
                "{\"message\":{\"eventType\":\"order.paid\",\"headers\":{\"X-Region\":\"eu\"},\"payload\":{\"total\": 9.50}}"
                        + more + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.body();
    }

    @Test
    void whatWouldBeSentAsTheEndpointIs() {
        JsonNode tried = tried("");
        assertThat(tried.get("result").textValue()).isEqualTo("request");
        assertThat(tried.get("subscribed").booleanValue()).isTrue();
        JsonNode request = tried.get("request");
        assertThat(request.get("method").textValue()).isEqualTo("POST");
        assertThat(request.get("path").isNull()).isTrue();
        assertThat(request.get("body").textValue()).isEqualTo("{\"total\":9.5}");
        assertThat(request.at("/headers/X-Region").textValue()).isEqualTo("eu");
        assertThat(request.at("/headers/X-Team").textValue()).isEqualTo("ops");
        assertThat(request.at("/headers/X-Api-Token").textValue()).isEqualTo("***");
        assertThat(tried.toString()).doesNotContain("hush").doesNotContain("webhook-signature");
    }

    @Test
    @Requirement({"A5", "D15", "D16"})
    void withAnotherFilter() {
        assertThat(tried(",\"filter\":{\"jmespath\":\"total > `10`\"}")
                        .get("result")
                        .textValue())
                .isEqualTo("notWanted");
        assertThat(tried(",\"filter\":{\"jmespath\":\"total > `9`\"}")
                        .get("result")
                        .textValue())
                .isEqualTo("request");
        assertThat(tried(",\"filter\":{\"headers\":{\"x-region\":\"us\"}}")
                        .get("result")
                        .textValue())
                .isEqualTo("notWanted");
        JsonNode failed = tried(",\"filter\":{\"jsonata\":\"payload.total + 'x'\"}");
        assertThat(failed.get("result").textValue()).isEqualTo("error");
        assertThat(failed.get("detail").textValue()).startsWith("filter.jsonata: line 1, column ");
    }

    @Test
    void withAnotherTransformation() {
        JsonNode request = tried(",\"transformation\":\"{'method':'PUT','path':'/o','headers':{'X-Region':null},"
                        + "'body':{'t':body.total,'for':endpoint.metadata.team}}\"")
                .get("request");
        assertThat(request.get("method").textValue()).isEqualTo("PUT");
        assertThat(request.get("path").textValue()).isEqualTo("/o");
        assertThat(request.get("headers").has("X-Region")).isFalse();
        assertThat(request.get("body").textValue()).isEqualTo("{\"t\":9.5,\"for\":\"ops\"}");
        assertThat(tried(",\"transformation\":\"{'send': false}\"")
                        .get("result")
                        .textValue())
                .isEqualTo("notSent");
        assertThat(tried(",\"transformation\":\"\\n\\n'x' + 1\"").get("detail").textValue())
                .startsWith("transformation: line 3, column ");
        assertThat(tried(",\"transformation\":\"($f := function($n) { $f($n) }; $f(1))\"")
                        .get("detail")
                        .textValue())
                .containsAnyOf("took longer than 100 ms", "asked for more than 64 MiB");
    }

    @Test
    void theConfigurationIsHidden() {
        JsonNode tried = tried(
                ",\"profileSource\":\"config: {form: object}\\nbody: {envelope: '{\\\"c\\\": endpoint.config}'}\"");
        assertThat(tried.toString()).doesNotContain("hush");
    }

    @Test
    void aStoredMessage() {
        Message message = written.message(
                Objects.requireNonNull(api.catalog.app(io.posthorn.model.Environment.DEFAULT_NO, "one"))
                        .application()
                        .no(),
                Time.micros(Instant.now()),
                "user.created");
        Api.Reply reply = reply("{\"messageId\":\"" + message.id + "\"}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(reply.body().get("result").textValue()).isEqualTo("request");
        assertThat(reply.body().get("subscribed").booleanValue()).isFalse();
        assertThat(reply("{\"messageId\":\"msg_no\"}").status()).isEqualTo(404);
    }

    @Test
    void whatAnApplicationMayNotBeToldOfIsTriedByAdministratorsOnly() {
        api.post("/event-type", "{\"name\":\"payment.completed\",\"description\":\"\",\"scopes\":[\"Payments\"]}");
        api.post("/app", "{\"name\":\"two\",\"uid\":\"two\",\"scopes\":[]}");
        api.post("/app/two/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"e\"}");
        Message message = written.message(
                Objects.requireNonNull(api.catalog.app(io.posthorn.model.Environment.DEFAULT_NO, "two"))
                        .application()
                        .no(),
                Time.micros(Instant.now()),
                "payment.completed");
        String path = "/app/two/endpoint/e/transform/try";
        String stored = "{\"messageId\":\"" + message.id + "\"}";
        String inline = "{\"message\":{\"eventType\":\"payment.completed\",\"payload\":{}}}";
        Client chief = new Client(api, server.port(), api.token, null);
        Client customer = chief.with(api.post("/token", "{\"name\":\"t\",\"appId\":\"two\",\"role\":\"application\"}")
                .body()
                .get("token")
                .textValue());

        assertThat(customer.post(path, stored).status()).isEqualTo(404);
        assertThat(customer.post(path, inline).places()).containsExactly("body.message.eventType");
        for (String body : List.of(stored, inline)) {
            Api.Reply seen = chief.post(path, body);
            assertThat(seen.body().path("result").textValue()).as(seen.text()).isEqualTo("request");
            assertThat(seen.body().path("subscribed").booleanValue()).isFalse();
        }
        api.patch("/app/two", "{\"scopes\":[\"Payments\"]}");
        assertThat(customer.post(path, stored).status()).isEqualTo(200);
        assertThat(customer.post(path, inline).status()).isEqualTo(200);
    }

    @Test
    void whatIsWrongIsNamedWithItsPlace() {
        assertThat(reply("{}").places()).containsExactly("body.messageId");
        assertThat(reply("{\"messageId\":\"a\",\"message\":{\"eventType\":\"a\",\"payload\":1}}")
                        .places())
                .containsExactly("body.messageId");
        assertThat(reply("{\"message\":{\"eventType\":\"a b\",\"payload\":1}}").places())
                .containsExactly("body.message.eventType");
        Api.Reply script = reply("{\"messageId\":\"a\",\"transformation\":\"{\\n'a':\"}");
        assertThat(script.places()).containsExactly("body.transformation");
        assertThat(script.text()).contains("line 2, column ");
        Api.Reply path = api.post("/app/one/endpoint", """
                {"url": "https://example.com/", "filter": {"jmespath": "a ==", "jsonata": "a."}}
                """);
        assertThat(path.status()).isEqualTo(422);
        assertThat(path.places()).containsExactlyInAnyOrder("body.filter.jmespath", "body.filter.jsonata");
        assertThat(path.text()).contains("line 1, column ");
    }

    @Test
    @Requirement({"A3", "B8", "B9"})
    void wildcardsAndGroupsAreSubscribedTo() {
        Api.Reply made = api.post("/app/one/endpoint", """
                {"url": "https://example.com/", "filterTypes": ["user.*", "group:people", "order.paid"]}
                """);
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        assertThat(made.body().get("filterTypes").toString()).isEqualTo("[\"user.*\",\"group:people\",\"order.paid\"]");
        for (String wrong :
                List.of("*", ".*", "user*", "*.created", "user.*.x", "group:", "group:a b", "group:user.*")) {
            Api.Reply refused = api.post(
                    "/app/one/endpoint", "{\"url\":\"https://example.com/\",\"filterTypes\":[\"" + wrong + "\"]}");
            assertThat(refused.status()).as(wrong).isEqualTo(422);
            assertThat(refused.places()).as(wrong).containsExactly("body.filterTypes.0");
        }
    }
}
