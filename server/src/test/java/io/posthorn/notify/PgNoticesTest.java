package io.posthorn.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.SecretBox;
import io.posthorn.history.PgOutcomeListener;
import io.posthorn.history.Settlement;
import io.posthorn.history.WriteResult;
import io.posthorn.history.Written;
import io.posthorn.model.Application;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is written down, and in which transaction. */
@Timeout(60)
final class PgNoticesTest {
    @TempDir
    private Path folder;

    private House house;
    private Application operator;
    private Application app;
    private Endpoint endpoint;

    @BeforeEach
    void open() throws Exception {
        house = new House(folder, true);
        operator = house.app(House.OPERATIONS);
        app = house.app("acme");
        endpoint = house.endpoint(app, "hooks", true);
    }

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void whatSucceedsLeavesNothing() throws Exception {
        Message message = house.message(app);
        house.settle(Written.delivered(message, endpoint.no()));
        assertThat(house.events()).isEmpty();
        assertThat(house.mails(Long.MAX_VALUE / 4)).isEmpty();
    }

    @Test
    void anExhaustedDeliveryIsToldWithWhatSvixClientsKnow() throws Exception {
        Message message = house.written.next(
                app.no(), house.clock.get(), "order.created", "order-17", List.of(), List.of(), new byte[] {'1'});
        house.written.write(List.of(message));
        house.settle(house.ended(message, endpoint, 503, new Verdict.Exhausted()));

        PgOutbox.Stored told = house.events().getFirst();
        assertThat(told.eventId()).isEqualTo("order-17");
        assertThat(told.event().type()).isEqualTo("message.attempt.exhausted");
        assertThat(told.event().envNo()).isEqualTo(app.envNo());
        JsonNode data = told.event().data();
        assertThat(data.path("appId").asText()).isEqualTo(app.id());
        assertThat(data.path("appUid").asText()).isEqualTo("acme");
        assertThat(data.path("endpointId").asText()).isEqualTo(endpoint.id());
        assertThat(data.path("endpointUid").asText()).isEqualTo("hooks");
        assertThat(data.path("msgId").asText()).isEqualTo(message.id);
        assertThat(data.path("attempts").asInt()).isEqualTo(1);
        assertThat(data.path("reason").asText()).isEqualTo("exhausted");
        assertThat(data.path("held").asBoolean(true)).isFalse();
        long started = message.createdAt + 1_000;
        JsonNode last = data.path("lastAttempt");
        assertThat(last.path("id").asText())
                .isEqualTo(house.written.ids.attempt(started, message.seq, endpoint.no(), 1));
        assertThat(last.path("responseStatusCode").asInt()).isEqualTo(503);
        assertThat(last.path("timestamp").asText())
                .isEqualTo(Time.instant(started).toString());
    }

    @Test
    void whyItEndedIsTold() throws Exception {
        Message message = house.message(app);
        house.settle(
                house.ended(message, endpoint, 422, new Verdict.Exhausted(true)),
                house.ended(house.message(app), endpoint, 410, new Verdict.Gone()),
                house.ended(house.message(app), endpoint, 500, new Verdict.Held()),
                Written.outcome(
                        house.message(app),
                        endpoint.no(),
                        Written.failure(1, message.createdAt, AttemptStatus.EXPIRED, "too old"),
                        new Verdict.Exhausted()));
        assertThat(house.events())
                .extracting(stored -> stored.event().data().path("reason").asText())
                .containsExactly("rejected", "gone", "exhausted", "expired");
        assertThat(house.events())
                .extracting(stored -> stored.event().data().path("held").asBoolean())
                .containsExactly(false, false, true, false);
    }

    @Test
    void aRefusedOutcomeTellsNothing() throws Exception {
        Message message = house.message(app);
        Settlement bad = new Settlement(
                app.no(),
                endpoint.no(),
                message.seq,
                message.createdAt,
                1_000_000,
                false,
                null,
                new Verdict.RetryAt(1));
        Settlement told = house.ended(message, endpoint, 500, new Verdict.Exhausted());
        assertThat(house.outcomes.write(List.of(told, bad), List.of(), false)).isInstanceOf(WriteResult.Refused.class);
        assertThat(house.events()).isEmpty();
        assertThat(house.mails(Long.MAX_VALUE / 4)).isEmpty();

        house.settle(Written.delivered(house.message(app), endpoint.no()));
        assertThat(house.events()).as("nothing to recover from").isEmpty();
    }

