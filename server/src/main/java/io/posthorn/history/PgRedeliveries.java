package io.posthorn.history;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.history.RedeliveryTask.Draft;
import io.posthorn.history.RedeliveryTask.Kind;
import io.posthorn.history.RedeliveryTask.Status;
import io.posthorn.model.Attempt;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.runtime.Time;
import io.posthorn.store.PgTimes;
import io.posthorn.store.SqlErrors;
import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Redelivery in PostgreSQL. Whatever puts rows into {@code deferral} for an endpoint holds a lock of that endpoint, so
 * that between the look at what is on record and the row nobody else puts one; the recorder only writes about rows that
 * are there. Rows of the recorder are not waited for by anybody who holds more than one: that could be a deadlock.
 */
public final class PgRedeliveries implements Redeliveries {
    /** The first key of the endpoints' advisory locks; the second is the endpoint's number. */
    private static final int LOCK_SPACE = 7_236_462;

    /** No new round begins beyond it: attempts are counted up to {@link Attempt#MOST}, and a round may have many. */
    private static final int MOST_ATTEMPTS = 30_000;

    private static final long KEEP_MICROS = 90L * 86_400_000_000L;
    private static final int TRIES = 3;
    private static final String LOCKED = "55P03";
    /** Cancelled, by {@code statement_timeout}: the database is overloaded, or a page is very far away. */
    private static final String TOO_SLOW = "57014";

    /** As for reading the history: each statement is written for an index. A page may take longer than an answer. */
    private static final String BEGIN = """
            set local statement_timeout = 25000;
            set local jit = off;
            set local enable_seqscan = off;
            set local enable_bitmapscan = off;
            set local enable_hashjoin = off;
            set local enable_mergejoin = off;
            """;

    private static final String TASK = """
            select no, id, env_no, app_no, endpoint_no, app_id, endpoint_id, kind, status, since, until, cursor_at,
                   cursor_seq, scanned, queued, cancelled, error, created_by, created_at, updated_at
            from background_task""";

    /** The messages of a page, {@code w}, each with its last attempt at the endpoint, if any. */
    private static final String LAST = """
            with w as (select seq, to_timestamp(0) + at * interval '1 microsecond' as at
                       from unnest(?::bigint[], ?::bigint[]) as u (seq, at)),
            last as (select w.seq, w.at, l.number, l.verdict
                     from w left join lateral (
                         select a.number, a.verdict from attempt a
                         where a.app_no = ? and a.seq = w.seq and a.endpoint_no + 0 = ?
                           and a.started_at >= w.at - interval '1 day'
                         order by a.number desc limit 1) l on true)
            """;

    private final DataSource pool;
    private final Guard guard;
    private final PgMessages messages;

    /** Whether this process may still write. What a transaction does not change in the end, its guard does not either. */
    @FunctionalInterface
    public interface Guard {
        /**
         * Called at the start of each transaction that writes.
         *
         * @throws StaleOwnerException if another process owns the installation now
         */
        void check(Connection tx) throws SQLException, StaleOwnerException;
    }

    /** Something to do in a transaction. */
    @FunctionalInterface
    private interface Doing<T extends @Nullable Object> {
        T in(Connection tx) throws SQLException;
    }

    /**
     * Redeliveries.
     *
     * @param pool of connections
     * @param guard asked in every transaction that writes
     * @param ids makes the public ids
     */
    public PgRedeliveries(DataSource pool, Guard guard, Ids ids) {
        this.pool = pool;
        this.guard = guard;
        this.messages = new PgMessages(ids);
    }

    // ---- one delivery

    @Override
    public Resent resend(Message message, int endpointNo, long now) {
        return write(resent -> resent == Resent.QUEUED || resent == Resent.HASTENED, tx -> {
            if (!tryLock(tx, endpointNo)) {
                return Resent.BUSY;
            }
            if (!keepEndpoint(tx, endpointNo)) {
                return Resent.GONE;
            }
            Boolean content = new PgSelect("select payload is not null from message")
                    .add("where app_no = ? and seq = ?", message.appNo, message.seq)
                    .add("and created_at = ?", PgTimes.utc(message.createdAt))
                    .first(tx, row -> row.getBoolean(1));
            if (content == null || !content) {
                return content == null ? Resent.GONE : Resent.NO_CONTENT;
            }
            Resent resent = null;
            for (int tries = 0; resent == null && tries < TRIES; tries++) {
                resent = hasten(tx, message, endpointNo, now);
                if (resent == null) {
                    resent = put(tx, message, endpointNo, now);
                }
            }
            return resent == null ? Resent.UNDER_WAY : resent;
        });
    }

