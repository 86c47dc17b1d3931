package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints that are asked whether they want what they are sent, before they are sent anything. */
final class EndpointCheckTest {
    private static final Pattern CHALLENGE = Pattern.compile("hub\\.challenge=([0-9a-f]+)");

    private static ServerProcess server;
    private static Api api;
    private BareReceiver receiver;
    private String app;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--public-url", "https://hooks.posthorn.example");
        api = server.api();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new BareReceiver();
        app = api.post("/api/v1/app", "{\"name\":\"Acme\"}").id();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private Api.Answer make(String uid, String check, String more) throws Exception {
        return api.post(
                "/api/v1/app/" + app + "/endpoint",
                "{\"uid\":\"" + uid + "\",\"url\":\"" + receiver.url() + "?a=1\",\"check\":\"" + check + "\"" + more
                        + "}");
    }

    private void isRefused(Api.Answer answer, String... words) throws Exception {
        assertThat(answer.status()).as(answer.body()).isEqualTo(422);
        assertThat(answer.json().at("/detail/0/loc").toString()).isEqualTo("[\"body\",\"url\"]");
        assertThat(answer.json().at("/detail/0/msg").asText()).contains(words);
        assertThat(api.get("/api/v1/app/" + app + "/endpoint").json().path("data"))
                .isEmpty();
    }

    private static String secretOf(String app, String uid) throws Exception {
        return api.get("/api/v1/app/" + app + "/endpoint/" + uid + "/secret")
                .json()
                .path("key")
                .asText();
    }

    @Test
    @Requirement({"B7", "B27"})
    void aTestEventHasToBeAnsweredWithSuccess() throws Exception {
        receiver.replies(request -> "HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nnope");
        isRefused(make("one", "test-event", ""), "2xx", "500", "nope");

        receiver.replies(request -> "HTTP/1.1 204 Ok\r\n\r\n");
        Api.Answer made = make("one", "test-event", "");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        Arrival arrival = receiver.last();
        assertThat(arrival.line()).isEqualTo("POST /?a=1 HTTP/1.1");
        assertThat(Api.parse(arrival.text()).isObject()).isTrue();
        assertThat(arrival.header("content-type")).isEqualTo("application/json");
        arrival.verify(secretOf(app, "one"));
        assertThat(api.get("/api/v1/app/" + app + "/msg").json().path("data")).isEmpty();
    }

    @Test
    @Requirement("B7")
    void whoCannotBeReachedIsRefusedAndWhoIsNotAskedIsNot() throws Exception {
        receiver.close();
        isRefused(make("one", "test-event", ""), "must answer a test event");
        assertThat(make("one", "none", "").status()).isEqualTo(201);
        Api.Answer unknown = make("two", "handshake", "");
        assertThat(unknown.status()).isEqualTo(422);
        assertThat(unknown.body()).contains("\"check\"");
    }

