package io.posthorn.history;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.runtime.Time;
import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells where deliveries stand: one that has a row in {@code deferral} is pending, any other is as its last attempt
 * left it.
 */
final class PgDeliveries {
    private static final String NEXT = "case when d.reason = " + DeferralReason.RETRY.code() + " then d.due_at end";

    private final PgMessages messages;

    PgDeliveries(PgMessages messages) {
        this.messages = messages;
    }

    Slice<AttemptedMessage> atEndpoint(Connection tx, int endpointNo, Filter filter, Reach reach) throws SQLException {
        return filter.status() == DeliveryStatus.SENDING
                ? Slice.none() // it has no attempt yet
                : select(endpointNo, filter, reach)
                        .page(tx, reach.most(), this::read, attempted -> attempted.message().payload.length);
    }

    /** The page's statement but for its limit. Every message has one first attempt at an endpoint. */
    static PgSelect select(int endpointNo, Filter filter, Reach reach) {
        Place after = reach.after();
        boolean up = reach.ascending();
        // The sum below keeps the last attempt from being sought in the endpoint's index, past all its later attempts.
        PgSelect select = new PgSelect("select a.started_at, l.verdict, d.seq is not null as deferred,")
                .add(NEXT + " as due_at," + PgMessages.COLUMNS + PgMessages.payload(reach.content()))
                .add("from attempt a")
                .add("join " + PgAttempts.MESSAGE_OF_ATTEMPT)
                .add("""
                        join lateral (select verdict from attempt
                                      where app_no = a.app_no and seq = a.seq and endpoint_no + 0 = a.endpoint_no
                                        and started_at >= a.started_at
                                      order by started_at desc, number desc limit 1) l on true
                        left join deferral d on d.endpoint_no = a.endpoint_no and d.seq = a.seq
                        where a.endpoint_no = ? and a.number = 1""", endpointNo)
                .add("and a.message_at >= ? and a.message_at < ?", PgTimes.utc(filter.from()), PgTimes.utc(filter.to()))
                .add("and a.started_at >= ?", PgTimes.utc(filter.from() - PgAttempts.CLOCKS_DIFFER));
        if (after != null) {
            PgAttempts.beyond(select, after, up, "seq");
        }
        DeliveryStatus status = filter.status();
        if (status != null) {
            select.add(status == DeliveryStatus.PENDING ? "and d.seq is not null" : "and d.seq is null");
        }
        if (status != null && status != DeliveryStatus.PENDING) {
            select.add("and l.verdict" + PgAttempts.verdictOf(status));
        }
        return select.addMessageFilter(filter).add(PgAttempts.order(reach, "seq"));
    }

    private AttemptedMessage read(ResultSet row) throws SQLException {
        DeliveryStatus status =
                row.getBoolean("deferred") ? DeliveryStatus.PENDING : DeliveryStatus.ofVerdict(row.getInt("verdict"));
        return new AttemptedMessage(
                messages.read(row), PgTimes.micros(row, "started_at"), new DeliveryState(status, due(row)));
    }

    private static @Nullable Long due(ResultSet row) throws SQLException {
        OffsetDateTime due = row.getObject("due_at", OffsetDateTime.class);
        return due == null ? null : Long.valueOf(Time.micros(due.toInstant()));
    }

    Deliveries of(Connection tx, Message message, Collection<Integer> endpointNos) throws SQLException {
        // Read in one snapshot, so that what is settled here has its rows below.
        Boolean settled = new PgSelect(
                        "select settled >= ? from shard where no = ?", message.seq, Shards.of(message.appNo))
                .first(tx, row -> row.getBoolean(1));
        Map<Integer, DeliveryState> states = new HashMap<>();
        selectLast(message)
                .each(
                        tx,
                        row -> states.put(
                                row.getInt("endpoint_no"),
                                new DeliveryState(DeliveryStatus.ofVerdict(row.getInt("verdict")), null)));
        Integer[] nos = endpointNos.toArray(Integer[]::new);
        new PgSelect("select d.endpoint_no, " + NEXT + " as due_at from deferral d")
                .add("where d.endpoint_no = any (?) and d.seq = ?", nos, message.seq)
                .each(
                        tx,
                        row -> states.put(
                                row.getInt("endpoint_no"), new DeliveryState(DeliveryStatus.PENDING, due(row))));
        return new Deliveries(states, settled != null && settled);
    }

    /** The last attempt of a message at each endpoint. */
    static PgSelect selectLast(Message message) {
        return PgAttempts.ofMessage(message).add("""
                select distinct on (endpoint_no) endpoint_no, verdict from attempt_of_message
                order by endpoint_no, started_at desc, number desc""");
    }
}
