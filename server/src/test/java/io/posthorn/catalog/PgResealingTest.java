package io.posthorn.catalog;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.model.Authentication;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.SigningSecret;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Requirement({"D3", "D21"})
class PgResealingTest {
    private static final int ENDPOINTS = 7;
    private static final SealedColumn ANSWERS =
            new SealedColumn("idempotent_answer", "key", "body", key -> "answer:" + ((byte[]) key).length);

    private final Database db = TestDatabase.fresh();
    private final Clock clock = Clock.fixed(Samples.NOW, ZoneOffset.UTC);
    private final Path folder;

    PgResealingTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @AfterEach
    void close() {
        db.close();
    }

    private static String key(int fill) {
        byte[] key = new byte[32];
        key[0] = (byte) fill;
        return Base64.getEncoder().encodeToString(key);
    }

    private SecretBox box(int key, int... previous) throws IOException {
        String all = previous.length == 0 ? null : key(previous[0]);
        return SecretBox.open(key(key), all, folder);
    }

    private Catalog load(SecretBox box) {
        return Catalog.load(db.jdbi(), box, clock);
    }

    private List<Endpoint> endpoints(SecretBox box) {
        return requireNonNull(load(box).app(DEFAULT_NO, "app")).endpoints();
    }

    /** Endpoints with everything that is sealed, and an answer. */
    @BeforeEach
    void sealedWithTheFirstKey() throws IOException {
        SecretBox first = box(1);
        Catalog catalog = load(first);
        catalog.applications().create(DEFAULT_NO, Samples.appDraft("n", "app"), false);
        for (int i = 0; i < ENDPOINTS; i++) {
            SigningSecret secret = i % 2 == 0 ? SigningSecret.text("secret " + i) : null;
            EndpointDraft d = Samples.draft("https://example.com/", "ep" + i, null);
            catalog.endpoints()
                    .create(
                            DEFAULT_NO,
                            "app",
                            new EndpointDraft(
                                    d.url(),
                                    d.uid(),
                                    "",
                                    null,
                                    null,
                                    false,
                                    null,
                                    d.metadata(),
                                    secret,
                                    List.of(new CustomHeader("X-Key", "key " + i, true)),
                                    1,
                                    null,
                                    null,
                                    none -> new EndpointSecrets("{}", new Authentication.Bearer("token"), null),
                                    null));
            catalog.endpoints()
                    .rotateSecret(
                            DEFAULT_NO,
                            "app",
                            "ep" + i,
                            i % 3 == 0 ? SigningSecret.freshEd25519(new SecureRandom()) : null,
                            Duration.ofDays(1));
        }
        db.jdbi()
                .useHandle(h -> h.createUpdate("""
                        insert into idempotent_answer (key, digest, run, created_at, status, body)
                        values (:key, :key, 1, now(), 200, :body)
                        """)
                        .bind("key", new byte[16])
                        .bind("body", first.seal(new byte[9], "answer:16"))
                        .execute());
    }

    @Test
    void everythingOpensBeforeAndAfterAndThenTheOldKeyIsNotNeeded() throws IOException {
        List<Endpoint> before = endpoints(box(1));
        assertThat(before.getFirst().oldSecrets()).isNotEmpty();
        assertThatThrownBy(() -> endpoints(box(2))).isInstanceOf(SecretBoxException.class);

        SecretBox both = box(2, 1);
        assertThat(endpoints(both)).isEqualTo(before);
        PgResealing.Result result = new PgResealing(db.jdbi(), both, WriteGuard.NONE, ANSWERS, 3).run();

        assertThat(result).isEqualTo(new PgResealing.Result(4 * ENDPOINTS + 1, 0));
        assertThat(endpoints(box(2))).isEqualTo(before);
        assertThat(answer(box(2))).hasSize(9);
        assertThat(new PgResealing(db.jdbi(), both, WriteGuard.NONE, ANSWERS, 3).run())
                .isEqualTo(new PgResealing.Result(0, 0));
    }

    @Test
    void brokenOffAnywhereItGoesOnTheNextTime() throws IOException {
        List<Endpoint> before = endpoints(box(1));
        SecretBox both = box(2, 1);
        int sealed = 0;
        for (int steps = 1; ; steps++) {
            AtomicInteger left = new AtomicInteger(steps);
            WriteGuard ending = tx -> {
                if (left.getAndDecrement() == 0) {
                    throw new java.sql.SQLException("the end");
                }
            };
            int was = withNewKey(both);
            try {
                sealed = new PgResealing(db.jdbi(), both, ending, ANSWERS, 2)
                        .run()
                        .sealed();
                break;
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("the end");
                assertThat(withNewKey(both)).isGreaterThan(was);
                assertThat(endpoints(both)).isEqualTo(before);
            }
        }
        assertThat(sealed).isLessThan(4 * ENDPOINTS + 1);
        assertThat(endpoints(box(2))).isEqualTo(before);
    }

    @Test
    void whatNoKeyOpensIsCountedAndDoesNotHoldUpTheRest() throws IOException {
        db.jdbi()
                .useHandle(h -> h.createUpdate("update idempotent_answer set body = :body")
                        .bind("body", box(9).seal(new byte[9], "answer:16"))
                        .execute());

        assertThat(new PgResealing(db.jdbi(), box(2, 1), WriteGuard.NONE, ANSWERS, 3).run())
                .isEqualTo(new PgResealing.Result(4 * ENDPOINTS, 1));
    }

    private int withNewKey(SecretBox box) {
        int count = 0;
        for (String column : List.of("secret", "old_secrets", "headers", "private")) {
            count += db.jdbi()
                    .withHandle(h -> h.createQuery("select count(*) from endpoint where substring(" + column
                                    + " from 1 for 5) = :head")
                            .bind("head", box.head())
                            .mapTo(Integer.class)
                            .one());
        }
        return count;
    }

    private byte[] answer(SecretBox box) {
        byte @Nullable [] sealed = db.jdbi()
                .withHandle(h -> h.createQuery("select body from idempotent_answer")
                        .mapTo(byte[].class)
                        .one());
        return box.open(requireNonNull(sealed), "answer:16");
    }
}
