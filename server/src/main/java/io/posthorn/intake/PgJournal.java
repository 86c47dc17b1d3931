package io.posthorn.intake;

import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.runtime.Time;
import io.posthorn.store.CopyRows;
import io.posthorn.store.DailyPartitions;
import io.posthorn.store.PgTimes;
import io.posthorn.store.SqlErrors;
import io.posthorn.store.StaleOwnerException;
import io.posthorn.store.WriterConnection;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The journal in PostgreSQL: a batch is one transaction of one {@code COPY}, and of the keys if it has any. */
public final class PgJournal implements Journal {
    private static final String MESSAGE =
            "message (seq, created_at, app_no, event_type, event_id, channels, tags, payload, only_endpoint_no,"
                    + " ordering_key, deliver_at, headers)";
    private static final int MESSAGE_COLUMNS = 12;

    private final WriterConnection writer;
    private final DailyPartitions partitions;
    private final Ids ids;
    private final Time time;
    private final long[] heads;
    private final CopyRows rows = new CopyRows();
    private final PgMessageKeys keys = new PgMessageKeys();
    private long lastMicros;
    /** Written in a transaction of which nobody knows whether it committed. */
    private List<Message> inDoubt = List.of();
    /** Was in doubt and turned out to be there; not handed on yet. */
    private final List<Message> found = new ArrayList<>();

    /**
     * A journal.
     *
     * @param writer its own connection
     * @param partitions made where a day has none yet
     * @param ids makes the public ids
     * @param time the clock
     * @param heads the highest sequence number of each shard; the journal's own from now on
     * @param latest the time of the latest message there is, microseconds since 1970
     */
    public PgJournal(
            WriterConnection writer, DailyPartitions partitions, Ids ids, Time time, long[] heads, long latest) {
        if (heads.length != Shards.COUNT) {
            throw new IllegalArgumentException("one head for each of " + Shards.COUNT + " shards, not " + heads.length);
        }
        this.writer = writer;
        this.partitions = partitions;
        this.ids = ids;
        this.time = time;
        this.heads = heads;
        this.lastMicros = latest;
    }

    @Override
    public Appended append(List<Submission> batch) {
        try {
            resolveDoubt();
            List<Message> fresh = batch.isEmpty() ? List.of() : write(batch);
            List<Message> accepted = new ArrayList<>(found);
            accepted.addAll(fresh);
            found.clear();
            return new Appended.Committed(accepted);
        } catch (StaleOwnerException _) {
            writer.broken();
            return new Appended.Unavailable("another node owns the shards now");
        } catch (SQLException e) {
            writer.broken();
            String why = WriterConnection.describe(e);
            return SqlErrors.isUnavailable(e) ? new Appended.Unavailable(why) : new Appended.Refused(why);
        }
    }

    @Override
    public boolean inDoubt() {
        return !inDoubt.isEmpty() || !found.isEmpty();
    }

    private List<Message> write(List<Submission> batch) throws SQLException, StaleOwnerException {
        // Never backwards, so that within a shard the order of time is the order of the numbers.
        long now = Math.max(time.micros(), lastMicros);
        partitions.ensure(LocalDate.ofEpochDay(Math.floorDiv(now, Time.DAY_MICROS)));
        Connection tx = writer.begin();
        long[] next = heads.clone();
        keys.prepare(tx, batch, now);
        rows.clear();
        List<Message> fresh = new ArrayList<>(batch.size());
        for (Submission submission : batch) {
            add(submission, now, next, fresh);
        }
        if (!fresh.isEmpty()) {
            rows.send(tx, MESSAGE);
            keys.store(tx, now);
        }
        keys.answerRepeated(ids);
        inDoubt = fresh;
        tx.commit();
        inDoubt = List.of();
        System.arraycopy(next, 0, heads, 0, heads.length);
        lastMicros = now;
        return fresh;
    }

    private void add(Submission submission, long now, long[] next, List<Message> fresh) {
        NewMessage in = submission.message;
        if (submission.result() != null || keys.claimed(submission)) {
            return;
        }
        AcceptResult refusal = submission.refusal();
        if (refusal != null) {
            submission.result(refusal);
            return;
        }
        int shard = Shards.of(in.appNo());
        long seq = ++next[shard];
        Message message = new Message(
                in.appNo(),
                seq,
                now,
                ids.message(in.appNo(), now, seq),
                in.eventType(),
                in.eventId(),
                in.channels(),
                in.tags(),
                in.payload(),
                in.onlyEndpointNo(),
                in.orderingKey(),
                in.deliverAt(),
                in.headers());
        rows.row(MESSAGE_COLUMNS);
        rows.int8(seq);
        rows.time(now);
        rows.int4(in.appNo());
        rows.text(in.eventType());
        rows.text(in.eventId());
        rows.texts(in.channels());
        rows.texts(in.tags());
        rows.bytes(in.payload());
        if (in.onlyEndpointNo() == 0) {
            rows.none();
        } else {
            rows.int4(in.onlyEndpointNo());
        }
        rows.text(in.orderingKey());
        if (in.deliverAt() == 0) {
            rows.none();
        } else {
            rows.time(in.deliverAt());
        }
        rows.texts(in.headers().isEmpty() ? List.of() : flat(in.headers()));
        fresh.add(message);
        keys.accepted(submission, message);
        submission.result(new AcceptResult.Accepted(message));
    }

    /** Names and values in turn. */
    private static List<String> flat(Map<String, String> headers) {
        List<String> flat = new ArrayList<>(2 * headers.size());
        headers.forEach((name, value) -> {
            flat.add(name);
            flat.add(value);
        });
        return flat;
    }

    /** Looks whether the batch whose commit broke is there; the old backend has been ended by then. */
    private void resolveDoubt() throws SQLException {
        if (inDoubt.isEmpty()) {
            return;
        }
        Connection connection = writer.connect();
        Message first = inDoubt.getFirst();
        boolean there;
        try (PreparedStatement select =
                connection.prepareStatement("select from message where app_no = ? and seq = ? and created_at = ?")) {
            select.setInt(1, first.appNo);
            select.setLong(2, first.seq);
            select.setObject(3, PgTimes.utc(first.createdAt));
            try (ResultSet row = select.executeQuery()) {
                there = row.next();
            }
        }
        connection.rollback();
        if (there) {
            for (Message message : inDoubt) {
                int shard = Shards.of(message.appNo);
                heads[shard] = Math.max(heads[shard], message.seq);
                lastMicros = Math.max(lastMicros, message.createdAt);
            }
            found.addAll(inDoubt);
        }
        inDoubt = List.of();
    }

    @Override
    public void close() {
        writer.close();
    }
}
