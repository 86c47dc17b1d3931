package io.posthorn.catalog;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EventType;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogTest {
    private final Clock clock = Clock.fixed(Samples.NOW, ZoneOffset.UTC);
    private final Database db = TestDatabase.fresh();

    @TempDir
    Path folder;

    private SecretBox box;
    private Catalog catalog;

    CatalogTest(@TempDir Path first) throws IOException {
        box = SecretBox.open(null, first);
        catalog = Catalog.load(db.jdbi(), box, clock);
    }

    @BeforeEach
    void nothingYet() {
        assertThat(catalog.apps()).isEmpty();
    }

    @AfterEach
    void close() {
        db.close();
    }

    private Catalog again() {
        return Catalog.load(db.jdbi(), box, clock);
    }

    private static <T> T value(Result<T> result) {
        return switch (result) {
            case Result.Created<T>(T value) -> value;
            case Result.Updated<T>(T value) -> value;
            case Result.Existing<T>(T value) -> value;
            case Result.Deleted<T>(T value) -> value;
            case Result.Conflict<T>(String field, String detail) -> throw new AssertionError(field + ": " + detail);
            case Result.Limited<T>(String detail) -> throw new AssertionError(detail);
            case Result.TooMany<T>(String detail, int _) -> throw new AssertionError(detail);
            case Result.Broken<T>(List<String> path, String rule) -> throw new AssertionError(path + " " + rule);
            case Result.NotFound<T>(String what) -> throw new AssertionError(what + " not found");
        };
    }

    private Application app(String uid) {
        return value(catalog.applications().create(DEFAULT_NO, Samples.appDraft("n", uid), false));
    }

    private Endpoint endpoint(String app, String uid) {
        return value(catalog.endpoints()
                .create(DEFAULT_NO, app, Samples.draft("https://example.com/", uid, List.of("a.b"))));
    }

    @Test
    void whatIsChangedIsSeenAtOnceAndAfterAReload() {
        AppDraft draft = new AppDraft("Ærø \"x\"", "one", Map.of("k", "v", "ключ", "\\"), 7);
        Application app = value(catalog.applications().create(DEFAULT_NO, draft, false));
        Endpoint full = value(catalog.endpoints()
                .create(
                        DEFAULT_NO,
                        "one",
                        new EndpointDraft(
                                "https://example.com/",
                                "e",
                                "d",
                                List.of("a", "b"),
                                List.of("c"),
                                true,
                                3,
                                Map.of("m", "n"),
                                null)));
        Endpoint bare = value(
                catalog.endpoints().create(DEFAULT_NO, app.id(), Samples.draft("https://example.org/", null, null)));
        for (Catalog each : List.of(catalog, again())) {
            AppView view = requireNonNull(each.app(DEFAULT_NO, "one"));
            assertThat(view).isSameAs(each.app(DEFAULT_NO, app.id())).isSameAs(each.appByNo(app.no()));
            assertThat(view.application()).isEqualTo(app);
            assertThat(view.endpoints()).containsExactly(full, bare);
            assertThat(view.endpoint("e")).isEqualTo(full);
            assertThat(view.matching("z", List.of())).containsExactly(bare);
            assertThat(each.apps()).hasSize(1);
        }
    }

    @Test
    void uidsAreUniqueAndMoveOn() {
        Application one = app("one");
        app("two");
        assertThat(catalog.applications().create(DEFAULT_NO, Samples.appDraft("n", "one"), false))
                .isInstanceOf(Result.Conflict.class);
        assertThat(catalog.applications().create(DEFAULT_NO, Samples.appDraft("other", "one"), true))
                .isEqualTo(new Result.Existing<>(one));
        assertThat(catalog.applications().patch(DEFAULT_NO, "two", d -> Samples.appDraft(d.name(), "one")))
                .isInstanceOf(Result.Conflict.class);
        value(catalog.applications().patch(DEFAULT_NO, "one", d -> Samples.appDraft(d.name(), "uno")));
        assertThat(catalog.app(DEFAULT_NO, "one")).isNull();
        assertThat(catalog.app(DEFAULT_NO, "uno")).isNotNull();
        app("one");
        assertThat(again().apps()).hasSize(3);
    }

    @Test
    void endpointUidsAreUniqueInTheirApplicationOnly() {
        app("one");
        app("two");
        endpoint("one", "e");
        endpoint("two", "e");
        assertThat(catalog.endpoints().create(DEFAULT_NO, "one", Samples.draft("https://example.com/", "e", null)))
                .isInstanceOf(Result.Conflict.class);
        assertThat(catalog.endpoints().create(DEFAULT_NO, "three", Samples.draft("https://example.com/", "e", null)))
                .isEqualTo(new Result.NotFound<>("application"));
    }

    @Test
    void puttingTwiceIsPuttingOnce() {
        assertThat(catalog.applications().put(DEFAULT_NO, "p", Samples.appDraft("n", null)))
                .isInstanceOf(Result.Created.class);
        assertThat(catalog.applications().put(DEFAULT_NO, "p", Samples.appDraft("n", null)))
                .isInstanceOf(Result.Updated.class);
        assertThat(catalog.applications().put(DEFAULT_NO, "p", Samples.appDraft("n", "q")))
                .isInstanceOf(Result.Updated.class);
        assertThat(catalog.app(DEFAULT_NO, "p")).isNull();
        assertThat(catalog.applications()
                        .put(DEFAULT_NO, "app_01hzzzzzzzzzzzzzzzzzzzzzzz", Samples.appDraft("n", null)))
                .isEqualTo(new Result.NotFound<>("application"));
        EndpointDraft draft = Samples.draft("https://example.com/", null, null);
        assertThat(catalog.endpoints().put(DEFAULT_NO, "q", "e", draft)).isInstanceOf(Result.Created.class);
        String secret = secretOf("q", "e");
        assertThat(catalog.endpoints().put(DEFAULT_NO, "q", "e", draft)).isInstanceOf(Result.Updated.class);
        assertThat(secretOf("q", "e")).isEqualTo(secret);
    }

    private String secretOf(String app, String endpoint) {
        AppView view = requireNonNull(catalog.app(DEFAULT_NO, app));
        Endpoint found = requireNonNull(view.endpoint(endpoint));
        return found.secret().reveal();
    }

    @Test
    void listenersHearEveryChangeAfterItIsVisible() {
        List<String> heard = new ArrayList<>();
        catalog.onEndpointChange(change -> {
            Endpoint endpoint = change.endpoint();
            AppView view = catalog.appByNo(endpoint.appNo());
            Endpoint visible = view == null ? null : view.endpointByNo(endpoint.no());
            heard.add(
                    switch (change) {
                        case EndpointChange.Changed(Endpoint now) -> "changed " + now.equals(visible);
                        case EndpointChange.Removed(Endpoint was) -> "removed " + (visible == null);
                    });
        });
        app("one");
        Endpoint first = endpoint("one", "first");
        endpoint("one", "second");
        catalog.disable(first.no(), "it said 410 Gone");
        catalog.disable(first.no(), "again");
        value(catalog.endpoints().delete(DEFAULT_NO, "one", "second"));
        value(catalog.applications().delete(DEFAULT_NO, "one"));
        catalog.disable(first.no(), "too late");
        assertThat(heard)
                .containsExactly("changed true", "changed true", "changed true", "removed true", "removed true");
        assertThat(again().apps()).isEmpty();
    }

    @Test
    void aDisabledEndpointKeepsItsReasonUntilItsOwnerEnablesIt() {
        app("one");
        Endpoint endpoint = endpoint("one", "e");
        catalog.disable(endpoint.no(), "it said 410 Gone");
        AppView view = requireNonNull(again().app(DEFAULT_NO, "one"));
        assertThat(view.matching("a.b", List.of())).isEmpty();
        assertThat(view.endpoints()).extracting(Endpoint::disabledReason).containsExactly("it said 410 Gone");
        Endpoint on = value(
                catalog.endpoints().put(DEFAULT_NO, "one", "e", Samples.draft("https://example.com/", null, null)));
        assertThat(on.disabled()).isFalse();
        assertThat(on.disabledReason()).isNull();
    }

    @Test
    void theSecretIsInNoColumnOfAnyTable() throws SQLException {
        app("one");
        Endpoint endpoint = endpoint("one", "e");
        String base64 = endpoint.secret().reveal().substring("whsec_".length());
        String hex = java.util.HexFormat.of().formatHex(endpoint.secret().key());
        String row = db.jdbi()
                .withHandle(h -> h.createQuery("select endpoint::text from endpoint")
                        .mapTo(String.class)
                        .one());
        assertThat(row).contains("https://example.com/").doesNotContain(base64).doesNotContain(hex);
        byte[] stored = db.jdbi()
                .withHandle(h -> h.createQuery("select secret from endpoint")
                        .mapTo(byte[].class)
                        .one());
        assertThat(new String(stored, StandardCharsets.ISO_8859_1))
                .doesNotContain(new String(endpoint.secret().key(), StandardCharsets.ISO_8859_1));
    }

    @Test
    void anotherKeyOrAMovedSecretFailsTheStartWithAReason() throws IOException {
        app("one");
        endpoint("one", "e");
        endpoint("one", "f");
        SecretBox other = SecretBox.open(null, folder);
        assertThatThrownBy(() -> Catalog.load(db.jdbi(), other, clock)).hasMessageContaining("wrong secret key");
        db.jdbi()
                .useHandle(h -> h.execute(
                        "update endpoint set secret = (select secret from endpoint where uid = 'e') where uid = 'f'"));
        assertThatThrownBy(this::again).hasMessageContaining("copied from another row");
    }

    @Test
    void eventTypesAreArchivedAndComeBack() {
        EventTypes types = catalog.eventTypes();
        EventTypeDraft draft =
                new EventTypeDraft("d", false, false, "g", List.of("beta"), "{\"1\": {\"type\": \"object\"}}");
        EventType made = value(types.create(DEFAULT_NO, "a.b", draft));
        assertThat(again().eventType(DEFAULT_NO, "a.b")).isEqualTo(made);
        assertThat(types.create(DEFAULT_NO, "a.b", draft)).isInstanceOf(Result.Conflict.class);
        value(types.delete(DEFAULT_NO, "a.b", false));
        assertThat(types.list(DEFAULT_NO, null, true, 10, false)).isEmpty();
        assertThat(types.list(DEFAULT_NO, null, true, 10, true)).hasSize(1);
        value(types.create(DEFAULT_NO, "a.b", draft));
        assertThat(types.list(DEFAULT_NO, null, true, 10, false)).hasSize(1);
        value(types.put(DEFAULT_NO, "a.c", draft));
        assertThat(types.list(DEFAULT_NO, "a.b", true, 10, false))
                .extracting(EventType::name)
                .containsExactly("a.c");
        assertThat(types.list(DEFAULT_NO, "a.c", false, 10, false))
                .extracting(EventType::name)
                .containsExactly("a.b");
        value(types.delete(DEFAULT_NO, "a.b", true));
        assertThat(types.delete(DEFAULT_NO, "a.b", true)).isEqualTo(new Result.NotFound<>("event type"));
        assertThat(again().eventTypes().list(DEFAULT_NO, null, true, 10, true))
                .extracting(EventType::name)
                .containsExactly("a.c");
    }

    @Test
    void tokensAreShownOnceAndStoredAsHashes() {
        String token = requireNonNull(catalog.ensureAdminToken(null));
        assertThat(token).startsWith("ph_").hasSize(3 + 43);
        assertThat(catalog.ensureAdminToken(null)).isNull();
        for (Catalog each : List.of(catalog, again())) {
            assertThat(each.authenticate(token))
                    .extracting(known -> known.token().name())
                    .isEqualTo("admin");
            assertThat(each.authenticate(token + "x")).isNull();
            assertThat(each.authenticate("")).isNull();
        }
        assertThat(catalog.ensureAdminToken("first-configured")).isNull();
        assertThat(catalog.authenticate("first-configured")).isNotNull();
        catalog.ensureAdminToken("second-configured");
        assertThat(catalog.authenticate("first-configured")).isNull();
        assertThat(again().authenticate("second-configured")).isNotNull();
        assertThat(again().authenticate(token)).isNotNull();
        assertThatThrownBy(() -> catalog.ensureAdminToken("two words")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRefusedChangeLeavesMemoryAsItWas() {
        AtomicBoolean refuse = new AtomicBoolean();
        Catalog guarded = Catalog.load(db.jdbi(), box, clock, tx -> {
            if (refuse.get()) {
                throw new SQLException("stale owner", "PH001");
            }
        });
        value(guarded.applications().create(DEFAULT_NO, Samples.appDraft("n", "one"), false));
        refuse.set(true);
        assertThatThrownBy(() -> guarded.applications().create(DEFAULT_NO, Samples.appDraft("n", "two"), false))
                .hasRootCauseInstanceOf(SQLException.class);
        assertThatThrownBy(() -> guarded.applications().delete(DEFAULT_NO, "one"))
                .hasRootCauseInstanceOf(SQLException.class);
        assertThat(guarded.app(DEFAULT_NO, "two")).isNull();
        assertThat(guarded.app(DEFAULT_NO, "one")).isNotNull();
    }

    /** The transaction has happened, but its answer was lost. */
    @Test
    void whatIsInDoubtIsReadAgainBeforeTheNextChange() {
        AtomicBoolean lose = new AtomicBoolean();
        Catalog doubtful = Catalog.load(db.jdbi(), box, clock, tx -> {
            if (lose.get()) {
                try (var statement = tx.createStatement()) {
                    statement.execute("update endpoint set description = 'as committed'");
                    statement.execute("delete from endpoint where uid = 'gone'");
                    tx.commit();
                }
                throw new SQLException("connection lost after commit", "08006");
            }
        });
        value(doubtful.applications().create(DEFAULT_NO, Samples.appDraft("n", "one"), false));
        for (String uid : List.of("stays", "gone")) {
            value(doubtful.endpoints().create(DEFAULT_NO, "one", Samples.draft("https://example.com/", uid, null)));
        }
        List<String> heard = new ArrayList<>();
        doubtful.onEndpointChange(change -> heard.add(
                change.getClass().getSimpleName() + " " + change.endpoint().uid()));
        lose.set(true);
        assertThatThrownBy(() -> doubtful.endpoints().patch(DEFAULT_NO, "one", "stays", d -> d))
                .hasRootCauseInstanceOf(SQLException.class);
        lose.set(false);
        doubtful.reconcile();
        AppView view = requireNonNull(doubtful.app(DEFAULT_NO, "one"));
        assertThat(view.endpoints()).extracting(Endpoint::description).containsExactly("as committed");
        assertThat(heard).containsExactly("Changed stays", "Removed gone");
    }

    @Test
    void anEnvironmentHasABoundOfEventTypes() {
        EventTypeDraft draft = new EventTypeDraft("d", false, false, null, null, null);
        db.jdbi().useHandle(handle -> handle.execute("""
                        insert into event_type (env_no, name, description, created_at, updated_at)
                        select ?, 'n' || i, 'd', now(), now() from generate_series(2, ?) i
                        """, DEFAULT_NO, EventTypes.MOST));
        EventTypes full = again().eventTypes();
        assertThat(full.create(DEFAULT_NO, "last", draft)).isInstanceOf(Result.Created.class);
        assertThat(full.create(DEFAULT_NO, "more", draft))
                .isInstanceOfSatisfying(
                        Result.Conflict.class,
                        conflict -> assertThat(conflict.detail()).contains("10000"));
        assertThat(full.put(DEFAULT_NO, "more", draft)).isInstanceOf(Result.Conflict.class);
        assertThat(full.put(DEFAULT_NO, "n7", draft)).isInstanceOf(Result.Updated.class);
        assertThat(full.delete(DEFAULT_NO, "n7", false)).isInstanceOf(Result.Deleted.class);
        assertThat(full.create(DEFAULT_NO, "more", draft)).isInstanceOf(Result.Conflict.class);
        assertThat(full.create(DEFAULT_NO, "n7", draft)).isInstanceOf(Result.Created.class);
        assertThat(full.delete(DEFAULT_NO, "n8", true)).isInstanceOf(Result.Deleted.class);
        assertThat(full.create(DEFAULT_NO, "more", draft)).isInstanceOf(Result.Created.class);
    }

    @Test
    void anApplicationHasABoundOfEndpoints() {
        Application app = app("full");
        Endpoint[] many = IntStream.rangeClosed(1, Endpoints.MOST)
                .mapToObj(no -> Samples.endpoint(-no, null, null, true))
                .toArray(Endpoint[]::new);
        Directory directory = new Directory();
        directory.put(AppView.of(app, many));
        PgCatalog pg = new PgCatalog(db.jdbi(), box, new PgWrites(db.jdbi(), WriteGuard.NONE));
        Endpoints full = new Endpoints(
                directory,
                catalog.eventTypes(),
                catalog.profiles(),
                pg,
                new Changes(subject -> {}),
                clock,
                new SecureRandom(),
                EndpointLimit.NONE);
        EndpointDraft draft = Samples.draft("https://example.com/", "uid", null);
        for (Result<Endpoint> refused :
                List.of(full.create(DEFAULT_NO, "full", draft), full.put(DEFAULT_NO, "full", "uid", draft))) {
            assertThat(refused)
                    .isInstanceOfSatisfying(
                            Result.Conflict.class,
                            conflict -> assertThat(conflict.detail()).contains("100000"));
        }
        directory.put(requireNonNull(directory.find(app.no())).without(-1));
        assertThat(full.create(DEFAULT_NO, "full", draft)).isInstanceOf(Result.Created.class);
    }
}
