package io.posthorn.catalog;

import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * The audit log in PostgreSQL. How many read at a time is bounded, since the pool's connections are needed for more
 * important things, and what takes too long is broken off.
 */
public final class PgAudit implements Audit {
    private static final int READERS = 2;
    private static final long STATEMENT_MILLIS = 10_000;
    private static final long WAIT_MILLIS = 5_000;
    private static final int DEEPEST = 20;
    private static final String CANCELLED = "57014";
    private static final String INSERT = """
            insert into audit_log (at, env_no, token_id, token_name, role, token_env_no, action, target, app_id, subject,
                                   fields, address)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private final Jdbi jdbi;
    private final WriteGuard guard;
    private final Clock clock;
    private final Semaphore room;
    private final long statementMillis;
    private final long waitMillis;

    /**
     * A log that two read at a time, with 10 seconds for each page; others wait, for 5 seconds.
     *
     * @param jdbi the database
     * @param guard asked before each transaction that writes
     * @param clock for the times of entries
     */
    public PgAudit(Jdbi jdbi, WriteGuard guard, Clock clock) {
        this(jdbi, guard, clock, READERS, STATEMENT_MILLIS, WAIT_MILLIS);
    }

    PgAudit(Jdbi jdbi, WriteGuard guard, Clock clock, int readers, long statementMillis, long waitMillis) {
        this.room = new Semaphore(readers);
        this.statementMillis = statementMillis;
        this.waitMillis = waitMillis;
        this.jdbi = jdbi;
        this.guard = guard;
        this.clock = clock;
    }

    /** The guard for everything that can be changed by an act: it writes the act down in the same transaction. */
    public WriteGuard guard() {
        return tx -> {
            guard.check(tx);
            if (ACT.isBound()) {
                insert(tx, SUBJECT.isBound() ? ACT.get().of(SUBJECT.get()) : ACT.get());
            }
        };
    }

    private void insert(Connection tx, Act act) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement(INSERT)) {
            insert.setObject(1, PgTimes.utc(clock.instant()));
            insert.setInt(2, act.envNo());
            insert.setString(3, act.tokenId());
            insert.setString(4, act.tokenName());
            insert.setString(5, act.role().name().toLowerCase(Locale.ROOT));
            insert.setInt(6, act.tokenEnvNo());
            insert.setString(7, act.action());
            insert.setString(8, act.target());
            insert.setString(9, act.appId());
            insert.setString(10, act.subject());
            insert.setArray(11, tx.createArrayOf("text", act.fields().toArray()));
            insert.setString(12, act.address());
            insert.executeUpdate();
        }
    }

    @Override
    public void note(Act act) {
        WriteGuard written = tx -> {
            guard.check(tx);
            insert(tx, act);
        };
        jdbi.useTransaction(handle -> written.ask(handle.getConnection()));
    }

    @Override
    public List<Entry> list(Filter filter, @Nullable Long after, boolean ascending, int most) {
        String sql = "select no, at, env_no, token_id, token_name, role, token_env_no, action, target, app_id, subject,"
                + " fields, address"
                + " from audit_log where env_no = :env"
                + (after == null ? "" : ascending ? " and no > :after" : " and no < :after")
                + (filter.action() == null ? "" : " and action = :action")
                + (filter.tokenId() == null ? "" : " and token_id = :token")
                + (filter.appId() == null ? "" : " and app_id = :app")
                + " order by no " + (ascending ? "asc" : "desc") + " limit :most";
        return read(handle -> {
            Query query = handle.createQuery(sql).bind("env", filter.envNo()).bind("most", most);
            bind(query, "after", after);
            bind(query, "action", filter.action());
            bind(query, "token", filter.tokenId());
            bind(query, "app", filter.appId());
            return query.map((row, ctx) -> new Entry(
                            row.getLong("no"),
                            row.getObject("at", OffsetDateTime.class).toInstant(),
                            new Act(
                                    row.getString("token_id"),
                                    row.getString("token_name"),
                                    Role.valueOf(row.getString("role").toUpperCase(Locale.ROOT)),
                                    row.getInt("token_env_no"),
                                    row.getInt("env_no"),
                                    row.getString("action"),
                                    row.getString("target"),
                                    row.getString("app_id"),
                                    row.getString("subject"),
                                    List.of((String[]) row.getArray("fields").getArray()),
                                    row.getString("address"))))
                    .list();
        });
    }

    private <T> T read(Function<Handle, T> reading) {
        takeRoom();
        try {
            return jdbi.inTransaction(handle -> {
                handle.execute("set transaction read only");
                handle.execute("set local statement_timeout = " + statementMillis);
                return reading.apply(handle);
            });
        } catch (JdbiException e) {
            throw isCancelled(e)
                    ? new AuditException(
                            AuditException.Kind.TOO_SLOW, "reading the audit log took longer than it may take", e)
                    : e;
        } finally {
            room.release();
        }
    }

    private static boolean isCancelled(JdbiException e) {
        Throwable cause = e;
        for (int depth = 0; cause != null && depth < DEEPEST; depth++, cause = cause.getCause()) {
            if (cause instanceof SQLException sql && CANCELLED.equals(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }

    private void takeRoom() {
        boolean taken;
        try {
            taken = room.tryAcquire(waitMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AuditException(AuditException.Kind.BUSY, "interrupted while waiting to read the audit log", e);
        }
        if (!taken) {
            throw new AuditException(AuditException.Kind.BUSY, "too many are reading the audit log", null);
        }
    }

    private static void bind(Query query, String name, @Nullable Object value) {
        if (value != null) {
            query.bind(name, value);
        }
    }

    @Override
    public int forget(Instant before) {
        return jdbi.inTransaction(handle -> {
            guard.ask(handle.getConnection());
            return handle.createUpdate("delete from audit_log where at < :before")
                    .bind("before", PgTimes.utc(before))
                    .execute();
        });
    }
}
