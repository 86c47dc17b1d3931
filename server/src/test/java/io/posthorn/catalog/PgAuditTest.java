package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What reading the audit log may cost. */
final class PgAuditTest {
    private static final Audit.Filter ALL = new Audit.Filter(1, null, null, null);

    private final Database db = TestDatabase.fresh();

    @AfterEach
    void close() {
        db.close();
    }

    private PgAudit audit(int readers, long statementMillis) {
        return new PgAudit(db.jdbi(), WriteGuard.NONE, Clock.systemUTC(), readers, statementMillis, 1);
    }

    private static AuditException.Kind refusal(Audit audit) {
        return catchThrowableOfType(AuditException.class, () -> audit.list(ALL, null, false, 10))
                .kind();
    }

    @Test
    void whatTakesTooLongIsBrokenOff() throws SQLException {
        PgAudit audit = audit(1, 50);
        try (Connection other = db.dataSource().getConnection();
                Statement lock = other.createStatement()) {
            other.setAutoCommit(false);
            lock.execute("lock table audit_log in access exclusive mode");
            assertThat(refusal(audit)).isEqualTo(AuditException.Kind.TOO_SLOW);
            assertThat(refusal(audit)).as("the reader has left the room").isEqualTo(AuditException.Kind.TOO_SLOW);
            other.rollback();
        }
        assertThat(audit(1, 10_000).list(ALL, null, false, 10)).isEmpty();
    }

    @Test
    void readersAreBounded() {
        assertThat(refusal(audit(0, 10_000))).isEqualTo(AuditException.Kind.BUSY);
    }

    @Test
    void aRareValueIsFoundByAnIndex() {
        db.jdbi().useHandle(handle -> {
            handle.execute("""
                    insert into audit_log (at, env_no, token_id, token_name, role, token_env_no, action, target, app_id,
                                           fields, address)
                    select now(), 1, 'tok_' || i % 3, 'n', 'administrator', 0, 'action.' || i % 20, 't', 'app_' || i % 500,
                           '{}', 'a' from generate_series(1, 20000) i
                    """);
            handle.execute("analyze audit_log");
            for (Map.Entry<String, String> filter : Map.of(
                            "action", "action.none", "token_id", "tok_none", "app_id", "app_none")
                    .entrySet()) {
                List<String> plan = handle.createQuery("explain select * from audit_log where env_no = 1 and "
                                + filter.getKey() + " = :value order by no desc limit 51")
                        .bind("value", filter.getValue())
                        .mapTo(String.class)
                        .list();
                assertThat(String.join("\n", plan)).contains("audit_log_env_no_" + filter.getKey() + "_no_idx");
            }
        });
    }
}
