package io.posthorn.store;

import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an {@link SQLException} means, told by its SQLSTATE. */
public final class SqlErrors {
    /** Raised by {@code fence()}: the caller's epoch is over. */
    static final String STALE_OWNER = "PH001";

    private static final Set<String> UNAVAILABLE = Set.of("53100", "53200", "53300", "25006");

    private SqlErrors() {}

    /**
     * The database cannot be used just now, and the same statement may well succeed later: the connection is lost, the
     * server shuts down or starts, it has no connection or memory left, its disk is full, it is the read-only one of a
     * pair that has just changed roles, or the pool has timed out.
     */
    public static boolean isUnavailable(SQLException e) {
        if (e instanceof SQLTransientConnectionException || e instanceof SQLRecoverableException) {
            return true;
        }
        String state = state(e);
        return state != null
                && (state.startsWith("08")
                        || state.startsWith("57P0")
                        || state.startsWith("58")
                        || UNAVAILABLE.contains(state));
    }

    /** The disk of the database is full. */
    public static boolean isDiskFull(SQLException e) {
        return "53100".equals(state(e));
    }

    /** A lock was not to be had in the time that was given. */
    public static boolean isLockTimeout(SQLException e) {
        return "55P03".equals(state(e));
    }

    /** The transaction was refused by {@code fence()}: another owner has taken over. */
    public static boolean isStaleOwner(SQLException e) {
        return STALE_OWNER.equals(state(e));
    }

    /** A row with the same key exists. */
    public static boolean isUniqueViolation(SQLException e) {
        return "23505".equals(state(e));
    }

    /** User or password refused. */
    static boolean isAuthFailure(SQLException e) {
        String state = state(e);
        return state != null && state.startsWith("28");
    }

    /** The server is there, but starts, recovers or shuts down. */
    static boolean isNotReady(SQLException e) {
        return "57P03".equals(state(e));
    }

    /** The first SQLSTATE in the chain of causes; the pool wraps the driver's exception. */
    private static @Nullable String state(SQLException e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState();
            }
        }
        return null;
    }
}
