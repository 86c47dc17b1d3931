package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CopyRowsTest {
    private static final String TABLE = "thing (a, b, c, d, e, f, g)";
    private final Database db = TestDatabase.fresh();
    private final CopyRows rows = new CopyRows();
    private Connection tx;

    @BeforeEach
    void open() throws SQLException {
        tx = db.dedicated("copy test");
        try (Statement s = tx.createStatement()) {
            s.execute("create table thing (a smallint, b int, c bigint, d timestamptz, e text, f bytea, g text[])");
        }
        tx.commit();
    }

    @AfterEach
    void close() throws SQLException {
        tx.close();
        db.close();
    }

    @Test
    void everyTypeComesBackAsItWas() throws SQLException {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        rows.clear();
        row(Short.MIN_VALUE, Integer.MIN_VALUE, Long.MIN_VALUE, -1, "", new byte[0], List.of("x"));
        row(
                32_767,
                Integer.MAX_VALUE,
                Long.MAX_VALUE,
                1_767_323_045_123_456L,
                "ä€😀\t\\N",
                all,
                List.of("", "é,\"{}", "b"));
        rows.row(7);
        for (int i = 0; i < 4; i++) {
            rows.none();
        }
        rows.text(null);
        rows.bytes(null);
        rows.texts(List.of());
        assertThat(rows.rows()).isEqualTo(3);
        rows.send(tx, TABLE);
        tx.commit();

        try (Statement s = tx.createStatement();
                ResultSet r = s.executeQuery("select * from thing order by a nulls last")) {
            expect(r, Short.MIN_VALUE, Integer.MIN_VALUE, Long.MIN_VALUE, "1969-12-31T23:59:59.999999Z", "");
            assertThat(r.getBytes(6)).isEmpty();
            assertThat((String[]) r.getArray(7).getArray()).containsExactly("x");
            expect(r, 32_767, Integer.MAX_VALUE, Long.MAX_VALUE, "2026-01-02T03:04:05.123456Z", "ä€😀\t\\N");
            assertThat(r.getBytes(6)).isEqualTo(all);
            assertThat((String[]) r.getArray(7).getArray()).containsExactly("", "é,\"{}", "b");
            assertThat(r.next()).isTrue();
            for (int column = 1; column <= 7; column++) {
                assertThat(r.getObject(column)).as("column %d", column).isNull();
            }
        }
    }

    @Test
    void rowsBeyondTheFirstBufferAndAfterAClear() throws SQLException {
        byte[] big = "x".repeat(300_000).getBytes(StandardCharsets.US_ASCII);
        for (int round = 0; round < 2; round++) {
            rows.clear();
            for (int i = 0; i < 20; i++) {
                row(i, i, i, i, "t", big, List.of());
            }
            rows.send(tx, TABLE);
        }
        tx.commit();
        try (Statement s = tx.createStatement();
                ResultSet r = s.executeQuery("select count(*), sum(length(f)) from thing")) {
            r.next();
            assertThat(r.getLong(1)).isEqualTo(40);
            assertThat(r.getLong(2)).isEqualTo(40L * 300_000);
        }
    }

    @Test
    void aRefusedRowRefusesAllAndTheConnectionGoesOn() throws SQLException {
        rows.clear();
        row(1, 1, 1, 1, "fine", new byte[0], List.of());
        row(1, 1, 1, 1, "bad\0", new byte[0], List.of());
        assertThatThrownBy(() -> rows.send(tx, TABLE))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).startsWith("22"));
        tx.rollback();
        rows.clear();
        row(1, 1, 1, 1, "fine", new byte[0], List.of());
        rows.send(tx, TABLE);
        tx.commit();
    }

    private void row(int a, int b, long c, long d, String e, byte[] f, List<String> g) {
        rows.row(7);
        rows.int2(a);
        rows.int4(b);
        rows.int8(c);
        rows.time(d);
        rows.text(e);
        rows.bytes(f);
        rows.texts(g);
    }

    private static void expect(ResultSet r, int a, int b, long c, String d, String e) throws SQLException {
        assertThat(r.next()).isTrue();
        assertThat(r.getInt(1)).isEqualTo(a);
        assertThat(r.getInt(2)).isEqualTo(b);
        assertThat(r.getLong(3)).isEqualTo(c);
        assertThat(r.getObject(4, OffsetDateTime.class).toInstant()).hasToString(d);
        assertThat(r.getString(5)).isEqualTo(e);
    }
}