    @Test
    void recoveredIsToldOnceAndAfterARestartToo() throws Exception {
        house.settle(house.ended(house.message(app), endpoint, 500, new Verdict.Exhausted()));
        PgNotices restarted = house.again();
        Message next = house.message(app);
        writeTo(
                restarted,
                Written.delivered(next, endpoint.no()),
                Written.delivered(house.message(app), endpoint.no()));
        writeTo(restarted, Written.delivered(house.message(app), endpoint.no()));
        assertThat(house.types()).containsExactly("message.attempt.exhausted", "message.attempt.recovered");
        JsonNode data = house.events().getLast().event().data();
        assertThat(data.path("msgId").asText()).isEqualTo(next.id);
        assertThat(data.path("lastAttempt").path("responseStatusCode").asInt()).isEqualTo(200);

        PgNotices third = house.again();
        writeTo(third, Written.delivered(house.message(app), endpoint.no()));
        assertThat(house.types()).as("that it has recovered is remembered").hasSize(2);
    }

    /** As the recorder does, with a listener of the test's. */
    private void writeTo(PgOutcomeListener listener, Settlement... batch) throws Exception {
        house.notices.write(tx -> {
            listener.written(tx, List.of(batch));
            return true;
        });
        listener.committed();
    }

    @Test
    void troubleThatWasRolledBackIsNone() throws Exception {
        Settlement exhausted = house.ended(house.message(app), endpoint, 500, new Verdict.Exhausted());
        assertThatThrownBy(() -> house.notices.write(tx -> {
                    house.notices.written(tx, List.of(exhausted));
                    throw new SQLException("the connection broke");
                }))
                .isInstanceOf(SQLException.class);
        house.settle(Written.delivered(house.message(app), endpoint.no()));
        assertThat(house.events()).isEmpty();
    }

    @Test
    void aCircuitThatOpenedIsToldAndSoIsTheSuccessAfterIt() throws Exception {
        NoticeQueue queue = new NoticeQueue(house.notices);
        queue.circuitOpened(app.no(), endpoint.no(), 20, 60_000_000);
        assertThat(queue.write(0)).isTrue();
        assertThat(queue.write(0)).isFalse();
        house.settle(Written.delivered(house.message(app), endpoint.no()));
        assertThat(house.types()).containsExactly("endpoint.circuit.opened", "message.attempt.recovered");
        JsonNode data = house.events().getFirst().event().data();
        assertThat(data.path("failures").asInt()).isEqualTo(20);
        assertThat(data.path("nextAttempt").asText()).isEqualTo("1970-01-01T00:01:00Z");
    }

    @Test
    void theOperationalApplicationItselfIsNotToldOf() throws Exception {
        Endpoint own = house.endpoint(operator, "mine", false);
        house.settle(house.ended(house.message(operator), own, 500, new Verdict.Exhausted()));
        house.catalog.disable(own.no(), "it answered 410 Gone");
        assertThat(house.events()).isEmpty();
        assertThat(house.mails(house.clock.get()))
                .as("its owner gets mail all the same")
                .extracting(stored -> stored.mail().kind())
                .containsExactly(MailKind.EXHAUSTED, MailKind.DISABLED);
    }

    @Test
    void withoutAnOperationalApplicationNothingIsWritten() throws Exception {
        house.catalog.applications().delete(operator.envNo(), operator.id());
        house.settle(house.ended(house.message(app), endpoint, 500, new Verdict.Exhausted()));
        house.catalog.disable(endpoint.no(), "it answered 410 Gone");
        assertThat(house.events()).isEmpty();
    }

    @Test
    void disabledAndEnabledAreToldWithWhoDidIt() throws Exception {
        Instant since = Instant.parse("2026-01-02T03:04:05Z");
        house.catalog.disable(endpoint.no(), "it has failed for 5 days", since);
        house.disabled(app, endpoint, false);
        house.disabled(app, endpoint, true);
        assertThat(house.types()).containsExactly("endpoint.disabled", "endpoint.enabled", "endpoint.disabled");
        List<PgOutbox.Stored> told = house.events();
        JsonNode first = told.getFirst().event().data();
        assertThat(first.path("trigger").asText()).isEqualTo("automatic");
        assertThat(first.path("reason").asText()).isEqualTo("it has failed for 5 days");
        assertThat(first.path("failSince").asText()).isEqualTo(since.toString());
        JsonNode last = told.getLast().event().data();
        assertThat(last.path("trigger").asText()).isEqualTo("manual");
        assertThat(last.path("reason").isNull()).isTrue();
        assertThat(house.mails(house.clock.get()))
                .as("whoever did it knows it")
                .extracting(stored -> stored.mail().detail())
                .containsExactly("it has failed for 5 days");
    }

