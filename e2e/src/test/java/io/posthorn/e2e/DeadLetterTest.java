package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ended without success stands in a list until somebody delivers or discards it. */
final class DeadLetterTest {
    private static final Duration LONG = Duration.ofSeconds(90);

    private ServerProcess server;
    private Receiver receiver;
    private Customer customer;
    private Inbox inbox;
    private EndpointOut endpoint;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--retry-schedule", "100ms", "--retry-jitter", "0");
        receiver = new Receiver();
        customer = Customer.of(server);
        inbox = receiver.at("/hooks").replies(Reply.status(500));
        endpoint = customer.steadfastEndpoint(inbox);
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
        server.close();
    }

    private String path(String rest) {
        return "/api/v1/app/" + customer.id() + "/dead-letter" + rest;
    }

    private List<JsonNode> list(String query) throws Exception {
        Api.Answer answer = server.api().get(path(query));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json().path("data").valueStream().toList();
    }

    private List<String> messages(String query) throws Exception {
        return list(query).stream().map(one -> one.path("messageId").asText()).toList();
    }

    private List<String> dead(int count) throws Exception {
        List<String> ids = customer.publish(count);
        Until.holds("all are dead letters", () -> messages("?limit=250").containsAll(ids));
        return ids;
    }

    private static String item(String message, String endpoint) {
        return "{\"messageId\":\"" + message + "\",\"endpointId\":\"" + endpoint + "\"}";
    }

    private List<String> outcomes(String what, String... items) throws Exception {
        Api.Answer answer = server.api().post(path("/" + what), "{\"items\":[" + String.join(",", items) + "]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json()
                .path("data")
                .valueStream()
                .map(one -> one.path("outcome").asText())
                .toList();
    }

    @Test
    @Requirement("D24")
    void whatFailsIsListedReplayedAndGone() throws Exception {
        String message = dead(1).getFirst();
        JsonNode letter = list("").getFirst();
        assertThat(letter.path("endpointId").asText()).isEqualTo(endpoint.getId());
        assertThat(letter.path("eventType").asText()).isEqualTo("order.created");
        assertThat(letter.path("attempts").asInt()).isEqualTo(2);
        assertThat(letter.path("reason").asText()).isEqualTo("exhausted");
        assertThat(letter.path("responseStatusCode").asInt()).isEqualTo(500);
        assertThat(letter.path("redelivering").asBoolean()).isFalse();

        inbox.replies(Reply.status(200));
        assertThat(outcomes(
                        "replay",
                        item(message, endpoint.getId()),
                        item("msg_none", endpoint.getId()),
                        item(message, "none")))
                .containsExactly("queued", "not_found", "not_found");
        Until.holds("it is delivered", () -> inbox.of(message).size() == 3);
        Until.holds("it is in the list no more", () -> list("").isEmpty());
        assertThat(outcomes("replay", item(message, endpoint.getId()))).containsExactly("not_found");
    }

    @Test
    void theListIsFilteredAndGoesPageByPage() throws Exception {
        List<String> ids = dead(5);
        Inbox other = receiver.at("/gone").replies(Reply.status(410));
        EndpointOut gone = server.api()
                .svix()
                .getEndpoint()
                .create(customer.id(), new EndpointIn().url(other.url()).filterTypes(Set.of("order.cancelled")));
        String cancelled =
                server.api().publish(customer.id(), "order.cancelled", "{}").id();
        Until.holds(
                "it has failed at both",
                () -> list("?event_types=order.cancelled").size() == 2);

        assertThat(messages("?reason=gone")).containsExactly(cancelled);
        assertThat(messages("?endpoint_id=" + gone.getId())).containsExactly(cancelled);
        assertThat(messages("?event_types=order.created")).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(messages("?since=" + Instant.now().plusSeconds(60))).isEmpty();
        assertThat(messages("?until=" + Instant.now().minusSeconds(3_600))).isEmpty();
        for (String query : List.of("?reason=old", "?since=yesterday", "?limit=0", "?iterator=f.x")) {
            assertThat(server.api().get(path(query)).status()).as(query).isEqualTo(422);
        }
        assertThat(server.api().get(path("?endpoint_id=none")).status()).isEqualTo(404);

        List<String> read = new ArrayList<>();
        String iterator = null;
        boolean done = false;
        while (!done) {
            JsonNode page = server.api()
                    .get(path("?limit=3" + (iterator == null ? "" : "&iterator=" + iterator)))
                    .json();
            page.path("data")
                    .forEach(one -> read.add(one.path("messageId").asText()
                            + one.path("endpointId").asText()));
            iterator = page.path("iterator").asText();
            done = page.path("done").asBoolean();
        }
        assertThat(read).hasSize(7).doesNotHaveDuplicates();
    }

    @Test
    void manyAreReplayedByATask() throws Exception {
        List<String> ids = dead(30);
        inbox.replies(Reply.status(200));
        assertThat(server.api()
                        .post(path("/replay-all"), "{\"endpointId\":\"" + endpoint.getId() + "\",\"reason\":\"gone\"}")
                        .status())
                .isEqualTo(202);
        Until.holds("it has found none", () -> running() == 0);
        assertThat(list("?limit=250")).hasSize(30);

        Api.Answer begun = server.api().post(path("/replay-all"), "{\"endpointId\":\"" + endpoint.getId() + "\"}");
        assertThat(begun.status()).as(begun.body()).isEqualTo(202);
        inbox.await(90, LONG);
        Until.holds("none is left", () -> list("").isEmpty());
        JsonNode data =
                server.api().get("/api/v1/background-task/" + begun.id()).json().path("data");
        assertThat(data.path("deadLetters").asBoolean()).isTrue();
        assertThat(data.path("total").asInt()).isEqualTo(30);
        assertThat(data.path("queued").asInt()).isEqualTo(30);
        assertThat(inbox.ids()).containsAll(ids);
        assertThat(server.api().svix().getBackgroundTask().list().getData())
                .as("clients can read what they do not know")
                .hasSize(2);
    }

    private int running() throws Exception {
        return server.api()
                .get("/api/v1/background-task?status=running")
                .json()
                .path("data")
                .size();
    }

    @Test
    void whatIsDiscardedIsGoneFromTheListAndStaysInTheLog() throws Exception {
        List<String> ids = dead(4);
        assertThat(outcomes("discard", item(ids.get(0), endpoint.getId()), item(ids.get(0), endpoint.getId())))
                .containsExactly("discarded", "discarded");
        assertThat(messages("")).doesNotContain(ids.get(0)).hasSize(3);
        assertThat(server.api().attempts(customer.id(), ids.get(0))).hasSize(2);
        assertThat(server.api()
                        .get("/api/v1/audit-log?action=deadLetter.discard")
                        .json()
                        .path("data")
                        .path(0)
                        .path("subject")
                        .asText())
                .isEqualTo(ids.get(0));

        Api.Answer rest = server.api()
                .post(path("/discard-all"), "{\"endpointId\":\"" + endpoint.getId() + "\",\"reason\":\"exhausted\"}");
        assertThat(rest.json().path("discarded").asInt()).isEqualTo(3);
        assertThat(rest.json().path("more").asBoolean()).isFalse();
        assertThat(list("")).isEmpty();
        assertThat(inbox.all()).as("nothing was sent").hasSize(8);
    }

    @Test
    void aDisabledEndpointGetsNothing() throws Exception {
        String message = dead(1).getFirst();
        server.api().svix().getEndpoint().patch(customer.id(), endpoint.getId(), new EndpointPatch().disabled(true));
        assertThat(outcomes("replay", item(message, endpoint.getId()))).containsExactly("disabled");
        assertThat(server.api()
                        .post(path("/replay-all"), "{\"endpointId\":\"" + endpoint.getId() + "\"}")
                        .status())
                .isEqualTo(409);
        assertThat(list("")).hasSize(1);
    }

    @Test
    void anotherApplicationNeitherSeesNorTouchesThem() throws Exception {
        String message = dead(1).getFirst();
        Customer other = Customer.of(server);
        String theirs = other.endpoint(receiver.at("/theirs")).getId();
        Customer own = customer;
        customer = other;
        assertThat(list("")).isEmpty();
        assertThat(outcomes("replay", item(message, endpoint.getId()), item(message, theirs)))
                .containsExactly("not_found", "not_found");
        assertThat(outcomes("discard", item(message, endpoint.getId()), item(message, theirs)))
                .containsExactly("not_found", "not_found");
        for (String what : List.of("/replay-all", "/discard-all")) {
            assertThat(server.api()
                            .post(path(what), "{\"endpointId\":\"" + endpoint.getId() + "\"}")
                            .status())
                    .isEqualTo(404);
        }
        String token = server.api()
                .post("/api/v1/token", "{\"name\":\"t\",\"role\":\"application\",\"appId\":\"" + other.id() + "\"}")
                .json()
                .path("token")
                .asText();
        customer = own;
        assertThat(server.api().withToken(token).get(path("")).status()).isEqualTo(404);
        assertThat(server.api()
                        .withToken(token)
                        .post(path("/discard"), "{\"items\":[" + item(message, endpoint.getId()) + "]}")
                        .status())
                .isEqualTo(404);
        assertThat(messages("")).containsExactly(message);
    }

    @Test
    void theyOutliveAKillAndGoWithTheirEndpoint() throws Exception {
        String message = dead(1).getFirst();
        server.kill();
        server.start();
        assertThat(messages("")).containsExactly(message);
        server.api().svix().getEndpoint().delete(customer.id(), endpoint.getId());
        Until.holds("they go with their endpoint", () -> list("").isEmpty());
    }
}
