package io.posthorn.history;

import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.CopyRows;
import io.posthorn.store.DailyPartitions;
import io.posthorn.store.PgTimes;
import io.posthorn.store.StaleOwnerException;
import io.posthorn.store.WriterConnection;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** Outcomes in PostgreSQL. Belongs to the recorder's thread. */
public final class PgOutcomeStore implements OutcomeStore, AutoCloseable {
    private static final String ATTEMPT = """
            attempt (seq, message_at, started_at, app_no, endpoint_no, duration_us, number, status, response_code, \
            verdict, next_at, detail, headers, body, manual)""";
    private static final int ATTEMPT_COLUMNS = 15;

    private final WriterConnection writer;
    private final DailyPartitions partitions;
    private final PgOutcomeListener listener;
    private final CopyRows rows = new CopyRows();
    /** Of the last transaction, whether it is known to be committed or not. */
    private int backlogChange;

    /**
     * A store on a connection of its own.
     *
     * @param writer the connection
     * @param partitions made where a day has none yet
     * @param listener writes more in the same transactions
     */
    public PgOutcomeStore(WriterConnection writer, DailyPartitions partitions, PgOutcomeListener listener) {
        this.writer = writer;
        this.partitions = partitions;
        this.listener = listener;
    }

    /** A store that writes nothing but outcomes. */
    public PgOutcomeStore(WriterConnection writer, DailyPartitions partitions) {
        this(writer, partitions, PgOutcomeListener.NONE);
    }

    @Override
    public WriteResult write(List<Settlement> batch, List<SettledPositions.Position> moved, boolean again) {
        try {
            if (again && isThere(batch)) {
                listener.committed();
                return new WriteResult.Written(backlogChange);
            }
            ensurePartitions(batch);
            Connection tx = writer.begin();
            writeAttempts(tx, batch);
            backlogChange = writeDeferrals(tx, batch);
            PgDeadLetterRows.write(tx, batch);
            listener.written(tx, batch);
            writePositions(tx, moved);
            tx.commit();
            listener.committed();
            return new WriteResult.Written(backlogChange);
        } catch (StaleOwnerException _) {
            writer.broken();
            return new WriteResult.Fenced();
        } catch (SQLException e) {
            writer.broken();
            String why = WriterConnection.describe(e);
            return isRefusal(e) ? new WriteResult.Refused(why) : new WriteResult.Unavailable(why);
        }
    }

    /** Data exceptions, violated constraints and rows that contradict each other: they would be refused for ever. */
    private static boolean isRefusal(SQLException e) {
        String state = e.getSQLState();
        return state != null && (state.startsWith("21") || state.startsWith("22") || state.startsWith("23"));
    }

    /** A transaction is there whole or not at all; one without attempts can be written twice without harm. */
    private boolean isThere(List<Settlement> batch) throws SQLException {
        for (Settlement settlement : batch) {
            Attempt attempt = settlement.attempt();
            if (attempt != null) {
                return isThere(settlement, attempt);
            }
        }
        return false;
    }

    private boolean isThere(Settlement settlement, Attempt attempt) throws SQLException {
        Connection connection = writer.connect();
        try (PreparedStatement select = connection.prepareStatement("""
                select from attempt
                where endpoint_no = ? and started_at = ? and seq = ? and number = ?
                """)) {
            select.setInt(1, settlement.endpointNo());
            select.setObject(2, PgTimes.utc(attempt.startedAt()));
            select.setLong(3, settlement.seq());
            select.setInt(4, attempt.number());
            boolean there;
            try (ResultSet found = select.executeQuery()) {
                there = found.next();
            }
            connection.rollback();
            return there;
        }
    }

    private void ensurePartitions(List<Settlement> batch) throws SQLException {
        long day = Long.MIN_VALUE;
        for (Settlement settlement : batch) {
            Attempt attempt = settlement.attempt();
            if (attempt != null) {
                long attemptDay = Math.floorDiv(attempt.startedAt(), Time.DAY_MICROS);
                if (attemptDay != day) {
                    day = attemptDay;
                    partitions.ensure(LocalDate.ofEpochDay(day));
                }
            }
        }
    }

