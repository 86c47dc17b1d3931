package io.posthorn.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** The few calls of the API that the demo needs, as any publisher would make them. */
final class DemoApi implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int TRIES = 5;

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    private final ObjectMapper json = new ObjectMapper();
    private final URI base;
    private final String token;

    /**
     * A client.
     *
     * @param base such as {@code http://127.0.0.1:8071}
     * @param token of the administrator
     */
    DemoApi(URI base, String token) {
        this.base = base;
        this.token = token;
    }

    /** Creates an application; the answer is its id. */
    String createApplication(String name) throws DemoFailure, InterruptedException {
        return field(post("/api/v1/app", json.createObjectNode().put("name", name)), "id");
    }

    /** Creates an endpoint for all events; the answer is its id. */
    String createEndpoint(String application, URI url, String description) throws DemoFailure, InterruptedException {
        ObjectNode body = json.createObjectNode().put("url", url.toString()).put("description", description);
        // One of them fails on purpose. With its circuit it would be left alone for longer than anybody watches.
        body.putObject("delivery").putObject("circuit").put("enabled", false);
        return field(post("/api/v1/app/" + application + "/endpoint", body), "id");
    }

    /** The signing secret of an endpoint. */
    String secret(String application, String endpoint) throws DemoFailure, InterruptedException {
        String path = "/api/v1/app/" + application + "/endpoint/" + endpoint + "/secret";
        return field(call("GET", path, BodyPublishers.noBody()), "key");
    }

    /** Sends an event, its payload byte for byte; the answer is the id of its message. */
    String send(String application, DemoEvents.Event event) throws DemoFailure, InterruptedException {
        String body = "{\"eventType\":\"" + event.type() + "\",\"payload\":" + event.payload() + "}";
        return field(call("POST", "/api/v1/app/" + application + "/msg", BodyPublishers.ofString(body)), "id");
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    private JsonNode post(String path, ObjectNode body) throws DemoFailure, InterruptedException {
        return call("POST", path, BodyPublishers.ofString(body.toString()));
    }

    /** A call; a server that is busy is asked again when it says so. */
    private JsonNode call(String method, String path, HttpRequest.BodyPublisher body)
            throws DemoFailure, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(TIMEOUT)
                .header("authorization", "Bearer " + token)
                .header("content-type", "application/json")
                .method(method, body)
                .build();
        for (int attempt = 1; ; attempt++) {
            HttpResponse<String> response;
            try {
                response = client.send(request, BodyHandlers.ofString());
            } catch (IOException e) {
                throw new DemoFailure("%s %s failed: %s".formatted(method, path, e), e);
            }
            if (response.statusCode() / 100 == 2) {
                return parse(method, path, response.body());
            }
            if (attempt == TRIES || !busy(response)) {
                throw new DemoFailure(
                        "%s %s answered %d: %s".formatted(method, path, response.statusCode(), response.body()));
            }
            Thread.sleep(Duration.ofSeconds(Math.clamp(
                    response.headers().firstValueAsLong("retry-after").orElse(1), 1, 5)));
        }
    }

    private static boolean busy(HttpResponse<String> response) {
        return response.statusCode() == 429 || response.statusCode() == 503;
    }

    private JsonNode parse(String method, String path, String body) throws DemoFailure {
        try {
            return json.readTree(body);
        } catch (JsonProcessingException e) {
            throw new DemoFailure("%s %s answered what is not JSON: %s".formatted(method, path, body), e);
        }
    }

    private static String field(JsonNode answer, String name) throws DemoFailure {
        JsonNode value = answer.path(name);
        if (!value.isTextual()) {
            throw new DemoFailure("the answer has no \"" + name + "\": " + answer);
        }
        return value.textValue();
    }
}
