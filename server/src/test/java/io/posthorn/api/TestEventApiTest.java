package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.intake.Intake;
import io.posthorn.intake.IntakeMetrics;
import io.posthorn.intake.Journal;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.Submission;
import io.posthorn.intake.Submitted;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An endpoint is tried out with the test event of its profile, where that has one. */
class TestEventApiTest {
    /** What a message is answered that came as far as the journal. */
    private static final int CAME_THROUGH = 503;

    private final Api api = Api.usual();
    private final Vertx vertx = Vertx.vertx();
    private final PayloadChecks checks = new PayloadChecks(api.catalog, was -> {}, 1);
    private final AwayJournal journal = new AwayJournal();
    private final Intake intake = new Intake(
            100, 1 << 20, journal, (messages, millis) -> messages.size(), new NoMetrics(), (part, why) -> {});
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
                    List.of(new ExampleRoutes(
                            api.catalog,
                            intake,
                            new ApplicationPace(System::nanoTime),
                            Duration.ofSeconds(30),
                            InstantSource.system()))));

    /** Its database is away. */
    private static final class AwayJournal implements Journal {
        final List<NewMessage> came = new CopyOnWriteArrayList<>();

        @Override
        public Appended append(List<Submission> batch) {
            batch.forEach(submission -> came.add(Submitted.message(submission)));
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

    @Test
    @Requirement({"B27", "B28"})
    void theTestEventOfTheProfileNeedsNoEventType() {
        api.post("/app/a/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"e\",\"profile\":\"admin\"}");
        String path = "/app/a/endpoint/e/send-example";

        assertThat(client().post(path, "{}").status()).isEqualTo(CAME_THROUGH);
        assertThat(client().post(path, "{\"eventType\":\"webhook.configured\"}").status())
                .isEqualTo(CAME_THROUGH);
        assertThat(client().post(path, "{\"eventType\":\"something.else\"}").status())
                .isEqualTo(404);
    }

    @Test
    @Requirement("B27")
    void aProfileOfTheEndpointsOwnDecidesOnNoEventType() {
        api.post("/app/a/endpoint", """
                {"url": "https://example.com/", "uid": "e",
                 "profileSource": "testEvent: {eventType: payment.completed, payload: {total: 1}}"}
                """);
        String path = "/app/a/endpoint/e/send-example";

        assertThat(client().post(path, "{}").status()).isEqualTo(CAME_THROUGH);
        assertThat(client().post(path, "{\"eventType\":\"payment.completed\"}").status())
                .as("which is not in the catalogue")
                .isEqualTo(404);
        assertThat(journal.came)
                .singleElement()
                .satisfies(message -> assertThat(message.eventType()).isEqualTo("webhook.test"))
                .satisfies(message -> assertThat(new String(message.payload(), StandardCharsets.UTF_8))
                        .isEqualTo("{\"total\":1}"));

        api.post("/event-type", "{\"name\":\"webhook.test\",\"description\":\"\",\"example\":{\"real\":true}}");
        client().post(path, "{}");
        assertThat(new String(journal.came.getLast().payload(), StandardCharsets.UTF_8))
                .as("a type of the catalogue has the catalogue's example")
                .isEqualTo("{\"real\":true}");
    }

    @Test
    @Requirement("B27")
    void theTestEventOfAProfileNeedsTheScopesOfItsType() {
        api.post("/event-type", "{\"name\":\"webhook.configured\",\"description\":\"\",\"scopes\":[\"Hooks\"]}");
        api.patch("/app/a", "{\"scopes\":[]}");
        api.post("/app/a/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"e\",\"profile\":\"admin\"}");
        String path = "/app/a/endpoint/e/send-example";

        assertThat(client().post(path, "{}").places()).containsExactly("body.eventType");
        api.patch("/app/a", "{\"scopes\":[\"Hooks\"]}");
        assertThat(client().post(path, "{}").status()).isEqualTo(CAME_THROUGH);
        assertThat(new String(journal.came.getLast().payload(), StandardCharsets.UTF_8))
                .isEqualTo("{\"test\":true,\"event\":\"webhook.configured\"}");
    }

    @Test
    void withoutOneItHasToBeSaidWhatIsSent() {
        api.post("/app/a/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"e\"}");

        assertThat(client().post("/app/a/endpoint/e/send-example", "{}").places())
                .containsExactly("body.eventType");
    }
}
