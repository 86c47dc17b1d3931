package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointOut;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an endpoint's owner decides about its trouble, and how it shows. */
final class EndpointTroubleTest {
    private static ServerProcess server;
    private final CountDownLatch release = new CountDownLatch(1);
    private Receiver receiver;
    private Customer customer;
    private Inbox inbox;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        customer = Customer.of(server);
        inbox = receiver.at("/hooks");
    }

    @AfterEach
    void close() throws Exception {
        release.countDown();
        receiver.close();
    }

    private String endpoint(String delivery) throws Exception {
        EndpointOut endpoint = customer.endpoint(inbox);
        String path = "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint.getId();
        assertThat(patch(path, "{\"delivery\":" + delivery + "}")).isEqualTo(200);
        return path;
    }

    private static int patch(String path, String body) throws Exception {
        return server.api()
                .call("PATCH", path, body.getBytes(StandardCharsets.UTF_8))
                .status();
    }

    private JsonNode health(String endpoint, String status) throws Exception {
        return Until.value(
                "the endpoint is " + status,
                () -> server.api().get(endpoint + "/health").json(),
                health -> health.path("status").asText().equals(status));
    }

    @Test
    @Requirement({"B29", "B44", "B45"})
    void aSlowAnswerOpensTheCircuitAndTheProbeClosesIt() throws Exception {
        inbox.replies(Reply.inTurn(Reply.after(release, Reply.status(200)), Reply.status(204)));
        String endpoint = endpoint("{\"timeout\":\"1s\",\"circuit\":{\"failures\":1,\"probeAfter\":\"1s\"}}");
        assertThat(health(endpoint, "healthy").path("concurrencyLimit").asInt()).isEqualTo(50);

        String message = customer.publish("{\"n\":1}");

        JsonNode open = health(endpoint, "circuitOpen");
        assertThat(open.path("consecutiveFailures").asInt()).isEqualTo(1);
        assertThat(open.path("circuitOpenSince").isTextual()).isTrue();
        inbox.await(2);
        assertThat(health(endpoint, "healthy").path("failingSince").isNull()).isTrue();
        // the lane knows sooner than the disk
        List<JsonNode> attempts = Until.value(
                "both attempts are on record",
                () -> server.api().attempts(customer.id(), message),
                found -> found.size() >= 2);
        assertThat(attempts).hasSize(2);
    }

    @Test
    void theExpressionSaysWhetherItWasASuccess() throws Exception {
        inbox.replies(Reply.inTurn(
                Reply.response(200, "{\"ok\":false}".getBytes(StandardCharsets.UTF_8)),
                Reply.response(200, "{\"ok\":true}".getBytes(StandardCharsets.UTF_8))));
        String endpoint = endpoint(
                "{\"success\":{\"expression\":\"body.ok\"},\"retry\":{\"schedule\":[\"100ms\",\"100ms\",\"100ms\"]}}");
        customer.publish("{\"n\":1}");
        inbox.await(2);
        health(endpoint, "healthy");
        assertThat(patch(endpoint, "{\"delivery\":{\"success\":{\"expression\":\"$match(body, /(a+)+b/)\"}}}"))
                .isEqualTo(422);
    }
}
