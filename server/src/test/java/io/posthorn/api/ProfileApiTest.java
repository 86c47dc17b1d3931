package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ProfileApiTest {
    private static final Api api = Api.usual();

    @AfterAll
    static void close() {
        api.close();
    }

    @Test
    void aProfileIsMadeChangedListedAndRemoved() {
        Api.Reply made = api.put("/profile/acme", "{\"source\":\"description: one\"}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.body().get("description").textValue()).isEqualTo("one");
        assertThat(api.get("/profile/acme").body()).isEqualTo(made.body());
        Api.Reply yaml = api.send(api.request("/api/v1/profile/acme")
                .header("content-type", "application/yaml; charset=utf-8")
                .PUT(BodyPublishers.ofString("description: ünd\nmethod: PUT\n")));
        assertThat(yaml.status()).as(yaml.text()).isEqualTo(200);
        assertThat(yaml.body().get("source").textValue()).isEqualTo("description: ünd\nmethod: PUT\n");
        JsonNode page = api.get("/profile?limit=250").body();
        assertThat(page.get("data").valueStream().map(each -> each.get("name").textValue()))
                .contains("acme", "standard", "admin", "administrate", "slack-message");
        assertThat(api.get("/profile?limit=2").body().get("done").booleanValue())
                .isFalse();
        assertThat(api.delete("/profile/acme").status()).isEqualTo(204);
        assertThat(api.get("/profile/acme").status()).isEqualTo(404);
    }

    @Test
    void builtInOnesAreReadAndNotWritten() {
        JsonNode admin = api.get("/profile/admin").body();
        assertThat(admin.get("builtin").booleanValue()).isTrue();
        assertThat(admin.get("source").textValue()).contains("x-admin-signature");
        assertThat(api.put("/profile/admin", "{\"source\":\"description: x\"}").status())
                .isEqualTo(409);
        assertThat(api.delete("/profile/admin").status()).isEqualTo(409);
        assertThat(api.put("/profile/test", "{\"source\":\"description: x\"}").places())
                .containsExactly("path.profile");
    }

    @Test
    void applicationsChooseTheOperatorsProfilesAndDoNotReadThem() {
        api.put("/profile/kept", "{\"source\":\"headers: {X-Api-Key: hush}\\ndescription: ours\"}");
        api.post("/app", "{\"name\":\"c\",\"uid\":\"c\"}");
        Client chief = new Client(api, api.server.port(), api.token, null);
        for (boolean readOnly : new boolean[] {false, true}) {
            Client customer = chief.with(api.post("/auth/app-portal-access/c", "{\"readOnly\":" + readOnly + "}")
                    .body()
                    .get("token")
                    .textValue());
            Api.Reply kept = customer.get("/profile/kept");
            assertThat(kept.status()).as("read only: " + readOnly).isEqualTo(200);
            assertThat(kept.body().get("description").textValue()).isEqualTo("ours");
            assertThat(kept.body().has("source")).as("read only: " + readOnly).isFalse();
            assertThat(kept.text()).doesNotContain("hush");
            assertThat(customer.get("/profile/admin").body().get("source").textValue())
                    .contains("x-admin-signature");
        }
        assertThat(api.get("/profile/kept").body().get("source").textValue()).contains("hush");
    }

    @Test
    void everythingThatIsWrongIsToldWithItsLine() {
        Api.Reply wrong = api.put(
                "/profile/wrong",
                "{\"source\":\"method: get\\nbody:\\n  envelope: '{'\\ndelivery:\\n  timeout: 1h\\n\"}");
        assertThat(wrong.status()).isEqualTo(422);
        assertThat(wrong.body()
                        .get("detail")
                        .valueStream()
                        .map(each -> each.get("msg").textValue()))
                .hasSize(2)
                .anySatisfy(each -> assertThat(each).startsWith("line 1, column 9: method must be"))
                .anySatisfy(each -> assertThat(each).startsWith("line 3, column "));
        Api.Reply policy = api.put("/profile/wrong", "{\"source\":\"delivery:\\n  timeout: 1h\\n\"}");
        assertThat(policy.body()
                        .get("detail")
                        .valueStream()
                        .map(each -> each.get("msg").textValue()))
                .singleElement()
                .asString()
                .startsWith("line 2, column 3: delivery.timeout must be a duration");
        assertThat(api.put("/profile/wrong", "{}").places()).containsExactly("body.source");
        assertThat(api.send(api.request("/api/v1/profile/wrong")
                                .header("content-type", "text/plain")
                                .PUT(BodyPublishers.ofString("x")))
                        .status())
                .isEqualTo(415);
    }

    @Test
    @Requirement({"B11", "B12", "B28"})
    void aTestShowsTheRequestAsItWouldBeSent() {
        JsonNode request = api.post(
                        "/profile/test",
                        "{\"name\":\"admin\",\"eventType\":\"webhook.configured\","
                                + "\"payload\":{\"test\":true,\"event\":\"webhook.configured\"}}")
                .body()
                .get("request");
        assertThat(request.get("method").textValue()).isEqualTo("POST");
        assertThat(request.get("body").textValue()).isEqualTo("{\"test\":true,\"event\":\"webhook.configured\"}");
        assertThat(request.get("headers")
                        .valueStream()
                        .map(each -> each.get("name").textValue()))
                .containsExactly("content-type", "Idempotency-Key", "x-admin-signature");
        assertThat(request.at("/headers/2/value").textValue()).matches("sha256=[0-9a-f]{64}");
    }

    @Test
    void aTestTellsWhatIsWrong() {
        JsonNode wrong =
                api.post("/profile/test", "{\"source\":\"methd: PUT\"}").body();
        assertThat(wrong.get("request").isNull()).isTrue();
        assertThat(wrong.at("/problems/0/line").intValue()).isEqualTo(1);
        assertThat(wrong.at("/problems/0/rule").textValue()).contains("did you mean method?");
        JsonNode failed = api.post("/profile/test", "{\"source\":\"body: {envelope: message.payload.title + 1}\"}")
                .body();
        assertThat(failed.get("error").textValue()).startsWith("body.envelope (line 1, column ");
        assertThat(api.post("/profile/test", "{}").places()).containsExactly("body.source");
        assertThat(api.post("/profile/test", "{\"name\":\"nobody\"}").status()).isEqualTo(404);
    }

    @Test
    void anEndpointHasAProfileOfItsOwnOrByName() {
        api.post("/app", "{\"name\":\"p\",\"uid\":\"p\"}");
        String url = "\"url\":\"https://example.com/\"";
        Api.Reply named = api.post("/app/p/endpoint", "{" + url + ",\"uid\":\"e\",\"profile\":\"admin\"}");
        assertThat(named.status()).as(named.text()).isEqualTo(201);
        assertThat(named.body().at("/delivery/timeout").textValue()).isEqualTo("3s");
        assertThat(named.body().at("/delivery/order/mode").textValue()).isEqualTo("fifo");
        JsonNode reset = api.patch("/app/p/endpoint/e", "{\"delivery\":{\"timeout\":\"4s\"}}")
                .body();
        assertThat(reset.at("/delivery/timeout").textValue()).isEqualTo("4s");
        assertThat(api.patch("/app/p/endpoint/e", "{\"delivery\":{\"timeout\":null}}")
                        .body()
                        .at("/delivery/timeout")
                        .textValue())
                .isEqualTo("3s");
        assertThat(api.patch("/app/p/endpoint/e", "{\"profile\":null}")
                        .body()
                        .at("/delivery/order/mode")
                        .textValue())
                .isEqualTo("unordered");
        assertThat(api.patch("/app/p/endpoint/e", "{\"profile\":\"nobody\"}").places())
                .containsExactly("body.profile");
        Api.Reply wrong = api.patch("/app/p/endpoint/e", "{\"profileSource\":\"a: 1\\nmethod: x\"}");
        assertThat(wrong.status()).isEqualTo(422);
        assertThat(wrong.places()).containsExactly("body.profileSource", "body.profileSource");
        assertThat(wrong.text()).contains("line 1, column 1: ", "line 2, column 9: ");
        assertThat(api.patch("/app/p/endpoint/e", "{\"profileSource\":\"delivery: {timeout: 2s}\"}")
                        .body()
                        .at("/delivery/timeout")
                        .textValue())
                .isEqualTo("2s");
    }

    @Test
    void aSecretIsOfTheFormThatTheProfileTakes() {
        api.post("/app", "{\"name\":\"s\",\"uid\":\"s\"}");
        String url = "\"url\":\"https://example.com/\"";
        String text = "any text of ours";
        assertThat(api.post(
                                "/app/s/endpoint",
                                "{" + url + ",\"uid\":\"t\",\"profile\":\"admin\",\"secret\":\"" + text + "\"}")
                        .status())
                .isEqualTo(201);
        assertThat(api.get("/app/s/endpoint/t/secret").body().get("key").textValue())
                .isEqualTo(text);
        assertThat(api.post("/app/s/endpoint", "{" + url + ",\"secret\":\"" + text + "\"}")
                        .places())
                .containsExactly("body.secret");
        assertThat(api.patch("/app/s/endpoint/t", "{\"profile\":null}").places())
                .containsExactly("body.secret");
        assertThat(api.patch("/app/s/endpoint/t", "{\"profile\":null,\"secret\":null}")
                        .status())
                .isEqualTo(200);
        assertThat(api.get("/app/s/endpoint/t/secret").body().get("key").textValue())
                .startsWith("whsec_");
        assertThat(api.post("/app/s/endpoint/t/secret/rotate", "{\"key\":\"" + text + "\"}")
                        .places())
                .containsExactly("body.key");
        assertThat(api.patch("/app/s/endpoint/t", "{\"profile\":\"github\"}").status())
                .isEqualTo(200);
        assertThat(api.post("/app/s/endpoint/t/secret/rotate", "{\"key\":\"" + text + "\"}")
                        .status())
                .isEqualTo(204);
    }

    @Test
    void anEnvironmentHasAProfile() {
        String id = api.post("/environment", "{\"name\":\"e1\"}").id();
        assertThat(api.patch("/environment/" + id, "{\"profile\":\"timify\"}")
                        .body()
                        .get("profile")
                        .textValue())
                .isEqualTo("timify");
        assertThat(api.get("/environment/" + id).body().get("profile").textValue())
                .isEqualTo("timify");
        JsonNode both = api.patch("/environment/" + id, "{\"profile\":null,\"name\":\"e2\"}")
                .body();
        assertThat(both.get("profile").isNull()).isTrue();
        assertThat(both.get("name").textValue()).isEqualTo("e2");
        assertThat(api.patch("/environment/" + id, "{\"profile\":\"nobody\"}").places())
                .containsExactly("body.profile");
    }
}
