package io.posthorn.catalog;

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
            guard.ask(handle.getConnection());
            return statements.apply(handle);
        });
    }
}
