package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.Svix;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import com.svix.models.EventExampleIn;
import com.svix.models.MessageOut;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Examples for one endpoint, and content that is deleted before its time. */
final class ContentTest {
    private static final String TYPE = "invoice.paid";

    private static Svix svix(ServerProcess server) {
        return server.api().svix();
    }

    private static void eventType(ServerProcess server, String schemas) throws Exception {
        Api.Answer made = server.api()
                .post(
                        "/api/v1/event-type",
                        "{\"name\":\"" + TYPE + "\",\"description\":\"d\",\"schemas\":" + schemas + "}");
        assertThat(made.status()).as("%s", made).isEqualTo(201);
    }

    private static String example(Customer customer, EndpointOut endpoint) throws Exception {
        return svix(customer.server())
                .getEndpoint()
                .sendExample(customer.id(), endpoint.getId(), new EventExampleIn().eventType(TYPE))
                .getId();
    }

    private static void nothingIsOwed(ServerProcess server) throws Exception {
        Until.holds("all is settled", () -> Metrics.of(server).value("posthorn_messages_unsettled") == 0);
        Until.holds("nothing waits", () -> Metrics.of(server).value("posthorn_deliveries_backlog") == 0);
    }

    @Test
    @Requirement({"B27", "D19"})
    void anExampleReachesItsEndpointOnlyAndIsSigned(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Customer customer = Customer.of(server);
            Inbox inbox = receiver.at("/one");
            Inbox others = receiver.at("/others");
            EndpointOut endpoint = customer.endpoint(inbox);
            EndpointOut other = customer.endpoint(others);
            // It gets examples of types that it has not subscribed to.
            svix(server)
                    .getEndpoint()
                    .patch(customer.id(), endpoint.getId(), new EndpointPatch().filterTypes(Set.of("another.type")));
            eventType(server, "{\"1\":{\"examples\":[{\"amount\":1.50},{\"amount\":2}]}}");

            MessageOut sent = svix(server)
                    .getEndpoint()
                    .sendExample(
                            customer.id(),
                            endpoint.getId(),
                            new EventExampleIn().eventType(TYPE).exampleIndex(1L));
            assertThat(sent.getEventType()).isEqualTo(TYPE);
            Arrival arrival = inbox.await(1).getFirst();
            assertThat(arrival.id()).isEqualTo(sent.getId());
            assertThat(arrival.text()).isEqualTo("{\"amount\":2}");
            String secret = svix(server)
                    .getEndpoint()
                    .getSecret(customer.id(), endpoint.getId())
                    .getKey();
            arrival.verify(secret);

            Until.holds(
                    "it is delivered to this endpoint alone",
                    () -> server.api()
                            .get("/api/v1/app/" + customer.id() + "/msg/" + sent.getId() + "/endpoint")
                            .json()
                            .path("data")
                            .valueStream()
                            .map(one -> one.path("id").asText() + one.path("status"))
                            .toList()
                            .equals(List.of(endpoint.getId() + "0")));
            Api.Answer again = server.api()
                    .post(
                            "/api/v1/app/" + customer.id() + "/msg/" + sent.getId() + "/endpoint/" + other.getId()
                                    + "/resend",
                            "");
            assertThat(again.status()).isEqualTo(409);
            assertThat(again.body()).contains("another endpoint only");
            String marker = customer.publish("{}");
            others.awaitAll(Set.of(marker), Until.PATIENCE);
            assertThat(others.ids()).containsExactly(marker);

            refusals(server, customer, endpoint);
        }
    }

    private static void refusals(ServerProcess server, Customer customer, EndpointOut endpoint) throws Exception {
        String path = "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint.getId() + "/send-example";
        Api.Answer unknown = server.api().post(path, "{\"eventType\":\"no.such\"}");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.body()).contains("no.such");
        assertThat(server.api().post(path, "{}").status()).isEqualTo(422);
        assertThat(server.api()
                        .post(path, "{\"eventType\":\"" + TYPE + "\",\"exampleIndex\":2}")
                        .status())
                .isEqualTo(422);
        Customer stranger = Customer.of(server);
        assertThat(server.api()
                        .post(
                                "/api/v1/app/" + stranger.id() + "/endpoint/" + endpoint.getId() + "/send-example",
                                "{\"eventType\":\"" + TYPE + "\"}")
                        .status())
                .isEqualTo(404);
        svix(server).getEndpoint().patch(customer.id(), endpoint.getId(), new EndpointPatch().disabled(true));
        assertThat(server.api().post(path, "{\"eventType\":\"" + TYPE + "\"}").status())
                .isEqualTo(409);
    }

    @Test
    void anExampleIsForItsEndpointOnlyAfterAKillAsWell(@TempDir Path folder) throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Customer customer = Customer.of(server);
            Inbox inbox = receiver.at("/one").replies(Reply.after(never, Reply.status(200)));
            Inbox others = receiver.at("/others");
            EndpointOut endpoint = customer.endpoint(inbox);
            customer.endpoint(others);
            eventType(server, "{\"1\":{\"type\":\"object\"}}");
            String example = example(customer, endpoint);
            inbox.await(1);
            server.kill();

            inbox.replies(Reply.status(200));
            server.start();
            inbox.await(2);
            String marker = customer.publish("{}");
            others.awaitAll(Set.of(marker), Until.PATIENCE);
            assertThat(others.ids()).containsExactly(marker);
            assertThat(inbox.of(example)).hasSize(2);
            nothingIsOwed(server);
        }
    }

    @Test
    void deletedContentIsNotSentAgainAndNotShown(@TempDir Path folder) throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(
                        folder, "--retry-schedule", "5s,100ms", "--retry-jitter", "0", "--endpoint-in-flight", "1")) {
            Customer customer = Customer.of(server);
            Inbox failing = receiver.at("/failing")
                    .replies(Reply.response(500, "echo: secret".getBytes(StandardCharsets.UTF_8)));
            Inbox slow = receiver.at("/slow").replies(Reply.after(busy, Reply.status(200)));
            customer.endpoint(failing);
            customer.endpoint(slow);
            String body = Api.message("order.created", "{\"card\":\"secret\"}");
            String messages = Api.messages(customer.id());

            String held = customer.publish("{}"); // keeps the slow endpoint busy, so that the next waits in memory
            String deleted =
                    server.api().post(messages, body, "idempotency-key", "k").id();
            String later = customer.publish("{}");
            failing.awaitAll(Set.of(held, deleted, later), Until.PATIENCE);
            slow.await(1);
            JsonNode attempt = Until.value(
                            "the first attempt is on record",
                            () -> server.api().attempts(customer.id(), deleted),
                            list -> list.size() == 1)
                    .getFirst();
            breakIn(server, customer, deleted, attempt.path("id").asText());

            svix(server).getMessage().expungeContent(customer.id(), deleted);
            svix(server).getMessage().expungeContent(customer.id(), deleted);
            svix(server)
                    .getMessageAttempt()
                    .expungeContent(customer.id(), deleted, attempt.path("id").asText());

            Api.Answer shown = server.api().get(messages + "/" + deleted);
            assertThat(shown.json().path("payload")).hasToString("{\"expired\":true}");
            JsonNode attempts = server.api()
                    .get("/api/v1/app/" + customer.id() + "/attempt/msg/" + deleted + "?with_msg=true")
                    .json();
            assertThat(attempts.toString()).doesNotContain("secret");
            assertThat(attempts.path("data").path(0).path("response").asText()).isEmpty();
            assertThat(attempts.path("data").path(0).path("responseStatusCode").asInt())
                    .isEqualTo(500);
            Api.Answer repeated = server.api().post(messages, body, "idempotency-key", "k");
            assertThat(repeated.status()).isEqualTo(202);
            assertThat(repeated.id()).isEqualTo(deleted);

            failing.replies(Reply.status(200));
            busy.countDown();
            slow.awaitAll(Set.of(held, later), Until.PATIENCE);
            Until.holds(
                    "the later message was tried again", () -> failing.of(later).size() == 2);
            assertThat(failing.of(deleted)).hasSize(1);
            assertThat(slow.of(deleted)).isEmpty();
            nothingIsOwed(server);

            server.kill();
            server.start();
            assertThat(server.api().get(messages + "/" + deleted).json().path("payload"))
                    .hasToString("{\"expired\":true}");
            nothingIsOwed(server);
            assertThat(slow.of(deleted)).isEmpty();
        }
    }

    /** Another application sees neither the message nor the attempt. */
    private static void breakIn(ServerProcess server, Customer customer, String message, String attempt)
            throws Exception {
        Customer stranger = Customer.of(server);
        String foreign = "/api/v1/app/" + stranger.id() + "/msg/" + message;
        assertThat(server.api().delete(foreign + "/content").status()).isEqualTo(404);
        assertThat(server.api()
                        .delete(foreign + "/attempt/" + attempt + "/content")
                        .status())
                .isEqualTo(404);
        String own = "/api/v1/app/" + customer.id() + "/msg/";
        assertThat(server.api().delete(own + "msg_unknown/content").status()).isEqualTo(404);
        assertThat(server.api()
                        .delete(own + message + "/attempt/atmpt_unknown/content")
                        .status())
                .isEqualTo(404);
        assertThat(server.api().get(own + message).body()).contains("secret");
    }
}
