package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a publisher is answered, and that only what was answered 202 is delivered. */
final class AnswersTest {
    private static ServerProcess server;
    private static Api api;
    private Receiver receiver;
    private Inbox inbox;
    private Customer customer;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--max-body-bytes", "64KiB");
        api = server.api();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        inbox = receiver.at("/hooks");
        customer = Customer.of(server);
        customer.endpoint(inbox);
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private Api.Answer post(String body, String... headers) throws Exception {
        return api.post(Api.messages(customer.id()), body, headers);
    }

    private Api.Answer postBatch(String body) throws Exception {
        return api.post(Api.messages(customer.id()) + "/batch", body);
    }

    /** One more message; when it is there, nothing else has come but these. */
    private void nothingArrivedBut(String... messages) throws Exception {
        String last = customer.publish("\"last\"");
        Set<String> expected = new java.util.HashSet<>(Set.of(messages));
        expected.add(last);
        inbox.awaitAll(expected, Until.PATIENCE);
        assertThat(inbox.ids()).isEqualTo(expected);
        assertThat(inbox.repeated()).isZero();
    }

    private static String detail(Api.Answer answer) {
        assertThat(answer.header("content-type")).startsWith("application/json");
        return answer.json().path("detail").toString();
    }

    private static void invalid(Api.Answer answer, String field) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(422);
        JsonNode first = answer.json().path("detail").path(0);
        assertThat(first.path("loc").toString()).contains('"' + field + '"');
        assertThat(first.path("msg").asText()).isNotBlank();
        assertThat(first.path("type").asText()).isNotBlank();
    }

    @Test
    void anAcceptedMessageIsShown() throws Exception {
        Api.Answer answer = post("""
                {"eventType":"order.created","eventId":"evt_9","channels":["red"],"tags":["vip"],"payload":{"n":1.0}}""");
        assertThat(answer.status()).isEqualTo(202);
        JsonNode message = answer.json();
        assertThat(message.path("id").asText()).startsWith("msg_");
        assertThat(message.path("eventType").asText()).isEqualTo("order.created");
        assertThat(message.path("eventId").asText()).isEqualTo("evt_9");
        assertThat(message.path("channels").toString()).isEqualTo("[\"red\"]");
        assertThat(message.path("tags").toString()).isEqualTo("[\"vip\"]");
        assertThat(answer.body()).contains("\"payload\":{\"n\":1.0}");
        assertThat(java.time.Instant.parse(message.path("timestamp").asText()))
                .isBetween(
                        java.time.Instant.now().minusSeconds(60),
                        java.time.Instant.now().plusSeconds(1));
        nothingArrivedBut(answer.id());
    }

    @Test
    void anEventIdIsTakenOnce() throws Exception {
        String body = "{\"eventType\":\"a.b\",\"eventId\":\"evt_1\",\"payload\":{\"n\":1}}";
        Api.Answer first = post(body);
        Api.Answer second = post(body.replace("\"n\":1", "\"n\":2"));
        assertThat(first.status()).isEqualTo(202);
        assertThat(second.status()).isEqualTo(409);
        assertThat(detail(second)).contains(first.id());
        assertThat(second.json().path("code").asText()).isNotBlank();

        Customer other = Customer.of(server);
        assertThat(api.post(Api.messages(other.id()), body).status()).isEqualTo(202);
        nothingArrivedBut(first.id());
    }

    @Test
    void anEventIdIsTakenOnceAlsoByManyAtOnce() throws Exception {
        String body = "{\"eventType\":\"a.b\",\"eventId\":\"evt_race\",\"payload\":{}}";
        List<Api.Answer> answers =
                IntStream.range(0, 40).mapToObj(n -> api.postLater(Api.messages(customer.id()), body)).toList().stream()
                        .map(java.util.concurrent.CompletableFuture::join)
                        .toList();
        List<Api.Answer> accepted =
                answers.stream().filter(a -> a.status() == 202).toList();
        assertThat(accepted).hasSize(1);
        assertThat(answers).allMatch(a -> a.status() == 202 || a.status() == 409);
        nothingArrivedBut(accepted.getFirst().id());
    }

    @Test
    void anIdempotencyKeyGivesTheSameAnswerAgain() throws Exception {
        String key = UUID.randomUUID().toString();
        String body = Api.message("a.b", "{\"n\":1}");
        Api.Answer first = post(body, "idempotency-key", key);
        Api.Answer again = post(body, "idempotency-key", key);
        Api.Answer other = post(Api.message("a.b", "{\"n\":2}"), "idempotency-key", key);

        assertThat(first.status()).isEqualTo(202);
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.json()).isEqualTo(first.json());
        assertThat(other.status()).isEqualTo(422);
        assertThat(detail(other).toLowerCase(java.util.Locale.ROOT)).contains("idempotency");
        nothingArrivedBut(first.id());
    }

    @Test
    void aTrailingSlashMakesNoDifference() throws Exception {
        Api.Answer answer = api.post(Api.messages(customer.id()) + "/", Api.message("a.b", "{}"));
        assertThat(answer.status()).isEqualTo(202);
        assertThat(api.get("/api/v1/app/" + customer.id() + "/").id()).isEqualTo(customer.id());
        assertThat(api.get("/api/v1/health/").status()).isEqualTo(200);
        nothingArrivedBut(answer.id());
    }

    @Test
    void aBodyOverTheLimitIsRefused() throws Exception {
        String fits = "x".repeat(60_000);
        Api.Answer accepted = post(Api.message("a.b", '"' + fits + '"'));
        Api.Answer refused = post(Api.message("a.b", '"' + "x".repeat(64 * 1024) + '"'));
        assertThat(accepted.status()).isEqualTo(202);
        assertThat(refused.status()).isEqualTo(413);
        assertThat(detail(refused)).contains("65536");
        nothingArrivedBut(accepted.id());
    }

    @Test
    void badJsonIsToldWithItsPlace() throws Exception {
        Api.Answer answer = post("{\"eventType\":\"a.b\",\n \"payload\":{\"n\":tru}}");
        assertThat(answer.status()).isEqualTo(422);
        assertThat(detail(answer)).contains("line 2").containsPattern("column 1\\d");
        assertThat(post("").status()).isEqualTo(422);
        assertThat(post("[]").status()).isEqualTo(422);
        assertThat(post("{\"eventType\":\"a.b\",\"payload\":{}} and more").status())
                .isEqualTo(422);
        nothingArrivedBut();
    }

    @Test
    void wrongFieldsAreNamed() throws Exception {
        invalid(post("{\"payload\":{}}"), "eventType");
        invalid(post("{\"eventType\":7,\"payload\":{}}"), "eventType");
        invalid(post("{\"eventType\":\"a b\",\"payload\":{}}"), "eventType");
        invalid(post("{\"eventType\":\"a.b\"}"), "payload");
        invalid(post("{\"eventType\":\"a.b\",\"payload\":{},\"channels\":\"red\"}"), "channels");
        invalid(post("{\"eventType\":\"a.b\",\"payload\":{},\"channels\":[1]}"), "channels");
        invalid(post("{\"eventType\":\"a.b\",\"payload\":{},\"eventId\":{}}"), "eventId");
        invalid(post("{\"eventType\":\"a.b\",\"payload\":{},\"tags\":[null]}"), "tags");
        invalid(api.post("/api/v1/app", "{\"name\":7}"), "name");
        invalid(api.post("/api/v1/app", "{}"), "name");
        invalid(api.post("/api/v1/app/" + customer.id() + "/endpoint", "{\"url\":true}"), "url");
        nothingArrivedBut();
    }

    @Test
    void whatIsNotThereIs404() throws Exception {
        Api.Answer answer = api.publish("app_none", "a.b", "{}");
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().path("code").asText()).isEqualTo("not_found");
        assertThat(answer.json().path("detail").asText()).contains("application");
        assertThat(api.get("/api/v1/app/app_none").status()).isEqualTo(404);
        assertThat(api.get("/api/v1/app/" + customer.id() + "/endpoint/ep_none").status())
                .isEqualTo(404);
        assertThat(api.get("/api/v1/nonsense").status()).isEqualTo(404);
        assertThat(api.get("/nonsense").status()).isEqualTo(404);
    }

    @Test
    @Requirement({"B1"})
    void withoutAValidTokenIs401() throws Exception {
        for (String token : List.of("", "wrong", ServerProcess.TOKEN + "x")) {
            Api stranger = api.withToken(token);
            Api.Answer answer = stranger.publish(customer.id(), "a.b", "{}");
            assertThat(answer.status()).as(token).isEqualTo(401);
            assertThat(answer.json().path("code").asText()).isNotBlank();
            assertThat(stranger.get("/api/v1/app").status()).isEqualTo(401);
            assertThat(stranger.get("/api/v1/health").status()).isEqualTo(200);
        }
        nothingArrivedBut();
    }

    @Test
    void aBatchHasOneAnswerForEach() throws Exception {
        Api.Answer answer = postBatch("""
                {"messages":[
                  {"eventType":"a.b","eventId":"evt_1","payload":{"n":1}},
                  {"eventType":"a.b"},
                  {"eventType":"a.b","eventId":"evt_1","payload":{"n":2}},
                  7,
                  {"eventType":"a.b","payload":{"n":3}}]}""");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        List<JsonNode> data = answer.json().path("data").valueStream().toList();
        assertThat(data).extracting(one -> one.path("status").asInt()).containsExactly(202, 422, 409, 422, 202);
        String first = data.get(0).path("message").path("id").asText();
        String last = data.get(4).path("message").path("id").asText();
        assertThat(data.get(1).path("error").path("detail").toString()).contains("payload");
        assertThat(data.get(2).path("error").path("detail").asText()).contains(first);
        nothingArrivedBut(first, last);
    }

    @Test
    void aBatchHasAtMostAThousand() throws Exception {
        String thousand = IntStream.range(0, 1_000)
                .mapToObj(n -> Api.message("a.b", String.valueOf(n)))
                .collect(Collectors.joining(","));
        Api.Answer refused = postBatch("{\"messages\":[" + thousand + ",{\"eventType\":\"a.b\",\"payload\":1}]}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(detail(refused)).contains("1000");
        assertThat(postBatch("{\"messages\":[]}").status()).isEqualTo(422);
        assertThat(postBatch("{}").status()).isEqualTo(422);

        Api.Answer accepted = postBatch("{\"messages\":[" + thousand + "]}");
        assertThat(accepted.status()).isEqualTo(200);
        Set<String> ids = accepted.json()
                .path("data")
                .valueStream()
                .map(one -> one.path("message").path("id").asText())
                .collect(Collectors.toSet());
        assertThat(ids).hasSize(1_000);
        nothingArrivedBut(ids.toArray(String[]::new));
        Set<String> texts = inbox.all().stream().map(Arrival::text).collect(Collectors.toSet());
        assertThat(texts).hasSize(1_001).contains("0", "999");
    }
}
