package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who may write, and who may no more. */
@Timeout(60)
final class OwnershipTest {
    private final Database db = TestDatabase.fresh();

    @BeforeEach
    void open() throws SQLException {
        try (Connection c = db.dataSource().getConnection();
                Statement s = c.createStatement()) {
            s.execute("create table note (text text)");
        }
    }

    @AfterEach
    void close() {
        db.close();
    }

    @Test
    void theOwnersWritesPass() throws Exception {
        try (Ownership owner = db.own("a")) {
            assertThat(owner.epoch()).isEqualTo(1);
            assertThat(owner.held()).isTrue();
            write(owner, "first");
            assertThat(notes()).isEqualTo("first");
        }
    }

    @Test
    void eachTakeoverRaisesTheEpoch() throws Exception {
        db.own("a").close();
        try (Ownership owner = db.own("b")) {
            assertThat(owner.epoch()).isEqualTo(2);
        }
    }

    @Test
    void aStandbyWaitsUntilTheOwnerGoes() throws Exception {
        Ownership first = db.own("a");
        FutureTask<Ownership> standby = standby("b");
        Until.holds("standby asks for the lock", () -> count("application_name = 'posthorn owner b'") == 1);
        assertThat(standby.isDone()).isFalse();
        first.close();
        try (Ownership second = standby.get(30, TimeUnit.SECONDS)) {
            assertThat(second.epoch()).isEqualTo(2);
            assertThat(second.held()).isTrue();
        }
    }

    @Test
    void aStaleOwnersWriteIsRefusedAndItIsToldOnce() throws Exception {
        try (Ownership stale = db.own("a")) {
            AtomicInteger told = new AtomicInteger();
            CountDownLatch lost = new CountDownLatch(1);
            stale.onLost(() -> {
                told.incrementAndGet();
                lost.countDown();
            });
            FutureTask<Ownership> standby = standby("b");
            // whoever is quicker gets the lock, so it takes a few goes at most
            Until.holds("taken over", () -> {
                terminate("a");
                return standby.isDone();
            });
            try (Ownership owner = standby.get()) {
                assertThat(catchThrowableOfType(StaleOwnerException.class, () -> write(stale, "stale")))
                        .hasMessageContaining("epoch 1 is over");
                assertThat(lost.await(30, TimeUnit.SECONDS)).isTrue();
                assertThat(stale.held()).isFalse();
                assertThat(catchThrowableOfType(StaleOwnerException.class, () -> write(stale, "again")))
                        .isNotNull();
                write(owner, "fresh");
                assertThat(notes()).isEqualTo("fresh");
                assertThat(told).hasValue(1);
            }
        }
    }

    @Test
    void aStaleOwnerNoticesWithoutWriting() throws Exception {
        try (Ownership stale = db.own("a")) {
            CompletableFuture<Boolean> lost = new CompletableFuture<>();
            stale.onLost(() -> lost.complete(true));
            takeOver("b");
            terminate("a");
            assertThat(lost.get(30, TimeUnit.SECONDS)).isTrue();
            assertThat(stale.held()).isFalse();
            CompletableFuture<Boolean> late = new CompletableFuture<>();
            stale.onLost(() -> late.complete(true));
            assertThat(late).as("told at once").isCompleted();
        }
    }

    @Test
    void aLostLockConnectionComesBackWithTheSameEpoch() throws Exception {
        try (Ownership owner = db.own("a")) {
            terminate("a");
            Until.holds("noticed", () -> !owner.held());
            write(owner, "meanwhile"); // the epoch is what counts
            Until.holds("back", owner::held);
            assertThat(owner.epoch()).isEqualTo(1);
            write(owner, "after");
            assertThat(notes()).isEqualTo("meanwhile,after");
        }
    }

    @Test
    void aWriteThatHasPassedTheFenceIsCommittedBeforeATakeoverReturns() throws Exception {
        try (Ownership owner = db.own("a");
                Connection writer = db.dedicated("writer")) {
            owner.fence(writer);
            try (Statement s = writer.createStatement()) {
                s.execute("insert into note values ('in flight')");
            }
            FutureTask<String> takeover = new FutureTask<>(() -> {
                takeOver("b");
                return notes();
            });
            Thread.ofVirtual().start(takeover);
            Until.holds("the takeover waits", () -> count("wait_event = 'advisory'") == 1);
            assertThat(takeover.isDone()).isFalse();
            writer.commit();
            assertThat(takeover.get(30, TimeUnit.SECONDS)).isEqualTo("in flight");
        }
    }

    private FutureTask<Ownership> standby(String name) {
        FutureTask<Ownership> task = new FutureTask<>(() -> db.own(name));
        Thread.ofVirtual().start(task);
        return task;
    }

    private void write(Ownership owner, String text) throws SQLException, StaleOwnerException {
        try (Connection c = db.dedicated("writer")) {
            owner.fence(c);
            try (Statement s = c.createStatement()) {
                s.execute("insert into note values ('" + text + "')");
            }
            c.commit();
        }
    }

    private String notes() throws SQLException {
        return query("select string_agg(text, ',') from note");
    }

    private int count(String activity) throws SQLException {
        return Integer.parseInt(
                query("select count(*) from pg_stat_activity where datname = current_database() and " + activity));
    }

    private void terminate(String name) throws SQLException {
        query("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()"
                + " and application_name = 'posthorn owner " + name + "'");
    }

    private void takeOver(String name) throws SQLException {
        query("select take_ownership('" + name + "')");
    }

    private String query(String sql) throws SQLException {
        try (Connection c = db.dataSource().getConnection();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery(sql)) {
            r.next();
            return r.getString(1);
        }
    }
}
