package io.posthorn.notify;

import io.posthorn.store.PgTimes;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is to be mailed, in PostgreSQL: without addresses, which {@link PgLetters} has. */
final class PgMails {
    static final long HOUR_MICROS = 3_600_000_000L;
    /** What could not be sent for so long is not news any more. */
    static final long DAY_MICROS = 24 * HOUR_MICROS;

    private PgMails() {}

    /**
     * A mail that is to be sent.
     *
     * @param no its number
     * @param mail what it tells of, of several the latest
     * @param told how many it tells of
     * @param open whether more of the same may have joined it
     */
    record Stored(long no, Mail mail, int told, boolean open) {}

    private record Key(int endpointNo, int kind) {}

    /**
     * How many are on their way or were addressed within the last hour.
     *
     * @param alone single ones, and gathered ones that nothing joins any more
     * @param open whether one gathers
     */
    private record Present(int alone, boolean open) {}

    private record Gathered(Mail latest, int told) {}

    /** Those beyond what an endpoint's owner gets within an hour are gathered. */
    static void write(Connection tx, List<Mail> mails, long now) throws SQLException {
        Map<Key, Present> present = present(tx, mails, now);
        List<Gathered> single = new ArrayList<>();
        Map<Key, Gathered> gathered = new LinkedHashMap<>();
        for (Mail mail : mails) {
            Key key = new Key(mail.endpointNo(), mail.kind().code());
            Present there = present.getOrDefault(key, new Present(0, false));
            if (there.open() || there.alone() >= mail.kind().mostAnHour()) {
                gathered.merge(key, new Gathered(mail, 1), (a, b) -> new Gathered(b.latest(), a.told() + 1));
            } else {
                single.add(new Gathered(mail, 1));
                present.put(key, new Present(there.alone() + 1, false));
            }
        }
        if (!single.isEmpty()) {
            insert(tx, single, now, false);
        }
        if (!gathered.isEmpty()) {
            insert(tx, List.copyOf(gathered.values()), now + HOUR_MICROS, true);
        }
    }

