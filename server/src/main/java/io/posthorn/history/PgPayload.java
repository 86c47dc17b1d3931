package io.posthorn.history;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

/**
 * Looks into payloads with a path of SQL/JSON, which PostgreSQL reads and follows. What a payload does not have is not
 * an error, and times are compared in UTC.
 */
final class PgPayload {
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,4})?");
    /** Bytes; what is longer is not looked into, because following a path takes memory for each value in it. */
    private static final int LARGEST = 1 << 20;

    private static final String PAYLOAD =
            "payload_json(case when octet_length(m.payload) <= " + LARGEST + " then m.payload end)";
    /** A number of this many digits before or behind the point is compared as a text only. */
    private static final int MOST_DIGITS = 1_000;

    private PgPayload() {}

    /** Refuses a path that PostgreSQL does not understand, and one that its following is not safe from. */
    static void check(Connection tx, String path) throws SQLException {
        String read;
        try {
            read = new PgSelect("select cast(? as jsonpath)::text as path, set_config('TimeZone', 'UTC', true)", path)
                    .first(tx, row -> row.getString("path"));
        } catch (SQLException e) {
            throw blame(e);
        }
        String rule = read == null ? null : PayloadPath.broken(read);
        if (rule != null) {
            throw new HistoryException(HistoryException.Kind.WRONG_PATH, rule, null);
        }
    }

    /** What went wrong in following a path; the path is to blame for what only shows then, such as a variable. */
    static SQLException blame(SQLException e) {
        if (isAboutValues(e)) {
            throw wrong(e);
        }
        return e;
    }

    /** The payload has it; the message's table goes by the name {@code m}. */
    static void add(PgSelect select, Search.InPayload sought) {
        String value = sought.value();
        if (value == null) {
            select.add(
                    "and jsonb_path_exists_tz(" + PAYLOAD + ", (select cast(? as jsonpath)), '{}', true)",
                    sought.path());
            return;
        }
        // In a select list and not in from: there PostgreSQL would write all that is found to its disk first, and .**
        // finds
        // everything as often as it is nested.
        select.add("""
                        and exists (select from (select jsonb_path_query_tz(%s, (select cast(? as jsonpath)), '{}', true)
                                                        as value
                                                 offset 0) found
                                    where found.value = to_jsonb(cast(? as text))""".formatted(PAYLOAD), sought.path(), value);
        String scalar = scalar(value);
        select.add(scalar == null ? "" : "or found.value = cast('" + scalar + "' as jsonb)")
                .add(")");
    }

    /** The value as JSON that is no text; null if it reads as none. It consists of digits and a few letters only. */
    private static @Nullable String scalar(String value) {
        if (value.equals("true") || value.equals("false") || value.equals("null")) {
            return value;
        }
        if (!NUMBER.matcher(value).matches()) {
            return null;
        }
        BigDecimal number = new BigDecimal(value);
        return Math.abs((long) number.precision() - number.scale()) > MOST_DIGITS || number.scale() > MOST_DIGITS
                ? null
                : value;
    }

    /**
     * Syntax (42601), a name that is none (42704), and whole classes: values (22), limits (54), what is not supported (0A).
     */
    private static boolean isAboutValues(SQLException e) {
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        return state.startsWith("22")
                || state.startsWith("54")
                || state.startsWith("0A")
                || state.equals("42601")
                || state.equals("42704");
    }

    private static HistoryException wrong(SQLException e) {
        String said = e instanceof PSQLException told && told.getServerErrorMessage() != null
                ? told.getServerErrorMessage().getMessage()
                : e.getMessage();
        return new HistoryException(
                HistoryException.Kind.WRONG_PATH, "is not a path that PostgreSQL can follow: " + said, e);
    }
}
