package io.posthorn.history;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Ids;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.DailyPartitions;
import io.posthorn.store.PgTimes;
import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Dead letters in PostgreSQL. Rows that the recorder writes about are passed over and not waited for: whoever holds many
 * rows and waits for others could wait for ever.
 */
public final class PgDeadLetters implements DeadLetters {
    private final DataSource pool;
    private final PgRedeliveries.Guard guard;
    private final Ids ids;
    private final DailyPartitions partitions;

    /**
     * Dead letters.
     *
     * @param pool of connections
     * @param guard asked in every transaction
     * @param ids of messages
     * @param partitions made where a day has none yet
     */
    public PgDeadLetters(DataSource pool, PgRedeliveries.Guard guard, Ids ids, DailyPartitions partitions) {
        this.pool = pool;
        this.guard = guard;
        this.ids = ids;
        this.partitions = partitions;
    }

    // ---- reading

    static Slice<DeadLetter> page(Connection tx, Ids ids, DeadLetter.Wanted wanted, Reach reach) throws SQLException {
        return select(wanted, reach).page(tx, reach.most(), row -> read(row, ids), any -> 0);
    }

    /** The page's statement but for its limit. A place is the time of death, the number and, of many, the endpoint. */
    static PgSelect select(DeadLetter.Wanted wanted, Reach reach) {
        boolean up = reach.ascending();
        boolean all = wanted.endpointNo() == null;
        PgSelect select = new PgSelect("""
                select d.*, exists (select from deferral f where f.endpoint_no = d.endpoint_no and f.seq = d.seq
                                    and f.reason <> 8) as redelivering
                from dead_letter d""");
        add(select, wanted);
        Place after = reach.after();
        if (after != null) {
            String beyond = up ? ">" : "<";
            if (all) {
                select.add(
                        "and (d.died_at, d.seq, d.endpoint_no) " + beyond + " (?, ?, ?)",
                        PgTimes.utc(after.at()),
                        after.tie(),
                        after.second());
            } else {
                select.add("and (d.died_at, d.seq) " + beyond + " (?, ?)", PgTimes.utc(after.at()), after.tie());
            }
        }
        String direction = up ? "asc" : "desc";
        return select.add("order by d.died_at " + direction + ", d.seq " + direction
                + (all ? ", d.endpoint_no " + direction : ""));
    }

    private static void add(PgSelect select, DeadLetter.Wanted wanted) {
        if (wanted.endpointNo() == null) {
            select.add("where d.app_no = ?", wanted.appNo());
        } else {
            select.add("where d.endpoint_no = ?", wanted.endpointNo());
        }
        select.add("and d.died_at >= ? and d.died_at < ?", PgTimes.utc(wanted.from()), PgTimes.utc(wanted.to()));
        addKind(select, wanted.eventTypes(), wanted.why());
    }

    /** What a filter says about dead letters besides their times; their table goes by the name {@code d}. */
    static void addKind(PgSelect select, List<String> eventTypes, DeadLetter.@Nullable Why why) {
        if (!eventTypes.isEmpty()) {
            select.add("and d.event_type = any (?)", (Object) eventTypes.toArray(String[]::new));
        }
        if (why != null) {
            select.add("and d.why = ?", why.code());
        }
    }

    private static DeadLetter read(ResultSet row, Ids ids) throws SQLException {
        long seq = row.getLong("seq");
        long messageAt = PgTimes.micros(row, "message_at");
        return new DeadLetter(
                ids.message(row.getInt("app_no"), messageAt, seq),
                seq,
                messageAt,
                row.getString("event_type"),
                row.getInt("endpoint_no"),
                PgTimes.micros(row, "died_at"),
                row.getInt("attempts"),
                DeadLetter.Why.of(row.getInt("why")),
                AttemptStatus.of(row.getInt("status")),
                row.getInt("response_code"),
                row.getBoolean("redelivering"));
    }

    // ---- discarding

    @Override
    public Discarded discard(int appNo, List<Ref> refs, long now) {
        PgSelect select = named(refs);
        select.add("where d.app_no = ? order by d.seq for update of d skip locked", appNo);
        return discard(select, new HashSet<>(refs), now);
    }

    @Override
    public Discarded discard(DeadLetter.Wanted wanted, long now) {
        PgSelect select = new PgSelect("select d.endpoint_no, d.seq, d.app_no, d.message_at from dead_letter d");
        add(select, wanted);
        select.add("and d.app_no = ? order by d.seq limit ? for update skip locked", wanted.appNo(), MOST_AT_ONCE);
        return discard(select, null, now);
    }

