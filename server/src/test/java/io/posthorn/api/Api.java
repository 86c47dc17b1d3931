package io.posthorn.api;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.PgAudit;
import io.posthorn.catalog.SecretBox;
import io.posthorn.catalog.WriteGuard;
import io.posthorn.intake.PgAnswerKeys;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A server on a database of its own, and a client with a token for it. */
final class Api implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** An answer; the body is missing if it is empty or not JSON. */
    record Reply(int status, JsonNode body, String text, HttpHeaders headers) {
        String id() {
            return body.path("id").textValue();
        }

        String code() {
            return body.path("code").asText();
        }

        /** The places that a 422 names, such as {@code body.url}. */
        List<String> places() {
            return body.path("detail")
                    .valueStream()
                    .map(problem -> String.join(
                            ".",
                            problem.path("loc")
                                    .valueStream()
                                    .map(JsonNode::asText)
                                    .toList()))
                    .toList();
        }
    }

    final Database db = TestDatabase.fresh();
    final Vertx vertx = Vertx.vertx();
    final Catalog catalog;
    final PgAudit audit;
    final PgAnswerKeys keys;
    /** By how much the server's clock is ahead of the machine's. */
    final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);

    final Clock clock = ((InstantSource) () -> Instant.now().plus(ahead.get())).withZone(ZoneOffset.UTC);
    final ApiServer server;
    final String token;
    final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    Api(ApiSettings settings, BooleanSupplier healthy, FastRoutes fast, List<RouteModule> modules) {
        byte[] key = new byte[32];
        try {
            SecretBox box = SecretBox.open(
                    Base64.getEncoder().encodeToString(key), Files.createTempDirectory("posthorn-api-test"));
            audit = new PgAudit(db.jdbi(), WriteGuard.NONE, clock);
            keys = new PgAnswerKeys(db.jdbi(), box, WriteGuard.NONE, clock);
            catalog = Catalog.load(db.jdbi(), box, clock, keys.marking(audit.guard()));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        token = requireNonNull(catalog.ensureAdminToken(null));
        UrlRule rule = url -> url.startsWith("https://") ? null : "must start with https://";
        MailRule mail = address -> address.endsWith("@stranger.example") ? "must not be a stranger's" : null;
        server = new ApiServer(
                vertx,
                settings,
                new ApiPorts(catalog, rule, mail, healthy, () -> "metric 1\n", keys, audit, fast, modules));
        await(server.start());
    }

    static Api usual() {
        return new Api(ApiSettings.of("127.0.0.1", 0, 2), () -> true, FastRoutes.NONE, List.of());
    }

    static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token);
    }

    Reply send(HttpRequest.Builder request) {
        return send(request.build());
    }

    Reply send(HttpRequest request) {
        try {
            HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
            String text = new String(response.body(), StandardCharsets.UTF_8);
            JsonNode body = parse(text);
            Answers.check(request.method(), request.uri().getRawPath(), response.statusCode(), body);
            return new Reply(response.statusCode(), body, text, response.headers());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(request + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode parse(String text) {
        try {
            return text.isEmpty() ? MissingNode.getInstance() : JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    Reply call(String method, String path, byte @Nullable [] body) {
        HttpRequest.Builder request = request("/api/v1" + path);
        return send(
                body == null
                        ? request.method(method, BodyPublishers.noBody())
                        : request.header("Content-Type", "application/json")
                                .method(method, BodyPublishers.ofByteArray(body)));
    }

    Reply get(String path) {
        return call("GET", path, null);
    }

    Reply delete(String path) {
        return call("DELETE", path, null);
    }

    Reply post(String path, String json) {
        return call("POST", path, json.getBytes(StandardCharsets.UTF_8));
    }

    Reply put(String path, String json) {
        return call("PUT", path, json.getBytes(StandardCharsets.UTF_8));
    }

    Reply patch(String path, String json) {
        return call("PATCH", path, json.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        await(server.close(Duration.ofSeconds(5)));
        await(vertx.close());
        http.close();
        db.close();
    }
}
