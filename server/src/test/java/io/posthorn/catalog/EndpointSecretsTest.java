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
import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.model.TlsIdentity;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts of an endpoint that are sealed: headers, and secrets while they are rotated. */
class EndpointSecretsTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final CustomHeader PLAIN = new CustomHeader("X-Tenant", "acme-findable", false);
    private static final CustomHeader SECRET = new CustomHeader("X-Api-Key", "api-key-findable", true);

    private final Database db = TestDatabase.fresh();
    private final Clock clock;
    private final SecretBox box;
    private final Catalog catalog;
    private Instant now = Samples.NOW;

    EndpointSecretsTest(@TempDir Path folder) throws IOException {
        InstantSource source = () -> now;
        clock = source.withZone(ZoneOffset.UTC);
        box = SecretBox.open(null, folder);
        catalog = Catalog.load(db.jdbi(), box, clock);
    }

    @BeforeEach
    void anEndpoint() {
        catalog.applications().create(DEFAULT_NO, Samples.appDraft("n", "app"), false);
        catalog.endpoints().create(DEFAULT_NO, "app", draft(secret(1), null));
    }

    @AfterEach
    void close() {
        db.close();
    }

    private static EndpointDraft draft(@Nullable SigningSecret secret, @Nullable List<CustomHeader> headers) {
        EndpointDraft d = Samples.draft("https://example.com/", "ep", null);
        return new EndpointDraft(
                d.url(),
                d.uid(),
                "",
                null,
                null,
                false,
                null,
                d.metadata(),
                secret,
                headers,
                d.version(),
                null,
                null,
                null,
                null);
    }

    private static SigningSecret secret(int fill) {
        byte[] key = new byte[24];
        Arrays.fill(key, (byte) ('0' + fill));
        return new SigningSecret(key);
    }

    private Endpoint endpoint() {
        return endpoint(catalog);
    }

    private static Endpoint endpoint(Catalog catalog) {
        return requireNonNull(requireNonNull(catalog.app(DEFAULT_NO, "app")).endpoint("ep"));
    }

    private Endpoint afterReload() {
        return endpoint(Catalog.load(db.jdbi(), box, clock));
    }

    private Result<Endpoint> rotate(int fill, Duration overlap) {
        return catalog.endpoints().rotateSecret(DEFAULT_NO, "app", "ep", secret(fill), overlap);
    }

    /** All of the row as text; what is binary as it is, not in hexadecimals. */
    private String row() {
        return db.jdbi()
                .withHandle(h -> h.createQuery("select * from endpoint")
                        .map((row, ctx) -> {
                            StringBuilder all = new StringBuilder();
                            for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                                byte[] bytes = row.getObject(i) instanceof byte[] ? row.getBytes(i) : null;
                                all.append(
                                                bytes == null
                                                        ? row.getString(i)
                                                        : new String(bytes, StandardCharsets.ISO_8859_1))
                                        .append('\n');
                            }
                            return all.toString();
                        })
                        .one());
    }

    @Test
    void headersComeBackAndStandNowhereInTheClear() {
        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(null, List.of(PLAIN, SECRET)));

        assertThat(endpoint().headers()).containsExactly(PLAIN, SECRET);
        assertThat(afterReload()).isEqualTo(endpoint());
        assertThat(row()).contains("https://example.com/").doesNotContain("findable", "X-Api-Key", "X-Tenant");
    }

    @Test
    @Requirement("A8")
    void whatIsPrivateComesBackAndStandsNowhereInTheClear() {
        TlsIdentity tls = new TlsIdentity("cert-findable", "key-findable", "ca-findable", List.of("pin-findable"));
        for (Authentication each : List.of(
                new Authentication.Basic("user-findable", "password-findable"),
                new Authentication.Header("X-Findable", "value-findable"),
                new Authentication.Bearer("token-findable"),
                new Authentication.OAuth2("https://t-findable/", "client-findable", "secret-findable", "a", null, true),
                new Authentication.OAuth2("https://t-findable/", "client", "secret", null, "b", false))) {
            EndpointSecrets secrets = new EndpointSecrets("{\"k\":\"config-findable\"}", each, tls);
            catalog.endpoints().patch(DEFAULT_NO, "app", "ep", d -> withSecrets(d, secrets));

            assertThat(endpoint().secrets()).isEqualTo(secrets);
            assertThat(afterReload()).isEqualTo(endpoint());
            assertThat(row()).doesNotContainIgnoringCase("findable");
            assertThat(endpoint().toString()).doesNotContainIgnoringCase("findable");
            assertThat(each.toString() + tls).doesNotContain("password", "value", "token-", "secret", "key");
        }
        catalog.endpoints().patch(DEFAULT_NO, "app", "ep", d -> d);
        assertThat(endpoint().secrets().tls()).isEqualTo(tls);
        catalog.endpoints().patch(DEFAULT_NO, "app", "ep", d -> withSecrets(d, EndpointSecrets.NONE));
        assertThat(afterReload().secrets()).isEqualTo(EndpointSecrets.NONE);
    }

    private static EndpointDraft withSecrets(EndpointDraft d, EndpointSecrets secrets) {
        return new EndpointDraft(
                d.url(),
                d.uid(),
                d.description(),
                d.eventTypes(),
                d.channels(),
                d.disabled(),
                d.rateLimit(),
                d.metadata(),
                null,
                null,
                d.version(),
                null,
                null,
                present -> secrets,
                null);
    }

    @Test
    void aDraftWithoutHeadersKeepsThemAndAnEmptyListRemovesThem() {
        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(null, List.of(PLAIN)));
        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(null, null));
        catalog.endpoints().patch(DEFAULT_NO, "app", "ep", d -> d);
        assertThat(endpoint().headers()).containsExactly(PLAIN);

        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(null, List.of()));
        assertThat(endpoint().headers()).isEmpty();
        assertThat(afterReload().headers()).isEmpty();
        boolean none = db.jdbi()
                .withHandle(h -> h.createQuery("select headers is null and old_secrets is null from endpoint")
                        .mapTo(Boolean.class)
                        .one());
        assertThat(none).isTrue();
    }

    @Test
    void aChangeOfHeadersThatBreaksARuleChangesNothing() {
        catalog.endpoints().changeHeaders(DEFAULT_NO, "app", "ep", was -> List.of(PLAIN));
        Result<Endpoint> refused = catalog.endpoints()
                .changeHeaders(
                        DEFAULT_NO, "app", "ep", was -> List.of(PLAIN, new CustomHeader("x-tenant", "b", false)));

        assertThat(refused).isInstanceOfSatisfying(Result.Conflict.class, conflict -> {
            assertThat(conflict.field()).isEqualTo("headers");
            assertThat(conflict.detail()).contains("twice");
        });
        assertThat(afterReload().headers()).containsExactly(PLAIN);
        assertThat(catalog.endpoints().changeHeaders(DEFAULT_NO, "app", "other", was -> was))
                .isEqualTo(new Result.NotFound<>("endpoint"));
    }

    @Test
    void sealedHeadersOfAnotherEndpointDoNotOpen() {
        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(null, List.of(SECRET)));
        catalog.endpoints().create(DEFAULT_NO, "app", Samples.draft("https://example.com/2", "other", null));
        db.jdbi()
                .useHandle(
                        h -> h.execute(
                                "update endpoint set headers = (select headers from endpoint where uid = 'ep') where uid = 'other'"));
        assertThatThrownBy(this::afterReload).hasMessageContaining("copied from another row");
    }

    @Test
    void aRotatedSecretGoesOnForItsOverlapAlsoAfterARestart() {
        rotate(2, DAY);

        Instant end = Samples.NOW.plus(DAY);
        assertThat(endpoint().secret()).isEqualTo(secret(2));
        assertThat(endpoint().oldSecrets()).containsExactly(new RetiredSecret(secret(1), end));
        assertThat(afterReload()).isEqualTo(endpoint());
        for (int fill : new int[] {1, 2}) {
            String key = new String(secret(fill).key(), StandardCharsets.ISO_8859_1);
            String base64 = secret(fill).reveal().substring("whsec_".length());
            assertThat(row())
                    .doesNotContain(
                            key, base64, HexFormat.of().formatHex(secret(fill).key()));
        }
        assertThat(endpoint().toString())
                .doesNotContain(secret(1).reveal(), secret(2).reveal());
    }

    @Test
    void whatIsOverIsGoneFromTheDatabaseWithTheNextWrite() {
        rotate(2, DAY);
        now = now.plus(DAY).minusMillis(1);
        rotate(3, DAY);
        assertThat(endpoint().oldSecrets()).extracting(RetiredSecret::secret).containsExactly(secret(2), secret(1));

        now = now.plusMillis(1);
        catalog.endpoints().patch(DEFAULT_NO, "app", "ep", d -> d);
        assertThat(endpoint().oldSecrets()).extracting(RetiredSecret::secret).containsExactly(secret(2));
        assertThat(afterReload().oldSecrets()).hasSize(1);
    }

    @Test
    void withoutAnOverlapTheOldOneEndsAtOnceAndTheOnesBeforeItDoNot() {
        rotate(2, DAY);
        rotate(3, Duration.ZERO);

        assertThat(endpoint().secret()).isEqualTo(secret(3));
        assertThat(endpoint().oldSecrets()).extracting(RetiredSecret::secret).containsExactly(secret(1));
    }

    @Test
    void moreThanFiveOldOnesAreAConflictUntilOneIsOver() {
        for (int fill = 2; fill <= 6; fill++) {
            assertThat(rotate(fill, DAY)).isInstanceOf(Result.Updated.class);
            now = now.plusSeconds(1);
        }
        Endpoint before = endpoint();
        assertThat(before.oldSecrets()).hasSize(5);
        assertThat(rotate(7, DAY))
                .isInstanceOfSatisfying(
                        Result.Conflict.class,
                        conflict -> assertThat(conflict.detail())
                                .contains(
                                        "5 earlier secrets",
                                        Samples.NOW.plus(DAY).toString()));
        assertThat(endpoint()).isEqualTo(before);

        assertThat(rotate(7, Duration.ZERO)).isInstanceOf(Result.Updated.class);
        now = Samples.NOW.plus(DAY);
        assertThat(rotate(8, DAY)).isInstanceOf(Result.Updated.class);
        assertThat(endpoint().oldSecrets()).hasSize(5);
    }

    @Test
    void noSecretIsThereTwice() {
        assertThat(rotate(1, DAY)).isEqualTo(new Result.Updated<>(endpoint()));
        assertThat(endpoint().oldSecrets()).isEmpty();

        rotate(2, DAY);
        rotate(1, DAY);
        assertThat(endpoint().secret()).isEqualTo(secret(1));
        assertThat(endpoint().oldSecrets()).extracting(RetiredSecret::secret).containsExactly(secret(2));
    }

    @Test
    void aSecretThatIsSetIsTheOnlyOneAtOnce() {
        rotate(2, DAY);
        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(secret(2), null));
        assertThat(endpoint().oldSecrets()).as("the same secret: nothing new").hasSize(1);

        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(secret(3), null));
        assertThat(endpoint().secret()).isEqualTo(secret(3));
        assertThat(afterReload().oldSecrets()).isEmpty();
    }

    @Test
    void disablingKeepsSecretsAndHeaders() {
        catalog.endpoints().put(DEFAULT_NO, "app", "ep", draft(null, List.of(SECRET)));
        rotate(2, DAY);
        Endpoint before = endpoint();
        catalog.disable(before.no(), "it answered 410 Gone");

        assertThat(endpoint().disabled()).isTrue();
        assertThat(endpoint().secret()).isEqualTo(before.secret());
        assertThat(endpoint().oldSecrets()).isEqualTo(before.oldSecrets());
        assertThat(endpoint().headers()).isEqualTo(before.headers());
    }

    @Test
    void aMissingEndpointCannotBeRotated() {
        assertThat(catalog.endpoints().rotateSecret(DEFAULT_NO, "app", "no", null, DAY))
                .isEqualTo(new Result.NotFound<>("endpoint"));
        assertThat(catalog.endpoints().rotateSecret(DEFAULT_NO, "no", "ep", null, DAY))
                .isEqualTo(new Result.NotFound<>("application"));
    }

    @Test
    void aSecretThatIsMadeIsANewOne() {
        catalog.endpoints().rotateSecret(DEFAULT_NO, "app", "ep", null, DAY);
        assertThat(endpoint().secret().key()).hasSize(24).isNotEqualTo(secret(1).key());
    }
}
