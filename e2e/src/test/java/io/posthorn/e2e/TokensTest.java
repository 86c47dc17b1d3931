package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.svix.Svix;
import com.svix.SvixOptions;
import com.svix.api.ApplicationListOptions;
import com.svix.exceptions.ApiException;
import com.svix.models.AppPortalAccessIn;
import com.svix.models.AppPortalAccessOut;
import com.svix.models.AppPortalCapability;
import com.svix.models.ApplicationIn;
import com.svix.models.ApplicationOut;
import com.svix.models.EndpointIn;
import com.svix.models.MessageIn;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what, from outside: tokens, roles, environments, portal access and rate limits. */
final class TokensTest {
    private static ServerProcess server;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--public-url", "https://hooks.example.com/posthorn");
        api = server.api();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static Svix svix(Api as, String token) {
        SvixOptions options = new SvixOptions();
        options.setServerUrl(as.uri("").toString());
        return new Svix(token, options);
    }

    private static Api.Answer make(String json) throws Exception {
        Api.Answer answer = api.post("/api/v1/token", "{\"name\":\"t\"," + json + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer;
    }

    private static String secret(Api.Answer made) {
        return made.json().path("token").asText();
    }

    private static ApplicationOut application(String uid) throws Exception {
        return api.svix().getApplication().create(new ApplicationIn().name(uid).uid(uid));
    }

    private static void refused(int status, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getCode()).isEqualTo(status));
    }

    @Test
    void aPublisherSendsAndNothingElse() throws Exception {
        String app = application("publishes").getId();
        Svix publisher = svix(api, secret(make("\"role\":\"publisher\"")));
        MessageIn message = new MessageIn().eventType("a.b").payload("{}");
        assertThat(publisher.getMessage().create(app, message).getId()).startsWith("msg_");
        refused(403, () -> publisher.getApplication().list(new ApplicationListOptions()));
        refused(
                403,
                () -> publisher.getEndpoint().create(app, new EndpointIn().url(URI.create("https://example.com"))));
        Svix viewer = svix(api, secret(make("\"role\":\"viewer\"")));
        assertThat(viewer.getApplication().get(app).getId()).isEqualTo(app);
        refused(403, () -> viewer.getMessage().create(app, message));
    }

    @Test
    void aRevokedTokenIsRefusedAtOnce() throws Exception {
        String app = application("revokes").getId();
        Api.Answer made = make("\"role\":\"publisher\"");
        Api publisher = api.withToken(secret(made));
        assertThat(publisher.publish(app, "a.b", "{}").status()).isEqualTo(202);
        assertThat(api.delete("/api/v1/token/" + made.id()).status()).isEqualTo(204);
        assertThat(publisher.publish(app, "a.b", "{}").status()).isEqualTo(401);
    }

    @Test
    void aCustomerGetsIntoItsApplicationAndOutAgain() throws Exception {
        application("portal-other");
        AppPortalAccessOut access = api.svix()
                .getAuthentication()
                .appPortalAccess(
                        "portal",
                        new AppPortalAccessIn()
                                .expiry(3_600L)
                                .application(new ApplicationIn().name("Portal").uid("portal")));
        String app = api.svix().getApplication().get("portal").getId();
        assertThat(access.getUrl())
                .isEqualTo(URI.create(
                        "https://hooks.example.com/posthorn/portal#token=" + access.getToken() + "&app=" + app));
        Svix customer = svix(api, access.getToken());
        assertThat(customer.getEndpoint()
                        .create("portal", new EndpointIn().url(URI.create("https://example.com/hook")))
                        .getId())
                .startsWith("ep_");
        refused(404, () -> customer.getApplication().get("portal-other"));
        refused(403, () -> customer.getApplication().create(new ApplicationIn().name("more")));

        AppPortalAccessOut looking = api.svix()
                .getAuthentication()
                .appPortalAccess("portal", new AppPortalAccessIn().capabilities(Set.of(AppPortalCapability.VIEW_BASE)));
        Svix reader = svix(api, looking.getToken());
        assertThat(reader.getApplication().get("portal").getId()).isEqualTo(app);
        refused(
                403,
                () -> reader.getEndpoint().create("portal", new EndpointIn().url(URI.create("https://example.com"))));

        // the Java client cannot: its HTTP library refuses the POST without a body that it makes of it
        Api.Answer out = api.withToken(access.getToken()).post("/api/v1/auth/logout", "");
        assertThat(out.status()).as(out.body()).isEqualTo(204);
        refused(401, () -> customer.getApplication().get("portal"));
        assertThat(reader.getApplication().get("portal").getId()).isEqualTo(app);
        assertThat(api.post("/api/v1/auth/logout", "").status()).isEqualTo(403);
        Api.Answer page = api.withToken("").get("/portal");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("content-security-policy")).contains("default-src 'none'");
    }

    @Test
    void environmentsKnowNothingOfEachOther() throws Exception {
        Api.Answer environment = api.post("/api/v1/environment", "{\"name\":\"staging\"}");
        assertThat(environment.status()).isEqualTo(201);
        Api.Answer made = make("\"role\":\"administrator\",\"environment\":\"staging\"");
        assertThat(made.json().path("environmentId").asText()).isEqualTo(environment.id());
        Svix staging = svix(api, secret(made));
        ApplicationOut here = application("both");
        ApplicationOut there =
                staging.getApplication().create(new ApplicationIn().name("both").uid("both"));
        assertThat(there.getId()).isNotEqualTo(here.getId());
        assertThat(staging.getApplication().get("both").getId()).isEqualTo(there.getId());
        refused(404, () -> staging.getApplication().get(here.getId()));
        assertThat(api.delete("/api/v1/environment/staging").status()).isEqualTo(409);
        assertThat(api.get("/api/v1/app", "posthorn-environment", "staging")
                        .json()
                        .at("/data/0/id")
                        .asText())
                .isEqualTo(there.getId());
    }

    @Test
    void theHotPathIsLimitedToo() throws Exception {
        String app = application("limited").getId();
        Api limited = api.withToken(secret(make("\"role\":\"publisher\",\"rateLimit\":2")));
        long began = System.nanoTime();
        List<Api.Answer> answers = IntStream.range(0, 100)
                .mapToObj(n -> limited.postLater(Api.messages(app), Api.message("a.b", "{}")))
                .toList()
                .stream()
                .map(java.util.concurrent.CompletableFuture::join)
                .toList();
        long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds() + 1;
        long accepted = answers.stream().filter(a -> a.status() == 202).count();
        assertThat(accepted).isBetween(1L, 2 + 2 * seconds);
        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.status()).isIn(202, 429);
            assertThat(answer.header("ratelimit-policy")).isEqualTo("\"token\";q=2;w=1");
            assertThat(answer.header("ratelimit")).startsWith("\"token\";r=");
            if (answer.status() == 429) {
                assertThat(answer.json().path("code").asText()).isEqualTo("rate_limited");
                assertThat(answer.header("retry-after")).isEqualTo("1");
            }
        });
        assertThat(answers).anyMatch(answer -> answer.status() == 429);
    }

    /** In a server of its own, because it is stopped. */
    @Test
    void tokensOutliveAStopAndNoneIsInTheLogOrOnTheDisk(@TempDir Path folder) throws Exception {
        try (ServerProcess own = ServerProcess.local(folder)) {
            Api.Answer made =
                    own.api().post("/api/v1/token", "{\"name\":\"stays\",\"role\":\"viewer\",\"rateLimit\":1000}");
            String token = secret(made);
            Instant before = Instant.now();
            assertThat(own.api().withToken(token).get("/api/v1/app").status()).isEqualTo(200);
            assertThat(own.stop()).isEqualTo(ServerProcess.STOPPED);
            own.start();
            Api.Answer read = own.api().get("/api/v1/token/" + made.id());
            assertThat(Instant.parse(read.json().path("lastUsedAt").asText()))
                    .isBetween(before.minusSeconds(1), Instant.now());
            assertThat(own.api().withToken(token).get("/api/v1/app").status()).isEqualTo(200);
            assertThat(own.log()).doesNotContain(token);
            assertThat(own.stop()).isEqualTo(ServerProcess.STOPPED);
            assertThat(filesWith(own.dataDir(), token)).isEmpty();
            assertThat(filesWith(own.dataDir(), made.id())).isNotEmpty();
        }
    }

    private static List<Path> filesWith(Path folder, String text) throws Exception {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> !file.toString().contains("/pgsql-") && Files.isRegularFile(file))
                    .filter(file -> contains(file, text))
                    .toList();
        }
    }

    private static boolean contains(Path file, String text) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).contains(text);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
