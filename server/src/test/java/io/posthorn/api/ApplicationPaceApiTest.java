package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.catalog.AppView;
import io.posthorn.intake.Intake;
import io.posthorn.intake.IntakeMetrics;
import io.posthorn.intake.Journal;
import io.posthorn.intake.MessageParser;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.ParsedMessage;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.Submission;
import io.posthorn.model.Application;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The clock of the pace stands still: what is used up stays so. */
class ApplicationPaceApiTest {
    private static final String MESSAGE = "{\"eventType\":\"a\",\"payload\":{}}";

    private final Api api = Api.usual();
    private final Vertx vertx = Vertx.vertx();
    /** It is not started, and has room for one. */
    private final Intake intake = new Intake(
            1, 1, new NoJournal(), (accepted, millis) -> accepted.size(), new NoMetrics(), (part, why) -> {});

    private final ApplicationPace pace = new ApplicationPace(() -> 0);
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
                            pace,
                            new PayloadChecks(api.catalog, refused -> {}, 1)),
                    List.of(new ExampleRoutes(
                            api.catalog, intake, pace, Duration.ofSeconds(30), InstantSource.system()))));

    private static final class NoJournal implements Journal {
        @Override
        public Appended append(List<Submission> batch) {
            throw new AssertionError("a message came through");
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

    @BeforeEach
    void start() {
        Api.await(server.start());
        api.post("/event-type", "{\"name\":\"a\",\"description\":\"d\"}");
        api.post("/app", "{\"name\":\"one\",\"uid\":\"one\",\"rateLimit\":2}");
        api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"e\"}");
    }

    @AfterEach
    void close() {
        Api.await(vertx.close());
        api.close();
    }

    @Test
    @Requirement("D23")
    void whatTheIntakeRefusesDoesNotUseUpThePaceAndExamplesDo() {
        Client there = new Client(api, server.port(), api.token, null);
        intake.refuse("the database is full");
        for (int i = 0; i < 5; i++) {
            assertThat(there.post("/app/one/msg", MESSAGE).text()).contains("the database is full");
            assertThat(example(there).text()).contains("the database is full");
        }
        intake.refuse(null);
        fill();
        for (int i = 0; i < 5; i++) {
            assertThat(code(there.post("/app/one/msg", MESSAGE))).isEqualTo("busy");
            assertThat(code(example(there))).isEqualTo("busy");
        }
        assertThat(pace.refuse(limited(), 2)).as("all of it is left").isNull();
        assertThat(code(there.post("/app/one/msg", MESSAGE))).isEqualTo("rate_limited");
        assertThat(code(example(there))).isEqualTo("rate_limited");
    }

    private static String code(Api.Reply reply) {
        return reply.body().path("code").asText();
    }

    /** One is always taken, however large. */
    private void fill() {
        switch (MessageParser.parse(1, MESSAGE.getBytes(StandardCharsets.UTF_8), null)) {
            case ParsedMessage.Ok(NewMessage message) ->
                assertThat(intake.submit(List.of(new Submission(message, Runnable::run, result -> {}))))
                        .isTrue();
            case ParsedMessage.Refused refused -> throw new AssertionError(refused);
            case ParsedMessage.Invalid invalid -> throw new AssertionError(invalid);
        }
    }

    private Application limited() {
        return api.catalog.apps().stream()
                .map(AppView::application)
                .filter(application -> "one".equals(application.uid()))
                .findFirst()
                .orElseThrow();
    }

    private static Api.Reply example(Client there) {
        return there.post("/app/one/endpoint/e/send-example", "{\"eventType\":\"a\"}");
    }
}