    /**
     * A delivery that waits is made due, and its schedule starts afresh. One that never had its turn keeps its reason,
     * and with it its place. It belongs to no task any more: to cancel that one must not take back what somebody has
     * asked for besides.
     *
     * @return null if nothing waits; nothing of this is to be committed if it was attempted too often
     */
    private static @Nullable Resent hasten(Connection tx, Message message, int endpointNo, long now)
            throws SQLException {
        try (PreparedStatement update = tx.prepareStatement("""
                update deferral
                set due_at = least(due_at, ?), base = attempts, manual = true, task_no = null,
                    reason = case when attempts = 0 then reason else 4 end
                where endpoint_no = ? and seq = ?
                returning attempts
                """)) {
            update.setObject(1, PgTimes.utc(now));
            update.setInt(2, endpointNo);
            update.setLong(3, message.seq);
            try (ResultSet row = update.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                return row.getInt(1) > MOST_ATTEMPTS ? Resent.TOO_OFTEN : Resent.HASTENED;
            }
        }
    }

    /**
     * Nothing waits. The recorder may write in between, so that the order matters: what is settled was written before
     * that was read, and so its attempts are seen; and the row is put only where the books still say what was read.
     *
     * @return null if they do not: to be looked at anew
     */
    private static @Nullable Resent put(Connection tx, Message message, int endpointNo, long now) throws SQLException {
        boolean settled = settled(tx, message.appNo) >= message.seq;
        Integer attempts = new PgSelect("select max(number) from attempt")
                .add("where app_no = ? and seq = ? and endpoint_no + 0 = ?", message.appNo, message.seq, endpointNo)
                .add("and started_at >= ?", PgTimes.utc(message.createdAt - PgAttempts.CLOCKS_DIFFER))
                .first(tx, row -> row.getInt(1)); // 0 for null
        int number = attempts == null ? 0 : attempts;
        if (number == 0 && !settled) {
            return Resent.UNDER_WAY;
        }
        if (number > MOST_ATTEMPTS) {
            return Resent.TOO_OFTEN;
        }
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into deferral (endpoint_no, seq, due_at, message_at, app_no, attempts, reason, base, manual)
                select w.endpoint_no, w.seq, w.due_at, w.message_at, w.app_no, w.attempts, 4, w.attempts, true
                from (values (?::int, ?::bigint, ?::timestamptz, ?::timestamptz, ?::int, ?::int))
                     as w (endpoint_no, seq, due_at, message_at, app_no, attempts)
                where not exists (select from deferral d where d.endpoint_no = w.endpoint_no and d.seq = w.seq)
                  and not exists (
                      select from attempt a
                      where a.app_no = w.app_no and a.seq = w.seq and a.endpoint_no + 0 = w.endpoint_no
                        and a.started_at >= ? and a.number > w.attempts)
                on conflict do nothing
                """)) {
            insert.setInt(1, endpointNo);
            insert.setLong(2, message.seq);
            insert.setObject(3, PgTimes.utc(now));
            insert.setObject(4, PgTimes.utc(message.createdAt));
            insert.setInt(5, message.appNo);
            insert.setInt(6, number);
            insert.setObject(7, PgTimes.utc(message.createdAt - PgAttempts.CLOCKS_DIFFER));
            return insert.executeUpdate() > 0 ? Resent.QUEUED : null;
        }
    }

    // ---- tasks

    @Override
    public Begun begin(Draft draft, long now) {
        return write(begun -> begun instanceof Begun.Started, tx -> {
            try (PreparedStatement delete =
                    tx.prepareStatement("delete from background_task where status <> 0 and updated_at < ?")) {
                delete.setObject(1, PgTimes.utc(now - KEEP_MICROS));
                delete.executeUpdate();
            }
            RedeliveryTask running = null;
            for (int tries = 0; running == null && tries < TRIES; tries++) {
                insert(tx, draft, now);
                running = new PgSelect(TASK + " where endpoint_no = ? and status = 0", draft.endpointNo())
                        .first(tx, PgRedeliveries::read); // null if the one in the way has just ended
            }
            if (running == null) {
                throw new IllegalStateException("tasks of endpoint " + draft.endpointId() + " come and go");
            }
            return running.id().equals(draft.id()) ? new Begun.Started(running) : new Begun.Busy(running);
        });
    }

    private static void insert(Connection tx, Draft draft, long now) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement("""
                    insert into background_task (id, env_no, app_no, endpoint_no, app_id, endpoint_id, kind, status,
                                                 since, until, created_by, created_at, updated_at)
                    values (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)
                    on conflict do nothing
                    """)) {
            insert.setString(1, draft.id());
            insert.setInt(2, draft.envNo());
            insert.setInt(3, draft.appNo());
            insert.setInt(4, draft.endpointNo());
            insert.setString(5, draft.appId());
            insert.setString(6, draft.endpointId());
            insert.setInt(7, draft.kind().code());
            insert.setObject(8, PgTimes.utc(draft.since()));
            insert.setObject(9, PgTimes.utc(draft.until()));
            insert.setString(10, draft.createdBy());
            insert.setObject(11, PgTimes.utc(now));
            insert.setObject(12, PgTimes.utc(now));
            insert.executeUpdate();
        }
    }

    @Override
    public Step step(long taskNo, Wishes wishes, int page, int mostWaiting, long now) {
        try {
            return write(step -> true, tx -> stepIn(tx, taskNo, wishes, page, mostWaiting, now));
        } catch (HistoryException e) {
            if (!(e.getCause() instanceof SQLException why)) {
                throw e;
            }
            if (SqlErrors.isStaleOwner(why)) {
                return new Step.Ended();
            }
            if (LOCKED.equals(why.getSQLState())) {
                return new Step.Busy();
            }
            if (SqlErrors.isUnavailable(why) || isToBeRepeated(why) || TOO_SLOW.equals(why.getSQLState())) {
                return new Step.Away(String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    /** Deadlock and serialisation failure. */
    private static boolean isToBeRepeated(SQLException e) {
        return e.getSQLState() != null && e.getSQLState().startsWith("40");
    }

    private Step stepIn(Connection tx, long taskNo, Wishes wishes, int page, int mostWaiting, long now)
            throws SQLException {
        RedeliveryTask task = lockRunning(tx, taskNo);
        if (task == null) {
            return new Step.Ended();
        }
        Predicate<Message> wanted = wishes.of(task.appNo(), task.endpointNo());
        if (!tryLock(tx, task.endpointNo())) {
            return new Step.Busy();
        }
        if (wanted == null || !keepEndpoint(tx, task.endpointNo())) {
            end(tx, taskNo, "the endpoint was deleted", false, now);
            return new Step.Ended();
        }
        int waiting = waiting(tx, taskNo, mostWaiting + 1);
        if (waiting > mostWaiting) {
            return new Step.Full(waiting);
        }
        long settled = settled(tx, task.appNo());
        Slice<Message> slice =
                messages.page(tx, task.appNo(), filter(task), Search.NONE, new Reach(task.cursor(), true, page, false));
        List<Message> seen =
                slice.rows().stream().filter(message -> message.seq <= settled).toList();
        List<Message> chosen =
                task.kind() == Kind.REPLAY ? seen.stream().filter(wanted).toList() : seen;
        List<Long> queued = new ArrayList<>(insert(tx, task, chosen, now));
        int added = queued.size();
        if (task.kind() == Kind.RECOVER) {
            queued.addAll(hasten(tx, task, chosen, now));
        }
        boolean unsettled = seen.size() < slice.rows().size();
        boolean finished = !slice.more() && !unsettled;
        RedeliveryTask moved = move(tx, task, seen, queued.size(), finished, now);
        return new Step.Moved(
                moved, queued.stream().mapToLong(Long::longValue).toArray(), added, !finished && !unsettled);
    }

    private static Filter filter(RedeliveryTask task) {
        return new Filter(List.of(), null, null, Time.micros(task.since()), Time.micros(task.until()), null, null);
    }

    /** Those of the messages that the task is about and that have no row yet. */
    private static List<Long> insert(Connection tx, RedeliveryTask task, List<Message> chosen, long now)
            throws SQLException {
        String which = switch (task.kind()) {
            case RECOVER -> "last.verdict in (2, 3) and last.number <= " + MOST_ATTEMPTS;
            case REPLAY -> "last.verdict is null";
        };
        try (PreparedStatement insert = tx.prepareStatement(LAST + """
                insert into deferral
                    (endpoint_no, seq, due_at, message_at, app_no, attempts, reason, base, manual, task_no)
                select ?, last.seq, ?, last.at, ?, coalesce(last.number, 0), 4, coalesce(last.number, 0), true, ?
                from last
                join lateral (select from message m
                              where m.app_no = ? and m.seq = last.seq and m.created_at = last.at
                                and m.payload is not null) c on true
                where not exists (select from deferral d where d.endpoint_no = ? and d.seq = last.seq) and\s""" + which + """

                on conflict do nothing
                returning seq
                """)) {
            bindPage(tx, insert, task, chosen);
            insert.setInt(5, task.endpointNo());
            insert.setObject(6, PgTimes.utc(now));
            insert.setInt(7, task.appNo());
            insert.setLong(8, task.no());
            insert.setInt(9, task.appNo());
            insert.setInt(10, task.endpointNo());
            return seqs(insert);
        }
    }

    /**
     * What waits for a later retry is due now, as the first of a new round. Should the recorder be writing about one of
     * them, all is left for later.
     */
    private static List<Long> hasten(Connection tx, RedeliveryTask task, List<Message> chosen, long now)
            throws SQLException {
        List<Long> waiting;
        try (PreparedStatement select = tx.prepareStatement("""
                select seq from deferral
                where endpoint_no = ? and seq = any (?) and reason = 0 and attempts <= ? for update nowait
                """)) {
            select.setInt(1, task.endpointNo());
            select.setArray(
                    2, tx.createArrayOf("int8", chosen.stream().map(m -> m.seq).toArray()));
            select.setInt(3, MOST_ATTEMPTS);
            waiting = seqs(select);
        }
        if (!waiting.isEmpty()) {
            try (PreparedStatement update = tx.prepareStatement("""
                    update deferral
                    set due_at = least(due_at, ?), base = attempts, manual = true, reason = 4, task_no = ?
                    where endpoint_no = ? and seq = any (?)
                    """)) {
                update.setObject(1, PgTimes.utc(now));
                update.setLong(2, task.no());
                update.setInt(3, task.endpointNo());
                update.setArray(4, tx.createArrayOf("int8", waiting.toArray()));
                update.executeUpdate();
            }
        }
        return waiting;
    }

    private static RedeliveryTask move(
            Connection tx, RedeliveryTask task, List<Message> seen, int queued, boolean finished, long now)
            throws SQLException {
        Place cursor = seen.isEmpty() ? task.cursor() : new Place(seen.getLast().createdAt, seen.getLast().seq);
        try (PreparedStatement update = tx.prepareStatement("""
                update background_task
                set cursor_at = ?, cursor_seq = ?, scanned = scanned + ?, queued = queued + ?, status = ?,
                    updated_at = ?
                where no = ?
                """)) {
            update.setObject(1, cursor == null ? null : PgTimes.utc(cursor.at()));
            update.setObject(2, cursor == null ? null : cursor.tie());
            update.setInt(3, seen.size());
            update.setInt(4, queued);
            update.setInt(5, (finished ? Status.FINISHED : Status.RUNNING).code());
            update.setObject(6, PgTimes.utc(now));
            update.setLong(7, task.no());
            update.executeUpdate();
        }
        return reread(tx, task.no());
    }

    @Override
    public @Nullable Cancelled cancel(long taskNo, long now) {
        return this.<@Nullable Cancelled>write(Objects::nonNull, tx -> {
            if (lockRunning(tx, taskNo) == null) {
                return null;
            }
            // A row that somebody else has locked is being attempted: it is past calling back. What had a retry to come
            // before the task found it is owed that retry, and keeps the place that the task gave it.
            List<Long> withdrawn;
            try (PreparedStatement delete = tx.prepareStatement("""
                    with mine as (
                        select endpoint_no, seq, app_no, message_at from deferral
                        where task_no = ? and reason = 4 for update skip locked),
                    state as (
                        select mine.endpoint_no, mine.seq, l.verdict from mine left join lateral (
                            select a.verdict from attempt a
                            where a.app_no = mine.app_no and a.seq = mine.seq and a.endpoint_no + 0 = mine.endpoint_no
                              and a.started_at >= mine.message_at - interval '1 day'
                            order by a.number desc limit 1) l on true),
                    kept as (
                        update deferral d set reason = 0, task_no = null from state s
                        where d.endpoint_no = s.endpoint_no and d.seq = s.seq and s.verdict = 1)
                    delete from deferral d using state s
                    where d.endpoint_no = s.endpoint_no and d.seq = s.seq and s.verdict is distinct from 1
                    returning d.seq
                    """)) {
                delete.setLong(1, taskNo);
                withdrawn = seqs(delete);
            }
            end(tx, taskNo, "it was cancelled", true, now);
            return new Cancelled(reread(tx, taskNo), withdrawn);
        });
    }

    @Override
    public void fail(long taskNo, String why, long now) {
        write(done -> true, tx -> {
            end(tx, taskNo, why, false, now);
            return true;
        });
    }

    private static void end(Connection tx, long taskNo, String why, boolean cancelled, long now) throws SQLException {
        try (PreparedStatement update = tx.prepareStatement("""
                update background_task set status = 2, error = ?, cancelled = ?, updated_at = ?
                where no = ? and status = 0
                """)) {
            update.setString(1, why);
            update.setBoolean(2, cancelled);
            update.setObject(3, PgTimes.utc(now));
            update.setLong(4, taskNo);
            update.executeUpdate();
        }
    }

    @Override
    public List<RedeliveryTask> running() {
        return inTransaction(
                tx -> list(tx, new PgSelect(TASK + " where status = 0 order by no"), PgRedeliveries::read));
    }

    @Override
    public @Nullable RedeliveryTask task(int envNo, String id) {
        return inTransaction(
                tx -> new PgSelect(TASK + " where env_no = ? and id = ?", envNo, id).first(tx, PgRedeliveries::read));
    }

    @Override
    public List<RedeliveryTask> tasks(Wanted wanted, @Nullable String after, boolean ascending, int most) {
        PgSelect select = new PgSelect(TASK + " where env_no = ?", wanted.envNo());
        if (wanted.appNo() != null) {
            select.add("and app_no = ?", wanted.appNo());
        }
        if (wanted.status() != null) {
            select.add("and status = ?", wanted.status().code());
        }
        if (wanted.kind() != null) {
            select.add("and kind = ?", wanted.kind().code());
        }
        if (after != null) {
            select.add(ascending ? "and id > ?" : "and id < ?", after);
        }
        select.add("order by id " + (ascending ? "asc" : "desc") + " limit ?", most);
        return inTransaction(tx -> list(tx, select, PgRedeliveries::read));
    }

    // ---- what they have in common

    /** The task, locked; null if it does not run. */
    private static @Nullable RedeliveryTask lockRunning(Connection tx, long taskNo) throws SQLException {
        return new PgSelect(TASK + " where no = ? and status = 0 for update", taskNo).first(tx, PgRedeliveries::read);
    }

    private static RedeliveryTask reread(Connection tx, long taskNo) throws SQLException {
        RedeliveryTask task = new PgSelect(TASK + " where no = ?", taskNo).first(tx, PgRedeliveries::read);
        if (task == null) {
            throw new IllegalStateException("task " + taskNo + " is locked and not there");
        }
        return task;
    }

    /**
     * So that nobody else puts rows for the endpoint. Nobody waits for it: those who do would keep a connection each, and
     * all that ask about one endpoint would take those of all others.
     *
     * @return false if somebody else puts some just now
     */
    private static boolean tryLock(Connection tx, int endpointNo) throws SQLException {
        return Boolean.TRUE.equals(new PgSelect("select pg_try_advisory_xact_lock(?, ?)", LOCK_SPACE, endpointNo)
                .first(tx, row -> row.getBoolean(1)));
    }

    /** So that it is not deleted meanwhile. False if there is none. */
    private static boolean keepEndpoint(Connection tx, int endpointNo) throws SQLException {
        return new PgSelect("select true from endpoint where no = ? for key share", endpointNo).first(tx, row -> true)
                != null;
    }

    /**
     * How many deliveries of a task wait to be attempted, counted up to a limit. One that failed and waits for its retry
     * is no reason to wait: the endpoint may be well, and its retry schedule takes days.
     */
    private static int waiting(Connection tx, long taskNo, int limit) throws SQLException {
        Integer count = new PgSelect(
                        "select count(*) from (select from deferral where task_no = ? and reason = 4 limit ?) d",
                        taskNo,
                        limit)
                .first(tx, row -> row.getInt(1));
        return count == null ? 0 : count;
    }

    private static long settled(Connection tx, int appNo) throws SQLException {
        Long settled = new PgSelect("select settled from shard where no = ?", Shards.of(appNo))
                .first(tx, row -> row.getLong(1));
        if (settled == null) {
            throw new IllegalStateException("no shard " + Shards.of(appNo));
        }
        return settled;
    }

    private static void bindPage(Connection tx, PreparedStatement statement, RedeliveryTask task, List<Message> page)
            throws SQLException {
        statement.setArray(
                1, tx.createArrayOf("int8", page.stream().map(m -> m.seq).toArray()));
        statement.setArray(
                2, tx.createArrayOf("int8", page.stream().map(m -> m.createdAt).toArray()));
        statement.setInt(3, task.appNo());
        statement.setInt(4, task.endpointNo());
    }

    private static List<Long> seqs(PreparedStatement statement) throws SQLException {
        List<Long> seqs = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                seqs.add(row.getLong(1));
            }
        }
        return seqs;
    }

    private static <T> List<T> list(Connection tx, PgSelect select, PgSelect.Reader<T> reader) throws SQLException {
        List<T> list = new ArrayList<>();
        select.each(tx, row -> list.add(reader.read(row)));
        return list;
    }

    private static RedeliveryTask read(ResultSet row) throws SQLException {
        OffsetDateTime cursor = row.getObject("cursor_at", OffsetDateTime.class);
        return new RedeliveryTask(
                row.getLong("no"),
                row.getString("id"),
                row.getInt("env_no"),
                row.getInt("app_no"),
                row.getInt("endpoint_no"),
                row.getString("app_id"),
                row.getString("endpoint_id"),
                Kind.of(row.getInt("kind")),
                Status.of(row.getInt("status")),
                PgTimes.instant(row, "since"),
                PgTimes.instant(row, "until"),
                cursor == null ? null : new Place(Time.micros(cursor.toInstant()), row.getLong("cursor_seq")),
                row.getLong("scanned"),
                row.getLong("queued"),
                row.getBoolean("cancelled"),
                row.getString("error"),
                row.getString("created_by"),
                PgTimes.instant(row, "created_at"),
                PgTimes.instant(row, "updated_at"));
    }

    /** What has changed nothing is rolled back, with whatever the guard has written. */
    private <T extends @Nullable Object> T write(Predicate<T> changed, Doing<T> doing) {
        return inTransaction(tx -> {
            try {
                guard.check(tx);
            } catch (StaleOwnerException e) {
                throw new SQLException(e.getMessage(), "PH001", e);
            }
            try (Statement first = tx.createStatement()) {
                first.execute(BEGIN);
            }
            T result = doing.in(tx);
            if (!changed.test(result)) {
                tx.rollback();
            }
            return result;
        });
    }

    private <T extends @Nullable Object> T inTransaction(Doing<T> doing) {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            T result = doing.in(tx);
            tx.commit();
            return result;
        } catch (SQLException e) {
            throw new HistoryException(
                    HistoryException.Kind.FAILED,
                    (SqlErrors.isUnavailable(e) ? "the database does not answer: " : "the database refuses: ")
                            + e.getMessage(),
                    e);
        }
    }
}
