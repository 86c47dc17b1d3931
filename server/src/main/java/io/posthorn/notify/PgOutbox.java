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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
     * @param told how many it tells of
     * @param eventId that its message's publisher gave; null if it gave none, or the message is gone
     */
    record Stored(long no, Event event, int told, @Nullable String eventId) {}

    private record Gathered(Event latest, int told) {}

    /** Those that stand for themselves, in their order, and the others joined to what gathers. */
    static void write(Connection tx, List<Event> events, long now) throws SQLException {
        List<Event> alone =
                events.stream().filter(event -> event.gatherFor() == 0).toList();
        if (!alone.isEmpty()) {
            insert(tx, alone);
        }
        Map<Integer, Gathered> gathered = new LinkedHashMap<>();
        for (Event event : events) {
            if (event.gatherFor() != 0) {
                gathered.merge(
                        event.gatherFor(),
                        new Gathered(event, 1),
                        (a, b) -> new Gathered(b.latest(), a.told() + b.told()));
            }
        }
        for (Gathered each : gathered.values()) {
            join(tx, each, now);
        }
    }

    private static void join(Connection tx, Gathered gathered, long now) throws SQLException {
        Event event = gathered.latest();
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into operational_outbox (env_no, at, type, app_no, seq, message_at, data, open_for, due_at, told)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (open_for) where open_for is not null
                do update set
                    at = excluded.at, seq = excluded.seq, message_at = excluded.message_at, data = excluded.data,
                    told = operational_outbox.told + excluded.told
                """)) {
            insert.setInt(1, event.envNo());
            insert.setObject(2, PgTimes.utc(event.at()));
            insert.setString(3, event.type());
            insert.setInt(4, event.appNo());
            insert.setLong(5, event.seq());
            insert.setObject(6, PgTimes.utc(event.messageAt()));
            insert.setString(7, event.data().toString());
            insert.setInt(8, event.gatherFor());
            insert.setObject(9, PgTimes.utc(now + Floods.MINUTE_MICROS));
            insert.setInt(10, gathered.told());
            insert.executeUpdate();
        }
    }

    /** Whether something has gathered for long enough. */
    static boolean gathered(Connection tx, long now) throws SQLException {
        try (PreparedStatement select = tx.prepareStatement(
                "select exists (select from operational_outbox where open_for is not null and due_at <= ?)")) {
            select.setObject(1, PgTimes.utc(now));
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** Nothing joins any more what has gathered for long enough, and it can be sent. */
    static void close(Connection tx, long now) throws SQLException {
        try (PreparedStatement update = tx.prepareStatement(
                "update operational_outbox set open_for = null where open_for is not null and due_at <= ?")) {
            update.setObject(1, PgTimes.utc(now));
            update.executeUpdate();
        }
    }

    private static void insert(Connection tx, List<Event> events) throws SQLException {
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

    /**
     * The first ones of each application, in their order; the more applications, the fewer of each.
     *
     * @param after an application; the turn is those with higher numbers
     * @param most of all, and of applications
     */
    static List<Stored> page(Connection tx, int after, int most) throws SQLException {
        List<Stored> page = new ArrayList<>();
        try (PreparedStatement select = tx.prepareStatement("""
                with recursive turn (app_no, place) as (
                    (select app_no, 1 from operational_outbox where open_for is null and app_no > ?
                     order by app_no, no limit 1)
                    union all
                    select n.app_no, t.place + 1
                    from turn t cross join lateral (
                        select app_no from operational_outbox o where o.open_for is null and o.app_no > t.app_no
                        order by o.app_no, o.no limit 1) n
                    where t.place < ?)
                select o.no, o.env_no, o.at, o.type, o.app_no, o.seq, o.message_at, o.data, o.told, m.event_id
                from turn t
                cross join lateral (
                    select * from operational_outbox o where o.open_for is null and o.app_no = t.app_no
                    order by o.no limit greatest(1, ? / (select max(place) from turn))) o
                left join lateral (
                    select event_id from message
                    where o.seq > 0 and app_no = o.app_no and seq = o.seq and created_at = o.message_at limit 1) m on true
                order by o.no
                """)) {
            select.setInt(1, after);
            select.setInt(2, most);
            select.setInt(3, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    Event event = new Event(
                            row.getInt(2),
                            PgTimes.micros(row, 3),
                            row.getString(4),
                            row.getInt(5),
                            row.getLong(6),
                            PgTimes.micros(row, 7),
                            parse(row.getString(8)),
                            0);
                    page.add(new Stored(row.getLong(1), event, row.getInt(9), row.getString(10)));
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
     * An endpoint that deliveries wait for.
     *
     * @param appNo its application
     */
    record Place(int endpointNo, int appNo) {}

    /** Some endpoints that deliveries wait for, in their order. Reads a row for each. */
    static List<Place> waitedFor(Connection tx, int after, int most) throws SQLException {
        List<Place> places = new ArrayList<>();
        try (PreparedStatement select = limited(tx, """
                with recursive place (endpoint_no, app_no) as (
                    (select endpoint_no, app_no from deferral where endpoint_no > ? order by endpoint_no, seq limit 1)
                    union all
                    select n.endpoint_no, n.app_no
                    from place p cross join lateral (
                        select d.endpoint_no, d.app_no from deferral d where d.endpoint_no > p.endpoint_no
                        order by d.endpoint_no, d.seq limit 1) n)
                select endpoint_no, app_no from place limit ?
                """)) {
            select.setInt(1, after);
            select.setInt(2, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    places.add(new Place(row.getInt(1), row.getInt(2)));
                }
            }
        }
        return places;
    }

    /**
     * How much waits for each of some endpoints. What is to be sent later does not count; it stands at the end of what is
     * looked at, which is no more than so much of each.
     *
     * @param most that are looked at for an endpoint
     */
    static Map<Integer, Long> waiting(Connection tx, List<Place> places, long most) throws SQLException {
        Map<Integer, Long> waiting = new HashMap<>();
        if (places.isEmpty()) {
            return waiting;
        }
        try (PreparedStatement select = limited(tx, """
                select e.endpoint_no, c.deliveries
                from unnest(?::int[]) as e (endpoint_no)
                cross join lateral (
                    select count(*) filter (where reason <> ?) as deliveries
                    from (select reason from deferral d where d.endpoint_no = e.endpoint_no
                          order by d.due_at, d.seq limit ?) looked_at) c
                """)) {
            select.setArray(
                    1,
                    tx.createArrayOf(
                            "int4", places.stream().map(Place::endpointNo).toArray()));
            select.setInt(2, DeferralReason.SCHEDULED.code());
            select.setLong(3, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    waiting.put(row.getInt(1), row.getLong(2));
                }
            }
        }
        return waiting;
    }

    /** For a statement that must not take long, nor more than one core: deliveries need the others. */
    private static PreparedStatement limited(Connection tx, String sql) throws SQLException {
        try (PreparedStatement limit = tx.prepareStatement(
                "set local statement_timeout = 20000; set local max_parallel_workers_per_gather = 0")) {
            limit.execute();
        }
        return tx.prepareStatement(sql);
    }
}
