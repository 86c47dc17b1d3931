package io.posthorn.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Access to the customers' portal, its page, and the way out. */
class PortalApiTest {
    private static final Api api = Api.usual();
    private static final Client chief = new Client(api, api.server.port(), api.token, null);

    @BeforeAll
    static void application() {
        chief.post("/app", "{\"name\":\"Acme\",\"uid\":\"acme\"}");
        chief.post("/app", "{\"name\":\"Other\",\"uid\":\"other\"}");
    }

    @AfterAll
    static void close() {
        api.close();
    }

    private static Api.Reply access(String app, String body) {
        return chief.post("/auth/app-portal-access/" + app, body);
    }

    private static Client portal(String body) {
        Api.Reply reply = access("acme", body);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return chief.with(reply.body().get("token").textValue());
    }

    private static io.posthorn.catalog.Token token(Client client) {
        return requireNonNull(api.catalog.authenticate(requireNonNull(client.token())))
                .token();
    }

    @Test
    void aTokenOfTheApplicationAndAUrlWithIt() {
        Api.Reply reply = chief.call("POST", "/auth/app-portal-access/acme", null);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        String secret = reply.body().get("token").textValue();
        String app = chief.get("/app/acme").id();
        assertThat(reply.body().get("url").textValue())
                .isEqualTo("http://127.0.0.1:" + api.server.port() + "/portal#token=" + secret + "&app=" + app);
        assertThat(reply.headers().firstValue("cache-control")).contains("no-store");
        Client portal = chief.with(secret);
        Instant expires = requireNonNull(token(portal).expiresAt());
        assertThat(Duration.between(Instant.now(), expires))
                .isBetween(Duration.ofDays(7).minusMinutes(5), Duration.ofDays(7));
        assertThat(portal.get("/app/acme").status()).isEqualTo(200);
        assertThat(portal.get("/app/other").status()).isEqualTo(404);
        assertThat(portal.post("/app/acme/endpoint", "{\"url\":\"https://example.com/\"}")
                        .status())
                .isEqualTo(201);
        assertThat(portal.post("/app/acme/msg", "{}").status()).isIn(403, 404);
    }

    @Test
    void readOnlyMeansLookingAtThisApplication() {
        for (String body : List.of("{\"readOnly\":true}", "{\"capabilities\":[\"ViewBase\"]}")) {
            Client looking = portal(body);
            assertThat(looking.get("/app").body().get("data").findValuesAsText("uid"))
                    .containsExactly("acme");
            assertThat(looking.get("/app/acme/endpoint").status()).isEqualTo(200);
            assertThat(looking.get("/app/other/endpoint").status()).isEqualTo(404);
            assertThat(looking.post("/app/acme/endpoint", "{\"url\":\"https://example.com/\"}")
                            .status())
                    .isEqualTo(403);
            assertThat(looking.get("/event-type").status()).isEqualTo(200);
            assertThat(looking.get("/token").status()).isEqualTo(403);
        }
        assertThat(token(portal("{\"capabilities\":[\"ViewBase\",\"ManageEndpoint\",\"CreateAttempts\"]}"))
                        .role())
                .isEqualTo(io.posthorn.catalog.Role.APPLICATION);
    }

    @Test
    void theApplicationCanBeMadeOnTheWay() {
        assertThat(access("fresh", "{}").status()).isEqualTo(404);
        Api.Reply made = access(
                "fresh", "{\"application\":{\"name\":\"Fresh\",\"metadata\":{\"k\":\"v\"}},\"sessionId\":\"s-1\"}");
        assertThat(made.status()).as(made.text()).isEqualTo(200);
        Api.Reply app = chief.get("/app/fresh");
        assertThat(app.body().get("name").textValue()).isEqualTo("Fresh");
        assertThat(app.body().get("metadata").get("k").textValue()).isEqualTo("v");
        assertThat(access("fresh", "{\"application\":{\"name\":\"Later\"}}").status())
                .isEqualTo(200);
        assertThat(chief.get("/app/fresh").body()).isEqualTo(app.body());
        assertThat(chief.get("/token?app_id=fresh").body().get("data").findValuesAsText("name"))
                .containsExactly("app portal, session s-1", "app portal");
        assertThat(access("newer", "{\"application\":{\"name\":7}}").places()).containsExactly("body.application.name");
        assertThat(access("newer", "{\"application\":{\"name\":\"x\",\"uid\":\"newest\"}}")
                        .places())
                .containsExactly("body.application.uid");
        assertThat(access("app_01hzzzzzzzzzzzzzzzzzzzzzzz", "{\"application\":{\"name\":\"x\"}}")
                        .status())
                .isEqualTo(404);
        assertThat(access("a b".replace(" ", "%20"), "{\"application\":{\"name\":\"x\"}}")
                        .places())
                .containsExactly("path.app");
    }

    @Test
    void wrongFieldsAreNamed() {
        for (String each : List.of(
                "\"expiry\":3599|body.expiry",
                "\"expiry\":604801|body.expiry",
                "\"expiry\":\"1h\"|body.expiry",
                "\"readOnly\":1|body.readOnly",
                "\"sessionId\":\"\"|body.sessionId",
                "\"featureFlags\":\"x\"|body.featureFlags",
                "\"capabilities\":[\"ViewBase\",\"CreateAttempts\"]|body.capabilities",
                "\"capabilities\":[\"ManageEndpoint\",\"CreateAttempts\"]|body.capabilities",
                "\"capabilities\":[\"Everything\"]|body.capabilities.0")) {
            String[] parts = each.split("\\|", -1);
            Api.Reply reply = access("acme", "{" + parts[0] + "}");
            assertThat(reply.status()).as(each).isEqualTo(422);
            assertThat(reply.places()).as(each).containsExactly(parts[1]);
        }
        assertThat(access("acme", "{\"expiry\":null,\"featureFlags\":[],\"capabilities\":[],\"readOnly\":null}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void loggingOutEndsTheToken() {
        for (String body : List.of("{}", "{\"readOnly\":true}")) {
            Client portal = portal(body);
            assertThat(portal.call("POST", "/auth/logout", null).status()).isEqualTo(204);
            assertThat(portal.get("/app/acme").status()).isEqualTo(401);
            assertThat(portal.post("/auth/logout", "{}").status()).isEqualTo(401);
        }
        Api.Reply refused = chief.post("/auth/logout", "{}");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.body().get("detail").textValue()).contains("DELETE /api/v1/token/tok_");
        assertThat(chief.get("/app").status()).isEqualTo(200);
    }

    @Test
    void thePageRunsNothing() {
        Api.Reply page =
                api.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + "/portal")));
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.headers().firstValue("content-type")).contains("text/html; charset=utf-8");
        assertThat(page.headers().firstValue("content-security-policy"))
                .hasValueSatisfying(policy -> assertThat(policy)
                        .contains("default-src 'none'")
                        .contains("frame-ancestors 'none'")
                        .doesNotContain("unsafe"));
        assertThat(page.text()).contains("later version").doesNotContainIgnoringCase("<script");
    }
}