    @Test
    @Requirement({"B7", "B27", "B28"})
    void aProfileSaysHowItsEndpointsAreChecked() throws Exception {
        String body = "{\"uid\":\"one\",\"url\":\"" + receiver.url() + "\",\"profile\":\"admin\"}";
        receiver.replies(request -> "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
        isRefused(api.post("/api/v1/app/" + app + "/endpoint", body), "test event", "500");
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nContent-Length: 8\r\n\r\nReceived");
        assertThat(api.post("/api/v1/app/" + app + "/endpoint", body).status()).isEqualTo(201);
        Arrival arrival = receiver.last();
        assertThat(arrival.text()).isEqualTo("{\"test\":true,\"event\":\"webhook.configured\"}");
        assertThat(arrival.header("content-type")).isEqualTo("application/json");
        assertThat(arrival.header("x-admin-signature")).matches("sha256=[0-9a-f]{64}");
    }

    @Test
    @Requirement("B7")
    void aPutIsCheckedToo() throws Exception {
        receiver.replies(request -> "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        String path = "/api/v1/app/" + app + "/endpoint/one";
        byte[] body =
                ("{\"url\":\"" + receiver.url() + "\",\"check\":\"test-event\"}").getBytes(StandardCharsets.UTF_8);
        assertThat(api.call("PUT", path, body).status()).isEqualTo(422);
        assertThat(api.get(path).status()).isEqualTo(404);
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nContent-Length: 0\r\n\r\n");
        assertThat(api.call("PUT", path, body).status()).isEqualTo(201);
        receiver.last().verify(secretOf(app, "one"));
        String secret = secretOf(app, "one");
        assertThat(api.call("PUT", path, body).status()).isEqualTo(200);
        receiver.last().verify(secret);
        assertThat(secretOf(app, "one")).isEqualTo(secret);
    }

    @Test
    void aChallengeHasToBeEchoed() throws Exception {
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nContent-Length: 2\r\n\r\n{}");
        isRefused(make("one", "challenge", ""), "challenge", "200");
        receiver.replies(request -> {
            String challenge = Api.parse(request.text()).path("challenge").asText();
            String body = "{\"challenge\":\"" + challenge + "\"}";
            return "HTTP/1.1 200 Ok\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        });
        assertThat(make("one", "challenge", "").status()).isEqualTo(201);
    }

    @Test
    void cloudEventsConsentAndItsRate() throws Exception {
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nContent-Length: 0\r\n\r\n");
        isRefused(make("one", "cloudevents", ""), "WebHook-Allowed-Origin", "not in its answer");
        receiver.replies(
                request -> "HTTP/1.1 200 Ok\r\nWebHook-Allowed-Origin: other.example\r\nContent-Length: 0\r\n\r\n");
        isRefused(make("one", "cloudevents", ""), "other.example");

        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nWebHook-Allowed-Origin: hooks.posthorn.example\r\n"
                + "WebHook-Allowed-Rate: 150\r\nContent-Length: 0\r\n\r\n");
        Api.Answer made = make("one", "cloudevents", ",\"rateLimit\":10");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        assertThat(made.json().path("rateLimit").asInt())
                .as("150 a minute are 2.5 a second")
                .isEqualTo(2);
        Arrival arrival = receiver.last();
        assertThat(arrival.line()).isEqualTo("OPTIONS /?a=1 HTTP/1.1");
        assertThat(arrival.header("webhook-request-origin")).isEqualTo("hooks.posthorn.example");
        assertThat(arrival.header("webhook-request-rate")).isEqualTo("600");

        receiver.replies(request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: *\r\n\r\n");
        Api.Answer any = make("two", "cloudevents", "");
        assertThat(any.json().path("rateLimit").isNull()).isTrue();
        assertThat(receiver.last().headers()).doesNotContainKey("webhook-request-rate");
        assertThat(make("three", "cloudevents", ",\"rateLimit\":10")
                        .json()
                        .path("rateLimit")
                        .asInt())
                .isEqualTo(10);

        receiver.replies(request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: 30\r\n\r\n");
        Api.Answer slow = make("four", "cloudevents", "");
        assertThat(slow.status()).isEqualTo(422);
        assertThat(slow.body()).contains("30 requests a minute");
    }

    @Test
    void webSubsVerificationOfIntent() throws Exception {
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nContent-Length: 3\r\n\r\nyes");
        isRefused(make("one", "websub", ""), "hub.challenge", "yes");
        for (String tail : new String[] {"\n", ""}) {
            receiver.replies(request -> {
                Matcher challenge = CHALLENGE.matcher(request.line());
                assertThat(challenge.find()).isTrue();
                String body = challenge.group(1) + tail;
                return "HTTP/1.1 200 Ok\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
            });
            Api.Answer made = make("one", "websub", ",\"filterTypes\":[\"order.created\"]");
            assertThat(made.status()).as("the challenge exactly").isEqualTo(tail.isEmpty() ? 201 : 422);
        }
        String line = URLDecoder.decode(receiver.last().line(), StandardCharsets.UTF_8);
        assertThat(line)
                .startsWith(
                        "GET /?a=1&hub.mode=subscribe&hub.topic=https://hooks.posthorn.example/topics/order.created&")
                .contains("&hub.lease_seconds=31536000 HTTP/1.1");
    }

    @Test
    void restHooksSecretIsEchoed() throws Exception {
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nX-Hook-Secret: other\r\nContent-Length: 0\r\n\r\n");
        isRefused(make("one", "rest-hooks", ""), "X-Hook-Secret");
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nX-Hook-Secret: " + request.header("x-hook-secret")
                + "\r\nContent-Length: 0\r\n\r\n");
        assertThat(make("one", "rest-hooks", "").status()).isEqualTo(201);
        assertThat(receiver.last().header("x-hook-secret")).isEqualTo(secretOf(app, "one"));
    }

    @Test
    @Requirement({"B7", "B27"})
    void anEndpointCanBeCheckedLater() throws Exception {
        receiver.replies(request -> "HTTP/1.1 204 Ok\r\n\r\n");
        assertThat(make("one", "none", "").status()).isEqualTo(201);
        String check = "/api/v1/app/" + app + "/endpoint/one/check";
        JsonNode passed = api.post(check, "").json();
        assertThat(passed.path("check").asText()).isEqualTo("test-event");
        assertThat(passed.path("passed").asBoolean()).isTrue();
        receiver.last().verify(secretOf(app, "one"));

        receiver.replies(request -> "HTTP/1.1 503 Off\r\nContent-Length: 0\r\n\r\n");
        JsonNode failed = api.post(check, "{\"check\":\"test-event\"}").json();
        assertThat(failed.path("passed").asBoolean()).isFalse();
        assertThat(failed.path("detail").asText()).contains("503");

        receiver.replies(
                request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: 240\r\n\r\n");
        assertThat(api.post(check, "{\"check\":\"cloudevents\"}")
                        .json()
                        .path("rateLimit")
                        .asInt())
                .isEqualTo(4);
        assertThat(api.get("/api/v1/app/" + app + "/endpoint/one")
                        .json()
                        .path("rateLimit")
                        .asInt())
                .isEqualTo(4);
    }
}
