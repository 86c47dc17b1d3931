package io.posthorn.e2e;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.svix.Svix;
import com.svix.SvixOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A server's API over bare HTTP, for what clients hide: bytes, headers and errors. */
final class Api {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    private static volatile @Nullable OpenApi contract;

    private final int port;
    private final String token;

    /** An API on this machine. */
    Api(int port, String token) {
        this.port = port;
        this.token = token;
    }

    /** Where it is. */
    String url() {
        return "http://127.0.0.1:" + port;
    }

    /**
     * What came back.
     *
     * @param status of HTTP
     * @param headers all of them
     * @param body as text
     */
    record Answer(int status, java.net.http.HttpHeaders headers, String body) {
        JsonNode json() {
            return parse(body);
        }

        /** Of a message or another thing that was made. */
        String id() {
            return json().path("id").asText();
        }

        @Nullable
        String header(String name) {
            return headers.firstValue(name).orElse(null);
        }
    }

    /** Text as JSON. */
    static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }

    int port() {
        return port;
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    /** The same API with another token. */
    Api withToken(String other) {
        return new Api(port, other);
    }

    /** The Svix client, unmodified. */
    Svix svix() {
        SvixOptions options = new SvixOptions();
        options.setServerUrl(uri("").toString());
        return new Svix(token, options);
    }

    Answer get(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path).GET();
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    Answer delete(String path) throws IOException, InterruptedException {
        return send(request(path).DELETE().build());
    }

    Answer post(String path, String body, String... headers) throws IOException, InterruptedException {
        return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    Answer post(String path, byte[] body, String... headers) throws IOException, InterruptedException {
        return send(posting(path, body, headers));
    }

    /** Any request; without a body if it is empty. */
    Answer call(String method, String path, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path)
                .method(
                        method,
                        body.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        return send((body.length == 0 ? request : request.header("content-type", "application/json")).build());
    }

    /** The answer comes later; the future fails when the connection does. */
    CompletableFuture<Answer> postLater(String path, String body) {
        HttpRequest request = posting(path, body.getBytes(StandardCharsets.UTF_8));
        return CLIENT.sendAsync(request, HttpResponse.BodyHandlers.ofString()).thenApply(Api::answer);
    }

    /** Publishes a message: the payload is sent as it stands. */
    Answer publish(String app, String eventType, String payload) throws IOException, InterruptedException {
        return post(messages(app), message(eventType, payload));
    }

    /** The path of an application's messages. */
    static String messages(String app) {
        return "/api/v1/app/" + app + "/msg";
    }

    /** A message as JSON, the payload as it stands. */
    static String message(String eventType, String payload) {
        return "{\"eventType\":\"" + eventType + "\",\"payload\":" + payload + "}";
    }

    /** All attempts at a message as the API lists them, oldest first. */
    List<JsonNode> attempts(String app, String message) throws IOException, InterruptedException {
        return oldestFirst(get("/api/v1/app/" + app + "/attempt/msg/" + message));
    }

    /** All attempts at an endpoint as the API lists them, oldest first. */
    List<JsonNode> attemptsAt(String app, String endpoint) throws IOException, InterruptedException {
        return oldestFirst(get("/api/v1/app/" + app + "/attempt/endpoint/" + endpoint + "?limit=250"));
    }

    private static List<JsonNode> oldestFirst(Answer answer) {
        if (answer.status() != 200) {
            throw new AssertionError("attempts: " + answer);
        }
        return answer.json().path("data").valueStream().toList().reversed();
    }

    private HttpRequest posting(String path, byte[] body, String... headers) {
        HttpRequest.Builder request = request(path)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(PATIENCE);
        return token.isEmpty() ? request : request.header("authorization", "Bearer " + token);
    }

    private Answer send(HttpRequest request) throws IOException, InterruptedException {
        Answer answer = answer(CLIENT.send(request, HttpResponse.BodyHandlers.ofString()));
        contract().check(request.method(), request.uri().getRawPath(), answer.status(), answer.body());
        return answer;
    }

    /** The same for all servers of a test run; the first one that has answered is asked for it. */
    OpenApi contract() throws IOException, InterruptedException {
        OpenApi known = contract;
        if (known == null) {
            HttpRequest request = HttpRequest.newBuilder(uri("/openapi.yaml"))
                    .timeout(PATIENCE)
                    .build();
            known = new OpenApi(
                    CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body());
            contract = known;
        }
        return known;
    }

    private static Answer answer(HttpResponse<String> response) {
        return new Answer(response.statusCode(), response.headers(), response.body());
    }
}
