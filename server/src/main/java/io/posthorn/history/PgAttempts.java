package io.posthorn.history;

import com.github.f4b6a3.ulid.Ulid;
import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.store.PgTimes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Reads attempts: those at an endpoint in the order of their index, those of a message all together. */
final class PgAttempts {
    /** An attempt's clock may be a little behind the one of the acceptance, never by a day. Microseconds. */
    static final long CLOCKS_DIFFER = 86_400_000_000L;

    /** Finds a message by the index, in its own partition only. */
    static final String MESSAGE_OF_ATTEMPT = """
            lateral (select * from message
                     where app_no = a.app_no and seq = a.seq and created_at = a.message_at) m on true""";

    private static final String COLUMNS = """
            a.app_no, a.seq, a.message_at, a.started_at, a.endpoint_no, a.duration_us, a.number, a.status, \
            a.response_code, a.verdict, a.next_at, a.detail, a.headers, a.manual""";
    private static final String PREFIX = "atmpt_";
    private static final long MILLI = 1_000;

    private final Ids ids;
    private final PgMessages messages;

    PgAttempts(Ids ids, PgMessages messages) {
        this.ids = ids;
        this.messages = messages;
    }

    Slice<LoggedAttempt> atEndpoint(Connection tx, int endpointNo, Filter filter, boolean withMessage, Reach reach)
            throws SQLException {
        return neverKept(filter)
                ? Slice.none()
                : selectAt(endpointNo, filter, withMessage, reach)
                        .page(tx, reach.most(), row -> read(row, withMessage), PgAttempts::bytes);
    }

    /** The page's statement but for its limit. */
    static PgSelect selectAt(int endpointNo, Filter filter, boolean withMessage, Reach reach) {
        boolean joined = withMessage || filter.asksForMessages();
        PgSelect select = new PgSelect("select " + COLUMNS + "," + body(reach.content()))
                .add(withMessage ? "," + PgMessages.COLUMNS + PgMessages.payload(reach.content()) : "")
                .add("from attempt a")
                .add(joined ? "left join " + MESSAGE_OF_ATTEMPT : "")
                .add("where a.endpoint_no = ?", endpointNo);
        return outcome(select, filter, reach, "seq").addMessageFilter(filter).add(order(reach, "seq"));
    }

    Slice<LoggedAttempt> among(
            Connection tx, Collection<Integer> endpointNos, Filter filter, boolean withMessage, Reach reach)
            throws SQLException {
        return neverKept(filter) || endpointNos.isEmpty()
                ? Slice.none()
                : selectAmong(endpointNos, filter, withMessage, reach)
                        .page(tx, reach.most(), row -> read(row, withMessage), PgAttempts::bytes);
    }

    /**
     * The page's statement but for its limit. There is no index in the order of all attempts of an application, and one
     * more would be paid for with every attempt. So the endpoints' own orders are merged, in three steps. Each endpoint
     * is looked up for its first row of the page. A page of so many rows can only have rows of the so many endpoints
     * whose first rows come first; of these, as many keys are read as the page has rows, and sorted. Then the rows
     * themselves are read, by their keys. So a page costs one look-up for each endpoint and day, and a few thousand keys
     * at most, however many attempts there are.
     */
    static PgSelect selectAmong(Collection<Integer> endpointNos, Filter filter, boolean withMessage, Reach reach) {
        int most = reach.most() + 1;
        String overall = order(reach, "seq") + ", a.endpoint_no " + (reach.ascending() ? "asc" : "desc");
        Integer[] nos = endpointNos.toArray(Integer[]::new);
        return new PgSelect("with first as materialized (select a.endpoint_no")
                .add("from unnest(cast(? as int[])) e (no) join lateral (", (Object) nos)
                .add(keys("e.no", filter, reach, 1))
                .add(") a on true " + overall + " limit ?),", most)
                .add("page as materialized (select a.* from first join lateral (")
                .add(keys("first.endpoint_no", filter, reach, most))
                .add(") a on true " + overall + " limit ?)", most)
                .add("select " + COLUMNS + "," + body(reach.content()))
                .add(withMessage ? "," + PgMessages.COLUMNS + PgMessages.payload(reach.content()) : "")
                .add("""
                        from page p join lateral (
                            select * from attempt
                            where endpoint_no = p.endpoint_no and started_at = p.started_at and seq = p.seq) a on true""")
                .add(withMessage ? "left join " + MESSAGE_OF_ATTEMPT : "")
                .add(overall);
    }

    private static PgSelect keys(String endpointNo, Filter filter, Reach reach, int most) {
        PgSelect select = new PgSelect("select a.endpoint_no, a.started_at, a.seq from attempt a")
                .add(filter.asksForMessages() ? "left join " + MESSAGE_OF_ATTEMPT : "")
                .add("where a.endpoint_no = " + endpointNo);
        return outcome(select, filter, reach, "seq")
                .addMessageFilter(filter)
                .add(order(reach, "seq"))
                .add("limit ?", most);
    }

    Slice<LoggedAttempt> ofMessage(
            Connection tx, Message message, @Nullable Integer endpointNo, Filter filter, Reach reach)
            throws SQLException {
        return neverKept(filter)
                ? Slice.none()
                : selectOf(message, endpointNo, filter, reach)
                        .page(tx, reach.most(), row -> read(row, false), PgAttempts::bytes);
    }

    /** The page's statement but for its limit. */
    static PgSelect selectOf(Message message, @Nullable Integer endpointNo, Filter filter, Reach reach) {
        PgSelect select = ofMessage(message)
                .add("select " + COLUMNS + "," + body(reach.content()))
                .add("from attempt_of_message a where true");
        if (endpointNo != null) {
            select.add("and a.endpoint_no = ?", endpointNo);
        }
        return outcome(select, filter, reach, "endpoint_no").add(order(reach, "endpoint_no"));
    }

