package io.posthorn.history;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Reads messages by the one index they have, (application, number), in each partition. Within an application the order
 * of the numbers is that of time.
 */
final class PgMessages {
    /** What {@link #read} reads, of a table {@code m}; the payload comes besides. */
    static final String COLUMNS =
            "m.seq as m_seq, m.created_at as m_at, m.app_no as m_app, m.event_type, m.event_id, m.channels, m.tags,"
                    + " m.only_endpoint_no, m.ordering_key, m.deliver_at, m.headers as m_headers,";

    private static final byte[] DELETED = {};
    private static final long MILLI = 1_000;

    private final Ids ids;

    PgMessages(Ids ids) {
        this.ids = ids;
    }

    static String payload(boolean content) {
        return content ? "m.payload" : "'{}'::bytea as payload";
    }

    /** The message of a row. */
    Message read(ResultSet row) throws SQLException {
        long seq = row.getLong("m_seq");
        long at = PgTimes.micros(row, "m_at");
        byte @Nullable [] payload = row.getBytes("payload");
        return new Message(
                row.getInt("m_app"),
                seq,
                at,
                ids.message(row.getInt("m_app"), at, seq),
                row.getString("event_type"),
                row.getString("event_id"),
                PgBacklog.texts(row.getArray("channels")),
                PgBacklog.texts(row.getArray("tags")),
                payload == null ? DELETED : payload,
                row.getInt("only_endpoint_no"),
                row.getString("ordering_key"),
                PgTimes.microsOrZero(row, "deliver_at"),
                PgBacklog.headers(row.getArray("m_headers")));
    }

    Slice<Message> page(Connection tx, int appNo, Filter filter, Search search, Reach reach) throws SQLException {
        Place named = search.eventId() == null ? null : named(tx, appNo, search.eventId());
        if (search.eventId() != null && named == null) {
            return Slice.none();
        }
        Search.InPayload sought = search.payload();
        if (sought != null) {
            PgPayload.check(tx, sought.path());
        }
        try {
            return select(tx, appNo, filter, named, sought, reach)
                    .page(tx, reach.most(), this::read, m -> m.payload.length);
        } catch (SQLException e) {
            throw sought == null ? e : PgPayload.blame(e);
        }
    }

    /** The page's statement but for its limit. */
    static PgSelect select(Connection tx, int appNo, Filter filter, Reach reach) throws SQLException {
        return select(tx, appNo, filter, null, null, reach);
    }

    private static PgSelect select(
            Connection tx,
            int appNo,
            Filter filter,
            @Nullable Place named,
            Search.@Nullable InPayload sought,
            Reach reach)
            throws SQLException {
        Place after = reach.after();
        boolean up = reach.ascending();
        long from = after != null && up ? Math.max(filter.from(), after.at()) : filter.from();
        long to = after != null && !up ? Math.min(filter.to(), after.at() + 1) : filter.to();
        PgSelect select = new PgSelect("select " + COLUMNS + payload(reach.content()) + " from message m")
                .add("where m.app_no = ?", appNo)
                .add("and m.created_at >= ? and m.created_at < ?", PgTimes.utc(from), PgTimes.utc(to));
        if (after != null) {
            select.add(up ? "and m.seq > ?" : "and m.seq < ?", after.tie());
        }
        if (named != null) {
            select.add("and m.seq = ? and m.created_at = ?", named.tie(), PgTimes.utc(named.at()));
        } else {
            // where a place is the bound, its number is already
            addNumbers(tx, select, appNo, from == filter.from() ? from : 0, to == filter.to() ? to : Filter.FOREVER);
        }
        select.addMessageFilter(filter);
        if (sought != null) {
            PgPayload.add(select, sought);
        }
        return select.add("order by m.seq " + (up ? "asc" : "desc"));
    }

    /** The numbers that messages of a time have, as far as they can be told. */
    static void addNumbers(Connection tx, PgSelect select, int appNo, long from, long to) throws SQLException {
        Long lowest = from > 0 ? firstSince(tx, appNo, from) : null;
        if (lowest != null) {
            select.add("and m.seq >= ?", lowest);
        }
        Long beyond = to < Filter.FOREVER ? firstSince(tx, appNo, to) : null;
        if (beyond != null) {
            select.add("and m.seq < ?", beyond);
        }
    }

    /**
     * The number where a moment lies: the application's messages from this number on are not earlier, those below are.
     * The time has no index, but it grows with the number, so a search by halves finds it in some twenty look-ups,
     * where a filter might pass over all messages of the day.
     *
     * @return null if the moment's day has no messages: then its partition has nothing to pass over
     */
    static @Nullable Long firstSince(Connection tx, int appNo, long moment) throws SQLException {
        long start = Math.floorDiv(moment, Time.DAY_MICROS) * Time.DAY_MICROS;
        Object[] day = {appNo, PgTimes.utc(start), PgTimes.utc(start + Time.DAY_MICROS)};
        String ofDay = "select seq, created_at from message where app_no = ? and created_at >= ? and created_at < ?";
        Long lowest = new PgSelect(ofDay, day).add("order by seq limit 1").first(tx, PgMessages::seq);
        Long highest = new PgSelect(ofDay, day).add("order by seq desc limit 1").first(tx, PgMessages::seq);
        if (lowest == null || highest == null) {
            return null;
        }
        long low = lowest;
        long high = highest + 1;
        while (low < high) {
            long middle = (low + high) >>> 1;
            Place found = new PgSelect(ofDay, day)
                    .add("and seq >= ? order by seq limit 1", middle)
                    .first(tx, row -> new Place(PgTimes.micros(row, "created_at"), seq(row)));
            if (found == null || found.at() >= moment) {
                high = middle;
            } else {
                low = found.tie() + 1;
            }
        }
        return low;
    }

    private static Long seq(ResultSet row) throws SQLException {
        return row.getLong("seq");
    }

    /** One message; null if there is none. */
    @Nullable
    Message find(Connection tx, int appNo, String idOrEventId, boolean content) throws SQLException {
        Ids.MessageRef ref = ids.parseMessage(idOrEventId);
        if (ref != null) {
            long from = ref.millis() * MILLI;
            Message found = one(tx, appNo, ref.seq(), from, from + MILLI, content);
            // The number alone could be that of another shard's message, asked for under this application.
            return found != null && found.id.equals(idOrEventId) ? found : null;
        }
        Place named = named(tx, appNo, idOrEventId);
        return named == null ? null : one(tx, appNo, named.tie(), named.at(), named.at() + 1, content);
    }

    /** Where the message is that its publisher gave this id. */
    private static @Nullable Place named(Connection tx, int appNo, String eventId) throws SQLException {
        return new PgSelect("select seq, message_at from event_id where app_no = ? and event_id = ?", appNo, eventId)
                .first(tx, row -> new Place(PgTimes.micros(row, "message_at"), seq(row)));
    }

    private @Nullable Message one(Connection tx, int appNo, long seq, long from, long to, boolean content)
            throws SQLException {
        return new PgSelect("select " + COLUMNS + payload(content) + " from message m")
                .add("where m.app_no = ? and m.seq = ?", appNo, seq)
                .add("and m.created_at >= ? and m.created_at < ?", PgTimes.utc(from), PgTimes.utc(to))
                .first(tx, this::read);
    }
}
