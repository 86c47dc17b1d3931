package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.svix.models.ApplicationIn;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Products with requests of their own shape, as a real server serves them. What they need and what they take at most is
 * written down here from their documentation, with nothing of ours.
 */
final class TargetsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ROUTING_KEY = "0123456789abcdef0123456789abcdef";
    private static final String TRELLO_CONFIG =
            "{\"key\":\"k3y\",\"token\":\"t0ken\",\"list\":\"5abbe4b7ddc1b351ef961414\"}";

    private static ServerProcess server;
    private Receiver receiver;
    private String app;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder);
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(server.log()).doesNotContain("ERROR", "Exception", "t0ken", ROUTING_KEY);
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        app = server.api()
                .svix()
                .getApplication()
                .create(new ApplicationIn().name("Acme"))
                .getId();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    /** An endpoint of a product. */
    private Inbox target(String profile, String members) throws Exception {
        Inbox inbox = receiver.at("/" + profile);
        Api.Answer made = server.api()
                .post(
                        "/api/v1/app/" + app + "/endpoint",
                        "{\"url\":\"" + inbox.url() + "\",\"profile\":\"" + profile + "\"" + members + "}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        return inbox;
    }

    private void publish(String eventType, String payload) throws Exception {
        Api.Answer accepted = server.api()
                .post(Api.messages(app), "{\"eventType\":\"" + eventType + "\",\"payload\":" + payload + "}");
        assertThat(accepted.status()).as(accepted.body()).isEqualTo(202);
    }

    private static JsonNode json(Inbox inbox, int arrival) throws Exception {
        Arrival arrived = inbox.await(arrival + 1).get(arrival);
        assertThat(arrived.line()).startsWith("POST ");
        assertThat(arrived.header("content-type")).startsWith("application/json");
        assertThat(arrived.headers()).doesNotContainKey("webhook-signature");
        return JSON.readTree(arrived.body());
    }

    private static Set<String> names(JsonNode object) {
        return Set.copyOf(object.properties().stream().map(Map.Entry::getKey).toList());
    }

    /** A text of so many characters. */
    private static String text(JsonNode node, int most) {
        assertThat(node.isTextual()).as(node.toString()).isTrue();
        assertThat(node.textValue()).isNotBlank();
        assertThat(node.textValue().length()).isLessThanOrEqualTo(most);
        return node.textValue();
    }

    /** All of them; a large message has none that is looked for. */
    private static void contains(String text, String... parts) {
        for (String part : parts) {
            assertThat(text).contains(part);
        }
    }

    private static String alert() {
        return "{\"id\":\"disk-1\",\"title\":\"Disk <is> full\",\"text\":\"97 % & rising\","
                + "\"url\":\"https://status.example/1\",\"severity\":\"critical\",\"source\":\"db1\"}";
    }

    private static String large() {
        return "{\"title\":\"" + "t".repeat(2_000) + "\",\"text\":\"" + "x".repeat(20_000) + "\"}";
    }

    /** {@code text} is needed, of at most 40,000 characters; {@code & < >} are escaped. */
    private static void slack(JsonNode body, String... in) {
        assertThat(names(body)).containsExactly("text");
        contains(text(body.path("text"), 40_000), in);
    }

    /** A message with attachments, each an adaptive card with a body of known elements; 28 KB altogether. */
    private static void teams(Arrival arrival, String... in) throws Exception {
        assertThat(arrival.body().length).isLessThanOrEqualTo(28 << 10);
        JsonNode body = JSON.readTree(arrival.body());
        assertThat(body.path("type").asText()).isEqualTo("message");
        assertThat(body.path("attachments")).hasSize(1);
        JsonNode attachment = body.path("attachments").get(0);
        assertThat(attachment.path("contentType").asText()).isEqualTo("application/vnd.microsoft.card.adaptive");
        JsonNode card = attachment.path("content");
        assertThat(card.path("type").asText()).isEqualTo("AdaptiveCard");
        assertThat(card.path("version").asText()).matches("1\\.[0-5]");
        assertThat(card.path("body").isArray()).isTrue();
        for (JsonNode element : card.path("body")) {
            assertThat(element.path("type").asText()).isIn("TextBlock", "FactSet");
        }
        for (JsonNode action : card.path("actions")) {
            assertThat(action.path("type").asText()).isEqualTo("Action.OpenUrl");
            assertThat(action.path("url").asText()).startsWith("https://");
        }
        contains(card.toString(), in);
    }

    /** Content or embeds; 256 characters of title, 4,096 of description, 25 fields, 6,000 altogether. */
    private static void discord(JsonNode body, String... in) {
        assertThat(body.path("embeds").size()).isBetween(1, 10);
        assertThat(body.at("/allowed_mentions/parse").isArray()).isTrue();
        assertThat(body.at("/allowed_mentions/parse")).isEmpty();
        int all = 0;
        for (JsonNode embed : body.path("embeds")) {
            all += text(embed.path("title"), 256).length()
                    + text(embed.path("description"), 4_096).length();
            assertThat(embed.path("fields").isArray()).isTrue();
            assertThat(embed.path("fields").size()).isLessThanOrEqualTo(25);
            for (JsonNode field : embed.path("fields")) {
                all += text(field.path("name"), 256).length()
                        + text(field.path("value"), 1_024).length();
            }
        }
        assertThat(all).isLessThanOrEqualTo(6_000);
        contains(body.toString(), in);
    }

    /** {@code data} with a name and a project or workspace; all known members. */
    private static void asana(Arrival arrival, String... in) throws Exception {
        assertThat(arrival.header("authorization")).isEqualTo("Bearer t0ken");
        JsonNode body = JSON.readTree(arrival.body());
        assertThat(names(body)).containsExactly("data");
        JsonNode data = body.path("data");
        assertThat(names(data)).isSubsetOf("name", "notes", "projects", "workspace", "assignee", "due_on");
        text(data.path("name"), 1_024);
        assertThat(data.path("projects").path(0).isTextual()
                        || data.path("workspace").isTextual())
                .isTrue();
        contains(data.path("notes").asText(), in);
    }

    /** The list's id is needed, key and token too; 16,384 characters of name and description each. */
    private static void trello(Arrival arrival, String... in) throws Exception {
        assertThat(arrival.header("authorization"))
                .isEqualTo("OAuth oauth_consumer_key=\"k3y\", oauth_token=\"t0ken\"");
        JsonNode body = JSON.readTree(arrival.body());
        assertThat(names(body)).isSubsetOf("idList", "name", "desc", "pos", "due", "idLabels", "urlSource");
        assertThat(body.path("idList").asText()).matches("[0-9a-fA-F]{24}");
        text(body.path("name"), 16_384);
        contains(text(body.path("desc"), 16_384), in);
    }

    /** Key of 32 characters and action; a trigger has summary, source and one of four severities. */
    private static void pagerDuty(Arrival arrival, String action, String... in) throws Exception {
        assertThat(arrival.body().length).isLessThanOrEqualTo(512 << 10);
        JsonNode body = JSON.readTree(arrival.body());
        assertThat(text(body.path("routing_key"), 32)).hasSize(32);
        assertThat(body.path("event_action").asText()).isEqualTo(action);
        text(body.path("dedup_key"), 255);
        if (action.equals("trigger")) {
            JsonNode alert = body.path("payload");
            contains(text(alert.path("summary"), 1_024), in);
            text(alert.path("source"), 1_024);
            assertThat(alert.path("severity").asText()).isIn("critical", "error", "warning", "info");
        }
    }

    @Test
    @Requirement("D12")
    void slackGetsAMessage() throws Exception {
        Inbox inbox = target("slack-message", "");
        publish("disk.full", alert());
        slack(json(inbox, 0), "Disk &lt;is&gt; full", "97 % &amp; rising", "<https://status.example/1>");
        publish("disk.full", large());
        slack(json(inbox, 1));
    }

    @Test
    @Requirement("D12")
    void teamsGetsACard() throws Exception {
        Inbox inbox = target("teams", "");
        publish("disk.full", alert());
        json(inbox, 0);
        teams(inbox.all().get(0), "Disk <is> full", "97 % & rising", "https://status.example/1");
        publish("disk.full", large());
        json(inbox, 1);
        teams(inbox.all().get(1));
    }

    @Test
    @Requirement("D12")
    void discordGetsAnEmbed() throws Exception {
        Inbox inbox = target("discord", "");
        publish("disk.full", alert());
        discord(json(inbox, 0), "Disk <is> full", "97 % & rising", "https://status.example/1");
        StringBuilder fields = new StringBuilder("{\"text\":\"" + "x".repeat(20_000) + "\",\"fields\":{\"none\":\"\"");
        for (int i = 0; i < 30; i++) {
            fields.append(",\"f")
                    .append(i)
                    .append("\":\"")
                    .append("v".repeat(100 * i))
                    .append('"');
        }
        publish("disk.full", fields.append("}}").toString());
        discord(json(inbox, 1));
    }

    @Test
    @Requirement({"D11", "D12"})
    void asanaGetsATask() throws Exception {
        Inbox inbox = target(
                "asana",
                ",\"config\":{\"project\":\"1200000000000001\"},"
                        + "\"authentication\":{\"type\":\"bearer\",\"token\":\"t0ken\"}");
        publish("disk.full", alert());
        json(inbox, 0);
        asana(inbox.all().get(0), "97 % & rising", "https://status.example/1");
        publish(
                "customer.responded",
                "{\"title\":\"Ada answered\",\"text\":\"Yes, please\",\"due_on\":\"2026-12-01\"}");
        json(inbox, 1);
        asana(inbox.all().get(1), "Yes, please");
        publish("disk.full", large());
        json(inbox, 2);
        asana(inbox.all().get(2));
    }

    @Test
    @Requirement("D12")
    void trelloGetsACard() throws Exception {
        Inbox inbox = target("trello", ",\"config\":" + TRELLO_CONFIG);
        publish("disk.full", alert());
        json(inbox, 0);
        trello(inbox.all().get(0), "97 % & rising");
        publish("disk.full", large());
        json(inbox, 1);
        trello(inbox.all().get(1));
    }

    @Test
    @Requirement("D12")
    void pagerDutyGetsAnAlertAndItsEnd() throws Exception {
        Inbox inbox = target("pagerduty", ",\"config\":{\"routing_key\":\"" + ROUTING_KEY + "\"}");
        Map<String, String> actions = new LinkedHashMap<>();
        actions.put("disk.full", "trigger");
        actions.put("disk.acknowledged", "acknowledge");
        actions.put("disk.resolved", "resolve");
        actions.put("disk.unresolved", "trigger");
        int sent = 0;
        for (Map.Entry<String, String> each : actions.entrySet()) {
            publish(each.getKey(), alert());
            JsonNode body = json(inbox, sent);
            assertThat(body.path("dedup_key").asText()).isEqualTo("disk-1");
            pagerDuty(inbox.all().get(sent), each.getValue(), "Disk <is> full");
            sent++;
        }
        publish("disk.full", large());
        json(inbox, sent);
        pagerDuty(inbox.all().get(sent), "trigger");
    }

    /** An order goes to stock, shipping and books; a post to the channels; a payment and a login to those who watch. */
    @Test
    @Requirement({"D9", "D10", "D11", "D12", "D13", "D14"})
    void oneMessageReachesAllOfThemEachInItsShape() throws Exception {
        Inbox slack = target("slack-message", "");
        Inbox teams = target("teams", "");
        Inbox discord = target("discord", "");
        Inbox asana = target(
                "asana",
                ",\"config\":{\"workspace\":\"9\"},\"authentication\":{\"type\":\"bearer\",\"token\":\"t0ken\"}");
        Inbox trello = target("trello", ",\"config\":" + TRELLO_CONFIG);
        Inbox pagerDuty = target("pagerduty", ",\"config\":{\"routing_key\":\"" + ROUTING_KEY + "\"}");
        Map<String, Inbox> own = new LinkedHashMap<>();
        for (String service : List.of("inventory", "shipping", "bookkeeping")) {
            Inbox inbox = receiver.at("/" + service);
            Api.Answer made = server.api()
                    .post(
                            "/api/v1/app/" + app + "/endpoint",
                            "{\"url\":\"" + inbox.url() + "\",\"eventTypes\":[\"order.completed\"]}");
            assertThat(made.status()).as(made.body()).isEqualTo(201);
            own.put(service, inbox);
        }
        List<String> types = List.of(
                "order.completed",
                "customer.responded",
                "system.alert",
                "post.published",
                "payment.failed",
                "user.login");
        for (int i = 0; i < types.size(); i++) {
            String said = "said " + types.get(i);
            publish(types.get(i), "{\"title\":\"" + types.get(i) + "\",\"text\":\"" + said + "\"}");
            slack(json(slack, i), said);
            json(teams, i);
            teams(teams.all().get(i), said);
            discord(json(discord, i), said);
            json(asana, i);
            asana(asana.all().get(i), said);
            json(trello, i);
            trello(trello.all().get(i), said);
            json(pagerDuty, i);
            pagerDuty(pagerDuty.all().get(i), "trigger", types.get(i));
        }
        for (Inbox inbox : own.values()) {
            List<Arrival> arrivals = inbox.await(1);
            assertThat(new String(arrivals.getFirst().body(), StandardCharsets.UTF_8))
                    .isEqualTo("{\"title\":\"order.completed\",\"text\":\"said order.completed\"}");
            assertThat(inbox.all())
                    .as("what it did not subscribe to stays away")
                    .hasSize(1);
        }
    }
}
