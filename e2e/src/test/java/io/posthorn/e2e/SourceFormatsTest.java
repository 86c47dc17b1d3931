package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.svix.models.ApplicationIn;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The formats of the products whose documents the requirements are from, as a real server sends them. What is expected is
 * worked out here from their documents, with nothing of ours.
 */
final class SourceFormatsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static ServerProcess server;
    private Receiver receiver;
    private String app;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder);
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(server.log()).doesNotContain("ERROR", "Exception", "s3cret", "p@ss");
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        app = server.api()
                .svix()
                .getApplication()
                .create(new ApplicationIn().name("Acme").metadata(Map.of("instance", "https://acme.example")))
                .getId();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private String path() {
        return "/api/v1/app/" + app + "/endpoint";
    }

    private Api.Answer made(String url, String members) throws Exception {
        Api.Answer made = server.api().post(path(), "{\"url\":\"" + url + "\"," + members + "}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        return made;
    }

    private void publish(String message) throws Exception {
        Api.Answer accepted = server.api().post(Api.messages(app), message);
        assertThat(accepted.status()).as(accepted.body()).isEqualTo(202);
    }

    private static String hmac(String secret, String content) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        return HexFormat.of().formatHex(mac.doFinal(content.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> names(JsonNode object) {
        return object.properties().stream().map(Map.Entry::getKey).toList();
    }

    @Test
    @Requirement({"A1", "A2", "A6", "A7", "A8", "A9", "A11", "A16", "A17", "A18"})
    void administrates() throws Exception {
        Inbox inbox = receiver.at("/administrate");
        inbox.replies(Reply.status(500));
        String url = inbox.url().toString().replace("http://", "http://user:p%40ss@");
        String config = "{\"secret\":\"s3cret\",\"site\":[4,\"b\"]}";
        Api.Answer endpoint = made(
                url,
                "\"profile\":\"administrate\",\"config\":" + config
                        + ",\"delivery\":{\"retry\":{\"schedule\":[\"50ms\",\"50ms\",\"50ms\"]}}");
        assertThat(endpoint.body()).doesNotContain("p%40ss", "p@ss", "s3cret");
        assertThat(endpoint.json().path("url").asText()).isEqualTo(inbox.url().toString());
        JsonNode retry = endpoint.json().path("delivery").path("retry");
        assertThat(retry.path("statuses")).isEqualTo(JSON.readTree("[\"5xx\",\"429\"]"));

        publish("{\"eventType\":\"event.updated\",\"headers\":{\"user-email\":\"a@acme.example\"},"
                + "\"payload\":{\"id\":\"RXZlbnQ6MQ==\",\"price\":10.50}}");
        List<Arrival> arrivals = inbox.await(4);

        String triggered = null;
        for (int i = 0; i < 4; i++) {
            Arrival arrival = arrivals.get(i);
            JsonNode body = JSON.readTree(arrival.body());
            assertThat(arrival.line()).startsWith("POST /administrate ");
            assertThat(arrival.header("authorization"))
                    .isEqualTo("Basic "
                            + Base64.getEncoder().encodeToString("user:p@ss".getBytes(StandardCharsets.UTF_8)));
            assertThat(arrival.header("user-agent")).isEqualTo("Administrate/1.0");
            assertThat(arrival.headers()).doesNotContainKey("user-email");
            assertThat(arrival.header("content-type")).startsWith("application/json");
            assertThat(names(body)).containsExactly("metadata", "payload", "configuration");
            JsonNode metadata = body.path("metadata");
            assertThat(names(metadata))
                    .containsExactly(
                            "user", "instance", "triggered_at", "sent_at", "context", "webhook_id", "is_retry");
            assertThat(metadata.path("user").path("email").asText()).isEqualTo("a@acme.example");
            assertThat(metadata.path("instance").asText()).isEqualTo("https://acme.example");
            assertThat(metadata.path("triggered_at").asText())
                    .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
            assertThat(metadata.path("sent_at").asText())
                    .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
            triggered = triggered == null ? metadata.path("triggered_at").asText() : triggered;
            assertThat(metadata.path("triggered_at").asText()).isEqualTo(triggered);
            assertThat(new String(
                            Base64.getDecoder()
                                    .decode(metadata.path("webhook_id").asText()),
                            StandardCharsets.UTF_8))
                    .startsWith("OutboundHook:");
            assertThat(metadata.path("is_retry").asBoolean()).isEqualTo(i > 0);
            assertThat(arrival.text()).contains("\"payload\":{\"id\":\"RXZlbnQ6MQ==\",\"price\":10.50}");
            assertThat(body.path("configuration")).isEqualTo(JSON.readTree(config));
            String timestamp = arrival.header("x-administrate-signature-timestamp");
            assertThat(Math.abs(Long.parseLong(timestamp) - arrival.at().getEpochSecond()))
                    .isLessThan(60);
            assertThat(arrival.header("x-administrate-signature"))
                    .isEqualTo(hmac("s3cret", timestamp + "." + arrival.text()));
        }
    }

    @Test
    @Requirement({"B11", "B12", "B19", "B20", "B21", "B22", "B23", "B24", "B25", "B27", "B28", "B29", "B42", "B44"})
    void admins() throws Exception {
        Inbox inbox = receiver.at("/admin");
        String secret = "whsec_text_of_the_dashboard";
        Api.Answer endpoint = made(
                inbox.url().toString(),
                "\"profile\":\"admin\",\"check\":\"none\",\"secret\":\"" + secret
                        + "\",\"delivery\":{\"retry\":{\"exponential\":{\"initial\":\"50ms\",\"factor\":2,\"cap\":\"1s\"}}}");
        JsonNode delivery = endpoint.json().path("delivery");
        assertThat(delivery.path("timeout").asText()).isEqualTo("3s");
        assertThat(delivery.path("order").path("mode").asText()).isEqualTo("fifo");
        assertThat(delivery.path("circuit").path("keepFor").asText()).isIn("24h", "1d");

        inbox.replies(Reply.inTurn(Reply.status(302), Reply.status(410)));
        publish("{\"eventType\":\"user.created\",\"headers\":{\"source\":\"web\",\"ip-address\":\"203.0.113.42\"},"
                + "\"payload\":{\"user_id\":\"usr_9x2k4m7\"}}");
        inbox.await(2);
        inbox.replies(Reply.status(200));
        List<Arrival> arrivals = inbox.await(3);
        for (Arrival arrival : arrivals) {
            JsonNode body = JSON.readTree(arrival.body());
            assertThat(names(body)).containsExactly("id", "type", "timestamp", "data", "metadata");
            assertThat(body.path("id").asText()).matches("evt_[a-zA-Z0-9]+");
            assertThat(body.path("type").asText()).isEqualTo("user.created");
            assertThat(body.path("timestamp").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
            assertThat(body.path("data")).isEqualTo(JSON.readTree("{\"user_id\":\"usr_9x2k4m7\"}"));
            assertThat(body.path("metadata"))
                    .isEqualTo(JSON.readTree("{\"source\":\"web\",\"ip_address\":\"203.0.113.42\"}"));
            assertThat(arrival.header("idempotency-key"))
                    .isEqualTo(body.path("id").asText());
            assertThat(arrival.body()).isEqualTo(arrivals.getFirst().body());
            assertThat(arrival.header("x-admin-signature")).isEqualTo("sha256=" + hmac(secret, arrival.text()));
            assertThat(arrival.headers()).doesNotContainKeys("source", "ip-address");
        }

        Api.Answer test = server.api().post(path() + "/" + endpoint.id() + "/send-example", "{}");
        assertThat(test.status()).as(test.body()).isEqualTo(202);
        int before = arrivals.size();
        Arrival event = inbox.await(before + 1).get(before);
        assertThat(event.text()).isEqualTo("{\"test\":true,\"event\":\"webhook.configured\"}");
        assertThat(event.header("content-type")).isEqualTo("application/json");
        assertThat(event.header("x-admin-signature")).isEqualTo("sha256=" + hmac(secret, event.text()));
    }

    @Test
    @Requirement({"E2", "E3", "E6", "E7", "E8", "E22", "E23", "E24"})
    void timifys() throws Exception {
        Api.Answer imported = server.api().post("/api/v1/catalogue/import?catalogue=timify", "");
        assertThat(imported.status()).as(imported.body()).isEqualTo(200);
        Api.Answer scoped = server.api()
                .call("PATCH", "/api/v1/app/" + app, "{\"scopes\":[\"Customers\"]}".getBytes(StandardCharsets.UTF_8));
        assertThat(scoped.status()).as(scoped.body()).isEqualTo(200);

        Inbox inbox = receiver.at("/timify");
        String members = "\"profile\":\"timify\",\"authentication\":{\"type\":\"header\",\"name\":\"X-Timify-Key\","
                + "\"value\":\"s3cret-value\"},\"eventTypes\":";
        Api.Answer refused =
                server.api().post(path(), "{\"url\":\"" + inbox.url() + "\"," + members + "[\"event.created\"]}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body()).contains("Events", "Resources", "Services");
        Api.Answer endpoint = made(inbox.url().toString(), members + "[\"customers.created\"]");
        assertThat(endpoint.body()).doesNotContain("s3cret-value");

        publish("{\"eventType\":\"event.created\",\"payload\":{}}");
        publish("{\"eventType\":\"customers.created\",\"payload\":{\"id\":\"c1\"}}");
        publish("{\"eventType\":\"customers.created\",\"payload\":{\"id\":\"c2\"}}");
        for (Arrival arrival : inbox.await(2)) {
            assertThat(arrival.header("x-timify-key")).isEqualTo("s3cret-value");
            assertThat(JSON.readTree(arrival.body()).path("event").asText()).isEqualTo("customers.created");
        }
    }

    @Test
    @Requirement({"C6", "C13", "C14", "D7"})
    void prismaticsWithXmlAndTheAnswerThatItExpects() throws Exception {
        Inbox xml = receiver.at("/xml");
        made(xml.url().toString(), "\"profile\":\"prismatic-xml\",\"eventTypes\":[\"contact.changed\"]");
        Inbox flow = receiver.at("/flow");
        flow.replies(Reply.status(200));
        made(
                flow.url().toString(),
                "\"profile\":\"prismatic\",\"eventTypes\":[\"report.created\"],\"delivery\":{\"success\":"
                        + "{\"expression\":\"$exists(body.executionId)\"},\"retry\":{\"schedule\":[\"50ms\","
                        + "\"50ms\",\"50ms\",\"50ms\",\"50ms\",\"50ms\"]}}");
        Inbox plain = receiver.at("/plain");
        plain.replies(Reply.status(200));
        Api.Answer usual =
                made(plain.url().toString(), "\"profile\":\"prismatic\",\"eventTypes\":[\"report.created\"]");
        assertThat(usual.json()
                        .path("delivery")
                        .path("success")
                        .path("expression")
                        .isNull())
                .as("a plain 2xx is success unless somebody says otherwise")
                .isTrue();
        publish("{\"eventType\":\"contact.changed\",\"payload\":{\"name\":\"A & <B>\",\"tags\":[\"x\",\"y\"]}}");
        publish("{\"eventType\":\"report.created\",\"payload\":{\"n\":1}}");

        Arrival arrival = xml.await(1).getFirst();
        assertThat(arrival.header("content-type")).contains("xml");
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(arrival.body()));
        assertThat(document.getElementsByTagName("name").item(0).getTextContent())
                .isEqualTo("A & <B>");
        flow.await(2); // a plain 200 is not what it expects
    }
}
