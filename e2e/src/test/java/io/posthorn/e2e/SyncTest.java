package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A publisher asks its subscribers, and waits for what they say. */
final class SyncTest {
    private static ServerProcess server;
    private static Api api;
    private Receiver receiver;
    private String app;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--retry-schedule", "10ms,10ms");
        api = server.api();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        app = api.post("/api/v1/app", "{\"name\":\"Acme\"}").id();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private Inbox endpoint(String uid, Reply reply) throws Exception {
        Inbox inbox = receiver.at("/" + uid).replies(reply);
        Api.Answer made = api.post(
                "/api/v1/app/" + app + "/endpoint",
                "{\"uid\":\"" + uid + "\",\"url\":\"" + inbox.url()
                        + "\",\"delivery\":{\"circuit\":{\"enabled\":false}}}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        return inbox;
    }

    private static Reply json(int code, String body) {
        return Reply.response(code, body.getBytes(StandardCharsets.UTF_8), "Content-Type: application/json");
    }

    private static String body(String payload, String sync) {
        return "{\"eventType\":\"confirmation.before\",\"payload\":" + payload + ",\"sync\":" + sync + "}";
    }

    private JsonNode ask(String payload, String sync, String... headers) throws Exception {
        Api.Answer answer = api.post("/api/v1/app/" + app + "/msg/sync", body(payload, sync), headers);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json();
    }

    private static JsonNode result(JsonNode answer, String uid) {
        return answer.path("results")
                .valueStream()
                .filter(each -> each.path("endpointUid").asText().equals(uid))
                .findFirst()
                .orElseThrow();
    }

    /** When it is there, what was to be tried again before it would have been. */
    private void passByTheRetries(Inbox... inboxes) throws Exception {
        for (Inbox inbox : inboxes) {
            inbox.replies(Reply.inTurn(Reply.status(500), Reply.status(500), Reply.status(204)));
        }
        String later = api.publish(app, "confirmation.before", "{}").id();
        for (Inbox inbox : inboxes) {
            Until.holds("three attempts", () -> inbox.of(later).size() == 3);
        }
    }

    @Test
    @Requirement({"E18", "E19", "C14"})
    void whatASubscriberAnswersReplacesTheContentAndIsOnRecord() throws Exception {
        Inbox inbox = endpoint("one", json(200, "{\"text\":\"Good morning\"}"));

        JsonNode answer = ask("{\"text\": 1.00}", "{\"deadline\":\"20s\"}");

        assertThat(answer.path("decision").path("proceed").asBoolean()).isTrue();
        assertThat(answer.path("decision").path("changed").asBoolean()).isTrue();
        assertThat(answer.at("/decision/content/text").asText()).isEqualTo("Good morning");
        assertThat(result(answer, "one").path("status").asText()).isEqualTo("answered");
        Arrival arrival = inbox.await(1).getFirst();
        assertThat(arrival.text()).isEqualTo("{\"text\": 1.00}");
        String id = answer.path("id").asText();
        assertThat(arrival.id()).isEqualTo(id);
        arrival.verify(api.get("/api/v1/app/" + app + "/endpoint/one/secret")
                .json()
                .path("key")
                .asText());
        Until.holds("the attempt is on record", () -> api.attempts(app, id).size() == 1);
        JsonNode attempt = api.attempts(app, id).getFirst();
        assertThat(attempt.path("status").asInt()).isZero();
        assertThat(attempt.path("response").asText()).isEqualTo("{\"text\":\"Good morning\"}");
        assertThat(api.get("/api/v1/app/" + app + "/msg/" + id).status()).isEqualTo(200);
    }

    @Test
    @Requirement({"E18", "E19"})
    void allAreCalledAtTheSameMomentAndNoneIsTriedAgain() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        Reply together = (request, out) -> {
            both.countDown();
            both.await();
            return Reply.status(500).write(request, out);
        };
        Inbox one = endpoint("one", together);
        Inbox two = endpoint("two", together);

        JsonNode answer = ask("{}", "{\"decision\":\"all\",\"deadline\":\"20s\"}");

        assertThat(answer.at("/decision/proceed").asBoolean()).isTrue();
        assertThat(answer.at("/decision/reason").asText()).contains("the response is 500");
        assertThat(result(answer, "one").path("responseStatusCode").asInt()).isEqualTo(500);
        assertThat(result(answer, "two").path("status").asText()).isEqualTo("refused");
        String id = answer.path("id").asText();
        passByTheRetries(one, two);
        assertThat(one.of(id)).hasSize(1);
        assertThat(two.of(id)).hasSize(1);
        Until.holds("both attempts are on record", () -> api.attempts(app, id).size() == 2);
        assertThat(api.attempts(app, id)).allSatisfy(attempt -> {
            assertThat(attempt.path("status").asInt()).isEqualTo(2);
            assertThat(attempt.path("nextAttemptAt").isNull()).isTrue();
        });
        assertThat(api.get("/api/v1/app/" + app + "/dead-letter").json().path("data"))
                .isEmpty();
        assertThat(api.post("/api/v1/app/" + app + "/msg/" + id + "/endpoint/one/resend", "{}")
                        .status())
                .isEqualTo(409);
    }

