package io.posthorn.catalog;

import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.SQLException;

/** Whether this process may still write; {@code Ownership::fence} is one. */
@FunctionalInterface
public interface WriteGuard {
    /** A guard that allows everything: for tools and tests, where nobody else writes. */
    WriteGuard NONE = tx -> {};

    /**
     * Called at the start of each transaction that changes something.
     *
     * @param tx the transaction
     * @throws StaleOwnerException if another process owns the installation now
     */
    void check(Connection tx) throws SQLException, StaleOwnerException;

    /**
     * {@link #check} for where no checked exception can pass.
     *
     * @throws IllegalStateException with the cause, if it fails
     */
    default void ask(Connection tx) {
        try {
            check(tx);
        } catch (SQLException | StaleOwnerException e) {
            throw new IllegalStateException("nothing could be written: " + e.getMessage(), e);
        }
    }
}
