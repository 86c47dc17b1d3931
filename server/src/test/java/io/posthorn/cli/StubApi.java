package io.posthorn.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A server that answers as a test says, and knows what it was asked. */
final class StubApi implements AutoCloseable {
    static final String TOKEN = "ph_of_the_test";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final Function<Asked, Said> answers;

    /** A request. */
    record Asked(String method, String path, String body, Map<String, List<String>> headers) {
        @Nullable
        String header(String name) {
            List<String> values = headers.get(Character.toUpperCase(name.charAt(0)) + name.substring(1));
            return values == null ? null : values.getFirst();
        }

        @Override
        public String toString() {
            return method + " " + path + (body.isEmpty() ? "" : " " + body);
        }
    }

    /** An answer; a status of 0 closes the connection without one. */
    record Said(int status, String body, Map<String, String> headers) {
        static Said of(int status, String body) {
            return new Said(status, body, Map.of());
        }

        /** To be tried again at once. */
        static Said busy(int status) {
            return new Said(status, "{\"code\":\"busy\",\"detail\":\"come back\"}", Map.of("Retry-After", "0"));
        }

        static Said broken() {
            return of(0, "");
        }
    }

    StubApi(Function<Asked, Said> answers) throws IOException {
        this.answers = answers;
        server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** One that always says the same. */
    static StubApi saying(int status, String body) throws IOException {
        return new StubApi(asked -> Said.of(status, body));
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** A process whose environment leads here. */
    Captured process() {
        return new Captured(Path.of(""), Map.of("POSTHORN_URL", url(), "POSTHORN_TOKEN", TOKEN));
    }

    List<Asked> asked() {
        return asked;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            Asked request = new Asked(
                    exchange.getRequestMethod(),
                    exchange.getRequestURI().toString(),
                    body,
                    Map.copyOf(exchange.getRequestHeaders()));
            asked.add(request);
            Said said = answers.apply(request);
            if (said.status() == 0) {
                return; // closed without an answer
            }
            said.headers().forEach(exchange.getResponseHeaders()::set);
            byte[] bytes = said.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(said.status(), bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
