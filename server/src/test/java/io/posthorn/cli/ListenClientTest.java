package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.cli.ListenClient.Backoff;
import io.posthorn.cli.ListenClient.Hello;
import io.posthorn.cli.ListenClient.Plan;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.ServerWebSocket;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command's connection, against a server that says what the test wants. */
@Timeout(60)
final class ListenClientTest {
    private static final Backoff HASTY = new Backoff(Duration.ofMillis(1), Duration.ofMillis(4), 3, () -> 1);
    private static final String READY =
            "{\"type\":\"ready\",\"endpointId\":\"ep_1\",\"secret\":\"whsec_x\",\"keepResponseBytes\":10}";

    private final Vertx vertx = Vertx.vertx();
    private final StringWriter printed = new StringWriter();
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> handshakes = new LinkedBlockingQueue<>();
    private final AtomicInteger connections = new AtomicInteger();

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** A client of a server that does this with each message that it hears. */
    private ListenClient client(BiConsumer<ServerWebSocket, String> says) throws Exception {
        HttpServer server = vertx.createHttpServer()
                .webSocketHandler(socket -> {
                    connections.incrementAndGet();
                    handshakes.add(socket.headers().get("authorization") + " "
                            + socket.headers().get("posthorn-environment") + " " + socket.path());
                    socket.textMessageHandler(text -> {
                        heard.add(text);
                        says.accept(socket, text);
                    });
                })
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        Plan plan = new Plan(
                URI.create("http://127.0.0.1:" + server.actualPort() + "/"),
                "token",
                "staging",
                Duration.ofSeconds(30),
                "my app",
                URI.create("http://127.0.0.1:1/"),
                new Hello("hello", null, null, null, "http://127.0.0.1:1/"));
        return new ListenClient(plan, ListenOutput.json(new PrintWriter(printed)), HASTY);
    }

    @Test
    void pausesGrowToABound() {
        Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(30), 25, () -> 0);
        assertThat(backoff.pause(1)).isEqualTo(Duration.ofMillis(250));
        assertThat(backoff.pause(2)).isEqualTo(Duration.ofMillis(500));
        assertThat(backoff.pause(7)).isEqualTo(Duration.ofSeconds(15));
        assertThat(backoff.pause(1_000_000)).isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void aConnectionThatBreaksIsMadeAgainWithTheSameSecretAndNotForever() throws Exception {
        try (ListenClient client = client((socket, text) -> {
            if (connections.get() == 1) {
                socket.writeTextMessage(READY);
            }
            socket.close((short) 1001, "the server stops");
        })) {
            assertThat(client.run()).isEqualTo("given up after 3 tries to connect again: the server stops");
        }
        assertThat(connections).hasValue(4);
        assertThat(handshakes).hasSize(4).containsOnly("Bearer token staging /api/v1/app/my%20app/listen");
        assertThat(heard.take()).doesNotContain("secret");
        assertThat(heard.take()).contains("\"secret\":\"whsec_x\"");
        assertThat(printed.toString().lines())
                .hasSize(4)
                .allSatisfy(line ->
                        assertThat(new ObjectMapper().readTree(line).isObject()).isTrue())
                .last()
                .asString()
                .contains("\"event\":\"reconnecting\"", "\"reason\":\"the server stops\"", "\"inMs\":4");
    }

    @Test
    void aRefusalIsTheEndAndSaysWhy() throws Exception {
        try (ListenClient client = client((socket, text) -> {
            socket.writeTextMessage(READY);
            socket.close((short) 4401, "the token is no longer valid for this");
        })) {
            assertThat(client.run()).isEqualTo("the token is no longer valid for this");
        }
        try (ListenClient client = client((socket, text) -> {
            socket.writeTextMessage(
                    "{\"type\":\"invalid\",\"detail\":[{\"loc\":[\"body\",\"channels\",0],\"msg\":\"must be\"}]}");
            socket.close((short) 4422, "");
        })) {
            assertThat(client.run()).isEqualTo("the server refuses: body.channels.0 must be");
        }
        assertThat(connections).hasValue(2);
    }

    @Test
    void aDeliveryIsAnsweredWhateverHappensToIt() throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        ListenClient[] running = new ListenClient[1];
        try (ListenClient client = client((socket, text) -> {
            if (text.contains("\"hello\"")) {
                socket.writeTextMessage(READY)
                        .onComplete(ready -> socket.writeTextMessage("{\"type\":\"delivery\",\"id\":5,"
                                + "\"messageId\":\"msg_1\",\"eventType\":\"a.b\",\"timeoutMs\":40000,"
                                + "\"headers\":[{\"name\":\"x\",\"value\":\"y\"}],\"body\":\"e30=\"}"));
            } else {
                answer.complete(text);
                Thread.startVirtualThread(() -> running[0].close());
            }
        })) {
            running[0] = client;
            assertThat(client.run()).as("ended by us").isNull();
        }
        assertThat(answer.get(30, TimeUnit.SECONDS))
                .contains("\"type\":\"failure\"", "\"id\":5", "\"kind\":\"connect\"", "no connection to 127.0.0.1:1");
    }

    @Test
    void theCommandTakesTheOptionsOfAllOthers(@TempDir Path folder) throws Exception {
        CompletableFuture<String> handshake = new CompletableFuture<>();
        HttpServer server = vertx.createHttpServer()
                .requestHandler(request -> {
                    handshake.complete(request.getHeader("authorization") + " "
                            + request.getHeader("posthorn-environment") + " " + request.path());
                    request.response().setStatusCode(401).end();
                })
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        Files.writeString(folder.resolve("token"), "ph_secret\n");
        Captured captured = new Captured(folder, Map.of("POSTHORN_ENVIRONMENT", "elsewhere"));
        int code = captured.run(
                "listen",
                "--app",
                "a",
                "--forward-to",
                "http://127.0.0.1:1/",
                "--server",
                "http://127.0.0.1:" + server.actualPort(),
                "--token-file",
                "token",
                "--environment",
                "staging");
        assertThat(handshake.get(30, TimeUnit.SECONDS)).isEqualTo("Bearer ph_secret staging /api/v1/app/a/listen");
        assertThat(code).isEqualTo(ExitCodes.FAILURE);
        assertThat(captured.err()).contains("does not know the token (401)");
    }
}
