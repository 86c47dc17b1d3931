package io.posthorn.catalog;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.Requirement;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Environment;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import io.posthorn.wire.ContentException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfilesTest {
    private static final String THREE = "delivery: {timeout: 3s, retry: {maxAttempts: 3}}\nlimits: {rateLimit: 7}";
    private static final String FIVE = "delivery: {timeout: 5s, order: {mode: fifo}}\nlimits: {rateLimit: 9}";

    private final Database db = TestDatabase.fresh();
    private final SecretBox box;
    private Catalog catalog;

    ProfilesTest(@TempDir Path folder) throws IOException {
        box = SecretBox.open(null, folder);
        catalog = load();
    }

    @BeforeEach
    void app() {
        value(catalog.applications().create(DEFAULT_NO, Samples.appDraft("n", "a"), false));
    }

    @AfterEach
    void close() {
        db.close();
    }

    private Catalog load() {
        return Catalog.load(db.jdbi(), box, Clock.systemUTC());
    }

    @Test
    void anEndpointHasItsOwnOrTheNamedOrTheEnvironmentsOrStandard() throws Exception {
        value(catalog.profiles().put(DEFAULT_NO, "three", THREE));
        Endpoint plain = endpoint("plain", shape -> shape);
        Endpoint named = endpoint("named", shape -> with("three", null));
        Endpoint own = endpoint("own", shape -> with(null, FIVE));

        assertThat(catalog.profiles().of(plain).isStandard()).isTrue();
        assertThat(catalog.profiles().of(named).name()).isEqualTo("three");
        assertThat(catalog.profiles().of(own).name()).isEqualTo(ActiveProfile.OWN);
        value(catalog.profiles().setDefault(environment(), "admin"));
        assertThat(catalog.profiles().of(plain).name()).isEqualTo("admin");
        assertThat(catalog.profiles().of(named).name()).isEqualTo("three");
        Catalog again = load();
        for (String uid : List.of("plain", "named", "own")) {
            Endpoint there =
                    requireNonNull(requireNonNull(again.app(DEFAULT_NO, "a")).endpoint(uid));
            assertThat(there).isEqualTo(present(uid));
            assertThat(again.profiles().of(there).base())
                    .isEqualTo(catalog.profiles().of(present(uid)).base());
        }
    }

    @Test
    @Requirement({"B23", "B29", "B42", "B43", "B44"})
    void adminsDeliveriesAreThoseOfItsDocuments() {
        DeliveryPolicy delivery = endpoint("e", shape -> with("admin", null)).delivery();

        assertThat(delivery.timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(delivery.order().mode()).isEqualTo(DeliveryPolicy.Mode.FIFO);
        assertThat(delivery.retry().maxAge()).isEqualTo(Duration.ofHours(24));
        assertThat(requireNonNull(delivery.retry().exponential()).factor()).isEqualTo(2);
        assertThat(delivery.retry().statuses()).isNull();
        assertThat(delivery.success().statuses()).isNull();
        assertThat(delivery.circuit().keepFor()).isEqualTo(Duration.ofHours(24));
    }

    @Test
    @Requirement("B24")
    void adminTriesAllThatIsNoSuccessAgain() {
        assertThat(endpoint("e", shape -> with("admin", null)).delivery().retry())
                .satisfies(retry -> {
                    assertThat(retry.statuses()).isNull();
                    assertThat(retry.timeouts()).isTrue();
                    assertThat(retry.connectionErrors()).isTrue();
                });
        assertThat(endpoint("f", shape -> with("admin", null))
                        .delivery()
                        .disabling()
                        .onGone())
                .isFalse();
    }

    @Test
    void administratesDeliveriesAreThoseOfItsDocuments() {
        DeliveryPolicy delivery =
                endpoint("e", shape -> with("administrate", null)).delivery();

        assertThat(delivery.retry().schedule())
                .containsExactly(Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(2));
        assertThat(delivery.retry().jitter()).isZero();
        assertThat(delivery.retry().statuses()).containsExactly("5xx", "429");
        assertThat(delivery.notification().onRejected()).isTrue();
        assertThat(delivery.circuit().enabled()).isFalse();
        assertThat(delivery.disabling().onGone()).isFalse();
        assertThat(delivery.disabling().failingFor()).isNull();
    }

    @Test
    @Requirement({"C13", "C14", "C24"})
    void prismaticTakesAPlain200UnlessItsOwnerLooksForAReplyAndCanBeInOrder() {
        Endpoint endpoint = endpoint("e", shape -> with("prismatic", null));

        assertThat(endpoint.delivery().success()).isEqualTo(DeliveryPolicy.DEFAULT.success());
        Endpoint looking = change("e", "{\"success\":{\"expression\":\"$exists(body.executionId)\"}}");
        assertThat(looking.delivery().success().expression()).isEqualTo("$exists(body.executionId)");
        Endpoint inOrder = change("e", "{\"order\":{\"mode\":\"fifo\"}}");
        assertThat(inOrder.delivery().order().mode()).isEqualTo(DeliveryPolicy.Mode.FIFO);
        assertThat(inOrder.delivery().success().expression()).isEqualTo("$exists(body.executionId)");
    }

    @Test
    void whatTheOwnerHasDecidedStaysWhenTheProfileIsAnother() {
        value(catalog.profiles().put(DEFAULT_NO, "three", THREE));
        value(catalog.profiles().put(DEFAULT_NO, "five", FIVE));
        endpoint("e", shape -> with("three", null));
        Endpoint decided = change("e", "{\"retry\":{\"maxAttempts\":8}}");
        assertThat(decided.delivery().timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(decided.rateLimit()).isEqualTo(7);

        Endpoint other = shaped("e", shape -> with("five", null));

        assertThat(other.delivery().timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(other.delivery().order().mode()).isEqualTo(DeliveryPolicy.Mode.FIFO);
        assertThat(other.delivery().retry().maxAttempts()).isEqualTo(8);
        assertThat(other.rateLimit()).isEqualTo(9);
        Endpoint none = shaped("e", shape -> EndpointShape.DEFAULT);
        assertThat(none.delivery().timeout()).isNull();
        assertThat(none.delivery().order().mode()).isEqualTo(DeliveryPolicy.Mode.UNORDERED);
        assertThat(none.delivery().retry().maxAttempts()).isEqualTo(8);
        assertThat(none.rateLimit()).isNull();
    }

    @Test
    void whatTheOwnerHasDecidedStaysWhenTheProfileChanges() {
        value(catalog.profiles().put(DEFAULT_NO, "p", THREE));
        endpoint("plain", shape -> with("p", null));
        endpoint("decided", shape -> with("p", null));
        endpoint("elsewhere", shape -> shape);
        change("decided", "{\"timeout\":\"9s\"}");
        List<String> told = new ArrayList<>();
        catalog.onEndpointChange(
                change -> told.add(String.valueOf(change.endpoint().uid())));

        value(catalog.profiles().put(DEFAULT_NO, "p", FIVE));

        assertThat(told).containsExactlyInAnyOrder("plain", "decided");
        for (Catalog each : List.of(catalog, load())) {
            Map<String, Endpoint> now = Map.of(
                    "plain",
                            requireNonNull(
                                    requireNonNull(each.app(DEFAULT_NO, "a")).endpoint("plain")),
                    "decided",
                            requireNonNull(
                                    requireNonNull(each.app(DEFAULT_NO, "a")).endpoint("decided")));
            assertThat(requireNonNull(now.get("plain")).delivery().timeout()).isEqualTo(Duration.ofSeconds(5));
            assertThat(requireNonNull(now.get("plain")).delivery().retry().maxAttempts())
                    .isNull();
            assertThat(requireNonNull(now.get("plain")).rateLimit()).isEqualTo(9);
            assertThat(requireNonNull(now.get("decided")).delivery().timeout()).isEqualTo(Duration.ofSeconds(9));
            assertThat(requireNonNull(now.get("decided")).delivery().order().mode())
                    .isEqualTo(DeliveryPolicy.Mode.FIFO);
        }
    }

    @Test
    void theEnvironmentsProfileReachesThoseThatHaveChosenNone() {
        value(catalog.profiles().put(DEFAULT_NO, "p", THREE));
        endpoint("none", shape -> shape);
        endpoint("named", shape -> with("admin", null));

        Environment environment = value(catalog.profiles().setDefault(environment(), "p"));

        assertThat(environment.profile()).isEqualTo("p");
        assertThat(present("none").delivery().timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(present("named").delivery().order().mode()).isEqualTo(DeliveryPolicy.Mode.FIFO);
        assertThat(requireNonNull(load().environments().find(DEFAULT_NO)).profile())
                .isEqualTo("p");
        assertThat(endpoint("later", shape -> shape).delivery().timeout()).isEqualTo(Duration.ofSeconds(3));
        value(catalog.profiles().put(DEFAULT_NO, "p", FIVE));
        assertThat(present("none").delivery().timeout()).isEqualTo(Duration.ofSeconds(5));
        value(catalog.profiles().setDefault(environment(), null));
        assertThat(present("none").delivery()).isEqualTo(DeliveryPolicy.DEFAULT);
        assertThat(catalog.profiles().setDefault(environment(), "nobody")).isInstanceOf(Result.Broken.class);
        assertThat(catalog.profiles().setDefault("nowhere", "p")).isInstanceOf(Result.NotFound.class);
    }

    @Test
    void whatIsUsedCannotGo() {
        value(catalog.profiles().put(DEFAULT_NO, "p", THREE));
        endpoint("e", shape -> with("p", null));
        assertThat(catalog.profiles().delete(DEFAULT_NO, "p"))
                .isInstanceOfSatisfying(
                        Result.Conflict.class,
                        conflict -> assertThat(conflict.detail()).startsWith("1 endpoint has this profile"));
        shaped("e", shape -> EndpointShape.DEFAULT);
        value(catalog.profiles().setDefault(environment(), "p"));
        assertThat(catalog.profiles().delete(DEFAULT_NO, "p")).isInstanceOf(Result.Conflict.class);
        value(catalog.profiles().setDefault(environment(), null));
        assertThat(catalog.profiles().delete(DEFAULT_NO, "p")).isInstanceOf(Result.Deleted.class);
        assertThat(catalog.profiles().delete(DEFAULT_NO, "p")).isInstanceOf(Result.NotFound.class);
        assertThat(load().profiles().find(DEFAULT_NO, "p")).isNull();
        assertThat(catalog.profiles().delete(DEFAULT_NO, "admin")).isInstanceOf(Result.Conflict.class);
        assertThat(catalog.profiles().put(DEFAULT_NO, "admin", THREE)).isInstanceOf(Result.Conflict.class);
    }

    @Test
    void aProfileOfAnotherEnvironmentIsNobodys() {
        Environment other = value(catalog.environments().create("other"));
        value(catalog.profiles().put(other.no(), "theirs", THREE));

        assertThat(catalog.profiles().find(DEFAULT_NO, "theirs")).isNull();
        assertThat(catalog.endpoints().create(DEFAULT_NO, "a", draft("e", shape -> with("theirs", null))))
                .isInstanceOfSatisfying(
                        Result.Broken.class,
                        broken -> assertThat((Object) broken.path()).isEqualTo(List.of("profile")));
        assertThat(catalog.endpoints().create(DEFAULT_NO, "a", draft("e", shape -> with(null, "method: 1"))))
                .isInstanceOfSatisfying(
                        Result.Broken.class,
                        broken -> assertThat(broken.rule()).contains("line 1, column 9: method must be a text"));
        assertThat(catalog.environments().delete("other")).isInstanceOf(Result.Deleted.class);
        assertThat(load().profiles().find(other.no(), "theirs")).isNull();
    }

    @Test
    void whatAnotherVersionStoredDoesNotKeepTheServerFromStarting() {
        value(catalog.profiles().put(DEFAULT_NO, "p", THREE));
        Endpoint endpoint = endpoint("e", shape -> with("p", null));
        db.jdbi().useHandle(handle -> handle.execute("update profile set source = 'unknown: 1'"));

        Catalog again = load();

        assertThat(again.profiles().find(DEFAULT_NO, "p")).isNull();
        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> again.profiles().of(endpoint)))
                .isInstanceOf(ContentException.class)
                .hasMessage("there is no profile p, or it cannot be read by this version");
        assertThat(requireNonNull(requireNonNull(again.app(DEFAULT_NO, "a")).endpoint("e"))
                        .delivery())
                .isEqualTo(endpoint.delivery());
    }

    private Endpoint endpoint(String uid, UnaryOperator<EndpointShape> shape) {
        return value(catalog.endpoints().create(DEFAULT_NO, "a", draft(uid, shape)));
    }

    private static EndpointDraft draft(String uid, UnaryOperator<EndpointShape> shape) {
        return new EndpointDraft(
                "https://example.com/",
                uid,
                "",
                null,
                null,
                false,
                null,
                Map.of(),
                null,
                null,
                1,
                null,
                shape,
                null,
                null);
    }

    private Endpoint shaped(String uid, UnaryOperator<EndpointShape> shape) {
        return value(catalog.endpoints().patch(DEFAULT_NO, "a", uid, was -> changed(was, null, shape)));
    }

    private Endpoint change(String uid, String delivery) {
        return value(catalog.endpoints().patch(DEFAULT_NO, "a", uid, was -> changed(was, delivery, null)));
    }

    private static EndpointDraft changed(
            EndpointDraft was, @Nullable String delivery, @Nullable UnaryOperator<EndpointShape> shape) {
        return new EndpointDraft(
                was.url(),
                was.uid(),
                was.description(),
                was.eventTypes(),
                was.channels(),
                was.disabled(),
                was.rateLimit(),
                was.metadata(),
                null,
                null,
                was.version(),
                delivery == null
                        ? null
                        : (present, usual) -> PolicyCodec.read(tree(delivery), present, usual, (path, rule) -> {
                            throw new AssertionError(path + " " + rule);
                        }),
                shape,
                null,
                null);
    }

    private static com.fasterxml.jackson.databind.JsonNode tree(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static EndpointShape with(@Nullable String name, @Nullable String own) {
        return new EndpointShape(name, own, null, null, false, null);
    }

    private Endpoint present(String uid) {
        return requireNonNull(requireNonNull(catalog.app(DEFAULT_NO, "a")).endpoint(uid));
    }

    private String environment() {
        return requireNonNull(catalog.environments().find(DEFAULT_NO)).id();
    }

    private static <T> T value(Result<T> result) {
        return switch (result) {
            case Result.Created<T>(T value) -> value;
            case Result.Updated<T>(T value) -> value;
            default -> throw new AssertionError(result);
        };
    }
}
