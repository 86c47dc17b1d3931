package io.posthorn.history;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** A statement in the making: its text and its parameters, side by side. */
final class PgSelect {
    /** Content on a page, bytes: what one reader may cost in memory. */
    static final long PAGE_BYTES = 4 << 20;

    /** Rows that the driver holds at a time; each may have a payload. */
    private static final int READ_AHEAD = 8;

    /** Reads a row. */
    @FunctionalInterface
    interface Reader<T> {
        /** The row that the cursor is at. */
        T read(ResultSet row) throws SQLException;
    }

    private final StringBuilder text = new StringBuilder(500);
    private final List<Object> parameters = new ArrayList<>();

    /** A statement that begins like this, with a value for each question mark. */
    PgSelect(String start, Object... values) {
        text.append(start);
        parameters.addAll(List.of(values));
    }

    /** Goes on, with a value for each question mark: numbers, texts, arrays of them. */
    PgSelect add(String part, Object... values) {
        text.append(' ').append(part);
        parameters.addAll(List.of(values));
        return this;
    }

    /** Goes on with another one, which keeps its values. */
    PgSelect add(PgSelect part) {
        text.append(' ').append(part.text);
        parameters.addAll(part.parameters);
        return this;
    }

    /** What a filter says about messages; their table goes by the name {@code m}. */
    PgSelect addMessageFilter(Filter filter) {
        if (!filter.eventTypes().isEmpty()) {
            add("and m.event_type = any (?)", (Object) filter.eventTypes().toArray(String[]::new));
        }
        if (!filter.without().isEmpty()) {
            // an attempt whose message is not kept any more has none
            add("and coalesce(m.event_type, '') <> all (?)", (Object)
                    filter.without().toArray(String[]::new));
        }
        if (filter.channel() != null) {
            add("and ? = any (m.channels)", filter.channel());
        }
        if (filter.tag() != null) {
            add("and ? = any (m.tags)", filter.tag());
        }
        return this;
    }

    /** Ready to be executed; its text may come behind something, such as {@code explain}. */
    PreparedStatement prepare(Connection tx, String prefix) throws SQLException {
        PreparedStatement statement = tx.prepareStatement(prefix + text);
        for (int i = 0; i < parameters.size(); i++) {
            statement.setObject(i + 1, parameters.get(i));
        }
        return statement;
    }

    /** The first row; null if there is none. */
    <T> @Nullable T first(Connection tx, Reader<T> reader) throws SQLException {
        try (PreparedStatement select = prepare(tx, "");
                ResultSet row = select.executeQuery()) {
            return row.next() ? reader.read(row) : null;
        }
    }

    /** All rows. */
    void each(Connection tx, Reader<?> reader) throws SQLException {
        try (PreparedStatement select = prepare(tx, "")) {
            select.setFetchSize(1_000);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    reader.read(row);
                }
            }
        }
    }

    /**
     * A page.
     *
     * @param most rows; one more is read, to see whether there are more
     * @param reader of a row
     * @param bytes how much content a row has
     */
    <T> History.Slice<T> page(Connection tx, int most, Reader<T> reader, ToLongFunction<T> bytes) throws SQLException {
        add("limit ?", most + 1);
        List<T> rows = new ArrayList<>();
        long read = 0;
        try (PreparedStatement select = prepare(tx, "")) {
            select.setFetchSize(READ_AHEAD);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    if (rows.size() == most || read >= PAGE_BYTES) {
                        return new History.Slice<>(rows, true);
                    }
                    T next = reader.read(row);
                    read += bytes.applyAsLong(next);
                    rows.add(next);
                }
            }
        }
        return new History.Slice<>(rows, false);
    }
}