    private static Map<Key, Present> present(Connection tx, List<Mail> mails, long now) throws SQLException {
        Map<Key, Present> present = new HashMap<>();
        try (PreparedStatement select = tx.prepareStatement("""
                select endpoint_no, kind, count(*) filter (where not open), bool_or(open)
                from operational_mail
                where endpoint_no = any (?) and (addressed_at is null or addressed_at > ?)
                group by endpoint_no, kind
                """)) {
            select.setArray(
                    1,
                    tx.createArrayOf(
                            "int4",
                            mails.stream().map(Mail::endpointNo).distinct().toArray()));
            select.setObject(2, PgTimes.utc(now - HOUR_MICROS));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    present.put(new Key(row.getInt(1), row.getInt(2)), new Present(row.getInt(3), row.getBoolean(4)));
                }
            }
        }
        return present;
    }

    private static void insert(Connection tx, List<Gathered> rows, long dueAt, boolean open) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into operational_mail (app_no, endpoint_no, kind, at, due_at, told, open, seq, message_at,
                                              attempts, response_code, detail)
                select app_no, endpoint_no, kind, to_timestamp(0) + at * interval '1 microsecond', ?, told, ?, seq,
                       to_timestamp(0) + message_at * interval '1 microsecond', attempts, response_code, detail
                from unnest(?::int[], ?::int[], ?::int[], ?::bigint[], ?::int[], ?::bigint[], ?::bigint[], ?::int[],
                            ?::int[], ?::text[]) with ordinality
                     as m (app_no, endpoint_no, kind, at, told, seq, message_at, attempts, response_code, detail, place)
                order by place
                on conflict (endpoint_no, kind) where open
                do update set
                    at = excluded.at, told = operational_mail.told + excluded.told, seq = excluded.seq,
                    message_at = excluded.message_at, attempts = excluded.attempts,
                    response_code = excluded.response_code, detail = excluded.detail
                """)) {
            insert.setObject(1, PgTimes.utc(dueAt));
            insert.setBoolean(2, open);
            insert.setArray(3, array(tx, "int4", rows, row -> row.latest().appNo()));
            insert.setArray(4, array(tx, "int4", rows, row -> row.latest().endpointNo()));
            insert.setArray(
                    5, array(tx, "int4", rows, row -> row.latest().kind().code()));
            insert.setArray(6, array(tx, "int8", rows, row -> row.latest().at()));
            insert.setArray(7, array(tx, "int4", rows, Gathered::told));
            insert.setArray(8, array(tx, "int8", rows, row -> row.latest().seq()));
            insert.setArray(9, array(tx, "int8", rows, row -> row.latest().messageAt()));
            insert.setArray(10, array(tx, "int4", rows, row -> row.latest().attempts()));
            insert.setArray(11, array(tx, "int4", rows, row -> row.latest().responseCode()));
            insert.setArray(12, array(tx, "text", rows, row -> row.latest().detail()));
            insert.executeUpdate();
        }
    }

    private static Array array(
            Connection tx, String type, List<Gathered> rows, Function<Gathered, ? extends @Nullable Object> of)
            throws SQLException {
        return tx.createArrayOf(type, rows.stream().map(of).toArray());
    }

    /** Those that are to be addressed, the oldest first. */
    static List<Stored> due(Connection tx, long now, int most) throws SQLException {
        List<Stored> due = new ArrayList<>();
        try (PreparedStatement select = tx.prepareStatement("""
                select no, app_no, endpoint_no, kind, at, seq, message_at, attempts, response_code, detail, told, open
                from operational_mail where addressed_at is null and due_at <= ? order by due_at, no limit ?
                """)) {
            select.setObject(1, PgTimes.utc(now));
            select.setInt(2, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    due.add(stored(row));
                }
            }
        }
        return due;
    }

    static Stored stored(ResultSet row) throws SQLException {
        Mail mail = new Mail(
                row.getInt("app_no"),
                row.getInt("endpoint_no"),
                MailKind.of(row.getInt("kind")),
                PgTimes.micros(row, "at"),
                row.getLong("seq"),
                PgTimes.micros(row, "message_at"),
                row.getInt("attempts"),
                row.getInt("response_code"),
                row.getString("detail"));
        return new Stored(row.getLong("no"), mail, row.getInt("told"), row.getBoolean("open"));
    }

    /** Nothing joins it from now on; letters have been made of what it says now. */
    static void addressed(Connection tx, List<Long> numbers, long now) throws SQLException {
        try (PreparedStatement update =
                tx.prepareStatement("update operational_mail set open = false, addressed_at = ? where no = any (?)")) {
            update.setObject(1, PgTimes.utc(now));
            update.setArray(2, tx.createArrayOf("int8", numbers.toArray()));
            update.executeUpdate();
        }
    }

    static void delete(Connection tx, List<Long> numbers) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("delete from operational_mail where no = any (?)")) {
            delete.setArray(1, tx.createArrayOf("int8", numbers.toArray()));
            delete.executeUpdate();
        }
    }

    /**
     * Removes what nobody sends or counts any more: what is older than a day, what is about endpoints that are gone, and
     * what was sent more than an hour ago.
     *
     * @return how many were to be sent and were not, for their age
     */
    static int forget(Connection tx, long now) throws SQLException {
        int unsent;
        try (PreparedStatement delete = tx.prepareStatement("""
                with old as (delete from operational_mail where at <= ? returning no, addressed_at)
                select (select count(*) from old where addressed_at is null)
                     + (select count(*) from operational_letter l join old on old.no = l.mail_no)
                """)) {
            delete.setObject(1, PgTimes.utc(now - DAY_MICROS));
            try (ResultSet row = delete.executeQuery()) {
                row.next();
                unsent = row.getInt(1);
            }
        }
        try (PreparedStatement delete = tx.prepareStatement("""
                delete from operational_mail m
                where not exists (select from endpoint e where e.no = m.endpoint_no)
                   or (addressed_at <= ? and not exists (select from operational_letter l where l.mail_no = m.no))
                """)) {
            delete.setObject(1, PgTimes.utc(now - HOUR_MICROS));
            delete.executeUpdate();
        }
        return unsent;
    }

    /** How many wait, up to {@link PgOutbox#MOST_COUNTED}: those to be addressed, and letters. */
    static long count(Connection tx) throws SQLException {
        try (PreparedStatement select = tx.prepareStatement("""
                select (select count(*) from (select from operational_mail where addressed_at is null limit ?) m)
                     + (select count(*) from (select from operational_letter limit ?) l)
                """)) {
            select.setInt(1, PgOutbox.MOST_COUNTED);
            select.setInt(2, PgOutbox.MOST_COUNTED);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return Math.min(PgOutbox.MOST_COUNTED, row.getLong(1));
            }
        }
    }
}
