package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ApplicationApiTest {
    private static final Api api = Api.usual();

    @AfterAll
    static void close() {
        api.close();
    }

    @Test
    void livesAndDies() {
        Api.Reply made = api.post(
                "/app/",
                "{\"name\":\"Acme\",\"uid\":\"acme\",\"metadata\":{\"k\":\"v\"},\"throttleRate\":5,\"new\":1}");
        assertThat(made.status()).isEqualTo(201);
        JsonNode app = made.body();
        assertThat(made.id()).startsWith("app_").hasSize(30);
        assertThat(app.get("uid").textValue()).isEqualTo("acme");
        assertThat(app.get("metadata").get("k").textValue()).isEqualTo("v");
        assertThat(app.get("rateLimit").intValue()).isEqualTo(5);
        assertThat(app.get("throttleRate").intValue()).isEqualTo(5);
        assertThat(app.get("createdAt").textValue()).endsWith("Z");
        assertThat(Instant.parse(app.get("updatedAt").textValue()))
                .isBefore(Instant.now().plusSeconds(60));
        assertThat(api.get("/app/acme").body()).isEqualTo(app);
        assertThat(api.get("/app/" + made.id() + "/").body()).isEqualTo(app);
        assertThat(api.delete("/app/acme").status()).isEqualTo(204);
        assertThat(api.get("/app/" + made.id()).status()).isEqualTo(404);
        assertThat(api.get("/app/acme").code()).isEqualTo("not_found");
        assertThat(api.delete("/app/acme").status()).isEqualTo(404);
    }

    @Test
    void aTakenUidIsAConflictUnlessTheOneThatHasItIsAsGood() {
        String id = api.post("/app", "{\"name\":\"a\",\"uid\":\"taken\"}").id();
        Api.Reply again = api.post("/app", "{\"name\":\"b\",\"uid\":\"taken\"}");
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.code()).isEqualTo("conflict");
        assertThat(again.body().path("detail").asText()).contains("taken");
        Api.Reply existing = api.post("/app?get_if_exists=true", "{\"name\":\"b\",\"uid\":\"taken\"}");
        assertThat(existing.status()).isEqualTo(200);
        assertThat(existing.id()).isEqualTo(id);
        assertThat(existing.body().get("name").textValue()).isEqualTo("a");
        assertThat(api.post("/app?get_if_exists=perhaps", "{\"name\":\"b\"}").places())
                .containsExactly("query.get_if_exists");
    }

    @Test
    void putMakesOrReplaces() {
        Api.Reply made = api.put("/app/put-me", "{\"name\":\"a\",\"rateLimit\":3,\"metadata\":{\"a\":\"b\"}}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.body().get("uid").textValue()).isEqualTo("put-me");
        Api.Reply replaced = api.put("/app/put-me", "{\"name\":\"b\",\"uid\":null}");
        assertThat(replaced.status()).isEqualTo(200);
        assertThat(replaced.id()).isEqualTo(made.id());
        assertThat(replaced.body().get("uid").textValue()).isEqualTo("put-me");
        assertThat(replaced.body().get("rateLimit").isNull()).isTrue();
        assertThat(replaced.body().get("metadata").size()).isZero();
        assertThat(api.put("/app/" + made.id(), "{\"name\":\"b\"}")
                        .body()
                        .get("uid")
                        .isNull())
                .isTrue();
        assertThat(api.put("/app/not%20a%20uid", "{\"name\":\"b\"}").places()).containsExactly("path.app");
        assertThat(api.put("/app/app_01hzzzzzzzzzzzzzzzzzzzzzzz", "{\"name\":\"b\"}")
                        .status())
                .isEqualTo(404);
        assertThat(api.put("/app/put-me-2", "{}").places()).containsExactly("body.name");
    }

    @Test
    void patchTellsNullFromAbsent() {
        api.post("/app", "{\"name\":\"a\",\"uid\":\"patch\",\"rateLimit\":3,\"metadata\":{\"a\":\"b\"}}");
        JsonNode same = api.patch("/app/patch", "{}").body();
        assertThat(same.get("name").textValue()).isEqualTo("a");
        assertThat(same.get("uid").textValue()).isEqualTo("patch");
        assertThat(same.get("rateLimit").intValue()).isEqualTo(3);
        assertThat(same.get("metadata").get("a").textValue()).isEqualTo("b");
        JsonNode bare = api.patch("/app/patch", "{\"throttleRate\":null,\"uid\":null,\"metadata\":{}}")
                .body();
        assertThat(bare.get("rateLimit").isNull()).isTrue();
        assertThat(bare.get("uid").isNull()).isTrue();
        assertThat(bare.get("metadata").size()).isZero();
        String id = bare.get("id").textValue();
        assertThat(api.patch("/app/" + id, "{\"name\":null,\"metadata\":null}").places())
                .containsExactlyInAnyOrder("body.name", "body.metadata");
        assertThat(api.patch("/app/" + id, "{\"name\":\"c\"}")
                        .body()
                        .get("name")
                        .textValue())
                .isEqualTo("c");
        assertThat(api.patch("/app/no-such", "{}").status()).isEqualTo(404);
    }

    @Test
    void everythingThatIsWrongIsToldAtOnce() {
        Api.Reply wrong = api.post(
                "/app", "{\"name\":\" \",\"uid\":\"a b\",\"metadata\":{\"a\":1},\"rateLimit\":0,\"throttleRate\":1.5}");
        assertThat(wrong.status()).isEqualTo(422);
        assertThat(wrong.places())
                .containsExactlyInAnyOrder(
                        "body.name", "body.uid", "body.metadata.a", "body.throttleRate", "body.rateLimit");
        for (JsonNode problem : wrong.body().get("detail")) {
            assertThat(problem.get("msg").textValue()).isNotBlank();
            assertThat(problem.get("type").textValue()).isNotBlank();
        }
        assertThat(api.post("/app", "{}").places()).containsExactly("body.name");
        assertThat(api.post("/app", "{\"name\":null}").places()).containsExactly("body.name");
    }

    @Test
    void aUidWorksWhereverAnIdDoes() {
        for (String uid : new String[] {"a.b-c_d", "...", "-", "_", "app_1"}) {
            Api.Reply made = api.post("/app", "{\"name\":\"n\",\"uid\":\"" + uid + "\"}");
            assertThat(made.status()).as(uid).isEqualTo(201);
            assertThat(api.get("/app/" + uid).id()).as(uid).isEqualTo(made.id());
            String endpoint = "{\"url\":\"https://example.com/\",\"uid\":\"" + uid + "\"}";
            String id = api.post("/app/" + uid + "/endpoint", endpoint).id();
            assertThat(api.get("/app/" + uid + "/endpoint/" + uid).id()).as(uid).isEqualTo(id);
            assertThat(api.patch("/app/" + uid, "{\"name\":\"m\"}").id())
                    .as(uid)
                    .isEqualTo(made.id());
            assertThat(api.delete("/app/" + uid).status()).as(uid).isEqualTo(204);
        }
        for (String uid : new String[] {".", "..", "app_01hzzzzzzzzzzzzzzzzzzzzzzz", "ep_01hzzzzzzzzzzzzzzzzzzzzzzz"}) {
            assertThat(api.post("/app", "{\"name\":\"n\",\"uid\":\"" + uid + "\"}")
                            .places())
                    .as(uid)
                    .containsExactly("body.uid");
        }
    }

    @Test
    void theListCanLeaveApplicationsOut() {
        String off = "{\"url\":\"https://example.com/\",\"disabled\":true}";
        api.post("/app", "{\"name\":\"empty\",\"uid\":\"list-empty\"}");
        api.post("/app", "{\"name\":\"off\",\"uid\":\"list-off\"}");
        api.post("/app", "{\"name\":\"on\",\"uid\":\"list-on\"}");
        api.post("/app/list-off/endpoint", off);
        api.post("/app/list-on/endpoint", off);
        api.post("/app/list-on/endpoint", "{\"url\":\"https://play.svix.com/in/e_1/\"}");
        assertThat(listed("")).containsExactly("list-empty", "list-off", "list-on");
        assertThat(listed("&exclude_apps_with_no_endpoints=true")).containsExactly("list-off", "list-on");
        assertThat(listed("&exclude_apps_with_disabled_endpoints=true")).containsExactly("list-empty", "list-on");
        assertThat(listed("&exclude_apps_with_svix_play_endpoints=true")).containsExactly("list-empty", "list-off");
        assertThat(api.get("/app?exclude_apps_with_disabled_endpoints=maybe").places())
                .containsExactly("query.exclude_apps_with_disabled_endpoints");
    }

    private static java.util.List<String> listed(String query) {
        return api.get("/app?limit=250" + query)
                .body()
                .get("data")
                .valueStream()
                .map(app -> app.get("uid").asText())
                .filter(uid -> uid.startsWith("list-"))
                .toList();
    }
}
