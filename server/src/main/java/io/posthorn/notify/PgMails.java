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

/** The mails in PostgreSQL. */
final class PgMails {
    static final long HOUR_MICROS = 3_600_000_000L;

    private PgMails() {}

    /**
     * A mail that is to be sent.
     *
     * @param no its number
     * @param mail what it tells of, of several the latest
     * @param told how many it tells of
     * @param open whether more of the same may have joined it
     * @param tries how often it was tried in vain
     */
    record Stored(long no, Mail mail, int told, boolean open, int tries) {}

    private record Key(int endpointNo, int kind) {}

    /**
     * How many are on their way or went within the last hour.
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
                where endpoint_no = any (?) and (sent_at is null or sent_at > ?)
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

    /** Those that are due, the oldest first. */
    static List<Stored> due(Connection tx, long now, int most) throws SQLException {
        List<Stored> due = new ArrayList<>();
        try (PreparedStatement select = tx.prepareStatement("""
                select no, app_no, endpoint_no, kind, at, seq, message_at, attempts, response_code, detail, told, open,
                       tries
                from operational_mail where sent_at is null and due_at <= ? order by due_at, no limit ?
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

    private static Stored stored(ResultSet row) throws SQLException {
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
        return new Stored(row.getLong("no"), mail, row.getInt("told"), row.getBoolean("open"), row.getInt("tries"));
    }

    /** Nothing joins it from now on; what it says now is what is sent. */
    static Stored close(Connection tx, Stored mail) throws SQLException {
        try (PreparedStatement update = tx.prepareStatement("""
                update operational_mail set open = false where no = ?
                returning no, app_no, endpoint_no, kind, at, seq, message_at, attempts, response_code, detail, told,
                          open, tries
                """)) {
            update.setLong(1, mail.no());
            try (ResultSet row = update.executeQuery()) {
                return row.next() ? stored(row) : mail;
            }
        }
    }

    static void sent(Connection tx, long no, long now) throws SQLException {
        try (PreparedStatement update = tx.prepareStatement("update operational_mail set sent_at = ? where no = ?")) {
            update.setObject(1, PgTimes.utc(now));
            update.setLong(2, no);
            update.executeUpdate();
        }
    }

    static void again(Connection tx, long no, long dueAt) throws SQLException {
        try (PreparedStatement update =
                tx.prepareStatement("update operational_mail set tries = tries + 1, due_at = ? where no = ?")) {
            update.setObject(1, PgTimes.utc(dueAt));
            update.setLong(2, no);
            update.executeUpdate();
        }
    }

    static void delete(Connection tx, long no) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("delete from operational_mail where no = ?")) {
            delete.setLong(1, no);
            delete.executeUpdate();
        }
    }

    /** Those that nobody has to count any more. */
    static void forgetSent(Connection tx, long now) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("delete from operational_mail where sent_at <= ?")) {
            delete.setObject(1, PgTimes.utc(now - HOUR_MICROS));
            delete.executeUpdate();
        }
    }

    /** How many wait, up to {@link PgOutbox#MOST_COUNTED}. */
    static long count(Connection tx) throws SQLException {
        try (PreparedStatement select = tx.prepareStatement(
                "select count(*) from (select from operational_mail where sent_at is null limit ?) m")) {
            select.setInt(1, PgOutbox.MOST_COUNTED);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
