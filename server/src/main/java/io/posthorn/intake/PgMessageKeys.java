package io.posthorn.intake;

import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.store.PgTimes;
import java.nio.ByteBuffer;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Event ids and idempotency keys of one batch. Within the batch the first one wins, in the order of arrival; against
 * earlier batches the tables decide. A batch without keys costs no statement.
 */
final class PgMessageKeys {
    private static final long HONOURED_MICROS = 12L * 3_600 * 1_000_000;

    /** The first user of a key: stored earlier, or in this batch, where its message comes in time. */
    private static final class First {
        final byte @Nullable [] digest;
        long seq;
        long messageAt;

        First(byte @Nullable [] digest, long seq, long messageAt) {
            this.digest = digest;
            this.seq = seq;
            this.messageAt = messageAt;
        }
    }

    private record EventKey(int appNo, String eventId) {}

    private record IdempotencyKey(int appNo, ByteBuffer key) {}

    private record Repeat(Submission submission, First first, boolean eventId) {}

    private final Map<EventKey, First> events = new HashMap<>();
    private final Map<IdempotencyKey, First> idempotent = new HashMap<>();
    private final List<Submission> newEvents = new ArrayList<>();
    private final List<Submission> newIdempotent = new ArrayList<>();
    private final Map<Submission, Message> messages = new HashMap<>();
    private final List<Repeat> repeats = new ArrayList<>();

    /** Reads what earlier batches hold of this batch's keys. */
    void prepare(Connection tx, List<Submission> batch, long now) throws SQLException {
        events.clear();
        idempotent.clear();
        newEvents.clear();
        newIdempotent.clear();
        messages.clear();
        repeats.clear();
        List<Submission> withEvent = new ArrayList<>();
        List<Submission> withKey = new ArrayList<>();
        for (Submission submission : batch) {
            if (submission.message.eventId() != null) {
                withEvent.add(submission);
            }
            if (submission.message.idempotency() != null) {
                withKey.add(submission);
            }
        }
        if (!withEvent.isEmpty()) {
            readEvents(tx, withEvent);
        }
        if (!withKey.isEmpty()) {
            readIdempotent(tx, withKey, now);
        }
    }

