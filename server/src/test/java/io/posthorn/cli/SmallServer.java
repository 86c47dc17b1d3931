package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** As much of the API as the demo needs: it delivers at once, and again at once until the answer is 2xx. */
final class SmallServer implements AutoCloseable {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    static final String TOKEN = "token";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Signed sender = new Signed();
    private final ObjectMapper json = new ObjectMapper();
    private final List<URI> endpoints = new ArrayList<>();
    private final AtomicInteger messages = new AtomicInteger();
    private final Predicate<String> accepts;
    private final UnaryOperator<String> payload;

    /**
     * Starts it.
     *
     * @param accepts which messages, by id, it accepts; the others are answered 503 once
     * @param payload what it makes of the payload
     */
    SmallServer(Predicate<String> accepts, UnaryOperator<String> payload) throws IOException {
        this.accepts = accepts;
        this.payload = payload;
        server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/v1/app", this::handle);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        sender.close();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("authorization"))) {
                answer(exchange, 401, json.createObjectNode().put("detail", "no"));
            } else if (path.endsWith("/secret")) {
                answer(exchange, 200, json.createObjectNode().put("key", SECRET));
            } else if (path.endsWith("/endpoint")) {
                endpoints.add(URI.create(json.readTree(body).path("url").textValue()));
                answer(exchange, 201, json.createObjectNode().put("id", "ep_" + endpoints.size()));
            } else if (path.endsWith("/msg")) {
                message(exchange, body);
            } else {
                answer(exchange, 201, json.createObjectNode().put("id", "app_1"));
            }
        }
    }

    private void message(HttpExchange exchange, String body) throws IOException {
        String id = "msg_%03d".formatted(messages.incrementAndGet());
        if (!accepts.test(id)) {
            answer(exchange, 422, json.createObjectNode().put("detail", "not " + id));
            return;
        }
        JsonNode given = json.readTree(body);
        String type = given.path("eventType").textValue();
        String bytes = body.substring(("{\"eventType\":\"" + type + "\",\"payload\":").length(), body.length() - 1);
        answer(exchange, 202, json.createObjectNode().put("id", id));
        for (URI endpoint : endpoints) {
            threads.execute(() -> deliver(endpoint, id, payload.apply(bytes)));
        }
    }

    private void deliver(URI endpoint, String id, String body) {
        try {
            int status = 0;
            while (status != 204 && !Thread.currentThread().isInterrupted()) {
                status = sender.post(endpoint, SECRET, id, body, body);
            }
        } catch (IOException testIsOver) {
            Thread.currentThread().interrupt();
        } catch (InterruptedException testIsOver) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, ObjectNode body) throws IOException {
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}
