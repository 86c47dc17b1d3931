package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.history.DeadLetter.Why;
import io.posthorn.history.DeadLetters.Discarded;
import io.posthorn.history.DeadLetters.Ref;
import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.history.Redeliveries.Resent;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class DeadLettersTest {
    private static final long BASE = Time.micros(Instant.parse("2026-03-10T20:00:00Z"));
    private static final long NOW = BASE + 3_600_000_000L;

    private static final Database db = TestDatabase.fresh();
    private static final Written written = new Written(db);
    private static final Redeliveries redeliveries =
            new PgRedeliveries(db.dataSource(), written.ownership()::fence, written.ids);
    private static final DeadLetters letters =
            new PgDeadLetters(db.dataSource(), written.ownership()::fence, written.ids, db.partitions());
    private static final History history = new PgHistory(db.dataSource(), written.ids, 2);
    private static final PgBacklog backlog = new PgBacklog(db.dataSource(), written.ids);

    private final int app = written.app();
    private final int endpoint = written.endpoint(app);

    @AfterAll
    static void close() {
        written.close();
        db.close();
    }

    private Message message(int second, String type) {
        return written.message(app, BASE + second * 1_000_000L, type);
    }

    private Settlement outcome(Message m, int number, int code, Verdict verdict) {
        Attempt attempt = Written.response(number, m.createdAt + number * 1_000L, code, "");
        return new Settlement(
                app,
                endpoint,
                m.seq,
                m.createdAt,
                number,
                number > 1,
                attempt,
                verdict,
                number - 1,
                number > 1,
                0,
                0,
                number > 1);
    }

    private Message dead(int second, String type, Verdict verdict) {
        Message m = message(second, type);
        written.settle(outcome(m, 1, 500, verdict));
        return m;
    }

    private DeadLetter.Wanted wanted(@Nullable Integer endpointNo, List<String> types, @Nullable Why why) {
        return new DeadLetter.Wanted(app, endpointNo, types, why, 0, Filter.FOREVER);
    }

    private List<DeadLetter> all() {
        return history.deadLetters(wanted(null, List.of(), null), new Reach(null, true, 100, false))
                .rows();
    }

    private List<Long> seqs() {
        return all().stream().map(DeadLetter::seq).toList();
    }

    private Ref ref(Message m) {
        return new Ref(endpoint, m.id, m.seq);
    }

    private List<Due> due() throws Exception {
        return backlog.fetch(endpoint, NOW, new long[0], 100, 1 << 20).due();
    }

    @Test
    @Requirement("D24")
    void whatEndsWithoutSuccessStandsInTheListUntilARedeliverySucceeds() {
        Message m = dead(0, "a.b", new Verdict.Exhausted());
        Message fine = message(1, "a.b");
        written.settle(outcome(fine, 1, 200, new Verdict.Delivered()));

        DeadLetter letter = all().getFirst();
        assertThat(letter)
                .isEqualTo(new DeadLetter(
                        m.id,
                        m.seq,
                        m.createdAt,
                        "a.b",
                        endpoint,
                        m.createdAt + 1_000 + 12_345,
                        1,
                        Why.EXHAUSTED,
                        AttemptStatus.RESPONSE,
                        500,
                        false));
        assertThat(seqs()).containsExactly(m.seq);

        assertThat(redeliveries.replay(app, endpoint, false, List.of(ref(m)), NOW))
                .isEqualTo(Map.of(ref(m), Resent.QUEUED));
        assertThat(all()).extracting(DeadLetter::redelivering).containsExactly(true);
        written.settle(outcome(m, 2, 410, new Verdict.Gone()));
        assertThat(all()).extracting(DeadLetter::why).containsExactly(Why.GONE);
        assertThat(all()).extracting(DeadLetter::attempts).containsExactly(2);
        redeliveries.replay(app, endpoint, false, List.of(ref(m)), NOW);
        written.settle(outcome(m, 3, 200, new Verdict.Delivered()));
        assertThat(all()).isEmpty();
    }

    @Test
    void whatHasNotEndedIsNoDeadLetter() {
        written.settle(outcome(message(0, "a"), 1, 500, new Verdict.RetryAt(NOW)));
        written.settle(Written.parked(message(1, "a"), endpoint));
        Message cancelled = message(2, "a");
        written.settle(Written.outcome(
                cancelled,
                endpoint,
                Written.failure(1, NOW, AttemptStatus.CANCELLED, "cancelled"),
                new Verdict.Cancelled()));
        Message old = message(3, "a");
        written.settle(Written.outcome(
                old, endpoint, Written.failure(1, NOW, AttemptStatus.SUPERSEDED, "by"), new Verdict.Superseded("by")));
        assertThat(all()).isEmpty();
    }

    @Test
    void whyItEnded() {
        dead(0, "a", new Verdict.Exhausted());
        dead(1, "a", new Verdict.Gone());
        dead(2, "a", new Verdict.Held());
        Message m = message(3, "a");
        written.settle(Written.outcome(
                m, endpoint, Written.failure(1, NOW, AttemptStatus.EXPIRED, "waited"), new Verdict.Exhausted()));
        assertThat(all()).extracting(DeadLetter::why).containsExactly(Why.EXHAUSTED, Why.GONE, Why.HELD, Why.EXPIRED);
        assertThat(all()).extracting(DeadLetter::redelivering).containsOnly(false);
    }

    /** The same outcome may be written twice in one transaction, when a batch gathers two rounds. */
    @Test
    void twoDeathsInOneCommitAreOne() {
        Message m = message(0, "a");
        written.settle(outcome(m, 1, 500, new Verdict.Exhausted()), outcome(m, 2, 502, new Verdict.Exhausted()));
        assertThat(all()).extracting(DeadLetter::responseCode).containsExactly(502);
    }

    @Test
    void theListIsFilteredAndReadPageByPage() {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            messages.add(dead(i, i % 2 == 0 ? "even" : "odd", i == 3 ? new Verdict.Gone() : new Verdict.Exhausted()));
        }
        int other = written.endpoint(app);
        written.settle(Written.outcome(
                messages.getFirst(),
                other,
                Written.response(1, messages.getFirst().createdAt + 1_000, 404, ""),
                new Verdict.Exhausted()));
        assertThat(history.deadLetters(wanted(endpoint, List.of("odd"), null), new Reach(null, false, 10, false))
                        .rows())
                .extracting(DeadLetter::seq)
                .containsExactly(messages.get(5).seq, messages.get(3).seq, messages.get(1).seq);
        assertThat(history.deadLetters(wanted(null, List.of(), Why.GONE), new Reach(null, false, 10, false))
                        .rows())
                .extracting(DeadLetter::seq)
                .containsExactly(messages.get(3).seq);
        DeadLetter.Wanted between =
                new DeadLetter.Wanted(app, null, List.of(), null, messages.get(2).createdAt, messages.get(4).createdAt);
        assertThat(history.deadLetters(between, new Reach(null, true, 10, false))
                        .rows())
                .extracting(DeadLetter::seq)
                .containsExactly(messages.get(2).seq, messages.get(3).seq);

        for (boolean up : new boolean[] {true, false}) {
            for (@Nullable Integer only : new @Nullable Integer[] {null, endpoint}) {
                List<String> read = new ArrayList<>();
                Place after = null;
                boolean more = true;
                while (more) {
                    Slice<DeadLetter> page =
                            history.deadLetters(wanted(only, List.of(), null), new Reach(after, up, 3, false));
                    page.rows().forEach(letter -> read.add(letter.seq() + "/" + letter.endpointNo()));
                    DeadLetter last = page.rows().getLast();
                    after = new Place(last.diedAt(), last.seq(), only == null ? last.endpointNo() : 0);
                    more = page.more();
                }
                assertThat(read).doesNotHaveDuplicates().hasSize(only == null ? 8 : 7);
            }
        }
        int stranger = written.app();
        assertThat(history.deadLetters(
                                new DeadLetter.Wanted(stranger, null, List.of(), null, 0, Filter.FOREVER),
                                new Reach(null, true, 10, false))
                        .rows())
                .isEmpty();
    }

    /** Neither sorted nor passed over: a page costs the same, however many there are. */
    @Test
    void aPageIsReadInTheOrderOfAnIndex() throws Exception {
        Message m = dead(0, "a", new Verdict.Exhausted());
        for (@Nullable Integer only : new @Nullable Integer[] {null, endpoint}) {
            for (@Nullable
            Place after : new @Nullable Place[] {null, new Place(m.createdAt, m.seq, only == null ? endpoint : 0)}) {
                StringBuilder plan = new StringBuilder();
                try (Connection tx = db.dataSource().getConnection();
                        Statement first = tx.createStatement()) {
                    tx.setAutoCommit(false);
                    first.execute(PgHistory.begin(10_000));
                    PgSelect select =
                            PgDeadLetters.select(wanted(only, List.of(), null), new Reach(after, false, 10, false));
                    try (PreparedStatement explain = select.prepare(tx, "explain ");
                            ResultSet row = explain.executeQuery()) {
                        while (row.next()) {
                            plan.append(row.getString(1)).append('\n');
                        }
                    }
                    tx.rollback();
                }
                assertThat(plan.toString())
                        .contains(only == null ? "using dead_letter_app " : "using dead_letter_endpoint ")
                        .contains("deferral_pkey")
                        .doesNotContain("Sort", "Seq Scan");
            }
        }
    }

    @Test
    void onlyWhatIsMeantIsReplayed() throws Exception {
        Message m = dead(0, "a", new Verdict.Exhausted());
        Message without = dead(1, "a", new Verdict.Exhausted());
        db.jdbi()
                .useHandle(h ->
                        h.execute("update message set payload = null where app_no = ? and seq = ?", app, without.seq));
        Message often = message(2, "a");
        written.settle(Written.outcome(
                often, endpoint, Written.response(30_001, often.createdAt, 500, ""), new Verdict.Exhausted()));
        Ref wrongId = new Ref(endpoint, "msg_of_another", m.seq);
        Ref none = new Ref(endpoint, "msg_none", 4_711);
        List<Ref> refs = List.of(ref(m), ref(without), ref(often), wrongId, none);

        assertThat(redeliveries.replay(written.app(), endpoint, false, refs, NOW))
                .as("of another application")
                .containsOnlyKeys(refs)
                .allSatisfy((ref, resent) -> assertThat(resent).isEqualTo(Resent.GONE));
        assertThat(redeliveries.replay(app, endpoint, false, refs, NOW))
                .isEqualTo(Map.of(
                        ref(m),
                        Resent.QUEUED,
                        ref(without),
                        Resent.NO_CONTENT,
                        ref(often),
                        Resent.TOO_OFTEN,
                        wrongId,
                        Resent.GONE,
                        none,
                        Resent.GONE));
        Due due = due().getFirst();
        assertThat(due.message().seq).isEqualTo(m.seq);
        assertThat(due.attempts()).isEqualTo(1);
        assertThat(due.base()).isEqualTo(1);
        assertThat(due.manual()).isTrue();
        assertThat(due.aside()).isTrue();
        assertThat(redeliveries.replay(app, endpoint, false, List.of(ref(m)), NOW))
                .isEqualTo(Map.of(ref(m), Resent.HASTENED));
    }

    /** Attempts may be kept for a shorter time than messages. */
    @Test
    void theNumbersGoOnAlthoughTheLogIsGone() throws Exception {
        Message m = message(0, "a");
        written.settle(Written.outcome(
                m, endpoint, Written.response(6, m.createdAt + 1_000, 500, ""), new Verdict.Exhausted()));
        db.jdbi().useHandle(h -> h.execute("delete from attempt where app_no = ?", app));
        redeliveries.replay(app, endpoint, false, List.of(ref(m)), NOW);
        assertThat(due()).extracting(Due::attempts).containsExactly(6);
    }

    @Test
    void oneThatIsHeldGoesOnInItsPlace() throws Exception {
        Message m = dead(0, "a", new Verdict.Held());
        assertThat(due()).isEmpty();
        assertThat(redeliveries.replay(app, endpoint, true, List.of(ref(m)), NOW))
                .isEqualTo(Map.of(ref(m), Resent.HASTENED));
        Due due = due().getFirst();
        assertThat(due.reason()).isEqualTo(DeferralReason.RETRY);
        assertThat(due.base()).isEqualTo(1);
        assertThat(due.aside()).isFalse();
        assertThat(all()).extracting(DeadLetter::redelivering).containsExactly(true);
        written.settle(outcome(m, 2, 200, new Verdict.Delivered()));
        assertThat(all()).isEmpty();
        assertThat(due()).isEmpty();
    }

    @Test
    void whatIsDiscardedLeavesTheListAndNotTheLog() {
        Message m = dead(0, "a", new Verdict.Exhausted());
        Message kept = dead(1, "a", new Verdict.Exhausted());
        Ref wrongId = new Ref(endpoint, "msg_of_another", kept.seq);
        assertThat(letters.discard(written.app(), List.of(ref(m)), NOW).refs()).isEmpty();

        Discarded discarded = letters.discard(app, List.of(ref(m), wrongId), NOW);
        assertThat(discarded).isEqualTo(new Discarded(List.of(ref(m)), Set.of(), Map.of(), false));
        assertThat(seqs()).containsExactly(kept.seq);
        assertThat(history.attemptsOf(m, null, Filter.ALL, new Reach(null, true, 10, true))
                        .rows())
                .hasSize(1);
        assertThat(letters.discard(app, List.of(ref(m)), NOW).refs()).isEmpty();
    }

    @Test
    void oneThatIsHeldAndDiscardedEndsVisibly() throws Exception {
        Message m = dead(0, "a", new Verdict.Held());
        Discarded discarded = letters.discard(app, List.of(ref(m)), NOW);
        assertThat(discarded.released()).isEqualTo(Map.of(endpoint, Set.of(m.seq)));
        LoggedAttempt last = history.attemptsOf(m, null, Filter.ALL, new Reach(null, false, 10, true))
                .rows()
                .getFirst();
        assertThat(last.attempt().status()).isEqualTo(AttemptStatus.CANCELLED);
        assertThat(last.attempt().number()).isEqualTo(2);
        assertThat(last.verdict()).isEqualTo(new Verdict.Cancelled());
        assertThat(last.manual()).isTrue();
        assertThat(backlog.fetch(endpoint, Filter.FOREVER, new long[0], 10, 1 << 20)
                        .due())
                .isEmpty();
        assertThat(all()).isEmpty();
    }

    @Test
    void whatIsDescribedIsDiscarded() {
        Message m = dead(0, "a", new Verdict.Exhausted());
        Message gone = dead(1, "a", new Verdict.Gone());
        Message other = dead(2, "b", new Verdict.Exhausted());
        Discarded discarded = letters.discard(wanted(endpoint, List.of("a"), Why.EXHAUSTED), NOW);
        assertThat(discarded.refs()).containsExactly(ref(m));
        assertThat(discarded.more()).isFalse();
        assertThat(letters.discard(
                                new DeadLetter.Wanted(
                                        app, endpoint, List.of(), null, other.createdAt, other.createdAt + 1_000_000),
                                NOW)
                        .refs())
                .containsExactly(ref(other));
        assertThat(seqs()).containsExactly(gone.seq);
    }

    /** Whoever holds many rows and waited for others could wait for ever. */
    @Test
    void whatTheRecorderWritesAboutIsPassedOver() throws Exception {
        Message m = dead(0, "a", new Verdict.Exhausted());
        Message free = dead(1, "a", new Verdict.Exhausted());
        redeliveries.replay(app, endpoint, false, List.of(ref(m)), NOW);
        try (Connection recorder = db.dataSource().getConnection();
                Statement statement = recorder.createStatement()) {
            recorder.setAutoCommit(false);
            statement.execute(
                    "select from dead_letter where endpoint_no = " + endpoint + " and seq = " + m.seq + " for update");
            statement.execute(
                    "select from deferral where endpoint_no = " + endpoint + " and seq = " + m.seq + " for update");
            Discarded discarded = letters.discard(app, List.of(ref(m), ref(free)), NOW);
            assertThat(discarded.refs()).containsExactly(ref(free));
            assertThat(discarded.busy()).containsExactly(ref(m));
            assertThat(redeliveries.replay(app, endpoint, false, List.of(ref(m)), NOW))
                    .isEqualTo(Map.of(ref(m), Resent.UNDER_WAY));
            recorder.rollback();
        }
        assertThat(letters.discard(app, List.of(ref(m)), NOW).refs()).containsExactly(ref(m));
    }

    @Test
    void theyGoWithTheirEndpoint() throws Exception {
        Message m = dead(0, "a", new Verdict.Exhausted());
        db.jdbi().useHandle(h -> h.execute("delete from endpoint where no = ?", endpoint));
        written.settle(outcome(message(1, "a"), 1, 500, new Verdict.Exhausted()));
        assertThat(seqs()).as("one that dies later is none").containsExactly(m.seq);
        backlog.forget(endpoint);
        assertThat(all()).isEmpty();

        int other = written.endpoint(app);
        written.settle(
                Written.outcome(m, other, Written.response(1, m.createdAt + 1_000, 500, ""), new Verdict.Exhausted()));
        db.jdbi().useHandle(h -> h.execute("delete from endpoint where no = ?", other));
        backlog.summaries(summary -> {});
        assertThat(all()).as("the next start removes what was left").isEmpty();
    }
}
