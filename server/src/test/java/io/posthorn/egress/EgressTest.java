package io.posthorn.egress;

import static io.posthorn.egress.Caller.always;
import static io.posthorn.egress.Caller.await;
import static io.posthorn.egress.Caller.body;
import static io.posthorn.egress.Caller.failure;
import static io.posthorn.egress.Caller.local;
import static io.posthorn.egress.Caller.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.egress.AddressResolver.Resolution;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EgressTest {
    private static final Duration SHORT = Duration.ofMillis(300);

    /** Answers every request with the text. */
    private static RawServer answering(String text) {
        return new RawServer(connection -> {
            while (!connection.read().isEmpty()) {
                connection.write(text);
            }
        });
    }

    @Test
    void sendsThePostByteForByteAndReturnsTheResponse() throws Exception {
        LinkedBlockingQueue<String> requests = new LinkedBlockingQueue<>();
        try (RawServer server = new RawServer(connection -> {
                    requests.add(connection.read());
                    connection.write("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nX-A: b\r\nContent-Length: 5\r\n\r\nlater");
                    connection.awaitEnd();
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Instant before = Instant.now();
            Exchange exchange = await(caller.start(
                    "http://hooks.test:" + server.port() + "/in?a=b",
                    "{\"n\": 1.00}",
                    Caller.LONG,
                    "content-type",
                    "application/json",
                    "webhook-id",
                    "msg_1",
                    "Host",
                    "evil.test",
                    "Transfer-Encoding",
                    "chunked"));

            assertThat(requests.take())
                    .isEqualTo("POST /in?a=b HTTP/1.1\r\nhost: hooks.test:" + server.port()
                            + "\r\nuser-agent: Posthorn/test\r\ncontent-length: 11\r\n"
                            + "content-type: application/json\r\nwebhook-id: msg_1\r\n\r\n{\"n\": 1.00}");
            Outcome.Response response = response(exchange);
            assertThat(response.code()).isEqualTo(503);
            assertThat(response.headers()).isEqualTo("Retry-After: 7\nX-A: b\nContent-Length: 5\n");
            assertThat(response.retryAfter()).isEqualTo("7");
            assertThat(body(exchange)).isEqualTo("later");
            assertThat(response.truncated()).isFalse();
            assertThat(exchange.startedAtMicros()).isBetween(micros(before), micros(Instant.now()));
            assertThat(exchange.durationMicros()).isBetween(1L, micros(Instant.now()) - micros(before) + 1_000);
            assertThat(caller.inFlight()).isZero();
        }
    }

    @Test
    void usesAConnectionAgain() throws Exception {
        try (RawServer server = answering(RawServer.OK);
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            for (int i = 0; i < 20; i++) {
                assertThat(body(caller.post("http://hooks.test:" + server.port())))
                        .isEqualTo("ok");
            }
            assertThat(server.accepted()).isEqualTo(1);
            assertThat(caller.idle()).isEqualTo(1);
        }
    }

    @Test
    void readsChunkedAndUnboundedAndEmptyBodiesAndSkipsInformationalResponses() throws Exception {
        String chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        try (RawServer server = new RawServer(connection -> {
                    while (connection.read().contains("POST /chunked")) {
                        connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n");
                        connection.write(chunked);
                    }
                    connection.write(connection.number == 0 ? "HTTP/1.1 204 No Content\r\n\r\n" : "");
                    if (connection.number > 0) {
                        connection.write("HTTP/1.0 200 OK\r\n\r\nuntil the end");
                    }
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            assertThat(body(caller.post(url + "/chunked"))).isEqualTo("abcde");
            assertThat(body(caller.post(url + "/chunked"))).isEqualTo("abcde");
            assertThat(response(caller.post(url + "/empty")).code()).isEqualTo(204);
            server.awaitOver();
            assertThat(body(caller.post(url + "/old"))).isEqualTo("until the end");
            assertThat(server.accepted()).isEqualTo(2);
        }
    }

    @Test
    @Requirement("B35")
    void aServerThatNeverAnswersIsATimeoutAndItsConnectionIsClosed() throws Exception {
        try (RawServer server = new RawServer(RawServer.Connection::awaitEnd);
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Exchange exchange = caller.post("http://hooks.test:" + server.port(), "{}", SHORT);

            assertThat(failure(exchange).kind()).isEqualTo(FailureKind.TIMEOUT);
            assertThat(failure(exchange).detail())
                    .contains("hooks.test")
                    .contains("300 ms")
                    .contains("waiting for the response");
            assertThat(exchange.durationMicros()).isBetween(300_000L, 5_000_000L);
            assertThat(server.awaitOver()).isEqualTo("ended 0");
            assertThat(caller.inFlight()).isZero();
            assertThat(caller.idle()).isZero();
        }
    }

    @Test
    void aResponseThatStopsMidwayIsATimeout() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                    connection.awaitEnd();
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Outcome.Failure failure = failure(caller.post("http://hooks.test:" + server.port(), "{}", SHORT));

            assertThat(failure.kind()).isEqualTo(FailureKind.TIMEOUT);
            assertThat(failure.detail()).contains("reading the response");
            assertThat(server.awaitOver()).isEqualTo("ended 0");
        }
    }

    /** Vert.x' own close() would wait for the body to be written. */
    @Test
    void aServerThatDoesNotReadLosesTheConnectionAtTheDeadline() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (RawServer server = new RawServer(connection -> {
                    over.await();
                    connection.awaitEnd();
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String large = "x".repeat(32 << 20);
            Outcome.Failure failure = failure(caller.post("http://hooks.test:" + server.port(), large, SHORT));

            assertThat(failure.kind()).isEqualTo(FailureKind.TIMEOUT);
            over.countDown();
            assertThat(server.awaitOver()).isIn("ended 0", "broke 0");
        }
    }

    @Test
    void aNameThatIsResolvedTooSlowlyIsATimeoutAndALateAnswerHarmsNothing() throws Exception {
        CompletableFuture<java.util.function.Consumer<Resolution>> asked = new CompletableFuture<>();
        try (RawServer server = answering(RawServer.OK);
                Caller caller = new Caller(local(), (host, done) -> {
                    if (!asked.complete(done)) {
                        always("127.0.0.1").resolve(host, done);
                    }
                })) {
            String url = "http://hooks.test:" + server.port();
            Outcome.Failure failure = failure(caller.post(url, "{}", SHORT));

            assertThat(failure.kind()).isEqualTo(FailureKind.TIMEOUT);
            assertThat(failure.detail()).contains("resolving the name");
            await(asked).accept(new Resolution.Addresses(List.of(InetAddress.ofLiteral("127.0.0.1"))));
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void aNameWithoutAddressIsADnsFailure() {
        try (Caller caller = new Caller(
                local(),
                (host, done) ->
                        Thread.startVirtualThread(() -> done.accept(new Resolution.Unresolved("no such name"))))) {
            Outcome.Failure failure = failure(caller.post("http://nowhere.test/"));

            assertThat(failure.kind()).isEqualTo(FailureKind.DNS);
            assertThat(failure.detail()).contains("nowhere.test").contains("no such name");
        }
    }

    @Test
    void nobodyListeningIsAConnectFailure() throws Exception {
        try (Caller caller = new Caller(local(), always("127.0.0.1", "127.0.0.2"))) {
            Outcome.Failure failure = failure(caller.post("http://hooks.test:" + unusedPort()));

            assertThat(failure.kind()).isEqualTo(FailureKind.CONNECT);
            assertThat(failure.detail())
                    .contains("127.0.0.1")
                    .contains("refused")
                    .contains("1 other");
        }
    }

    @Test
    void theNextAddressIsTriedIfTheFirstDoesNotAnswer() throws Exception {
        try (RawServer server = answering(RawServer.OK);
                Caller caller = new Caller(local(), always("127.0.0.2", "127.0.0.3", "127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    @Requirement({"B2", "B3"})
    void oneRefusedAddressRefusesTheRequest() throws Exception {
        try (RawServer server = answering(RawServer.OK);
                Caller caller = new Caller(local(), always("127.0.0.1", "10.1.2.3"))) {
            Outcome.Failure failure = failure(caller.post("http://hooks.test:" + server.port()));

            assertThat(failure.kind()).isEqualTo(FailureKind.REFUSED_ADDRESS);
            assertThat(failure.detail())
                    .contains("hooks.test")
                    .contains("10.1.2.3")
                    .contains("private");
            assertThat(server.accepted()).isZero();
        }
    }

    /** DNS rebinding: every second answer leads where nobody may go. */
    @Test
    @Requirement({"B2", "B3"})
    void aSecondAnswerOfTheDnsChangesNothing() throws Exception {
        AtomicInteger answers = new AtomicInteger();
        AddressResolver alternating =
                (host, done) -> always(answers.getAndIncrement() % 2 == 0 ? "127.0.0.1" : "169.254.169.254")
                        .resolve(host, done);
        try (RawServer server = answering(RawServer.OK);
                Caller caller = new Caller(local(), alternating)) {
            String url = "http://hooks.test:" + server.port();
            for (int i = 0; i < 3; i++) {
                assertThat(body(caller.post(url))).isEqualTo("ok");
                Outcome.Failure refused = failure(caller.post(url));
                assertThat(refused.kind()).isEqualTo(FailureKind.REFUSED_ADDRESS);
                assertThat(refused.detail()).contains("metadata");
            }
            assertThat(answers).hasValue(6);
        }
    }

    /** A connection is no way around the check either: it is used again only for an address just checked. */
    @Test
    void anIdleConnectionIsNotUsedWhenTheNameHasMoved() throws Exception {
        AtomicInteger answers = new AtomicInteger();
        AddressResolver moving = (host, done) -> always(answers.getAndIncrement() == 0 ? "127.0.0.1" : "127.0.0.2")
                .resolve(host, done);
        try (RawServer server = answering(RawServer.OK);
                Caller caller = new Caller(local(), moving)) {
            String url = "http://hooks.test:" + server.port();
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(failure(caller.post(url)).kind()).isEqualTo(FailureKind.CONNECT);
        }
    }

    @Test
    void aRedirectIsAResponseAndNotFollowed() throws Exception {
        try (RawServer other = answering(RawServer.OK);
                RawServer server = answering("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:"
                        + other.port() + "/\r\nContent-Length: 0\r\n\r\n");
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            assertThat(response(caller.post("http://hooks.test:" + server.port()))
                            .code())
                    .isEqualTo(307);
            assertThat(other.accepted()).isZero();
        }
    }

    @Test
    void ofALongBodyTheBeginningIsKept() throws Exception {
        String exact = "y".repeat(16 << 10);
        try (RawServer server = new RawServer(connection -> {
                    for (String request = connection.read(); !request.isEmpty(); request = connection.read()) {
                        String body = exact + (request.contains("/more") ? "z".repeat(100_000) : "");
                        connection.write("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                    }
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            Exchange whole = caller.post(url + "/exact");
            assertThat(body(whole)).isEqualTo(exact);
            assertThat(response(whole).truncated()).isFalse();

            Exchange cut = caller.post(url + "/more");
            assertThat(body(cut)).isEqualTo(exact);
            assertThat(response(cut).truncated()).isTrue();
            assertThat(caller.idle())
                    .as("read to the end, so the connection is good")
                    .isEqualTo(1);
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void aBodyWithoutEndCountsAndLosesTheConnection() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n");
                    byte[] block = new byte[64 << 10];
                    while (true) {
                        connection.write(block);
                    }
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Outcome.Response response = response(caller.post("http://hooks.test:" + server.port()));

            assertThat(response.code()).isEqualTo(200);
            assertThat(response.body()).hasSize(16 << 10);
            assertThat(response.truncated()).isTrue();
            assertThat(server.awaitOver()).isEqualTo("broke 0");
            assertThat(caller.idle()).isZero();
        }
    }

    @Test
    void tooManyHeadersAreAProtocolFailure() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\n");
                    for (int i = 0; i < 100_000; i++) {
                        connection.write("X-" + i + ": flood\r\n");
                    }
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Outcome.Failure failure = failure(caller.post("http://hooks.test:" + server.port()));

            assertThat(failure.kind()).isEqualTo(FailureKind.PROTOCOL);
            assertThat(failure.detail()).contains("16384 bytes of response headers");
            assertThat(server.awaitOver()).isEqualTo("broke 0");
        }
    }

    @Test
    void whatIsNotHttpIsAProtocolFailure() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("220 mail.test ESMTP ready\r\n\r\n");
                    connection.awaitEnd();
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Outcome.Failure failure = failure(caller.post("http://hooks.test:" + server.port()));

            assertThat(failure.kind()).isEqualTo(FailureKind.PROTOCOL);
            assertThat(failure.detail()).contains("not HTTP");
        }
    }

    @Test
    void aConnectionClosedOrResetMidwayIsAProtocolFailure() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    String request = connection.read();
                    if (request.contains("/half")) {
                        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                    } else if (request.contains("/reset")) {
                        connection.reset();
                    }
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            Outcome.Failure closed = failure(caller.post(url + "/closed"));
            assertThat(closed.kind()).isEqualTo(FailureKind.PROTOCOL);
            assertThat(closed.detail()).contains("closed the connection before a response came");
            assertThat(failure(caller.post(url + "/half")).detail()).contains("before the response was complete");
            assertThat(failure(caller.post(url + "/reset")).kind()).isEqualTo(FailureKind.PROTOCOL);
            assertThat(server.accepted())
                    .as("a fresh connection is not tried again")
                    .isEqualTo(3);
        }
    }

    @Test
    void aConnectionThatWentStaleIsReplacedOnce() throws Exception {
        LinkedBlockingQueue<Integer> served = new LinkedBlockingQueue<>();
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    served.add(connection.number);
                    connection.write(RawServer.OK);
                    // closes as soon as the second request comes: the client cannot know
                    connection.read();
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(served).containsExactly(0, 1);
        }
    }

    @Test
    void aReusedConnectionThatBreaksWithinAResponseIsNotRepeated() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(RawServer.OK);
                    connection.read();
                    connection.write("HT");
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(failure(caller.post(url)).kind()).isEqualTo(FailureKind.PROTOCOL);
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void whatAServerSaysUnaskedIsNotTakenForTheNextAnswer() throws Exception {
        CountDownLatch said = new CountDownLatch(1);
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(RawServer.OK + (connection.number == 0 ? RawServer.OK.replace("ok", "no") : ""));
                    said.countDown();
                    connection.awaitEnd();
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(said.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(server.awaitOver()).isEqualTo("ended 0");
            assertThat(body(caller.post(url))).isEqualTo("ok");
            assertThat(server.accepted()).isEqualTo(2);
        }
    }

    @Test
    void aHundredHangingRequestsDoNotDelayAHealthyOneAtTheSameOrigin() throws Exception {
        CountDownLatch hanging = new CountDownLatch(100);
        try (RawServer server = new RawServer(connection -> {
                    if (connection.read().contains("/hang")) {
                        hanging.countDown();
                        connection.awaitEnd();
                    } else {
                        connection.write(RawServer.OK);
                        connection.awaitEnd();
                    }
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            List<CompletableFuture<Exchange>> stuck = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                stuck.add(caller.start(url + "/hang", "{}", Caller.LONG));
            }
            assertThat(hanging.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(body(caller.post(url + "/healthy", "{}", Duration.ofSeconds(5))))
                    .isEqualTo("ok");
            assertThat(caller.inFlight()).isEqualTo(100);
            assertThat(stuck).noneMatch(CompletableFuture::isDone);

            caller.closeEgress();
            for (CompletableFuture<Exchange> exchange : stuck) {
                assertThat(failure(await(exchange)).detail()).contains("stopping");
            }
            assertThat(failure(caller.post(url)).detail()).contains("stopping");
            assertThat(caller.inFlight()).isZero();
        }
    }

    @Test
    void idleConnectionsAreBoundedAndClosedAfterAWhile() throws Exception {
        try (RawServer one = answering(RawServer.OK);
                RawServer two = answering(RawServer.OK);
                Caller caller = new Caller(local(null, Duration.ofSeconds(1), 1), always("127.0.0.1"))) {
            caller.post("http://hooks.test:" + one.port());
            caller.post("http://hooks.test:" + two.port());

            assertThat(one.awaitOver()).as("the older one gives way").isEqualTo("ended 0");
            assertThat(caller.idle()).isEqualTo(1);
            assertThat(two.awaitOver()).as("the other is closed after a second").isEqualTo("ended 0");
            assertThat(caller.idle()).isZero();
        }
    }

    @Test
    void aHeaderThatCannotBeWrittenFailsTheExchangeAndNothingElse() throws Exception {
        try (RawServer server = answering(RawServer.OK);
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            String url = "http://hooks.test:" + server.port();
            Outcome.Failure failure = failure(await(caller.start(url, "{}", Caller.LONG, "x-a", "b\r\nevil: c")));

            assertThat(failure.kind()).isEqualTo(FailureKind.PROTOCOL);
            assertThat(failure.detail()).contains("cannot be written");
            assertThat(body(caller.post(url))).isEqualTo("ok");
        }
    }

    @Test
    void isUsedFromItsOwnLoopOnly() {
        try (Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Egress elsewhere =
                    new Egress(caller.vertx.getOrCreateContext(), local(), always("127.0.0.1"), Instant::now);
            Target target = ((TargetResult.Ok) Target.parse("https://example.com", local().policy())).target();

            assertThatThrownBy(() -> elsewhere.post(target, new String[0], new byte[0], SHORT, exchange -> {}))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    private static long micros(Instant instant) {
        return instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1_000;
    }
}
