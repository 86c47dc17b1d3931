package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that no decent client sends: a clear refusal, no internals shown, nothing changed, and the server goes on. */
final class HostileInputTest {
    private static ServerProcess server;
    private static Customer customer;
    private static Receiver receiver;
    private static Inbox inbox;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--request-deadline", "2s");
        receiver = new Receiver();
        inbox = receiver.at("/hooks");
        customer = Customer.of(server);
        customer.endpoint(inbox);
    }

    @AfterAll
    static void stop() throws Exception {
        receiver.close();
        server.close();
    }

    private int before;

    @BeforeEach
    void count() {
        before = inbox.ids().size();
    }

    /** After each of them the server accepts and delivers, and has said nothing of an error of its own. */
    @AfterEach
    void goesOn() throws Exception {
        String last = customer.publish("\"last\"");
        inbox.awaitAll(java.util.Set.of(last), Until.PATIENCE);
        assertThat(inbox.ids()).hasSize(before + 1);
        assertThat(server.log()).doesNotContain("ERROR", "Exception", "\tat ");
    }

    private static Arguments refused(String what, int status, byte[] body) {
        return Arguments.of(what, status, body);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static Stream<Arguments> bodies() {
        byte[] badUtf8 = utf8("{\"eventType\":\"a.b\",\"payload\":\"?\"}");
        badUtf8[badUtf8.length - 3] = (byte) 0xff;
        byte[] surrogate = utf8("{\"eventType\":\"a.b\",\"payload\":\"???\"}");
        surrogate[surrogate.length - 5] = (byte) 0xed;
        surrogate[surrogate.length - 4] = (byte) 0xa0;
        surrogate[surrogate.length - 3] = (byte) 0x80;
        return Stream.of(
                refused("deep nesting", 422, utf8(Api.message("a.b", "[".repeat(100_000) + "]".repeat(100_000)))),
                refused("unclosed nesting", 422, utf8("[".repeat(500_000))),
                refused("bad UTF-8", 422, badUtf8),
                refused("half a surrogate in UTF-8", 422, surrogate),
                refused("UTF-16", 422, Api.message("a.b", "{}").getBytes(StandardCharsets.UTF_16)),
                refused("NUL bytes", 422, new byte[1_000]),
                refused("an escaped NUL in a name", 422, utf8("{\"eventType\":\"a\\u0000b\",\"payload\":{}}")),
                refused(
                        "a NUL in an eventId",
                        422,
                        utf8("{\"eventType\":\"a\",\"eventId\":\"\\u0000\",\"payload\":1}")),
                refused(
                        "half a surrogate in a tag",
                        422,
                        utf8("{\"eventType\":\"a\",\"tags\":[\"\\ud800\"],\"payload\":1}")),
                refused("a long name", 422, utf8(Api.message("x".repeat(10_000), "{}"))),
                refused(
                        "a long number as a field",
                        422,
                        utf8("{\"eventType\":" + "9".repeat(5_000) + ",\"payload\":1}")),
                refused("a field twice", 422, utf8("{\"eventType\":\"a\",\"eventType\":\"b\",\"payload\":1}")),
                refused("NaN", 422, utf8("{\"eventType\":\"a\",\"payload\":NaN}")),
                refused("a comment", 422, utf8("{\"eventType\":\"a\",/* */\"payload\":1}")),
                refused("a literal line break in a text", 422, utf8("{\"eventType\":\"a\",\"payload\":\"\n\"}")),
                refused("too many channels", 422, utf8(Api.message("a", "1,\"channels\":" + distinctNames(10_000)))),
                refused("half a body", 422, utf8("{\"eventType\":\"a.b\",\"payload\":{")));
    }

    private static String distinctNames(int count) {
        return IntStream.range(0, count).mapToObj(n -> "\"c" + n + '"').collect(Collectors.joining(",", "[", "]"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void isRefused(String what, int status, byte[] body) throws Exception {
        Api.Answer answer = server.api().post(Api.messages(customer.id()), body);
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.json().path("detail").isMissingNode()).isFalse();
        assertThat(answer.body()).hasSizeLessThan(4_000).doesNotContain("Exception", "io.posthorn", "jackson", ".java");
    }

    @Test
    void pathsAreNoWayOut() throws Exception {
        for (String path : List.of(
                "/api/v1/app/..%2f..%2fetc%2fpasswd",
                "/api/v1/app/%00",
                "/api/v1/app/%zz",
                "/api/v1/app/" + "x".repeat(2_000),
                "/api/v1/app/a'%20or%20'1'='1",
                "/../../etc/passwd",
                "/api/v1/app?limit=251",
                "/api/v1/app?limit=-1",
                "/api/v1/app?limit=9999999999999999",
                "/api/v1/app?order=sideways",
                "/api/v1/app?iterator=%00")) {
            String answer = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                    + ServerProcess.TOKEN + "\r\n\r\n");
            assertThat(answer).as(path).containsPattern("^HTTP/1.1 4(00|04|22) ");
            assertThat(answer).as(path).doesNotContain("Exception", "root:", ".java");
        }
    }

    @Test
    void whatIsNotHttpIsRefused() throws Exception {
        assertThat(raw("\u0016\u0003\u0001 hello tls\r\n\r\n")).matches("(?s)|HTTP/1.[01] 400 .*");
        assertThat(raw("GET / HTTP/9.9\r\n\r\n")).matches("(?s)HTTP/\\d.\\d (400|501|505) .*");
        assertThat(raw("POST " + Api.messages(customer.id()) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                        + ServerProcess.TOKEN
                        + "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
                .doesNotStartWith("HTTP/1.1 2");
        assertThat(raw("POST " + Api.messages(customer.id()) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                        + ServerProcess.TOKEN + "\r\nContent-Length: -1\r\n\r\n"))
                .doesNotStartWith("HTTP/1.1 2");
    }

    @Test
    void hugeHeadersAreRefused() throws Exception {
        assertThat(raw("GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Big: " + "x".repeat(1_000_000) + "\r\n\r\n"))
                .matches("(?s)|HTTP/1.[01] (400|431) .*");
        assertThat(raw("GET /" + "x".repeat(1_000_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                .matches("(?s)|HTTP/1.[01] (400|414) .*");
    }

    /** A hundred connections that have sent half a request keep nobody else from being served. */
    @Test
    void halfARequestHoldsNobodyUp() throws Exception {
        byte[] half = utf8("POST " + Api.messages(customer.id()) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + ServerProcess.TOKEN + "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"event");
        List<Socket> sockets = new java.util.ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), server.api().port());
                sockets.add(socket);
                socket.getOutputStream().write(i % 2 == 0 ? half : utf8("POST /api/v1/ap"));
            }
            String id = customer.publish("\"meanwhile\"");
            inbox.awaitAll(java.util.Set.of(id), Until.PATIENCE);
            before++;
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void aBodyThatDoesNotComeIsGivenUp() throws Exception {
        String answer = raw("POST " + Api.messages(customer.id()) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + ServerProcess.TOKEN + "\r\nContent-Length: 1000\r\n\r\n{\"eventType\"");
        assertThat(answer).startsWith("HTTP/1.1 408 ").contains("\"code\"");
    }

    /** Sends bytes and returns what comes back until the server closes or stops talking for five seconds. */
    private static String raw(String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.api().port())) {
            socket.setSoTimeout(5_000);
            java.io.ByteArrayOutputStream answer = new java.io.ByteArrayOutputStream();
            try {
                socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
                byte[] chunk = new byte[8_192];
                for (int n = socket.getInputStream().read(chunk);
                        n > 0;
                        n = socket.getInputStream().read(chunk)) {
                    answer.write(chunk, 0, n);
                }
            } catch (SocketException | java.net.SocketTimeoutException e) {
                // cut off in the midst of sending, or kept open: what came before counts
            }
            return answer.toString(StandardCharsets.UTF_8);
        }
    }
}
