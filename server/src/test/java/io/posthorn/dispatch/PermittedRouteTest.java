package io.posthorn.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointChange;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.EndpointLimit;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.catalog.SecretBox;
import io.posthorn.catalog.WriteGuard;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Environment;
import io.posthorn.model.Message;
import io.posthorn.model.SchemaMode;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What was handed over before a scope was taken away is stopped on its way. */
@Timeout(60)
@Requirement("E6")
final class PermittedRouteTest {
    private static final int ENV = Environment.DEFAULT_NO;

    @TempDir
    private Path folder = Path.of("");

    private final Database db = TestDatabase.fresh();
    private final Vertx vertx = Vertx.vertx();
    private final List<String> sent = new ArrayList<>();
    private final List<String> taken = new ArrayList<>();
    private final Route usual = (message, attempt, done) -> {
        sent.add(message.eventType);
        done.accept(new Exchange(1, 1, new Outcome.Response(204, "", new byte[0], false, null)));
    };

    @SuppressWarnings("NullAway.Init") // opened before each test
    private Catalog catalog;

    @BeforeEach
    void open() throws Exception {
        EndpointLimit.Watcher watcher = new EndpointLimit.Watcher() {
            @Override
            public void reached(Application application, int limit, int active) {}

            @Override
            public void scopesTaken(
                    Application application, List<String> scopes, int endpoints, List<String> eventTypes) {
                taken.add(scopes + " " + endpoints + " " + eventTypes);
            }
        };
        catalog = Catalog.load(
                db.jdbi(),
                SecretBox.open(null, folder),
                Clock.systemUTC(),
                WriteGuard.NONE,
                new EndpointLimit(100, watcher));
        catalog.applications().create(ENV, new AppDraft("a", "a", Map.of(), null), false);
        catalog.eventTypes()
                .create(
                        ENV,
                        "shift.made",
                        new EventTypeDraft(
                                "d",
                                false,
                                false,
                                null,
                                null,
                                null,
                                new EventTypeDraft.Promise(
                                        null, List.of("Shift"), false, SchemaMode.OFF, null, Map.of())));
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        db.close();
    }

    private Application scopes(@Nullable List<String> names) {
        catalog.applications()
                .patch(
                        ENV,
                        "a",
                        app -> new AppDraft(
                                app.name(), app.uid(), app.metadata(), null, null, null, new AppDraft.Scopes(names)));
        return requireNonNull(catalog.app(ENV, "a")).application();
    }

    private Endpoint endpoint(@Nullable List<String> types) {
        catalog.endpoints()
                .create(
                        ENV,
                        "a",
                        new EndpointDraft("https://a.example/", null, "", types, null, false, null, Map.of(), null));
        return requireNonNull(catalog.app(ENV, "a")).endpoints().getLast();
    }

    private Outcome send(Route route, Endpoint endpoint, String type) throws Exception {
        Message message = new Message(
                endpoint.appNo(),
                1,
                1,
                "msg_1",
                type,
                null,
                List.of(),
                List.of(),
                "{}".getBytes(StandardCharsets.UTF_8));
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        route.send(message, 1, exchange -> outcome.complete(exchange.outcome()));
        return outcome.get(30, TimeUnit.SECONDS);
    }

    private Route route(Endpoint endpoint) {
        return PermittedRoute.of(usual, catalog, endpoint, vertx.getOrCreateContext(), Time.system());
    }

    @Test
    void onlyAnApplicationWithScopesHasARouteOfItsOwn() {
        Endpoint endpoint = endpoint(null);
        assertThat(route(endpoint)).isSameAs(usual);
        scopes(List.of());
        assertThat(route(endpoint)).isNotSameAs(usual);
    }

    @Test
    void itSendsWhatTheApplicationMayBeToldOfAtThatMoment() throws Exception {
        scopes(List.of("Shift"));
        Endpoint endpoint = endpoint(null);
        Route route = route(endpoint);
        assertThat(send(route, endpoint, "shift.made")).isInstanceOf(Outcome.Response.class);
        scopes(List.of("Other"));
        assertThat(send(route, endpoint, "shift.made")).isInstanceOf(Outcome.Unwanted.class);
        assertThat(send(route, endpoint, "unknown")).isInstanceOf(Outcome.Response.class);
        scopes(null);
        assertThat(send(route, endpoint, "shift.made")).isInstanceOf(Outcome.Response.class);
        assertThat(sent).containsExactly("shift.made", "unknown", "shift.made");
    }

    @Test
    void routesAreMadeAnewWhenAnApplicationIsRestrictedOrFree() {
        Endpoint endpoint = endpoint(null);
        List<EndpointChange> changes = new ArrayList<>();
        catalog.onEndpointChange(changes::add);
        scopes(List.of("Shift"));
        assertThat(changes).containsExactly(new EndpointChange.Changed(endpoint));
        scopes(List.of());
        assertThat(changes).hasSize(1);
        scopes(null);
        assertThat(changes).hasSize(2);
    }

    @Test
    void whatIsTakenIsTold() {
        scopes(List.of("Shift", "Other"));
        endpoint(null);
        endpoint(List.of("shift.made"));
        endpoint(List.of("other"));
        endpoint(List.of("shift.*"));
        assertThat(taken).containsExactly("[] 0 []");
        scopes(List.of("Shift"));
        scopes(List.of("Shift", "More"));
        scopes(List.of("More"));
        scopes(null);
        scopes(List.of());
        assertThat(taken).containsExactly("[] 0 []", "[Other] 0 []", "[Shift] 3 [shift.made]", "[] 3 [shift.made]");
    }
}
