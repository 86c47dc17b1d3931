package io.posthorn.wire;

import static io.posthorn.wire.Rendering.body;
import static io.posthorn.wire.Rendering.headers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.Requirement;
import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the built-in profiles make of a message, byte for byte where somebody else has said how it is. */
class BuiltinsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Rendering given = new Rendering();

    static Stream<String> names() {
        return Builtins.all().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void eachMakesARequestOfTheSample(String name) throws Exception {
        Renderer renderer = new Renderer(profile(name));

        Rendered rendered = renderer.print(renderer.draft(Sample.usual().context(1_700_000_000_000_000L)));

        assertThat(rendered.body()).isNotEmpty();
        assertThat(profile(name).description()).isNotBlank();
    }

    @Test
    void standardIsStandardWebhooks() throws Exception {
        Rendered rendered = given.builtin("standard");

        assertThat(body(rendered)).isEqualTo(given.payload);
        assertThat(headers(rendered))
                .containsExactly(
                        Map.entry("content-type", "application/json"),
                        Map.entry(StandardHeaders.ID, "msg_" + Rendering.ULID));
        assertThat(profile("standard").schemes())
                .hasSize(2)
                .contains(new Scheme.InHeader(
                        Scheme.Algorithm.HMAC_SHA256,
                        Scheme.KeyForm.STANDARD,
                        Scheme.Encoding.BASE64,
                        "{id}.{timestamp}.{body}",
                        Scheme.Clock.SECONDS,
                        StandardHeaders.SIGNATURE,
                        "{signatures}",
                        "v1,{signature}",
                        " ",
                        null,
                        StandardHeaders.TIMESTAMP));
    }

    @Test
    @Requirement({"A1", "A9", "A16", "A17", "A18"})
    void administrateHasMetadataPayloadAndConfiguration() throws Exception {
        given.eventType = "Event.Created";
        given.config = "{\"secret\": \"s3cret\", \"n\": 1.0}";
        given.attempt = 2;
        given.appMetadata = Map.of("instance", "https://acme.administrateapp.com");
        given.endpointMetadata = Map.of("webhook_id", "T3V0Ym91bmRIb29rOjg=");

        Rendered rendered = given.builtin("administrate");

        assertThat(body(rendered))
                .isEqualTo("{\"metadata\":{\"user\":{\"email\":null},\"instance\":\"https://acme.administrateapp.com\","
                        + "\"triggered_at\":\"2023-07-19T09:05:13.000000Z\","
                        + "\"sent_at\":\"2023-07-19T09:05:13.250001Z\",\"context\":\"graphql\","
                        + "\"webhook_id\":\"T3V0Ym91bmRIb29rOjg=\",\"is_retry\":true},\"payload\":" + given.payload
                        + ",\"configuration\":{\"secret\": \"s3cret\", \"n\": 1.0}}");
        assertThat(rendered.userAgent()).isEqualTo("Administrate/1.0");
        assertThat(headers(rendered)).containsExactly(Map.entry("content-type", "application/json"));
    }

    @Test
    @Requirement("A18")
    void administrateMakesAnOpaqueIdWhereNobodyGaveOne() throws Exception {
        String id = JSON.readTree(body(given.builtin("administrate")))
                .path("metadata")
                .path("webhook_id")
                .asText();

        assertThat(new String(Base64.getDecoder().decode(id), StandardCharsets.UTF_8))
                .isEqualTo("OutboundHook:ep_1");
    }

    @Test
    @Requirement("A8")
    void administrateSignsWithTheSecretOfTheConfiguration() {
        Renderer renderer = new Renderer(profile("administrate"));

        assertThat(renderer.secret("{\"secret\":\"s3cret\"}")).isEqualTo("s3cret");
        assertThat(renderer.secret("{\"other\":1}")).isNull();
        assertThat(renderer.secret(null)).isNull();
        assertThat(profile("administrate").schemes())
                .containsExactly(new Scheme.InHeader(
                        Scheme.Algorithm.HMAC_SHA256,
                        Scheme.KeyForm.TEXT,
                        Scheme.Encoding.HEX,
                        "{timestamp}.{body}",
                        Scheme.Clock.SECONDS,
                        "X-Administrate-signature",
                        "{signatures}",
                        "{signature}",
                        null,
                        "X-Administrate-signature-previous",
                        "X-Administrate-signature-timestamp"));
    }

    @Test
    @Requirement({"B19", "B20", "B21", "B22", "B25"})
    void adminHasItsFiveMembers() throws Exception {
        given.eventType = "user.created";
        given.headers = Map.of("source", "web", "ip-address", "203.0.113.42");

        Rendered rendered = given.builtin("admin");

        assertThat(body(rendered))
                .isEqualTo("{\"id\":\"evt_01h5pk4a2b3c4d5e6f7g8h9jkm\",\"type\":\"user.created\","
                        + "\"timestamp\":\"2023-07-19T09:05:13Z\",\"data\":" + given.payload
                        + ",\"metadata\":{\"source\":\"web\",\"ip_address\":\"203.0.113.42\"}}");
        assertThat(headers(rendered))
                .containsExactly(
                        Map.entry("content-type", "application/json"),
                        Map.entry("Idempotency-Key", "evt_01h5pk4a2b3c4d5e6f7g8h9jkm"));
        given.attempt = 4;
        assertThat(body(given.builtin("admin"))).isEqualTo(body(rendered));
        assertThat(headers(given.builtin("admin"))).isEqualTo(headers(rendered));
    }

    @Test
    @Requirement("B19")
    void adminLeavesAPayloadOfItsShapeAsItIs() throws Exception {
        given.payload = """
                {
                  "id": "evt_8f3a9c2d1e5b7",
                  "type": "user.created",
                  "timestamp": "2025-01-15T14:32:00Z",
                  "data": {"user_id": "usr_9x2k4m7", "email": "developer@example.com"},
                  "metadata": {"source": "web", "ip_address": "203.0.113.42"}
                }""";

        assertThat(body(given.builtin("admin"))).isEqualTo(given.payload);
    }

    /** While a secret is rotated, receivers with either of the two find a signature of theirs. */
    @ParameterizedTest
    @CsvSource({
        "github,X-Hub-Signature-256",
        "github,X-Hub-Signature",
        "shopify,X-Shopify-Hmac-Sha256",
        "slack,X-Slack-Signature",
        "admin,x-admin-signature",
        "administrate,X-Administrate-signature",
        "prismatic,x-hmac-sha256",
        "prismatic-xml,x-hmac-sha256",
        "rest-hooks,X-Hook-Signature",
        "websub,X-Hub-Signature"
    })
    void thePreviousSecretSignsInAHeaderOfItsOwn(String name, String header) {
        String suffix = header.equals(header.toLowerCase(Locale.ROOT)) || header.endsWith("-signature")
                ? "-previous"
                : "-Previous";
        SigningSecret before = SigningSecret.text("the secret before");
        SigningSecret now = SigningSecret.text("the secret now");
        long until = Time.micros(Rendering.ATTEMPTED);
        Instant end = Rendering.ATTEMPTED;

        Map<String, String> only = signed(name, before, List.of(), until - 1);
        Map<String, String> overlap = signed(name, now, List.of(new RetiredSecret(before, end)), until - 1);
        Map<String, String> after = signed(name, now, List.of(new RetiredSecret(before, end)), until);

        assertThat(only).doesNotContainKey(header + suffix);
        assertThat(overlap).containsEntry(header + suffix, only.get(header));
        assertThat(overlap.get(header))
                .isNotEqualTo(only.get(header))
                .isEqualTo(signed(name, now, List.of(), until - 1).get(header));
        assertThat(after).containsKey(header).doesNotContainKey(header + suffix);
    }

    private static Map<String, String> signed(String name, SigningSecret secret, List<RetiredSecret> old, long now) {
        byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
        Signable request = new Signable("msg_1", "POST", "https://customer.example/hooks", new String[0], body);
        String[] headers = new SchemeSigner(profile(name).schemes(), secret, old, now).sign(request, now);
        return headers(new Rendered("POST", null, null, headers, body));
    }

    @ParameterizedTest
    @CsvSource({
        "github,GitHub-Hookshot/",
        "slack,Slackbot 1.0 (+",
        "stripe,Stripe/1.0 (+",
        "shopify,Shopify-Captain-Hook"
    })
    void homeGrownFormatsHaveTheirSendersUserAgents(String name, String begin) throws Exception {
        assertThat(given.builtin(name).userAgent()).startsWith(begin);
    }

    @Test
    @Requirement({"A16", "B22"})
    void whatPublishersSayForTheEnvelopeIsNotSentAsHeaders() throws Exception {
        Map<String, String> said =
                Map.of("User-Email", "a@acme.example", "Source", "web", "IP-Address", "203.0.113.42");
        for (String name : List.of("admin", "administrate")) {
            assertThat(profile(name).carried(said)).isEmpty();
        }
        assertThat(profile("standard").carried(said)).isEqualTo(said);
        given.headers = said;
        assertThat(tree("administrate")
                        .path("metadata")
                        .path("user")
                        .path("email")
                        .asText())
                .isEqualTo("a@acme.example");
        assertThat(tree("admin").path("metadata"))
                .isEqualTo(JSON.readTree("{\"source\":\"web\",\"ip_address\":\"203.0.113.42\"}"));
    }

    @Test
    @Requirement({"B11", "B12"})
    void adminSignsTheBodyAlone() {
        assertThat(profile("admin").schemes())
                .containsExactly(new Scheme.InHeader(
                        Scheme.Algorithm.HMAC_SHA256,
                        Scheme.KeyForm.TEXT,
                        Scheme.Encoding.HEX,
                        "{body}",
                        Scheme.Clock.SECONDS,
                        "x-admin-signature",
                        "{signatures}",
                        "sha256={signature}",
                        null,
                        "x-admin-signature-previous",
                        null));
    }

    @Test
    @Requirement("B28")
    void adminsTestEventIsExact() throws Exception {
        Profile.TestEvent test = Objects.requireNonNull(profile("admin").testEvent());
        given.eventType = test.eventType();
        given.payload = test.payload();

        Rendered rendered = given.builtin("admin");

        assertThat(body(rendered)).isEqualTo("{\"test\":true,\"event\":\"webhook.configured\"}");
        assertThat(headers(rendered)).containsEntry("content-type", "application/json");
    }

    @Test
    @Requirement({"E2", "E3"})
    void timifyPostsJsonWithTheEvent() throws Exception {
        given.eventType = "customers.created";

        Rendered rendered = given.builtin("timify");

        assertThat(rendered.method()).isEqualTo("POST");
        assertThat(headers(rendered)).containsExactly(Map.entry("content-type", "application/json"));
        assertThat(body(rendered))
                .isEqualTo("{\"id\":\"msg_01h5pk4a2b3c4d5e6f7g8h9jkm\",\"event\":\"customers.created\","
                        + "\"createdAt\":\"2023-07-19T09:05:13.000Z\",\"appId\":\"acme\",\"data\":" + given.payload
                        + "}");
        assertThat(profile("timify").schemes()).isEmpty();
    }

    @Test
    @Requirement({"C4", "C5", "C7", "D7"})
    void prismaticGetsTheFullRecordAsJson() throws Exception {
        Rendered rendered = given.builtin("prismatic");

        assertThat(body(rendered)).isEqualTo(given.payload);
        assertThat(rendered.method()).isEqualTo("POST");
        assertThat(profile("prismatic").bodyBytes()).isEqualTo(6 << 20);
        assertThat(profile("prismatic").schemes())
                .singleElement()
                .satisfies(scheme ->
                        assertThat(((Scheme.InHeader) scheme).header()).isEqualTo("x-hmac-sha256"));
    }

    @Test
    @Requirement({"C6", "D7"})
    void prismaticGetsXml() throws Exception {
        given.payload = "{\"id\":7,\"tags\":[\"a\",\"b\"],\"name\":\"A & B\"}";

        Rendered rendered = given.builtin("prismatic-xml");

        assertThat(body(rendered))
                .isEqualTo("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event><id>7</id><tags>a</tags><tags>b</tags>"
                        + "<name>A &amp; B</name></event>");
        assertThat(headers(rendered)).containsEntry("content-type", "application/xml");
    }

    @Test
    void cloudEventsAreStructured() throws Exception {
        Rendered rendered = given.builtin("cloudevents");

        assertThat(body(rendered))
                .isEqualTo("{\"specversion\":\"1.0\",\"id\":\"msg_01h5pk4a2b3c4d5e6f7g8h9jkm\","
                        + "\"source\":\"/applications/app_1\",\"type\":\"contact.updated\","
                        + "\"time\":\"2023-07-19T09:05:13.000000Z\",\"datacontenttype\":\"application/json\","
                        + "\"data\":" + given.payload + "}");
        assertThat(headers(rendered))
                .containsEntry("content-type", "application/cloudevents+json; charset=utf-8")
                .containsEntry("WebHook-Request-Origin", "hooks.sender.example");
        assertThat(profile("cloudevents").check()).isEqualTo(Profile.Check.CLOUDEVENTS);
    }

    @Test
    void cloudEventsAreBinary() throws Exception {
        given.appMetadata = Map.of("source", "urn:acme");

        Rendered rendered = given.builtin("cloudevents-binary");

        assertThat(body(rendered)).isEqualTo(given.payload);
        assertThat(headers(rendered))
                .containsEntry("content-type", "application/json")
                .containsEntry("ce-specversion", "1.0")
                .containsEntry("ce-id", "msg_01h5pk4a2b3c4d5e6f7g8h9jkm")
                .containsEntry("ce-source", "urn:acme")
                .containsEntry("ce-type", "contact.updated")
                .containsEntry("ce-time", "2023-07-19T09:05:13.000000Z");
    }

    @Test
    void webSubLinksToHubAndTopic() throws Exception {
        assertThat(headers(given.builtin("websub")))
                .containsEntry(
                        "Link",
                        "<https://hooks.sender.example/hub>; rel=\"hub\","
                                + " <https://hooks.sender.example/topics/contact.updated>; rel=\"self\"");
        given.endpointMetadata = Map.of("hub", "https://hub.example/", "topic", "https://blog.example/feed");
        assertThat(headers(given.builtin("websub")))
                .containsEntry(
                        "Link", "<https://hub.example/>; rel=\"hub\", <https://blog.example/feed>; rel=\"self\"");
        assertThat(profile("websub").schemes())
                .singleElement()
                .satisfies(
                        scheme -> assertThat(((Scheme.InHeader) scheme).each()).isEqualTo("sha256={signature}"));
    }

    @Test
    void homeGrownFormatsAreTheirSenders() throws Exception {
        given.eventType = "orders.create";
        assertThat(headers(given.builtin("github")))
                .containsEntry("X-GitHub-Event", "orders")
                .hasEntrySatisfying("X-GitHub-Delivery", id -> assertThat(id).hasSize(36));
        assertThat(headers(given.builtin("shopify")))
                .containsEntry("X-Shopify-Topic", "orders/create")
                .containsEntry("X-Shopify-Triggered-At", "2023-07-19T09:05:13.000000Z")
                .doesNotContainKey("X-Shopify-Shop-Domain");
        assertThat(JSON.readTree(body(given.builtin("stripe"))).path("created").asLong())
                .isEqualTo(Rendering.CREATED.getEpochSecond());
        assertThat(body(given.builtin("stripe")))
                .startsWith("{\"id\":\"evt_01h5pk4a2b3c4d5e6f7g8h9jkm\",\"object\":\"event\",\"api_version\":null,")
                .contains("\"data\":{\"object\":" + given.payload + "}");
        assertThat(headers(given.builtin("slack"))).doesNotContainKey("X-Slack-Retry-Num");
        given.attempt = 3;
        assertThat(headers(given.builtin("slack")))
                .containsEntry("X-Slack-Retry-Num", "2")
                .doesNotContainKey("X-Slack-Retry-Reason");
        assertThat(body(given.builtin("slack"))).contains("\"type\":\"event_callback\"", "\"event\":" + given.payload);
    }

    @Test
    @Requirement("D12")
    void slackMessagesAreShortAndHarmless() throws Exception {
        given.payload = "{\"title\":\"<!channel> & co\",\"message\":\"" + "x".repeat(50_000)
                + "\",\"url\":\"https://a.example\"}";

        String text = tree("slack-message").path("text").asText();

        assertThat(text).startsWith("*&lt;!channel&gt; &amp; co*\nxxx").endsWith("\n<https://a.example>");
        assertThat(text.length()).isLessThan(40_000);
        given.payload = "{\"title\":\"T\",\"text\":\"a < b\"}";
        assertThat(tree("slack-message").path("text").asText()).isEqualTo("*T*\na &lt; b");
        given.payload = "{\"summary\":\"S\",\"text\":\"t\"}";
        assertThat(tree("slack-message").path("text").asText()).isEqualTo("*S*\nt");
        given.payload = "{\"text\":\"t\",\"url\":\"https://a.example?b=1&c=>\"}";
        assertThat(tree("slack-message").path("text").asText())
                .isEqualTo("*contact.updated*\nt\n<https://a.example?b=1&amp;c=&gt;>");
        given.payload = "{\"text\": \"a <b>\"}"; // Slack's own form
        assertThat(body(given.builtin("slack-message"))).isEqualTo(given.payload);
        given.payload = "{\"blocks\": [ ]}";
        assertThat(body(given.builtin("slack-message"))).isEqualTo(given.payload);
    }

    @Test
    @Requirement("D12")
    void teamsGetsAnAdaptiveCard() throws Exception {
        given.payload =
                "{\"title\":\"T\",\"text\":\"hello\",\"facts\":{\"a\":1,\"b\":\"two\"},\"url\":\"https://a.example\"}";

        assertThat(body(given.builtin("teams")))
                .isEqualTo("{\"type\":\"message\",\"attachments\":[{\"contentType\":"
                        + "\"application/vnd.microsoft.card.adaptive\",\"contentUrl\":null,\"content\":{\"$schema\":"
                        + "\"http://adaptivecards.io/schemas/adaptive-card.json\",\"type\":\"AdaptiveCard\","
                        + "\"version\":\"1.4\",\"body\":[{\"type\":\"TextBlock\",\"size\":\"Medium\",\"weight\":"
                        + "\"Bolder\",\"text\":\"T\",\"wrap\":true},{\"type\":\"TextBlock\",\"text\":\"hello\","
                        + "\"wrap\":true},{\"type\":\"FactSet\",\"facts\":[{\"title\":\"a\",\"value\":\"1\"},"
                        + "{\"title\":\"b\",\"value\":\"two\"}]}],\"actions\":[{\"type\":\"Action.OpenUrl\","
                        + "\"title\":\"Open\",\"url\":\"https://a.example\"}]}}]}");
        given.payload = "{\"type\":\"message\",\"attachments\":[\"" + "x".repeat(30_000) + "\"]}";
        assertThatThrownBy(() -> given.builtin("teams")).hasMessageContaining("28672");
    }

    @Test
    @Requirement("D12")
    void discordKeepsItsLimits() throws Exception {
        given.payload =
                "{\"title\":\"" + "t".repeat(300) + "\",\"text\":\"" + "x".repeat(5_000) + "\",\"fields\":{\"one\":1}}";

        JsonNode embed = tree("discord").path("embeds").get(0);

        assertThat(embed.path("title").asText()).hasSize(256);
        assertThat(embed.path("description").asText()).hasSize(4_096);
        assertThat(embed.path("timestamp").asText()).isEqualTo("2023-07-19T09:05:13.000Z");
        assertThat(embed.path("fields").toString()).isEqualTo("[{\"name\":\"one\",\"value\":\"1\",\"inline\":true}]");
        StringBuilder many = new StringBuilder("{\"text\":\"" + "x".repeat(5_000) + "\",\"fields\":{\"empty\":\"\"");
        for (int i = 0; i < 30; i++) {
            many.append(",\"f")
                    .append(i)
                    .append("\":\"")
                    .append("v".repeat(700))
                    .append('"');
        }
        given.payload = many.append("}}").toString();
        embed = tree("discord").path("embeds").get(0);
        int all = embed.path("title").asText().length()
                + embed.path("description").asText().length();
        for (JsonNode field : embed.path("fields")) {
            all += field.path("name").asText().length()
                    + field.path("value").asText().length();
        }
        assertThat(embed.path("fields").size()).isEqualTo(5); // four of 700, and the one without a value
        assertThat(embed.path("fields").get(0).path("value").asText()).isEqualTo("-");
        assertThat(all).isEqualTo(6_000);
        given.payload = IntStream.range(0, 40)
                .mapToObj(n -> "\"f" + n + "\":" + n)
                .collect(Collectors.joining(",", "{\"fields\":{", "}}"));
        assertThat(tree("discord").path("embeds").get(0).path("fields")).hasSize(25);
        given.payload = "{}";
        assertThat(tree("discord").path("embeds").get(0).path("fields").isEmpty())
                .isTrue();
    }

    @Test
    @Requirement("D12")
    void asanaGetsATask() throws Exception {
        given.config = "{\"project\":\"12\"}";
        given.payload = "{\"title\":\"T\",\"text\":\"do it\",\"due_on\":\"2026-01-02\"}";

        assertThat(body(given.builtin("asana")))
                .isEqualTo("{\"data\":{\"name\":\"T\",\"notes\":\"do it\",\"projects\":[\"12\"],"
                        + "\"due_on\":\"2026-01-02\"}}");
    }

    @Test
    @Requirement("D12")
    void trelloGetsACard() throws Exception {
        given.config = "{\"key\":\"k\",\"token\":\"t\",\"list\":\"L1\"}";
        given.payload = "{\"title\":\"T\",\"text\":\"do it\",\"url\":\"https://a.example\"}";

        Rendered rendered = given.builtin("trello");

        assertThat(body(rendered))
                .isEqualTo("{\"idList\":\"L1\",\"name\":\"T\",\"desc\":\"do it\",\"pos\":\"top\","
                        + "\"urlSource\":\"https://a.example\"}");
        assertThat(headers(rendered))
                .containsEntry("Authorization", "OAuth oauth_consumer_key=\"k\", oauth_token=\"t\"");
        given.config = null;
        assertThat(headers(given.builtin("trello"))).doesNotContainKey("Authorization");
    }

    @Test
    @Requirement("D12")
    void pagerDutyGetsAnAlertAndItsResolution() throws Exception {
        given.config = "{\"routing_key\":\"R\"}";
        given.eventType = "disk.full";
        given.payload = "{\"id\":\"disk-1\",\"title\":\"Disk is full\",\"severity\":\"critical\",\"source\":\"db1\"}";

        JsonNode alert = tree("pagerduty");
        assertThat(alert.path("routing_key").asText()).isEqualTo("R");
        assertThat(alert.path("event_action").asText()).isEqualTo("trigger");
        assertThat(alert.path("dedup_key").asText()).isEqualTo("disk-1");
        assertThat(alert.path("payload").path("summary").asText()).isEqualTo("Disk is full");
        assertThat(alert.path("payload").path("severity").asText()).isEqualTo("critical");
        assertThat(alert.path("payload").path("source").asText()).isEqualTo("db1");
        assertThat(alert.path("payload").path("custom_details").path("id").asText())
                .isEqualTo("disk-1");
        given.eventType = "disk.resolved";
        assertThat(body(given.builtin("pagerduty")))
                .isEqualTo("{\"routing_key\":\"R\",\"event_action\":\"resolve\",\"dedup_key\":\"disk-1\"}");
        given.eventType = "disk.acknowledged";
        assertThat(tree("pagerduty").path("event_action").asText()).isEqualTo("acknowledge");
        for (String other : List.of("incident.unresolved", "disk.resolved.late", "unacknowledged")) {
            given.eventType = other;
            assertThat(tree("pagerduty").path("event_action").asText()).isEqualTo("trigger");
        }
        given.eventType = "resolved";
        assertThat(tree("pagerduty").path("event_action").asText()).isEqualTo("resolve");
        given.payload = "{\"severity\":\"sev1\"}";
        given.eventType = "disk.full";
        assertThat(tree("pagerduty").path("payload").path("severity").asText()).isEqualTo("error");
    }

    @Test
    void eachIsListedOnceAndReadOnly() {
        assertThat(Builtins.all().keySet())
                .containsExactlyElementsOf(List.of(
                        "standard",
                        "cloudevents",
                        "cloudevents-binary",
                        "administrate",
                        "admin",
                        "timify",
                        "prismatic",
                        "prismatic-xml",
                        "rest-hooks",
                        "websub",
                        "github",
                        "stripe",
                        "shopify",
                        "slack",
                        "slack-message",
                        "teams",
                        "discord",
                        "asana",
                        "trello",
                        "pagerduty"));
        assertThat(Builtins.find("nobody")).isNull();
        assertThat(Builtins.standard()).isSameAs(profile("standard"));
        assertThatThrownBy(() -> Builtins.all().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    private JsonNode tree(String name) throws ContentException, IOException {
        return JSON.readTree(body(given.builtin(name)));
    }

    private static Profile profile(String name) {
        return Objects.requireNonNull(Builtins.find(name)).profile();
    }
}
