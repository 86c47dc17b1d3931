package io.posthorn.notify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.model.DeferralReason;
import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The events and the marks in PostgreSQL. */
final class PgOutbox {
    /** Beyond that nobody counts. */
    static final int MOST_COUNTED = 1_000_000;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private PgOutbox() {}

    /**
     * An event that is to be sent.
     *
     * @param no its number, in the order in which they are sent
     * @param event what it says
     * @param eventId that its message's publisher gave; null if it gave none, or the message is gone
     */
    record Stored(long no, Event event, @Nullable String eventId) {}

    static void write(Connection tx, List<Event> events) throws SQLException {
        int count = events.size();
        Integer[] envs = new Integer[count];
        Long[] at = new Long[count];
        String[] types = new String[count];
        Integer[] apps = new Integer[count];
        Long[] seqs = new Long[count];
        Long[] messageAt = new Long[count];
        String[] data = new String[count];
        for (int i = 0; i < count; i++) {
            Event event = events.get(i);
            envs[i] = event.envNo();
            at[i] = event.at();
            types[i] = event.type();
            apps[i] = event.appNo();
            seqs[i] = event.seq();
            messageAt[i] = event.messageAt();
            data[i] = event.data().toString();
        }
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into operational_outbox (env_no, at, type, app_no, seq, message_at, data)
                select env_no, to_timestamp(0) + at * interval '1 microsecond', type, app_no, seq,
                       to_timestamp(0) + message_at * interval '1 microsecond', data
                from unnest(?::int[], ?::bigint[], ?::text[], ?::int[], ?::bigint[], ?::bigint[], ?::text[])
                     with ordinality as e (env_no, at, type, app_no, seq, message_at, data, place)
                order by place
                """)) {
            insert.setArray(1, tx.createArrayOf("int4", envs));
            insert.setArray(2, tx.createArrayOf("int8", at));
            insert.setArray(3, tx.createArrayOf("text", types));
            insert.setArray(4, tx.createArrayOf("int4", apps));
            insert.setArray(5, tx.createArrayOf("int8", seqs));
            insert.setArray(6, tx.createArrayOf("int8", messageAt));
            insert.setArray(7, tx.createArrayOf("text", data));
            insert.executeUpdate();
        }
    }

    /** The first ones. */
    static List<Stored> page(Connection tx, int most) throws SQLException {
        List<Stored> page = new ArrayList<>();
        try (PreparedStatement select = tx.prepareStatement("""
                select o.no, o.env_no, o.at, o.type, o.app_no, o.seq, o.message_at, o.data, m.event_id
                from (select * from operational_outbox order by no limit ?) o
                left join lateral (
                    select event_id from message
                    where app_no = o.app_no and seq = o.seq and created_at = o.message_at limit 1) m on true
                order by o.no
                """)) {
            select.setInt(1, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    Event event = new Event(
                            row.getInt(2),
                            PgTimes.micros(row, 3),
                            row.getString(4),
                            row.getInt(5),
                            row.getLong(6),
                            PgTimes.micros(row, 7),
                            parse(row.getString(8)));
                    page.add(new Stored(row.getLong(1), event, row.getString(9)));
                }
            }
        }
        return page;
    }

    private static ObjectNode parse(String data) {
        try {
            return JSON.readValue(data, ObjectNode.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the outbox has what nobody wrote", e);
        }
    }

    static void delete(Connection tx, List<Long> numbers) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("delete from operational_outbox where no = any (?)")) {
            delete.setArray(1, tx.createArrayOf("int8", numbers.toArray()));
            delete.executeUpdate();
        }
    }

    /** How many there are, up to {@link #MOST_COUNTED}. */
    static long count(Connection tx) throws SQLException {
        try (PreparedStatement select =
                tx.prepareStatement("select count(*) from (select from operational_outbox limit ?) o")) {
            select.setInt(1, MOST_COUNTED);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    static void mark(Connection tx, Mark mark, Set<Integer> endpoints, long now) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into operational_mark (endpoint_no, kind, since)
                select endpoint_no, ?, ? from unnest(?::int[]) as e (endpoint_no) on conflict do nothing
                """)) {
            insert.setInt(1, mark.code());
            insert.setObject(2, PgTimes.utc(now));
            insert.setArray(3, tx.createArrayOf("int4", endpoints.toArray()));
            insert.executeUpdate();
        }
    }

    static void unmark(Connection tx, Mark mark, Set<Integer> endpoints) throws SQLException {
        try (PreparedStatement delete =
                tx.prepareStatement("delete from operational_mark where kind = ? and endpoint_no = any (?)")) {
            delete.setInt(1, mark.code());
            delete.setArray(2, tx.createArrayOf("int4", endpoints.toArray()));
            delete.executeUpdate();
        }
    }

    /** The endpoints that have a mark. */
    static Set<Integer> marked(Connection tx, Mark mark) throws SQLException {
        Set<Integer> endpoints = new HashSet<>();
        try (PreparedStatement select =
                tx.prepareStatement("select endpoint_no from operational_mark where kind = ?")) {
            select.setInt(1, mark.code());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    endpoints.add(row.getInt(1));
                }
            }
        }
        return endpoints;
    }

    /** Endpoints come and go; what was marked or to be mailed of those that are gone is of no use. */
    static void forgetDeleted(Connection tx) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("""
                delete from operational_mark m where not exists (select from endpoint e where e.no = m.endpoint_no)
                """)) {
            delete.executeUpdate();
        }
    }

    /**
     * How much waits for endpoints, of those for which much does. What is to be sent later does not count. Reads all
     * that waits, a million in a quarter of a second, on one core: deliveries need the others.
     *
     * @param least so much at least
     */
    static List<Waiting> backlogs(Connection tx, int least) throws SQLException {
        List<Waiting> backlogs = new ArrayList<>();
        try (PreparedStatement limit = tx.prepareStatement(
                        "set local statement_timeout = 20000; set local max_parallel_workers_per_gather = 0");
                PreparedStatement select = tx.prepareStatement("""
                select endpoint_no, min(app_no), count(*) from deferral where reason <> ?
                group by endpoint_no having count(*) >= ?
                """)) {
            limit.execute();
            select.setInt(1, DeferralReason.SCHEDULED.code());
            select.setInt(2, least);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    backlogs.add(new Waiting(row.getInt(1), row.getInt(2), row.getLong(3)));
                }
            }
        }
        return backlogs;
    }

    /**
     * What waits for an endpoint.
     *
     * @param deliveries how many
     */
    record Waiting(int endpointNo, int appNo, long deliveries) {}
}
