package io.posthorn.history;

import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Verdict;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The recorder's part of the dead letters: a delivery that ends without success becomes one, and a redelivery that
 * succeeds takes it away, in the transaction of the outcome. A batch in which neither happens costs nothing.
 */
final class PgDeadLetterRows {
    private PgDeadLetterRows() {}

    static void write(Connection tx, List<Settlement> batch) throws SQLException {
        List<Settlement> dead = new ArrayList<>();
        List<Settlement> risen = new ArrayList<>();
        for (Settlement settlement : batch) {
            if (why(settlement) != null) {
                dead.add(settlement);
            } else if (settlement.verdict() instanceof Verdict.Delivered
                    && (settlement.base() > 0 || settlement.manual())) {
                risen.add(settlement); // whatever has ended once comes back in a later round only
            }
        }
        if (!dead.isEmpty()) {
            add(tx, dead);
        }
        if (!risen.isEmpty()) {
            remove(tx, risen);
        }
    }

    /** Null if it is none. */
    private static DeadLetter.@Nullable Why why(Settlement settlement) {
        Attempt attempt = settlement.attempt();
        if (attempt == null) {
            return null; // nothing is on record of it, so that it has not ended
        }
        return switch (settlement.verdict()) {
            case Verdict.Exhausted(boolean rejected) ->
                attempt.status() == AttemptStatus.EXPIRED
                        ? DeadLetter.Why.EXPIRED
                        : rejected ? DeadLetter.Why.REJECTED : DeadLetter.Why.EXHAUSTED;
            case Verdict.Held _ -> DeadLetter.Why.HELD;
            case Verdict.Gone _ -> DeadLetter.Why.GONE;
            case Verdict.Delivered _,
                    Verdict.RetryAt _,
                    Verdict.Parked _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Cancelled _,
                    Verdict.Dropped _ -> null;
        };
    }

    /**
     * An endpoint that was deleted meanwhile is owed nothing: the join leaves it out, and so the other one does with
     * messages that are not there any more, because nobody could deliver them again.
     */
    private static void add(Connection tx, List<Settlement> dead) throws SQLException {
        int count = dead.size();
        Integer[] endpoints = new Integer[count];
        Integer[] apps = new Integer[count];
        Integer[] attempts = new Integer[count];
        Integer[] whys = new Integer[count];
        Integer[] statuses = new Integer[count];
        Integer[] codes = new Integer[count];
        Long[] seqs = new Long[count];
        Long[] messageAt = new Long[count];
        Long[] diedAt = new Long[count];
        for (int i = 0; i < count; i++) {
            Settlement settlement = dead.get(i);
            Attempt attempt = settlement.attempt();
            DeadLetter.Why why = why(settlement);
            if (attempt == null || why == null) {
                throw new IllegalStateException("not dead: " + settlement);
            }
            endpoints[i] = settlement.endpointNo();
            apps[i] = settlement.appNo();
            attempts[i] = settlement.attempts();
            whys[i] = why.code();
            statuses[i] = attempt.status().code();
            codes[i] = attempt.responseCode();
            seqs[i] = settlement.seq();
            messageAt[i] = settlement.messageAt();
            diedAt[i] = attempt.startedAt() + attempt.durationMicros();
        }
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into dead_letter
                    (endpoint_no, seq, app_no, message_at, event_type, died_at, attempts, why, status, response_code)
                select distinct on (w.endpoint_no, w.seq)
                       w.endpoint_no, w.seq, w.app_no, m.created_at, m.event_type,
                       to_timestamp(0) + w.died_at * interval '1 microsecond', w.attempts, w.why, w.status,
                       nullif(w.code, 0)
                from unnest(?::int[], ?::bigint[], ?::int[], ?::bigint[], ?::bigint[], ?::int[], ?::int[], ?::int[],
                            ?::int[])
                     as w (endpoint_no, seq, app_no, message_at, died_at, attempts, why, status, code)
                join endpoint e on e.no = w.endpoint_no
                join lateral (select m.created_at, m.event_type from message m
                              where m.app_no = w.app_no and m.seq = w.seq
                                and m.created_at = to_timestamp(0) + w.message_at * interval '1 microsecond'
                              offset 0) m on true
                order by w.endpoint_no, w.seq, w.attempts desc
                on conflict (endpoint_no, seq)
                do update set died_at = excluded.died_at, attempts = excluded.attempts, why = excluded.why,
                              status = excluded.status, response_code = excluded.response_code
                """)) {
            insert.setArray(1, tx.createArrayOf("int4", endpoints));
            insert.setArray(2, tx.createArrayOf("int8", seqs));
            insert.setArray(3, tx.createArrayOf("int4", apps));
            insert.setArray(4, tx.createArrayOf("int8", messageAt));
            insert.setArray(5, tx.createArrayOf("int8", diedAt));
            insert.setArray(6, tx.createArrayOf("int4", attempts));
            insert.setArray(7, tx.createArrayOf("int4", whys));
            insert.setArray(8, tx.createArrayOf("int4", statuses));
            insert.setArray(9, tx.createArrayOf("int4", codes));
            insert.executeUpdate();
        }
    }

    private static void remove(Connection tx, List<Settlement> risen) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("""
                delete from dead_letter d using unnest(?::int[], ?::bigint[]) as r (endpoint_no, seq)
                where d.endpoint_no = r.endpoint_no and d.seq = r.seq
                """)) {
            delete.setArray(
                    1,
                    tx.createArrayOf(
                            "int4", risen.stream().map(Settlement::endpointNo).toArray()));
            delete.setArray(
                    2,
                    tx.createArrayOf("int8", risen.stream().map(Settlement::seq).toArray()));
            delete.executeUpdate();
        }
    }

    /** Those of an endpoint that was deleted. */
    static void forget(Connection tx, int endpointNo) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("delete from dead_letter where endpoint_no = ?")) {
            delete.setInt(1, endpointNo);
            delete.executeUpdate();
        }
    }

    /** Those of all endpoints that are not there any more. */
    static void forgetOrphans(Connection tx) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement(
                "delete from dead_letter d where not exists (select from endpoint e where e.no = d.endpoint_no)")) {
            delete.executeUpdate();
        }
    }
}
