package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What lanes with an order read of the backlog, in a real PostgreSQL. */
class OrderedBacklogTest {
    private static final long BASE = Time.micros(Instant.parse("2026-03-10T20:00:00Z"));
    private static final long NOW = BASE + 3_600_000_000L;
    private static final long LATER = NOW + 600_000_000L;
    private static final long A = 11;
    private static final long B = 22;
    private static final int VERSION = 7;
    private static final long[] NONE = {};

    private static final Database db = TestDatabase.fresh();
    private static final Written written = new Written(db);
    private static final PgBacklog backlog = new PgBacklog(db.dataSource(), written.ids);

    private final int app = written.app();
    private final int endpoint = written.endpoint(app);
    private final List<Message> messages = new ArrayList<>();

    @AfterAll
    static void close() {
        written.close();
        db.close();
    }

    private Message message() {
        Message message = written.message(app, BASE + messages.size() * 1_000_000L, "a.b");
        messages.add(message);
        return message;
    }

    private Settlement settlement(Message m, boolean row, Verdict verdict, long key, boolean aside) {
        return new Settlement(
                app, endpoint, m.seq, m.createdAt, 0, row, null, verdict, 0, false, key, key == 0 ? 0 : VERSION, aside);
    }

    private void waits(Message m, long dueAt, DeferralReason reason, long key) {
        written.settle(settlement(m, false, new Verdict.Parked(dueAt, reason), key, false));
    }

    private void retries(Message m, long dueAt, long key) {
        written.settle(new Settlement(
                app,
                endpoint,
                m.seq,
                m.createdAt,
                1,
                false,
                Written.response(1, m.createdAt + 1_000, 500, ""),
                new Verdict.RetryAt(dueAt),
                0,
                false,
                key,
                key == 0 ? 0 : VERSION,
                false));
    }

    private Backlog.Fetched read(long after, boolean nothing, boolean keyed, boolean latest, int most, long... shut)
            throws Exception {
        return backlog.fetch(
                endpoint, NOW, NONE, new Backlog.Ordered(after, shut, nothing, keyed, latest), most, 1 << 20);
    }

    private static List<Long> seqs(Backlog.Fetched fetched) {
        return fetched.due().stream().map(due -> due.message().seq).toList();
    }

    @Test
    void itIsReadInTheOrderOfAcceptanceWhateverIsDueWhen() throws Exception {
        Message first = message();
        Message second = message();
        Message third = message();
        waits(third, NOW - 3, DeferralReason.LANE_FULL, 0);
        waits(second, NOW - 2, DeferralReason.PAUSED, 0);
        retries(first, LATER, 0);
        assertThat(seqs(read(0, false, false, false, 10))).containsExactly(first.seq, second.seq, third.seq);
        assertThat(seqs(read(first.seq, false, false, false, 10))).containsExactly(second.seq, third.seq);
        assertThat(seqs(read(0, true, false, false, 10))).isEmpty();
        Backlog.Fetched page = read(0, false, false, false, 2);
        assertThat(seqs(page)).containsExactly(first.seq, second.seq);
        assertThat(page.behind()).isTrue();
    }

    @Test
    void shutKeysAreLeftOut() throws Exception {
        Message a = message();
        Message b = message();
        Message none = message();
        retries(a, LATER, A);
        waits(b, NOW - 1, DeferralReason.ORDER, B);
        waits(none, NOW - 1, DeferralReason.LANE_FULL, 0);
        assertThat(seqs(read(0, false, true, false, 10))).containsExactly(a.seq, b.seq, none.seq);
        assertThat(seqs(read(0, false, true, false, 10, A))).containsExactly(b.seq, none.seq);
        assertThat(seqs(read(0, false, true, false, 10, A, B))).containsExactly(none.seq);
    }

