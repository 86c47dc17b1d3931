package io.posthorn.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.RecordTokens;
import io.posthorn.catalog.SecretBox;
import io.posthorn.dispatch.Records;
import io.posthorn.dispatch.Shaping;
import io.posthorn.dispatch.Thin;
import io.posthorn.history.PgHistory;
import io.posthorn.history.Written;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Environment;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Thin payloads, and the records that their links lead to. */
class RecordApiTest {
    private static final Duration LIFETIME = Duration.ofHours(24);
    private static final byte[] PAYLOAD = "{ \"n\": 1.10, \"s\":\"\\u00e9ü\\/\" }".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private static Path folder;

    private static Api api;
    private static Written written;
    private static Vertx vertx;
    private static RecordRoute route;
    private static RecordTokens tokens;
    private static Records records;
    private static Thin thin;
    private static final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-02T03:04:05Z"));
    private static final AtomicReference<Long> nanos = new AtomicReference<>(0L);

    @BeforeAll
    static void start() throws IOException {
        Api plain = Api.usual(); // its catalog is what the routes of the second one need
        api = plain;
        written = new Written(plain.db);
        vertx = Vertx.vertx();
        tokens = new RecordTokens(SecretBox.open(null, folder));
        records = new Records(
                plain.catalog,
                new Shaping(
                        new Thin(tokens, () -> "https://posthorn.example", LIFETIME), () -> "https://posthorn.example"),
                Time.system());
        route = new RecordRoute(
                vertx,
                plain.catalog,
                new PgHistory(plain.db.dataSource(), written.ids, 2),
                tokens,
                records,
                now::get,
                nanos::get);
        server = new ApiServer(
                vertx,
                ApiSettings.of("127.0.0.1", 0, 1),
                new ApiPorts(
                        plain.catalog,
                        url -> null,
                        address -> null,
                        () -> true,
                        () -> "",
                        plain.keys,
                        plain.audit,
                        route.fast(),
                        List.of()));
        Api.await(server.start());
        thin = new Thin(tokens, () -> "http://127.0.0.1:" + server.port(), LIFETIME);
    }

    private static ApiServer server;

    @AfterAll
    static void close() {
        Api.await(server.close(Duration.ofSeconds(5)));
        route.close();
        records.close();
        Api.await(vertx.close());
        written.close();
        api.close();
    }

