package io.posthorn.history;

import io.posthorn.model.DeferralReason;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.posthorn.store.PgTimes;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** The backlog in PostgreSQL. */
public final class PgBacklog implements Backlog {
    /** A quarter of what is read is for what was asked for again. */
    private static final int SHARE_OF_ASKED = 4;

    private static final int REKEYED_AT_ONCE = 500;
    private static final int REKEYED_READ_AHEAD = 50;

    private final DataSource pool;
    private final Ids ids;

    /**
     * A backlog.
     *
     * @param pool of connections
     * @param ids makes the public ids
     */
    public PgBacklog(DataSource pool, Ids ids) {
        this.pool = pool;
        this.ids = ids;
    }

    @Override
    public Fetched fetch(int endpointNo, long now, long[] claimed, int most, long mostBytes) throws BacklogUnavailable {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            List<Due> due = new ArrayList<>();
            Left left = readDue(tx, endpointNo, now, claimed, most, mostBytes, due);
            long next = left.any() ? now : nextAfter(tx, endpointNo, now);
            tx.commit();
            return new Fetched(due, left.any(), left.behind(), next, left.forgotten());
        } catch (SQLException e) {
            throw new BacklogUnavailable(e);
        }
    }

    /**
     * What is due and was not read: anything at all, and anything but what was asked for again; and how many rows were
     * removed on the way.
     */
    private record Left(boolean any, boolean behind, int forgotten) {}

    /**
     * The database adds up the payloads, which costs it only a look at their lengths, so that no more is sent than there
     * is room for. A row whose message is gone (its day was dropped), or whose payload was deleted, is owed nothing any
     * more and is removed.
     */
    private Left readDue(
            Connection tx, int endpointNo, long now, long[] claimed, int most, long mostBytes, List<Due> due)
            throws SQLException {
        List<Long> orphans = new ArrayList<>();
        int seen = 0;
        int plainSeen = 0;
        int found = 0;
        int plainFound = 0;
        try (PreparedStatement select = tx.prepareStatement("""
                with plain as materialized (
                    select *, row_number() over (order by due_at, seq) as place
                    from (select * from deferral
                          where endpoint_no = ? and due_at <= ? and seq <> all (?) and reason <> 4
                          order by due_at, seq limit ?) p),
                asked as materialized (
                    select *, 0::bigint as place from deferral
                    where endpoint_no = ? and due_at <= ? and seq <> all (?) and reason = 4
                    order by due_at, seq limit ?)
                select seq, due_at, attempts, reason,
                       app_no, created_at, event_type, event_id, channels, tags, payload, base, manual, only_endpoint_no,
                       ordering_key, deliver_at, headers, aside,
                       (select count(*) from plain) + (select count(*) from asked) as found,
                       (select count(*) from plain) as plain_found
                from (select d.seq, d.due_at, d.attempts, d.reason, d.base, d.manual, d.app_no, m.created_at,
                             m.event_type, m.event_id, m.channels, m.tags, m.payload, m.only_endpoint_no, m.ordering_key, m.deliver_at, m.headers,
                             coalesce(d.aside, false) as aside,
                             coalesce(sum(octet_length(m.payload)) over (
                                 order by d.reason = 4, d.due_at, d.seq
                                 rows between unbounded preceding and 1 preceding), 0) as before
                      from (select * from plain where place <= ? - least(?, (select count(*) from asked))
                            union all select * from asked) d
                      left join lateral (select * from message m
                                         where m.app_no = d.app_no and m.seq = d.seq
                                           and m.created_at = d.message_at) m on true) f
                where before <= ?
                order by reason = 4, due_at, seq limit ?
                """)) {
            for (int i = 0; i < 8; i += 4) {
                select.setInt(i + 1, endpointNo);
                select.setObject(i + 2, PgTimes.utc(now));
                select.setArray(i + 3, tx.createArrayOf("int8", boxed(claimed)));
                select.setInt(i + 4, most + 1);
            }
            select.setInt(9, most);
            select.setInt(10, most / SHARE_OF_ASKED);
            select.setLong(11, mostBytes);
            select.setInt(12, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    seen++;
                    found = row.getInt("found");
                    plainFound = row.getInt("plain_found");
                    plainSeen += row.getInt(4) == DeferralReason.REPLAY.code() ? 0 : 1;
                    byte @Nullable [] payload = row.getBytes(11);
                    if (payload == null) {
                        orphans.add(row.getLong(1));
                    } else {
                        due.add(read(row, payload, null));
                    }
                }
            }
        }
        int forgotten = orphans.isEmpty() ? 0 : removeOrphans(tx, endpointNo, orphans);
        return new Left(seen < found, plainSeen < plainFound, forgotten);
    }

    private static int removeOrphans(Connection tx, int endpointNo, List<Long> seqs) throws SQLException {
        try (PreparedStatement delete =
                tx.prepareStatement("delete from deferral where endpoint_no = ? and seq = any (?)")) {
            delete.setInt(1, endpointNo);
            delete.setArray(2, tx.createArrayOf("int8", seqs.toArray()));
            return delete.executeUpdate();
        }
    }

    private Due read(ResultSet row, byte[] payload, @Nullable String newer) throws SQLException {
        int appNo = row.getInt("app_no");
        long seq = row.getLong("seq");
        long createdAt = PgTimes.micros(row, "created_at");
        Message message = new Message(
                appNo,
                seq,
                createdAt,
                ids.message(appNo, createdAt, seq),
                row.getString("event_type"),
                row.getString("event_id"),
                texts(row.getArray("channels")),
                texts(row.getArray("tags")),
                payload,
                row.getInt("only_endpoint_no"),
                row.getString("ordering_key"),
                PgTimes.microsOrZero(row, "deliver_at"),
                headers(row.getArray("headers")));
        return new Due(
                message,
                row.getInt("attempts"),
                PgTimes.micros(row, "due_at"),
                DeferralReason.of(row.getInt("reason")),
                row.getInt("base"),
                row.getBoolean("manual"),
                row.getBoolean("aside"),
                newer);
    }

    @Override
    public Fetched fetch(int endpointNo, long now, long[] claimed, Ordered ordered, int most, long mostBytes)
            throws BacklogUnavailable {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            List<Due> due = new ArrayList<>();
            Left left = readOrdered(tx, endpointNo, now, claimed, ordered, most, mostBytes, due);
            long next = left.any() ? now : nextAfter(tx, endpointNo, now);
            tx.commit();
            return new Fetched(due, left.any(), left.behind(), next, left.forgotten());
        } catch (SQLException e) {
            throw new BacklogUnavailable(e);
        }
    }

    /** Rows without a payload are removed, as in {@link #readDue}. */
    private Left readOrdered(
            Connection tx,
            int endpointNo,
            long now,
            long[] claimed,
            Ordered ordered,
            int most,
            long mostBytes,
            List<Due> due)
            throws SQLException {
        List<Long> orphans = new ArrayList<>();
        int seen = 0;
        int plainSeen = 0;
        int found = 0;
        int plainFound = 0;
        try (PreparedStatement select = tx.prepareStatement("""
                with plain as materialized (
                    select *, row_number() over (order by seq) as place
                    from ((select * from deferral
                           where endpoint_no = ? and seq > ? and not ? and seq <> all (?) and aside is not true
                             and (reason <> 9 or due_at <= ?)
                             and (not ? or key_hash is not null or due_at <= ?)
                             and (key_hash is null or key_hash <> all (?))
                           order by seq limit ?)
                          union all
                          (select * from deferral
                           where endpoint_no = ? and due_at <= ? and seq <= ? and not ? and seq <> all (?)
                             and (reason = 9 or (reason = 0 and key_hash is null)) and aside is not true
                             and (reason = 9 or ?) and (key_hash is null or key_hash <> all (?))
                           order by due_at, seq limit ?)) p),
                asked as materialized (
                    select *, 0::bigint as place from deferral
                    where endpoint_no = ? and due_at <= ? and seq <> all (?) and aside
                    order by due_at, seq limit ?)
                select seq, due_at, attempts, reason, aside,
                       app_no, created_at, event_type, event_id, channels, tags, payload, base, manual, only_endpoint_no,
                       ordering_key, deliver_at, headers, newer_seq, newer_at,
                       (select count(*) from plain) + (select count(*) from asked) as found,
                       (select count(*) from plain) as plain_found
                from (select d.seq, d.due_at, d.attempts, d.reason, d.base, d.manual, d.app_no, m.created_at,
                             m.event_type, m.event_id, m.channels, m.tags, m.payload, m.only_endpoint_no,
                             m.ordering_key, m.deliver_at, m.headers, coalesce(d.aside, false) as aside,
                             n.seq as newer_seq, n.message_at as newer_at,
                             coalesce(sum(octet_length(m.payload)) over (
                                 order by coalesce(d.aside, false), d.seq
                                 rows between unbounded preceding and 1 preceding), 0) as before
                      from (select * from plain where place <= ? - least(?, (select count(*) from asked))
                            union all select * from asked) d
                      left join lateral (select * from message m
                                         where m.app_no = d.app_no and m.seq = d.seq
                                           and m.created_at = d.message_at) m on true
                      left join lateral (select n.seq, n.message_at from deferral n
                                         where ? and n.endpoint_no = d.endpoint_no and n.key_hash = d.key_hash
                                           and n.seq > d.seq and n.aside is not true and d.aside is not true
                                           and (n.reason <> 9 or n.due_at <= ?)
                                         order by n.seq desc limit 1) n on true) f
                where before <= ?
                order by aside, seq limit ?
                """)) {
            Array inMemory = tx.createArrayOf("int8", boxed(claimed));
            int at = 0;
            select.setInt(++at, endpointNo);
            select.setLong(++at, ordered.after());
            select.setBoolean(++at, ordered.nothing());
            select.setArray(++at, inMemory);
            select.setObject(++at, PgTimes.utc(now));
            select.setBoolean(++at, ordered.keyed());
            select.setObject(++at, PgTimes.utc(now));
            select.setArray(++at, tx.createArrayOf("int8", boxed(ordered.shut())));
            select.setInt(++at, most + 1);
            select.setInt(++at, endpointNo);
            select.setObject(++at, PgTimes.utc(now));
            select.setLong(++at, ordered.after());
            select.setBoolean(++at, ordered.nothing());
            select.setArray(++at, inMemory);
            select.setBoolean(++at, ordered.keyed());
            select.setArray(++at, tx.createArrayOf("int8", boxed(ordered.shut())));
            select.setInt(++at, most + 1);
            select.setInt(++at, endpointNo);
            select.setObject(++at, PgTimes.utc(now));
            select.setArray(++at, inMemory);
            select.setInt(++at, most + 1);
            select.setInt(++at, most);
            select.setInt(++at, most / SHARE_OF_ASKED);
            select.setBoolean(++at, ordered.latest());
            select.setObject(++at, PgTimes.utc(now));
            select.setLong(++at, mostBytes);
            select.setInt(++at, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    seen++;
                    found = row.getInt("found");
                    plainFound = row.getInt("plain_found");
                    plainSeen += row.getBoolean("aside") ? 0 : 1;
                    byte @Nullable [] payload = row.getBytes("payload");
                    if (payload == null) {
                        orphans.add(row.getLong("seq"));
                    } else {
                        due.add(read(row, payload, newer(row)));
                    }
                }
            }
        }
        int forgotten = orphans.isEmpty() ? 0 : removeOrphans(tx, endpointNo, orphans);
        return new Left(seen < found, plainSeen < plainFound, forgotten);
    }

    private @Nullable String newer(ResultSet row) throws SQLException {
        long seq = row.getLong("newer_seq");
        return row.wasNull() ? null : ids.message(row.getInt("app_no"), PgTimes.micros(row, "newer_at"), seq);
    }

    private static Long[] boxed(long[] values) {
        Long[] boxed = new Long[values.length];
        for (int i = 0; i < boxed.length; i++) {
            boxed[i] = values[i];
        }
        return boxed;
    }

    @Override
    public void rekey(int endpointNo, int version, ToLongFunction<Message> key) throws BacklogUnavailable {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            long after = 0;
            while (after >= 0) {
                after = rekeyPage(tx, endpointNo, version, after, key);
                tx.commit();
            }
        } catch (SQLException e) {
            throw new BacklogUnavailable(e);
        }
    }

    /** The highest number of the page; negative if there was nothing left. Rows of deleted messages keep what they have. */
    private long rekeyPage(Connection tx, int endpointNo, int version, long after, ToLongFunction<Message> key)
            throws SQLException {
        List<Long> seqs = new ArrayList<>();
        List<Long> hashes = new ArrayList<>();
        try (PreparedStatement select = tx.prepareStatement("""
                select d.seq, d.due_at, d.attempts, d.reason, coalesce(d.aside, false) as aside, d.app_no, m.created_at,
                       m.event_type, m.event_id, m.channels, m.tags, m.payload, d.base, d.manual, m.only_endpoint_no,
                       m.ordering_key, m.deliver_at, m.headers
                from deferral d
                join message m on m.app_no = d.app_no and m.seq = d.seq and m.created_at = d.message_at
                where d.endpoint_no = ? and d.seq > ? and d.key_version is distinct from ?
                order by d.seq limit ?
                """)) {
            select.setInt(1, endpointNo);
            select.setLong(2, after);
            select.setInt(3, version);
            select.setInt(4, REKEYED_AT_ONCE);
            select.setFetchSize(REKEYED_READ_AHEAD);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    byte @Nullable [] payload = row.getBytes("payload");
                    seqs.add(row.getLong("seq"));
                    hashes.add(
                            payload == null
                                    ? 0
                                    : key.applyAsLong(read(row, payload, null).message()));
                }
            }
        }
        if (seqs.isEmpty()) {
            return -1;
        }
        try (PreparedStatement update = tx.prepareStatement("""
                update deferral d set key_hash = nullif(k.hash, 0), key_version = ?
                from unnest(?::bigint[], ?::bigint[]) as k (seq, hash)
                where d.endpoint_no = ? and d.seq = k.seq
                """)) {
            update.setInt(1, version);
            update.setArray(2, tx.createArrayOf("int8", seqs.toArray()));
            update.setArray(3, tx.createArrayOf("int8", hashes.toArray()));
            update.setInt(4, endpointNo);
            update.executeUpdate();
        }
        return seqs.getLast();
    }

    @Override
    public List<Waiting> waiting(int endpointNo, long acceptedUntil, long afterSeq, long[] claimed, int most)
            throws BacklogUnavailable {
        try (Connection connection = pool.getConnection();
                PreparedStatement select = connection.prepareStatement("""
                        select app_no, seq, message_at, attempts, base, coalesce(key_hash, 0), coalesce(key_version, 0)
                        from deferral
                        where endpoint_no = ? and seq > ? and message_at <= ? and seq <> all (?)
                          and (reason in (?, ?, ?, ?, ?) or (reason = 9 and due_at <= ?))
                          and manual is not true and aside is not true
                        order by seq limit ?
                        """)) {
            select.setInt(1, endpointNo);
            select.setLong(2, afterSeq);
            select.setObject(3, PgTimes.utc(acceptedUntil));
            select.setArray(
                    4,
                    connection.createArrayOf(
                            "int8", java.util.Arrays.stream(claimed).boxed().toArray()));
            select.setInt(5, DeferralReason.RETRY.code());
            select.setInt(6, DeferralReason.LANE_FULL.code());
            select.setInt(7, DeferralReason.STOPPED.code());
            select.setInt(8, DeferralReason.CIRCUIT.code());
            select.setInt(9, DeferralReason.ORDER.code());
            select.setObject(10, PgTimes.utc(acceptedUntil));
            select.setInt(11, most);
            List<Waiting> waiting = new ArrayList<>();
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    waiting.add(new Waiting(
                            row.getInt(1),
                            row.getLong(2),
                            PgTimes.micros(row, 3),
                            row.getInt(4),
                            row.getInt(5),
                            row.getLong(6),
                            row.getInt(7)));
                }
            }
            return waiting;
        } catch (SQLException e) {
            throw new BacklogUnavailable(e);
        }
    }

    private static long nextAfter(Connection tx, int endpointNo, long now) throws SQLException {
        try (PreparedStatement select =
                tx.prepareStatement("select min(due_at) from deferral where endpoint_no = ? and due_at > ?")) {
            select.setInt(1, endpointNo);
            select.setObject(2, PgTimes.utc(now));
            try (ResultSet row = select.executeQuery()) {
                row.next();
                OffsetDateTime next = row.getObject(1, OffsetDateTime.class);
                return next == null ? NEVER : Time.micros(next.toInstant());
            }
        }
    }

    @Override
    public void summaries(Consumer<Summary> each) throws BacklogUnavailable {
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            try (PreparedStatement delete = tx.prepareStatement(
                    "delete from deferral d where not exists (select from endpoint e where e.no = d.endpoint_no)")) {
                delete.executeUpdate();
            }
            PgDeadLetterRows.forgetOrphans(tx);
            tx.commit();
            try (PreparedStatement select = tx.prepareStatement("""
                    select app_no, endpoint_no, count(*), count(*) filter (where reason not in (?, ?, 8, 9)), min(due_at)
                    from deferral group by app_no, endpoint_no
                    """)) {
                select.setInt(1, DeferralReason.RETRY.code());
                select.setInt(2, DeferralReason.REPLAY.code());
                select.setFetchSize(1_000);
                try (ResultSet row = select.executeQuery()) {
                    while (row.next()) {
                        each.accept(new Summary(
                                row.getInt(1), row.getInt(2), row.getLong(3), row.getLong(4), PgTimes.micros(row, 5)));
                    }
                }
            }
            tx.commit();
        } catch (SQLException e) {
            throw new BacklogUnavailable(e);
        }
    }

    @Override
    public long forget(int endpointNo) throws BacklogUnavailable {
        try (Connection connection = pool.getConnection();
                PreparedStatement delete = connection.prepareStatement("delete from deferral where endpoint_no = ?")) {
            delete.setInt(1, endpointNo);
            long forgotten = delete.executeUpdate();
            PgDeadLetterRows.forget(connection, endpointNo);
            return forgotten;
        } catch (SQLException e) {
            throw new BacklogUnavailable(e);
        }
    }

    static List<String> texts(@Nullable Array array) throws SQLException {
        return array == null ? List.of() : List.of((String[]) array.getArray());
    }

    /** Names and values stand in turn. */
    static Map<String, String> headers(@Nullable Array array) throws SQLException {
        if (array == null) {
            return Map.of();
        }
        String[] flat = (String[]) array.getArray();
        Map<String, String> headers = LinkedHashMap.newLinkedHashMap(flat.length / 2);
        for (int i = 0; i + 1 < flat.length; i += 2) {
            headers.put(flat[i], flat[i + 1]);
        }
        return Collections.unmodifiableMap(headers);
    }
}
