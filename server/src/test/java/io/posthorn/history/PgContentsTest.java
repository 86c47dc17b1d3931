package io.posthorn.history;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.StaleOwnerException;
import io.posthorn.store.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PgContentsTest {
    private static final long NOON = 1_767_268_800_000_000L;

    private final Database db = TestDatabase.fresh();
    private final Written written = new Written(db);
    private int acts;
    private final PgContents contents = new PgContents(
            db.dataSource(),
            tx -> {
                written.ownership().fence(tx);
                acts++;
            },
            written.ownership()::fence);
    private final PgHistory history = new PgHistory(db.dataSource(), written.ids, 2);
    private final PgBacklog backlog = new PgBacklog(db.dataSource(), written.ids);

    @AfterEach
    void close() {
        written.close();
        db.close();
    }

    private long rows(String table) {
        return db.jdbi()
                .withHandle(handle -> handle.createQuery("select count(*) from " + table)
                        .mapTo(Long.class)
                        .one());
    }

    @Test
    void aMessageKeepsEverythingButItsPayload() {
        int app = written.app();
        Message message = written.message(app, NOON, "a.b");
        Message other = written.message(app, NOON + 1, "a.b");

        assertThat(contents.deletePayload(message)).isTrue();
        assertThat(contents.deletePayload(message)).as("once more").isTrue();

        Message read = requireNonNull(history.message(app, message.id, true));
        assertThat(read.hasContent()).isFalse();
        assertThat(read.eventType).isEqualTo("a.b");
        assertThat(requireNonNull(history.message(app, other.id, true)).payload).isEqualTo(other.payload);
        assertThat(history.messages(app, Filter.ALL, new History.Reach(null, true, 9, true))
                        .rows())
                .extracting(Message::hasContent)
                .containsExactly(false, true);
        Message never = written.next(app, NOON, "a.b", null, List.of(), List.of(), new byte[] {'1'});
        assertThat(contents.deletePayload(never)).isFalse();
    }

    @Test
    void whatWaitsInTheBacklogEndsButForWhatOthersEnd() throws Exception {
        int app = written.app();
        int one = written.endpoint(app);
        int two = written.endpoint(app);
        Message message = written.message(app, NOON, "a.b");
        Message other = written.message(app, NOON + 1, "a.b");
        written.settle(
                Written.parked(message, one),
                Written.parked(message, two),
                Written.parked(other, one),
                Written.parked(other, two));
        contents.deletePayload(message);
        assertThat(contents.endDeferred(message, List.of(two))).isEqualTo(1);
        assertThat(acts).as("what follows is no act of its own").isEqualTo(1);
        assertThat(rows("deferral")).isEqualTo(3);

        // One that nobody has ended is removed by the look that comes upon it, and the rest is found.
        Backlog.Fetched fetched = backlog.fetch(two, NOON + 10, new long[0], 9, 1 << 20);
        assertThat(fetched.due()).extracting(due -> due.message().seq).containsExactly(other.seq);
        assertThat(fetched.forgotten()).isEqualTo(1);
        assertThat(rows("deferral")).isEqualTo(2);
    }

    @Test
    void recoveryReadsThatThereIsNoContentAndForWhomAMessageIs() throws Exception {
        int app = written.app();
        int only = written.endpoint(app);
        Message gone = written.message(app, NOON, "a.b");
        Message next = written.next(app, NOON + 1, "a.b", null, List.of(), List.of(), new byte[] {'1'});
        Message forOne = new Message(
                app, next.seq, NOON + 1, next.id, "a.b", null, List.of(), List.of(), new byte[] {'1'}, only, null, 0);
        written.write(List.of(forOne));
        contents.deletePayload(gone);

        PgUnsettled unsettled = new PgUnsettled(db.dataSource(), written.ids);
        List<Message> read = new java.util.ArrayList<>();
        unsettled.read(unsettled.standings(), page -> page.forEach(owed -> read.add(owed.message())));
        assertThat(read).extracting(Message::hasContent).containsExactly(false, true);
        assertThat(read).extracting(m -> m.onlyEndpointNo).containsExactly(0, only);
        assertThat(requireNonNull(history.message(app, forOne.id, true)).onlyEndpointNo)
                .isEqualTo(only);
        written.settle(Written.parked(forOne, only));
        assertThat(backlog.fetch(only, NOON + 10, new long[0], 9, 1 << 20).due())
                .extracting(due -> due.message().onlyEndpointNo)
                .containsExactly(only);
    }

    @Test
    void anAttemptKeepsItsOutcomeButNotWhatWasAnswered() {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message message = written.message(app, NOON, "a.b");
        written.settle(
                Written.outcome(
                        message, endpoint, Written.response(1, NOON + 1, 500, "secret"), new Verdict.RetryAt(NOON + 2)),
                Written.outcome(
                        message, endpoint, Written.response(2, NOON + 3, 200, "kept"), new Verdict.Delivered()));
        List<LoggedAttempt> attempts = history.attemptsOf(
                        message, null, Filter.ALL, new History.Reach(null, true, 9, true))
                .rows();

        assertThat(contents.deleteResponse(message, attempts.getFirst())).isTrue();

        LoggedAttempt first =
                requireNonNull(history.attempt(message, attempts.getFirst().id()));
        assertThat(first.attempt().body()).isNull();
        assertThat(first.attempt().headers()).isNull();
        assertThat(first.attempt().responseCode()).isEqualTo(500);
        LoggedAttempt second =
                requireNonNull(history.attempt(message, attempts.getLast().id()));
        assertThat(new String(requireNonNull(second.attempt().body()), StandardCharsets.UTF_8))
                .isEqualTo("kept");
        Message other = written.message(app, NOON + 9, "a.b");
        assertThat(contents.deleteResponse(other, second)).isFalse();
    }

    @Test
    void allThatWasAnsweredToAMessageGoes() {
        int app = written.app();
        int one = written.endpoint(app);
        int two = written.endpoint(app);
        Message message = written.message(app, NOON, "a.b");
        Message other = written.message(app, NOON + 1, "a.b");
        written.settle(
                Written.delivered(message, one),
                Written.outcome(
                        message,
                        two,
                        Written.failure(1, NOON + 5, AttemptStatus.PROTOCOL, "it said what"),
                        new Verdict.Exhausted()),
                Written.delivered(other, one));
        contents.deleteResponses(message);
        History.Reach all = new History.Reach(null, true, 9, true);
        assertThat(history.attemptsOf(message, null, Filter.ALL, all).rows())
                .hasSize(2)
                .allSatisfy(logged -> {
                    assertThat(logged.attempt().body()).isNull();
                    assertThat(logged.attempt().headers()).isNull();
                    assertThat(logged.attempt().detail()).isNull();
                });
        assertThat(history.attemptsOf(other, null, Filter.ALL, all).rows())
                .singleElement()
                .satisfies(logged -> assertThat(logged.attempt().body()).isNotNull());
    }

    @Test
    void aNodeThatOwnsNothingDeletesNothing() {
        int app = written.app();
        Message message = written.message(app, NOON, "a.b");
        db.jdbi().useHandle(handle -> handle.execute("update ownership set epoch = epoch + 1"));
        assertThatThrownBy(() -> contents.deletePayload(message))
                .isInstanceOf(HistoryException.class)
                .hasCauseInstanceOf(StaleOwnerException.class);
        assertThat(requireNonNull(history.message(app, message.id, true)).hasContent())
                .isTrue();
    }

    /** Partitions of an older version, which were made as tables of their own, give their payloads up as well. */
    @Test
    void theMigrationReachesThePartitionsThatAreThere() throws IOException, SQLException {
        db.jdbi()
                .useHandle(handle -> handle.execute(
                        "alter table message drop column only_endpoint_no," + " alter payload set not null"));
        db.partitions().ensure(LocalDate.of(2020, 1, 1));
        String migration;
        try (InputStream in = requireNonNull(PgContents.class.getResourceAsStream("/db/migration/V5__content.sql"))) {
            migration = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        db.jdbi().useHandle(handle -> handle.getConnection().createStatement().execute(migration));

        int app = written.app();
        Message old = written.message(app, Time.micros(java.time.Instant.parse("2020-01-01T10:00:00Z")), "a.b");
        assertThat(contents.deletePayload(old)).isTrue();
    }
}
