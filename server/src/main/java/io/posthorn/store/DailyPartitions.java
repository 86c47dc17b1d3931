package io.posthorn.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;

/**
 * The partitions of the tables that grow with time: one for each UTC day, made ahead of time and dropped whole.
 *
 * <p>A partition is made as a table of its own and then attached, because that leaves the writers alone, whereas
 * {@code create table … partition of} waits for all of them and holds up all others meanwhile. Their rows are written
 * once and dropped together, so they are never vacuumed for having grown: freezing them would only write them again.
 */
public final class DailyPartitions {
    /** How many days after today have their partitions. */
    public static final int AHEAD = 3;

    private static final DateTimeFormatter SUFFIX = DateTimeFormatter.ofPattern("uuuuMMdd");
    private static final List<Table> TABLES = List.of(
            new Table("message", "created_at", "app_no, seq"),
            new Table("attempt", "started_at", ""),
            new Table("idempotency", "created_at", "app_no, key"));

    private final DataSource dataSource;
    private final Clock clock;
    private final Set<LocalDate> known = ConcurrentHashMap.newKeySet();

    /** Asked at the start of a transaction; {@code Ownership::fence} is one. */
    @FunctionalInterface
    public interface Guard {
        /**
         * Lets the transaction go on.
         *
         * @throws StaleOwnerException if another process owns the installation now
         */
        void check(Connection tx) throws SQLException, StaleOwnerException;
    }

    /**
     * A partitioned table.
     *
     * @param name of the table
     * @param column the time it is partitioned by
     * @param unique the columns of the unique index of each partition; empty for none
     */
    private record Table(String name, String column, String unique) {}

    DailyPartitions(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * Makes sure that the day has its partitions of {@code message}, {@code attempt} and {@code idempotency}. May be
     * called by any thread, before every write: a day known to have them costs a look-up.
     *
     * @param day in UTC
     */
    public void ensure(LocalDate day) throws SQLException {
        if (!known.contains(day)) {
            create(List.of(day));
        }
    }

    /** Makes sure that today and the {@value #AHEAD} days after it have their partitions. */
    public void ensureAhead() throws SQLException {
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        List<LocalDate> missing = new ArrayList<>();
        for (LocalDate day = today; !day.isAfter(today.plusDays(AHEAD)); day = day.plusDays(1)) {
            if (!known.contains(day)) {
                missing.add(day);
            }
        }
        if (!missing.isEmpty()) {
            create(missing);
        }
    }

    /**
     * The name of a partition.
     *
     * @param table such as {@code message}
     * @param day in UTC
     * @return such as {@code message_20260131}
     */
    public String nameFor(String table, LocalDate day) {
        return table + "_" + SUFFIX.format(day);
    }

    /**
     * The days that have a partition of the table, in order.
     *
     * @param table such as {@code message}
     */
    public List<LocalDate> days(String table) throws SQLException {
        List<LocalDate> days = new ArrayList<>();
        try (Connection c = dataSource.getConnection();
                PreparedStatement s = c.prepareStatement("""
                        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                        where i.inhparent = to_regclass(?) order by c.relname""")) {
            s.setString(1, table(table).name);
            try (ResultSet r = s.executeQuery()) {
                while (r.next()) {
                    days.add(LocalDate.parse(r.getString(1).substring(table.length() + 1), SUFFIX));
                }
            }
        }
        return days;
    }

    /**
     * Drops a day's partition with its rows. It needs the table for itself for a moment, and while it waits for that
     * everybody else waits behind it: so it gives up soon (SQLSTATE 55P03, {@link SqlErrors#isLockTimeout}), to be tried
     * again later.
     *
     * @param table such as {@code message}
     * @param day in UTC; nothing happens if it has no partition
     * @param guard asked at the start of the transaction
     * @param lockMillis how long it waits for the table
     */
    public void drop(String table, LocalDate day, Guard guard, int lockMillis)
            throws SQLException, StaleOwnerException {
        known.remove(day);
        try (Connection tx = dataSource.getConnection();
                Statement s = tx.createStatement()) {
            tx.setAutoCommit(false);
            try {
                guard.check(tx);
                s.execute("set local lock_timeout = " + lockMillis);
                s.execute("drop table if exists " + nameFor(table(table).name, day));
                tx.commit();
            } catch (SQLException | StaleOwnerException e) {
                tx.rollback();
                throw e;
            }
        }
    }

    private static Table table(String name) {
        return TABLES.stream()
                .filter(t -> t.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " is not partitioned by day"));
    }

    private void create(List<LocalDate> days) throws SQLException {
        try (Connection c = dataSource.getConnection();
                Statement s = c.createStatement()) {
            c.setAutoCommit(false);
            // one node at a time; the others then find the partitions there
            s.execute("select pg_advisory_xact_lock(" + Ownership.LOCK_SPACE + ", 3)");
            for (LocalDate day : days) {
                for (Table table : TABLES) {
                    create(s, table, day);
                }
            }
            c.commit();
        }
        known.addAll(days);
    }

    private void create(Statement s, Table table, LocalDate day) throws SQLException {
        String name = nameFor(table.name, day);
        try (ResultSet r = s.executeQuery("select to_regclass('" + name + "') is not null")) {
            r.next();
            if (r.getBoolean(1)) {
                return;
            }
        }
        s.execute("create table " + name + " (like " + table.name + " including defaults including storage)"
                + " with (autovacuum_vacuum_insert_threshold = -1)");
        if (!table.unique.isEmpty()) {
            s.execute("create unique index on " + name + " (" + table.unique + ")");
        }
        s.execute("alter table " + table.name + " attach partition " + name + " for values from ('" + day
                + " 00:00:00+00') to ('" + day.plusDays(1) + " 00:00:00+00')");
    }
}
