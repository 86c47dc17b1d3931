package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PgEndpointTroublesTest {
    private static final long NOON = 1_767_268_800_000_000L;
    private static final long MINUTE = 60_000_000;
    private static final long[] NONE = {};

    private final Database db = TestDatabase.fresh();
    private final Written written = new Written(db);
    private final PgEndpointTroubles troubles = new PgEndpointTroubles(db.dataSource(), written.ownership()::fence);
    private final PgBacklog backlog = new PgBacklog(db.dataSource(), written.ids);
    private final int app = written.app();
    private final int endpoint = written.endpoint(app);

    @AfterEach
    void close() {
        written.close();
        db.close();
    }

    private Message retriedAt(long dueAt, int number) {
        Message message = written.message(app, NOON + number, "a.b");
        written.settle(Written.outcome(
                message,
                endpoint,
                Written.failure(1, NOON + number, AttemptStatus.TIMEOUT, "late"),
                new Verdict.RetryAt(dueAt)));
        return message;
    }

    @Test
    void whatIsRememberedIsReplacedAndForgotten() throws Exception {
        int other = written.endpoint(app);
        EndpointTrouble open = new EndpointTrouble(endpoint, NOON, 21, NOON + 1, MINUTE, NOON + MINUTE, 0);
        EndpointTrouble held = new EndpointTrouble(other, NOON + 2, 1, 0, 0, 0, NOON + 3);
        EndpointTrouble deleted = new EndpointTrouble(999_999, NOON, 1, 0, 0, 0, 0);
        troubles.write(List.of(open, held, deleted), List.of());
        assertThat(troubles.all())
                .containsExactlyInAnyOrder(
                        new EndpointTroubles.Remembered(app, open), new EndpointTroubles.Remembered(app, held));
        EndpointTrouble later = new EndpointTrouble(endpoint, NOON, 22, 0, 0, 0, 0);
        troubles.write(List.of(later), List.of(other));
        assertThat(troubles.all()).containsExactly(new EndpointTroubles.Remembered(app, later));
        db.jdbi().useHandle(handle -> handle.execute("delete from endpoint where no = ?", endpoint));
        assertThat(troubles.all()).isEmpty();
    }

    @Test
    void onlyRetriesAreMadeDueAndNoMoreThanAsked() throws Exception {
        for (int i = 1; i <= 5; i++) {
            retriedAt(NOON + 60L * i * MINUTE, i);
        }
        retriedAt(NOON - MINUTE, 6); // due already
        Message parked = written.message(app, NOON + 7, "a.b");
        written.settle(new Settlement(
                app,
                endpoint,
                parked.seq,
                parked.createdAt,
                0,
                false,
                null,
                new Verdict.Parked(NOON + 60 * MINUTE, DeferralReason.CIRCUIT)));
        assertThat(troubles.makeDue(endpoint, NOON + MINUTE, 3)).isEqualTo(3);
        assertThat(troubles.makeDue(endpoint, NOON + MINUTE, 3)).isEqualTo(2);
        assertThat(troubles.makeDue(endpoint, NOON + MINUTE, 3)).isZero();
        assertThat(backlog.fetch(endpoint, NOON + MINUTE, NONE, 100, 1 << 20).due())
                .hasSize(6)
                .allMatch(due -> due.reason() == DeferralReason.RETRY);
    }

    @Test
    void whatHasWaitedForLongIsFoundInPages() throws Exception {
        for (int i = 1; i <= 5; i++) {
            retriedAt(NOON + 60 * MINUTE, i);
        }
        List<Backlog.Waiting> first = backlog.waiting(endpoint, NOON + 4, 0, NONE, 2);
        assertThat(first).extracting(Backlog.Waiting::messageAt).containsExactly(NOON + 1, NOON + 2);
        assertThat(first).extracting(Backlog.Waiting::attempts).containsOnly(1);
        List<Backlog.Waiting> second =
                backlog.waiting(endpoint, NOON + 4, first.getLast().seq(), NONE, 2);
        assertThat(second).extracting(Backlog.Waiting::messageAt).containsExactly(NOON + 3, NOON + 4);
        assertThat(backlog.waiting(endpoint, NOON + 4, second.getLast().seq(), NONE, 2))
                .isEmpty();
        assertThat(backlog.waiting(
                        endpoint, NOON + 4, 0, new long[] {first.getFirst().seq()}, 9))
                .hasSize(3);
    }

    /** As a lane whose circuit is open settles a failed probe: the row's base goes up with its attempts. */
    @Test
    void anAttemptThatDoesNotCountMovesTheBase() throws Exception {
        Message message = retriedAt(NOON, 1);
        Settlement probe = new Settlement(
                app,
                endpoint,
                message.seq,
                message.createdAt,
                2,
                true,
                Written.failure(2, NOON + 9, AttemptStatus.TIMEOUT, "late"),
                new Verdict.RetryAt(NOON + 10),
                1,
                false,
                0,
                0,
                false);
        written.settle(probe);
        Due due = backlog.fetch(endpoint, NOON + 10, NONE, 9, 1 << 20).due().getFirst();
        assertThat(due.attempts()).isEqualTo(2);
        assertThat(due.base()).isEqualTo(1);
    }
}
