package io.posthorn.history;

import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Recovery's reading, in PostgreSQL. */
public final class PgUnsettled implements Unsettled {
    private static final int PAGE = 500;
    private static final long PAGE_BYTES = 4 << 20;
    private static final int READ_AHEAD = 32;
    private static final byte[] DELETED = {};

    private final DataSource pool;
    private final Ids ids;

    /**
     * A reader.
     *
     * @param pool of connections
     * @param ids makes the public ids
     */
    public PgUnsettled(DataSource pool, Ids ids) {
        this.pool = pool;
        this.ids = ids;
    }

    @Override
    public List<Standing> standings() throws SQLException {
        Map<Integer, Standing> standings = new LinkedHashMap<>();
        try (Connection tx = pool.getConnection()) {
            try (PreparedStatement select = tx.prepareStatement(
                            "select no, settled, greatest(settled_at, to_timestamp(0)) from shard order by no");
                    ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    long settled = row.getLong(2);
                    standings.put(row.getInt(1), new Standing(row.getInt(1), settled, PgTimes.micros(row, 3), settled));
                }
            }
            for (Map.Entry<Integer, Long> app : heads(tx).entrySet()) {
                standings.computeIfPresent(
                        Shards.of(app.getKey()),
                        (no, s) -> new Standing(no, s.settled(), s.settledAt(), Math.max(s.head(), app.getValue())));
            }
        }
        return List.copyOf(standings.values());
    }

    /** The applications that have messages above their shard's settled position, with the highest number of each. */
    private static Map<Integer, Long> heads(Connection tx) throws SQLException {
        Map<Integer, Long> heads = new LinkedHashMap<>();
        try (PreparedStatement select = tx.prepareStatement("""
                select a.no, m.head
                from application a
                join shard s on s.no = mod(a.no, ?)
                cross join lateral (
                    select max(m.seq) as head from message m
                    where m.app_no = a.no and m.seq > s.settled and m.created_at >= s.settled_at
                ) m
                where m.head is not null
                order by a.no
                """)) {
            select.setInt(1, Shards.COUNT);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    heads.put(row.getInt(1), row.getLong(2));
                }
            }
        }
        return heads;
    }

    @Override
    public void read(List<Standing> standings, Taker taker) throws SQLException, InterruptedException {
        Map<Integer, Standing> byShard = new HashMap<>();
        standings.forEach(standing -> byShard.put(standing.shard(), standing));
        try (Connection tx = pool.getConnection()) {
            Map<Integer, Long> heads = heads(tx);
            tx.setAutoCommit(false);
            for (int appNo : heads.keySet()) {
                Standing standing = byShard.get(Shards.of(appNo));
                if (standing == null) {
                    throw new IllegalStateException("no standing of shard " + Shards.of(appNo));
                }
                readApp(tx, appNo, standing, taker);
            }
        }
    }

    private void readApp(Connection tx, int appNo, Standing standing, Taker taker)
            throws SQLException, InterruptedException {
        long after = standing.settled();
        while (true) {
            List<Message> page = page(tx, appNo, after, standing.settledAt());
            if (page.isEmpty()) {
                return;
            }
            Map<Long, Set<Integer>> done = done(tx, appNo, page);
            tx.commit();
            List<Owed> owed = new ArrayList<>(page.size());
            for (Message message : page) {
                owed.add(new Owed(message, done.getOrDefault(message.seq, Set.of())));
            }
            taker.take(owed);
            after = page.getLast().seq;
        }
    }

    private List<Message> page(Connection tx, int appNo, long after, long settledAt) throws SQLException {
        List<Message> page = new ArrayList<>();
        long bytes = 0;
        try (PreparedStatement select = tx.prepareStatement("""
                select seq, created_at, event_type, event_id, channels, tags, payload, only_endpoint_no, ordering_key,
                       deliver_at, headers
                from message
                where app_no = ? and seq > ? and created_at >= ?
                order by seq limit ?
                """)) {
            select.setInt(1, appNo);
            select.setLong(2, after);
            select.setObject(3, PgTimes.utc(settledAt));
            select.setInt(4, PAGE);
            select.setFetchSize(READ_AHEAD);
            try (ResultSet row = select.executeQuery()) {
                while (row.next() && bytes < PAGE_BYTES) {
                    long seq = row.getLong(1);
                    long createdAt = PgTimes.micros(row, 2);
                    byte @Nullable [] payload = row.getBytes(7);
                    bytes += payload == null ? 0 : payload.length;
                    page.add(new Message(
                            appNo,
                            seq,
                            createdAt,
                            ids.message(appNo, createdAt, seq),
                            row.getString(3),
                            row.getString(4),
                            PgBacklog.texts(row.getArray(5)),
                            PgBacklog.texts(row.getArray(6)),
                            payload == null ? DELETED : payload,
                            row.getInt(8),
                            row.getString(9),
                            PgTimes.microsOrZero(row, 10),
                            PgBacklog.headers(row.getArray(11))));
                }
            }
        }
        return page;
    }

    private static Map<Long, Set<Integer>> done(Connection tx, int appNo, List<Message> page) throws SQLException {
        Map<Long, Set<Integer>> done = new HashMap<>();
        Long[] seqs = page.stream().map(message -> message.seq).toArray(Long[]::new);
        try (PreparedStatement select = tx.prepareStatement("""
                select seq, endpoint_no from attempt
                where app_no = ? and seq = any (?) and started_at >= ?
                union all
                select d.seq, d.endpoint_no from deferral d join endpoint e on e.no = d.endpoint_no
                where e.app_no = ? and d.seq = any (?)
                """)) {
            select.setInt(1, appNo);
            select.setArray(2, tx.createArrayOf("int8", seqs));
            // The clock of an attempt may be a little behind the one of the acceptance, never by a day.
            select.setObject(3, PgTimes.utc(page.getFirst().createdAt - 86_400_000_000L));
            select.setInt(4, appNo);
            select.setArray(5, tx.createArrayOf("int8", seqs));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    done.computeIfAbsent(row.getLong(1), seq -> new HashSet<>()).add(row.getInt(2));
                }
            }
        }
        return done;
    }
}
