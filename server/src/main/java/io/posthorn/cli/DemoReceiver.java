package io.posthorn.cli;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.posthorn.cli.DemoTally.Arrival;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The demo's receiver: one HTTP server with a path for each endpoint. It believes nothing without a signature that
 * the public Standard Webhooks library finds valid; what that refuses is answered 401 and counted.
 */
final class DemoReceiver implements AutoCloseable {
    private static final int MOST_BYTES = 1 << 20;

    private final DemoBoard board;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<DemoEndpoint, Webhook> verifiers = new ConcurrentHashMap<>();

    /** Starts on a free port of 127.0.0.1. */
    DemoReceiver(DemoBoard board) throws IOException {
        this.board = board;
        server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 1024);
        server.setExecutor(threads);
        for (DemoEndpoint endpoint : DemoEndpoint.values()) {
            server.createContext("/" + endpoint.title(), exchange -> receive(endpoint, exchange));
        }
        server.start();
    }

    /** Where an endpoint receives. */
    URI url(DemoEndpoint endpoint) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/" + endpoint.title());
    }

    /**
     * From now on an endpoint accepts what is signed with a secret.
     *
     * @param secret {@code whsec_…}, as the server tells it
     * @throws IllegalArgumentException if it is none
     */
    void trust(DemoEndpoint endpoint, String secret) {
        try {
            verifiers.put(endpoint, new Webhook(secret));
        } catch (EmptyWebhookSecretException e) {
            throw new IllegalArgumentException("the signing secret of endpoint " + endpoint.title() + " is empty", e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void receive(DemoEndpoint endpoint, HttpExchange exchange) throws IOException {
        long nanos = System.nanoTime();
        try (exchange;
                InputStream in = exchange.getRequestBody()) {
            String body = new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer(endpoint, exchange, new Arrival(nanos, body)), -1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private int answer(DemoEndpoint endpoint, HttpExchange exchange, Arrival arrival) throws InterruptedException {
        String message = exchange.getRequestHeaders().getFirst(Webhook.UNBRANDED_MSG_ID_KEY);
        DemoTally tally = board.tally(endpoint);
        if (message == null || !genuine(verifiers.get(endpoint), exchange, arrival.body())) {
            tally.countRefused();
            return 401;
        }
        int status = endpoint.status(tally.verified(message));
        Thread.sleep(endpoint.pause());
        if (status == 204) {
            board.delivered(endpoint, message, arrival);
        }
        return status;
    }

    private static boolean genuine(@Nullable Webhook verifier, HttpExchange exchange, String body) {
        if (verifier == null) {
            return false;
        }
        try {
            verifier.verify(
                    body,
                    HttpHeaders.of(exchange.getRequestHeaders(), (name, value) -> true)
                            .map());
            return true;
        } catch (WebhookVerificationException forged) {
            return false;
        }
    }
}
