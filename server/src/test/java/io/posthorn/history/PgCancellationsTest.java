package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.history.Cancellations.Cancelled;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.store.Database;
import io.posthorn.store.StaleOwnerException;
import io.posthorn.store.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PgCancellationsTest {
    private static final long NOON = 1_767_268_800_000_000L;
    private static final long LATER = NOON + 3_600_000_000L;

    private final Database db = TestDatabase.fresh();
    private final Written written = new Written(db);
    private int acts;
    private final PgCancellations cancellations = new PgCancellations(db.dataSource(), db.partitions(), tx -> {
        written.ownership().fence(tx);
        acts++;
    });
    private final PgHistory history = new PgHistory(db.dataSource(), written.ids, 2);

    @AfterEach
    void close() {
        written.close();
        db.close();
    }

    private static Settlement scheduled(Message m, int endpointNo) {
        return new Settlement(
                m.appNo,
                endpointNo,
                m.seq,
                m.createdAt,
                0,
                false,
                null,
                new Verdict.Parked(LATER, DeferralReason.SCHEDULED));
    }

    private List<LoggedAttempt> log(Message message) {
        return history.attemptsOf(message, null, Filter.ALL, new History.Reach(null, true, 9, true))
                .rows();
    }

    @Test
    void whatHasNotBegunIsCancelledAndTheRestIsNot() {
        int app = written.app();
        int waits = written.endpoint(app);
        int failed = written.endpoint(app);
        int underWay = written.endpoint(app);
        Message message = written.message(app, NOON, "a.b");
        Message other = written.message(app, NOON + 1, "a.b");
        written.settle(
                scheduled(message, waits),
                scheduled(message, underWay),
                scheduled(other, waits),
                Written.outcome(message, failed, Written.response(1, NOON + 5, 500, "no"), new Verdict.RetryAt(LATER)));

        Cancelled cancelled = cancellations.cancel(message, List.of(underWay), NOON + 9);
        assertThat(cancelled.now()).containsExactly(waits);
        assertThat(cancelled.all()).containsExactly(waits);
        assertThat(cancelled.begun()).containsExactlyInAnyOrder(failed, underWay);
        assertThat(written.rows("deferral")).isEqualTo(3);
        assertThat(log(message))
                .filteredOn(attempt -> attempt.endpointNo() == waits)
                .singleElement()
                .satisfies(attempt -> {
                    assertThat(attempt.attempt().status()).isEqualTo(AttemptStatus.CANCELLED);
                    assertThat(attempt.attempt().detail()).contains("cancelled");
                });

        Cancelled again = cancellations.cancel(message, List.of(), NOON + 10);
        assertThat(again.now()).containsExactly(underWay);
        assertThat(again.all()).containsExactlyInAnyOrder(waits, underWay);
        Cancelled third = cancellations.cancel(message, List.of(), NOON + 11);
        assertThat(third.now()).isEmpty();
        assertThat(third.all()).containsExactlyInAnyOrder(waits, underWay);
        assertThat(third.begun()).containsExactly(failed);
        assertThat(log(message)).hasSize(3);
        assertThat(acts).isEqualTo(3);
    }

    @Test
    void aNodeThatOwnsNothingCancelsNothing() {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message message = written.message(app, NOON, "a.b");
        written.settle(scheduled(message, endpoint));
        db.jdbi().useHandle(handle -> handle.execute("update ownership set epoch = epoch + 1"));
        assertThatThrownBy(() -> cancellations.cancel(message, List.of(), NOON + 9))
                .isInstanceOf(HistoryException.class)
                .hasCauseInstanceOf(StaleOwnerException.class);
        assertThat(written.rows("deferral")).isEqualTo(1);
    }
}
