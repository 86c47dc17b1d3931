package io.posthorn.bench;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Puts millions of delivered messages into a server's database behind its back, which takes a minute and a half where
 * sending them would take ten.
 *
 * <p>They belong to an application of their own, in a shard where nothing else is sent, with the sequence numbers from 1
 * and the shard's settled position behind the last: what the server would have left had it delivered them. The server
 * is killed meanwhile, because it keeps its positions in memory; its PostgreSQL goes on.
 */
final class Stored {
    private static final int CHUNK = 250_000;

    private static final String PARTITIONS = """
            select min(substring(pg_get_expr(relpartbound, oid) from $$FROM \\('([^']+)'\\)$$)::timestamptz)
            from pg_class where relispartition and relkind = 'r'
            and oid in (select inhrelid from pg_inherits where inhparent = 'message'::regclass)
            """;

    private static final String MESSAGES = """
            insert into message (seq, created_at, app_no, event_type, payload)
            select i, ?::timestamptz + (now() - interval '1 second' - ?::timestamptz) * (i / ?::float8), ?, 'bench.t0',
                convert_to(rpad('{"stored":"' || i || '","pad":"', 510, 'posthorn ') || '"}', 'UTF8')
            from generate_series(?, ?) as i
            """;

    private static final String ATTEMPTS = """
            insert into attempt (seq, message_at, started_at, app_no, endpoint_no, duration_us, number, status,
                response_code, verdict)
            select m.seq, m.created_at, m.created_at, m.app_no, ?, 1500, 1, l.status, l.response_code, l.verdict
            from message m, (select status, response_code, verdict from attempt where response_code = 200 limit 1) l
            where m.app_no = ? and m.seq between ? and ?
            """;

    private static final String SETTLE = """
            insert into shard (no, settled, settled_at)
            select ? % shards, ?, now() from installation
            on conflict (no) do update set settled = excluded.settled, settled_at = excluded.settled_at
            """;

    private final Lab lab;
    private final Report report;

    Stored(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
    }

    /**
     * Fills a server's database; the server runs before and afterwards, and has delivered something already.
     *
     * @param messages how many
     */
    void fill(ServerProcess server, int messages) throws IOException, InterruptedException, SQLException {
        Installed own = lab.install(server, Plan.HEALTHY);
        server.kill();
        long began = System.nanoTime();
        try (Connection connection = server.database().connect();
                Statement statement = connection.createStatement()) {
            int app = number(
                    connection,
                    "select no from application where id = ?",
                    own.apps().getFirst());
            int endpoint = number(
                    connection,
                    "select e.no from endpoint e join application a on a.no = e.app_no where a.id = ?",
                    own.apps().getFirst());
            requireAlone(statement, app);
            insert(connection, app, endpoint, messages);
            try (PreparedStatement settle = connection.prepareStatement(SETTLE)) {
                settle.setInt(1, app);
                settle.setLong(2, messages);
                settle.executeUpdate();
            }
            statement.execute("vacuum (analyze) message, attempt");
            statement.execute("checkpoint");
        }
        long took = (System.nanoTime() - began) / 1_000_000_000L;
        long start = server.start();
        report.note(messages + " messages put into the database in " + took + " s; the server was back after " + start
                + " ms");
    }

    private static void insert(Connection connection, int app, int endpoint, int messages) throws SQLException {
        try (PreparedStatement message = connection.prepareStatement(MESSAGES);
                PreparedStatement attempt = connection.prepareStatement(ATTEMPTS);
                Statement statement = connection.createStatement();
                ResultSet first = statement.executeQuery(PARTITIONS)) {
            first.next();
            String from = first.getString(1);
            for (int done = 0; done < messages; done += CHUNK) {
                int last = Math.min(messages, done + CHUNK);
                message.setString(1, from);
                message.setString(2, from);
                message.setDouble(3, messages);
                message.setInt(4, app);
                message.setInt(5, done + 1);
                message.setInt(6, last);
                message.executeUpdate();
                attempt.setInt(1, endpoint);
                attempt.setInt(2, app);
                attempt.setInt(3, done + 1);
                attempt.setInt(4, last);
                if (attempt.executeUpdate() != last - done) {
                    throw new SQLException("the attempts of the stored messages could not be made");
                }
            }
        }
    }

    private static void requireAlone(Statement statement, int app) throws SQLException {
        try (ResultSet others =
                statement.executeQuery("select count(*) from application a, installation i where a.no <> " + app
                        + " and a.no % i.shards = " + app + " % i.shards")) {
            others.next();
            if (others.getLong(1) > 0) {
                throw new SQLException("application " + app + " shares its shard; the stored messages need one alone");
            }
        }
    }

    private static int number(Connection connection, String sql, String parameter) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, parameter);
            try (ResultSet result = statement.executeQuery()) {
                if (!result.next()) {
                    throw new SQLException("nothing found: " + sql);
                }
                return result.getInt(1);
            }
        }
    }
}
