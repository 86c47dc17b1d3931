package io.posthorn.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection of one group-commit writer, opened anew after a failure. A connection that broke in mid-commit leaves
 * a backend that may still commit; before anything else happens on a new connection the old backend is ended, so that
 * what is read then is final. Belongs to one thread.
 */
public final class WriterConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WriterConnection.class);
    private static final long END_WITHIN_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private final Database database;
    private final Ownership ownership;
    private final String name;
    private @Nullable Connection connection;
    private int backend;
    private int brokenBackend;

    /**
     * Not connected yet.
     *
     * @param database where to
     * @param ownership checked in every transaction
     * @param name shown in {@code pg_stat_activity}
     */
    public WriterConnection(Database database, Ownership ownership, String name) {
        this.database = database;
        this.ownership = ownership;
        this.name = name + "-" + ProcessHandle.current().pid();
    }

    /**
     * A connection whose transaction has passed the fence. The caller commits it, or calls {@link #broken}.
     *
     * @throws StaleOwnerException if another node owns the shards
     */
    public Connection begin() throws SQLException, StaleOwnerException {
        Connection present = connect();
        ownership.fence(present);
        return present;
    }

    /** A connection with nothing begun on it, for reading what a broken one left. */
    public Connection connect() throws SQLException {
        if (connection == null) {
            Connection fresh = database.dedicated(name);
            try {
                endBrokenBackend(fresh);
            } catch (SQLException e) {
                closeQuietly(fresh);
                throw e;
            }
            // Asked now: the driver does not tell it any more once the connection is broken.
            backend = fresh.unwrap(PGConnection.class).getBackendPID();
            connection = fresh;
        }
        return connection;
    }

    /** The transaction failed: the connection is given up. */
    public void broken() {
        if (connection != null) {
            brokenBackend = backend;
            closeQuietly(connection);
            connection = null;
        }
    }

    private void endBrokenBackend(Connection fresh) throws SQLException {
        if (brokenBackend == 0) {
            return;
        }
        try (PreparedStatement end = fresh.prepareStatement("""
                select pg_terminate_backend(pid, ?) from pg_stat_activity where pid = ? and application_name = ?
                """)) {
            end.setLong(1, END_WITHIN_MILLIS);
            end.setInt(2, brokenBackend);
            end.setString(3, name);
            try (ResultSet ended = end.executeQuery()) {
                if (ended.next() && !ended.getBoolean(1)) {
                    // It may still commit: nothing that is read now would be final.
                    throw new SQLTransientConnectionException(
                            "backend " + brokenBackend + " of a broken connection does not end", "57P01");
                }
            }
        }
        fresh.commit();
        brokenBackend = 0;
    }

    /** An error as the log shows it: what happened and the SQLSTATE. */
    public static String describe(SQLException e) {
        return e.getMessage() + " [" + e.getSQLState() + "]";
    }

    private static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.debug("closing a broken connection: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        if (connection != null) {
            closeQuietly(connection);
            connection = null;
        }
    }
}
