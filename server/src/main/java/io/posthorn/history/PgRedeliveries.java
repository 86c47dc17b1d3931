package io.posthorn.history;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.history.RedeliveryTask.Draft;
import io.posthorn.history.RedeliveryTask.Kind;
import io.posthorn.history.RedeliveryTask.Status;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.posthorn.store.PgTimes;
import io.posthorn.store.SqlErrors;
import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    private static final long KEEP_MICROS = 90L * 86_400_000_000L;
    private static final int TRIES = 3;
    private static final String LOCKED = "55P03";
    /** Cancelled, by {@code statement_timeout}: the database is overloaded, or a page is very far away. */
    private static final String TOO_SLOW = "57014";

    /** As for reading the history: each statement is written for an index. A page may take longer than an answer. */
    static final String BEGIN = """
            set local statement_timeout = 25000;
            set local jit = off;
            set local enable_seqscan = off;
            set local enable_bitmapscan = off;
            set local enable_hashjoin = off;
            set local enable_mergejoin = off;
            """;

    private static final String TASK = """
            select no, id, env_no, app_no, endpoint_no, app_id, endpoint_id, kind, status, since, until, cursor_at,
                   cursor_seq, total, scanned, queued, paused, cancelled, error, created_by, created_at, updated_at,
                   event_types, channel, tag, which, code_class, why,
                   (select count(*) from (select from deferral d where d.task_no = t.no and d.reason = 4
                                          limit 10000) w) as waiting
            from background_task t""";

    /** More than so many are not counted. */
    private static final int MOST_COUNTED = 1_000_000;

    private final DataSource pool;
    private final Guard guard;
    private final Ids ids;
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
        this.ids = ids;
        this.messages = new PgMessages(ids);
    }

    // ---- one delivery

    @Override
    public Resent resend(Message message, int endpointNo, boolean ordered, long now) {
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
                resent = PgRounds.hasten(tx, message, endpointNo, ordered, now);
                if (resent == null) {
                    resent = PgRounds.put(tx, message, endpointNo, now);
                }
            }
            return resent == null ? Resent.UNDER_WAY : resent;
        });
    }

    @Override
    public Map<DeadLetters.Ref, Resent> replay(
            int appNo, int endpointNo, boolean ordered, List<DeadLetters.Ref> refs, long now) {
        return write(all -> all.containsValue(Resent.QUEUED) || all.containsValue(Resent.HASTENED), tx -> {
            Map<DeadLetters.Ref, Resent> all = new HashMap<>();
            if (!tryLock(tx, endpointNo)) {
                refs.forEach(ref -> all.put(ref, Resent.BUSY));
                return all;
            }
            refs.forEach(ref -> all.put(ref, Resent.GONE));
            if (!keepEndpoint(tx, endpointNo)) {
                return all;
            }
            Map<Long, Integer> attempts = new HashMap<>();
            Map<Long, DeadLetters.Ref> there = new HashMap<>();
            PgSelect select = new PgSelect("select seq, message_at, attempts from dead_letter")
                    .add("where endpoint_no = ? and app_no = ?", endpointNo, appNo)
                    .add("and seq = any (?)", (Object)
                            refs.stream().map(DeadLetters.Ref::seq).toArray(Long[]::new));
            select.each(tx, row -> {
                long seq = row.getLong("seq");
                String id = ids.message(appNo, PgTimes.micros(row, "message_at"), seq);
                DeadLetters.Ref ref = new DeadLetters.Ref(endpointNo, id, seq);
                if (all.containsKey(ref)) { // the number alone could be that of another message
                    attempts.put(seq, row.getInt("attempts"));
                    there.put(seq, ref);
                }
                return ref;
            });
            PgRounds.replay(tx, endpointNo, ordered, attempts, now)
                    .forEach((seq, resent) -> all.put(Objects.requireNonNull(there.get(seq)), resent));
            return all;
        });
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
            return running.id().equals(draft.id()) ? new Begun.Started(counted(tx, running)) : new Begun.Busy(running);
        });
    }

    /** With the number of what there is to look at, where that is a matter of counting. */
    private static RedeliveryTask counted(Connection tx, RedeliveryTask task) throws SQLException {
        if (task.kind() != Kind.RECOVER && task.kind() != Kind.DEAD_LETTERS) {
            return task; // messages are too many to be counted
        }
        Long total = new PgSelect("select count(*) from (")
                .add(PgDeadPage.select(task, null, Long.MAX_VALUE, MOST_COUNTED + 1, "")
                        .add(") t"))
                .first(tx, row -> row.getLong(1));
        if (total == null || total > MOST_COUNTED) {
            return task;
        }
        try (PreparedStatement update = tx.prepareStatement("update background_task set total = ? where no = ?")) {
            update.setLong(1, total);
            update.setLong(2, task.no());
            update.executeUpdate();
        }
        return reread(tx, task.no());
    }

    private static void insert(Connection tx, Draft draft, long now) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement("""
                    insert into background_task (id, env_no, app_no, endpoint_no, app_id, endpoint_id, kind, status,
                                                 since, until, created_by, created_at, updated_at, event_types,
                                                 channel, tag, which, code_class, why)
                    values (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
            Selection selection = draft.selection();
            DeadLetter.Why why = selection.why();
            insert.setArray(
                    13,
                    selection.eventTypes().isEmpty()
                            ? null
                            : tx.createArrayOf("text", selection.eventTypes().toArray()));
            insert.setString(14, selection.channel());
            insert.setString(15, selection.tag());
            insert.setInt(16, selection.which().code());
            insert.setObject(17, selection.codeClass(), Types.SMALLINT);
            insert.setObject(18, why == null ? null : why.code(), Types.SMALLINT);
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
        Wish wish = wishes.of(task.appNo(), task.endpointNo());
        if (!tryLock(tx, task.endpointNo())) {
            return new Step.Busy();
        }
        if (wish == null || !keepEndpoint(tx, task.endpointNo())) {
            end(tx, taskNo, "the endpoint was deleted", false, now);
            return new Step.Ended();
        }
        if (task.paused()) {
            return new Step.Paused();
        }
        int waiting = waiting(tx, taskNo, mostWaiting + 1);
        if (waiting > mostWaiting) {
            return new Step.Full(waiting);
        }
        long settled = PgRounds.settled(tx, task.appNo());
        Page found = switch (task.kind()) {
            case RECOVER, DEAD_LETTERS -> deadPage(tx, task, settled, page);
            case REPLAY, BULK -> messagePage(tx, task, wish.wanted(), settled, page, now);
        };
        // In this order: what ends between the two has no row any more when rows are put.
        List<Long> queued = new ArrayList<>(PgRounds.hasten(tx, task, found.chosen, wish.ordered(), now));
        List<Long> added = switch (task.kind()) {
            case RECOVER, DEAD_LETTERS ->
                PgRounds.insertDead(
                        tx,
                        task.endpointNo(),
                        found.chosen.stream().map(Place::tie).toList(),
                        taskNo,
                        now);
            case REPLAY, BULK -> PgRounds.insert(tx, task, found.chosen, now);
        };
        queued.addAll(added);
        boolean finished = !found.more && !found.unsettled;
        RedeliveryTask moved = move(tx, task, found, queued.size(), finished, now);
        return new Step.Moved(
                moved,
                queued.stream().mapToLong(Long::longValue).toArray(),
                added.size(),
                !finished && !found.unsettled);
    }

    /**
     * What a step looks at.
     *
     * @param chosen what it is about
     * @param seen how many it has looked at
     * @param last of these; null if there were none
     * @param more whether there are more to be looked at
     * @param unsettled whether there are some that are not settled, or may come
     */
    private record Page(
            List<Place> chosen, int seen, @Nullable Place last, boolean more, boolean unsettled) {}

    /** Messages in their order, up to those that are not settled. */
    private Page messagePage(
            Connection tx, RedeliveryTask task, Predicate<Message> wanted, long settled, int page, long now)
            throws SQLException {
        Selection selection = task.selection();
        Filter filter = new Filter(
                selection.eventTypes(),
                selection.channel(),
                selection.tag(),
                Time.micros(task.since()),
                Time.micros(task.until()),
                null,
                null);
        Slice<Message> slice =
                messages.page(tx, task.appNo(), filter, Search.NONE, new Reach(task.cursor(), true, page, false));
        List<Message> seen =
                slice.rows().stream().filter(message -> message.seq <= settled).toList();
        List<Place> chosen = seen.stream()
                .filter(wanted)
                .filter(message -> message.deliverAt <= now)
                .map(message -> new Place(message.createdAt, message.seq))
                .toList();
        return new Page(
                chosen,
                seen.size(),
                seen.isEmpty() ? null : new Place(seen.getLast().createdAt, seen.getLast().seq),
                slice.more(),
                seen.size() < slice.rows().size());
    }

    /**
     * Dead letters, and what else waits, in the order of their messages. A message of the time that is not settled may
     * become one, so that it is waited for; who asks for the dead letters by the times of their deaths has those there
     * are.
     */
    private static Page deadPage(Connection tx, RedeliveryTask task, long settled, int page) throws SQLException {
        boolean byMessage = task.kind() == Kind.RECOVER;
        List<Place> found = list(
                tx,
                PgDeadPage.select(task, task.cursor(), byMessage ? settled : Long.MAX_VALUE, page + 1, "order by seq"),
                row -> new Place(PgTimes.micros(row, "message_at"), row.getLong("seq")));
        boolean more = found.size() > page;
        List<Place> chosen = more ? found.subList(0, page) : found;
        boolean unsettled = byMessage
                && !more
                && new PgSelect("select true from message where app_no = ? and seq > ?", task.appNo(), settled)
                                .add(
                                        "and created_at >= ? and created_at < ? limit 1",
                                        PgTimes.utc(Time.micros(task.since())),
                                        PgTimes.utc(Time.micros(task.until())))
                                .first(tx, row -> true)
                        != null;
        return new Page(chosen, chosen.size(), chosen.isEmpty() ? null : chosen.getLast(), more, unsettled);
    }

    private static RedeliveryTask move(
            Connection tx, RedeliveryTask task, Page page, int queued, boolean finished, long now) throws SQLException {
        Place cursor = page.last == null ? task.cursor() : page.last;
        try (PreparedStatement update = tx.prepareStatement("""
                update background_task
                set cursor_at = ?, cursor_seq = ?, scanned = scanned + ?, queued = queued + ?, status = ?,
                    updated_at = ?
                where no = ?
                """)) {
            update.setObject(1, cursor == null ? null : PgTimes.utc(cursor.at()));
            update.setObject(2, cursor == null ? null : cursor.tie());
            update.setInt(3, page.seen);
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
                        update deferral d set reason = 0, task_no = null, due_at = least(d.due_at, ?) from state s
                        where d.endpoint_no = s.endpoint_no and d.seq = s.seq and s.verdict = 1)
                    delete from deferral d using state s
                    where d.endpoint_no = s.endpoint_no and d.seq = s.seq and s.verdict is distinct from 1
                    returning d.seq
                    """)) {
                delete.setLong(1, taskNo);
                delete.setObject(2, PgTimes.utc(now));
                withdrawn = PgRounds.seqs(delete);
            }
            end(tx, taskNo, "it was cancelled", true, now);
            return new Cancelled(reread(tx, taskNo), withdrawn);
        });
    }

    @Override
    public @Nullable Moved pause(long taskNo, long now) {
        return shift(taskNo, true, now);
    }

    @Override
    public @Nullable Moved resume(long taskNo, long now) {
        return shift(taskNo, false, now);
    }

    /**
     * What waits of a task that pauses is due at the end of time, and what is due then when it goes on is due now. A row
     * that somebody else has locked is being attempted: it goes its way.
     */
    private @Nullable Moved shift(long taskNo, boolean paused, long now) {
        return this.<@Nullable Moved>write(Objects::nonNull, tx -> {
            RedeliveryTask task = lockRunning(tx, taskNo);
            if (task == null || task.paused() == paused) {
                return task == null ? null : new Moved(task, List.of());
            }
            List<Long> moved;
            try (PreparedStatement shift = tx.prepareStatement("""
                    update deferral d set due_at = ?
                    from (select endpoint_no, seq from deferral
                          where task_no = ? and reason = 4 and (due_at >= ?) <> ? for update skip locked) w
                    where d.endpoint_no = w.endpoint_no and d.seq = w.seq
                    returning d.seq
                    """)) {
                shift.setObject(1, PgTimes.utc(paused ? Filter.FOREVER : now));
                shift.setLong(2, taskNo);
                shift.setObject(3, PgTimes.utc(Filter.FOREVER));
                shift.setBoolean(4, paused);
                moved = PgRounds.seqs(shift);
            }
            try (PreparedStatement mark =
                    tx.prepareStatement("update background_task set paused = ?, updated_at = ? where no = ?")) {
                mark.setBoolean(1, paused);
                mark.setObject(2, PgTimes.utc(now));
                mark.setLong(3, taskNo);
                mark.executeUpdate();
            }
            return new Moved(reread(tx, taskNo), moved);
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
                update background_task set status = 2, error = ?, cancelled = ?, paused = false, updated_at = ?
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
        String kind = wanted.kind();
        if (kind != null) {
            select.add("and kind = any (?)", (Object) Arrays.stream(Kind.values())
                    .filter(each -> each.text().equals(kind))
                    .map(each -> (short) each.code())
                    .toArray(Short[]::new));
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
                selection(row),
                cursor == null ? null : new Place(Time.micros(cursor.toInstant()), row.getLong("cursor_seq")),
                row.getObject("total", Long.class),
                row.getLong("scanned"),
                row.getLong("queued"),
                row.getInt("waiting"),
                row.getBoolean("paused"),
                row.getBoolean("cancelled"),
                row.getString("error"),
                row.getString("created_by"),
                PgTimes.instant(row, "created_at"),
                PgTimes.instant(row, "updated_at"));
    }

    private static Selection selection(ResultSet row) throws SQLException {
        Integer why = row.getObject("why", Integer.class);
        return new Selection(
                PgBacklog.texts(row.getArray("event_types")),
                row.getString("channel"),
                row.getString("tag"),
                Selection.Which.of(row.getInt("which")),
                row.getObject("code_class", Integer.class),
                why == null ? null : DeadLetter.Why.of(why));
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
