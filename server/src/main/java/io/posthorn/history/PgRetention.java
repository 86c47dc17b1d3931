package io.posthorn.history;

import io.posthorn.runtime.Time;
import io.posthorn.store.DailyPartitions;
import io.posthorn.store.DailyPartitions.Guard;
import io.posthorn.store.PgTimes;
import io.posthorn.store.SqlErrors;
import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What age takes away, in PostgreSQL. Each transaction is fenced and short; what breaks off in the midst of it is begun
 * again, or gone on with, by the next pass.
 *
 * <p>A day's payloads go by writing its partition anew without them, because only that gives the disk its room back:
 *
 * <pre>
 *   message_20260101 ──a few MiB at a time──▶ message_20260101_rest     each a transaction, with pauses
 *   both locked ▶ what was asked for again meanwhile keeps its payload ▶ old one dropped ▶ new one in its place
 * </pre>
 *
 * <p>Only the last step needs the table {@code message} for itself. It waits for it for {@value #LOCK_MILLIS} ms at most,
 * since everybody else waits behind it, and is tried again. The rows of such a day do not move meanwhile: the only ones to
 * change any are deletions of content, which an advisory lock keeps out ({@link #mayChange}).
 */
public final class PgRetention {
    private static final Logger LOG = LoggerFactory.getLogger(PgRetention.class);
    /** How long the locks of a swap or a drop are waited for. */
    static final int LOCK_MILLIS = 200;

    private static final String TOO_SLOW = "57014";
    private static final int DEAD_LETTERS_AT_ONCE = 10_000;
    private static final int SWAP_MILLIS = 2_000;
    private static final int PAGE = 1_000;
    private static final int EVENT_IDS = 5_000;
    /** Pages of 8 KiB that are copied in one transaction. */
    private static final int BLOCKS = 1_024;

    /** In the space of Posthorn's advisory locks; the number of the day since 1970 is added to it. */
    private static final int DAY_LOCKS = 1_000_000;

    private static final int LOCK_SPACE = 7_236_461;
    private static final String NEVER_MADE = "it was not delivered before the message's age ended it";

    private final DataSource pool;
    private final Connect own;
    private final DailyPartitions partitions;
    private final Guard fence;
    private final int blocks;

    /** Between two pieces of work: what others do comes first. */
    @FunctionalInterface
    public interface Pause {
        /**
         * Waits as it sees fit.
         *
         * @param nanos what the piece took
         * @throws InterruptedException if there is to be no other piece
         */
        void after(long nanos) throws InterruptedException;
    }

    /** Opens a connection outside the pool, with autocommit off. */
    @FunctionalInterface
    public interface Connect {
        /** The caller closes it. */
        Connection open() throws SQLException;
    }

    /** A delivery. */
    record Key(int endpointNo, long seq) {}

    /**
     * Some deliveries that ended.
     *
     * @param ended which
     * @param last where the next page begins; null if there is none
     */
    record Page(List<Ended> ended, @Nullable Key last) {}

    /** A delivery that ended, with its application. */
    record Ended(int appNo, int endpointNo, long seq) {}

    /**
     * On connections of the pool, and on one of its own while a day is written anew: that takes long.
     *
     * @param pool of connections
     * @param own opens that one
     * @param partitions of the tables
     * @param fence asked at the start of each transaction
     */
    public PgRetention(DataSource pool, Connect own, DailyPartitions partitions, Guard fence) {
        this(pool, own, partitions, fence, BLOCKS);
    }

    PgRetention(DataSource pool, Connect own, DailyPartitions partitions, Guard fence, int blocks) {
        this.pool = pool;
        this.own = own;
        this.partitions = partitions;
        this.fence = fence;
        this.blocks = blocks;
    }

    /** What is done in one transaction. */
    @FunctionalInterface
    private interface Work<T extends @Nullable Object> {
        T in(Connection tx) throws SQLException;
    }

    /** The days of a partitioned table, in order. */
    List<LocalDate> days(String table) throws SQLException {
        return partitions.days(table);
    }

    /** Whether some message of the day is not settled yet: recovery may still have to read it. */
    boolean unsettled(LocalDate day) throws SQLException, StaleOwnerException {
        return write(tx -> {
            try (PreparedStatement select = tx.prepareStatement("""
                    select exists (
                        select from application a join shard s on s.no = mod(a.no, ?)
                        where exists (select from %s m where m.app_no = a.no and m.seq > s.settled))
                    """.formatted(partitions.nameFor("message", day)))) {
                select.setInt(1, io.posthorn.model.Shards.COUNT);
                try (ResultSet row = select.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        });
    }

    /**
     * Drops a day of a table.
     *
     * @return false if the table was in use for so long that it has to be tried again later
     */
    boolean drop(String table, LocalDate day) throws SQLException, StaleOwnerException {
        try {
            partitions.drop(table, day, fence, LOCK_MILLIS);
            return true;
        } catch (SQLException e) {
            if (SqlErrors.isLockTimeout(e)) {
                return false;
            }
            throw e;
        }
    }

    // ---- messages

    /**
     * Ends some of the deliveries that still wait for messages which are about to be dropped: each gets an entry in the log.
     *
     * @param before messages accepted earlier than the start of this day
     * @param after where to go on; null at first
     * @param now microseconds since 1970
     */
    Page endWaiting(LocalDate before, @Nullable Key after, long now) throws SQLException, StaleOwnerException {
        partitions.ensure(LocalDate.ofEpochDay(Math.floorDiv(now, Time.DAY_MICROS)));
        return write(tx -> {
            try (PreparedStatement end = tx.prepareStatement("""
                    with page as materialized (
                        select endpoint_no, seq from deferral
                        where (endpoint_no, seq) > (?, ?) and message_at < ?
                        order by endpoint_no, seq limit ?),
                    gone as (
                        delete from deferral d using page p
                        where d.endpoint_no = p.endpoint_no and d.seq = p.seq
                        returning d.*),
                    logged as (
                        insert into attempt (seq, message_at, started_at, app_no, endpoint_no, duration_us, number, status,
                                             verdict, detail, manual)
                        select seq, message_at, ?, app_no, endpoint_no, 0, least(attempts + 1, 32767), 8, 2, ?, manual
                        from gone)
                    select p.endpoint_no, p.seq, g.app_no
                    from page p left join gone g on g.endpoint_no = p.endpoint_no and g.seq = p.seq
                    order by p.endpoint_no, p.seq
                    """)) {
                end.setInt(1, after == null ? Integer.MIN_VALUE : after.endpointNo);
                end.setLong(2, after == null ? Long.MIN_VALUE : after.seq);
                end.setObject(3, start(before));
                end.setInt(4, PAGE);
                end.setObject(5, PgTimes.utc(now));
                end.setString(6, NEVER_MADE);
                List<Ended> ended = new ArrayList<>();
                Key last = null;
                int found = 0;
                try (ResultSet row = end.executeQuery()) {
                    while (row.next()) {
                        found++;
                        last = new Key(row.getInt(1), row.getLong(2));
                        int appNo = row.getInt(3);
                        if (!row.wasNull()) {
                            ended.add(new Ended(appNo, last.endpointNo, last.seq));
                        }
                    }
                }
                return new Page(ended, found == PAGE ? last : null);
            }
        });
    }

    /**
     * Removes some of what is on the list of dead letters of messages that are about to be dropped.
     *
     * @return how many, by application; empty if there are none left
     */
    Map<Integer, Long> forgetDeadLetters(LocalDate before) throws SQLException, StaleOwnerException {
        return write(tx -> {
            Map<Integer, Long> forgotten = new HashMap<>();
            try (PreparedStatement delete = tx.prepareStatement("""
                    with gone as (
                        delete from dead_letter where ctid = any (array(
                            select ctid from dead_letter where message_at < ? limit ?))
                        returning app_no)
                    select app_no, count(*) from gone group by app_no
                    """)) {
                delete.setObject(1, start(before));
                delete.setInt(2, DEAD_LETTERS_AT_ONCE);
                try (ResultSet row = delete.executeQuery()) {
                    while (row.next()) {
                        forgotten.put(row.getInt(1), row.getLong(2));
                    }
                }
            }
            return forgotten;
        });
    }

    /** The publishers' ids of messages that are about to be dropped are free again. */
    void forgetEventIds(LocalDate before, Pause pause) throws SQLException, StaleOwnerException, InterruptedException {
        int app = Integer.MIN_VALUE;
        String id = "";
        while (true) {
            int fromApp = app;
            String fromId = id;
            long began = System.nanoTime();
            EventId last = write(tx -> forgetEventIds(tx, before, fromApp, fromId));
            if (last == null) {
                return;
            }
            app = last.app;
            id = last.id;
            pause.after(System.nanoTime() - began);
        }
    }

    private record EventId(int app, String id) {}

    private static @Nullable EventId forgetEventIds(Connection tx, LocalDate before, int app, String id)
            throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("""
                with page as materialized (
                    select app_no, event_id, message_at from event_id
                    where (app_no, event_id) > (?, ?) order by app_no, event_id limit ?),
                gone as (
                    delete from event_id e using page p
                    where p.message_at < ? and e.app_no = p.app_no and e.event_id = p.event_id
                      and e.message_at = p.message_at)
                select app_no, event_id, (select count(*) from page) from page
                order by app_no desc, event_id desc limit 1
                """)) {
            delete.setInt(1, app);
            delete.setString(2, id);
            delete.setInt(3, EVENT_IDS);
            delete.setObject(4, start(before));
            try (ResultSet row = delete.executeQuery()) {
                return row.next() && row.getInt(3) == EVENT_IDS ? new EventId(row.getInt(1), row.getString(2)) : null;
            }
        }
    }

    /** The books about days of messages that are gone. */
    void forgetDays(LocalDate before) throws SQLException, StaleOwnerException {
        write(tx -> {
            try (PreparedStatement days = tx.prepareStatement("delete from stripped_day where day < ?");
                    PreparedStatement kept = tx.prepareStatement("delete from kept_payload where message_at < ?")) {
                days.setObject(1, before);
                days.executeUpdate();
                kept.setObject(1, start(before));
                return kept.executeUpdate();
            }
        });
    }

    // ---- payloads

    /** The days whose payloads are gone. */
    Set<LocalDate> stripped() throws SQLException {
        Set<LocalDate> days = new HashSet<>();
        try (Connection tx = pool.getConnection();
                PreparedStatement select = tx.prepareStatement("select day from stripped_day");
                ResultSet row = select.executeQuery()) {
            while (row.next()) {
                days.add(row.getObject(1, LocalDate.class));
            }
        }
        return days;
    }

    /**
     * Lets a transaction that changes a message of some day go on, or not: not while its day is written anew.
     *
     * @param createdAt of the message, microseconds since 1970
     * @return false if it has to be tried again later
     */
    static boolean mayChange(Connection tx, long createdAt) throws SQLException {
        int day = (int) Math.floorDiv(createdAt, Time.DAY_MICROS);
        try (PreparedStatement lock = tx.prepareStatement("select pg_try_advisory_xact_lock_shared(?, ?)")) {
            return locked(lock, day);
        }
    }

    private static boolean locked(PreparedStatement lock, int day) throws SQLException {
        lock.setInt(1, LOCK_SPACE);
        lock.setInt(2, DAY_LOCKS + day);
        try (ResultSet row = lock.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }

    /**
     * Writes a day anew without its payloads, but for those that something still waits for.
     *
     * @param pause between the pieces; its interruption leaves the day as it was
     * @return false if the table was in use for so long, or the content of one of its messages is just being deleted, so
     *     that it has to be tried again later
     */
    boolean strip(LocalDate day, Pause pause) throws SQLException, StaleOwnerException, InterruptedException {
        try (Connection tx = own.open()) { // and with it the lock goes, however this ends
            if (!tryDayLock(tx, day)) {
                return false;
            }
            try {
                return strip(tx, day, pause);
            } finally {
                unlock(tx, day);
            }
        } catch (SQLException e) {
            if (SqlErrors.isLockTimeout(e) || TOO_SLOW.equals(e.getSQLState())) {
                return false;
            }
            throw e;
        }
    }

    private boolean strip(Connection tx, LocalDate day, Pause pause)
            throws SQLException, StaleOwnerException, InterruptedException {
        String old = partitions.nameFor("message", day);
        Strip strip = new Strip(day, old, old + "_rest", columns(tx));
        write(tx, any -> begin(any, strip));
        long size = write(tx, any -> blocksOf(any, old));
        for (long from = 0; from < size; from += blocks) {
            long first = from;
            long began = System.nanoTime();
            write(tx, any -> copy(any, strip, first));
            pause.after(System.nanoTime() - began);
        }
        return write(tx, any -> swap(any, strip));
    }

    /**
     * A day that is written anew.
     *
     * @param old its partition
     * @param fresh what takes its place
     * @param columns of both, but for the payload and the headers that go along with it
     */
    private record Strip(LocalDate day, String old, String fresh, String columns) {}

    /** For the session, so that it spans the transactions and ends with the process. */
    private static boolean tryDayLock(Connection tx, LocalDate day) throws SQLException {
        try (PreparedStatement lock = tx.prepareStatement("select pg_try_advisory_lock(?, ?)")) {
            boolean locked = locked(lock, (int) day.toEpochDay());
            tx.commit();
            return locked;
        }
    }

    /** The end of the connection would do it too, at a moment of the server's choice. */
    private static void unlock(Connection tx, LocalDate day) {
        try (PreparedStatement unlock = tx.prepareStatement("select pg_advisory_unlock(?, ?)")) {
            tx.rollback();
            locked(unlock, (int) day.toEpochDay());
            tx.commit();
        } catch (SQLException e) {
            LOG.debug("the lock of a day goes with its connection: {}", e.getMessage());
        }
    }

    private static String columns(Connection tx) throws SQLException {
        try (PreparedStatement select = tx.prepareStatement("""
                        select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                        where attrelid = 'message'::regclass and attnum > 0 and not attisdropped
                          and attname not in ('payload', 'headers')
                        """);
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }

    private static long blocksOf(Connection tx, String table) throws SQLException {
        try (PreparedStatement select =
                tx.prepareStatement("select pg_relation_size(?::regclass) / current_setting('block_size')::bigint")) {
            select.setString(1, table);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** An earlier run may have left its half. The check makes the attaching later a matter of a moment. */
    private static Void begin(Connection tx, Strip strip) throws SQLException {
        try (Statement s = tx.createStatement()) {
            s.execute("set local lock_timeout = " + LOCK_MILLIS);
            s.execute("drop table if exists " + strip.fresh);
            s.execute("create table " + strip.fresh + " (like message including defaults including storage,"
                    + " constraint of_its_day check (created_at >= " + from(strip.day) + " and created_at < "
                    + from(strip.day.plusDays(1)) + ")) with (autovacuum_vacuum_insert_threshold = -1)");
            s.execute("create unique index on " + strip.fresh + " (app_no, seq)");
            s.execute("delete from kept_payload where message_at >= " + from(strip.day) + " and message_at < "
                    + from(strip.day.plusDays(1)));
            s.execute("insert into kept_payload (message_at, app_no, seq) select distinct message_at, app_no, seq"
                    + " from deferral where message_at >= " + from(strip.day) + " and message_at < "
                    + from(strip.day.plusDays(1)));
        }
        return null;
    }

    private @Nullable Void copy(Connection tx, Strip strip, long first) throws SQLException {
        try (Statement s = tx.createStatement()) {
            // Nothing is lost with the last of these: until the swap, which waits for the disk, it is begun anew
            // anyway.
            s.execute("set local synchronous_commit = off");
            s.execute("""
                    insert into %s (%s, payload, headers)
                    select %s, case when keeps then payload end, case when keeps then headers end
                    from %s m cross join lateral (
                        select exists (select from kept_payload k
                                       where k.message_at = m.created_at and k.app_no = m.app_no and k.seq = m.seq)
                        offset 0) as needed (keeps)
                    where m.ctid >= '(%d,0)'::tid and m.ctid < '(%d,0)'::tid
                    """.formatted(strip.fresh, strip.columns, strip.columns, strip.old, first, first + blocks));
        }
        return null;
    }

    /**
     * The locks come first, the table's before the partition's, as everybody takes them. Whoever asked for a message again
     * has looked at its payload in the transaction that asks, so nobody is between the two then. The day is settled: what
     * has come to wait since the copy was asked for again and stands aside, which an index tells apart.
     */
    private static boolean swap(Connection tx, Strip strip) throws SQLException {
        String to = from(strip.day.plusDays(1));
        try (Statement s = tx.createStatement()) {
            s.execute("set local lock_timeout = " + LOCK_MILLIS);
            s.execute("set local statement_timeout = " + SWAP_MILLIS);
            s.execute("lock table only message in access exclusive mode");
            s.execute("lock table " + strip.old + " in access exclusive mode");
            s.execute("""
                    with late as (
                        insert into kept_payload (message_at, app_no, seq)
                        select distinct message_at, app_no, seq from deferral d
                        where aside and message_at >= %s and message_at < %s
                          and not exists (select from kept_payload k
                                          where k.message_at = d.message_at and k.app_no = d.app_no and k.seq = d.seq)
                        returning message_at, app_no, seq)
                    update %s f set payload = m.payload, headers = m.headers
                    from late l join %s m on m.app_no = l.app_no and m.seq = l.seq
                    where f.app_no = l.app_no and f.seq = l.seq
                    """.formatted(from(strip.day), to, strip.fresh, strip.old));
            s.execute("drop table " + strip.old);
            s.execute("alter table " + strip.fresh + " rename to " + strip.old);
            s.execute("alter table message attach partition " + strip.old + " for values from (" + from(strip.day)
                    + ") to (" + to + ")");
            s.execute("alter table " + strip.old + " drop constraint of_its_day");
            s.execute("insert into stripped_day (day) values ('" + strip.day + "') on conflict do nothing");
        }
        return true;
    }

    /**
     * Removes payloads that were kept for deliveries which have ended since, and the headers that would go along.
     *
     * @return how many
     */
    int stripKept(Pause pause) throws SQLException, StaleOwnerException, InterruptedException {
        int removed = 0;
        Kept after = new Kept(Long.MIN_VALUE / 2_000_000, Integer.MIN_VALUE, Long.MIN_VALUE);
        while (true) {
            Kept from = after;
            long began = System.nanoTime();
            KeptPage page = write(tx -> stripKept(tx, from));
            removed += page.removed;
            if (page.last == null) {
                return removed;
            }
            after = page.last;
            pause.after(System.nanoTime() - began);
        }
    }

    private record Kept(long at, int app, long seq) {}

    private record KeptPage(int removed, @Nullable Kept last) {}

    private static KeptPage stripKept(Connection tx, Kept after) throws SQLException {
        try (PreparedStatement strip = tx.prepareStatement("""
                with page as materialized (
                    select message_at, app_no, seq from kept_payload
                    where (message_at, app_no, seq) > (?, ?, ?) order by message_at, app_no, seq limit ?),
                over as materialized (
                    select p.* from page p
                    where not exists (select from endpoint e join deferral d on d.endpoint_no = e.no and d.seq = p.seq
                                      where e.app_no = p.app_no)),
                stripped as (
                    update message m set payload = null, headers = null from over o
                    where m.app_no = o.app_no and m.seq = o.seq and m.created_at = o.message_at),
                gone as (
                    delete from kept_payload k using over o
                    where k.message_at = o.message_at and k.app_no = o.app_no and k.seq = o.seq)
                select message_at, app_no, seq, (select count(*) from page), (select count(*) from over) from page
                order by message_at desc, app_no desc, seq desc limit 1
                """)) {
            strip.setObject(1, PgTimes.utc(after.at));
            strip.setInt(2, after.app);
            strip.setLong(3, after.seq);
            strip.setInt(4, PAGE);
            try (ResultSet row = strip.executeQuery()) {
                if (!row.next()) {
                    return new KeptPage(0, null);
                }
                Kept last = new Kept(PgTimes.micros(row, 1), row.getInt(2), row.getLong(3));
                return new KeptPage(row.getInt(5), row.getInt(4) == PAGE ? last : null);
            }
        }
    }

    // ----

    private static java.time.OffsetDateTime start(LocalDate day) {
        return day.atStartOfDay().atOffset(ZoneOffset.UTC);
    }

    private static String from(LocalDate day) {
        return "'" + day + " 00:00:00+00'";
    }

    private <T extends @Nullable Object> T write(Work<T> work) throws SQLException, StaleOwnerException {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            return write(tx, work);
        }
    }

    private <T extends @Nullable Object> T write(Connection tx, Work<T> work) throws SQLException, StaleOwnerException {
        try {
            fence.check(tx);
            T result = work.in(tx);
            tx.commit();
            return result;
        } catch (SQLException | StaleOwnerException e) {
            tx.rollback();
            throw e;
        }
    }
}
