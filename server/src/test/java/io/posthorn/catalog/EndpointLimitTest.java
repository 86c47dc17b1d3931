package io.posthorn.catalog;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EndpointLimitTest {
    private static final int USUAL = 3;

    private final Clock clock = Clock.fixed(Samples.NOW, ZoneOffset.UTC);
    private final Database db = TestDatabase.fresh();
    private final List<String> reached = new ArrayList<>();

    @TempDir
    Path folder;

    private Catalog catalog;

    @BeforeEach
    void anApplication() throws IOException {
        catalog = load();
        catalog.applications().create(DEFAULT_NO, Samples.appDraft("n", "a"), false);
    }

    @AfterEach
    void close() {
        db.close();
    }

    private Catalog load() throws IOException {
        EndpointLimit limit =
                new EndpointLimit(USUAL, (app, most, active) -> reached.add(app.uid() + " " + active + " of " + most));
        return Catalog.load(db.jdbi(), SecretBox.open(null, folder), clock, WriteGuard.NONE, limit);
    }

    private Result<Endpoint> create(String uid) {
        return catalog.endpoints().create(DEFAULT_NO, "a", Samples.draft("https://example.com/", uid, null));
    }

    private Result<Endpoint> enabled(String uid, boolean enabled) {
        return catalog.endpoints().patch(DEFAULT_NO, "a", uid, draft -> draft(draft.url(), uid, !enabled));
    }

    private static EndpointDraft draft(String url, String uid, boolean disabled) {
        return new EndpointDraft(url, uid, "", null, null, disabled, null, Map.of(), null);
    }

    private static List<Endpoint> endpoints(Catalog catalog) {
        return requireNonNull(catalog.app(DEFAULT_NO, "a")).endpoints();
    }

    private static void isRefused(Result<Endpoint> result, String... says) {
        assertThat(result)
                .isInstanceOfSatisfying(
                        Result.Limited.class,
                        limited -> assertThat(limited.detail()).contains(says));
    }

    @Test
    @Requirement({"B40", "B41"})
    void oneMoreThanTheLimitIsRefused() {
        for (String uid : List.of("one", "two", "three")) {
            assertThat(create(uid)).isInstanceOf(Result.Created.class);
        }
        assertThat(reached).as("nobody was refused yet").isEmpty();
        isRefused(create("four"), "may have 3 active endpoints and has 3", "administrator");
        isRefused(catalog.endpoints().put(DEFAULT_NO, "a", "four", draft("https://example.com/", "four", false)), "3");
        assertThat(reached).containsExactly("a 3 of 3", "a 3 of 3");
        assertThat(endpoints(catalog)).hasSize(3);
    }

    @Test
    @Requirement("B41")
    void anApplicationMayHaveALimitOfItsOwn() throws IOException {
        limit(5);
        for (int i = 0; i < 5; i++) {
            assertThat(create("u" + i)).isInstanceOf(Result.Created.class);
        }
        isRefused(create("one-more"), "may have 5 active endpoints and has 5");
        limit(2);
        assertThat(endpoints(catalog)).as("nothing is taken away").hasSize(5);
        isRefused(create("one-more"), "may have 2 active endpoints and has 5");
        assertThat(reached).containsExactly("a 5 of 5", "a 5 of 2");
        assertThat(enabled("u0", true)).as("it is enabled already").isInstanceOf(Result.Updated.class);
        enabled("u0", false);
        isRefused(enabled("u0", true), "has 4");
        catalog = load();
        isRefused(enabled("u0", true), "may have 2 active endpoints and has 4");
        limit(null);
        isRefused(enabled("u0", true), "may have 3 active endpoints and has 4");
    }

    private void limit(@Nullable Integer limit) {
        Result<Application> changed = catalog.applications()
                .patch(
                        DEFAULT_NO,
                        "a",
                        app -> new AppDraft(
                                app.name(), app.uid(), app.metadata(), null, false, new AppDraft.Limit(limit), null));
        assertThat(changed).isInstanceOf(Result.Updated.class);
    }

    @Test
    void whatIsDisabledDoesNotCountUntilItIsEnabled() {
        create("one");
        create("two");
        assertThat(catalog.endpoints().create(DEFAULT_NO, "a", draft("https://example.com/", "off", true)))
                .isInstanceOf(Result.Created.class);
        create("three");
        isRefused(enabled("off", true), "3");
        isRefused(catalog.endpoints().put(DEFAULT_NO, "a", "off", draft("https://example.com/", "off", false)), "3");
        assertThat(enabled("one", true)).as("it is enabled already").isInstanceOf(Result.Updated.class);
        assertThat(enabled("one", false)).isInstanceOf(Result.Updated.class);
        assertThat(enabled("off", true)).isInstanceOf(Result.Updated.class);
        isRefused(enabled("one", true), "3");
        catalog.endpoints().delete(DEFAULT_NO, "a", "two");
        assertThat(enabled("one", true)).isInstanceOf(Result.Updated.class);
    }

    @Test
    void whatLivesAsLongAsAConnectionDoesNotCount() {
        create("one");
        create("two");
        EndpointDraft temporary =
                new EndpointDraft(Endpoint.TEMPORARY + "x", null, "", null, null, false, null, Map.of(), null);
        assertThat(catalog.endpoints().create(DEFAULT_NO, "a", temporary)).isInstanceOf(Result.Created.class);
        create("three");
        assertThat(catalog.endpoints().create(DEFAULT_NO, "a", temporary)).isInstanceOf(Result.Created.class);
        isRefused(create("four"), "has 3");
    }

    @Test
    @Requirement("B40")
    void atOnceThereAreNoMore() throws Exception {
        List<Callable<Result<Endpoint>>> calls = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String uid = "u" + i;
            calls.add(() -> create(uid));
        }
        int created = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Result<Endpoint>> result : threads.invokeAll(calls)) {
                created += result.get() instanceof Result.Created ? 1 : 0;
            }
        }
        assertThat(created).isEqualTo(USUAL);
        assertThat(endpoints(load())).hasSize(USUAL);
    }
}
