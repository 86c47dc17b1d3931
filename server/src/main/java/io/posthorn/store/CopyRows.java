package io.posthorn.store;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Rows for {@code COPY … FROM STDIN (FORMAT binary)}. For the two tables of the hot path it costs the database two
 * thirds of what {@code insert … select from unnest(…)} does at a hundred rows: rows go into a page at once and into
 * the log as one record. The format is that of PostgreSQL's manual, chapter COPY, "Binary Format".
 *
 * <p>One instance belongs to one thread and is used again and again: {@link #clear}, rows, {@link #send}.
 */
public final class CopyRows {
    private static final byte[] SIGNATURE = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0};
    /** Microseconds from 1970 to 2000, where PostgreSQL's time begins. */
    private static final long EPOCH_2000 = 946_684_800_000_000L;

    private static final int TEXT_OID = 25;
    private static final int KEEP = 4 << 20;

    private byte[] bytes = new byte[64 << 10];
    private int at;
    private int rows;

    /** Begins anew. Memory that an exceptional batch needed is given back. */
    public void clear() {
        if (bytes.length > KEEP) {
            bytes = new byte[64 << 10];
        }
        at = 0;
        rows = 0;
        raw(SIGNATURE);
        putInt(0);
        putInt(0);
    }

    /** How many rows there are. */
    public int rows() {
        return rows;
    }

    /**
     * Begins a row.
     *
     * @param columns how many values follow
     */
    public void row(int columns) {
        rows++;
        room(2);
        putShort(columns);
    }

    /** A {@code smallint}. */
    public void int2(int value) {
        room(6);
        putInt(2);
        putShort(value);
    }

    /** An {@code int}. */
    public void int4(int value) {
        room(8);
        putInt(4);
        putInt(value);
    }

    /** A {@code bigint}. */
    public void int8(long value) {
        room(12);
        putInt(8);
        putLong(value);
    }

    /**
     * A {@code timestamptz}.
     *
     * @param micros microseconds since 1970
     */
    public void time(long micros) {
        int8(micros - EPOCH_2000);
    }

    /** Null, of any type. */
    public void none() {
        room(4);
        putInt(-1);
    }

    /** A {@code boolean}. */
    public void bool(boolean value) {
        room(5);
        putInt(1);
        bytes[at++] = (byte) (value ? 1 : 0);
    }

    /** A {@code bytea}, or null. */
    public void bytes(byte @Nullable [] value) {
        if (value == null) {
            none();
            return;
        }
        room(4);
        putInt(value.length);
        raw(value);
    }

    /** A {@code text} or {@code varchar}, or null. It must not hold a NUL character: PostgreSQL has none. */
    public void text(@Nullable String value) {
        bytes(value == null ? null : value.getBytes(StandardCharsets.UTF_8));
    }

    /** A {@code text[]}; null if the list is empty. */
    public void texts(List<String> values) {
        if (values.isEmpty()) {
            none();
            return;
        }
        room(24);
        int length = at;
        putInt(0);
        putInt(1); // dimensions
        putInt(0); // no nulls
        putInt(TEXT_OID);
        putInt(values.size());
        room(4);
        putInt(1); // the first index
        for (String value : values) {
            text(value);
        }
        int end = at;
        at = length;
        putInt(end - length - 4);
        at = end;
    }

    /**
     * Sends the rows. The transaction is the caller's.
     *
     * @param tx a connection of PostgreSQL's own driver
     * @param table and its columns in parentheses
     */
    public void send(Connection tx, String table) throws SQLException {
        room(2);
        putShort(-1);
        CopyIn copy =
                tx.unwrap(PGConnection.class).getCopyAPI().copyIn("copy " + table + " from stdin (format binary)");
        try {
            copy.writeToCopy(bytes, 0, at);
            copy.endCopy();
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }

    private void raw(byte[] value) {
        room(value.length);
        System.arraycopy(value, 0, bytes, at, value.length);
        at += value.length;
    }

    private void room(int more) {
        if (at + more + 16 > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, at + more + 1024));
        }
    }

    private void putShort(int value) {
        bytes[at++] = (byte) (value >>> 8);
        bytes[at++] = (byte) value;
    }

    private void putInt(int value) {
        room(4);
        bytes[at++] = (byte) (value >>> 24);
        bytes[at++] = (byte) (value >>> 16);
        bytes[at++] = (byte) (value >>> 8);
        bytes[at++] = (byte) value;
    }

    private void putLong(long value) {
        putInt((int) (value >>> 32));
        putInt((int) value);
    }
}
