package io.posthorn.history;

import io.posthorn.model.Endpoint;
import io.posthorn.model.Shards;
import io.posthorn.model.Subscribed;
import io.posthorn.runtime.Time;
import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Counts. All of them read what they count, by the indexes that there are: the time of an endpoint's attempts, the numbers
 * of an application's messages. That takes about a second for a million rows, so a stretch of time with too many of them
 * ends at the statement timeout.
 */
final class PgCounts {
    private static final String BUCKET = "select date_bin(make_interval(secs => ?), %s, timestamptz 'epoch') as at,";

    private PgCounts() {}

    static List<Counts.OfAttempts> attempts(Connection tx, Collection<Integer> endpointNos, Counts.Span span)
            throws SQLException {
        List<Counts.OfAttempts> counts = new ArrayList<>();
        selectAttempts(endpointNos, span)
                .each(
                        tx,
                        row -> counts.add(new Counts.OfAttempts(
                                PgTimes.micros(row, "at"),
                                row.getLong("delivered"),
                                row.getLong("failed"),
                                row.getLong("exhausted"),
                                row.getDouble("duration"))));
        return counts;
    }

    static PgSelect selectAttempts(Collection<Integer> endpointNos, Counts.Span span) {
        return new PgSelect(BUCKET.formatted("a.started_at"), span.seconds())
                .add("""
                        count(*) filter (where a.verdict = 0) as delivered,
                        count(*) filter (where a.verdict not in (0, 4, 5)) as failed,
                        count(*) filter (where a.verdict in (2, 3)) as exhausted,
                        avg(a.duration_us) as duration""")
                .add("from unnest(cast(? as int[])) e (no)", (Object) endpointNos.toArray(Integer[]::new))
                // The offset keeps the planner from joining the other way round, each attempt with all the endpoints,
                // which
                // it does as long as a partition has no statistics.
                .add("""
                        join lateral (select * from attempt
                                      where endpoint_no = e.no and started_at >= ? and started_at < ? offset 0) a on true
                        group by 1""", PgTimes.utc(span.from()), PgTimes.utc(span.to()));
    }

    static List<Counts.OfMessages> messages(
            Connection tx, int appNo, List<String> eventTypes, List<String> without, Counts.Span span)
            throws SQLException {
        PgSelect select = new PgSelect(BUCKET.formatted("m.created_at"), span.seconds())
                .add("count(*) as accepted from message m where m.app_no = ?", appNo)
                .add("and m.created_at >= ? and m.created_at < ?", PgTimes.utc(span.from()), PgTimes.utc(span.to()));
        PgMessages.addNumbers(tx, select, appNo, span.from(), span.to());
        List<Counts.OfMessages> counts = new ArrayList<>();
        select.addMessageFilter(new Filter(eventTypes, null, null, 0, Filter.FOREVER, null, null, without))
                .add("group by 1")
                .each(tx, row -> counts.add(new Counts.OfMessages(PgTimes.micros(row, "at"), row.getLong("accepted"))));
        return counts;
    }

    /**
     * Every delivery once, as its last attempt left it, or pending if it has a row in {@code deferral}. One look at the
     * endpoint's attempts in the order of their index; the latest of a message is found by a number that holds its time
     * and its verdict, and nothing is later than a deferral.
     */
    static PgSelect selectDeliveries(int endpointNo, long from, long to) {
        Object[] messages = {PgTimes.utc(from), PgTimes.utc(to)};
        return new PgSelect("""
                        select count(*) filter (where last = 0) as success,
                               count(*) filter (where last = 7) as pending,
                               count(*) filter (where last in (4, 5)) as canceled,
                               count(*) filter (where last not in (0, 4, 5, 7)) as fail
                        from (select max(state) & 7 as last
                              from (select seq, (extract(epoch from started_at) * 1000000)::bigint * 8 + verdict as state
                                    from attempt""")
                .add("where endpoint_no = ?", endpointNo)
                .add("and started_at >= ?", PgTimes.utc(from - PgAttempts.CLOCKS_DIFFER))
                .add("and message_at >= ? and message_at < ?", messages)
                .add("union all select seq, 9223372036854775807 from deferral where endpoint_no = ?", endpointNo)
                .add("and message_at >= ? and message_at < ?", messages)
                .add(") each group by seq) delivery");
    }

    static Counts.OfDeliveries deliveries(Connection tx, Endpoint endpoint, long from, long to) throws SQLException {
        long sending = sending(tx, endpoint, from, to);
        Counts.OfDeliveries counts = selectDeliveries(endpoint.no(), from, to)
                .first(
                        tx,
                        row -> new Counts.OfDeliveries(
                                row.getLong("success"),
                                row.getLong("pending"),
                                row.getLong("fail"),
                                sending,
                                row.getLong("canceled")));
        return counts == null ? new Counts.OfDeliveries(0, 0, 0, sending, 0) : counts;
    }

    /** Of the messages that are not settled yet, those that the endpoint wants and has nothing on record of. */
    private static long sending(Connection tx, Endpoint endpoint, long from, long to) throws SQLException {
        if (endpoint.disabled()) {
            return 0; // what comes for it is parked, and on record
        }
        long since = Math.max(from, Time.micros(endpoint.createdAt()));
        PgSelect select = new PgSelect("select count(*) from message m where m.app_no = ?", endpoint.appNo())
                .add("and m.seq > (select settled from shard where no = ?)", Shards.of(endpoint.appNo()))
                .add("and m.created_at >= ? and m.created_at < ?", PgTimes.utc(since), PgTimes.utc(to));
        // A message for one endpoint only goes there whatever that subscribed to.
        select.add("and (m.only_endpoint_no = ? or m.only_endpoint_no is null", endpoint.no());
        List<String> eventTypes = endpoint.eventTypes();
        if (eventTypes != null) {
            select.add("and (m.event_type = any (?)", (Object) eventTypes.toArray(String[]::new));
            String[] beginnings = eventTypes.stream()
                    .filter(Subscribed::isPattern)
                    .map(Subscribed::beginning)
                    .toArray(String[]::new);
            if (beginnings.length > 0) {
                select.add("""
                        or exists (select from unnest(cast(? as text[])) b (beginning)
                                   where starts_with(m.event_type, beginning) and m.event_type <> beginning)""", (Object) beginnings);
            }
            String[] groups = eventTypes.stream()
                    .filter(Subscribed::isGroup)
                    .map(entry -> entry.substring(Subscribed.GROUP.length()))
                    .toArray(String[]::new);
            if (groups.length > 0) {
                select.add(
                        "or m.event_type in (select name from event_type where group_name = any (?)", (Object) groups);
                select.add("and env_no = (select env_no from application where no = ?))", endpoint.appNo());
            }
            select.add(")");
        }
        List<String> channels = endpoint.channels();
        if (channels != null) {
            select.add("and m.channels && cast(? as text[])", (Object) channels.toArray(String[]::new));
        }
        select.add(")");
        // The sum keeps the attempt from being sought in the endpoint's index, past all its others.
        Long count = select.add("""
                        and not exists (select from attempt a
                                        where a.app_no = m.app_no and a.seq = m.seq and a.endpoint_no + 0 = ?
                                          and a.started_at >= m.created_at - interval '1 day')""", endpoint.no())
                .add("and not exists (select from deferral d where d.endpoint_no = ? and d.seq = m.seq)", endpoint.no())
                .first(tx, row -> row.getLong(1));
        return count == null ? 0 : count;
    }
}
