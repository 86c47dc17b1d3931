package io.posthorn.history;

import io.posthorn.history.History.Place;
import io.posthorn.history.Redeliveries.Resent;
import io.posthorn.history.RedeliveryTask.Kind;
import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Begins new rounds of deliveries: rows that are put into {@code deferral}, or made due there. Whoever calls holds the
 * lock of the endpoint.
 *
 * <p>What has ended or was never begun comes back aside of the order that the endpoint's deliveries may have: it had its
 * turn, or none. What waits for its turn in the order keeps its place.
 */
final class PgRounds {
    /** No new round begins beyond it: attempts are counted up to {@link Attempt#MOST}, and a round may have many. */
    static final int MOST_ATTEMPTS = 30_000;

    private static final int SCHEDULED = DeferralReason.SCHEDULED.code();

    /**
     * The reason of a row that is made due by name. What was held goes on as a retry. In an order a row has to keep its
     * reason, by which its lane knows its place; without one, what was attempted before goes behind what is fresh.
     */
    private static String reason(boolean ordered) {
        return ordered
                ? "case when reason = 8 then 0 else reason end"
                : "case when reason = 8 then 0 when attempts = 0 then reason else 4 end";
    }

    /** The messages of a page, {@code w}, each with its last attempt at the endpoint, if any. */
    private static final String LAST = """
            with w as (select seq, to_timestamp(0) + at * interval '1 microsecond' as at
                       from unnest(?::bigint[], ?::bigint[]) as u (seq, at)),
            last as (select w.seq, w.at, l.number, l.verdict, l.response_code
                     from w left join lateral (
                         select a.number, a.verdict, a.response_code from attempt a
                         where a.app_no = ? and a.seq = w.seq and a.endpoint_no + 0 = ?
                           and a.started_at >= w.at - interval '1 day'
                         order by a.number desc limit 1) l on true)
            """;

    private PgRounds() {}

    // ---- one

    /**
     * A delivery that waits is made due, and its schedule starts afresh. It belongs to no task any more: to cancel that
     * one must not take back what somebody has asked for besides.
     *
     * @return null if nothing waits; nothing of this is to be committed if it was attempted too often, or its time has
     *     not come
     */
    static @Nullable Resent hasten(Connection tx, Message message, int endpointNo, boolean ordered, long now)
            throws SQLException {
        try (PreparedStatement update = tx.prepareStatement("""
                update deferral
                set due_at = least(due_at, ?), base = attempts, manual = true, task_no = null,
                    reason =\s""" + reason(ordered) + """

                where endpoint_no = ? and seq = ?
                returning attempts, reason
                """)) {
            update.setObject(1, PgTimes.utc(now));
            update.setInt(2, endpointNo);
            update.setLong(3, message.seq);
            try (ResultSet row = update.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                if (row.getInt(1) > MOST_ATTEMPTS) {
                    return Resent.TOO_OFTEN;
                }
                return row.getInt(2) == SCHEDULED ? Resent.SCHEDULED : Resent.HASTENED;
            }
        }
    }

