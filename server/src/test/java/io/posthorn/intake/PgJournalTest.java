package io.posthorn.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.store.CuttingProxy;
import io.posthorn.store.Database;
import io.posthorn.store.DatabaseException;
import io.posthorn.store.DatabaseSettings;
import io.posthorn.store.Ownership;
import io.posthorn.store.TestDatabase;
import io.posthorn.store.WriterConnection;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PgJournalTest {
    private static final long HOUR = 3_600_000_000L;
    /** 23:00 in UTC. */
    private static final long EVENING = 1_767_308_400_000_000L;

    private CuttingProxy proxy;
    private Database db;
    private Database direct;
    private Ownership owner;
    private PgJournal journal;
    private final Ids ids = new Ids(42);
    private long now = EVENING;

    @BeforeEach
    void open() throws SQLException, DatabaseException, InterruptedException {
        DatabaseSettings settings = TestDatabase.settings();
        proxy = new CuttingProxy(settings);
        db = Database.open(proxy.through(settings));
        direct = Database.open(settings);
        owner = db.own("journal test");
        journal = new PgJournal(
                new WriterConnection(db, owner, "journal"),
                direct.partitions(),
                ids,
                () -> now,
                new long[Shards.COUNT],
                0);
    }

    @AfterEach
    void close() {
        journal.close();
        owner.close();
        db.close();
        direct.close();
        proxy.close();
    }

    private static Submission submission(int app, @Nullable String eventId, @Nullable String key, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new Submission(
                new NewMessage(
                        app,
                        "a.b",
                        eventId,
                        List.of("c1", "c2"),
                        List.of(),
                        bytes,
                        key == null ? null : new NewMessage.Idempotency(key.getBytes(StandardCharsets.UTF_8), bytes)),
                Runnable::run,
                result -> {});
    }

    private static Submission plain(int app) {
        return submission(app, null, null, "{\"n\": 1.00}");
    }

    private List<AcceptResult> append(Submission... batch) {
        assertThat(journal.append(List.of(batch))).isInstanceOf(Journal.Appended.Committed.class);
        List<AcceptResult> results = new ArrayList<>();
        for (Submission submission : batch) {
            results.add(Objects.requireNonNull(submission.result()));
        }
        return results;
    }

    private static Message message(AcceptResult result) {
        return switch (result) {
            case AcceptResult.Accepted(Message message) -> message;
            case AcceptResult.Repeated(Message message) -> message;
            default -> throw new AssertionError("not accepted: " + result);
        };
    }

    private List<Long> stored(int app) throws SQLException {
        List<Long> seqs = new ArrayList<>();
        try (Connection c = direct.dataSource().getConnection();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery("select seq from message where app_no = " + app + " order by seq")) {
            while (r.next()) {
                seqs.add(r.getLong(1));
            }
        }
        return seqs;
    }

    @Test
    void numbersAreGaplessWithinAShardAndShardsCountApart() throws SQLException {
        append(plain(1), plain(2), plain(1 + Shards.COUNT));
        append(plain(1), plain(2));
        assertThat(stored(1)).containsExactly(1L, 3L);
        assertThat(stored(1 + Shards.COUNT)).containsExactly(2L);
        assertThat(stored(2)).containsExactly(1L, 2L);
    }

    @Test
    void aSecondMessageWithAnEventIdIsToldTheFirst() throws SQLException {
        List<AcceptResult> same = append(
                submission(1, "e", null, "1"), submission(1, "e", null, "2"), submission(2, "e", null, "3"), plain(1));
        String first = message(same.getFirst()).id;
        assertThat(same.get(1)).isEqualTo(new AcceptResult.EventIdTaken(first));
        assertThat(same.get(2)).isInstanceOf(AcceptResult.Accepted.class);
        assertThat(append(submission(1, "e", null, "4"))).containsExactly(new AcceptResult.EventIdTaken(first));
        assertThat(stored(1)).as("no number is lost to the refused").containsExactly(1L, 2L);
    }

    @Test
    @Requirement("B26")
    void anIdempotencyKeyGivesTheFirstMessageAgain() throws SQLException {
        List<AcceptResult> same = append(submission(1, "e", "k", "1"), submission(1, "e", "k", "1"));
        Message first = message(same.getFirst());
        assertThat(same.get(1)).isInstanceOf(AcceptResult.Repeated.class);
        assertThat(message(same.get(1)).id).isEqualTo(first.id);
        List<AcceptResult> later =
                append(submission(1, "e", "k", "1"), submission(1, null, "k", "other"), submission(2, null, "k", "1"));
        assertThat(message(later.getFirst()).id).isEqualTo(first.id);
        assertThat(later.get(1)).isEqualTo(new AcceptResult.KeyReused());
        assertThat(later.get(2)).isInstanceOf(AcceptResult.Accepted.class);
        assertThat(stored(1)).containsExactly(1L);
    }

    private static Submission refused(int app, @Nullable String eventId, @Nullable String key, String body) {
        return Submission.repeat(
                new ParsedMessage.Refused(submission(app, eventId, key, body).message, WRONG),
                Runnable::run,
                result -> {});
    }

    private static final List<ParsedMessage.Problem> WRONG =
            List.of(new ParsedMessage.Problem(List.of("payload"), "must be stricter", "value_error.schema"));

    /** What was accepted stays accepted, whatever the catalogue promises since. */
    @Test
    @Requirement("B26")
    void aMessageThatIsRefusedNowIsAnsweredAsAtFirstIfItWasAccepted() throws SQLException {
        String first = message(append(submission(1, "e", "k", "1")).getFirst()).id;
        List<AcceptResult> later = append(
                refused(1, "e", "k", "1"),
                refused(1, null, "k", "2"),
                refused(1, "e", null, "1"),
                refused(1, "new", "fresh", "1"),
                submission(1, "new", "fresh", "1"),
                refused(1, "new", "fresh", "1"));
        assertThat(message(later.getFirst()).id).isEqualTo(first);
        assertThat(later.get(1)).isEqualTo(new AcceptResult.KeyReused());
        assertThat(later.get(2)).isEqualTo(new AcceptResult.EventIdTaken(first));
        assertThat(later.get(3)).isEqualTo(new AcceptResult.Refused(WRONG));
        assertThat(later.get(4)).as("what was only looked for holds no key").isInstanceOf(AcceptResult.Accepted.class);
        assertThat(message(later.get(5)).id).isEqualTo(message(later.get(4)).id);
        assertThat(append(refused(1, null, "other", "1"))).containsExactly(new AcceptResult.Refused(WRONG));
        assertThat(stored(1)).containsExactly(1L, 2L);
    }

    @Test
    void anIdempotencyKeyHoldsForTwelveHoursAlsoOverMidnight() throws SQLException {
        Message first = message(append(submission(1, null, "k", "1")).getFirst());
        now += 12 * HOUR - 1;
        assertThat(message(append(submission(1, null, "k", "1")).getFirst()).id).isEqualTo(first.id);
        now += 1;
        Message second = message(append(submission(1, null, "k", "1")).getFirst());
        assertThat(second.seq).isEqualTo(2);
        now += 12 * HOUR
                + 30 * 60_000_000L; // 23:30 of the same day as the second: its row is replaced in its partition
        assertThat(message(append(submission(1, null, "k", "1")).getFirst()).seq)
                .isEqualTo(3);
        assertThat(stored(1)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void theClockGoesBackAndTheMessagesDoNot() {
        Message first = message(append(plain(1)).getFirst());
        now -= 5 * HOUR;
        assertThat(message(append(plain(1)).getFirst()).createdAt).isEqualTo(first.createdAt);
    }

    @Test
    void aCommitWhoseAnswerIsLostIsFoundAndHandedOnOnce() throws SQLException {
        append(plain(1));
        proxy.arm(CuttingProxy.Cut.AFTER_COMMIT);
        assertThat(journal.append(List.of(submission(1, null, "k", "1"), plain(2))))
                .isInstanceOf(Journal.Appended.Unavailable.class);
        assertThat(proxy.hasCut()).isTrue();
        assertThat(journal.inDoubt()).isTrue();

        Submission again = submission(1, null, "k", "1");
        Journal.Appended after = journal.append(List.of(again, plain(1)));
        assertThat(after)
                .isInstanceOfSatisfying(
                        Journal.Appended.Committed.class,
                        committed -> assertThat(committed.accepted())
                                .extracting(m -> m.appNo + "/" + m.seq)
                                .containsExactly("1/2", "2/1", "1/3"));
        assertThat(again.result())
                .isInstanceOfSatisfying(
                        AcceptResult.Repeated.class,
                        repeated -> assertThat(repeated.message().seq).isEqualTo(2));
        assertThat(journal.inDoubt()).isFalse();
        assertThat(stored(1)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aCommitThatDidNotHappenLeavesNothingAndItsNumbersAreUsedAgain() throws SQLException {
        append(plain(1));
        proxy.arm(CuttingProxy.Cut.BEFORE_COMMIT);
        assertThat(journal.append(List.of(plain(1), plain(2)))).isInstanceOf(Journal.Appended.Unavailable.class);
        assertThat(proxy.hasCut()).isTrue();
        assertThat(message(append(plain(1)).getFirst()).seq).isEqualTo(2);
        assertThat(journal.inDoubt()).isFalse();
        assertThat(stored(1)).containsExactly(1L, 2L);
        assertThat(stored(2)).isEmpty();
    }

    @Test
    void anIdleJournalSettlesItsDoubtWithAnEmptyBatch() {
        append(plain(1));
        proxy.arm(CuttingProxy.Cut.AFTER_COMMIT);
        journal.append(List.of(plain(1)));
        assertThat(journal.append(List.of()))
                .isInstanceOfSatisfying(
                        Journal.Appended.Committed.class,
                        found -> assertThat(found.accepted()).hasSize(1));
    }

    @Test
    void theDatabaseGoesAwayAndComesBack() throws SQLException {
        append(plain(1));
        proxy.goAway();
        for (int i = 0; i < 3; i++) {
            assertThat(journal.append(List.of(plain(1)))).isInstanceOf(Journal.Appended.Unavailable.class);
        }
        proxy.comeBack();
        assertThat(message(append(plain(1)).getFirst()).seq).isEqualTo(2);
        assertThat(stored(1)).containsExactly(1L, 2L);
    }
}
