package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens and environments over HTTP: making them, who may, and what is refused. */
class TokenApiTest {
    private static final Api api = Api.usual();
    private static final Client chief = new Client(api, api.server.port(), api.token, null);

    @BeforeAll
    static void environments() {
        for (String name : List.of("one", "two")) {
            assertThat(chief.post("/environment", "{\"name\":\"" + name + "\"}").status())
                    .isEqualTo(201);
        }
    }

    @AfterAll
    static void close() {
        api.close();
    }

    private static Api.Reply make(Client by, String json) {
        Api.Reply made = by.post("/token", json);
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        return made;
    }

    private static Client administrator(String environment) {
        return chief.with(make(chief.in(environment), "{\"name\":\"admin\",\"role\":\"administrator\"}")
                .body()
                .get("token")
                .textValue());
    }

    private static List<String> ids(Api.Reply page) {
        assertThat(page.status()).as(page.text()).isEqualTo(200);
        return page.body().get("data").findValuesAsText("id");
    }

    private static Set<String> members(JsonNode object) {
        Set<String> names = new java.util.TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void livesAndDies() {
        String app = chief.in("one")
                .post("/app", "{\"name\":\"Acme\",\"uid\":\"lives\"}")
                .id();
        Instant expires = Instant.now().plusSeconds(3_600).truncatedTo(ChronoUnit.MICROS);
        Api.Reply made = make(
                chief.in("one"),
                "{\"name\":\"portal\",\"role\":\"application\",\"appId\":\"lives\",\"rateLimit\":100,\"expiresAt\":\""
                        + expires + "\"}");
        assertThat(members(made.body()))
                .containsExactlyInAnyOrder(
                        "token",
                        "id",
                        "name",
                        "role",
                        "appId",
                        "environmentId",
                        "createdAt",
                        "expiresAt",
                        "lastUsedAt",
                        "rateLimit");
        String secret = made.body().get("token").textValue();
        assertThat(secret).startsWith("ph_");
        assertThat(made.id()).startsWith("tok_").hasSize(30);
        assertThat(made.body().get("role").textValue()).isEqualTo("application");
        assertThat(made.body().get("appId").textValue()).isEqualTo(app);
        assertThat(made.body().get("environmentId").textValue())
                .isEqualTo(chief.get("/environment/one").id());
        assertThat(Instant.parse(made.body().get("expiresAt").textValue())).isEqualTo(expires);
        assertThat(made.body().get("lastUsedAt").isNull()).isTrue();
        assertThat(made.body().get("rateLimit").intValue()).isEqualTo(100);
        Client portal = chief.with(secret);
        assertThat(ids(portal.get("/app"))).containsExactly(app);

        Api.Reply read = chief.get("/token/" + made.id());
        assertThat(read.text()).doesNotContain(secret);
        assertThat(Instant.parse(read.body().get("lastUsedAt").textValue()))
                .isAfterOrEqualTo(Instant.parse(read.body().get("createdAt").textValue()));

        Api.Reply changed = chief.patch("/token/" + made.id(), "{\"name\":\"new\",\"rateLimit\":null}");
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.body().get("name").textValue()).isEqualTo("new");
        assertThat(changed.body().get("rateLimit").isNull()).isTrue();
        assertThat(Instant.parse(changed.body().get("expiresAt").textValue())).isEqualTo(expires);
        assertThat(chief.patch("/token/" + made.id(), "{\"expiresAt\":null}")
                        .body()
                        .get("expiresAt")
                        .isNull())
                .isTrue();

        assertThat(chief.delete("/token/" + made.id()).status()).isEqualTo(204);
        assertThat(portal.get("/app").status()).isEqualTo(401);
        assertThat(chief.get("/token/" + made.id()).status()).isEqualTo(404);
        assertThat(chief.delete("/token/" + made.id()).status()).isEqualTo(404);
    }

    @Test
    void theTokensOfADeletedApplicationEnd() {
        chief.in("one").post("/app", "{\"name\":\"Acme\",\"uid\":\"ends\"}");
        Api.Reply made = make(chief.in("one"), "{\"name\":\"t\",\"role\":\"application\",\"appId\":\"ends\"}");
        Client portal = chief.with(made.body().get("token").textValue());
        assertThat(portal.get("/app/ends").status()).isEqualTo(200);
        chief.in("one").delete("/app/ends");
        assertThat(portal.get("/app/ends").status()).isEqualTo(401);
        assertThat(chief.get("/token/" + made.id()).status()).isEqualTo(404);
    }

