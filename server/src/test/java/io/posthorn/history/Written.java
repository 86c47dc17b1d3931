package io.posthorn.history;

import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.CopyRows;
import io.posthorn.store.Database;
import io.posthorn.store.DatabaseException;
import io.posthorn.store.Ownership;
import io.posthorn.store.StaleOwnerException;
import io.posthorn.store.WriterConnection;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes messages as the journal does, and their outcomes as the recorder does, so that there is something to read. */
public final class Written implements AutoCloseable {
    /** The database. */
    public final Database db;
    /** Its ids. */
    public final Ids ids;

    private final Ownership ownership;
    private final WriterConnection writer;
    private final PgOutcomeStore outcomes;
    private final long[] heads = new long[Shards.COUNT];

    /** Owns a database whose messages nobody else writes; it stays the caller's to close. */
    public Written(Database db) {
        this.db = db;
        this.ids = new Ids(db.idKey());
        try {
            ownership = db.own("test");
        } catch (DatabaseException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        writer = new WriterConnection(db, ownership, "test-intake");
        outcomes = new PgOutcomeStore(new WriterConnection(db, ownership, "test-history"), db.partitions());
    }

    /** The right to write. */
    public Ownership ownership() {
        return ownership;
    }

    /** A new application; its number. */
    public int app() {
        return db.jdbi()
                .withHandle(
                        handle -> handle.createQuery("""
                        insert into application (id, env_no, name, created_at, updated_at)
                        values ('app_' || gen_random_uuid(), 1, 'test', now(), now()) returning no""").mapTo(Integer.class).one());
    }

    /** A new endpoint; its number. */
    public int endpoint(int appNo) {
        return db.jdbi()
                .withHandle(handle -> handle.createQuery("""
                        insert into endpoint (app_no, id, url, secret, created_at, updated_at)
                        values (:app, 'ep_' || gen_random_uuid(), 'https://example.com', '', now(), now()) returning no
                        """)
                        .bind("app", appNo)
                        .mapTo(Integer.class)
                        .one());
    }

    /** The next message of an application; not written yet. */
    public Message next(
            int appNo,
            long at,
            String type,
            @Nullable String eventId,
            List<String> channels,
            List<String> tags,
            byte[] payload) {
        long seq = ++heads[Shards.of(appNo)];
        return new Message(appNo, seq, at, ids.message(appNo, at, seq), type, eventId, channels, tags, payload);
    }

    /** A plain message, written. */
    public Message message(int appNo, long at, String type) {
        byte[] payload = "{\"n\":1.0}".getBytes(StandardCharsets.UTF_8);
        Message message = next(appNo, at, type, null, List.of(), List.of(), payload);
        write(List.of(message));
        return message;
    }

    /** Writes messages in one transaction. */
    public void write(List<Message> messages) {
        CopyRows rows = new CopyRows();
        rows.clear();
        try {
            for (Message m : messages) {
                db.partitions().ensure(LocalDate.ofInstant(Time.instant(m.createdAt), ZoneOffset.UTC));
                rows.row(10);
                rows.int8(m.seq);
                rows.time(m.createdAt);
                rows.int4(m.appNo);
                rows.text(m.eventType);
                rows.text(m.eventId);
                rows.texts(m.channels);
                rows.texts(m.tags);
                rows.bytes(m.payload);
                if (m.onlyEndpointNo == 0) {
                    rows.none();
                } else {
                    rows.int4(m.onlyEndpointNo);
                }
                List<String> headers = new ArrayList<>();
                m.headers.forEach((name, value) -> headers.addAll(List.of(name, value)));
                rows.texts(headers);
            }
            Connection tx = writer.begin();
            rows.send(
                    tx,
                    "message (seq, created_at, app_no, event_type, event_id, channels, tags, payload,"
                            + " only_endpoint_no, headers)");
            tx.commit();
        } catch (SQLException | StaleOwnerException e) {
            throw new IllegalStateException(e);
        }
        for (Message m : messages) {
            if (m.eventId != null) {
                db.jdbi()
                        .useHandle(handle -> handle.createUpdate("""
                                insert into event_id (app_no, event_id, seq, message_at)
                                values (:app, :id, :seq, :at)""")
                                .bind("app", m.appNo)
                                .bind("id", m.eventId)
                                .bind("seq", m.seq)
                                .bind("at", Time.instant(m.createdAt).atOffset(ZoneOffset.UTC))
                                .execute());
            }
        }
    }

    /** A response as it is kept. */
    public static Attempt response(int number, long at, int code, String body) {
        return new Attempt(
                number,
                at,
                12_345,
                AttemptStatus.RESPONSE,
                code,
                null,
                "Content-Type: text/plain\nX-Two: a: b\n",
                body.getBytes(StandardCharsets.UTF_8));
    }

    /** A failure without a response. */
    public static Attempt failure(int number, long at, AttemptStatus status, String detail) {
        return new Attempt(number, at, 15_000_000, status, 0, detail, null, null);
    }

    /** An outcome; not written yet. */
    public static Settlement outcome(Message m, int endpointNo, Attempt attempt, Verdict verdict) {
        return new Settlement(
                m.appNo, endpointNo, m.seq, m.createdAt, attempt.number(), attempt.number() > 1, attempt, verdict);
    }

    /** Delivered at the first attempt, a millisecond after acceptance. */
    public static Settlement delivered(Message m, int endpointNo) {
        return outcome(m, endpointNo, response(1, m.createdAt + 1_000, 200, "ok"), new Verdict.Delivered());
    }

    /** Waits in the database without an attempt. */
    public static Settlement parked(Message m, int endpointNo) {
        return new Settlement(
                m.appNo,
                endpointNo,
                m.seq,
                m.createdAt,
                0,
                false,
                null,
                new Verdict.Parked(m.createdAt, DeferralReason.LANE_FULL));
    }

    /**
     * Writes outcomes in one transaction.
     *
     * @return by how much that has changed the backlog
     */
    public int settle(Settlement... batch) {
        return switch (outcomes.write(List.of(batch), List.of(), false)) {
            case WriteResult.Written(int backlogChange) -> backlogChange;
            case WriteResult other -> throw new IllegalStateException(other.toString());
        };
    }

    /** How many rows a table has. */
    public long rows(String table) {
        return db.jdbi()
                .withHandle(handle -> handle.createQuery("select count(*) from " + table)
                        .mapTo(Long.class)
                        .one());
    }

    /** Everything up to this message is settled in its shard. */
    public void settledUpTo(Message m) {
        WriteResult result = outcomes.write(
                List.of(), List.of(new SettledPositions.Position(Shards.of(m.appNo), m.seq, m.createdAt)), false);
        if (!(result instanceof WriteResult.Written)) {
            throw new IllegalStateException(result.toString());
        }
    }

    @Override
    public void close() {
        writer.close();
        outcomes.close();
        ownership.close();
    }
}
