package io.posthorn.notify;

import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** The letters in PostgreSQL, one for each mail and address, and how many there were within an hour. */
final class PgLetters {
    private PgLetters() {}

    /**
     * A letter that is to be sent.
     *
     * @param mail what it tells of
     * @param address whom
     * @param tries how often it was tried in vain
     */
    record Addressed(PgMails.Stored mail, String address, int tries) {}

    /**
     * Makes letters of mails that are due, as far as there may be any. What joins a mail until its transaction is
     * committed is in them, for they are written of the mail's row later; nothing joins afterwards.
     *
     * @param most mails
     * @param addresses of those whom a mail is for; none if nobody wants it any more
     * @param allowed whether an address may be written to
     * @return how many there were not, by application
     */
    static Map<Integer, Integer> make(
            Connection tx,
            long now,
            int most,
            Function<PgMails.Stored, List<String>> addresses,
            Predicate<String> allowed)
            throws SQLException {
        List<PgMails.Stored> due = PgMails.due(tx, now, most);
        PgMails.addressed(tx, due.stream().map(PgMails.Stored::no).toList(), now);
        List<Addressed> wanted = new ArrayList<>();
        List<Long> unwanted = new ArrayList<>();
        for (PgMails.Stored mail : due) {
            List<String> to = addresses.apply(mail);
            if (to.isEmpty()) {
                unwanted.add(mail.no());
            }
            to.forEach(address -> wanted.add(new Addressed(mail, address, 0)));
        }
        PgMails.delete(tx, unwanted);
        long hour = Caps.hour(now);
        Caps caps = new Caps(counted(tx, hour, Caps.whose(wanted)));
        Map<Integer, Integer> leftOut = new LinkedHashMap<>();
        List<Addressed> made = new ArrayList<>();
        for (Addressed letter : wanted) {
            if (allowed.test(letter.address()) && caps.take(letter)) {
                made.add(letter);
            } else {
                leftOut.merge(letter.mail().mail().appNo(), 1, Integer::sum);
            }
        }
        insert(tx, made, now);
        count(tx, hour, caps.changed());
        return leftOut;
    }

    private static void insert(Connection tx, List<Addressed> letters, long now) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into operational_letter (mail_no, address, app_no, due_at)
                select mail_no, address, app_no, ? from unnest(?::bigint[], ?::text[], ?::int[])
                    as l (mail_no, address, app_no)
                on conflict do nothing
                """)) {
            insert.setObject(1, PgTimes.utc(now));
            insert.setArray(
                    2,
                    tx.createArrayOf(
                            "int8", letters.stream().map(l -> l.mail().no()).toArray()));
            insert.setArray(
                    3,
                    tx.createArrayOf(
                            "text", letters.stream().map(Addressed::address).toArray()));
            insert.setArray(
                    4,
                    tx.createArrayOf(
                            "int4",
                            letters.stream().map(l -> l.mail().mail().appNo()).toArray()));
            insert.executeUpdate();
        }
    }

    /**
     * Those that are due, so many of each application: the oldest of each come first, then each one's next.
     *
     * @param mostOfOne of an application
     * @param most of all
     */
    static List<Addressed> due(Connection tx, long now, int mostOfOne, int most) throws SQLException {
        List<Addressed> due = new ArrayList<>();
        try (PreparedStatement select = tx.prepareStatement("""
                select m.no, m.app_no, endpoint_no, kind, at, seq, message_at, attempts, response_code, detail, told,
                       open, l.address, l.tries
                from (select mail_no, address, tries, due_at,
                             row_number() over (partition by app_no order by due_at, mail_no, address) as turn
                      from operational_letter where due_at <= ?) l
                join operational_mail m on m.no = l.mail_no
                where l.turn <= ? order by l.turn, l.due_at, l.mail_no, l.address limit ?
                """)) {
            select.setObject(1, PgTimes.utc(now));
            select.setInt(2, mostOfOne);
            select.setInt(3, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    due.add(new Addressed(PgMails.stored(row), row.getString("address"), row.getInt("tries")));
                }
            }
        }
        return due;
    }

    static void again(Connection tx, Addressed letter, long dueAt) throws SQLException {
        try (PreparedStatement update = tx.prepareStatement(
                "update operational_letter set tries = tries + 1, due_at = ? where mail_no = ? and address = ?")) {
            update.setObject(1, PgTimes.utc(dueAt));
            update.setLong(2, letter.mail().no());
            update.setString(3, letter.address());
            update.executeUpdate();
        }
    }

    /** It is done with. */
    static void delete(Connection tx, Addressed letter) throws SQLException {
        try (PreparedStatement delete =
                tx.prepareStatement("delete from operational_letter where mail_no = ? and address = ?")) {
            delete.setLong(1, letter.mail().no());
            delete.setString(2, letter.address());
            delete.executeUpdate();
        }
    }

    /**
     * How many letters there were in an hour of the clock.
     *
     * @param whose whom they are counted for
     * @return without those for whom there were none
     */
    private static Map<String, Integer> counted(Connection tx, long hour, Collection<String> whose)
            throws SQLException {
        Map<String, Integer> counted = new HashMap<>();
        try (PreparedStatement select = tx.prepareStatement(
                "select whose, letters from operational_letter_count where hour = ? and whose = any (?)")) {
            select.setObject(1, PgTimes.utc(hour));
            select.setArray(2, tx.createArrayOf("text", whose.toArray()));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    counted.put(row.getString(1), row.getInt(2));
                }
            }
        }
        return counted;
    }

    /** Writes such counts. */
    private static void count(Connection tx, long hour, Map<String, Integer> counts) throws SQLException {
        try (PreparedStatement insert = tx.prepareStatement("""
                insert into operational_letter_count (hour, whose, letters)
                select ?, whose, letters from unnest(?::text[], ?::int[]) as c (whose, letters)
                on conflict (hour, whose) do update set letters = excluded.letters
                """)) {
            List<Map.Entry<String, Integer>> entries = List.copyOf(counts.entrySet());
            insert.setObject(1, PgTimes.utc(hour));
            insert.setArray(
                    2,
                    tx.createArrayOf(
                            "text", entries.stream().map(Map.Entry::getKey).toArray()));
            insert.setArray(
                    3,
                    tx.createArrayOf(
                            "int4", entries.stream().map(Map.Entry::getValue).toArray()));
            insert.executeUpdate();
        }
    }

    /** Forgets the counts of hours before one. */
    static void forgetCounts(Connection tx, long hour) throws SQLException {
        try (PreparedStatement delete = tx.prepareStatement("delete from operational_letter_count where hour < ?")) {
            delete.setObject(1, PgTimes.utc(hour));
            delete.executeUpdate();
        }
    }
}
