package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who changed what. */
final class AuditApiTest {
    private final Api api = Api.usual();

    @AfterEach
    void close() {
        api.close();
    }

    private Api.Reply call(String method, String path, String body) {
        return api.call(method, path, body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private List<JsonNode> entries(String query) {
        return api.call("GET", "/audit-log" + query, null)
                .body()
                .path("data")
                .valueStream()
                .toList();
    }

    private static List<String> actions(List<JsonNode> entries) {
        return entries.stream().map(entry -> entry.path("action").textValue()).toList();
    }

    @Test
    void aChangeIsWrittenDownWithItsAuthorAndWithoutItsValues() {
        String app = call("POST", "/app", "{\"name\":\"one\",\"uid\":\"u\"}").id();
        call(
                "POST",
                "/app/u/endpoint",
                "{\"url\":\"https://example.org/\",\"secret\":\"whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\"}");
        List<JsonNode> entries = entries("");
        assertThat(actions(entries)).hasSize(2);
        JsonNode latest = entries.getFirst();
        assertThat(latest.path("tokenName").textValue()).isEqualTo("admin");
        assertThat(latest.path("role").textValue()).isEqualTo("administrator");
        assertThat(latest.path("target").textValue()).isEqualTo("/api/v1/app/u/endpoint");
        assertThat(latest.path("appId").textValue()).isEqualTo(app);
        assertThat(latest.path("details").path("fields").valueStream().map(JsonNode::textValue))
                .containsExactly("url", "secret");
        assertThat(latest.path("details").path("address").textValue()).isEqualTo("127.0.0.1");
        assertThat(latest.toString()).doesNotContain("c2VjcmV0", api.token);
    }

    @Test
    void whatChangedNothingIsNotThere() {
        call("POST", "/app", "{\"name\":\"one\",\"uid\":\"u\"}");
        assertThat(call("POST", "/app", "{\"name\":\"one\",\"uid\":\"u\"}").status())
                .isEqualTo(409);
        assertThat(call("POST", "/app", "{}").status()).isEqualTo(422);
        assertThat(api.call("DELETE", "/app/nobody", null).status()).isEqualTo(404);
        api.call("GET", "/app/u", null);
        assertThat(entries("")).hasSize(1);
    }

    @Test
    void lookingAtASecretIsWrittenDown() {
        call("POST", "/app", "{\"name\":\"one\",\"uid\":\"u\"}");
        String endpoint = call("POST", "/app/u/endpoint", "{\"url\":\"https://example.org/\"}")
                .id();
        api.call("GET", "/app/u/endpoint/" + endpoint, null);
        assertThat(entries("")).hasSize(2);
        api.call("GET", "/app/u/endpoint/" + endpoint + "/secret", null);
        assertThat(entries("").getFirst().path("target").textValue()).endsWith("/secret");
    }

    private JsonNode latest() {
        return entries("").getFirst();
    }

    @Test
    void anEntryNamesWhatWasMadeOrChanged() {
        String app = call("POST", "/app", "{\"name\":\"one\",\"uid\":\"u\"}").id();
        assertThat(latest().path("subject").textValue()).isEqualTo(app);
        assertThat(latest().path("appId").textValue()).isEqualTo(app);
        String endpoint = call("POST", "/app/u/endpoint", "{\"url\":\"https://example.org/\"}")
                .id();
        assertThat(latest().path("subject").textValue()).isEqualTo(endpoint);
        call("PATCH", "/app/u/endpoint/" + endpoint, "{\"description\":\"d\"}");
        assertThat(latest().path("subject").textValue()).isEqualTo(endpoint);
        call("POST", "/event-type", "{\"name\":\"a.b\",\"description\":\"d\"}");
        assertThat(latest().path("subject").textValue()).isEqualTo("a.b");
        call("POST", "/auth/app-portal-access/u", "{}");
        assertThat(latest().path("subject").textValue()).startsWith("tok_");
        assertThat(latest().path("appId").textValue()).isEqualTo(app);
        api.delete("/app/u/endpoint/" + endpoint);
        assertThat(latest().path("subject").textValue()).isEqualTo(endpoint);
        api.delete("/app/u");
        assertThat(latest().path("subject").textValue()).isEqualTo(app);
    }

    @Test
    void anEntryBelongsToTheEnvironmentOfWhatWasChanged() {
        Client chief = new Client(api, api.server.port(), api.token, null);
        String environment = chief.post("/environment", "{\"name\":\"b\"}").id();
        Api.Reply admin = chief.post("/token", "{\"name\":\"of b\",\"role\":\"administrator\",\"environment\":\"b\"}");
        Api.Reply gone = chief.post("/token", "{\"name\":\"gone\",\"role\":\"viewer\",\"environment\":\"b\"}");
        assertThat(chief.delete("/token/" + gone.id()).status()).isEqualTo(204);
        String everywhere = chief.post("/token", "{\"name\":\"all\",\"role\":\"viewer\",\"environment\":\"*\"}")
                .id();
        Client ofB = chief.with(admin.body().path("token").textValue());
        assertThat(ofB.post("/app", "{\"name\":\"one\"}").status()).isEqualTo(201);

        assertThat(entries("")).isEmpty();
        JsonNode seen = ofB.get("/audit-log").body().path("data");
        assertThat(seen.valueStream().map(entry -> entry.path("action").textValue()))
                .containsExactly("application.create", "token.revoke", "token.create", "token.create");
        assertThat(seen.valueStream().skip(1).map(entry -> entry.path("subject").textValue()))
                .containsExactly(gone.id(), gone.id(), admin.id());
        assertThat(seen.valueStream().skip(1))
                .allMatch(entry -> entry.path("tokenName").textValue().equals("admin"))
                .allMatch(entry -> entry.path("details").path("address").isNull());
        assertThat(seen.path(0).path("details").path("address").textValue()).isEqualTo("127.0.0.1");
        assertThat(chief.in("b").get("/audit-log").body().path("data").valueStream())
                .hasSize(4)
                .allMatch(entry -> entry.path("details").path("address").isTextual());

        assertThat(entries("?scope=installation").stream()
                        .map(entry -> entry.path("subject").textValue()))
                .containsExactly(everywhere, environment);
        assertThat(ofB.get("/audit-log?scope=installation").status()).isEqualTo(403);
        assertThat(ofB.get("/audit-log?scope=environment").status()).isEqualTo(200);
        assertThat(ofB.get("/audit-log?scope=all").places()).containsExactly("query.scope");
    }

    @Test
    void itIsReadInPagesAndFiltered() {
        for (int i = 0; i < 5; i++) {
            call("POST", "/app", "{\"name\":\"one\",\"uid\":\"u" + i + "\"}");
        }
        String app = api.call("GET", "/app/u3", null).id();
        assertThat(entries("?app_id=" + app)).hasSize(1);
        call("PATCH", "/app/u3", "{\"name\":\"two\"}");
        assertThat(entries("?app_id=" + app)).hasSize(2);
        JsonNode page = api.call("GET", "/audit-log?limit=2", null).body();
        assertThat(page.path("data")).hasSize(2);
        assertThat(page.path("done").booleanValue()).isFalse();
        JsonNode next = api.call(
                        "GET",
                        "/audit-log?limit=2&iterator=" + page.path("iterator").textValue(),
                        null)
                .body();
        assertThat(next.path("data").get(0).path("id"))
                .isNotEqualTo(page.path("data").get(1).path("id"));
        assertThat(api.call("GET", "/audit-log?iterator=f.nonsense", null).status())
                .isEqualTo(422);
    }

    @Test
    void filtersThatCannotMatchAreNamed() {
        for (String query : List.of("action=%00", "action=a%20b", "token_id=%00", "token_id=tok_", "app_id=uid")) {
            Api.Reply refused = api.get("/audit-log?" + query);
            assertThat(refused.status()).as(query).isEqualTo(422);
            assertThat(refused.places()).as(query).containsExactly("query." + query.substring(0, query.indexOf('=')));
        }
        assertThat(entries("?action=endpoint.create&token_id=tok_01K9ZQ2V5E8S7X3N4M6P0R1T2W"))
                .isEmpty();
        assertThat(Contract.ours().document().operations())
                .extracting(OpenApi.Described::id)
                .allMatch(id -> api.get("/audit-log?action=" + id).status() == 200);
    }

    @Test
    void oldEntriesGo() {
        call("POST", "/app", "{\"name\":\"one\"}");
        assertThat(api.audit.forget(api.clock.instant().minus(Duration.ofMinutes(1))))
                .isZero();
        assertThat(api.audit.forget(api.clock.instant().plus(Duration.ofMinutes(1))))
                .isEqualTo(1);
    }
}
