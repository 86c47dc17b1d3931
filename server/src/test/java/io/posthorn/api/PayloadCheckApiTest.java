package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import io.posthorn.intake.Intake;
import io.posthorn.intake.IntakeMetrics;
import io.posthorn.intake.Journal;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.Submission;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages are held against what the catalogue promises of them, where its owner wants it. */
class PayloadCheckApiTest {
    private static final String SCHEMA =
            "{\"1\":{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":{\"type\":\"integer\"},"
                    + "\"lines\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}}";
    /** What a message is answered that came as far as the journal. */
    private static final int CAME_THROUGH = 503;

    private final Api api = Api.usual();
    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger accepted = new AtomicInteger();
    private final PayloadChecks checks =
            new PayloadChecks(api.catalog, was -> (was ? refused : accepted).incrementAndGet(), 2);
    private final Intake intake = new Intake(
            100, 1 << 20, new AwayJournal(), (messages, millis) -> messages.size(), new NoMetrics(), (part, why) -> {});
    private final ApiServer server = new ApiServer(
            vertx,
            ApiSettings.of("127.0.0.1", 0, 1),
            new ApiPorts(
                    api.catalog,
                    url -> null,
                    address -> null,
                    () -> true,
                    () -> "",
                    api.keys,
                    api.audit,
                    FastRoutes.accepting(
                            api.catalog,
                            intake,
                            Duration.ofSeconds(30),
                            Duration.ofDays(90),
                            new ApplicationPace(System::nanoTime),
                            checks),
                    List.of()));

    /** Its database is away, but for what was accepted before. */
    private static final class AwayJournal implements Journal {
        @Override
        public Appended append(List<Submission> batch) {
            return new Appended.Unavailable("a test");
        }

        @Override
        public boolean inDoubt() {
            return false;
        }

        @Override
        public void close() {}
    }

    private static final class NoMetrics implements IntakeMetrics {
        @Override
        public void messagesCommitted(int messages, long nanos) {}

        @Override
        public void messagesRefused(int messages) {}

        @Override
        public void messagesUnavailable(int messages) {}
    }

    private Client client() {
        return new Client(api, server.port(), api.token, "default");
    }

    @BeforeEach
    void start() {
        intake.start();
        Api.await(server.start());
        api.post("/app", "{\"name\":\"a\",\"uid\":\"a\"}");
    }

    @AfterEach
    void stop() throws InterruptedException {
        Api.await(server.close(Duration.ofSeconds(5)));
        checks.close();
        intake.close();
        Api.await(vertx.close());
        api.close();
    }

    private void type(String name, String members) {
        Api.Reply made = api.put("/event-type/" + name, "{\"description\":\"d\"," + members + "}");
        assertThat(made.status()).as(made.text()).isIn(200, 201);
    }

    private Api.Reply send(String type, String payload) {
        return client().post("/app/a/msg", "{\"eventType\":\"" + type + "\",\"payload\":" + payload + "}");
    }

    @Test
    void whatBreaksASchemaIsRefusedIfItsOwnerWantsIt() {
        type("order.made", "\"schemaMode\":\"reject\",\"schemas\":" + SCHEMA);
        assertThat(send("order.made", "{\"id\":1}").status()).isEqualTo(CAME_THROUGH);
        Api.Reply reply = send("order.made", "{\"id\":1,\"lines\":[\"a\",2]}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(422);
        assertThat(reply.places()).containsExactly("body.payload.lines.1");
        JsonNode problem = reply.body().path("detail").path(0);
        assertThat(problem.path("msg").asText()).contains("/lines/1", "string", "order.made", "version 1");
        assertThat(problem.path("type").asText()).isEqualTo("value_error.schema");
        assertThat(refused).hasValue(1);
        assertThat(accepted).hasValue(0);
    }

    /** What has a key is looked for before it is refused, since it may have been accepted under another schema. */
    @Test
    @Requirement("B26")
    void aRepeatComesAsFarAsTheJournal() {
        type("order.made", "\"schemaMode\":\"reject\",\"schemas\":" + SCHEMA);
        String broken = "{\"eventType\":\"order.made\",\"payload\":{}}";
        assertThat(client().post("/app/a/msg", broken).status()).isEqualTo(422);
        HttpRequest.Builder keyed = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/api/v1/app/a/msg"))
                .header("authorization", "Bearer " + api.token)
                .header("idempotency-key", "k")
                .POST(HttpRequest.BodyPublishers.ofString(broken));
        assertThat(api.send(keyed).status()).isEqualTo(CAME_THROUGH);
        String known = "{\"eventType\":\"order.made\",\"eventId\":\"e\",\"payload\":{}}";
        assertThat(client().post("/app/a/msg", known).status()).isEqualTo(CAME_THROUGH);
        assertThat(client().post("/app/a/msg/batch", "{\"messages\":[" + broken + "," + known + "]}")
                        .body()
                        .path("data")
                        .valueStream()
                        .map(each -> each.path("status").intValue()))
                .containsExactly(422, CAME_THROUGH);
    }

    @Test
    void orItIsOnlyCounted() {
        type("order.made", "\"schemaMode\":\"warn\",\"schemas\":" + SCHEMA);
        assertThat(send("order.made", "{}").status()).isEqualTo(CAME_THROUGH);
        assertThat(send("order.made", "{\"id\":1}").status()).isEqualTo(CAME_THROUGH);
        assertThat(refused).hasValue(0);
        assertThat(accepted).hasValue(1);
    }

    @Test
    void orNobodyLooks() {
        type("order.made", "\"schemas\":" + SCHEMA);
        assertThat(checks.concern(1)).isFalse();
        assertThat(send("order.made", "{}").status()).isEqualTo(CAME_THROUGH);
        type("order.made", "\"schemaMode\":\"reject\",\"schemas\":" + SCHEMA);
        assertThat(checks.concern(1)).isTrue();
        assertThat(send("order.made", "{}").status()).isEqualTo(422);
        assertThat(send("order.other", "{}").status()).isEqualTo(CAME_THROUGH);
        assertThat(api.patch("/event-type/order.made", "{\"schemaMode\":\"off\"}")
                        .status())
                .isEqualTo(200);
        assertThat(checks.concern(1)).isFalse();
        assertThat(send("order.made", "{}").status()).isEqualTo(CAME_THROUGH);
    }

    @Test
    @Requirement("D26")
    void theSchemaIsThatOfTheCurrentVersion() {
        String both =
                "\"schemaMode\":\"reject\",\"schemas\":{\"9\":{\"required\":[\"old\"]},\"10\":{\"required\":[\"new\"]}}";
        type("order.made", both);
        assertThat(send("order.made", "{\"new\":1}").status()).isEqualTo(CAME_THROUGH);
        type("order.made", both + ",\"version\":\"9\"");
        assertThat(send("order.made", "{\"new\":1}").status()).isEqualTo(422);
        assertThat(send("order.made", "{\"old\":1}").status()).isEqualTo(CAME_THROUGH);
    }

    @Test
    void eachMessageOfABatchIsLookedAt() {
        type("order.made", "\"schemaMode\":\"reject\",\"schemas\":" + SCHEMA);
        Api.Reply reply = client().post(
                        "/app/a/msg/batch",
                        "{\"messages\":[{\"eventType\":\"order.made\",\"payload\":{\"id\":1}},"
                                + "{\"eventType\":\"order.made\",\"payload\":{\"id\":\"x\"}},"
                                + "{\"eventType\":\"other\",\"payload\":{}}]}");
        assertThat(reply.body()
                        .path("data")
                        .valueStream()
                        .map(each -> each.path("status").intValue()))
                .containsExactly(CAME_THROUGH, 422, CAME_THROUGH);
    }

    @Test
    @Requirement({"E18", "E19"})
    void aTypeForSynchronousCallsIsNotSentAsAMessage() {
        type("before_reminders", "\"sync\":true");
        Api.Reply reply = send("before_reminders", "{}");
        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.places()).containsExactly("body.eventType");
        assertThat(reply.text()).contains("synchronous");
    }

    @Test
    void aModeNeedsASchemaThatCanBeUsed() {
        Api.Reply none = api.put("/event-type/x", "{\"description\":\"d\",\"schemaMode\":\"warn\"}");
        assertThat(none.places()).containsExactly("body.schemaMode");
        Api.Reply other = api.put(
                "/event-type/x",
                "{\"description\":\"d\",\"schemaMode\":\"warn\",\"version\":\"2\",\"schemas\":" + SCHEMA + "}");
        assertThat(other.places()).containsExactly("body.schemaMode");
        assertThat(other.text()).contains("which is 2");
        for (String schema : List.of(
                "{\"type\":\"objct\"}",
                "{\"$ref\":\"http://127.0.0.1:9/x\"}",
                "{\"properties\":{\"a\":{\"pattern\":\"(\"}}}",
                "{\"$ref\":\"#\"}")) {
            Api.Reply bad = api.put(
                    "/event-type/x",
                    "{\"description\":\"d\",\"schemaMode\":\"reject\",\"schemas\":{\"1\":" + schema + "}}");
            assertThat(bad.status()).as(bad.text()).isEqualTo(422);
            assertThat(bad.places()).as(bad.text()).containsExactly("body.schemas.1");
        }
        assertThat(api.get("/event-type/x").status()).isEqualTo(404);
        assertThat(api.put("/event-type/x", "{\"description\":\"d\",\"schemaMode\":\"loud\"}")
                        .places())
                .containsExactly("body.schemaMode");
    }
}