    @Test
    void aChangeThatFailsTellsNothing() throws Exception {
        Catalog failing = Catalog.load(house.db.jdbi(), SecretBox.open(null, folder), Clock.systemUTC(), tx -> {
            house.notices.marking(house.written.ownership()::fence).check(tx);
            throw new SQLException("the disk is full", "53100");
        });
        assertThatThrownBy(() -> failing.disable(endpoint.no(), "it answered 410 Gone"))
                .hasMessageContaining("the disk is full");
        assertThat(house.events()).isEmpty();
        assertThat(house.mails(house.clock.get())).isEmpty();
    }

    @Test
    void exhaustedOnesAreMailedOnceAnHourWithHowMany() throws Exception {
        house.settle(exhausted(3));
        house.settle(exhausted(2));
        assertThat(house.mails(house.clock.get()))
                .extracting(PgMails.Stored::told)
                .containsExactly(1);
        long later = house.clock.get() + PgMails.HOUR_MICROS;
        assertThat(house.mails(later)).extracting(PgMails.Stored::told).containsExactly(1, 4);
    }

    @Test
    void whatIsNotWantedAtOnceIsMailedAsExhausted() throws Exception {
        Endpoint patient = house.endpoint(app, "patient", false);
        house.settle(
                house.ended(house.message(app), patient, 422, new Verdict.Exhausted(true)),
                house.ended(house.message(app), endpoint, 422, new Verdict.Exhausted(true)));
        assertThat(house.mails(house.clock.get()))
                .extracting(stored -> stored.mail().kind())
                .containsExactly(MailKind.EXHAUSTED, MailKind.REJECTED);
    }

    @Test
    void rejectedOnesAreMailedAtOnceUpToSixtyAnHour() throws Exception {
        house.settle(rejected(59));
        house.settle(rejected(3));
        house.settle(rejected(1));
        assertThat(house.mails(house.clock.get())).hasSize(60).allMatch(stored -> stored.told() == 1);
        long later = house.clock.get() + PgMails.HOUR_MICROS;
        assertThat(house.mails(later))
                .hasSize(61)
                .last()
                .extracting(PgMails.Stored::told)
                .isEqualTo(3);
    }

