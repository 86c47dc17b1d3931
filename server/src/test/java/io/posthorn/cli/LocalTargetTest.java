package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.posthorn.cli.LocalTarget.Header;
import io.posthorn.cli.LocalTarget.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LocalTargetTest {
    private static final Duration LONG = Duration.ofSeconds(50);
    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);

    @Test
    void headersAndBodyGoAndTheBeginningOfTheAnswerComes() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext("/", exchange -> {
            seen.add(exchange.getRequestHeaders().getFirst("X-One") + " "
                    + exchange.getRequestHeaders().getFirst("User-Agent") + " "
                    + exchange.getRequestHeaders().getFirst("Host") + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.getResponseHeaders().add("X-Two", "2");
            exchange.sendResponseHeaders(418, 10);
            exchange.getResponseBody().write("0123456789".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        int port = server.getAddress().getPort();
        try (LocalTarget target = new LocalTarget(URI.create("http://127.0.0.1:" + port + "/"))) {
            List<Header> headers =
                    List.of(new Header("x-one", "1"), new Header("user-agent", "me"), new Header("host", "elsewhere"));
            Result.Response response = (Result.Response) target.send("POST", null, headers, BODY, LONG, 4);
            assertThat(seen.take()).isEqualTo("1 me 127.0.0.1:" + port + " {}");
            assertThat(response.status()).isEqualTo(418);
            assertThat(response.body()).asString().isEqualTo("0123");
            assertThat(response.truncated()).isTrue();
            assertThat(response.headers()).contains(new Header("x-two", "2"));
            assertThat(((Result.Response) target.send("POST", null, List.of(), BODY, LONG, 10)).truncated())
                    .isFalse();
        } finally {
            server.stop(0);
        }
    }

    @Test
    void methodAndPathAreThoseOfTheRequest() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext("/", exchange -> {
            seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook?a=1");
        try (LocalTarget target = new LocalTarget(url)) {
            target.send("PUT", null, List.of(), BODY, LONG, 4);
            assertThat(seen.take()).isEqualTo("PUT /hook?a=1 {}");
            target.send("PATCH", "/other?b=%20", List.of(), BODY, LONG, 4);
            assertThat(seen.take()).isEqualTo("PATCH /other?b=%20 {}");
            target.send("GET", "/", List.of(), new byte[0], LONG, 4);
            assertThat(seen.take()).isEqualTo("GET / ");
            for (String elsewhere : List.of("@example.com/", "http://example.com/", ":1/", "/a b")) {
                assertThat(target.send("POST", elsewhere, List.of(), BODY, LONG, 4))
                        .as(elsewhere)
                        .isInstanceOfSatisfying(
                                Result.Failure.class,
                                failure -> assertThat(failure.kind()).isEqualTo("protocol"));
            }
            target.send("POST", "//example.com/", List.of(), BODY, LONG, 4);
            assertThat(seen.take()).as("only the path is another one").startsWith("POST //example.com/ ");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void whatGoesWrongHasAKind() throws Exception {
        URI down;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            down = URI.create("http://127.0.0.1:" + free.getLocalPort());
        }
        assertThat(failure(down, LONG).kind()).isEqualTo("connect");
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            URI url = URI.create("http://127.0.0.1:" + silent.getLocalPort());
            assertThat(failure(url, Duration.ofMillis(10)))
                    .isEqualTo(new Result.Failure("timeout", "the local program did not answer within 10 ms"));
            Thread.startVirtualThread(() -> answerNonsense(silent));
            assertThat(failure(url, LONG).kind()).isEqualTo("protocol");
        }
    }

    /** The connection of the attempt before still waits to be accepted, so there are two. */
    private static void answerNonsense(ServerSocket listener) {
        try {
            for (int i = 0; i < 2; i++) {
                listener.accept().getOutputStream().write("nonsense\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Result.Failure failure(URI url, Duration most) throws InterruptedException {
        try (LocalTarget target = new LocalTarget(url)) {
            return (Result.Failure) target.send("POST", null, List.of(), BODY, most, 10);
        }
    }
}