    private void writeAttempts(Connection tx, List<Settlement> batch) throws SQLException {
        rows.clear();
        for (Settlement settlement : batch) {
            Attempt attempt = settlement.attempt();
            if (attempt != null) {
                writeAttempt(settlement, attempt);
            }
        }
        if (rows.rows() > 0) {
            rows.send(tx, ATTEMPT);
        }
    }

    private void writeAttempt(Settlement settlement, Attempt attempt) {
        rows.row(ATTEMPT_COLUMNS);
        rows.int8(settlement.seq());
        rows.time(settlement.messageAt());
        rows.time(attempt.startedAt());
        rows.int4(settlement.appNo());
        rows.int4(settlement.endpointNo());
        rows.int4(attempt.durationMicros());
        rows.int2(attempt.number());
        rows.int2(attempt.status().code());
        if (attempt.responseCode() == 0) {
            rows.none();
        } else {
            rows.int2(attempt.responseCode());
        }
        rows.int2(settlement.verdict().code());
        if (settlement.verdict() instanceof Verdict.RetryAt(long dueAt)) {
            rows.time(dueAt);
        } else {
            rows.none();
        }
        rows.text(withoutNul(attempt.detail()));
        rows.text(withoutNul(attempt.headers()));
        rows.bytes(attempt.body());
        if (settlement.manual()) {
            rows.bool(true);
        } else {
            rows.none();
        }
    }

    /** PostgreSQL's text has no NUL; what a stranger's server answers may. */
    private static @Nullable String withoutNul(@Nullable String text) {
        return text == null || text.indexOf('\0') < 0 ? text : text.replace('\0', '\ufffd');
    }

    /**
     * Counted by the rows and not by the outcomes: a row may be gone already, because its task was cancelled, and one
     * whose delivery has ended stays if it was asked for again meanwhile.
     *
     * @return by how much there are more rows
     */
    private static int writeDeferrals(Connection tx, List<Settlement> batch) throws SQLException {
        List<Settlement> ended = new ArrayList<>();
        boolean exhausted = false;
        // A delivery may be parked, stay in memory and fail, all in one batch: its row is as the last of them says.
        Map<Pair, Settlement> waiting = new LinkedHashMap<>();
        for (Settlement settlement : batch) {
            switch (settlement.verdict()) {
                case Verdict.RetryAt _, Verdict.Parked _, Verdict.Held _ ->
                    waiting.put(new Pair(settlement.endpointNo(), settlement.seq()), settlement);
                case Verdict.Delivered _,
                        Verdict.Exhausted _,
                        Verdict.Gone _,
                        Verdict.Superseded _,
                        Verdict.Unrepeated _,
                        Verdict.Cancelled _,
                        Verdict.Dropped _ -> {
                    if (settlement.fromDeferral()) {
                        ended.add(settlement);
                        exhausted |= settlement.verdict() instanceof Verdict.Exhausted;
                    }
                }
            }
        }
        int added = waiting.isEmpty() ? 0 : writeWaiting(tx, List.copyOf(waiting.values()));
        int deleted = ended.isEmpty() ? 0 : deleteEnded(tx, ended);
        if (exhausted && deleted < ended.size()) {
            beginNextRounds(tx, ended);
        }
        return added - deleted;
    }

    private record Pair(int endpointNo, long seq) {}