    @Test
    void wrongFieldsAreNamed() {
        assertThat(chief.post("/token", "{}").places()).containsExactlyInAnyOrder("body.name", "body.role");
        assertThat(chief.post("/token", "{\"name\":\" \",\"role\":\"king\"}").places())
                .containsExactlyInAnyOrder("body.name", "body.role");
        for (String each : List.of(
                "\"role\":\"application\"|body.appId",
                "\"role\":\"viewer\",\"appId\":\"x\"|body.appId",
                "\"role\":\"application\",\"appId\":\"x\",\"environment\":\"*\"|body.environment",
                "\"role\":\"viewer\",\"rateLimit\":0|body.rateLimit",
                "\"role\":\"viewer\",\"rateLimit\":100001|body.rateLimit",
                "\"role\":\"viewer\",\"rateLimit\":1.5|body.rateLimit",
                "\"role\":\"viewer\",\"expiresAt\":\"2020-01-01T00:00:00Z\"|body.expiresAt",
                "\"role\":\"viewer\",\"expiresAt\":\"+99999-01-01T00:00:00Z\"|body.expiresAt",
                "\"role\":\"viewer\",\"expiresAt\":\"tomorrow\"|body.expiresAt",
                "\"role\":\"viewer\",\"expiresAt\":7|body.expiresAt")) {
            String[] parts = each.split("\\|", -1);
            Api.Reply reply = chief.post("/token", "{\"name\":\"t\"," + parts[0] + "}");
            assertThat(reply.status()).as(each).isEqualTo(422);
            assertThat(reply.places()).as(each).containsExactly(parts[1]);
        }
        assertThat(chief.post("/token", "{\"name\":\"t\",\"role\":\"application\",\"appId\":\"nobody\"}")
                        .status())
                .isEqualTo(404);
        assertThat(chief.post("/token", "{\"name\":\"t\",\"role\":\"viewer\",\"environment\":\"nowhere\"}")
                        .status())
                .isEqualTo(404);
        String id = make(chief, "{\"name\":\"t\",\"role\":\"viewer\"}").id();
        assertThat(chief.patch("/token/" + id, "{\"role\":\"administrator\",\"environment\":\"*\"}")
                        .places())
                .containsExactlyInAnyOrder("body.role", "body.environment");
        assertThat(chief.patch("/token/" + id, "{\"name\":null}").places()).containsExactly("body.name");
        assertThat(chief.get("/token?role=king").places()).containsExactly("query.role");
    }