    private Settlement[] exhausted(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> house.ended(house.message(app), endpoint, 500, new Verdict.Exhausted()))
                .toArray(Settlement[]::new);
    }

    private Settlement[] rejected(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> house.ended(house.message(app), endpoint, 422, new Verdict.Exhausted(true)))
                .toArray(Settlement[]::new);
    }

    @Test
    void aBacklogIsToldWhenItGrowsAndAgainOnlyAfterItFellByHalf() throws Exception {
        List<Message> messages =
                IntStream.range(0, 12).mapToObj(i -> house.message(app)).toList();
        park(messages.subList(0, 9));
        house.notices.backlogs();
        assertThat(house.types()).isEmpty();
        park(messages.subList(9, 11));
        house.notices.backlogs();
        house.notices.backlogs();
        assertThat(house.types()).containsExactly("endpoint.backlog");
        JsonNode data = house.events().getFirst().event().data();
        assertThat(data.path("backlog").asInt()).isEqualTo(11);
        assertThat(data.path("threshold").asInt()).isEqualTo(10);

        shrinkTo(5);
        house.notices.backlogs();
        park(messages);
        house.notices.backlogs();
        assertThat(house.types()).as("it was never below half").hasSize(1);

        shrinkTo(4);
        house.notices.backlogs();
        assertThat(house.notices.anyBacklogTold()).isFalse();
        park(messages);
        house.notices.backlogs();
        assertThat(house.types()).hasSize(2);
    }

    private void park(List<Message> messages) {
        house.settle(messages.stream()
                .map(message -> Written.parked(message, endpoint.no()))
                .toArray(Settlement[]::new));
    }

    private void shrinkTo(int rows) {
        house.db.jdbi().useHandle(handle -> handle.execute("""
                        delete from deferral where seq in (select seq from deferral order by seq offset ?)
                        """, rows));
    }

    @Test
    void limitsAreToldOnceAnHour() throws Exception {
        NoticeQueue queue = new NoticeQueue(house.notices);
        for (int i = 0; i < 2; i++) {
            queue.endpointLimitReached(app.no(), 50, 53);
            queue.databaseSizeReached(900, 1_000);
        }
        while (queue.write(0)) {
            assertThat(house.types()).containsOnly("limit.reached");
        }
        assertThat(house.events())
                .extracting(stored -> stored.event().data().toString())
                .containsExactly(
                        "{\"limit\":\"endpoints\",\"max\":50,\"value\":53,\"appId\":\"" + app.id()
                                + "\",\"appUid\":\"acme\"}",
                        "{\"limit\":\"databaseBytes\",\"max\":1000,\"value\":900}");
        house.clock.addAndGet(PgMails.HOUR_MICROS);
        queue.endpointLimitReached(app.no(), 50, 53);
        assertThat(queue.write(0)).isTrue();
        assertThat(house.events()).hasSize(3);
    }

    @Test
    void whatIsSaidOfSomethingThatIsGoneIsNotTold() throws Exception {
        NoticeQueue queue = new NoticeQueue(house.notices);
        queue.circuitOpened(app.no(), endpoint.no(), 20, 60_000_000);
        queue.endpointLimitReached(app.no(), 50, 53);
        house.catalog.applications().delete(app.envNo(), app.id());
        assertThat(queue.write(0)).isTrue();
        assertThat(queue.write(0)).isTrue();
        assertThat(house.events()).isEmpty();
    }

    @Test
    void aNoticeThatCannotBePutIntoWordsIsLeftOutAndTheNextIsTold() throws Exception {
        NoticeQueue early = new NoticeQueue(house.notYetOpen());
        early.circuitOpened(app.no(), endpoint.no(), 20, 60_000_000);
        assertThat(early.write(0)).as("its reports are not there, which throws").isTrue();

        NoticeQueue queue = new NoticeQueue(house.notices);
        // Such a moment has no text.
        queue.circuitOpened(app.no(), endpoint.no(), 20, Long.MAX_VALUE);
        queue.circuitOpened(app.no(), endpoint.no(), 21, 60_000_000);
        assertThat(queue.write(0)).isTrue();
        assertThat(queue.write(0)).isTrue();
        assertThat(house.events())
                .last()
                .satisfies(stored -> assertThat(
                                stored.event().data().path("failures").asInt())
                        .isEqualTo(21));
    }

    @Test
    void aBacklogThatSomebodyWantsIsNotTold() throws Exception {
        List<Message> messages =
                IntStream.range(0, 12).mapToObj(i -> house.message(app)).toList();
        park(messages);
        house.disabled(app, endpoint, true);
        house.notices.backlogs();
        assertThat(house.types()).containsExactly("endpoint.disabled");
        house.disabled(app, endpoint, false);
        house.notices.backlogs();
        assertThat(house.types()).containsExactly("endpoint.disabled", "endpoint.enabled", "endpoint.backlog");
    }

    @Test
    void aBacklogIsCountedUpToTwiceTheThreshold() throws Exception {
        park(IntStream.range(0, 25).mapToObj(i -> house.message(app)).toList());
        house.notices.backlogs();
        assertThat(house.events().getFirst().event().data().path("backlog").asInt())
                .isEqualTo(20);
    }

    @Test
    void theNextLookGoesOnWhereTheLastHadNoTimeForMore() throws Exception {
        for (int i = 0; i < 3; i++) {
            Endpoint each = house.endpoint(app, "e" + i, false);
            List<Message> messages =
                    IntStream.range(0, 10).mapToObj(k -> house.message(app)).toList();
            house.settle(messages.stream()
                    .map(message -> Written.parked(message, each.no()))
                    .toArray(Settlement[]::new));
        }
        long over = System.nanoTime() - 1;
        for (int i = 1; i <= 3; i++) {
            house.notices.backlogs(1, over);
            assertThat(house.types()).hasSize(i);
        }
        house.notices.backlogs(1, over);
        house.notices.backlogs(1, System.nanoTime() + 60_000_000_000L);
        assertThat(house.types()).as("and each is told once").hasSize(3).containsOnly("endpoint.backlog");
    }

    @Test
    void whatAgeEndsIsTold() throws Exception {
        NoticeQueue queue = new NoticeQueue(house.notices);
        queue.messagesExpired(app.no(), java.time.LocalDate.of(2026, 3, 1), 12, 3);
        queue.messagesExpired(operator.no(), java.time.LocalDate.of(2026, 3, 1), 12, 3);
        assertThat(queue.write(0)).isTrue();
        assertThat(queue.write(0)).isTrue();
        assertThat(house.types()).containsExactly("message.expired");
        assertThat(house.events().getFirst().event().data().toString())
                .isEqualTo("{\"appId\":\"" + app.id()
                        + "\",\"appUid\":\"acme\",\"day\":\"2026-03-01\",\"deliveries\":12,\"deadLetters\":3}");
    }
}