    /**
     * Nothing waits. The recorder may write in between, so that the order matters: what is settled was written before
     * that was read, and so its attempts are seen; and the row is put only where the books still say what was read.
     *
     * @return null if they do not: to be looked at anew
     */
    static @Nullable Resent put(Connection tx, Message message, int endpointNo, long now) throws SQLException {
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
                insert into deferral
                    (endpoint_no, seq, due_at, message_at, app_no, attempts, reason, base, manual, aside)
                select w.endpoint_no, w.seq, w.due_at, w.message_at, w.app_no, w.attempts, 4, w.attempts, true, true
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

    // ---- dead letters by name

    /**
     * Dead letters that wait are made due where they are, the others get a row.
     *
     * @param attempts by the numbers of the messages: of the dead letters that there are
     * @return what became of each of them
     */
    static Map<Long, Resent> replay(
            Connection tx, int endpointNo, boolean ordered, Map<Long, Integer> attempts, long now) throws SQLException {
        Map<Long, Resent> all = new HashMap<>();
        List<Long> seqs = new ArrayList<>(attempts.keySet());
        try (PreparedStatement update = tx.prepareStatement("""
                with waiting as (
                    select endpoint_no, seq from deferral
                    where endpoint_no = ? and seq = any (?) and attempts <= ? for update skip locked)
                update deferral d
                set due_at = least(due_at, ?), base = attempts, manual = true, task_no = null,
                    reason =\s""" + reason(ordered) + """

                from waiting w where d.endpoint_no = w.endpoint_no and d.seq = w.seq
                returning d.seq
                """)) {
            update.setInt(1, endpointNo);
            update.setArray(2, tx.createArrayOf("int8", seqs.toArray()));
            update.setInt(3, MOST_ATTEMPTS);
            update.setObject(4, PgTimes.utc(now));
            seqs(update).forEach(seq -> all.put(seq, Resent.HASTENED));
        }
        // Behind the other: what ended in between has no row any more.
        insertDead(tx, endpointNo, seqs, null, now).forEach(seq -> all.put(seq, Resent.QUEUED));
        try (PreparedStatement select =
                tx.prepareStatement("select seq from deferral where endpoint_no = ? and seq = any (?)")) {
            select.setInt(1, endpointNo);
            select.setArray(2, tx.createArrayOf("int8", seqs.toArray()));
            seqs(select).forEach(seq -> all.putIfAbsent(seq, Resent.UNDER_WAY));
        }
        attempts.forEach((seq, number) -> {
            if (number > MOST_ATTEMPTS) {
                all.put(seq, Resent.TOO_OFTEN);
            }
            all.putIfAbsent(seq, Resent.NO_CONTENT);
        });
        return all;
    }

    // ---- pages of tasks

    /** Those of the messages that the task is about and that have no row yet. */
    static List<Long> insert(Connection tx, RedeliveryTask task, List<Place> chosen, long now) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement(LAST + """
                insert into deferral
                    (endpoint_no, seq, due_at, message_at, app_no, attempts, reason, base, manual, task_no, aside)
                select ?, last.seq, ?, last.at, ?, coalesce(last.number, 0), 4, coalesce(last.number, 0), true, ?, true
                from last
                join lateral (select from message m
                              where m.app_no = ? and m.seq = last.seq and m.created_at = last.at
                                and m.payload is not null) c on true
                where not exists (select from deferral d where d.endpoint_no = ? and d.seq = last.seq)
                  and coalesce(last.number, 0) <= ? and\s""" + which(task) + """

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
            insert.setInt(11, MOST_ATTEMPTS);
            return seqs(insert);
        }
    }

    /** Of {@code last}. What somebody has cancelled, 5, nobody wants any more. */
    private static String which(RedeliveryTask task) {
        if (task.kind() == Kind.REPLAY) {
            return "last.verdict is null";
        }
        String which = switch (task.selection().which()) {
            case ALL -> "last.verdict is distinct from 5";
            case DELIVERED -> "last.verdict = 0";
            case FAILED -> "last.verdict in (2, 3)";
            case MISSING -> "last.verdict is null";
        };
        return which + ofClass(task.selection().codeClass());
    }

    private static String ofClass(@Nullable Integer codeClass) {
        if (codeClass == null) {
            return "";
        }
        return codeClass == 0
                ? " and last.number is not null and last.response_code is null"
                : " and last.response_code between " + codeClass + " and " + (codeClass + 99);
    }

    /**
     * Dead letters that have no row. Their attempts stand in the dead letter: the log of them may be gone before.
     *
     * @param taskNo null if no task asks for them
     */
    static List<Long> insertDead(Connection tx, int endpointNo, List<Long> seqs, @Nullable Long taskNo, long now)
            throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into deferral
                    (endpoint_no, seq, due_at, message_at, app_no, attempts, reason, base, manual, task_no, aside)
                select l.endpoint_no, l.seq, ?, l.message_at, l.app_no, l.attempts, 4, l.attempts, true, ?, true
                from dead_letter l
                join lateral (select from message m
                              where m.app_no = l.app_no and m.seq = l.seq and m.created_at = l.message_at
                                and m.payload is not null) c on true
                where l.endpoint_no = ? and l.seq = any (?) and l.attempts <= ?
                  and not exists (select from deferral d where d.endpoint_no = l.endpoint_no and d.seq = l.seq)
                on conflict do nothing
                returning seq
                """)) {
            insert.setObject(1, PgTimes.utc(now));
            insert.setObject(2, taskNo, Types.BIGINT);
            insert.setInt(3, endpointNo);
            insert.setArray(4, tx.createArrayOf("int8", seqs.toArray()));
            insert.setInt(5, MOST_ATTEMPTS);
            return seqs(insert);
        }
    }

    /**
     * What a task may make due: retries that come later and what is held, or what is held alone. The first attempt of
     * anything else is still to come.
     */
    static List<Integer> reasons(RedeliveryTask task) {
        List<Integer> both = List.of(DeferralReason.RETRY.code(), DeferralReason.HELD.code());
        List<Integer> held = List.of(DeferralReason.HELD.code());
        return switch (task.kind()) {
            case RECOVER -> both;
            case DEAD_LETTERS -> held;
            case REPLAY -> List.of();
            case BULK ->
                switch (task.selection().which()) {
                    case ALL -> both;
                    case FAILED -> held;
                    case DELIVERED, MISSING -> List.of();
                };
        };
    }

    /**
     * What waits for a later retry, or is held, is due now, as the first of a new round. In an order it keeps its place,
     * and is the task's no more than before. Should the recorder be writing about one of them, all is left for later.
     */
    static List<Long> hasten(Connection tx, RedeliveryTask task, List<Place> chosen, boolean ordered, long now)
            throws SQLException {
        List<Integer> reasons = reasons(task);
        if (reasons.isEmpty() || chosen.isEmpty()) {
            return List.of();
        }
        List<Long> waiting;
        try (PreparedStatement select =
                tx.prepareStatement(LAST + """
                select d.seq from deferral d join last on last.seq = d.seq
                where d.endpoint_no = ? and d.reason = any (?) and d.attempts <= ?
                """ + ofClass(task.selection().codeClass()) + " for update of d nowait")) {
            bindPage(tx, select, task, chosen);
            select.setInt(5, task.endpointNo());
            select.setArray(6, tx.createArrayOf("int4", reasons.toArray()));
            select.setInt(7, MOST_ATTEMPTS);
            waiting = seqs(select);
        }
        if (!waiting.isEmpty()) {
            try (PreparedStatement update = tx.prepareStatement("""
                    update deferral
                    set due_at = least(due_at, ?), base = attempts, manual = true,
                        reason = case when ? or reason = 8 then 0 else 4 end,
                        task_no = case when ? or reason = 8 then null else ? end
                    where endpoint_no = ? and seq = any (?)
                    """)) {
                update.setObject(1, PgTimes.utc(now));
                update.setBoolean(2, ordered);
                update.setBoolean(3, ordered);
                update.setLong(4, task.no());
                update.setInt(5, task.endpointNo());
                update.setArray(6, tx.createArrayOf("int8", waiting.toArray()));
                update.executeUpdate();
            }
        }
        return waiting;
    }

    private static void bindPage(Connection tx, PreparedStatement statement, RedeliveryTask task, List<Place> page)
            throws SQLException {
        statement.setArray(
                1, tx.createArrayOf("int8", page.stream().map(Place::tie).toArray()));
        statement.setArray(
                2, tx.createArrayOf("int8", page.stream().map(Place::at).toArray()));
        statement.setInt(3, task.appNo());
        statement.setInt(4, task.endpointNo());
    }

    /** Below this number everything of the application's shard is settled. */
    static long settled(Connection tx, int appNo) throws SQLException {
        Long settled = new PgSelect("select settled from shard where no = ?", Shards.of(appNo))
                .first(tx, row -> row.getLong(1));
        if (settled == null) {
            throw new IllegalStateException("no shard " + Shards.of(appNo));
        }
        return settled;
    }

    static List<Long> seqs(PreparedStatement statement) throws SQLException {
        List<Long> seqs = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                seqs.add(row.getLong(1));
            }
        }
        return seqs;
    }
}
