package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What reading may cost: plans over some thousand rows in five days, and what happens at the bounds. */
class HistoryLimitsTest {
    private static final long HOUR = 3_600_000_000L;
    private static final long BASE = Time.micros(Instant.parse("2026-04-01T00:00:00Z"));
    private static final int MESSAGES = 3_000;
    private static final long STEP = 120 * HOUR / MESSAGES;

    private static final Database db = TestDatabase.fresh();
    private static final Written written = new Written(db);
    private static int app;
    private static int endpoint;
    private static final List<Message> messages = new ArrayList<>();

    @BeforeAll
    static void fill() {
        app = written.app();
        endpoint = written.endpoint(app);
        int other = written.app();
        int elsewhere = written.endpoint(other);
        List<Message> others = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            long at = BASE + i * STEP;
            byte[] payload = {'1'};
            messages.add(written.next(app, at, i % 50 == 0 ? "rare" : "usual", null, List.of(), List.of(), payload));
            others.add(written.next(other, at, "usual", null, List.of(), List.of(), payload));
        }
        written.write(messages);
        written.write(others);
        written.settle(
                messages.stream().map(m -> Written.delivered(m, endpoint)).toArray(Settlement[]::new));
        written.settle(others.stream().map(m -> Written.delivered(m, elsewhere)).toArray(Settlement[]::new));
    }

    @AfterAll
    static void close() {
        written.close();
        db.close();
    }

    private static Reach after(@Nullable Place place, boolean ascending) {
        return new Reach(place, ascending, 50, true);
    }

    /** Builds a statement; the transaction is for those that look something up first. */
    private interface Building {
        PgSelect in(Connection tx) throws SQLException;
    }

    private static String plan(Building building) {
        try (Connection tx = db.dataSource().getConnection()) {
            tx.setAutoCommit(false);
            try (Statement first = tx.createStatement()) {
                first.execute(PgHistory.begin(10_000));
            }
            StringBuilder plan = new StringBuilder();
            try (PreparedStatement explain =
                            building.in(tx).prepare(tx, "explain (analyze, costs off, timing off, summary off) ");
                    ResultSet row = explain.executeQuery()) {
                while (row.next()) {
                    plan.append(row.getString(1)).append('\n');
                }
            }
            tx.rollback();
            return plan.toString();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Rows that any part of a plan looked at, in the largest figure that it tells. */
    private static long most(String plan, String figure) {
        long most = 0;
        Matcher matcher = Pattern.compile(figure + "(\\d+)").matcher(plan);
        while (matcher.find()) {
            most = Math.max(most, Long.parseLong(matcher.group(1)));
        }
        return most;
    }

    private static void assertCheap(String plan) {
        assertThat(plan).contains("Index Scan").doesNotContain("Seq Scan").doesNotContain("Bitmap");
        assertThat(most(plan, "actual rows=")).as(plan).isLessThanOrEqualTo(60);
        assertThat(most(plan, "Rows Removed by Filter: ")).as(plan).isLessThanOrEqualTo(60);
    }

    @Test
    void aPageOfMessagesIsReadInTheOrderOfTheIndexFromItsPlaceOn() {
        Message middle = messages.get(MESSAGES / 2);
        Place place = new Place(middle.createdAt, middle.seq);
        for (boolean ascending : new boolean[] {true, false}) {
            for (Place each : new @Nullable Place[] {null, place}) {
                String plan = plan(tx -> PgMessages.select(tx, app, Filter.ALL, after(each, ascending))
                        .add("limit 51"));
                assertCheap(plan);
                assertThat(plan).doesNotContain("Sort (");
            }
        }
        String older = plan(tx ->
                PgMessages.select(tx, app, Filter.ALL, after(place, false)).add("limit 51"));
        assertThat(older).contains("message_20260402").doesNotContain("message_20260404");
        String newer = plan(
                tx -> PgMessages.select(tx, app, Filter.ALL, after(place, true)).add("limit 51"));
        assertThat(newer).contains("message_20260404").doesNotContain("message_20260402");
    }

    @Test
    void aMomentWithinADayIsFoundWithoutPassingOverTheDay() {
        long noon = BASE + 60 * HOUR;
        Filter before = new Filter(List.of(), null, null, 0, noon, null, null);
        Filter since = new Filter(List.of(), null, null, noon, Filter.FOREVER, null, null);
        assertCheap(plan(
                tx -> PgMessages.select(tx, app, before, after(null, false)).add("limit 51")));
        assertCheap(
                plan(tx -> PgMessages.select(tx, app, since, after(null, true)).add("limit 51")));
    }

    @Test
    void aPageOfAttemptsIsReadInTheOrderOfTheIndexFromItsPlaceOn() {
        Message middle = messages.get(MESSAGES / 2);
        Place place = new Place(middle.createdAt + 1_000, middle.seq);
        for (boolean ascending : new boolean[] {true, false}) {
            for (Place each : new @Nullable Place[] {null, place}) {
                for (boolean withMessage : new boolean[] {true, false}) {
                    String plan =
                            plan(tx -> PgAttempts.selectAt(endpoint, Filter.ALL, withMessage, after(each, ascending))
                                    .add("limit 51"));
                    assertCheap(plan);
                    assertThat(plan).doesNotContain("Sort (");
                }
            }
        }
        String older = plan(tx -> PgAttempts.selectAt(endpoint, Filter.ALL, false, after(place, false))
                .add("limit 51"));
        assertThat(older).contains("attempt_20260403").doesNotContain("attempt_20260404");
    }

    @Test
    void aPageOfAttemptedMessagesIsReadInTheOrderOfTheIndexFromItsPlaceOn() {
        Message middle = messages.get(MESSAGES / 2);
        Place place = new Place(middle.createdAt + 1_000, middle.seq);
        for (boolean ascending : new boolean[] {true, false}) {
            for (Place each : new @Nullable Place[] {null, place}) {
                String plan = plan(tx -> PgDeliveries.select(endpoint, Filter.ALL, after(each, ascending))
                        .add("limit 51"));
                assertCheap(plan);
                assertThat(plan).containsPattern("Index Scan using attempt_\\d+_app_no_seq_idx");
            }
        }
    }

    @Test
    void whatIsAboutOneMessageReadsItsRowsOnly() {
        Message some = messages.get(MESSAGES / 2);
        for (Integer only : new @Nullable Integer[] {null, endpoint}) {
            String plan = plan(tx -> PgAttempts.selectOf(some, only, Filter.ALL, after(null, false))
                    .add("limit 51"));
            assertCheap(plan);
            assertThat(plan).contains("app_no_seq_idx").doesNotContain("endpoint_no_started_at");
        }
        String last = plan(tx -> PgDeliveries.selectLast(some));
        assertCheap(last);
        assertThat(last).contains("app_no_seq_idx").doesNotContain("endpoint_no_started_at");
    }

    @Test
    void whatTakesTooLongIsBrokenOff() throws SQLException {
        PgHistory impatient = new PgHistory(db.dataSource(), written.ids, 1, 50, 10_000);
        try (Connection blocker = db.dataSource().getConnection();
                Statement lock = blocker.createStatement()) {
            blocker.setAutoCommit(false);
            lock.execute("lock table message in access exclusive mode");
            HistoryException slow = catchThrowableOfType(
                    HistoryException.class, () -> impatient.messages(app, Filter.ALL, after(null, false)));
            assertThat(slow.kind()).isEqualTo(HistoryException.Kind.TOO_SLOW);
            blocker.rollback();
        }
        assertThat(impatient.messages(app, Filter.ALL, after(null, false)).rows())
                .hasSize(50);
    }

    @Test
    void nobodyReadsBeyondTheBound() {
        PgHistory full = new PgHistory(db.dataSource(), written.ids, 0, 10_000, 1);
        HistoryException busy =
                catchThrowableOfType(HistoryException.class, () -> full.messages(app, Filter.ALL, after(null, false)));
        assertThat(busy.kind()).isEqualTo(HistoryException.Kind.BUSY);
    }

    @Test
    void readingChangesNothing() {
        HistoryException refused = catchThrowableOfType(
                HistoryException.class, () -> new PgHistory(db.dataSource(), written.ids, 1).message(app, "\0", true));
        assertThat(refused.kind()).isEqualTo(HistoryException.Kind.FAILED);
        assertThat(refused).hasCauseInstanceOf(SQLException.class);
        try (Connection again = db.dataSource().getConnection();
                Statement statement = again.createStatement();
                ResultSet row = statement.executeQuery("show transaction_read_only")) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("off");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
