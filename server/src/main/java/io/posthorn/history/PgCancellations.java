package io.posthorn.history;

import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.DailyPartitions;
import io.posthorn.store.DailyPartitions.Guard;
import io.posthorn.store.PgTimes;
import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;

/** Cancels in PostgreSQL. */
public final class PgCancellations implements Cancellations {
    private static final String WHY = "it was cancelled before it was sent";

    private final DataSource pool;
    private final DailyPartitions partitions;
    private final Guard act;

    /**
     * On connections of the pool.
     *
     * @param pool of connections
     * @param partitions of the log
     * @param act fences what somebody asked for, and writes it down
     */
    public PgCancellations(DataSource pool, DailyPartitions partitions, Guard act) {
        this.pool = pool;
        this.partitions = partitions;
        this.act = act;
    }

    @Override
    public Cancelled cancel(Message message, Collection<Integer> begun, long at) {
        try {
            partitions.ensure(LocalDate.ofEpochDay(Math.floorDiv(at, Time.DAY_MICROS)));
            try (Connection tx = pool.getConnection()) {
                tx.setAutoCommit(false);
                try {
                    act.check(tx);
                    Set<Integer> now = end(tx, message, begun, at);
                    Cancelled cancelled = standing(tx, message, now, begun);
                    if (now.isEmpty()) {
                        tx.rollback(); // nothing was done, so nothing is written down
                    } else {
                        tx.commit();
                    }
                    return cancelled;
                } catch (SQLException | StaleOwnerException e) {
                    tx.rollback();
                    throw e;
                }
            }
        } catch (SQLException | StaleOwnerException e) {
            throw new HistoryException(
                    HistoryException.Kind.FAILED, "the message cannot be cancelled: " + e.getMessage(), e);
        }
    }

    private static Set<Integer> end(Connection tx, Message message, Collection<Integer> begun, long at)
            throws SQLException {
        try (PreparedStatement end = tx.prepareStatement("""
                with gone as (
                    delete from deferral d using endpoint e
                    where e.app_no = ? and d.endpoint_no = e.no and d.seq = ? and d.endpoint_no <> all (?)
                      and d.attempts = 0 and d.manual is null
                    returning d.*)
                insert into attempt (seq, message_at, started_at, app_no, endpoint_no, duration_us, number, status,
                                     verdict, detail)
                select seq, message_at, ?, app_no, endpoint_no, 0, 1, ?, ?, ? from gone
                returning endpoint_no
                """)) {
            end.setInt(1, message.appNo);
            end.setLong(2, message.seq);
            end.setArray(3, tx.createArrayOf("int4", begun.toArray()));
            end.setObject(4, PgTimes.utc(at));
            end.setInt(5, AttemptStatus.CANCELLED.code());
            end.setInt(6, new Verdict.Cancelled().code());
            end.setString(7, WHY);
            Set<Integer> ended = new HashSet<>();
            try (ResultSet row = end.executeQuery()) {
                while (row.next()) {
                    ended.add(row.getInt(1));
                }
            }
            return ended;
        }
    }

    private static Cancelled standing(Connection tx, Message message, Set<Integer> now, Collection<Integer> begun)
            throws SQLException {
        Set<Integer> all = new HashSet<>(now);
        Set<Integer> others = new HashSet<>(begun);
        try (PreparedStatement select = tx.prepareStatement("""
                select endpoint_no, bool_and(status = ?) from attempt
                where app_no = ? and seq = ? and started_at >= ? group by endpoint_no
                """)) {
            select.setInt(1, AttemptStatus.CANCELLED.code());
            select.setInt(2, message.appNo);
            select.setLong(3, message.seq);
            select.setObject(4, PgTimes.utc(message.createdAt - PgAttempts.CLOCKS_DIFFER));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    (row.getBoolean(2) ? all : others).add(row.getInt(1));
                }
            }
        }
        return new Cancelled(now, all, others);
    }
}
