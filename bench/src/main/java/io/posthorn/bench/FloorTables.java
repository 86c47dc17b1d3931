package io.posthorn.bench;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.postgresql.PGConnection;

/** The two tables of the floor and the statement that fills each. */
final class FloorTables {
    /**
     * A message between its request and its commit.
     *
     * @param app whose it is
     * @param eventType of the request
     * @param payload of the request
     * @param seqAndTime set by the writer: the sequence number, and when it was accepted in microseconds since 1970
     * @param answer how the publisher is answered
     * @param loop the event loop that owns the request
     */
    record Message(
            FloorCatalog.App app,
            String eventType,
            Buffer payload,
            long[] seqAndTime,
            HttpServerResponse answer,
            FloorHttp loop) {
        long seq() {
            return seqAndTime[0];
        }

        long createdAt() {
            return seqAndTime[1];
        }
    }

    /**
     * A delivery that was answered.
     *
     * @param seq of its message
     * @param startedAt microseconds since 1970
     * @param status of the answer, 0 for none
     */
    record Attempt(long seq, int app, int endpoint, long startedAt, int durationMicros, short status) {}

    private static final String SCHEMA = """
            create table if not exists message (
                seq bigint not null, created_at timestamptz not null, app_no int not null, event_type text not null,
                payload bytea not null, primary key (app_no, seq));
            create table if not exists attempt (
                seq bigint not null, started_at timestamptz not null, app_no int not null, endpoint_no int not null,
                duration_us int not null, status smallint not null, primary key (app_no, seq, endpoint_no));
            """;

    private static final String INSERT_MESSAGES = """
            insert into message (seq, created_at, app_no, event_type, payload)
            select seq, 'epoch'::timestamptz + at * interval '1 microsecond', app_no, event_type, payload
            from unnest(?::bigint[], ?::bigint[], ?::int[], ?::text[], ?::bytea[])
                as batch (seq, at, app_no, event_type, payload)
            """;

    private static final String INSERT_ATTEMPTS = """
            insert into attempt (seq, started_at, app_no, endpoint_no, duration_us, status)
            select seq, 'epoch'::timestamptz + at * interval '1 microsecond', app_no, endpoint_no, duration_us, status
            from unnest(?::bigint[], ?::bigint[], ?::int[], ?::int[], ?::int[], ?::smallint[])
                as batch (seq, at, app_no, endpoint_no, duration_us, status)
            """;

    private FloorTables() {}

    /**
     * Makes the tables unless they are there.
     *
     * @return the highest sequence number in them
     */
    static long prepare(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(SCHEMA);
            try (ResultSet result = statement.executeQuery("select coalesce(max(seq), 0) from message")) {
                result.next();
                return result.getLong(1);
            }
        }
    }

    /** Writes messages; their sequence numbers are given. */
    static GroupCommit.Writer<Message> messages(Connection connection) throws SQLException {
        PreparedStatement insert = connection.prepareStatement(INSERT_MESSAGES);
        return (c, rows) -> {
            int n = rows.size();
            long[] seq = new long[n];
            long[] at = new long[n];
            int[] app = new int[n];
            String[] type = new String[n];
            byte[][] payload = new byte[n][];
            for (int i = 0; i < n; i++) {
                Message row = rows.get(i);
                seq[i] = row.seq();
                at[i] = row.createdAt();
                app[i] = row.app().no();
                type[i] = row.eventType();
                payload[i] = row.payload().getBytes();
            }
            execute(insert, List.of("int8", "int8", "int4", "text", "bytea"), seq, at, app, type, payload);
        };
    }

    /** Writes attempts. */
    static GroupCommit.Writer<Attempt> attempts(Connection connection) throws SQLException {
        PreparedStatement insert = connection.prepareStatement(INSERT_ATTEMPTS);
        return (c, rows) -> {
            int n = rows.size();
            long[] seq = new long[n];
            long[] at = new long[n];
            int[] app = new int[n];
            int[] endpoint = new int[n];
            int[] duration = new int[n];
            short[] status = new short[n];
            for (int i = 0; i < n; i++) {
                Attempt row = rows.get(i);
                seq[i] = row.seq;
                at[i] = row.startedAt;
                app[i] = row.app;
                endpoint[i] = row.endpoint;
                duration[i] = row.durationMicros;
                status[i] = row.status;
            }
            execute(
                    insert,
                    List.of("int8", "int8", "int4", "int4", "int4", "int2"),
                    seq,
                    at,
                    app,
                    endpoint,
                    duration,
                    status);
        };
    }

    /** Executes with one array for each parameter; primitive arrays and byte arrays travel in binary. */
    private static void execute(PreparedStatement insert, List<String> types, Object... arrays) throws SQLException {
        PGConnection pg = insert.getConnection().unwrap(PGConnection.class);
        for (int i = 0; i < arrays.length; i++) {
            insert.setArray(i + 1, pg.createArrayOf(types.get(i), arrays[i]));
        }
        insert.executeUpdate();
    }
}