    private static JsonNode tree(byte[] json) {
        try {
            return Api.JSON.readTree(json);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Api.Reply follow(String url) {
        return api.send(HttpRequest.newBuilder(URI.create(url)).GET());
    }

    private static AppView app(String uid) {
        api.post("/app", "{\"name\":\"" + uid + "\",\"uid\":\"" + uid + "\"}");
        api.post(
                "/app/" + uid + "/endpoint", "{\"uid\":\"one\",\"url\":\"https://example.com/\",\"payload\":\"thin\"}");
        return requireNonNull(api.catalog.app(Environment.DEFAULT_NO, uid));
    }

    private static Message message(AppView app) {
        Message message = written.next(
                app.application().no(), Time.micros(now.get()), "report.created", null, List.of(), List.of(), PAYLOAD);
        written.write(List.of(message));
        return message;
    }

    private static Endpoint one(AppView app) {
        return requireNonNull(app.endpoint("one"));
    }

    private static String link(AppView app, Message message) {
        return tree(thin.payload(message, one(app), Time.micros(now.get())))
                .at("/record/url")
                .asText();
    }

    @Test
    @Requirement({"C7", "C8", "C9"})
    void aThinPayloadHasTheIdAndALinkToTheRecordAsItWas() {
        AppView app = app("thin");
        assertThat(one(app).shape().thin()).isTrue();
        Message message = message(app);
        JsonNode payload = tree(thin.payload(message, one(app), Time.micros(now.get())));

        assertThat(payload.path("id").asText()).isEqualTo(message.id);
        assertThat(payload.path("type").asText()).isEqualTo("report.created");
        assertThat(Instant.parse(payload.path("timestamp").asText())).isEqualTo(Time.instant(message.createdAt));
        assertThat(payload.toString()).doesNotContain("1.1");
        assertThat(Duration.between(
                        now.get(), Instant.parse(payload.at("/record/expiresAt").asText())))
                .isBetween(LIFETIME.minusSeconds(2), LIFETIME);

        Api.Reply record = follow(payload.at("/record/url").asText());
        assertThat(record.status()).isEqualTo(200);
        assertThat(record.text()).isEqualTo(new String(PAYLOAD, StandardCharsets.UTF_8));
        assertThat(record.headers().firstValue("content-type")).contains("application/json");
        assertThat(record.headers().firstValue("cache-control")).contains("private, no-store");
    }

    private static AppView app(String uid, String members) {
        api.post("/app", "{\"name\":\"" + uid + "\",\"uid\":\"" + uid + "\"}");
        Api.Reply made = api.post(
                "/app/" + uid + "/endpoint",
                "{\"uid\":\"one\",\"url\":\"https://example.com/\",\"payload\":\"thin\"," + members + "}");
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        return requireNonNull(api.catalog.app(Environment.DEFAULT_NO, uid));
    }

    @Test
    @Requirement({"C7", "C8"})
    void theRecordHasTheEnvelopeAndTheTransformationThatTheFullEndpointWouldHaveGot() {
        AppView app = app("enveloped", """
                "profile": "cloudevents", "filter": {"jsonata": "n = 2"},
                "transformation": "{'body': $merge([body, {'team': 'ops'}])}"
                """);
        Message message = message(app);
        Api.Reply record = follow(link(app, message));
        assertThat(record.status()).as(record.text()).isEqualTo(200);
        assertThat(record.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("application/cloudevents+json"));
        assertThat(record.headers().firstValue("cache-control")).contains("private, no-store");
        JsonNode sent = tree(record.text().getBytes(StandardCharsets.UTF_8));
        assertThat(sent.path("specversion").asText()).isEqualTo("1.0");
        assertThat(sent.path("type").asText()).isEqualTo("report.created");
        assertThat(sent.at("/data/n").asDouble()).isEqualTo(1.1);
        assertThat(sent.path("team").asText()).isEqualTo("ops");
        assertThat(sent.path("record").isMissingNode()).isTrue();
    }

    @Test
    void aRecordThatIsNotSentIsNotThereAndOneThatCannotBeMadeSaysWhy() {
        AppView silent = app("silent", "\"transformation\": \"{'send': false}\"");
        assertThat(follow(link(silent, message(silent))).status()).isEqualTo(404);
        AppView broken = app("broken", "\"transformation\": \"{'body': $number('x')}\"");
        Api.Reply refused = follow(link(broken, message(broken)));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.code()).isEqualTo("content");
        assertThat(refused.text()).contains("transformation");
    }

    @Test
    @Requirement({"C9", "E6"})
    void aScopeThatIsTakenAwayTakesTheLinksAlong() {
        AppView app = app("scoped");
        String link = link(app, message(app));
        api.put("/event-type/report.created", "{\"description\":\"d\",\"scopes\":[\"Reports\"]}");
        assertThat(follow(link).status()).isEqualTo(200);
        api.patch("/app/scoped", "{\"scopes\":[\"Other\"]}");
        assertThat(follow(link).status()).isEqualTo(410);
        api.patch("/app/scoped", "{\"scopes\":[\"Other\",\"Reports\"]}");
        assertThat(follow(link).status()).isEqualTo(200);
    }

    @Test
    @Requirement("C9")
    void aLinkComesToItsEnd() {
        AppView app = app("ends");
        Message message = message(app);
        String link = link(app, message);
        Instant before = now.get();
        try {
            now.set(before.plus(LIFETIME).minusSeconds(2));
            assertThat(follow(link).status()).isEqualTo(200);
            now.set(before.plus(LIFETIME));
            assertThat(follow(link).status()).isEqualTo(410);
            assertThat(follow(link).code()).isEqualTo("gone");
        } finally {
            now.set(before);
        }
    }

    @Test
    @Requirement("C9")
    void withTheContentTheRecordIsGoneAndWithTheEndpointItIsNotThere() {
        AppView app = app("deleted");
        String link = link(app, message(app));
        String lost = link(
                app,
                written.next(app.application().no(), Time.micros(now.get()), "a", null, List.of(), List.of(), PAYLOAD));
        assertThat(follow(lost).status()).isEqualTo(410);
        assertThat(follow(link).status()).isEqualTo(200);
        api.delete("/app/deleted/endpoint/one");
        assertThat(follow(link).status()).isEqualTo(404);
    }

    @Test
    @Requirement("C9")
    void nobodyElseCanMakeALink() {
        AppView app = app("forged");
        String link = link(app, message(app));
        String token = link.substring(link.length() - RecordTokens.LENGTH);
        String base = link.substring(0, link.length() - RecordTokens.LENGTH);
        byte[] bytes = Base64.getUrlDecoder().decode(token);
        for (int i = 0; i < bytes.length; i++) {
            byte[] forged = bytes.clone();
            forged[i] ^= 1;
            assertThat(tokens.read(Base64.getUrlEncoder().encodeToString(forged)))
                    .as("byte " + i)
                    .isNull();
        }
        for (String other : List.of("", "x", token + "A", token.substring(1), "%00".repeat(20), "=".repeat(60))) {
            assertThat(follow(base + other).status()).as(other).isEqualTo(404);
        }
        assertThat(follow(base + "/" + token).status()).isEqualTo(404);
    }

    @Test
    void whatATokenSaysIsHiddenAndStable() {
        RecordTokens.Reference reference =
                new RecordTokens.Reference(1, 2, "msg_01jd8v7k4me0r2b6f4s1yq3x5z", 4_294_967_295L);
        String token = tokens.of(reference);
        assertThat(token).hasSize(RecordTokens.LENGTH).isEqualTo(tokens.of(reference));
        assertThat(tokens.read(token)).isEqualTo(reference);
        Set<String> ends = new HashSet<>();
        for (int app = 1; app <= 100; app++) {
            ends.add(tokens.of(new RecordTokens.Reference(app, 2, reference.messageId(), 1))
                    .substring(50));
        }
        assertThat(ends).as("no part of one is like that of another").hasSize(100);
        assertThatThrownBy(() -> tokens.of(new RecordTokens.Reference(1, 2, "ep_1", 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anotherInstallationsTokensAreNone(@TempDir Path other) throws IOException {
        RecordTokens theirs = new RecordTokens(SecretBox.open(null, other));
        assertThat(tokens.read(
                        theirs.of(new RecordTokens.Reference(1, 2, "msg_01jd8v7k4me0r2b6f4s1yq3x5z", 4_000_000_000L))))
                .isNull();
    }

    @Test
    void theLinksOfOneEndpointMayBeFollowedSoOften() {
        AppView app = app("paced");
        String link = link(app, message(app));
        String others = link(app("unpaced"), message(app("unpaced")));
        for (int i = 0; i < 50; i++) {
            assertThat(follow(link).status()).isEqualTo(200);
        }
        Api.Reply refused = follow(link);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.headers().firstValue("retry-after")).contains("1");
        assertThat(follow(others).status()).isEqualTo(200);
        nanos.updateAndGet(at -> at + 1_000_000_000L);
        assertThat(follow(link).status()).isEqualTo(200);
    }

    @Test
    void nothingIsKeptOfEndpointsThatAreGone() {
        AppView app = app("forgotten");
        int before = route.paces();
        assertThat(follow(link(app, message(app))).status()).isEqualTo(200);
        assertThat(route.paces()).isEqualTo(before + 1);
        api.delete("/app/forgotten/endpoint/one");
        assertThat(route.paces()).isEqualTo(before);
    }
}
