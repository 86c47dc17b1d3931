package io.posthorn.history;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.history.Redeliveries.Begun;
import io.posthorn.history.Redeliveries.Resent;
import io.posthorn.history.Redeliveries.Step;
import io.posthorn.history.Redeliveries.Wanted;
import io.posthorn.history.RedeliveryTask.Kind;
import io.posthorn.history.RedeliveryTask.Status;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class RedeliveriesTest {
    private static final long BASE = Time.micros(Instant.parse("2026-03-10T20:00:00Z"));
    private static final long NOW = BASE + 3_600_000_000L;
    private static final int ENV = 1;
    private static final Redeliveries.Wishes EVERYTHING =
            (app, endpoint) -> new Redeliveries.Wish(message -> true, false);
    private static final AtomicInteger number = new AtomicInteger();

    private static final Database db = TestDatabase.fresh();
    private static final Written written = new Written(db);
    private static final Redeliveries store =
            new PgRedeliveries(db.dataSource(), written.ownership()::fence, written.ids);
    private static final PgBacklog backlog = new PgBacklog(db.dataSource(), written.ids);

    private final int app = written.app();
    private final int endpoint = written.endpoint(app);

    @AfterAll
    static void close() {
        written.close();
        db.close();
    }

    private List<Message> messages(int count) {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            messages.add(written.message(app, BASE + i * 1_000_000L, "a.b"));
        }
        return messages;
    }

    private void ended(Message m, Verdict verdict) {
        written.settle(Written.outcome(m, endpoint, Written.response(1, m.createdAt + 1_000, 500, ""), verdict));
    }

    private Begun begin(Kind kind, long since, long until) {
        return store.begin(draft(kind, since, until, Selection.ALL), NOW);
    }

    private RedeliveryTask.Draft draft(Kind kind, long since, long until, Selection selection) {
        return new RedeliveryTask.Draft(
                "qtask_%08d".formatted(number.incrementAndGet()),
                ENV,
                app,
                endpoint,
                "app_" + app,
                "ep_" + endpoint,
                kind,
                since,
                until,
                selection,
                "somebody");
    }

    private long started(Kind kind) {
        return ((Begun.Started) begin(kind, BASE, NOW)).task().no();
    }

    private static Step step(long task, int page) {
        return store.step(task, EVERYTHING, page, 1_000, NOW);
    }

    private List<Due> due() throws Exception {
        return backlog.fetch(endpoint, NOW, new long[0], 100, 1 << 20).due();
    }

    private List<Long> dueSeqs() throws Exception {
        return due().stream().map(due -> due.message().seq).toList();
    }

    @Test
    void aResendGoesOnWithTheNumbersOnceTheFirstDeliveryIsOver() throws Exception {
        Message message = messages(1).getFirst();
        assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.UNDER_WAY);
        ended(message, new Verdict.Delivered());

        assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.QUEUED);
        assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.HASTENED);
        Due due = due().getFirst();
        assertThat(due.attempts()).isEqualTo(1);
        assertThat(due.base()).isEqualTo(1);
        assertThat(due.manual()).isTrue();
        assertThat(due.reason()).isEqualTo(DeferralReason.REPLAY);
    }

    @Test
    void whatWasNeverSentIsResentOnceItsMessageIsSettled() throws Exception {
        Message message = messages(1).getFirst();
        int other = written.endpoint(app);
        written.settledUpTo(message);

        assertThat(store.resend(message, other, false, NOW)).isEqualTo(Resent.QUEUED);
        assertThat(backlog.fetch(other, NOW, new long[0], 10, 1_000).due())
                .extracting(Due::attempts)
                .containsExactly(0);
        assertThat(store.resend(message, Integer.MAX_VALUE, false, NOW)).isEqualTo(Resent.GONE);
    }

    @Test
    void aRetryThatWaitsIsHastened() throws Exception {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.RetryAt(NOW + 1_000_000_000L));
        assertThat(due()).isEmpty();

        assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.HASTENED);
        assertThat(due()).extracting(Due::base).containsExactly(1);
    }

    /** Redeliveries with somebody who acts in the middle: once, just before the given statement is prepared. */
    private static Redeliveries interrupted(Predicate<String> statement, Act act) {
        AtomicBoolean done = new AtomicBoolean();
        InvocationHandler pool = (proxy, method, arguments) -> {
            Object result = call(method, db.dataSource(), arguments);
            return result instanceof Connection connection
                    ? proxy(Connection.class, (self, called, values) -> {
                        if (called.getName().equals("prepareStatement")
                                && statement.test(String.valueOf(requireNonNull(values)[0]))
                                && done.compareAndSet(false, true)) {
                            act.in(connection);
                        }
                        return call(called, connection, values);
                    })
                    : result;
        };
        return new PgRedeliveries(proxy(DataSource.class, pool), written.ownership()::fence, written.ids);
    }

    private interface Act {
        void in(Connection tx) throws SQLException;
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static @Nullable Object call(Method method, Object on, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(on, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }

    @Test
    void aRetryThatIsRecordedMeanwhileIsHastened() throws Exception {
        Message message = messages(1).getFirst();
        Redeliveries slow = interrupted(
                sql -> sql.contains("max(number)"), tx -> ended(message, new Verdict.RetryAt(NOW + 1_000_000_000L)));
        assertThat(slow.resend(message, endpoint, false, NOW)).isEqualTo(Resent.HASTENED);
        assertThat(due()).extracting(Due::base).containsExactly(1);
    }

    @Test
    void anAttemptThatIsRecordedMeanwhileIsCounted() throws Exception {
        Message message = messages(1).getFirst();
        AtomicInteger reads = new AtomicInteger();
        Redeliveries slow = interrupted(
                sql -> (sql.contains("max(number)") || sql.contains("settled from shard"))
                        && reads.incrementAndGet() == 2,
                tx -> {
                    ended(message, new Verdict.Delivered());
                    written.settledUpTo(message);
                });
        assertThat(slow.resend(message, endpoint, false, NOW)).isEqualTo(Resent.QUEUED);
        assertThat(due()).extracting(Due::attempts).containsExactly(1);
    }

    @Test
    void aRetryThatIsMadeMeanwhileIsCounted() throws Exception {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.Exhausted());
        Redeliveries slow = interrupted(
                sql -> sql.contains("insert into deferral"),
                tx -> written.settle(Written.outcome(
                        message, endpoint, Written.response(2, NOW, 200, ""), new Verdict.Delivered())));
        assertThat(slow.resend(message, endpoint, false, NOW)).isEqualTo(Resent.QUEUED);
        assertThat(due()).extracting(Due::attempts).containsExactly(2);
    }

    /** The column that counts attempts has an end, and what does not fit into it stops the recorder for good. */
    @Test
    void whatWasAttemptedTooOftenIsNotHastened() throws Exception {
        Message message = messages(1).getFirst();
        written.settle(Written.outcome(
                message,
                endpoint,
                Written.response(30_001, message.createdAt + 1_000, 500, ""),
                new Verdict.RetryAt(NOW + 1_000_000_000L)));
        written.settledUpTo(message);

        assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.TOO_OFTEN);
        assertThat(((Step.Moved) step(started(Kind.RECOVER), 10)).queued()).isEmpty();
        assertThat(due()).as("it waits for its time as before").isEmpty();
    }

    /** The attempt that was under way knows nothing of the round that was asked for meanwhile, and must not end it. */
    @Test
    void aRoundThatWasAskedForDuringAnAttemptOutlivesIt() throws Exception {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.RetryAt(NOW));
        store.resend(message, endpoint, false, NOW);
        written.settle(
                Written.outcome(message, endpoint, Written.response(2, NOW + 1_000, 500, ""), new Verdict.Exhausted()));

        Due due = due().getFirst();
        assertThat(due.attempts()).isEqualTo(2);
        assertThat(due.base()).isEqualTo(2);

        store.resend(message, endpoint, false, NOW);
        written.settle(new Settlement(
                app,
                endpoint,
                message.seq,
                message.createdAt,
                3,
                true,
                Written.response(3, NOW + 2_000, 500, ""),
                new Verdict.RetryAt(NOW + 9_000_000),
                2,
                true));
        assertThat(due()).isEmpty();
        store.resend(message, endpoint, false, NOW);
        written.settle(new Settlement(
                app,
                endpoint,
                message.seq,
                message.createdAt,
                4,
                true,
                Written.response(4, NOW + 3_000, 500, ""),
                new Verdict.RetryAt(NOW + 9_000_000),
                2,
                true));
        assertThat(due()).extracting(Due::attempts).containsExactly(4);
        assertThat(due()).extracting(Due::base).containsExactly(4);
    }

    @Test
    void recoverFindsWhatFailedAndWhatWaits() throws Exception {
        List<Message> messages = messages(6);
        ended(messages.get(0), new Verdict.Exhausted());
        ended(messages.get(1), new Verdict.Delivered());
        ended(messages.get(2), new Verdict.Gone());
        ended(messages.get(3), new Verdict.RetryAt(NOW + 9_000_000_000L));
        written.settle(Written.parked(messages.get(4), endpoint));
        written.settledUpTo(messages.getLast());

        long task = started(Kind.RECOVER);
        Step.Moved moved = (Step.Moved) step(task, 100);

        assertThat(moved.queued())
                .containsExactlyInAnyOrder(messages.get(0).seq, messages.get(2).seq, messages.get(3).seq);
        assertThat(moved.added()).isEqualTo(2);
        assertThat(moved.task().status()).isEqualTo(Status.FINISHED);
        assertThat(moved.task().scanned()).isEqualTo(3);
        assertThat(moved.task().total()).isEqualTo(3);
        assertThat(moved.task().queued()).isEqualTo(3);
        assertThat(dueSeqs())
                .as("what never had its turn keeps its place before")
                .containsExactly(messages.get(4).seq, messages.get(0).seq, messages.get(2).seq, messages.get(3).seq);
        assertThat(step(task, 100)).isInstanceOf(Step.Ended.class);
    }

    @Test
    void onlyMessagesOfTheTimeAreRecovered() {
        List<Message> messages = messages(10);
        messages.forEach(message -> ended(message, new Verdict.Exhausted()));
        written.settledUpTo(messages.getLast());
        long task = ((Begun.Started) begin(Kind.RECOVER, messages.get(3).createdAt, messages.get(7).createdAt))
                .task()
                .no();
        assertThat(((Step.Moved) step(task, 100)).queued())
                .containsExactlyInAnyOrder(
                        messages.subList(3, 7).stream().mapToLong(m -> m.seq).toArray());
    }

    @Test
    void replayFindsWhatTheEndpointWantsAndWasNeverSent() throws Exception {
        List<Message> messages = messages(4);
        ended(messages.get(0), new Verdict.Exhausted());
        written.settle(Written.parked(messages.get(1), endpoint));
        written.settledUpTo(messages.getLast());

        long task = started(Kind.REPLAY);
        Step.Moved moved = (Step.Moved) store.step(
                task,
                (app, ep) -> new Redeliveries.Wish(message -> message.seq != messages.get(2).seq, false),
                100,
                1_000,
                NOW);

        assertThat(moved.queued()).containsExactly(messages.get(3).seq);
        assertThat(due().getLast().attempts()).isZero();
        assertThat(due().getLast().base()).isZero();
    }

    @Test
    void aTaskGoesPageByPageAndWaitsForWhatIsNotSettled() {
        List<Message> messages = messages(7);
        messages.forEach(message -> ended(message, new Verdict.Exhausted()));
        written.settledUpTo(messages.get(4));
        long task = started(Kind.RECOVER);

        assertThat(((Step.Moved) step(task, 3)).more()).isTrue();
        // Another process goes on from what is committed.
        Redeliveries again = new PgRedeliveries(db.dataSource(), written.ownership()::fence, written.ids);
        assertThat(again.running()).extracting(RedeliveryTask::no).contains(task);
        Step.Moved second = (Step.Moved) again.step(task, EVERYTHING, 3, 1_000, NOW);
        assertThat(second.queued()).hasSize(2);
        assertThat(second.more()).isFalse();
        assertThat(second.task().status()).isEqualTo(Status.RUNNING);
        assertThat(((Step.Moved) step(task, 3)).queued()).isEmpty();

        written.settledUpTo(messages.getLast());
        Step.Moved last = (Step.Moved) step(task, 3);
        assertThat(last.task().status()).isEqualTo(Status.FINISHED);
        assertThat(last.task().queued()).isEqualTo(7);
        assertThat(last.task().scanned()).isEqualTo(7);
        assertThat(again.running()).extracting(RedeliveryTask::no).doesNotContain(task);
    }

    @Test
    void aTaskWaitsWhileManyOfItsDeliveriesWait() {
        List<Message> messages = messages(6);
        messages.forEach(message -> ended(message, new Verdict.Exhausted()));
        written.settledUpTo(messages.getLast());
        long task = started(Kind.RECOVER);

        assertThat(store.step(task, EVERYTHING, 2, 1, NOW)).isInstanceOf(Step.Moved.class);
        assertThat(store.step(task, EVERYTHING, 2, 1, NOW)).isEqualTo(new Step.Full(2));
        written.settle(new Settlement(
                app,
                endpoint,
                messages.getFirst().seq,
                messages.getFirst().createdAt,
                2,
                true,
                Written.response(2, NOW + 1_000, 200, ""),
                new Verdict.Delivered(),
                1,
                true));
        assertThat(store.step(task, EVERYTHING, 2, 1, NOW)).isInstanceOf(Step.Moved.class);
    }

    /** A few that fail for days must not keep all others from an endpoint that is well. */
    @Test
    void aTaskDoesNotWaitForRetries() {
        List<Message> messages = messages(4);
        messages.forEach(message -> ended(message, new Verdict.Exhausted()));
        written.settledUpTo(messages.getLast());
        long task = started(Kind.RECOVER);
        assertThat(store.step(task, EVERYTHING, 2, 1, NOW)).isInstanceOf(Step.Moved.class);
        assertThat(store.step(task, EVERYTHING, 2, 1, NOW)).isEqualTo(new Step.Full(2));
        for (Message message : messages.subList(0, 2)) {
            written.settle(new Settlement(
                    app,
                    endpoint,
                    message.seq,
                    message.createdAt,
                    2,
                    true,
                    Written.response(2, NOW + 1_000, 500, ""),
                    new Verdict.RetryAt(NOW + 9_000_000_000L),
                    1,
                    true));
        }
        assertThat(store.step(task, EVERYTHING, 2, 1, NOW)).isInstanceOf(Step.Moved.class);
    }

    @Test
    void aPageIsPutOffWhileTheRecorderWritesAboutTheSame() throws Exception {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.RetryAt(NOW + 9_000_000_000L));
        written.settledUpTo(message);
        long task = started(Kind.RECOVER);
        try (Connection recorder = db.dataSource().getConnection();
                Statement statement = recorder.createStatement()) {
            recorder.setAutoCommit(false);
            statement.execute("select from deferral where endpoint_no = " + endpoint + " for update");
            assertThat(step(task, 10)).isInstanceOf(Step.Busy.class);
            recorder.rollback();
        }
        assertThat(((Step.Moved) step(task, 10)).queued()).containsExactly(message.seq);
    }

    /** Whoever waits for the lock of an endpoint keeps a connection of all others. */
    @Test
    void nobodyWaitsForTheLockOfAnEndpoint() throws Exception {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.Exhausted());
        written.settledUpTo(message);
        long task = started(Kind.RECOVER);
        AtomicInteger asked = new AtomicInteger();
        Redeliveries other = interrupted(sql -> sql.contains("insert into deferral"), tx -> {
            assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.BUSY);
            assertThat(step(task, 10)).isInstanceOf(Step.Busy.class);
            asked.incrementAndGet();
        });
        assertThat(other.resend(message, endpoint, false, NOW)).isEqualTo(Resent.QUEUED);
        assertThat(asked).hasValue(1);
        assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.HASTENED);
    }

    @Test
    void aTaskOutlivesAStatementThatTakesTooLong() throws Exception {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.Exhausted());
        written.settledUpTo(message);
        long task = started(Kind.RECOVER);
        Redeliveries slow = interrupted(sql -> sql.contains("insert into deferral"), tx -> {
            try (Statement statement = tx.createStatement()) {
                statement.execute("set local statement_timeout = 1");
                statement.execute("select pg_sleep(60)");
            }
        });
        assertThat(slow.step(task, EVERYTHING, 10, 1_000, NOW)).isInstanceOf(Step.Away.class);
        assertThat(((Step.Moved) slow.step(task, EVERYTHING, 10, 1_000, NOW)).queued())
                .containsExactly(message.seq);
    }

    @Test
    void cancellingTakesBackWhatWasNotAttempted() throws Exception {
        List<Message> messages = messages(5); // the task does not come to the last
        ended(messages.get(0), new Verdict.Exhausted());
        ended(messages.get(1), new Verdict.RetryAt(NOW + 9_000_000_000L));
        ended(messages.get(2), new Verdict.Exhausted());
        ended(messages.get(3), new Verdict.Delivered());
        ended(messages.get(4), new Verdict.Exhausted());
        written.settledUpTo(messages.getLast());
        long task = started(Kind.RECOVER);
        step(task, 3);
        store.resend(messages.get(3), endpoint, false, NOW);

        Redeliveries.Cancelled cancelled = requireNonNull(store.cancel(task, NOW));

        assertThat(cancelled.withdrawn()).containsExactlyInAnyOrder(messages.get(0).seq, messages.get(2).seq);
        assertThat(cancelled.task().status()).isEqualTo(Status.FAILED);
        assertThat(cancelled.task().cancelled()).isTrue();
        assertThat(dueSeqs())
                .as("a retry that was owed before, and what somebody asked for besides")
                .containsExactly(messages.get(1).seq, messages.get(3).seq);
        assertThat(step(task, 3)).isInstanceOf(Step.Ended.class);
        assertThat(store.cancel(task, NOW)).isNull();
    }

    private void resentBesides(Kind kind, List<Message> messages) throws Exception {
        long task = started(kind);
        assertThat(((Step.Moved) step(task, 2)).queued()).hasSize(2);
        assertThat(store.resend(messages.get(0), endpoint, false, NOW)).isEqualTo(Resent.HASTENED);

        assertThat(requireNonNull(store.cancel(task, NOW)).withdrawn()).containsExactly(messages.get(1).seq);
        assertThat(dueSeqs()).containsExactly(messages.get(0).seq);
    }

    @Test
    void whatFailedAndSomebodyAskedForBesidesOutlivesTheTask() throws Exception {
        List<Message> messages = messages(3); // the task does not come to the third
        messages.forEach(message -> ended(message, new Verdict.Exhausted()));
        written.settledUpTo(messages.getLast());
        resentBesides(Kind.RECOVER, messages);
    }

    @Test
    void whatWasMissingAndSomebodyAskedForBesidesOutlivesTheTask() throws Exception {
        List<Message> messages = messages(3);
        written.settledUpTo(messages.getLast());
        resentBesides(Kind.REPLAY, messages);
    }

    @Test
    void oneTaskForEachEndpoint() {
        RedeliveryTask first = ((Begun.Started) begin(Kind.RECOVER, BASE, NOW)).task();
        assertThat(begin(Kind.REPLAY, BASE, NOW)).isEqualTo(new Begun.Busy(first));
        store.fail(first.no(), "because", NOW);
        assertThat(begin(Kind.REPLAY, BASE, NOW)).isInstanceOf(Begun.Started.class);
        assertThat(requireNonNull(store.task(ENV, first.id())).error()).isEqualTo("because");
        assertThat(store.task(ENV + 1, first.id())).isNull();
        Wanted failed = new Wanted(ENV, app, Status.FAILED, Kind.RECOVER.text());
        assertThat(store.tasks(failed, null, false, 10))
                .extracting(RedeliveryTask::id)
                .containsExactly(first.id());
        assertThat(store.tasks(failed, first.id(), false, 10)).isEmpty();
    }

    @Test
    void aTaskEndsWithItsEndpoint() {
        RedeliveryTask task = ((Begun.Started) begin(Kind.REPLAY, BASE, NOW)).task();
        assertThat(store.step(task.no(), (app, ep) -> null, 10, 10, NOW)).isInstanceOf(Step.Ended.class);
        assertThat(requireNonNull(store.task(ENV, task.id())).error()).isEqualTo("the endpoint was deleted");
    }

    @Test
    void aPageIsAQuarterForWhatWasAskedForAndNeverMoreThanThatBehind() throws Exception {
        List<Message> messages = messages(40);
        messages.subList(0, 20).forEach(message -> ended(message, new Verdict.Exhausted()));
        messages.subList(20, 40).forEach(message -> written.settle(Written.parked(message, endpoint)));
        messages.subList(0, 20).forEach(message -> store.resend(message, endpoint, false, NOW));

        Backlog.Fetched page = backlog.fetch(endpoint, NOW, new long[0], 8, 1 << 20);
        assertThat(page.due()).hasSize(8);
        assertThat(page.due())
                .filteredOn(due -> due.reason() == DeferralReason.REPLAY)
                .hasSize(2);
        assertThat(page.behind()).isTrue();

        long[] parked = messages.subList(20, 40).stream().mapToLong(m -> m.seq).toArray();
        page = backlog.fetch(endpoint, NOW, parked, 8, 1 << 20);
        assertThat(page.due()).hasSize(8);
        assertThat(page.more()).isTrue();
        assertThat(page.behind()).isFalse();
        page = backlog.fetch(endpoint, NOW, LongStream.of(parked).limit(17).toArray(), 8, 1 << 20);
        assertThat(page.behind()).as("all three parked ones are on the page").isFalse();
        assertThat(page.due().getFirst().reason()).isEqualTo(DeferralReason.LANE_FULL);

        AtomicInteger counted = new AtomicInteger();
        backlog.summaries(summary -> {
            if (summary.endpointNo() == endpoint) {
                counted.addAndGet((int) summary.parked());
            }
        });
        assertThat(counted).hasValue(20);
    }

    private Settlement second(Message message, Verdict verdict) {
        return new Settlement(
                app,
                endpoint,
                message.seq,
                message.createdAt,
                2,
                true,
                Written.response(2, NOW + 1_000, 500, ""),
                verdict,
                1,
                true);
    }

    @Test
    void theBacklogIsCountedByItsRows() throws Exception {
        Message message = messages(1).getFirst();
        Verdict retry = new Verdict.RetryAt(NOW + 1_000_000_000L);
        assertThat(written.settle(Written.outcome(message, endpoint, Written.response(1, NOW, 500, ""), retry)))
                .isEqualTo(1);
        assertThat(written.settle(second(message, retry))).isZero();
        store.resend(message, endpoint, false, NOW);
        assertThat(written.settle(second(message, new Verdict.Exhausted())))
                .as("it was asked for again meanwhile and stays")
                .isZero();
        assertThat(due()).hasSize(1);
        assertThat(written.settle(second(message, new Verdict.Delivered()))).isEqualTo(-1);
        assertThat(written.settle(second(message, new Verdict.Delivered())))
                .as("it is gone, and was counted by whoever took it back")
                .isZero();
        assertThat(written.settle(second(message, retry))).isEqualTo(1);
    }

    private long started(Kind kind, Selection selection) {
        return ((Begun.Started) store.begin(draft(kind, BASE, NOW, selection), NOW))
                .task()
                .no();
    }

    private List<Long> queued(Kind kind, Selection selection) {
        long task = started(kind, selection);
        List<Long> queued =
                LongStream.of(((Step.Moved) step(task, 100)).queued()).boxed().toList();
        assertThat(requireNonNull(store.task(ENV, "qtask_%08d".formatted(number.get())))
                        .selection())
                .isEqualTo(selection);
        return queued;
    }

    private static Selection which(Selection.Which which) {
        return new Selection(List.of(), null, null, which, null, null);
    }

    @Test
    void aBulkReplaySendsEverythingThatTheEndpointWants() throws Exception {
        List<Message> messages = messages(7);
        ended(messages.get(0), new Verdict.Delivered());
        ended(messages.get(1), new Verdict.Exhausted());
        ended(messages.get(2), new Verdict.RetryAt(NOW + 9_000_000_000L));
        written.settle(Written.outcome(
                messages.get(3),
                endpoint,
                Written.failure(1, NOW, AttemptStatus.CANCELLED, "cancelled"),
                new Verdict.Cancelled()));
        ended(messages.get(4), new Verdict.Delivered());
        written.settledUpTo(messages.getLast());
        long task = started(Kind.BULK, Selection.ALL);
        Step.Moved moved = (Step.Moved) store.step(
                task,
                (app, ep) -> new Redeliveries.Wish(message -> message.seq != messages.get(4).seq, false),
                100,
                1_000,
                NOW);
        assertThat(moved.task().status()).isEqualTo(Status.FINISHED);
        assertThat(moved.task().scanned()).isEqualTo(7);
        assertThat(moved.task().total()).isNull();
        assertThat(moved.task().waiting()).isEqualTo(5);
        assertThat(moved.added()).isEqualTo(4);
        assertThat(dueSeqs())
                .as("in the order of acceptance, but for what was cancelled or is not wanted")
                .containsExactly(
                        messages.get(0).seq,
                        messages.get(1).seq,
                        messages.get(2).seq,
                        messages.get(5).seq,
                        messages.get(6).seq);
        assertThat(due()).filteredOn(Due::aside).hasSize(4);
    }

    @Test
    void aBulkReplayLeavesOutWhatItsSelectionSays() {
        Message delivered = written.message(app, BASE, "a");
        Message failed = written.message(app, BASE + 1_000_000, "a");
        Message refused = written.message(app, BASE + 2_000_000, "b");
        Message missing = written.next(
                app, BASE + 3_000_000, "a", null, List.of("eu"), List.of("vip"), "{}".getBytes(StandardCharsets.UTF_8));
        written.write(List.of(missing));
        written.settle(Written.delivered(delivered, endpoint));
        ended(failed, new Verdict.Exhausted());
        written.settle(Written.outcome(
                refused, endpoint, Written.failure(1, NOW, AttemptStatus.CONNECT, "refused"), new Verdict.Exhausted()));
        written.settledUpTo(missing);
        List<String> none = List.of();
        Selection.Which all = Selection.Which.ALL;

        assertThat(queued(Kind.BULK, which(Selection.Which.DELIVERED))).containsExactly(delivered.seq);
        assertThat(queued(Kind.BULK, which(Selection.Which.MISSING))).containsExactly(missing.seq);
        clear();
        assertThat(queued(Kind.BULK, which(Selection.Which.FAILED))).containsExactlyInAnyOrder(failed.seq, refused.seq);
        clear();
        assertThat(queued(Kind.BULK, new Selection(none, null, null, all, 500, null)))
                .containsExactly(failed.seq);
        assertThat(queued(Kind.BULK, new Selection(none, null, null, all, 0, null)))
                .containsExactly(refused.seq);
        clear();
        assertThat(queued(Kind.BULK, new Selection(List.of("b"), null, null, all, null, null)))
                .containsExactly(refused.seq);
        assertThat(queued(Kind.BULK, new Selection(none, "eu", null, all, null, null)))
                .containsExactly(missing.seq);
        clear();
        assertThat(queued(Kind.BULK, new Selection(none, null, "vip", all, null, null)))
                .containsExactly(missing.seq);
    }

    private void clear() {
        db.jdbi().useHandle(h -> h.execute("delete from deferral where endpoint_no = ?", endpoint));
    }

    @Test
    void deadLettersAreReplayedByTheTimesOfTheirDeaths() {
        List<Message> messages = messages(6);
        ended(messages.get(0), new Verdict.Exhausted());
        ended(messages.get(1), new Verdict.Gone());
        ended(messages.get(2), new Verdict.RetryAt(NOW + 9_000_000_000L));
        ended(messages.get(3), new Verdict.Held());
        written.settle(Written.outcome(
                messages.get(4), endpoint, Written.response(1, NOW + 1, 500, ""), new Verdict.Exhausted()));
        // Nothing is settled: what is dead is over, wherever the others stand.
        RedeliveryTask task =
                ((Begun.Started) store.begin(draft(Kind.DEAD_LETTERS, BASE, NOW, Selection.ALL), NOW)).task();
        assertThat(task.total()).isEqualTo(3);
        Step.Moved moved = (Step.Moved)
                store.step(task.no(), (app, ep) -> new Redeliveries.Wish(message -> true, true), 2, 1_000, NOW);
        assertThat(moved.queued()).containsExactlyInAnyOrder(messages.get(0).seq, messages.get(1).seq);
        moved = (Step.Moved)
                store.step(task.no(), (app, ep) -> new Redeliveries.Wish(message -> true, true), 2, 1_000, NOW);
        assertThat(moved.queued()).as("it was held").containsExactly(messages.get(3).seq);
        assertThat(moved.task().status()).isEqualTo(Status.FINISHED);
        assertThat(moved.task().waiting()).as("what was held is in its order").isEqualTo(2);
        clear();
        Selection gone = new Selection(List.of(), null, null, Selection.Which.ALL, null, DeadLetter.Why.GONE);
        assertThat(queued(Kind.DEAD_LETTERS, gone)).containsExactly(messages.get(1).seq);
        Selection other = new Selection(List.of("x.y"), null, null, Selection.Which.ALL, null, null);
        assertThat(queued(Kind.DEAD_LETTERS, other)).isEmpty();
    }

    /** What waits in an order keeps its place, whoever asks for it. */
    @Test
    void inAnOrderARetryKeepsItsPlace() throws Exception {
        List<Message> messages = messages(3);
        ended(messages.get(0), new Verdict.RetryAt(NOW + 9_000_000_000L));
        ended(messages.get(1), new Verdict.RetryAt(NOW + 9_000_000_000L));
        ended(messages.get(2), new Verdict.Held());
        written.settledUpTo(messages.getLast());
        assertThat(store.resend(messages.get(0), endpoint, true, NOW)).isEqualTo(Resent.HASTENED);
        long task = started(Kind.RECOVER);
        Redeliveries.Wishes ordered = (app, ep) -> new Redeliveries.Wish(message -> true, true);
        assertThat(((Step.Moved) store.step(task, ordered, 100, 1_000, NOW)).queued())
                .hasSize(3);

        assertThat(due()).extracting(Due::reason).containsOnly(DeferralReason.RETRY);
        assertThat(due()).extracting(Due::aside).containsOnly(false);
        assertThat(due()).extracting(Due::base).containsOnly(1);
        assertThat(due()).extracting(Due::manual).containsOnly(true);
        assertThat(requireNonNull(store.task(ENV, "qtask_%08d".formatted(number.get())))
                        .waiting())
                .isZero();
    }

    @Test
    void oneThatIsHeldIsSentAgainInItsPlace() throws Exception {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.Held());
        assertThat(store.resend(message, endpoint, true, NOW)).isEqualTo(Resent.HASTENED);
        assertThat(due()).extracting(Due::reason).containsExactly(DeferralReason.RETRY);
        assertThat(due()).extracting(Due::aside).containsExactly(false);
    }

    @Test
    void whatIsToBeSentLaterIsNotSentAgainBefore() throws Exception {
        Message message = messages(1).getFirst();
        written.settle(new Settlement(
                app,
                endpoint,
                message.seq,
                message.createdAt,
                0,
                false,
                null,
                new Verdict.Parked(NOW + 1_000_000, DeferralReason.SCHEDULED)));
        assertThat(store.resend(message, endpoint, false, NOW)).isEqualTo(Resent.SCHEDULED);
        assertThat(due()).isEmpty();
    }

    @Test
    void whatWaitsOfATaskThatIsPausedIsNotDueUntilItGoesOn() throws Exception {
        List<Message> messages = messages(4);
        messages.forEach(message -> ended(message, new Verdict.Exhausted()));
        written.settledUpTo(messages.getLast());
        long task = started(Kind.RECOVER);
        assertThat(step(task, 3)).isInstanceOf(Step.Moved.class);
        store.resend(messages.get(0), endpoint, false, NOW);

        Redeliveries.Moved paused = requireNonNull(store.pause(task, NOW));
        assertThat(paused.task().paused()).isTrue();
        assertThat(paused.task().status()).isEqualTo(Status.RUNNING);
        assertThat(paused.moved()).containsExactlyInAnyOrder(messages.get(1).seq, messages.get(2).seq);
        assertThat(dueSeqs()).as("what somebody asked for besides").containsExactly(messages.get(0).seq);
        assertThat(requireNonNull(store.pause(task, NOW)).moved()).isEmpty();
        assertThat(begin(Kind.REPLAY, BASE, NOW)).isInstanceOf(Begun.Busy.class);

        // Another process finds it as it is.
        Redeliveries again = new PgRedeliveries(db.dataSource(), written.ownership()::fence, written.ids);
        assertThat(again.running())
                .filteredOn(each -> each.no() == task)
                .singleElement()
                .satisfies(each -> assertThat(each.paused()).isTrue());
        assertThat(again.step(task, EVERYTHING, 3, 1_000, NOW)).isEqualTo(new Step.Paused());
        Redeliveries.Moved resumed = requireNonNull(again.resume(task, NOW));
        assertThat(resumed.moved()).containsExactlyInAnyOrder(messages.get(1).seq, messages.get(2).seq);
        assertThat(requireNonNull(again.resume(task, NOW)).moved()).isEmpty();
        assertThat(((Step.Moved) step(task, 3)).task().status()).isEqualTo(Status.FINISHED);
        assertThat(dueSeqs()).containsExactly(messages.stream().map(m -> m.seq).toArray(Long[]::new));
        assertThat(store.pause(task, NOW)).isNull();
        assertThat(store.resume(task, NOW)).isNull();
    }

    @Test
    void aTaskThatIsPausedIsCancelledWithWhatWaits() throws Exception {
        List<Message> messages = messages(4); // the task does not come to the last
        ended(messages.get(0), new Verdict.Exhausted());
        ended(messages.get(1), new Verdict.RetryAt(NOW + 9_000_000_000L));
        ended(messages.get(2), new Verdict.Exhausted());
        ended(messages.get(3), new Verdict.Exhausted());
        written.settledUpTo(messages.getLast());
        long task = started(Kind.RECOVER);
        step(task, 3);
        store.pause(task, NOW);
        Redeliveries.Cancelled cancelled = requireNonNull(store.cancel(task, NOW));
        assertThat(cancelled.task().paused()).isFalse();
        assertThat(cancelled.withdrawn()).containsExactlyInAnyOrder(messages.get(0).seq, messages.get(2).seq);
        assertThat(dueSeqs()).as("it was owed a retry before").containsExactly(messages.get(1).seq);
    }

    @Test
    void aTaskThatIsPausedEndsWithItsEndpoint() {
        RedeliveryTask task = ((Begun.Started) begin(Kind.REPLAY, BASE, NOW)).task();
        store.pause(task.no(), NOW);
        assertThat(store.step(task.no(), (app, ep) -> null, 10, 10, NOW)).isInstanceOf(Step.Ended.class);
    }

    @Test
    void theBooksSayWhichAttemptsSomebodyAskedFor() {
        Message message = messages(1).getFirst();
        ended(message, new Verdict.Exhausted());
        written.settle(new Settlement(
                app,
                endpoint,
                message.seq,
                message.createdAt,
                2,
                true,
                Written.response(2, NOW, 200, ""),
                new Verdict.Delivered(),
                1,
                true));
        PgHistory history = new PgHistory(db.dataSource(), written.ids, 1);
        assertThat(history.attemptsOf(message, null, Filter.ALL, new History.Reach(null, true, 10, true))
                        .rows())
                .extracting(LoggedAttempt::manual)
                .containsExactly(false, true);
    }
}
