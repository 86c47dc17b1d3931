package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import io.posthorn.model.SigningSecret;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EndpointApiTest {
    private static final Api api = Api.usual();

    @BeforeAll
    static void applications() {
        api.post("/app", "{\"name\":\"one\",\"uid\":\"one\"}");
        api.post("/app", "{\"name\":\"two\",\"uid\":\"two\"}");
    }

    @AfterAll
    static void close() {
        api.close();
    }

    @Test
    @Requirement("A4")
    void livesAndDies() {
        Api.Reply made = api.post("/app/one/endpoint/", """
                {"url": "https://example.com/hook", "uid": "e1", "description": "d", "filterTypes": ["a.b", "c", "a.b"],
                 "channels": ["x"], "disabled": true, "rateLimit": 9, "metadata": {"k": "v"}, "version": 1}
                """);
        assertThat(made.status()).isEqualTo(201);
        JsonNode endpoint = made.body();
        assertThat(made.id()).startsWith("ep_");
        assertThat(endpoint.get("filterTypes").toString()).isEqualTo("[\"a.b\",\"c\"]");
        assertThat(endpoint.get("eventTypes")).isEqualTo(endpoint.get("filterTypes"));
        assertThat(endpoint.get("channels").toString()).isEqualTo("[\"x\"]");
        assertThat(endpoint.get("disabled").booleanValue()).isTrue();
        assertThat(endpoint.get("throttleRate").intValue()).isEqualTo(9);
        assertThat(made.text()).doesNotContain("whsec_");
        assertThat(api.get("/app/one/endpoint/e1").body()).isEqualTo(endpoint);
        assertThat(api.get("/app/one/endpoint/" + made.id() + "/").body()).isEqualTo(endpoint);
        assertThat(api.delete("/app/one/endpoint/e1").status()).isEqualTo(204);
        assertThat(api.get("/app/one/endpoint/e1").status()).isEqualTo(404);
    }

    @Test
    void anEndpointIsReachedThroughItsOwnApplicationOnly() {
        String id = api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"mine\"}")
                .id();
        for (String key : new String[] {id, "mine"}) {
            assertThat(api.get("/app/two/endpoint/" + key).status()).isEqualTo(404);
            assertThat(api.get("/app/two/endpoint/" + key + "/secret").status()).isEqualTo(404);
            assertThat(api.patch("/app/two/endpoint/" + key, "{\"disabled\":true}")
                            .status())
                    .isEqualTo(404);
            assertThat(api.delete("/app/two/endpoint/" + key).status()).isEqualTo(404);
        }
        assertThat(api.put("/app/two/endpoint/" + id, "{\"url\":\"https://example.com/\"}")
                        .status())
                .isEqualTo(404);
        assertThat(api.get("/app/one/endpoint/mine").body().get("disabled").booleanValue())
                .isFalse();
        assertThat(api.get("/app/three/endpoint/mine").status()).isEqualTo(404);
        assertThat(api.get("/app/three/endpoint").status()).isEqualTo(404);
    }

    @Test
    void aFilterDoesNotGoWithTheOrderOfTheLatest() {
        Api.Reply made = api.post("/app/one/endpoint", """
                {"url":"https://example.com/","uid":"latest","filter":{"tags":["a"]},
                 "delivery":{"order":{"mode":"latestByKey"}}}
                """);
        assertThat(made.status()).isEqualTo(422);
        assertThat(made.places()).containsExactly("body.filter");
        assertThat(api.post("/app/one/endpoint", """
                        {"url":"https://example.com/","uid":"latest","filter":{"tags":["a"]}}
                        """).status()).isEqualTo(201);
        Api.Reply changed =
                api.patch("/app/one/endpoint/latest", "{\"delivery\":{\"order\":{\"mode\":\"latestByKey\"}}}");
        assertThat(changed.status()).isEqualTo(422);
        assertThat(changed.places()).containsExactly("body.filter");
    }

    @Test
    void whatIsDecidedAboutDeliveriesIsChangedPieceByPiece() {
        String one = "/app/one/endpoint/decided";
        assertThat(api.post("/app/one/endpoint", """
                        {"url":"https://example.com/","uid":"decided","delivery":{"order":{"mode":"fifo"}}}
                        """)
                        .body()
                        .at("/delivery/order/mode")
                        .textValue())
                .isEqualTo("fifo");
        Api.Reply patched = api.patch(one, "{\"delivery\":{\"timeout\":\"3s\"},\"paused\":true}");
        assertThat(patched.body().at("/delivery/order/mode").textValue()).isEqualTo("fifo");
        assertThat(patched.body().at("/delivery/timeout").textValue()).isEqualTo("3s");
        // clients that know nothing of it replace endpoints, too
        Api.Reply put = api.put(one, "{\"url\":\"https://example.com/2\"}");
        assertThat(put.body().get("delivery")).isEqualTo(patched.body().get("delivery"));
        assertThat(put.body().get("paused").booleanValue()).isTrue();
        assertThat(api.put(one, "{\"url\":\"https://example.com/2\",\"delivery\":{\"timeout\":\"4s\"}}")
                        .body()
                        .at("/delivery/order/mode")
                        .textValue())
                .isEqualTo("fifo");
        assertThat(api.patch(one, "{\"delivery\":null}")
                        .body()
                        .at("/delivery/order/mode")
                        .textValue())
                .isEqualTo("unordered");
    }

    @Test
    void membersThatContradictEachOtherChangeNothing() {
        String one = "/app/one/endpoint/contradiction";
        api.post("/app/one/endpoint", """
                {"url":"https://example.com/","uid":"contradiction",
                 "delivery":{"retry":{"exponential":{"initial":"1s","cap":"1h"},"maxAttempts":5}}}
                """);
        JsonNode before = api.get(one).body();
        for (String change : new String[] {
            "{\"retry\":{\"maxAttempts\":null}}",
            "{\"retry\":{\"exponential\":{\"initial\":\"2h\"}}}",
            "{\"order\":{\"mode\":\"lifo\"}}"
        }) {
            Api.Reply refused = api.patch(one, "{\"delivery\":" + change + "}");
            assertThat(refused.status()).as(change).isEqualTo(422);
            assertThat(refused.text()).contains("\"delivery\"");
        }
        assertThat(api.get(one).body()).isEqualTo(before);
        assertThat(api.post("/app/one/endpoint", """
                        {"url":"https://example.com/","delivery":{"retry":{"exponential":{"initial":"2d"},"maxAttempts":5}}}
                        """).status()).isEqualTo(422);
    }

    @Test
    void theSecretIsGivenOrMadeAndShownToItsOwner() {
        api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"made\"}");
        String made = secret("made");
        assertThat(SigningSecret.parse(made).key()).hasSize(24);
        String given = "whsec_" + Base64.getEncoder().encodeToString(new byte[32]);
        api.post(
                "/app/one/endpoint",
                "{\"url\":\"https://example.com/\",\"uid\":\"given\",\"secret\":\"" + given + "\"}");
        assertThat(secret("given")).isEqualTo(given);
        api.put("/app/one/endpoint/given", "{\"url\":\"https://example.com/2\"}");
        api.patch("/app/one/endpoint/given", "{\"description\":\"x\"}");
        assertThat(secret("given")).isEqualTo(given);
        api.patch("/app/one/endpoint/given", "{\"secret\":null}");
        assertThat(secret("given")).isNotEqualTo(given).startsWith("whsec_");
        api.patch("/app/one/endpoint/given", "{\"secret\":\"" + given + "\"}");
        assertThat(secret("given")).isEqualTo(given);
        for (String bad : new String[] {"\"whsec_AAAA\"", "\"whsec_!\"", "7", "\"\""}) {
            Api.Reply refused =
                    api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"secret\":" + bad + "}");
            assertThat(refused.places()).as(bad).containsExactly("body.secret");
        }
        String table = api.db
                .jdbi()
                .withHandle(h -> String.join(
                        "\n",
                        h.createQuery("select endpoint::text from endpoint")
                                .mapTo(String.class)
                                .list()));
        assertThat(table)
                .contains("https://example.com/2")
                .doesNotContain("whsec_", given.substring(6), made.substring(6));
    }

    @Test
    void ownersDecideWithinWhatTheOperatorAllows() {
        assertThat(api.post("/app/one/endpoint", """
                {"url": "https://example.com/", "uid": "c", "delivery": {"timeout": "15s", "concurrency": {"max": 50}}}
                """).status()).isEqualTo(201);
        Api.Reply refused =
                api.patch("/app/one/endpoint/c", "{\"delivery\":{\"timeout\":\"16s\",\"concurrency\":{\"max\":51}}}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.places()).containsExactly("body.delivery.timeout", "body.delivery.concurrency.max");
        assertThat(api.get("/app/one/endpoint/c").body().at("/delivery/timeout").textValue())
                .isEqualTo("15s");
        assertThat(refused.text()).contains("attempt-timeout").contains("endpoint-in-flight");
    }

    private static String secret(String endpoint) {
        Api.Reply reply = api.get("/app/one/endpoint/" + endpoint + "/secret");
        assertThat(reply.headers().firstValue("cache-control")).contains("no-store");
        return reply.body().get("key").textValue();
    }

    @Test
    void patchTellsNullFromAbsent() {
        api.post("/app/one/endpoint", """
                {"url": "https://example.com/", "uid": "p", "description": "d", "eventTypes": ["a"], "channels": ["x"],
                 "rateLimit": 9, "metadata": {"k": "v"}}
                """);
        JsonNode before = api.get("/app/one/endpoint/p").body();
        JsonNode same = api.patch("/app/one/endpoint/p", "{\"disabled\":true}").body();
        for (String field :
                new String[] {"url", "uid", "description", "filterTypes", "channels", "rateLimit", "metadata"}) {
            assertThat(same.get(field)).as(field).isEqualTo(before.get(field));
        }
        JsonNode bare = api.patch("/app/one/endpoint/p", "{\"filterTypes\":null,\"channels\":null,\"rateLimit\":null}")
                .body();
        for (String field : new String[] {"filterTypes", "eventTypes", "channels", "rateLimit", "throttleRate"}) {
            assertThat(bare.get(field).isNull()).as(field).isTrue();
        }
        assertThat(bare.get("disabled").booleanValue()).isTrue();
        assertThat(api.patch("/app/one/endpoint/p", "{\"url\":null,\"disabled\":null,\"description\":null}")
                        .places())
                .containsExactlyInAnyOrder("body.url", "body.disabled", "body.description");
    }

    @Test
    void putMakesOrReplaces() {
        Api.Reply made = api.put("/app/one/endpoint/up", "{\"url\":\"https://example.com/\",\"channels\":[\"x\"]}");
        assertThat(made.status()).isEqualTo(201);
        Api.Reply replaced = api.put("/app/one/endpoint/up", "{\"url\":\"https://example.org/\"}");
        assertThat(replaced.status()).isEqualTo(200);
        assertThat(replaced.id()).isEqualTo(made.id());
        assertThat(replaced.body().get("channels").isNull()).isTrue();
        assertThat(api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"up\"}")
                        .status())
                .isEqualTo(409);
        assertThat(api.put("/app/one/endpoint/a~b", "{\"url\":\"https://example.com/\"}")
                        .places())
                .containsExactly("path.endpoint");
    }

    @Test
    void theRulesAreKept() {
        assertThat(places("{\"url\":\"http://example.com/\"}")).containsExactly("body.url");
        assertThat(places("{}")).containsExactly("body.url");
        assertThat(places("{\"url\":7,\"disabled\":\"yes\",\"metadata\":[],\"description\":{}}"))
                .containsExactlyInAnyOrder("body.url", "body.disabled", "body.metadata", "body.description");
        assertThat(places("{\"url\":\"https://e.com\",\"filterTypes\":[\"ok\",\"not ok\",3]}"))
                .containsExactly("body.filterTypes.1", "body.filterTypes.2");
        assertThat(places("{\"url\":\"https://e.com\",\"filterTypes\":[]}")).containsExactly("body.filterTypes");
        assertThat(places("{\"url\":\"https://e.com\",\"eventTypes\":\"a\"}")).containsExactly("body.eventTypes");
        assertThat(places("{\"url\":\"https://e.com\",\"filterTypes\":[\"a\"],\"eventTypes\":[\"b\"]}"))
                .containsExactly("body.eventTypes");
        assertThat(places("{\"url\":\"https://e.com\",\"rateLimit\":99999999999}"))
                .containsExactly("body.rateLimit");
        assertThat(places("{\"url\":\"https://e.com/" + "x".repeat(9_000) + "\"}"))
                .containsExactly("body.url");
    }

    @Test
    void theVersionIsKept() {
        Api.Reply made =
                api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"v\",\"version\":3}");
        assertThat(made.body().get("version").intValue()).isEqualTo(3);
        assertThat(api.patch("/app/one/endpoint/v", "{\"description\":\"d\"}")
                        .body()
                        .get("version")
                        .intValue())
                .isEqualTo(3);
        assertThat(api.put("/app/one/endpoint/v", "{\"url\":\"https://example.com/\"}")
                        .body()
                        .get("version")
                        .intValue())
                .isEqualTo(1);
        for (String bad : new String[] {"0", "65536", "1.5", "\"1\""}) {
            assertThat(places("{\"url\":\"https://e.com\",\"version\":" + bad + "}"))
                    .as(bad)
                    .containsExactly("body.version");
        }
        assertThat(api.patch("/app/one/endpoint/v", "{\"version\":null}").places())
                .containsExactly("body.version");
    }

    private static java.util.List<String> places(String json) {
        Api.Reply reply = api.post("/app/one/endpoint", json);
        assertThat(reply.status()).isEqualTo(422);
        return reply.places();
    }
}
