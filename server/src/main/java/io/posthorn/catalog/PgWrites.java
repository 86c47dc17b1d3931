package io.posthorn.catalog;

import io.posthorn.store.StaleOwnerException;
import java.sql.SQLException;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Transactions that change something, each with the guard's leave. */
final class PgWrites {
    private final Jdbi jdbi;
    private final WriteGuard guard;

    PgWrites(Jdbi jdbi, WriteGuard guard) {
        this.jdbi = jdbi;
        this.guard = guard;
    }

    <T> T write(Function<Handle, T> statements) {
        return jdbi.inTransaction(handle -> {
            askGuard(handle);
            return statements.apply(handle);
        });
    }

    private void askGuard(Handle handle) {
        try {
            guard.check(handle.getConnection());
        } catch (SQLException | StaleOwnerException e) {
            throw new IllegalStateException("the catalog could not be changed: " + e.getMessage(), e);
        }
    }
}
