package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One partition for each day, and the rows in the right one. */
@Timeout(60)
final class DailyPartitionsTest {
    private static final LocalDate DAY = LocalDate.of(2031, 12, 31);

    private final Database db = TestDatabase.fresh();

    @AfterEach
    void close() {
        db.close();
    }

    @Test
    void anOpenDatabaseHasThemAhead() throws Exception {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        for (String table : List.of("message", "attempt", "idempotency")) {
            assertThat(db.partitions().days(table))
                    .contains(today, today.plusDays(1), today.plusDays(2))
                    .hasSize(4);
        }
    }

    @Test
    void aheadIsReckonedInUtc() throws Exception {
        Clock clock = Clock.fixed(Instant.parse("2031-12-31T23:30:00Z"), java.time.ZoneId.of("Asia/Tokyo"));
        new DailyPartitions(db.dataSource(), clock).ensureAhead();
        assertThat(db.partitions().days("message"))
                .endsWith(DAY, DAY.plusDays(1), DAY.plusDays(2), DAY.plusDays(3))
                .hasSize(8);
    }

    @Test
    void rowsGoToTheirDay() throws Exception {
        db.partitions().ensure(DAY);
        db.partitions().ensure(DAY.plusDays(1));
        assertThat(insertMessage(1, "2031-12-31 00:00:00+00")).isEqualTo("message_20311231");
        assertThat(insertMessage(2, "2031-12-31 23:59:59.999999+00")).isEqualTo("message_20311231");
        assertThat(insertMessage(3, "2032-01-01 00:00:00+00")).isEqualTo("message_20320101");
        assertThat(query("insert into attempt values (1, now(), '2031-12-31 12:00:00+00', 1, 1, 5, 1, 0, 200, 0)"
                        + " returning tableoid::regclass"))
                .isEqualTo("attempt_20311231");
        assertThat(query("insert into idempotency values (1, 'k', '2031-12-31 12:00:00+00', 'd', 1, now())"
                        + " returning tableoid::regclass"))
                .isEqualTo("idempotency_20311231");
        assertThatThrownBy(() -> insertMessage(4, "2032-01-02 00:00:00+00"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("no partition");
    }

    @Test
    void aSequenceNumberAndAnIdempotencyKeyAreUniqueInTheirDay() throws Exception {
        db.partitions().ensure(DAY);
        insertMessage(1, "2031-12-31 10:00:00+00");
        SQLException twice = catchThrowableOfType(SQLException.class, () -> insertMessage(1, "2031-12-31 11:00:00+00"));
        assertThat(SqlErrors.isUniqueViolation(twice)).isTrue();
        String key = "insert into idempotency values (1, 'k', '2031-12-31 12:00:00+00', 'd', 1, now()) returning seq";
        assertThat(query(key)).isEqualTo("1");
        SQLException again = catchThrowableOfType(SQLException.class, () -> query(key));
        assertThat(SqlErrors.isUniqueViolation(again)).isTrue();
    }

    @Test
    void attemptsHaveTheIndexesOfTheirTable() throws Exception {
        db.partitions().ensure(DAY);
        assertThat(query("select count(*) from pg_indexes where tablename = 'attempt_20311231'"))
                .isEqualTo("2");
    }

    @Test
    void manyMayAskAtOnceOnSeveralNodes() throws Exception {
        try (Database other = TestDatabase.again(db);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                DailyPartitions partitions = (i % 2 == 0 ? db : other).partitions();
                LocalDate day = DAY.plusDays(i / 4);
                calls.add(() -> {
                    partitions.ensure(day);
                    return true;
                });
            }
            for (Future<Boolean> done : threads.invokeAll(calls)) {
                assertThat(done.get()).isTrue();
            }
        }
        assertThat(db.partitions().days("message")).hasSize(4 + 5);
    }

    @Test
    void aWriterIsNotHeldUpAndHoldsNobodyUp() throws Exception {
        try (Connection writer = db.dedicated("writer");
                Statement s = writer.createStatement()) {
            s.execute("insert into message select 1, now(), 1, 'a', null, null, null, ''");
            db.partitions().ensure(DAY); // returns although the writer's transaction is open
            assertThat(insertMessage(2, "2031-12-31 10:00:00+00")).isEqualTo("message_20311231");
            s.execute("insert into message select 3, now(), 1, 'a', null, null, null, ''");
            writer.commit();
        }
        assertThat(query("select count(*) from message")).isEqualTo("3");
    }

    @Test
    void aDroppedDayIsGoneAndMayComeBack() throws Exception {
        db.partitions().ensure(DAY);
        insertMessage(1, "2031-12-31 10:00:00+00");
        db.partitions().drop("message", DAY, tx -> {}, 2_000);
        db.partitions().drop("message", DAY, tx -> {}, 2_000);
        assertThat(query("select count(*) from message")).isEqualTo("0");
        assertThat(db.partitions().days("message")).doesNotContain(DAY);
        assertThat(db.partitions().days("attempt")).contains(DAY);
        db.partitions().ensure(DAY);
        assertThat(db.partitions().days("message")).contains(DAY);
    }

    @Test
    void namesAndTables() {
        assertThat(db.partitions().nameFor("attempt", LocalDate.of(2026, 1, 2))).isEqualTo("attempt_20260102");
        assertThatThrownBy(() -> db.partitions().drop("application", DAY, tx -> {}, 2_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("application");
    }

    private String insertMessage(long seq, String at) throws SQLException {
        return query("insert into message values (" + seq + ", '" + at
                + "', 1, 'a', null, null, null, '') returning tableoid::regclass");
    }

    private String query(String sql) throws SQLException {
        try (Connection c = db.dataSource().getConnection();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery(sql)) {
            r.next();
            return r.getString(1);
        }
    }
}
