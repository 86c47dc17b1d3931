package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.slack.api.app_backend.SlackSignature;
import com.stripe.exception.SignatureVerificationException;
import com.stripe.model.Event;
import com.stripe.net.Webhook;
import com.svix.models.ApplicationIn;
import io.cloudevents.CloudEvent;
import io.cloudevents.http.HttpMessageFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that a real server has sent in other senders' formats, each checked by the library that this sender gives to
 * its receivers: none of ours has a part in it.
 */
final class FormatsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration VERIFIED_WITHIN = Duration.ofMinutes(2);
    /** As GitHub's documentation has it. */
    private static final String TEXT_SECRET = "It's a Secret to Everybody";

    private static ServerProcess server;
    private final List<ObjectNode> forNpm = new ArrayList<>();
    private Receiver receiver;
    private String app;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--retry-schedule", "50ms,50ms");
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(server.log()).doesNotContain("ERROR", "Exception");
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        app = server.api()
                .svix()
                .getApplication()
                .create(new ApplicationIn()
                        .name("Acme")
                        .metadata(Map.of("shop_domain", "acme.myshopify.com", "api_version", "2025-01")))
                .getId();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    /** An endpoint with these members beside its URL, and its id. */
    private String endpoint(Inbox inbox, String members) throws Exception {
        Api.Answer made = server.api()
                .post("/api/v1/app/" + app + "/endpoint", "{\"url\":\"" + inbox.url() + "\"," + members + "}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        return made.id();
    }

    private void publish(String eventType, String payload) throws Exception {
        Api.Answer accepted = server.api().publish(app, eventType, payload);
        assertThat(accepted.status()).as(accepted.body()).isEqualTo(202);
    }

    private Arrival only(Inbox inbox) throws Exception {
        return inbox.await(1).getFirst();
    }

    private String secret(String endpoint) throws Exception {
        return server.api().svix().getEndpoint().getSecret(app, endpoint).getKey();
    }

    private void forNpm(String vendor, String secret, Inbox inbox, Arrival arrival) {
        ObjectNode one = JSON.createObjectNode();
        one.put("vendor", vendor)
                .put("secret", secret)
                .put("method", "POST")
                .put("url", inbox.url().toString());
        one.set("headers", JSON.valueToTree(arrival.headers()));
        one.put("body", arrival.body());
        forNpm.add(one);
    }

    /** Hands all of them to {@code e2e/npm/verify.mjs}. */
    private void npmVerifies(Path folder) throws Exception {
        Path file = folder.resolve("requests.jsonl");
        List<String> lines = forNpm.stream().map(JsonNode::toString).toList();
        Files.write(file, lines, StandardCharsets.UTF_8);
        try (Program program = Program.start(Npm.installed(), List.of("node", "verify.mjs", file.toString()))) {
            int code = program.awaitExit(VERIFIED_WITHIN);
            assertThat(code).as(program.output()).isZero();
            assertThat(program.output()).contains("verified " + lines.size());
        }
    }

    @Test
    @Requirement({"D3", "D4", "D5", "C10"})
    void stripesOwnLibraryAcceptsIt(@TempDir Path folder) throws Exception {
        Inbox inbox = receiver.at("/stripe");
        String secret = "whsec_home_grown_0123456789";
        endpoint(inbox, "\"profile\":\"stripe\",\"secret\":\"" + secret + "\"");
        publish("invoice.paid", "{\"id\":\"in_1\",\"object\":\"invoice\",\"amount_due\":1000}");
        Arrival arrival = only(inbox);

        String signature = arrival.header("stripe-signature");
        Event event = Webhook.constructEvent(arrival.text(), signature, secret);
        assertThat(event.getType()).isEqualTo("invoice.paid");
        assertThat(event.getId()).startsWith("evt_");
        assertThat(event.getData().toJson()).contains("in_1");
        assertThatThrownBy(() -> Webhook.constructEvent(arrival.text() + " ", signature, secret))
                .isInstanceOf(SignatureVerificationException.class);
        forNpm("stripe", secret, inbox, arrival);
        npmVerifies(folder);
    }

    @Test
    @Requirement({"D3", "D4", "D5"})
    void bothSecretsAreInStripesHeaderWhileOneTakesTheOthersPlace() throws Exception {
        Inbox inbox = receiver.at("/stripe-rotated");
        String endpoint = endpoint(inbox, "\"profile\":\"stripe\",\"secret\":\"the old one, home-grown\"");
        Api.Answer rotated = server.api()
                .post("/api/v1/app/" + app + "/endpoint/" + endpoint + "/secret/rotate", "{\"key\":\"the new one\"}");
        assertThat(rotated.status()).as(rotated.body()).isEqualTo(204);
        assertThat(secret(endpoint)).isEqualTo("the new one");
        publish("invoice.paid", "{\"id\":\"in_2\",\"object\":\"invoice\"}");
        Arrival arrival = only(inbox);
        for (String each : List.of("the old one, home-grown", "the new one")) {
            assertThat(Webhook.Signature.verifyHeader(arrival.text(), arrival.header("stripe-signature"), each, 300))
                    .isTrue();
        }
    }

    @Test
    @Requirement({"D3", "D4", "D12"})
    void slacksOwnLibraryAcceptsIt() throws Exception {
        Inbox inbox = receiver.at("/slack");
        String secret = "8f742231b10e8888abcd99yyyzzz85a5";
        endpoint(inbox, "\"profile\":\"slack\",\"check\":\"none\",\"secret\":\"" + secret + "\"");
        publish("message.posted", "{\"type\":\"message\",\"text\":\"hello\"}");
        Arrival arrival = only(inbox);
        SlackSignature.Verifier verifier = new SlackSignature.Verifier(new SlackSignature.Generator(secret));
        String timestamp = arrival.header("x-slack-request-timestamp");
        String signature = arrival.header("x-slack-signature");
        assertThat(verifier.isValid(timestamp, arrival.text(), signature)).isTrue();
        assertThat(verifier.isValid(timestamp, arrival.text() + " ", signature)).isFalse();
        assertThat(JSON.readTree(arrival.body()).path("event").path("text").asText())
                .isEqualTo("hello");
    }

    private static String messageSignatures(String algorithm) {
        return "\"profileSource\":\"signatures: [{scheme: message-signature, algorithm: " + algorithm
                + ", key: standard, keyId: key, components: ['@method', '@target-uri', content-digest, content-type]}]\"";
    }

    @Test
    @Requirement({"D3", "D4", "D5", "D21"})
    void anotherImplementationOfHttpMessageSignaturesAcceptsIt(@TempDir Path folder) throws Exception {
        Inbox symmetric = receiver.at("/hmac?a=b");
        String first = endpoint(symmetric, messageSignatures("hmac-sha256"));
        Inbox asymmetric = receiver.at("/ed25519");
        String second = endpoint(asymmetric, messageSignatures("ed25519"));
        publish("order.created", "{\"total\": 12.50}");
        String publicKey = server.api()
                .call("GET", "/api/v1/app/" + app + "/endpoint/" + second + "/secret", new byte[0])
                .json()
                .path("publicKey")
                .asText();
        forNpm("rfc9421-hmac-sha256", secret(first), symmetric, only(symmetric));
        forNpm("rfc9421-ed25519", publicKey, asymmetric, only(asymmetric));
        npmVerifies(folder);
    }

    @Test
    @Requirement({"D3", "D4", "D5", "B11"})
    void octokitAndShopifyAndSvixAcceptIt(@TempDir Path folder) throws Exception {
        Inbox github = receiver.at("/github");
        endpoint(github, "\"profile\":\"github\",\"secret\":\"" + TEXT_SECRET + "\"");
        Inbox shopify = receiver.at("/shopify");
        endpoint(shopify, "\"profile\":\"shopify\",\"secret\":\"" + TEXT_SECRET + "\"");
        Inbox standard = receiver.at("/standard");
        String standardEndpoint = endpoint(standard, "\"profile\":\"standard\"");
        String payload = "{\"action\": \"opened\",  \"number\": 1.0, \"big\": 12345678901234567890}";
        publish("issues.opened", payload);

        for (Inbox inbox : List.of(github, shopify, standard)) {
            assertThat(only(inbox).text()).isEqualTo(payload);
        }
        assertThat(only(github).header("x-github-event")).isEqualTo("issues");
        assertThat(only(shopify).header("x-shopify-topic")).isEqualTo("issues/opened");
        forNpm("github", TEXT_SECRET, github, only(github));
        forNpm("shopify", TEXT_SECRET, shopify, only(shopify));
        forNpm("standard", secret(standardEndpoint), standard, only(standard));
        forNpm("svix", secret(standardEndpoint), standard, only(standard));
        npmVerifies(folder);
    }

    @Test
    @Requirement({"C5", "D7"})
    void theCloudEventsLibraryReadsBothModes() throws Exception {
        Inbox structured = receiver.at("/structured");
        endpoint(structured, "\"profile\":\"cloudevents\",\"check\":\"none\"");
        Inbox binary = receiver.at("/binary");
        endpoint(binary, "\"profile\":\"cloudevents-binary\",\"check\":\"none\"");
        publish("order.created", "{\"total\": 12.50}");

        for (Inbox inbox : List.of(structured, binary)) {
            Arrival arrival = only(inbox);
            CloudEvent event = HttpMessageFactory.createReaderFromMultimap(arrival.headers(), arrival.body())
                    .toEvent();
            assertThat(event.getType()).isEqualTo("order.created");
            assertThat(event.getId()).isNotEmpty();
            assertThat(event.getSource()).isNotNull();
            assertThat(event.getTime()).isNotNull();
            assertThat(event.getDataContentType()).isEqualTo("application/json");
            JsonNode data =
                    JSON.readTree(Objects.requireNonNull(event.getData()).toBytes());
            assertThat(data.path("total").decimalValue()).isEqualByComparingTo("12.50");
        }
    }
}
