package io.posthorn.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The slow half of the server's interface: what is needed to prepare a load and to look at the counters. */
final class Api implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int AT_ONCE = 16;
    /** The counter of successful attempts that are in the database, with whatever labels. */
    private static final Pattern DELIVERED = Pattern.compile(
            "^posthorn_(?:attempts_|deliveries_)?delivered(?:_total)?(?:\\{[^}]*})? ([0-9.eE+]+)", Pattern.MULTILINE);
    /** The same, where outcomes share a name and are told apart by a label. */
    private static final Pattern DELIVERED_BY_LABEL = Pattern.compile(
            "^posthorn_(?:attempts|deliveries)_total\\{[^}]*\"(?:delivered|success|succeeded)\"[^}]*} ([0-9.eE+]+)",
            Pattern.MULTILINE);

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final ServerProcess server;

    Api(ServerProcess server) {
        this.server = server;
    }

    /**
     * Creates the applications, endpoints and event types of a plan, several at once.
     *
     * @param first the number of the first endpoint
     * @throws IOException with the server's answer, if it does not do it
     */
    Installed install(Plan plan, Receiver.Listening receiver, int first) throws IOException, InterruptedException {
        for (int type = 0; type < plan.types(); type++) {
            ObjectNode body = JSON.createObjectNode();
            body.put("name", Plan.typeName(type)).put("description", "a load test's");
            HttpResponse<String> answer = post("/api/v1/event-type", body);
            if (answer.statusCode() / 100 != 2 && answer.statusCode() != 409) {
                throw refused("an event type", answer);
            }
        }
        List<Callable<String>> jobs = new ArrayList<>();
        for (int app = 0; app < plan.apps(); app++) {
            int number = app;
            jobs.add(() -> installApp(plan, number, receiver, first + number * plan.perApp()));
        }
        List<String> ids = new ArrayList<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE)) {
            for (Future<String> job : workers.invokeAll(jobs)) {
                ids.add(job.get());
            }
        } catch (ExecutionException e) {
            throw new IOException("the load could not be prepared: " + e.getCause(), e);
        }
        return new Installed(plan, server.port(), server.token(), ids, first);
    }

    private String installApp(Plan plan, int app, Receiver.Listening receiver, int firstEndpoint)
            throws IOException, InterruptedException {
        HttpResponse<String> made = post("/api/v1/app", JSON.createObjectNode().put("name", plan.name() + " " + app));
        if (made.statusCode() / 100 != 2) {
            throw refused("an application", made);
        }
        JsonNode answer = JSON.readTree(made.body());
        String id = answer.path("id").asText();
        for (int slot = 0; slot < plan.perApp(); slot++) {
            int endpoint = firstEndpoint + slot;
            ObjectNode body = JSON.createObjectNode();
            body.put("url", receiver.url(plan.behaviour(), endpoint));
            body.put("secret", Signatures.written(Signatures.key(endpoint)));
            if (plan.keys() > 0) {
                body.putObject("delivery").putObject("order").put("mode", "fifoByKey");
            }
            if (plan.shaped()) {
                body.putObject("filter").put("jsonata", "$exists(payload)");
                body.put("transformation", "{'headers': {'X-Bench': message.eventType}}");
            }
            if (plan.byType()) {
                body.putArray("filterTypes").add(Plan.typeName(slot));
            }
            HttpResponse<String> put = post("/api/v1/app/" + id + "/endpoint", body);
            if (put.statusCode() / 100 != 2) {
                throw refused("an endpoint", put);
            }
        }
        return id;
    }

    /** Pauses an application, or lets it go on. */
    void pause(String app, boolean paused) throws IOException, InterruptedException {
        ObjectNode body = JSON.createObjectNode().put("paused", paused);
        HttpResponse<String> answer = client.send(
                request("/api/v1/app/" + app)
                        .header("content-type", "application/json")
                        .method("PATCH", HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw refused("a pause", answer);
        }
    }

    /** Has all messages of an application's only endpoint delivered again. */
    void replayAll(String app) throws IOException, InterruptedException {
        String endpoints = "/api/v1/app/" + app + "/endpoint";
        String id = JSON.readTree(get(endpoints).body())
                .path("data")
                .path(0)
                .path("id")
                .asText();
        HttpResponse<String> answer = post(
                endpoints + "/" + id + "/bulk-replay",
                JSON.createObjectNode()
                        .put("since", Instant.now().minusSeconds(3_600).toString())
                        .put("status", "all"));
        if (answer.statusCode() / 100 != 2) {
            throw refused("a replay", answer);
        }
    }

    /**
     * The server's counter of deliveries that succeeded and are logged.
     *
     * @return −1 if {@code /metrics} has none
     */
    long delivered() throws IOException, InterruptedException {
        String text = get("/metrics").body();
        for (Pattern pattern : List.of(DELIVERED, DELIVERED_BY_LABEL)) {
            Matcher matcher = pattern.matcher(text);
            double sum = 0;
            boolean found = false;
            while (matcher.find()) {
                sum += Double.parseDouble(matcher.group(1));
                found = true;
            }
            if (found) {
                return (long) sum;
            }
        }
        return -1;
    }

    private HttpResponse<String> post(String path, ObjectNode body) throws IOException, InterruptedException {
        return client.send(
                request(path)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(Duration.ofSeconds(20))
                .header("authorization", "Bearer " + server.token());
    }

    private static IOException refused(String what, HttpResponse<String> answer) {
        return new IOException(what + " was answered " + answer.statusCode() + ": " + answer.body());
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
