package io.posthorn.notify;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.posthorn.intake.Intake;
import io.posthorn.intake.IntakeMetrics;
import io.posthorn.intake.PgJournal;
import io.posthorn.intake.Submission;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.model.Verdict;
import io.posthorn.store.WriterConnection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** From the outbox to the intake. */
@Timeout(60)
final class PumpTest {
    @TempDir
    private Path folder;

    private House house;
    private Application operator;
    private Application app;
    private Endpoint endpoint;
    private Intake intake;
    private final List<Message> accepted = Collections.synchronizedList(new ArrayList<>());
    private final Counting counting = new Counting();

    @BeforeEach
    void open() throws Exception {
        house = new House(folder, false);
        operator = house.app(House.OPERATIONS);
        app = house.app("acme");
        endpoint = house.endpoint(app, "hooks", false);
        PgJournal journal = new PgJournal(
                new WriterConnection(house.db, house.written.ownership(), "intake"),
                house.db.partitions(),
                house.written.ids,
                house.clock::get,
                new long[Shards.COUNT],
                0);
        intake = new Intake(
                1_000,
                1 << 20,
                journal,
                (messages, millis) -> {
                    accepted.addAll(messages);
                    return messages.size();
                },
                new Quiet(),
                (part, why) -> {});
        intake.start();
    }

    @AfterEach
    void close() throws Exception {
        intake.close();
        house.close();
    }

    private static final class Quiet implements IntakeMetrics {
        @Override
        public void messagesCommitted(int messages, long nanos) {}

        @Override
        public void messagesRefused(int messages) {}

        @Override
        public void messagesUnavailable(int messages) {}
    }

    private Pump pump(java.util.function.Predicate<List<Submission>> to) {
        return new Pump(house.notices, to, counting);
    }

    private void exhaust(int count) {
        exhaust(app, endpoint, count);
    }

    private void exhaust(Application of, Endpoint at, int count) {
        for (int i = 0; i < count; i++) {
            house.settle(house.ended(house.message(of), at, 500, new Verdict.Exhausted()));
        }
    }

    @Test
    void eventsBecomeMessagesInTheirOrder() throws Exception {
        exhaust(1);
        house.disabled(app, endpoint, true);
        Pump pump = pump(intake::submit);
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(pump.page()).isEqualTo(Pump.Page.EMPTY);
        intake.close();
        assertThat(accepted)
                .extracting(message -> message.eventType)
                .containsExactly("message.attempt.exhausted", "endpoint.disabled");
        assertThat(accepted).allMatch(message -> message.appNo == operator.no());
        JsonNode payload = JsonMapper.builder().build().readTree(accepted.getFirst().payload);
        assertThat(payload.path("type").asText()).isEqualTo("message.attempt.exhausted");
        assertThat(payload.path("timestamp").asText()).endsWith("Z");
        assertThat(payload.path("data").path("endpointUid").asText()).isEqualTo("hooks");
        assertThat(payload.path("data").has("msgEventId")).isTrue();
        assertThat(counting.events()).hasValue(2);
        assertThat(house.events()).isEmpty();
    }

    @Test
    void whatWasAcceptedJustBeforeACrashIsNotAcceptedAgain() throws Exception {
        exhaust(1);
        Pump crashing = pump(submissions -> {
            house.refuses = "the process is gone";
            return intake.submit(submissions);
        });
        assertThat(crashing.page()).isEqualTo(Pump.Page.STUCK);
        assertThat(house.events()).as("the row is still there").hasSize(1);

        house.refuses = null;
        assertThat(pump(intake::submit).page()).isEqualTo(Pump.Page.MORE);
        assertThat(house.events()).isEmpty();
        intake.close();
        assertThat(accepted).hasSize(1);
        assertThat(counting.events()).hasValue(1);
    }

    @Test
    void aFullIntakeIsWaitedFor() throws Exception {
        exhaust(2);
        assertThat(pump(submissions -> false).page()).isEqualTo(Pump.Page.STUCK);
        assertThat(house.events()).hasSize(2);
    }

