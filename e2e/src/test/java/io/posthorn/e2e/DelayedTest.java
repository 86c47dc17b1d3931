package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages that are sent later, and cancelled before they go. */
final class DelayedTest {
    private static Instant in(Duration delay) {
        return Instant.now().plus(delay).truncatedTo(ChronoUnit.MICROS);
    }

    private static String body(Instant deliverAt) {
        return "{\"eventType\":\"a.b\",\"payload\":{\"n\":1},\"deliverAt\":\"" + deliverAt + "\"}";
    }

    private static Api.Answer send(Customer customer, Instant deliverAt) throws Exception {
        Api.Answer answer = customer.server().api().post(Api.messages(customer.id()), body(deliverAt));
        assertThat(answer.status()).as("%s", answer).isEqualTo(202);
        return answer;
    }

    private static Api.Answer cancel(Customer customer, String message) throws Exception {
        return customer.server().api().post(Api.messages(customer.id()) + "/" + message + "/cancel", "");
    }

    private static void awaitBacklog(ServerProcess server, int rows) throws Exception {
        Until.holds(rows + " wait", () -> Metrics.of(server).value("posthorn_deliveries_backlog") == rows);
    }

    @Test
    void itArrivesThenAndNotBeforeThoughTheServerIsKilled(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Inbox inbox = receiver.at("/hooks");
            Customer customer = Customer.of(server);
            customer.endpoint(inbox);
            Instant soon = in(Duration.ofSeconds(2));
            Instant later = in(Duration.ofSeconds(6));
            Api.Answer first = send(customer, soon);
            assertThat(Instant.parse(first.json().path("deliverAt").asText())).isEqualTo(soon);
            Api.Answer batch = server.api()
                    .post(
                            Api.messages(customer.id()) + "/batch",
                            "{\"messages\":[" + body(later) + "," + body(in(Duration.ofDays(100))) + "]}");
            JsonNode answers = batch.json().path("data");
            String second = answers.get(0).path("message").path("id").asText();
            assertThat(answers.get(1).path("status").asInt()).isEqualTo(422);
            assertThat(answers.get(1).toString()).contains("deliverAt");
            String atOnce = customer.publish("{}");
            String past = send(customer, in(Duration.ofHours(-1))).id();
            inbox.awaitAll(Set.of(atOnce, past), Until.PATIENCE);
            server.kill();
            server.start();

            inbox.awaitAll(Set.of(first.id(), second), Until.PATIENCE);
            Until.holds("all is written", () -> Metrics.of(server).value("posthorn_deliveries_backlog") == 0);
            sentAt(customer, first.id(), soon);
            sentAt(customer, second, later);
            JsonNode shown =
                    server.api().get(Api.messages(customer.id()) + "/" + second).json();
            assertThat(Instant.parse(shown.path("deliverAt").asText())).isEqualTo(later);
            assertThat(cancel(customer, second).status()).as("it has gone").isEqualTo(409);
            assertThat(cancel(customer, atOnce).status()).isEqualTo(409);
        }
    }

    private static void sentAt(Customer customer, String message, Instant earliest) throws Exception {
        List<JsonNode> attempts = customer.server().api().attempts(customer.id(), message);
        assertThat(attempts)
                .singleElement()
                .satisfies(attempt -> assertThat(
                                Instant.parse(attempt.path("timestamp").asText()))
                        .isAfterOrEqualTo(earliest)
                        .isBefore(earliest.plusSeconds(60)));
    }

    @Test
    void whatIsCancelledIsNotSentAndShowsSo(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Inbox one = receiver.at("/one");
            Inbox two = receiver.at("/two");
            Customer customer = Customer.of(server);
            EndpointOut first = customer.endpoint(one);
            customer.endpoint(two);
            Instant soon = in(Duration.ofSeconds(3));
            String cancelled = send(customer, soon).id();
            String kept = send(customer, soon).id();
            // One that is disabled when it is cancelled is cancelled, too.
            server.api().svix().getEndpoint().patch(customer.id(), first.getId(), new EndpointPatch().disabled(true));
            Api.Answer answer = cancel(customer, cancelled);
            assertThat(answer.status()).as("%s", answer).isEqualTo(200);
            assertThat(answer.json().path("cancelled").asInt()).isEqualTo(2);
            assertThat(answer.json().path("begun").asInt()).isZero();
            assertThat(cancel(customer, cancelled).json())
                    .as("to ask again changes nothing")
                    .isEqualTo(answer.json());
            server.kill();
            server.start();
            server.api().svix().getEndpoint().patch(customer.id(), first.getId(), new EndpointPatch().disabled(false));

            one.awaitAll(Set.of(kept), Until.PATIENCE);
            two.awaitAll(Set.of(kept), Until.PATIENCE);
            awaitBacklog(server, 0);
            assertThat(one.ids()).containsExactly(kept);
            assertThat(two.ids()).containsExactly(kept);
            assertThat(server.api().attempts(customer.id(), cancelled))
                    .hasSize(2)
                    .allSatisfy(attempt -> {
                        assertThat(attempt.path("outcome").asText()).isEqualTo("cancelled");
                        assertThat(attempt.path("status").asInt()).isEqualTo(4);
                    });
            Api.Answer audit = server.api().get("/api/v1/audit-log?action=message.cancel");
            assertThat(audit.json().path("data")).as("%s", audit).hasSize(1);
        }
    }

    @Test
    void contentThatIsDeletedIsNotSentLater(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Inbox inbox = receiver.at("/hooks");
            Customer customer = Customer.of(server);
            customer.endpoint(inbox);
            String message = send(customer, in(Duration.ofSeconds(60))).id();
            awaitBacklog(server, 1);
            assertThat(server.api()
                            .delete(Api.messages(customer.id()) + "/" + message + "/content")
                            .status())
                    .isEqualTo(204);
            awaitBacklog(server, 0);
            assertThat(cancel(customer, message).status()).isEqualTo(409);
        }
    }
}
