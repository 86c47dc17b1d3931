package io.posthorn.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.catalog.SecretBox;
import io.posthorn.catalog.WriteGuard;
import io.posthorn.intake.AnswerKeys.Claim;
import io.posthorn.intake.AnswerKeys.Stored;
import io.posthorn.store.CuttingProxy;
import io.posthorn.store.Database;
import io.posthorn.store.DatabaseSettings;
import io.posthorn.store.TestDatabase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys and a database that comes and goes. */
final class PgAnswerKeysTest {
    private static final byte[] KEY = new byte[16];
    private static final byte[] DIGEST = new byte[16];
    private static final byte[] OTHER_DIGEST = {1};
    private static final Stored ANSWER = new Stored(201, "text/plain", new byte[] {1, 2, 3});

    private final Database db = TestDatabase.fresh();
    private final AtomicBoolean away = new AtomicBoolean();
    private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
    private final Clock clock = ((InstantSource) () -> Instant.now().plus(ahead.get())).withZone(ZoneOffset.UTC);
    private final WriteGuard guard = tx -> {
        if (away.get()) {
            throw new SQLException("the connection is lost", "08006");
        }
    };

    @TempDir
    Path folder;

    private SecretBox box;
    private PgAnswerKeys keys;

    @BeforeEach
    void open() throws Exception {
        box = SecretBox.open(Base64.getEncoder().encodeToString(new byte[32]), folder);
        keys = new PgAnswerKeys(db.jdbi(), box, guard, clock);
    }

    @AfterEach
    void close() {
        db.close();
    }

    private void first() {
        assertThat(keys.claim(KEY, DIGEST)).isInstanceOf(Claim.First.class);
    }

    private static void assertAnswered(Claim claim) {
        assertThat(claim).isInstanceOfSatisfying(Claim.Answered.class, answered -> {
            assertThat(answered.answer().status()).isEqualTo(ANSWER.status());
            assertThat(answered.answer().contentType()).isEqualTo(ANSWER.contentType());
            assertThat(answered.answer().body()).isEqualTo(ANSWER.body());
        });
    }

    private int stored() {
        return db.jdbi()
                .withHandle(handle -> handle.createQuery("select count(status) from idempotent_answer")
                        .mapTo(Integer.class)
                        .one());
    }

    @Test
    void aKeyThatCouldNotBeReleasedIsFree() {
        first();
        away.set(true);
        assertThatThrownBy(() -> keys.release(KEY)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> keys.claim(KEY, DIGEST)).isInstanceOf(IllegalStateException.class);
        away.set(false);
        first();
        assertThat(keys.claim(KEY, DIGEST)).isInstanceOf(Claim.Running.class);
        assertThat(keys.claim(KEY, OTHER_DIGEST)).isInstanceOf(Claim.OfAnother.class);
    }

    @Test
    void aKeyThatWasTakenWhileTheConnectionBrokeIsFree() throws Exception {
        DatabaseSettings settings = TestDatabase.settings();
        try (CuttingProxy proxy = new CuttingProxy(settings);
                Database cut = Database.open(proxy.through(settings))) {
            AnswerKeys through = new PgAnswerKeys(cut.jdbi(), box, WriteGuard.NONE, clock);
            proxy.arm(CuttingProxy.Cut.AFTER_COMMIT);
            assertThatThrownBy(() -> through.claim(KEY, DIGEST)).isInstanceOf(RuntimeException.class);
            assertThat(proxy.hasCut()).isTrue();
            assertThat(through.claim(KEY, DIGEST)).isInstanceOf(Claim.First.class);
        }
    }

    @Test
    void anAnswerThatCouldNotBeStoredIsKnownAndStoredLater() {
        first();
        away.set(true);
        keys.settle(KEY, ANSWER);
        assertAnswered(keys.claim(KEY, DIGEST));
        assertThat(keys.claim(KEY, OTHER_DIGEST)).isInstanceOf(Claim.OfAnother.class);
        assertThatThrownBy(keys::settleAgain).isInstanceOf(IllegalStateException.class);
        assertThat(stored()).isZero();
        away.set(false);
        assertThat(keys.settleAgain()).isEqualTo(1);
        assertThat(stored()).isEqualTo(1);
        assertThat(keys.settleAgain()).isZero();
        assertAnswered(keys.claim(KEY, DIGEST));
        assertAnswered(new PgAnswerKeys(db.jdbi(), box, guard, clock).claim(KEY, DIGEST));
    }

    @Test
    void inMemoryTooAnAnswerIsKeptForTwelveHours() {
        first();
        away.set(true);
        keys.settle(KEY, ANSWER);
        away.set(false);
        ahead.set(Duration.ofHours(AnswerKeys.HONOURED_HOURS).plusMinutes(1));
        assertThat(keys.claim(KEY, OTHER_DIGEST)).isInstanceOf(Claim.First.class);
        assertThat(keys.settleAgain()).isZero();
        keys.release(KEY);
        first();
    }

    @Test
    void memoryIsBounded() {
        PgAnswerKeys one = new PgAnswerKeys(db.jdbi(), box, guard, clock, 1);
        byte[] second = {2};
        assertThat(one.claim(KEY, DIGEST)).isInstanceOf(Claim.First.class);
        assertThat(one.claim(second, DIGEST)).isInstanceOf(Claim.First.class);
        away.set(true);
        one.settle(KEY, ANSWER);
        one.settle(second, ANSWER);
        away.set(false);
        assertThat(one.settleAgain()).isEqualTo(1);
        assertAnswered(one.claim(KEY, DIGEST));
        assertThat(one.claim(second, DIGEST)).isInstanceOf(Claim.First.class);
    }

    private void change(boolean commit) {
        db.jdbi().useTransaction(handle -> {
            keys.marking(WriteGuard.NONE).ask(handle.getConnection());
            if (!commit) {
                handle.rollback();
            }
        });
    }

    /** What the next run of the server makes of the key after a crash. */
    private Claim afterCrash(byte[] digest) {
        return new PgAnswerKeys(db.jdbi(), box, guard, clock).claim(KEY, digest);
    }

    @Test
    void whatWasChangedBeforeACrashIsNotChangedAgain() {
        first();
        ScopedValue.where(AnswerKeys.KEY, KEY).run(() -> change(true));
        assertThat(afterCrash(DIGEST)).isInstanceOf(Claim.AnswerLost.class);
        assertThat(afterCrash(OTHER_DIGEST)).isInstanceOf(Claim.OfAnother.class);
        ahead.set(Duration.ofHours(AnswerKeys.HONOURED_HOURS).plusMinutes(1));
        assertThat(afterCrash(DIGEST)).isInstanceOf(Claim.First.class);
    }

    @Test
    void whatWasNotChangedBeforeACrashIsDone() {
        first();
        change(true); // by nobody's request
        ScopedValue.where(AnswerKeys.KEY, KEY).run(() -> {
            change(false);
            assertThat(AnswerKeys.repeatable(() -> {
                        change(true);
                        return "done";
                    }))
                    .isEqualTo("done");
        });
        assertThat(afterCrash(DIGEST)).isInstanceOf(Claim.First.class);
    }
}