    /** What waits for a time of its own is read when that has come, however far the reading is. */
    @Test
    void whatBecomesDueIsReadBehindTheCursor() throws Exception {
        Message scheduled = message();
        Message retried = message();
        Message last = message();
        waits(scheduled, NOW + 5, DeferralReason.SCHEDULED, A);
        retries(retried, NOW + 5, 0);
        waits(last, NOW - 1, DeferralReason.ORDER, B);
        assertThat(seqs(read(0, false, true, false, 10))).containsExactly(last.seq);
        Backlog.Fetched then = backlog.fetch(
                endpoint, NOW + 5, NONE, new Backlog.Ordered(last.seq, NONE, false, true, false), 10, 1 << 20);
        assertThat(seqs(then)).containsExactly(scheduled.seq, retried.seq);
        assertThat(seqs(backlog.fetch(
                        endpoint,
                        NOW + 5,
                        NONE,
                        new Backlog.Ordered(last.seq, new long[] {A}, false, true, false),
                        10,
                        1 << 20)))
                .as("its chain is shut")
                .containsExactly(retried.seq);
        // in a strict order a retry is the first of all, and no time of its own lets it pass anybody
        assertThat(seqs(backlog.fetch(
                        endpoint,
                        NOW + 5,
                        NONE,
                        new Backlog.Ordered(last.seq, NONE, false, false, false),
                        10,
                        1 << 20)))
                .containsExactly(scheduled.seq);
    }

    @Test
    void ofTheSameKeyTheLatestIsTold() throws Exception {
        Message old = message();
        Message other = message();
        Message young = message();
        waits(old, NOW - 3, DeferralReason.ORDER, A);
        waits(other, NOW - 2, DeferralReason.ORDER, B);
        waits(young, NOW - 1, DeferralReason.ORDER, A);
        var newer =
                read(0, false, true, true, 10).due().stream().map(Due::newer).toList();
        assertThat(newer).containsExactly(young.id, null, null);
    }

    @Test
    void whatStandsAsideHasAQuarterOfThePage() throws Exception {
        for (int i = 0; i < 6; i++) {
            waits(message(), NOW - 1, DeferralReason.LANE_FULL, 0);
        }
        List<Long> aside = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Message m = message();
            aside.add(m.seq);
            written.settle(settlement(m, false, new Verdict.Parked(NOW - 1, DeferralReason.REPLAY), 0, true));
        }
        List<Long> page = seqs(read(0, false, false, false, 4));
        assertThat(page).hasSize(4).endsWith(aside.getFirst());
        assertThat(seqs(read(0, true, false, false, 4)))
                .as("also while the order stands still")
                .containsExactlyElementsOf(aside);
    }

    /** A delivery gets its row, stays in memory and fails, all before the next commit. */
    @Test
    void oneBatchMayHaveTwoRowsOfOneDelivery() throws Exception {
        Message m = message();
        Settlement kept = settlement(m, false, new Verdict.Parked(NOW, DeferralReason.ORDER), A, false);
        Settlement failed = new Settlement(
                app,
                endpoint,
                m.seq,
                m.createdAt,
                1,
                true,
                Written.response(1, NOW, 500, ""),
                new Verdict.RetryAt(LATER),
                0,
                false,
                A,
                VERSION,
                false);
        assertThat(written.settle(kept, failed)).isEqualTo(1);
        Due due = read(0, false, true, false, 10).due().getFirst();
        assertThat(due.attempts()).isEqualTo(1);
        assertThat(due.dueAt()).isEqualTo(LATER);
        assertThat(due.reason()).isEqualTo(DeferralReason.RETRY);
    }

    @Test
    void rowsGetTheHashesOfAnotherOrder() throws Exception {
        Message first = message();
        Message second = message();
        waits(first, NOW - 1, DeferralReason.LANE_FULL, 0);
        waits(second, NOW - 1, DeferralReason.ORDER, B);
        backlog.rekey(endpoint, VERSION + 1, message -> message.seq == first.seq ? A : 0);
        assertThat(seqs(read(0, false, true, false, 10, A))).containsExactly(second.seq);
        int now = db.jdbi()
                .withHandle(handle -> handle.createQuery(
                                "select count(*) from deferral where endpoint_no = ? and key_version = ?")
                        .bind(0, endpoint)
                        .bind(1, VERSION + 1)
                        .mapTo(Integer.class)
                        .one());
        assertThat(now).isEqualTo(2);
    }
}