    @Test
    void withoutAnOperationalApplicationTheyAreForgotten() throws Exception {
        exhaust(2);
        house.catalog.applications().delete(operator.envNo(), operator.id());
        assertThat(pump(intake::submit).page()).isEqualTo(Pump.Page.MORE);
        assertThat(house.events()).isEmpty();
        intake.close();
        assertThat(accepted).isEmpty();
    }

    @Test
    void manyGoPageByPage() throws Exception {
        exhaust(70);
        exhaust(app, house.endpoint(app, "other", false), 60);
        Pump pump = pump(intake::submit);
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(pump.waiting()).isEqualTo(30);
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(pump.page()).isEqualTo(Pump.Page.EMPTY);
        intake.close();
        assertThat(accepted).hasSize(130).extracting(message -> message.eventId).doesNotHaveDuplicates();
    }

    @Test
    void aFloodIsGatheredIntoOneThatTellsHowMany() throws Exception {
        exhaust(Floods.MOST_A_MINUTE + 7);
        Pump pump = pump(intake::submit);
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(pump.page()).as("it gathers for a minute").isEqualTo(Pump.Page.EMPTY);
        assertThat(pump.waiting()).isEqualTo(1);
        exhaust(3);
        house.clock.addAndGet(Floods.MINUTE_MICROS);
        exhaust(1);
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(pump.page()).isEqualTo(Pump.Page.EMPTY);
        intake.close();
        assertThat(accepted).hasSize(Floods.MOST_A_MINUTE + 2);
        List<Integer> counts = new ArrayList<>();
        for (Message message : accepted.subList(Floods.MOST_A_MINUTE, Floods.MOST_A_MINUTE + 2)) {
            JsonNode data =
                    JsonMapper.builder().build().readTree(message.payload).path("data");
            assertThat(data.path("endpointUid").asText()).isEqualTo("hooks");
            counts.add(data.path("count").asInt());
        }
        assertThat(counts).as("what gathered, and the first of another minute").containsExactly(10, 1);
    }

    @Test
    void whatIsRolledBackIsNoPartOfAFlood() {
        Floods floods = new Floods();
        for (int i = 0; i < 3; i++) {
            floods.begin();
            for (int k = 0; k < 60; k++) {
                assertThat(floods.take(7, 1_000)).isTrue();
            }
        }
        floods.committed(1_000);
        floods.begin();
        for (int k = 0; k < 40; k++) {
            assertThat(floods.take(7, 2_000)).isTrue();
        }
        assertThat(floods.take(7, 2_000)).isFalse();
        assertThat(floods.take(8, 2_000)).isTrue();
        assertThat(floods.take(7, 1_000 + Floods.MINUTE_MICROS)).isTrue();
    }

    @Test
    void oneCustomersFloodDoesNotStandBeforeTheOthers() throws Exception {
        for (int i = 0; i < 3; i++) {
            exhaust(app, house.endpoint(app, "flood" + i, false), 90);
        }
        Application other = house.app("other");
        Endpoint theirs = house.endpoint(other, "theirs", false);
        house.disabled(other, theirs, true);
        assertThat(pump(intake::submit).page()).isEqualTo(Pump.Page.MORE);
        intake.close();
        assertThat(accepted).extracting(message -> message.eventType).contains("endpoint.disabled");
        assertThat(accepted).hasSize(51);
    }

    @Test
    void moreApplicationsThanFitIntoAPageHaveTheirTurnToo() throws Exception {
        for (int i = 0; i < 103; i++) {
            Application each = house.app("a" + i);
            exhaust(each, house.endpoint(each, "e", false), 1);
        }
        exhaust(2);
        Pump pump = pump(intake::submit);
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(house.events())
                .as("the turn came to the last before it came to the first again")
                .hasSize(1);
        assertThat(house.events().getFirst().event().appNo()).isEqualTo(app.no());
        assertThat(pump.page()).isEqualTo(Pump.Page.MORE);
        assertThat(pump.page()).isEqualTo(Pump.Page.EMPTY);
    }
}
