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

    /** Answers as Slack's receivers do: with the challenge, if it stands where Slack puts it. */
    private void repliesToSlack() {
        receiver.replies(request -> {
            JsonNode body = Api.parse(request.text());
            String challenge = body.path("type").asText().equals("url_verification")
                    ? body.path("challenge").asText()
                    : "";
            return "HTTP/1.1 200 Ok\r\nContent-Length: " + challenge.length() + "\r\n\r\n" + challenge;
        });
    }

    @Test
    @Requirement({"B7", "B27"})
    void aChallengeStandsInNoEnvelope() throws Exception {
        repliesToSlack();
        Api.Answer slack = api.post(
                "/api/v1/app/" + app + "/endpoint", "{\"url\":\"" + receiver.url() + "\",\"profile\":\"slack\"}");
        assertThat(slack.status()).as(slack.body()).isEqualTo(201);
        assertThat(receiver.last().header("x-slack-signature")).startsWith("v0=");

        String own = """
                description: Own.\\ncheck: challenge\\nbody: {envelope: '{\\"wrapped\\": message.payload}'}\\n""";
        Api.Answer wrapped = api.post(
                "/api/v1/app/" + app + "/endpoint",
                "{\"url\":\"" + receiver.url() + "\",\"profileSource\":\"" + own
                        + "\",\"transformation\":\"{'body': 'lost'}\"}");
        assertThat(wrapped.status()).as(wrapped.body()).isEqualTo(201);
        assertThat(Api.parse(receiver.last().text()).path("type").asText()).isEqualTo("url_verification");
    }

    private Api.Answer patch(String uid, String body) throws Exception {
        return api.call("PATCH", "/api/v1/app/" + app + "/endpoint/" + uid, body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    @Requirement("B7")
    void aPatchIsCheckedIfItIsAskedOrChangesWhatIsChecked() throws Exception {
        assertThat(make("one", "none", "").status()).isEqualTo(201);
        String path = "/api/v1/app/" + app + "/endpoint/one";

        receiver.replies(request -> "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
        Api.Answer asked = patch("one", "{\"description\":\"new\",\"check\":\"test-event\"}");
        assertThat(asked.status()).as(asked.body()).isEqualTo(422);
        assertThat(asked.json().at("/detail/0/loc").toString()).isEqualTo("[\"body\",\"url\"]");
        assertThat(api.get(path).json().path("description").asText()).isEmpty();
        assertThat(patch("one", "{\"check\":\"handshake\"}").body()).contains("\"check\"");

        Api.Answer profile = patch("one", "{\"profile\":\"slack\"}");
        assertThat(profile.status()).as("another check is the usual one").isEqualTo(422);
        assertThat(api.get(path).json().path("profile").isNull()).isTrue();
        repliesToSlack();
        assertThat(patch("one", "{\"profile\":\"slack\"}").status()).isEqualTo(200);

        receiver.replies(request -> "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
        assertThat(patch("one", "{\"description\":\"new\"}").status())
                .as("neither another URL nor another check")
                .isEqualTo(200);
        String moved = "{\"url\":\"" + receiver.url() + "?b=2\"";
        assertThat(patch("one", moved + "}").status()).isEqualTo(422);
        assertThat(api.get(path).json().path("url").asText()).endsWith("?a=1");
        assertThat(patch("one", moved + ",\"check\":\"none\"}").status()).isEqualTo(200);
        repliesToSlack();
        assertThat(patch("one", "{\"url\":\"" + receiver.url() + "?c=3\"}").status())
                .isEqualTo(200);
        assertThat(receiver.last().line()).isEqualTo("POST /?c=3 HTTP/1.1");
    }

    @Test
    @Requirement({"B7", "E24"})
    void whoAsksSaysWhoTheyAre() throws Exception {
        receiver.replies(request -> {
            String wrong = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n";
            return !request.header("authorization").equals("Bearer t-1")
                            || !request.header("x-own").equals("yes")
                    ? wrong
                    : "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\n\r\n";
        });
        String known = ",\"authentication\":{\"type\":\"bearer\",\"token\":\"t-1\"},\"headers\":{\"X-Own\":\"yes\"}";
        Api.Answer consent = make("one", "cloudevents", known);
        assertThat(consent.status()).as(consent.body()).isEqualTo(201);
        assertThat(make("two", "test-event", known).status()).isEqualTo(201);

        receiver.replies(request -> {
            Matcher challenge = CHALLENGE.matcher(request.line());
            String body =
                    challenge.find() && request.header("authorization").equals("Bearer t-1") ? challenge.group(1) : "";
            return "HTTP/1.1 200 Ok\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        });
        assertThat(make("three", "websub", known).status()).isEqualTo(201);

        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nX-Hook-Secret: " + request.header("x-hook-secret")
                + "\r\nContent-Length: 0\r\n\r\n");
        String secretTaken = ",\"headers\":{\"X-Hook-Secret\":\"own\",\"X-Own\":\"yes\"}";
        assertThat(make("four", "rest-hooks", secretTaken).status()).isEqualTo(201);
        assertThat(receiver.last().header("x-own")).isEqualTo("yes");
    }

    @Test
    @Requirement({"B27", "B28"})
    void aTestEventOrAnExampleArrivesWhateverItsEndpointWantsAndWhole() throws Exception {
        api.post("/api/v1/event-type", "{\"name\":\"order.created\",\"description\":\"\"}");
        String never = ",\"filter\":{\"jsonata\":\"payload.wanted = true\"},\"payload\":\"thin\"";
        assertThat(make("one", "none", ",\"profile\":\"admin\"" + never).status())
                .isEqualTo(201);
        assertThat(make("two", "none", never).status()).isEqualTo(201);
        String path = "/api/v1/app/" + app + "/endpoint/";

        assertThat(api.post(path + "one/send-example", "{}").status()).isEqualTo(202);
        Until.holds("the test event is there", () -> receiver.count() == 1);
        assertThat(receiver.last().text()).isEqualTo("{\"test\":true,\"event\":\"webhook.configured\"}");

        Api.Answer sent = api.post(path + "two/send-example", "{\"eventType\":\"order.created\"}");
        assertThat(sent.status()).as(sent.body()).isEqualTo(202);
        Until.holds("the example is there", () -> receiver.count() == 2);
        assertThat(Api.parse(receiver.last().text()).path("type").asText()).isEqualTo("order.created");
        assertThat(Api.parse(receiver.last().text()).has("data")).isTrue();

        String dropped = api.publish(app, "order.created", "{\"n\":1}").id();
        String wanted = api.publish(app, "order.created", "{\"wanted\":true}").id();
        Until.holds("the message that is wanted is there twice", () -> receiver.count() == 4);
        assertThat(receiver.last().text()).doesNotContain("\"wanted\":true");
        assertThat(api.attempts(app, dropped)).isEmpty();
        Until.holds(
                "both attempts are on record", () -> api.attempts(app, wanted).size() == 2);
    }

    @Test
    @Requirement({"B27", "E4"})
    void aTestEventBeyondTheScopesIsRefusedAndNotDropped() throws Exception {
        api.post("/api/v1/event-type", "{\"name\":\"webhook.configured\",\"description\":\"\",\"scopes\":[\"hooks\"]}");
        try {
            assertThat(make("one", "none", ",\"profile\":\"admin\"").status()).isEqualTo(201);
            String path = "/api/v1/app/" + app;
            assertThat(api.call("PATCH", path, "{\"scopes\":[\"other\"]}".getBytes(StandardCharsets.UTF_8))
                            .status())
                    .isEqualTo(200);
            Api.Answer refused = api.post(path + "/endpoint/one/send-example", "{}");
            assertThat(refused.status()).as(refused.body()).isEqualTo(422);
            assertThat(refused.body()).contains("hooks");
        } finally {
            api.delete("/api/v1/event-type/webhook.configured?expunge=true");
        }
    }

    @Test
    void cloudEventsConsentAndItsRate() throws Exception {
        receiver.replies(request -> "HTTP/1.1 200 Ok\r\nContent-Length: 0\r\n\r\n");
        isRefused(make("one", "cloudevents", ""), "WebHook-Allowed-Origin", "not in its answer");
        receiver.replies(
                request -> "HTTP/1.1 200 Ok\r\nWebHook-Allowed-Origin: other.example\r\nContent-Length: 0\r\n\r\n");
        isRefused(make("one", "cloudevents", ""), "other.example");

        receiver.replies(
                request ->
                        "HTTP/1.1 200 Ok\r\nWebHook-Allowed-Origin: hooks.posthorn.example\r\nWebHook-Allowed-Rate: 150\r\n\r\n");
        Api.Answer made = make("one", "cloudevents", ",\"rateLimit\":10");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        assertThat(made.json().path("agreedRate").asInt()).isEqualTo(150);
        assertThat(made.json().path("rateLimit").asInt()).isEqualTo(10);
        Arrival arrival = receiver.last();
        assertThat(arrival.line()).isEqualTo("OPTIONS /?a=1 HTTP/1.1");
        assertThat(arrival.header("webhook-request-origin")).isEqualTo("hooks.posthorn.example");
        assertThat(arrival.header("webhook-request-rate")).isEqualTo("600");

        receiver.replies(request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: *\r\n\r\n");
        Api.Answer any = make("two", "cloudevents", "");
        assertThat(any.json().path("agreedRate").isNull()).isTrue();
        assertThat(receiver.last().headers()).doesNotContainKey("webhook-request-rate");
        assertThat(make("three", "cloudevents", ",\"rateLimit\":10")
                        .json()
                        .path("rateLimit")
                        .asInt())
                .isEqualTo(10);

        receiver.replies(request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: 30\r\n\r\n");
        Api.Answer slow = make("four", "cloudevents", "");
        assertThat(slow.status()).as(slow.body()).isEqualTo(201);
        assertThat(slow.json().path("agreedRate").asInt()).isEqualTo(30);

        receiver.replies(request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: 0\r\n\r\n");
        assertThat(make("five", "cloudevents", "").body()).contains("whole number above 0");
    }

    @Test
    void whatWasAgreedStaysUntilItIsAgreedAnewOrTheEndpointMoves() throws Exception {
        receiver.replies(request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: 30\r\n\r\n");
        assertThat(make("one", "cloudevents", "").json().path("agreedRate").asInt())
                .isEqualTo(30);
        String path = "/api/v1/app/" + app + "/endpoint/one";
        String same = "{\"url\":\"" + receiver.url() + "?a=1\"}";
        JsonNode put =
                api.call("PUT", path, same.getBytes(StandardCharsets.UTF_8)).json();
        assertThat(put.path("agreedRate").asInt()).isEqualTo(30);
        JsonNode faster = patch("one", "{\"rateLimit\":100,\"agreedRate\":9000,\"payload\":\"thin\"}")
                .json();
        assertThat(faster.path("rateLimit").asInt()).isEqualTo(100);
        assertThat(faster.path("agreedRate").asInt()).isEqualTo(30);

        receiver.replies(request -> "HTTP/1.1 204 Ok\r\nwebhook-allowed-origin: *\r\nwebhook-allowed-rate: 60\r\n\r\n");
        JsonNode again = patch("one", "{\"check\":\"cloudevents\"}").json();
        assertThat(again.path("agreedRate").asInt()).isEqualTo(60);
        JsonNode moved =
                patch("one", "{\"url\":\"" + receiver.url() + "elsewhere\"}").json();
        assertThat(moved.path("agreedRate").isNull()).isTrue();
        assertThat(moved.path("rateLimit").asInt()).isEqualTo(100);
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
                        .path("agreedRate")
                        .asInt())
                .isEqualTo(240);
        assertThat(api.get("/api/v1/app/" + app + "/endpoint/one")
                        .json()
                        .path("agreedRate")
                        .asInt())
                .isEqualTo(240);
    }
}
