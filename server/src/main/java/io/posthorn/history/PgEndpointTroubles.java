package io.posthorn.history;

import io.posthorn.model.DeferralReason;
import io.posthorn.store.PgTimes;
import io.posthorn.store.StaleOwnerException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import javax.sql.DataSource;

/** Trouble in PostgreSQL: a row for each endpoint that has it, none for the others. */
public final class PgEndpointTroubles implements EndpointTroubles {
    private final DataSource pool;
    private final Fence fence;

    /** Whether this process may still write. */
    @FunctionalInterface
    public interface Fence {
        /** At the start of each transaction that changes something. */
        void check(Connection tx) throws SQLException, StaleOwnerException;
    }

    @FunctionalInterface
    private interface Change {
        int in(Connection tx) throws SQLException;
    }

    /**
     * On a pool.
     *
     * @param pool of connections
     * @param fence asked before anything is written
     */
    public PgEndpointTroubles(DataSource pool, Fence fence) {
        this.pool = pool;
        this.fence = fence;
    }

    @Override
    public List<Remembered> all() throws Backlog.BacklogUnavailable {
        List<Remembered> all = new ArrayList<>();
        try (Connection connection = pool.getConnection();
                Statement select = connection.createStatement();
                ResultSet row = select.executeQuery("""
                        select e.app_no, h.endpoint_no, h.failing_since, h.failures, h.open_since, h.pause_us,
                               h.probe_at, h.held_until
                        from endpoint_health h join endpoint e on e.no = h.endpoint_no
                        """)) {
            while (row.next()) {
                all.add(new Remembered(
                        row.getInt(1),
                        new EndpointTrouble(
                                row.getInt(2),
                                PgTimes.micros(row, 3),
                                row.getInt(4),
                                PgTimes.microsOrZero(row, 5),
                                row.getLong(6),
                                PgTimes.microsOrZero(row, 7),
                                PgTimes.microsOrZero(row, 8))));
            }
            return all;
        } catch (SQLException e) {
            throw new Backlog.BacklogUnavailable(e);
        }
    }

    @Override
    public void write(List<EndpointTrouble> troubles, List<Integer> well) throws Backlog.BacklogUnavailable {
        change(tx -> {
            try (PreparedStatement delete =
                    tx.prepareStatement("delete from endpoint_health where endpoint_no = any (?)")) {
                delete.setArray(1, tx.createArrayOf("int4", well.toArray()));
                delete.executeUpdate();
            }
            // An endpoint that was deleted meanwhile is left out by the join.
            try (PreparedStatement upsert = tx.prepareStatement("""
                    insert into endpoint_health
                        (endpoint_no, failing_since, failures, open_since, pause_us, probe_at, held_until)
                    select w.no, to_timestamp(0) + w.failing * interval '1 microsecond', w.failures,
                           to_timestamp(0) + nullif(w.open, 0) * interval '1 microsecond', w.pause,
                           to_timestamp(0) + nullif(w.probe, 0) * interval '1 microsecond',
                           to_timestamp(0) + nullif(w.held, 0) * interval '1 microsecond'
                    from unnest(?::int[], ?::bigint[], ?::int[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
                         as w (no, failing, failures, open, pause, probe, held)
                    join endpoint e on e.no = w.no
                    on conflict (endpoint_no) do update set
                        failing_since = excluded.failing_since, failures = excluded.failures,
                        open_since = excluded.open_since, pause_us = excluded.pause_us,
                        probe_at = excluded.probe_at, held_until = excluded.held_until
                    """)) {
                upsert.setArray(1, array(tx, troubles, "int4", EndpointTrouble::endpointNo));
                upsert.setArray(2, array(tx, troubles, "int8", EndpointTrouble::failingSince));
                upsert.setArray(3, array(tx, troubles, "int4", EndpointTrouble::failures));
                upsert.setArray(4, array(tx, troubles, "int8", EndpointTrouble::openSince));
                upsert.setArray(5, array(tx, troubles, "int8", EndpointTrouble::pauseMicros));
                upsert.setArray(6, array(tx, troubles, "int8", EndpointTrouble::probeAt));
                upsert.setArray(7, array(tx, troubles, "int8", EndpointTrouble::heldUntil));
                return upsert.executeUpdate();
            }
        });
    }

    private static Array array(
            Connection tx, List<EndpointTrouble> troubles, String type, ToLongFunction<EndpointTrouble> of)
            throws SQLException {
        return tx.createArrayOf(type, troubles.stream().mapToLong(of).boxed().toArray());
    }

    /** Rows that the recorder is writing are left alone: they are about to say something else. */
    @Override
    public int makeDue(int endpointNo, long now, int most) throws Backlog.BacklogUnavailable {
        return change(tx -> {
            try (PreparedStatement update = tx.prepareStatement("""
                    update deferral d set due_at = ?
                    from (select seq from deferral
                          where endpoint_no = ? and due_at > ? and reason = ?
                          order by due_at, seq limit ? for update skip locked) w
                    where d.endpoint_no = ? and d.seq = w.seq
                    """)) {
                update.setObject(1, PgTimes.utc(now));
                update.setInt(2, endpointNo);
                update.setObject(3, PgTimes.utc(now));
                update.setInt(4, DeferralReason.RETRY.code());
                update.setInt(5, most);
                update.setInt(6, endpointNo);
                return update.executeUpdate();
            }
        });
    }

    private int change(Change change) throws Backlog.BacklogUnavailable {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            try {
                fence.check(tx);
                int rows = change.in(tx);
                tx.commit();
                return rows;
            } catch (SQLException | StaleOwnerException e) {
                tx.rollback();
                throw e;
            }
        } catch (SQLException | StaleOwnerException e) {
            throw new Backlog.BacklogUnavailable(e);
        }
    }
}
