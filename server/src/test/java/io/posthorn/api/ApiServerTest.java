package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ApiServerTest {
    private final AtomicBoolean healthy = new AtomicBoolean(true);
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch leave = new CountDownLatch(1);
    private final Api api = new Api(
            new ApiSettings(
                    "127.0.0.1",
                    0,
                    2,
                    1_000,
                    1,
                    3,
                    1,
                    30,
                    Duration.ofDays(1),
                    0,
                    new DeliveryCeilings(Duration.ofSeconds(15), 50),
                    null),
            healthy::get,
            (loop, authenticator, bodies, mostBody) -> request -> {
                if ("/fails".equals(request.path())) {
                    bodies.read(request, mostBody, body -> {
                        throw new IllegalStateException("a secret of the inside");
                    });
                    return true;
                }
                if (!"/fast".equals(request.path())) {
                    return false;
                }
                bodies.read(
                        request,
                        mostBody,
                        body -> Errors.write(request, Answer.text(200, "text/plain", "read " + body.length)));
                return true;
            },
            List.of(this::slow));

    private List<Operation> slow() {
        return List.of(
                Operation.get("/api/v1/slow", Access.SELF, call -> {
                    entered.countDown();
                    try {
                        assertThat(leave.await(30, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return Answer.text(200, "text/plain", "at last");
                }),
                Operation.get("/api/v1/broken", Access.SELF, call -> {
                    throw new IllegalStateException("a secret of the inside");
                }),
                Operation.get("/api/v1/away", Access.SELF, call -> {
                    throw new IllegalStateException(new java.sql.SQLException("gone", "08006"));
                }));
    }

    @AfterEach
    void close() {
        leave.countDown();
        api.close();
    }

    private HttpRequest slowly() {
        return api.request("/api/v1/slow").build();
    }

    private CompletableFuture<Api.Reply> later(HttpRequest request) {
        return CompletableFuture.supplyAsync(() -> api.send(request), Thread::startVirtualThread);
    }

    @Test
    void healthAndMetricsAskForNoToken() throws IOException {
        for (String path : List.of("/api/v1/health", "/api/v1/health/", "/metrics")) {
            assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                    .as(path)
                    .startsWith("HTTP/1.1 200 OK");
        }
        assertThat(raw("HEAD /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200 OK")
                .contains("content-length: 15")
                .endsWith("\r\n\r\n");
        healthy.set(false);
        Api.Reply down = api.get("/health");
        assertThat(down.status()).isEqualTo(503);
        assertThat(down.body().path("status").asText()).isEqualTo("unavailable");
        assertThat(down.headers().firstValue("retry-after")).isPresent();
    }

    @Test
    void beyondTheBoundOfWorkTheAnswerIs503WithRetryAfter() throws Exception {
        CompletableFuture<Api.Reply> first = later(slowly());
        assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
        Api.Reply second = api.get("/app");
        assertThat(second.status()).isEqualTo(503);
        assertThat(second.code()).isEqualTo("unavailable");
        assertThat(second.headers().firstValue("retry-after")).contains("1");
        leave.countDown();
        assertThat(first.get(30, TimeUnit.SECONDS).text()).isEqualTo("at last");
        assertThat(api.get("/app").status()).isEqualTo(200);
    }

    @Test
    void closingLetsWhatIsUnderWayFinish() throws Exception {
        CompletableFuture<Api.Reply> running = later(slowly());
        assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
        var closing = api.server.close(Duration.ofSeconds(20));
        leave.countDown();
        assertThat(running.get(30, TimeUnit.SECONDS).text()).isEqualTo("at last");
        Api.await(closing);
        assertThatThrownBy(() -> connect().close()).isInstanceOf(IOException.class);
    }

    @Test
    void failuresTellNothingOfTheInside() {
        Api.Reply broken = api.get("/broken");
        assertThat(broken.status()).isEqualTo(500);
        assertThat(broken.code()).isEqualTo("internal_error");
        assertThat(broken.text()).doesNotContain("secret of the inside", "Exception", "\tat ");
        Api.Reply away = api.get("/away");
        assertThat(away.status()).isEqualTo(503);
        assertThat(away.headers().firstValue("retry-after")).isPresent();
    }

    @Test
    void whatFailsAfterTheBodyWasReadIsAnswered() {
        for (int i = 0; i < 2; i++) {
            Api.Reply broken = api.send(api.request("/fails").POST(BodyPublishers.ofString("x")));
            assertThat(broken.status()).isEqualTo(500);
            assertThat(broken.code()).isEqualTo("internal_error");
            assertThat(broken.text()).doesNotContain("secret of the inside");
        }
    }

    @Test
    void theFastRouteComesFirstAndItsBodiesAreBounded() {
        assertThat(api.send(api.request("/fast").POST(BodyPublishers.ofString("x".repeat(1_000))))
                        .text())
                .isEqualTo("read 1000");
        assertThat(api.send(api.request("/fast").POST(BodyPublishers.ofString("x".repeat(1_001))))
                        .status())
                .isEqualTo(413);
        assertThat(api.send(api.request("/fast").POST(BodyPublishers.noBody())).text())
                .isEqualTo("read 0");
    }

    @Test
    void aBodyThatIsSentByHalvesIsGivenUp() throws IOException {
        String answer = raw("POST /fast HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
        assertThat(answer).startsWith("HTTP/1.1 408 ").contains("request_timeout");
    }

    @Test
    void whoAsksFirstIsToldBeforeSending() throws IOException {
        String expect = "POST /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n";
        assertThat(raw(expect + "Content-Length: 4\r\n\r\nhalf"))
                .startsWith("HTTP/1.1 100 Continue")
                .endsWith("read 4");
        assertThat(raw(expect + "Content-Length: 4000\r\n\r\n")).startsWith("HTTP/1.1 413 ");
    }

    @Test
    void aConnectionTooManyIsClosed() throws IOException {
        try (Socket one = connect();
                Socket two = connect();
                Socket three = connect()) {
            for (Socket socket : List.of(one, two, three)) {
                assertThat(exchange(socket)).startsWith("HTTP/1.1 200");
            }
            assertThat(isRefused()).isTrue();
            assertThat(exchange(two)).startsWith("HTTP/1.1 200");
        }
    }

    /** Whether a new connection gets no answer: it is closed, or reset if it was quick enough to send. */
    private boolean isRefused() throws IOException {
        try (Socket socket = connect()) {
            return exchange(socket).isEmpty();
        } catch (SocketException reset) {
            return true;
        }
    }

    private static String exchange(Socket socket) throws IOException {
        socket.setSoTimeout(30_000);
        OutputStream out = socket.getOutputStream();
        out.write("GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
        byte[] some = new byte[1_024];
        int count = socket.getInputStream().read(some);
        return count < 0 ? "" : new String(some, 0, count, StandardCharsets.US_ASCII);
    }

    /** Sends these bytes and reads until the server closes. */
    private String raw(String bytes) throws IOException {
        try (Socket socket = connect()) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), api.server.port());
    }
}