    @Test
    @Requirement({"E18", "E19"})
    void thePublisherIsAnsweredByItsDeadlineWhoeverHangs() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        endpoint("hangs", Reply.after(never, Reply.status(200)));
        endpoint("well", json(200, "{\"a\":1}"));
        try {
            long began = System.nanoTime();
            JsonNode open = ask("{\"n\":1}", "{\"deadline\":\"500ms\",\"decision\":\"all\"}");
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .as("its deadline, not the endpoint's 15 s")
                    .isLessThan(Duration.ofSeconds(10));
            assertThat(open.at("/decision/proceed").asBoolean()).isTrue();
            assertThat(open.at("/decision/content/n").asInt()).isEqualTo(1);
            assertThat(result(open, "hangs").path("status").asText()).isEqualTo("timeout");
            assertThat(result(open, "well").path("status").asText()).isEqualTo("answered");

            JsonNode closed = ask("{\"n\":1}", "{\"deadline\":\"500ms\",\"decision\":\"all\",\"failure\":\"closed\"}");
            assertThat(closed.at("/decision/proceed").asBoolean()).isFalse();

            JsonNode first = ask("{\"n\":1}", "{\"deadline\":\"30s\"}");
            assertThat(first.at("/decision/content/a").asInt()).isEqualTo(1);
            assertThat(result(first, "hangs").path("status").asText()).isEqualTo("pending");

            String id = open.path("id").asText();
            Until.holds(
                    "both attempts are on record", () -> api.attempts(app, id).size() == 2);
            assertThat(api.attempts(app, id))
                    .anySatisfy(attempt ->
                            assertThat(attempt.path("outcome").asText()).isEqualTo("timeout"));
        } finally {
            never.countDown();
        }
    }

    @Test
    @Requirement({"E18", "E19"})
    void anySubscriberMayForbidItAndAnExpressionMayMerge() throws Exception {
        endpoint("one", json(200, "{\"proceed\":true,\"seats\":2}"));
        endpoint("two", json(200, "{\"proceed\":false,\"reason\":\"sold out\"}"));

        JsonNode veto = ask("{}", "{\"decision\":\"veto\"}");
        assertThat(veto.at("/decision/proceed").asBoolean()).isFalse();
        assertThat(veto.at("/decision/reason").asText()).contains("two forbids it: sold out");

        JsonNode merged = ask(
                "{\"n\":1}",
                "{\"decision\":\"merge\",\"merge\":\"$merge([content, {\\\"seats\\\": $sum(results.body.seats)}])\"}");
        assertThat(merged.at("/decision/content").toString()).isEqualTo("{\"n\":1,\"seats\":2}");

        Api.Answer wrong =
                api.post("/api/v1/app/" + app + "/msg/sync", body("{}", "{\"decision\":\"merge\",\"merge\":\"a[\"}"));
        assertThat(wrong.status()).isEqualTo(422);
        assertThat(wrong.body()).contains("\"merge\"");
    }

    @Test
    @Requirement({"E18", "E19"})
    void aTypeMayBeForThisOnly() throws Exception {
        endpoint("one", json(200, "1"));
        api.post("/api/v1/event-type", "{\"name\":\"reminder.before\",\"description\":\"d\",\"sync\":true}");
        Api.Answer refused = api.publish(app, "reminder.before", "{}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body()).contains("synchronous");
        Api.Answer asked =
                api.post("/api/v1/app/" + app + "/msg/sync", "{\"eventType\":\"reminder.before\",\"payload\":{}}");
        assertThat(asked.status()).as(asked.body()).isEqualTo(200);
        assertThat(asked.json().at("/decision/content").asInt()).isEqualTo(1);
    }

    @Test
    @Requirement("E18")
    void aRepetitionUnderOneKeyGetsTheFirstAnswerAndCallsNobody() throws Exception {
        Inbox inbox = endpoint("one", Reply.inTurn(json(200, "1"), json(200, "2")));
        JsonNode first = ask("{}", "{}", "idempotency-key", "k1");
        JsonNode second = ask("{}", "{}", "idempotency-key", "k1");
        assertThat(second).isEqualTo(first);
        assertThat(inbox.all()).hasSize(1);
        assertThat(ask("{}", "{}", "idempotency-key", "k2")
                        .at("/decision/content")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    @Requirement("E18")
    void nobodyIsCalledAgainAfterAKill(@TempDir Path folder) throws Exception {
        try (ServerProcess own = ServerProcess.local(folder)) {
            Api there = own.api();
            String mine = there.post("/api/v1/app", "{\"name\":\"Acme\"}").id();
            CountDownLatch never = new CountDownLatch(1);
            Inbox inbox = receiver.at("/killed").replies(Reply.after(never, Reply.status(200)));
            there.post("/api/v1/app/" + mine + "/endpoint", "{\"url\":\"" + inbox.url() + "\"}");
            CompletableFuture<Api.Answer> asked =
                    there.postLater("/api/v1/app/" + mine + "/msg/sync", body("{}", "{\"deadline\":\"30s\"}"));
            String id = inbox.await(1).getFirst().id();
            own.kill();
            assertThat(asked.handle((answer, failure) -> failure != null).get(30, TimeUnit.SECONDS))
                    .isTrue();

            inbox.replies(Reply.status(204));
            never.countDown();
            own.start();
            String later = own.api().publish(mine, "confirmation.before", "{}").id();
            Until.holds("what comes later arrives", () -> inbox.of(later).size() == 1);
            assertThat(inbox.of(id)).hasSize(1);
            assertThat(List.of(
                            own.api().get("/api/v1/app/" + mine + "/msg/" + id).status()))
                    .containsExactly(200);
        }
    }
}
