package io.posthorn.history;

import io.posthorn.model.Message;
import io.posthorn.store.PgTimes;
import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;
import javax.sql.DataSource;

/** Deletes contents in PostgreSQL: the rows stay, what stands in them goes. */
public final class PgContents implements Contents {
    private final DataSource pool;
    private final Guard act;
    private final Guard fence;

    /** Asked at the start of a transaction. */
    @FunctionalInterface
    public interface Guard {
        /**
         * Lets the transaction go on.
         *
         * @throws StaleOwnerException if another process owns the installation now
         */
        void check(Connection tx) throws SQLException, StaleOwnerException;
    }

    /** Something to change; how many rows it was. */
    @FunctionalInterface
    private interface Change {
        int in(Connection tx) throws SQLException;
    }

    /**
     * On connections of the pool.
     *
     * @param pool of connections
     * @param act fences what somebody asked for, and writes it down
     * @param fence fences what follows from it
     */
    public PgContents(DataSource pool, Guard act, Guard fence) {
        this.pool = pool;
        this.act = act;
        this.fence = fence;
    }

    @Override
    public boolean deletePayload(Message message) {
        return change(act, tx -> {
                    if (!PgRetention.mayChange(tx, message.createdAt)) {
                        throw new HistoryException(
                                HistoryException.Kind.BUSY,
                                "the messages of that day are just losing their payloads",
                                null);
                    }
                    try (PreparedStatement update = tx.prepareStatement("""
                            update message set payload = null, headers = null where app_no = ? and seq = ? and created_at = ?
                            """)) {
                        update.setInt(1, message.appNo);
                        update.setLong(2, message.seq);
                        update.setObject(3, PgTimes.utc(message.createdAt));
                        return update.executeUpdate();
                    }
                })
                > 0;
    }

    @Override
    public long endDeferred(Message message, Collection<Integer> except) {
        return change(fence, tx -> {
            try (PreparedStatement delete = tx.prepareStatement("""
                    delete from deferral d using endpoint e
                    where e.app_no = ? and d.endpoint_no = e.no and d.seq = ? and e.no <> all (?)
                    """)) {
                delete.setInt(1, message.appNo);
                delete.setLong(2, message.seq);
                delete.setArray(3, tx.createArrayOf("int4", except.toArray()));
                return delete.executeUpdate();
            }
        });
    }

    @Override
    public void deleteResponses(Message message) {
        change(fence, tx -> {
            try (PreparedStatement update = tx.prepareStatement("""
                    update attempt set headers = null, body = null, detail = null
                    where app_no = ? and seq = ? and started_at >= ?
                      and (headers is not null or body is not null or detail is not null)
                    """)) {
                update.setInt(1, message.appNo);
                update.setLong(2, message.seq);
                update.setObject(3, PgTimes.utc(message.createdAt - PgAttempts.CLOCKS_DIFFER));
                return update.executeUpdate();
            }
        });
    }

    @Override
    public boolean deleteResponse(Message message, LoggedAttempt attempt) {
        return change(act, tx -> {
                    try (PreparedStatement update = tx.prepareStatement("""
                            update attempt set headers = null, body = null, detail = null
                            where app_no = ? and seq = ? and started_at = ? and endpoint_no = ? and number = ?
                            """)) {
                        update.setInt(1, message.appNo);
                        update.setLong(2, message.seq);
                        update.setObject(3, PgTimes.utc(attempt.attempt().startedAt()));
                        update.setInt(4, attempt.endpointNo());
                        update.setInt(5, attempt.attempt().number());
                        return update.executeUpdate();
                    }
                })
                > 0;
    }

    private int change(Guard guard, Change change) {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            try {
                guard.check(tx);
                int rows = change.in(tx);
                if (rows == 0) {
                    tx.rollback(); // nothing was done, so nothing is written down
                } else {
                    tx.commit();
                }
                return rows;
            } catch (SQLException | StaleOwnerException | HistoryException e) {
                tx.rollback();
                throw e;
            }
        } catch (SQLException | StaleOwnerException e) {
            throw new HistoryException(HistoryException.Kind.FAILED, "content cannot be deleted: " + e.getMessage(), e);
        }
    }
}