    @Test
    void listsArePagedAndFiltered() {
        chief.post("/environment", "{\"name\":\"lists\"}");
        Client there = chief.in("lists");
        String app = there.post("/app", "{\"name\":\"Acme\",\"uid\":\"acme\"}").id();
        List<String> viewers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            viewers.add(make(there, "{\"name\":\"t\",\"role\":\"viewer\"}").id());
        }
        String portal = make(there, "{\"name\":\"t\",\"role\":\"application\",\"appId\":\"acme\"}")
                .id();
        Client local = administrator("lists");
        assertThat(ids(local.get("/token?role=viewer"))).isEqualTo(viewers);
        assertThat(ids(local.get("/token?app_id=acme"))).containsExactly(portal);
        assertThat(ids(local.get("/token?app_id=" + app))).containsExactly(portal);
        assertThat(ids(local.get("/token?app_id=nobody"))).isEmpty();
        Api.Reply first = local.get("/token?role=viewer&limit=3&order=descending");
        assertThat(ids(first)).isEqualTo(viewers.subList(2, 5).reversed());
        assertThat(first.body().get("done").booleanValue()).isFalse();
        Api.Reply second = local.get("/token?role=viewer&limit=3&order=descending&iterator="
                + first.body().get("iterator").textValue());
        assertThat(ids(second)).isEqualTo(viewers.subList(0, 2).reversed());
        assertThat(second.body().get("done").booleanValue()).isTrue();
        assertThat(ids(local.get("/token?role=viewer&limit=3&order=descending&iterator="
                        + second.body().get("prevIterator").textValue())))
                .isEqualTo(viewers.subList(2, 5).reversed());
    }

    @Test
    void anAdministratorReachesTheOwnEnvironmentAndNoOther() {
        Client one = administrator("one");
        String mine =
                make(one, "{\"name\":\"mine\",\"role\":\"administrator\"}").id();
        String theirs = make(chief.in("two"), "{\"name\":\"theirs\",\"role\":\"viewer\"}")
                .id();
        String all = make(chief, "{\"name\":\"all\",\"role\":\"viewer\",\"environment\":\"*\"}")
                .id();
        assertThat(ids(one.get("/token?limit=250"))).contains(mine).doesNotContain(theirs, all);
        assertThat(ids(chief.in("two").get("/token?limit=250")))
                .contains(theirs, all)
                .doesNotContain(mine);
        for (String hidden : List.of(theirs, all)) {
            assertThat(one.get("/token/" + hidden).status()).isEqualTo(404);
            assertThat(one.patch("/token/" + hidden, "{\"name\":\"x\"}").status())
                    .isEqualTo(404);
            assertThat(one.delete("/token/" + hidden).status()).isEqualTo(404);
            assertThat(chief.get("/token/" + hidden).status()).isEqualTo(200);
        }
        assertThat(chief.get("/token/" + all).body().get("environmentId").isNull())
                .isTrue();
        assertThat(one.post("/token", "{\"name\":\"t\",\"role\":\"viewer\",\"environment\":\"*\"}")
                        .status())
                .isEqualTo(403);
        Api.Reply foreign = one.post("/token", "{\"name\":\"t\",\"role\":\"viewer\",\"environment\":\"two\"}");
        Api.Reply none = one.post("/token", "{\"name\":\"t\",\"role\":\"viewer\",\"environment\":\"none\"}");
        assertThat(foreign.status()).isEqualTo(404);
        assertThat(foreign.text()).isEqualTo(none.text());
        assertThat(make(one, "{\"name\":\"t\",\"role\":\"viewer\",\"environment\":\"one\"}")
                        .status())
                .isEqualTo(201);
        assertThat(one.in("two").get("/token").status()).isEqualTo(403);
        assertThat(one.in("two").get("/token").text().replace("two", "nil"))
                .isEqualTo(one.in("nil").get("/token").text());
    }

    @Test
    void nobodyMakesATokenMightierThanTheOwnOne() {
        chief.in("one").post("/app", "{\"name\":\"Acme\",\"uid\":\"mighty\"}");
        Instant end = Instant.now().plusSeconds(3_600).truncatedTo(ChronoUnit.MICROS);
        Api.Reply made = make(
                chief.in("one"),
                "{\"name\":\"t\",\"role\":\"administrator\",\"rateLimit\":50000,\"expiresAt\":\"" + end + "\"}");
        Client brief = chief.with(made.body().get("token").textValue());
        for (String mightier : List.of(
                "\"rateLimit\":50000",
                "\"rateLimit\":50000,\"expiresAt\":\"" + end.plusSeconds(1) + "\"",
                "\"expiresAt\":\"" + end + "\"",
                "\"rateLimit\":50001,\"expiresAt\":\"" + end + "\"")) {
            for (String role : List.of(
                    "\"administrator\"", "\"publisher\"", "\"viewer\"", "\"application\",\"appId\":\"mighty\"")) {
                assertThat(brief.post("/token", "{\"name\":\"t\",\"role\":" + role + "," + mightier + "}")
                                .status())
                        .as(role + mightier)
                        .isEqualTo(403);
            }
        }
        make(brief, "{\"name\":\"t\",\"role\":\"administrator\",\"rateLimit\":50000,\"expiresAt\":\"" + end + "\"}");
        assertThat(brief.patch("/token/" + made.id(), "{\"expiresAt\":null}").status())
                .isEqualTo(403);
        assertThat(brief.patch("/token/" + made.id(), "{\"rateLimit\":null}").status())
                .isEqualTo(403);
        assertThat(brief.patch("/token/" + made.id(), "{\"name\":\"renamed\"}").status())
                .isEqualTo(200);
        String bounds = "\"rateLimit\":50000,\"expiresAt\":\"" + end + "\"";
        String theirs = make(brief, "{\"name\":\"t\",\"role\":\"publisher\"," + bounds + "}")
                .id();
        assertThat(brief.patch("/token/" + theirs, "{\"expiresAt\":null}").status())
                .isEqualTo(403);
        assertThat(brief.patch("/token/" + theirs, "{\"rateLimit\":50001}").status())
                .isEqualTo(403);
        assertThat(brief.patch("/token/" + theirs, "{\"rateLimit\":7}").status())
                .isEqualTo(200);
        // only what is named is raised: a token that does not expire anyway may be slowed down
        String endless = make(chief.in("one"), "{\"name\":\"t\",\"role\":\"administrator\"}")
                .id();
        assertThat(brief.patch("/token/" + endless, "{\"rateLimit\":7}").status())
                .isEqualTo(200);
        assertThat(brief.patch("/token/" + endless, "{\"expiresAt\":\"" + end + "\"}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void theLastAdministratorOfTheInstallationIsNotRevoked() {
        String own = ids(chief.get("/token?role=administrator&limit=250")).stream()
                .filter(id ->
                        chief.get("/token/" + id).body().get("name").textValue().equals("admin"))
                .findFirst()
                .orElseThrow();
        Api.Reply refused = chief.delete("/token/" + own);
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.body().get("detail").textValue()).contains("last administrator");
        assertThat(chief.patch(
                                "/token/" + own,
                                "{\"expiresAt\":\"" + Instant.now().plusSeconds(60) + "\"}")
                        .status())
                .isEqualTo(409);
        assertThat(chief.get("/app").status()).isEqualTo(200);
    }

    // ---- environments

    @Test
    void environmentsLiveAndDie() {
        Api.Reply made = chief.post("/environment", "{\"name\":\"staging\"}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(members(made.body())).containsExactlyInAnyOrder("id", "name", "profile", "createdAt");
        assertThat(made.id()).startsWith("env_").hasSize(30);
        assertThat(chief.get("/environment/staging").body()).isEqualTo(made.body());
        assertThat(chief.get("/environment/" + made.id()).body()).isEqualTo(made.body());
        assertThat(ids(chief.get("/environment?limit=250"))).contains(made.id(), "env_default");
        assertThat(chief.post("/environment", "{\"name\":\"staging\"}").status())
                .isEqualTo(409);
        assertThat(chief.post("/environment", "{\"name\":\"env_x\"}").places()).containsExactly("body.name");
        assertThat(chief.post("/environment", "{\"name\":\"*\"}").places()).containsExactly("body.name");
        assertThat(chief.post("/environment", "{}").places()).containsExactly("body.name");
        assertThat(chief.patch("/environment/staging", "{\"name\":\"one\"}").status())
                .isEqualTo(409);
        assertThat(chief.patch("/environment/staging", "{}").body()).isEqualTo(made.body());
        Api.Reply renamed = chief.patch("/environment/staging", "{\"name\":\"testing\"}");
        assertThat(renamed.status()).isEqualTo(200);
        assertThat(renamed.body().get("name").textValue()).isEqualTo("testing");
        assertThat(chief.get("/environment/staging").status()).isEqualTo(404);

        chief.in("testing").post("/app", "{\"name\":\"a\",\"uid\":\"a\"}");
        chief.in("testing").post("/event-type", "{\"name\":\"a.b\",\"description\":\"d\"}");
        Api.Reply full = chief.delete("/environment/testing");
        assertThat(full.status()).isEqualTo(409);
        assertThat(full.body().get("detail").textValue()).contains("1 application");
        chief.in("testing").delete("/app/a");
        assertThat(chief.delete("/environment/testing").status()).isEqualTo(204);
        assertThat(chief.delete("/environment/testing").status()).isEqualTo(404);
        assertThat(chief.in("testing").get("/app").status()).isEqualTo(403);
        assertThat(chief.delete("/environment/default").status()).isEqualTo(409);
    }

    @Test
    void anAdministratorOfAnEnvironmentSeesThatOneOnly() {
        Client one = administrator("one");
        String id = chief.get("/environment/one").id();
        assertThat(ids(one.get("/environment"))).containsExactly(id);
        assertThat(one.get("/environment/one").id()).isEqualTo(id);
        assertThat(one.get("/environment/two").status()).isEqualTo(404);
        assertThat(one.post("/environment", "{\"name\":\"more\"}").status()).isEqualTo(403);
        assertThat(one.patch("/environment/one", "{\"name\":\"more\"}").status())
                .isEqualTo(403);
        assertThat(one.delete("/environment/one").status()).isEqualTo(403);
    }
}