    /**
     * A statement that goes on to select from {@code attempt_of_message}. Materialized: the planner must not see that
     * what is selected from it might also come in the order of the endpoints' index, with the attempts of all other
     * messages in between.
     */
    static PgSelect ofMessage(Message message) {
        return new PgSelect("with attempt_of_message as materialized (select * from attempt")
                .add("where app_no = ? and seq = ?", message.appNo, message.seq)
                .add("and started_at >= ?)", PgTimes.utc(message.createdAt - CLOCKS_DIFFER));
    }

    /** One attempt; null if the message has none with this id. */
    @Nullable
    LoggedAttempt find(Connection tx, Message message, String id) throws SQLException {
        String text = id.startsWith(PREFIX) ? id.substring(PREFIX.length()) : "";
        if (!Ulid.isValid(text)) {
            return null;
        }
        long from = Ulid.from(text).getTime() * MILLI;
        LoggedAttempt[] found = new LoggedAttempt[1];
        new PgSelect("select " + COLUMNS + "," + body(true) + " from attempt a")
                .add("where a.app_no = ? and a.seq = ?", message.appNo, message.seq)
                .add("and a.started_at >= ? and a.started_at < ?", PgTimes.utc(from), PgTimes.utc(from + MILLI))
                .each(tx, row -> {
                    LoggedAttempt each = read(row, false);
                    if (each.id().equals(id)) {
                        found[0] = each;
                    }
                    return each;
                });
        return found[0];
    }

    private LoggedAttempt read(ResultSet row, boolean withMessage) throws SQLException {
        long seq = row.getLong("seq");
        int endpointNo = row.getInt("endpoint_no");
        Attempt attempt = new Attempt(
                row.getInt("number"),
                PgTimes.micros(row, "started_at"),
                row.getInt("duration_us"),
                AttemptStatus.of(row.getInt("status")),
                row.getInt("response_code"),
                row.getString("detail"),
                row.getString("headers"),
                row.getBytes("body"));
        boolean there = withMessage && row.getObject("m_seq") != null;
        return new LoggedAttempt(
                ids.attempt(attempt.startedAt(), seq, endpointNo, attempt.number()),
                ids.message(row.getInt("app_no"), PgTimes.micros(row, "message_at"), seq),
                seq,
                endpointNo,
                attempt,
                verdict(row),
                there ? messages.read(row) : null,
                row.getBoolean("manual"));
    }

    private static Verdict verdict(ResultSet row) throws SQLException {
        int code = row.getInt("verdict");
        return switch (code) {
            case 0 -> new Verdict.Delivered();
            case 1 -> new Verdict.RetryAt(PgTimes.micros(row, "next_at"));
            case 2 -> new Verdict.Exhausted();
            case 3 -> new Verdict.Gone();
            case 4 -> new Verdict.Superseded(""); // by what stands in the detail
            case 5 -> new Verdict.Cancelled();
            default -> throw new IllegalArgumentException("no verdict " + code);
        };
    }

    private static long bytes(LoggedAttempt logged) {
        byte @Nullable [] body = logged.attempt().body();
        Message message = logged.message();
        return (body == null ? 0L : body.length) + (message == null ? 0L : message.payload.length);
    }

    /** Attempts are written when they have ended. */
    private static boolean neverKept(Filter filter) {
        DeliveryStatus status = filter.status();
        return status == DeliveryStatus.PENDING || status == DeliveryStatus.SENDING;
    }

    /** Those of the verdict's codes that a status stands for, to be put behind the column. */
    static String verdictOf(DeliveryStatus status) {
        return switch (status) {
            case SUCCESS -> " = 0";
            case CANCELED -> " in (4, 5)";
            case FAIL -> " not in (0, 4, 5)";
            case PENDING, SENDING -> throw new IllegalArgumentException("no verdict says " + status);
        };
    }

    private static String body(boolean content) {
        return content ? "a.body" : "null::bytea as body";
    }

    /** Time, place and outcome. */
    private static PgSelect outcome(PgSelect select, Filter filter, Reach reach, String tie) {
        select.add("and a.started_at >= ? and a.started_at < ?", PgTimes.utc(filter.from()), PgTimes.utc(filter.to()));
        Place after = reach.after();
        if (after != null) {
            beyond(select, after, reach.ascending(), tie);
        }
        DeliveryStatus status = filter.status();
        if (status != null) {
            select.add("and a.verdict" + verdictOf(status));
        }
        Integer codeClass = filter.codeClass();
        if (codeClass != null && codeClass == 0) {
            select.add("and a.response_code is null");
        } else if (codeClass != null) {
            select.add("and a.response_code between ? and ?", codeClass, codeClass + 99);
        }
        return select;
    }

    /** Beyond a place. The plain bound besides says which partitions there are to read; of a pair, this is not seen. */
    static void beyond(PgSelect select, Place place, boolean up, String tie) {
        Object at = PgTimes.utc(place.at());
        String beyond = up ? ">" : "<";
        select.add(up ? "and a.started_at >= ?" : "and a.started_at <= ?", at);
        if (place.second() == 0) {
            select.add("and (a.started_at, a." + tie + ") " + beyond + " (?, ?)", at, place.tie());
        } else {
            select.add(
                    "and (a.started_at, a." + tie + ", a.endpoint_no) " + beyond + " (?, ?, ?)",
                    at,
                    place.tie(),
                    place.second());
        }
    }

    static String order(Reach reach, String tie) {
        String direction = reach.ascending() ? "asc" : "desc";
        return "order by a.started_at " + direction + ", a." + tie + " " + direction;
    }
}
