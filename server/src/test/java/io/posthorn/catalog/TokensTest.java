package io.posthorn.catalog;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.Application;
import io.posthorn.model.Environment;
import io.posthorn.model.EventType;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens and environments, in memory and in the database. */
class TokensTest {
    private final AtomicReference<Instant> now = new AtomicReference<>(Samples.NOW);
    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now.get();
        }
    };
    private final Database db = TestDatabase.fresh();
    private final AtomicBoolean loseAnswers = new AtomicBoolean();
    private final SecretBox box;
    private final Catalog catalog;

    TokensTest(@TempDir java.nio.file.Path folder) throws IOException {
        box = SecretBox.open(null, folder);
        catalog = Catalog.load(db.jdbi(), box, clock, tx -> {
            if (loseAnswers.get()) {
                try (var statement = tx.createStatement()) {
                    statement.execute("delete from api_token where name = 'revoked elsewhere'");
                    statement.execute("delete from application where uid = 'gone'");
                    tx.commit();
                }
                throw new SQLException("connection lost after commit", "08006");
            }
        });
    }

    @AfterEach
    void close() {
        db.close();
    }

    private Catalog again() {
        return Catalog.load(db.jdbi(), box, clock);
    }

    private static TokenDraft draft(String name, Role role, int env) {
        return new TokenDraft(name, role, env, null, null, null);
    }

    private NewToken make(TokenDraft draft) {
        return switch (catalog.tokens().create(draft)) {
            case Result.Created<NewToken>(NewToken made) -> made;
            case Result<NewToken> other -> throw new AssertionError(other);
        };
    }

    private NewToken make(String name, Role role, int env) {
        return make(draft(name, role, env));
    }

    private Application app(String uid) {
        return switch (catalog.applications().create(DEFAULT_NO, Samples.appDraft("n", uid), false)) {
            case Result.Created<Application>(Application app) -> app;
            case Result<Application> other -> throw new AssertionError(other);
        };
    }

    private NewToken ofApp(Application app, Role role) {
        return make(new TokenDraft("of " + app.uid(), role, app.envNo(), app.no(), null, null));
    }

    private static @Nullable Token whose(Catalog catalog, String secret) {
        Credential credential = catalog.authenticate(secret);
        return credential == null ? null : credential.token();
    }

    @Test
    void aTokenIsKnownAtOnceAndAfterAReloadAndItsTextIsNowhere() {
        Application app = app("one");
        NewToken made =
                make(new TokenDraft("portal", Role.APPLICATION, DEFAULT_NO, app.no(), 7, Samples.NOW.plusSeconds(60)));
        assertThat(made.secret()).startsWith("ph_").hasSize(3 + 43);
        assertThat(made.toString()).doesNotContain(made.secret());
        for (Catalog each : List.of(catalog, again())) {
            assertThat(whose(each, made.secret())).isEqualTo(made.token());
            assertThat(each.tokens().find(made.token().id())).isEqualTo(made.token());
        }
        String stored = db.jdbi()
                .withHandle(handle -> handle.createQuery(
                                "select string_agg(t::text, '') || string_agg(encode(hash, 'escape'), '') from api_token t")
                        .mapTo(String.class)
                        .one());
        assertThat(stored).contains("portal").doesNotContain(made.secret().substring(3));
    }

    @Test
    void anExpiredTokenIsNotValidAndIsRemovedLater() {
        NewToken made = make(new TokenDraft("short", Role.VIEWER, DEFAULT_NO, null, null, Samples.NOW.plusSeconds(10)));
        NewToken good = make("long", Role.VIEWER, DEFAULT_NO);
        now.set(Samples.NOW.plusSeconds(10).minusNanos(1_000));
        assertThat(whose(catalog, made.secret())).isNotNull();
        now.set(Samples.NOW.plusSeconds(10));
        assertThat(whose(catalog, made.secret())).isNull();
        assertThat(catalog.tokens().find(made.token().id())).isNotNull();

        assertThat(catalog.tokens().removeExpired(Samples.NOW.plusSeconds(10))).isZero();
        assertThat(catalog.tokens().removeExpired(Samples.NOW.plusSeconds(11))).isOne();
        for (Catalog each : List.of(catalog, again())) {
            assertThat(each.tokens().find(made.token().id())).isNull();
            assertThat(whose(each, good.secret())).isNotNull();
        }
    }

    @Test
    void theTokensOfADeletedApplicationGoWithIt() {
        Application one = app("one");
        NewToken mine = ofApp(one, Role.APPLICATION);
        NewToken looking = ofApp(one, Role.VIEWER);
        NewToken other = ofApp(app("two"), Role.APPLICATION);
        catalog.applications().delete(DEFAULT_NO, "one");
        for (Catalog each : List.of(catalog, again())) {
            assertThat(whose(each, mine.secret())).isNull();
            assertThat(whose(each, looking.secret())).isNull();
            assertThat(each.tokens().find(mine.token().id())).isNull();
            assertThat(whose(each, other.secret())).isNotNull();
        }
        assertThat(catalog.tokens().create(new TokenDraft("late", Role.APPLICATION, DEFAULT_NO, one.no(), null, null)))
                .isEqualTo(new Result.NotFound<>("application"));
    }

    /** The transactions have happened, but their answers were lost. */
    @Test
    void memoryAgreesWithTheDatabaseAfterAFailure() {
        NewToken kept = make("kept", Role.PUBLISHER, DEFAULT_NO);
        NewToken revoked = make("revoked elsewhere", Role.PUBLISHER, DEFAULT_NO);
        Credential before = requireNonNull(catalog.authenticate(kept.secret()));
        NewToken ofGone = ofApp(app("gone"), Role.APPLICATION);
        loseAnswers.set(true);
        assertThatThrownBy(() -> catalog.tokens().revoke(revoked.token().id()))
                .hasRootCauseInstanceOf(SQLException.class);
        assertThat(whose(catalog, revoked.secret())).isNotNull();
        assertThatThrownBy(() -> catalog.applications().delete(DEFAULT_NO, "gone"))
                .hasRootCauseInstanceOf(SQLException.class);
        loseAnswers.set(false);
        catalog.reconcile();
        assertThat(whose(catalog, revoked.secret())).isNull();
        assertThat(catalog.tokens().find(revoked.token().id())).isNull();
        assertThat(whose(catalog, ofGone.secret())).isNull();
        assertThat(catalog.authenticate(kept.secret())).isSameAs(before);
    }

    @Test
    void theLastAdministratorOfTheInstallationStays() {
        String first = requireNonNull(catalog.ensureAdminToken(null));
        String firstId = requireNonNull(whose(catalog, first)).id();
        make("of the environment", Role.ADMINISTRATOR, DEFAULT_NO);
        make(new TokenDraft(
                "for a day", Role.ADMINISTRATOR, Token.EVERYWHERE, null, null, Samples.NOW.plus(Duration.ofDays(1))));
        assertThat(catalog.tokens().revoke(firstId)).isInstanceOf(Result.Conflict.class);
        assertThat(catalog.tokens().patch(firstId, was -> new TokenPatch("x", null, Samples.NOW.plusSeconds(9))))
                .isInstanceOf(Result.Conflict.class);
        assertThat(catalog.tokens().patch(firstId, was -> new TokenPatch("chief", 3, null)))
                .isInstanceOf(Result.Updated.class);
        make("second", Role.ADMINISTRATOR, Token.EVERYWHERE);
        assertThat(catalog.tokens().revoke(firstId)).isInstanceOf(Result.Deleted.class);
        assertThat(catalog.tokens().revoke(firstId)).isEqualTo(new Result.NotFound<>("token"));
        assertThat(whose(catalog, first)).isNull();
    }

    @Test
    void onlyTheConfiguredTokenIsReplacedByTheConfiguration() {
        NewToken named = make("configured", Role.ADMINISTRATOR, Token.EVERYWHERE);
        NewToken small = make("small", Role.PUBLISHER, DEFAULT_NO);
        catalog.ensureAdminToken("first-one");
        catalog.ensureAdminToken("second-one");
        assertThat(whose(catalog, "first-one")).isNull();
        assertThat(whose(catalog, named.secret())).isEqualTo(named.token());
        catalog.ensureAdminToken(small.secret());
        assertThat(requireNonNull(whose(catalog, small.secret())).role()).isEqualTo(Role.ADMINISTRATOR);
        assertThat(requireNonNull(whose(catalog, small.secret())).envNo()).isEqualTo(Token.EVERYWHERE);
        assertThat(whose(again(), "second-one")).isNull();
    }

    @Test
    void aTokenThatIsConfiguredNoLongerEnds() {
        catalog.ensureAdminToken("one-from-the-configuration");
        String made = requireNonNull(catalog.ensureAdminToken(null));
        assertThat(whose(catalog, "one-from-the-configuration")).isNull();
        assertThat(whose(again(), "one-from-the-configuration")).isNull();
        assertThat(requireNonNull(whose(catalog, made)).role()).isEqualTo(Role.ADMINISTRATOR);
        catalog.ensureAdminToken("another-one");
        assertThat(catalog.ensureAdminToken(null)).isNull();
        assertThat(whose(catalog, "another-one")).isNull();
        assertThat(whose(again(), made)).isNotNull();
    }

    @Test
    void aFirstTokenIsMadeAlsoIfTheOthersAdministerNothing() {
        make("admin", Role.ADMINISTRATOR, DEFAULT_NO);
        make("viewer", Role.VIEWER, Token.EVERYWHERE);
        assertThat(catalog.ensureAdminToken(null)).isNotNull();
        assertThat(catalog.ensureAdminToken(null)).isNull();
    }

    @Test
    void theLastUseIsWrittenDownLater() {
        NewToken used = make("used", Role.VIEWER, DEFAULT_NO);
        NewToken unused = make("unused", Role.VIEWER, DEFAULT_NO);
        assertThat(catalog.tokens().lastUsedAt(used.token())).isNull();
        whose(catalog, used.secret());
        now.set(Samples.NOW.plusSeconds(5));
        catalog.tokens().noteUses();
        now.set(Samples.NOW.plusSeconds(50));
        assertThat(catalog.tokens().lastUsedAt(used.token())).isEqualTo(Samples.NOW.plusSeconds(5));
        assertThat(again().tokens().lastUsedAt(used.token())).isNull();
        catalog.tokens().saveUses();
        for (Catalog each : List.of(catalog, again())) {
            assertThat(each.tokens().lastUsedAt(used.token())).isEqualTo(Samples.NOW.plusSeconds(5));
            assertThat(each.tokens().lastUsedAt(unused.token())).isNull();
        }
        whose(catalog, used.secret());
        catalog.tokens().noteUses();
        loseAnswers.set(true);
        assertThatThrownBy(() -> catalog.tokens().saveUses()).hasRootCauseInstanceOf(SQLException.class);
        loseAnswers.set(false);
        catalog.tokens().saveUses();
        assertThat(again().tokens().lastUsedAt(used.token())).isEqualTo(Samples.NOW.plusSeconds(50));
    }

    @Test
    void environmentsComeAndGoWhenTheyAreEmpty() {
        Environments environments = catalog.environments();
        Environment made = ((Result.Created<Environment>) environments.create("staging")).value();
        assertThat(environments.create("staging")).isInstanceOf(Result.Conflict.class);
        assertThat(environments.rename("staging", "default")).isInstanceOf(Result.Conflict.class);
        assertThat(environments.rename(made.id(), "testing")).isInstanceOf(Result.Updated.class);
        assertThat(environments.find("staging")).isNull();
        for (Catalog each : List.of(catalog, again())) {
            assertThat(requireNonNull(each.environments().find("testing")).no()).isEqualTo(made.no());
        }
        catalog.applications().create(made.no(), Samples.appDraft("n", "one"), false);
        catalog.eventTypes().put(made.no(), "a.b", new EventTypeDraft("d", false, false, null, null, null));
        NewToken token = make("t", Role.VIEWER, made.no());
        assertThat(environments.delete("testing"))
                .isEqualTo(new Result.Conflict<>(
                        "environment", "the environment has 1 applications and 1 tokens; delete them first"));
        catalog.applications().delete(made.no(), "one");
        catalog.tokens().revoke(token.token().id());
        assertThat(environments.delete("default")).isInstanceOf(Result.Conflict.class);
        assertThat(environments.delete("testing")).isInstanceOf(Result.Deleted.class);
        assertThat(environments.delete("testing")).isEqualTo(new Result.NotFound<>("environment"));
        assertThat(catalog.eventType(made.no(), "a.b")).isNull();
        Catalog later = again();
        assertThat(later.environments().find(made.id())).isNull();
        assertThat(later.eventTypes().list(made.no(), null, true, 10, true))
                .extracting(EventType::name)
                .isEmpty();
        assertThat(catalog.applications().create(made.no(), Samples.appDraft("n", "late"), false))
                .isEqualTo(new Result.NotFound<>("environment"));
        assertThat(catalog.eventTypes().put(made.no(), "a.b", new EventTypeDraft("d", false, false, null, null, null)))
                .isEqualTo(new Result.NotFound<>("environment"));
        assertThat(catalog.tokens().create(draft("late", Role.VIEWER, made.no())))
                .isEqualTo(new Result.NotFound<>("environment"));
    }

    /** What the database says counts, whatever became of the change that failed. */
    @Test
    void anEnvironmentInDoubtIsReadAgain() {
        catalog.environments().create("kept");
        loseAnswers.set(true);
        assertThatThrownBy(() -> catalog.environments().delete("kept")).hasRootCauseInstanceOf(SQLException.class);
        loseAnswers.set(false);
        db.jdbi().useHandle(handle -> handle.execute("update environment set name = 'as stored' where name = 'kept'"));
        catalog.reconcile();
        assertThat(catalog.environments().find("kept")).isNull();
        assertThat(catalog.environments().find("as stored")).isNotNull();
    }
}