    private void readEvents(Connection tx, List<Submission> with) throws SQLException {
        try (PreparedStatement select = tx.prepareStatement("""
                select e.app_no, e.event_id, e.seq, e.message_at
                from unnest(?::int[], ?::text[]) as k (app_no, event_id)
                join event_id e on e.app_no = k.app_no and e.event_id = k.event_id
                """)) {
            select.setArray(1, apps(tx, with));
            select.setArray(
                    2,
                    tx.createArrayOf(
                            "text", with.stream().map(s -> s.message.eventId()).toArray()));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    events.put(
                            new EventKey(row.getInt(1), row.getString(2)),
                            new First(null, row.getLong(3), PgTimes.micros(row, 4)));
                }
            }
        }
    }

    private void readIdempotent(Connection tx, List<Submission> with, long now) throws SQLException {
        try (PreparedStatement select = tx.prepareStatement("""
                select i.app_no, i.key, i.digest, i.seq, i.message_at
                from unnest(?::int[], ?::bytea[]) as k (app_no, key)
                join idempotency i on i.app_no = k.app_no and i.key = k.key
                where i.created_at > ?
                """)) {
            select.setArray(1, apps(tx, with));
            select.setArray(2, keyArray(tx, with));
            select.setObject(3, PgTimes.utc(now - HONOURED_MICROS));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    idempotent.put(
                            new IdempotencyKey(row.getInt(1), ByteBuffer.wrap(row.getBytes(2))),
                            new First(row.getBytes(3), row.getLong(4), PgTimes.micros(row, 5)));
                }
            }
        }
    }

    /**
     * Whether somebody was first with one of the submission's keys. Then it becomes no message of its own. Otherwise
     * the keys are its own from now on.
     */
    boolean claimed(Submission submission) {
        NewMessage message = submission.message;
        NewMessage.Idempotency idempotency = message.idempotency();
        String eventId = message.eventId();
        IdempotencyKey key =
                idempotency == null ? null : new IdempotencyKey(message.appNo(), ByteBuffer.wrap(idempotency.key()));
        EventKey event = eventId == null ? null : new EventKey(message.appNo(), eventId);
        if (key != null && idempotency != null) {
            First first = idempotent.get(key);
            if (first != null) {
                if (first.digest != null && java.util.Arrays.equals(first.digest, idempotency.digest())) {
                    repeats.add(new Repeat(submission, first, false));
                } else {
                    submission.result(new AcceptResult.KeyReused());
                }
                return true;
            }
        }
        if (event != null) {
            First first = events.get(event);
            if (first != null) {
                repeats.add(new Repeat(submission, first, true));
                return true;
            }
        }
        return false;
    }

    /** The submission became a message: its keys lead to it. */
    void accepted(Submission submission, Message message) {
        NewMessage in = submission.message;
        NewMessage.Idempotency idempotency = in.idempotency();
        String eventId = in.eventId();
        if (idempotency != null) {
            idempotent.put(
                    new IdempotencyKey(in.appNo(), ByteBuffer.wrap(idempotency.key())),
                    new First(idempotency.digest(), message.seq, message.createdAt));
            newIdempotent.add(submission);
        }
        if (eventId != null) {
            events.put(new EventKey(in.appNo(), eventId), new First(null, message.seq, message.createdAt));
            newEvents.add(submission);
        }
        if (idempotency != null || eventId != null) {
            messages.put(submission, message);
        }
    }

    /** Writes the keys of the batch's new messages. */
    void store(Connection tx, long now) throws SQLException {
        if (!newEvents.isEmpty()) {
            try (PreparedStatement insert = tx.prepareStatement("""
                    insert into event_id (app_no, event_id, seq, message_at)
                    select app_no, event_id, seq, ? from unnest(?::int[], ?::text[], ?::bigint[])
                        as k (app_no, event_id, seq)
                    """)) {
                insert.setObject(1, PgTimes.utc(now));
                insert.setArray(2, apps(tx, newEvents));
                insert.setArray(
                        3,
                        tx.createArrayOf(
                                "text",
                                newEvents.stream().map(s -> s.message.eventId()).toArray()));
                insert.setArray(4, seqs(tx, newEvents));
                insert.executeUpdate();
            }
        }
        if (!newIdempotent.isEmpty()) {
            // A key that is past its 12 hours may still stand in today's partition: the new use replaces it.
            try (PreparedStatement delete = tx.prepareStatement("""
                    delete from idempotency i using unnest(?::int[], ?::bytea[]) as k (app_no, key)
                    where i.app_no = k.app_no and i.key = k.key and i.created_at <= ?
                      and i.created_at > ?
                    """)) {
                delete.setArray(1, apps(tx, newIdempotent));
                delete.setArray(2, keyArray(tx, newIdempotent));
                delete.setObject(3, PgTimes.utc(now - HONOURED_MICROS));
                delete.setObject(4, PgTimes.utc(now - 2 * HONOURED_MICROS));
                delete.executeUpdate();
            }
            try (PreparedStatement insert = tx.prepareStatement("""
                    insert into idempotency (app_no, key, created_at, digest, seq, message_at)
                    select app_no, key, ?, digest, seq, ? from unnest(?::int[], ?::bytea[], ?::bytea[], ?::bigint[])
                        as k (app_no, key, digest, seq)
                    """)) {
                insert.setObject(1, PgTimes.utc(now));
                insert.setObject(2, PgTimes.utc(now));
                insert.setArray(3, apps(tx, newIdempotent));
                insert.setArray(4, keyArray(tx, newIdempotent));
                insert.setArray(
                        5,
                        tx.createArrayOf(
                                "bytea",
                                newIdempotent.stream()
                                        .map(s -> idempotency(s).digest())
                                        .toArray(byte[][]::new)));
                insert.setArray(6, seqs(tx, newIdempotent));
                insert.executeUpdate();
            }
        }
    }

    /** Decides the submissions that came second. */
    void answerRepeated(Ids ids) {
        for (Repeat repeat : repeats) {
            if (repeat.eventId) {
                repeat.submission.result(new AcceptResult.EventIdTaken(
                        ids.message(repeat.submission.message.appNo(), repeat.first.messageAt, repeat.first.seq)));
            } else {
                repeat.submission.result(new AcceptResult.Repeated(again(repeat, ids)));
            }
        }
    }

    private static Message again(Repeat repeat, Ids ids) {
        NewMessage in = repeat.submission.message;
        First first = repeat.first;
        // The digest covers the whole request, so the message is this one; only its number and time are older.
        return new Message(
                in.appNo(),
                first.seq,
                first.messageAt,
                ids.message(in.appNo(), first.messageAt, first.seq),
                in.eventType(),
                in.eventId(),
                in.channels(),
                in.tags(),
                in.payload(),
                in.onlyEndpointNo(),
                in.orderingKey(),
                in.deliverAt(),
                in.headers());
    }

    private static Array apps(Connection tx, List<Submission> submissions) throws SQLException {
        return tx.createArrayOf(
                "int4", submissions.stream().map(s -> s.message.appNo()).toArray());
    }

    private Array seqs(Connection tx, List<Submission> submissions) throws SQLException {
        return tx.createArrayOf("int8", submissions.stream().map(this::seqOf).toArray());
    }

    private Long seqOf(Submission submission) {
        Message message = messages.get(submission);
        if (message == null) {
            throw new IllegalStateException("a key without a message");
        }
        return message.seq;
    }

    private static Array keyArray(Connection tx, List<Submission> submissions) throws SQLException {
        return tx.createArrayOf(
                "bytea", submissions.stream().map(s -> idempotency(s).key()).toArray(byte[][]::new));
    }

    private static NewMessage.Idempotency idempotency(Submission submission) {
        NewMessage.Idempotency idempotency = submission.message.idempotency();
        if (idempotency == null) {
            throw new IllegalStateException("a submission without an idempotency key");
        }
        return idempotency;
    }
}
