package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.svix.Svix;
import com.svix.api.ApplicationListOptions;
import com.svix.api.EventTypeDeleteOptions;
import com.svix.api.EventTypeListOptions;
import com.svix.exceptions.ApiException;
import com.svix.models.ApplicationIn;
import com.svix.models.ApplicationOut;
import com.svix.models.ApplicationPatch;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import com.svix.models.EndpointUpdate;
import com.svix.models.EventTypeIn;
import com.svix.models.EventTypeOut;
import com.svix.models.EventTypePatch;
import com.svix.models.EventTypeUpdate;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every field that the Svix client knows of applications, endpoints and event types, there and back. */
@SuppressWarnings("deprecation") // rateLimit and featureFlag: older clients send them
final class SvixFieldsTest {
    private static final URI URL = URI.create("https://example.com/hooks");
    private static ServerProcess server;
    private static Svix svix;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder);
        svix = server.api().svix();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    void everyFieldOfAnApplication() throws Exception {
        ApplicationOut made = svix.getApplication()
                .create(new ApplicationIn()
                        .name("Acme")
                        .uid("app.full_1-a")
                        .throttleRate(7L)
                        .rateLimit(7L)
                        .metadata(Map.of("k", "v")));
        assertThat(made.getId()).startsWith("app_");
        assertThat(made.getName()).isEqualTo("Acme");
        assertThat(made.getUid()).isEqualTo("app.full_1-a");
        assertThat(made.getThrottleRate()).isEqualTo(7L);
        assertThat(made.getRateLimit()).isEqualTo(7L);
        assertThat(made.getMetadata()).isEqualTo(Map.of("k", "v"));
        assertThat(made.getCreatedAt()).isEqualTo(made.getUpdatedAt()).isNotNull();
        assertThat(svix.getApplication().get("app.full_1-a")).isEqualTo(made);
        assertThat(svix.getApplication()
                        .getOrCreate(new ApplicationIn().name("x").uid("app.full_1-a")))
                .isEqualTo(made);

        ApplicationOut same = svix.getApplication().patch("app.full_1-a", new ApplicationPatch().name("B"));
        assertThat(same.getName()).isEqualTo("B");
        assertThat(same.getUid()).isEqualTo(made.getUid());
        assertThat(same.getThrottleRate()).isEqualTo(7L);
        assertThat(same.getMetadata()).isEqualTo(made.getMetadata());
        ApplicationOut bare = svix.getApplication()
                .patch(
                        made.getId(),
                        new ApplicationPatch().uid(null).throttleRate(null).metadata(Map.of()));
        assertThat(bare.getUid()).isNull();
        assertThat(bare.getRateLimit()).isNull();
        assertThat(bare.getMetadata()).isEmpty();

        ApplicationOut upserted = svix.getApplication().update("app.new_1-a", new ApplicationIn().name("New"));
        assertThat(upserted.getUid()).isEqualTo("app.new_1-a");
        assertThat(svix.getApplication()
                        .update("app.new_1-a", new ApplicationIn().name("Newer"))
                        .getId())
                .isEqualTo(upserted.getId());
        svix.getApplication().delete("app.new_1-a");
        assertThatThrownBy(() -> svix.getApplication().get("app.new_1-a"))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getCode()).isEqualTo(404));
    }

    @Test
    void applicationsAreLeftOutByTheirEndpoints() throws Exception {
        for (String uid : List.of("none", "off", "mixed", "play")) {
            svix.getApplication().create(new ApplicationIn().name(uid).uid("list-" + uid));
        }
        svix.getEndpoint().create("list-off", new EndpointIn().url(URL).disabled(true));
        svix.getEndpoint().create("list-mixed", new EndpointIn().url(URL).disabled(true));
        svix.getEndpoint().create("list-mixed", new EndpointIn().url(URL));
        svix.getEndpoint().create("list-play", new EndpointIn().url(URI.create("https://play.svix.com/in/e_1/")));

        assertThat(listed(all -> {})).containsExactly("none", "off", "mixed", "play");
        assertThat(listed(o -> o.setExcludeAppsWithNoEndpoints(true))).containsExactly("off", "mixed", "play");
        assertThat(listed(o -> o.setExcludeAppsWithDisabledEndpoints(true))).containsExactly("none", "mixed", "play");
        assertThat(listed(o -> o.setExcludeAppsWithSvixPlayEndpoints(true))).containsExactly("none", "off", "mixed");
        assertThat(listed(o -> {
                    o.setExcludeAppsWithNoEndpoints(false);
                    o.setExcludeAppsWithDisabledEndpoints(false);
                    o.setExcludeAppsWithSvixPlayEndpoints(false);
                }))
                .hasSize(4);
    }

    private static List<String> listed(Consumer<ApplicationListOptions> chosen) throws Exception {
        ApplicationListOptions options = new ApplicationListOptions();
        options.setLimit(250L);
        chosen.accept(options);
        return svix.getApplication().list(options).getData().stream()
                .map(ApplicationOut::getUid)
                .filter(uid -> uid != null && uid.startsWith("list-"))
                .map(uid -> uid.substring("list-".length()))
                .toList();
    }

    @Test
    void everyFieldOfAnEndpoint() throws Exception {
        String app = svix.getApplication().create(new ApplicationIn().name("e")).getId();
        EndpointOut made = svix.getEndpoint()
                .create(
                        app,
                        new EndpointIn()
                                .url(URL)
                                .uid("ep.full_1-a")
                                .description("d")
                                .version(3L)
                                .filterTypes(Set.of("a.b", "c"))
                                .channels(Set.of("x"))
                                .disabled(true)
                                .throttleRate(9L)
                                .rateLimit(9L)
                                .headers(Map.of("X-Env", "test"))
                                .metadata(Map.of("k", "v")));
        assertThat(made.getId()).startsWith("ep_");
        assertThat(made.getUrl()).isEqualTo(URL);
        assertThat(made.getUid()).isEqualTo("ep.full_1-a");
        assertThat(made.getDescription()).isEqualTo("d");
        assertThat(made.getVersion()).isEqualTo(3);
        assertThat(made.getFilterTypes()).isEqualTo(Set.of("a.b", "c"));
        assertThat(made.getChannels()).isEqualTo(Set.of("x"));
        assertThat(made.getDisabled()).isTrue();
        assertThat(made.getThrottleRate()).isEqualTo(9L);
        assertThat(made.getRateLimit()).isEqualTo(9L);
        assertThat(made.getMetadata()).isEqualTo(Map.of("k", "v"));
        assertThat(made.getCreatedAt()).isNotNull();
        assertThat(made.getUpdatedAt()).isNotNull();
        assertThat(svix.getEndpoint().get(app, "ep.full_1-a")).isEqualTo(made);
        assertThat(svix.getEndpoint().list(app).getData()).containsExactly(made);

        EndpointOut bare = svix.getEndpoint()
                .patch(
                        app,
                        "ep.full_1-a",
                        new EndpointPatch()
                                .filterTypes(null)
                                .channels(null)
                                .throttleRate(null)
                                .uid(null));
        assertThat(bare.getFilterTypes()).isNull();
        assertThat(bare.getChannels()).isNull();
        assertThat(bare.getRateLimit()).isNull();
        assertThat(bare.getUid()).isNull();
        assertThat(bare.getVersion()).isEqualTo(3);
        assertThat(bare.getDescription()).isEqualTo("d");

        EndpointOut replaced = svix.getEndpoint()
                .update(app, made.getId(), new EndpointUpdate().url(URI.create("https://example.org/")));
        assertThat(replaced.getId()).isEqualTo(made.getId());
        assertThat(replaced.getDescription()).isEmpty();
        assertThat(replaced.getVersion()).isEqualTo(1);
        assertThat(replaced.getDisabled()).isFalse();
        assertThat(svix.getEndpoint().getHeaders(app, made.getId()).getHeaders())
                .as("the client's update has no headers, so it keeps them")
                .isEqualTo(Map.of("X-Env", "test"));
        EndpointOut upserted = svix.getEndpoint().update(app, "ep.new_1-a", new EndpointUpdate().url(URL));
        assertThat(upserted.getUid()).isEqualTo("ep.new_1-a");
    }

    @Test
    void everyFieldOfAnEventType() throws Exception {
        Object schemas = Map.of("1", Map.of("type", "object", "required", List.of("id")));
        EventTypeOut made = svix.getEventType()
                .create(new EventTypeIn()
                        .name("field.audit_1-a")
                        .description("d")
                        .groupName("field")
                        .featureFlags(Set.of("beta", "gamma"))
                        .deprecated(true)
                        .archived(false)
                        .schemas(schemas));
        assertThat(made.getName()).isEqualTo("field.audit_1-a");
        assertThat(made.getDescription()).isEqualTo("d");
        assertThat(made.getGroupName()).isEqualTo("field");
        assertThat(made.getFeatureFlags()).isEqualTo(Set.of("beta", "gamma"));
        assertThat(made.getFeatureFlag()).isIn("beta", "gamma");
        assertThat(made.getDeprecated()).isTrue();
        assertThat(made.getArchived()).isFalse();
        assertThat(made.getSchemas()).isEqualTo(schemas);
        assertThat(made.getCreatedAt()).isNotNull();
        assertThat(made.getUpdatedAt()).isNotNull();
        assertThat(svix.getEventType().get("field.audit_1-a")).isEqualTo(made);

        EventTypeOut patched = svix.getEventType().patch("field.audit_1-a", new EventTypePatch().description("e"));
        assertThat(patched.getFeatureFlags()).isEqualTo(made.getFeatureFlags());
        assertThat(patched.getSchemas()).isEqualTo(schemas);
        EventTypeOut one = svix.getEventType().patch("field.audit_1-a", new EventTypePatch().featureFlag("alpha"));
        assertThat(one.getFeatureFlags()).isEqualTo(Set.of("alpha"));
        assertThat(one.getFeatureFlag()).isEqualTo("alpha");
        EventTypeOut bare = svix.getEventType()
                .patch(
                        "field.audit_1-a",
                        new EventTypePatch().featureFlags(null).groupName(null).schemas(null));
        assertThat(bare.getFeatureFlags()).isNull();
        assertThat(bare.getFeatureFlag()).isNull();
        assertThat(bare.getGroupName()).isNull();
        assertThat(bare.getSchemas()).isNull();

        svix.getEventType()
                .update(
                        "field.audit_1-a",
                        new EventTypeUpdate()
                                .description("f")
                                .featureFlag("beta")
                                .schemas(schemas));
        assertThat(audited(false, false)).singleElement().satisfies(listed -> {
            assertThat(listed.getFeatureFlags()).isEqualTo(Set.of("beta"));
            assertThat(listed.getDeprecated()).isFalse();
            assertThat(listed.getSchemas()).isNull();
        });
        assertThat(audited(false, true))
                .singleElement()
                .satisfies(listed -> assertThat(listed.getSchemas()).isEqualTo(schemas));
        svix.getEventType().delete("field.audit_1-a");
        assertThat(audited(false, false)).isEmpty();
        assertThat(audited(true, false)).extracting(EventTypeOut::getArchived).containsExactly(true);
        svix.getEventType().delete("field.audit_1-a", expunge());
        assertThat(audited(true, false)).isEmpty();
    }

    private static EventTypeDeleteOptions expunge() {
        EventTypeDeleteOptions options = new EventTypeDeleteOptions();
        options.setExpunge(true);
        return options;
    }

    private static List<EventTypeOut> audited(boolean archivedToo, boolean withContent) throws Exception {
        EventTypeListOptions options = new EventTypeListOptions();
        options.setIncludeArchived(archivedToo);
        options.setWithContent(withContent);
        return svix.getEventType().list(options).getData().stream()
                .filter(type -> type.getName().startsWith("field."))
                .toList();
    }
}