    private Discarded discard(PgSelect select, @Nullable Set<Ref> only, long now) {
        try (Connection tx = pool.getConnection()) {
            partitions.ensure(LocalDate.ofEpochDay(Math.floorDiv(now, Time.DAY_MICROS)));
            tx.setAutoCommit(false);
            check(tx);
            List<Ref> going = new ArrayList<>();
            select.each(tx, row -> {
                Ref ref = ref(row);
                return (only == null || only.contains(ref)) && going.add(ref);
            });
            Map<Integer, Set<Long>> released = release(tx, going, now);
            remove(tx, going);
            Set<Ref> busy = only == null ? Set.of() : still(tx, only);
            if (going.isEmpty()) {
                tx.rollback(); // nothing was done, so nothing is written down
            } else {
                tx.commit();
            }
            return new Discarded(List.copyOf(going), busy, released, only == null && going.size() == MOST_AT_ONCE);
        } catch (SQLException e) {
            throw new HistoryException(
                    HistoryException.Kind.FAILED, "dead letters cannot be discarded: " + e.getMessage(), e);
        }
    }

    private Set<Ref> still(Connection tx, Set<Ref> refs) throws SQLException {
        Set<Ref> there = new HashSet<>();
        named(refs).each(tx, row -> there.add(ref(row)));
        there.retainAll(refs);
        return there;
    }

    private static PgSelect named(Collection<Ref> refs) {
        return new PgSelect(
                """
                select d.endpoint_no, d.seq, d.app_no, d.message_at from dead_letter d
                join unnest(cast(? as int[]), cast(? as bigint[])) as w (endpoint_no, seq)
                     on d.endpoint_no = w.endpoint_no and d.seq = w.seq""",
                refs.stream().map(Ref::endpointNo).toArray(Integer[]::new),
                refs.stream().map(Ref::seq).toArray(Long[]::new));
    }

    private Ref ref(ResultSet row) throws SQLException {
        long seq = row.getLong("seq");
        return new Ref(
                row.getInt("endpoint_no"),
                ids.message(row.getInt("app_no"), PgTimes.micros(row, "message_at"), seq),
                seq);
    }

    private void check(Connection tx) throws SQLException {
        try {
            guard.check(tx);
        } catch (StaleOwnerException e) {
            throw new SQLException(e.getMessage(), "PH001", e);
        }
        try (Statement first = tx.createStatement()) {
            first.execute(PgRedeliveries.BEGIN);
        }
    }

    /** Those that others wait for end now, and that stands in the log. */
    private static Map<Integer, Set<Long>> release(Connection tx, List<Ref> going, long now) throws SQLException {
        Map<Integer, Set<Long>> released = new HashMap<>();
        try (PreparedStatement delete = tx.prepareStatement("""
                with held as (
                    select d.endpoint_no, d.seq from deferral d
                    join unnest(?::int[], ?::bigint[]) as w (endpoint_no, seq)
                         on d.endpoint_no = w.endpoint_no and d.seq = w.seq
                    where d.reason = ? for update of d skip locked),
                gone as (
                    delete from deferral d using held h where d.endpoint_no = h.endpoint_no and d.seq = h.seq
                    returning d.*)
                insert into attempt (seq, message_at, started_at, app_no, endpoint_no, duration_us, number, status,
                                     verdict, detail, manual)
                select seq, message_at, ?, app_no, endpoint_no, 0, least(attempts + 1, ?), ?, ?,
                       'discarded: it was held, and those behind it go on', true
                from gone returning endpoint_no, seq
                """)) {
            bind(tx, delete, going);
            delete.setInt(3, DeferralReason.HELD.code());
            delete.setObject(4, PgTimes.utc(now));
            delete.setInt(5, Attempt.MOST);
            delete.setInt(6, AttemptStatus.CANCELLED.code());
            delete.setInt(7, new Verdict.Cancelled().code());
            try (ResultSet row = delete.executeQuery()) {
                while (row.next()) {
                    released.computeIfAbsent(row.getInt(1), no -> new HashSet<>())
                            .add(row.getLong(2));
                }
            }
        }
        return released;
    }

    private static void remove(Connection tx, List<Ref> going) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("""
                delete from dead_letter d using unnest(?::int[], ?::bigint[]) as w (endpoint_no, seq)
                where d.endpoint_no = w.endpoint_no and d.seq = w.seq
                """)) {
            bind(tx, delete, going);
            delete.executeUpdate();
        }
    }

    private static void bind(Connection tx, PreparedStatement statement, List<Ref> going) throws SQLException {
        statement.setArray(
                1, tx.createArrayOf("int4", going.stream().map(Ref::endpointNo).toArray()));
        statement.setArray(
                2, tx.createArrayOf("int8", going.stream().map(Ref::seq).toArray()));
    }
}