    /** How many rows it has added; the others were there. */
    private static int writeWaiting(Connection tx, List<Settlement> waiting) throws SQLException {
        int count = waiting.size();
        Integer[] endpoints = new Integer[count];
        Integer[] apps = new Integer[count];
        Integer[] attempts = new Integer[count];
        Integer[] reasons = new Integer[count];
        Integer[] bases = new Integer[count];
        Boolean[] manual = new Boolean[count];
        Long[] keys = new Long[count];
        Integer[] keyVersions = new Integer[count];
        Boolean[] aside = new Boolean[count];
        Long[] seqs = new Long[count];
        Long[] due = new Long[count];
        Long[] messageAt = new Long[count];
        for (int i = 0; i < count; i++) {
            Settlement settlement = waiting.get(i);
            endpoints[i] = settlement.endpointNo();
            apps[i] = settlement.appNo();
            attempts[i] = settlement.attempts();
            seqs[i] = settlement.seq();
            messageAt[i] = settlement.messageAt();
            bases[i] = settlement.base();
            manual[i] = settlement.manual();
            keys[i] = settlement.keyHash();
            keyVersions[i] = settlement.keyVersion();
            aside[i] = settlement.aside();
            switch (settlement.verdict()) {
                case Verdict.RetryAt(long dueAt) -> {
                    due[i] = dueAt;
                    reasons[i] = DeferralReason.RETRY.code();
                }
                case Verdict.Parked(long dueAt, DeferralReason reason) -> {
                    due[i] = dueAt;
                    reasons[i] = reason.code();
                }
                case Verdict.Held _ -> {
                    due[i] = Filter.FOREVER;
                    reasons[i] = DeferralReason.HELD.code();
                }
                case Verdict.Delivered _,
                        Verdict.Exhausted _,
                        Verdict.Gone _,
                        Verdict.Superseded _,
                        Verdict.Unrepeated _,
                        Verdict.Cancelled _,
                        Verdict.Dropped _ -> throw new IllegalStateException("not waiting: " + settlement.verdict());
            }
        }
        // An endpoint that was deleted meanwhile is owed nothing: the join leaves its rows out. A row with a higher
        // base was asked for again while this attempt was under way: it stays due, and its round begins after this
        // attempt. What waits for a retry belongs to no task any more.
        try (PreparedStatement upsert = tx.prepareStatement("""
                with written as (
                insert into deferral (endpoint_no, seq, due_at, message_at, app_no, attempts, reason, base, manual,
                                      key_hash, key_version, aside)
                select w.endpoint_no, w.seq, to_timestamp(0) + w.due * interval '1 microsecond',
                       to_timestamp(0) + w.message_at * interval '1 microsecond', w.app_no, w.attempts, w.reason,
                       w.base, nullif(w.manual, false), nullif(w.key_hash, 0), nullif(w.key_version, 0),
                       nullif(w.aside, false)
                from unnest(?::int[], ?::bigint[], ?::bigint[], ?::bigint[], ?::int[], ?::int[], ?::int[], ?::int[],
                            ?::bool[], ?::bigint[], ?::int[], ?::bool[])
                     as w (endpoint_no, seq, due, message_at, app_no, attempts, reason, base, manual, key_hash,
                           key_version, aside)
                join endpoint e on e.no = w.endpoint_no
                on conflict (endpoint_no, seq)
                do update set
                    attempts = excluded.attempts, key_hash = excluded.key_hash, key_version = excluded.key_version,
                    due_at = case when deferral.base > excluded.base then deferral.due_at else excluded.due_at end,
                    reason = case when deferral.base > excluded.base then deferral.reason else excluded.reason end,
                    base = case when deferral.base > excluded.base then excluded.attempts else excluded.base end,
                    task_no = case when deferral.base > excluded.base then deferral.task_no end
                returning xmax = 0 as added) -- nobody has had a row locked that was not there
                select count(*) from written where added
                """)) {
            upsert.setArray(1, tx.createArrayOf("int4", endpoints));
            upsert.setArray(2, tx.createArrayOf("int8", seqs));
            upsert.setArray(3, tx.createArrayOf("int8", due));
            upsert.setArray(4, tx.createArrayOf("int8", messageAt));
            upsert.setArray(5, tx.createArrayOf("int4", apps));
            upsert.setArray(6, tx.createArrayOf("int4", attempts));
            upsert.setArray(7, tx.createArrayOf("int4", reasons));
            upsert.setArray(8, tx.createArrayOf("int4", bases));
            upsert.setArray(9, tx.createArrayOf("bool", manual));
            upsert.setArray(10, tx.createArrayOf("int8", keys));
            upsert.setArray(11, tx.createArrayOf("int4", keyVersions));
            upsert.setArray(12, tx.createArrayOf("bool", aside));
            try (ResultSet row = upsert.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    /**
     * Not those that ran out of attempts while another round was asked for.
     *
     * @return how many rows went
     */
    private static int deleteEnded(Connection tx, List<Settlement> ended) throws SQLException {
        Integer[] endpoints = new Integer[ended.size()];
        Long[] seqs = new Long[ended.size()];
        Integer[] bases = new Integer[ended.size()];
        for (int i = 0; i < endpoints.length; i++) {
            Settlement settlement = ended.get(i);
            endpoints[i] = settlement.endpointNo();
            seqs[i] = settlement.seq();
            bases[i] = settlement.verdict() instanceof Verdict.Exhausted ? settlement.base() : Attempt.MOST;
        }
        try (PreparedStatement delete = tx.prepareStatement("""
                delete from deferral d using unnest(?::int[], ?::bigint[], ?::int[]) as e (endpoint_no, seq, base)
                where d.endpoint_no = e.endpoint_no and d.seq = e.seq and d.base <= e.base
                """)) {
            delete.setArray(1, tx.createArrayOf("int4", endpoints));
            delete.setArray(2, tx.createArrayOf("int8", seqs));
            delete.setArray(3, tx.createArrayOf("int4", bases));
            return delete.executeUpdate();
        }
    }

    /** What ran out of attempts while another round was asked for goes on with that one. */
    private static void beginNextRounds(Connection tx, List<Settlement> ended) throws SQLException {
        List<Settlement> exhausted = ended.stream()
                .filter(settlement -> settlement.verdict() instanceof Verdict.Exhausted)
                .toList();
        try (PreparedStatement update = tx.prepareStatement("""
                update deferral d set attempts = e.attempts, base = e.attempts
                from unnest(?::int[], ?::bigint[], ?::int[], ?::int[]) as e (endpoint_no, seq, attempts, base)
                where d.endpoint_no = e.endpoint_no and d.seq = e.seq and d.base > e.base
                """)) {
            update.setArray(1, ints(tx, exhausted, Settlement::endpointNo));
            update.setArray(
                    2,
                    tx.createArrayOf(
                            "int8", exhausted.stream().map(Settlement::seq).toArray()));
            update.setArray(3, ints(tx, exhausted, Settlement::attempts));
            update.setArray(4, ints(tx, exhausted, Settlement::base));
            update.executeUpdate();
        }
    }

    private static Array ints(Connection tx, List<Settlement> settlements, ToIntFunction<Settlement> of)
            throws SQLException {
        return tx.createArrayOf(
                "int4", settlements.stream().mapToInt(of).boxed().toArray());
    }

    private static void writePositions(Connection tx, List<SettledPositions.Position> moved) throws SQLException {
        if (moved.isEmpty()) {
            return;
        }
        Integer[] shards = new Integer[moved.size()];
        Long[] seqs = new Long[moved.size()];
        Long[] at = new Long[moved.size()];
        for (int i = 0; i < shards.length; i++) {
            shards[i] = moved.get(i).shard();
            seqs[i] = moved.get(i).seq();
            at[i] = moved.get(i).at();
        }
        try (PreparedStatement update = tx.prepareStatement("""
                update shard s
                set settled = p.seq, settled_at = to_timestamp(0) + p.at * interval '1 microsecond'
                from unnest(?::int[], ?::bigint[], ?::bigint[]) as p (no, seq, at)
                where s.no = p.no and s.settled < p.seq
                """)) {
            update.setArray(1, tx.createArrayOf("int4", shards));
            update.setArray(2, tx.createArrayOf("int8", seqs));
            update.setArray(3, tx.createArrayOf("int8", at));
            update.executeUpdate();
        }
    }

    @Override
    public void close() {
        writer.close();
    }
}
