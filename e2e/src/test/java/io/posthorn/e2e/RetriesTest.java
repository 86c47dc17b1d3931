package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import com.svix.models.MessageAttemptOut;
import com.svix.models.MessageStatus;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What counts as success, what follows when there is none, and what is kept of each attempt. */
final class RetriesTest {
    private static final int SUCCESS = 0;
    private static final int PENDING = 1;
    private static final int FAIL = 2;
    private static ServerProcess server;
    private Receiver receiver;
    private Customer customer;
    private Inbox inbox;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(
                folder,
                "--retry-schedule",
                "200ms,200ms,200ms",
                "--retry-jitter",
                "0",
                "--attempt-timeout",
                "1s",
                "--retry-after-max",
                "3s",
                "--svix-headers",
                "true");
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        customer = Customer.of(server);
        inbox = receiver.at("/hooks");
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private List<JsonNode> attempts(String message, int count) throws Exception {
        return Until.value(
                count + " attempts are listed",
                () -> server.api().attempts(customer.id(), message),
                list -> list.size() >= count);
    }

    /** Where the delivery of a message to its only endpoint stands. */
    private JsonNode standing(String message, int status) throws Exception {
        return Until.value(
                "the delivery's status is " + status,
                () -> server.api()
                        .get("/api/v1/app/" + customer.id() + "/msg/" + message + "/endpoint")
                        .json()
                        .path("data")
                        .path(0),
                one -> one.path("status").asInt(-1) == status);
    }

    @Test
    @Requirement({"B24", "B30", "B31", "D24"})
    void whatFailsTwiceSucceedsTheThirdTime() throws Exception {
        inbox.replies(Reply.inTurn(
                Reply.response(503, "not yet".getBytes(StandardCharsets.UTF_8), "X-Reason: maintenance"),
                Reply.status(500),
                Reply.response(200, "thanks".getBytes(StandardCharsets.UTF_8))));
        EndpointOut endpoint = customer.endpoint(inbox);
        Instant before = Instant.now();

        String message = customer.publish("{\"n\":1}");

        List<Arrival> arrivals = inbox.await(3);
        for (int i = 1; i < 3; i++) {
            Duration waited = Duration.ofNanos(
                    arrivals.get(i).nanos() - arrivals.get(i - 1).nanos());
            assertThat(waited).isBetween(Duration.ofMillis(150), Duration.ofSeconds(10));
        }
        standing(message, SUCCESS);

        List<MessageAttemptOut> listed = server.api()
                .svix()
                .getMessageAttempt()
                .listByMsg(customer.id(), message)
                .getData()
                .reversed();
        assertThat(listed)
                .extracting(MessageAttemptOut::getStatus)
                .containsExactly(MessageStatus.FAIL, MessageStatus.FAIL, MessageStatus.SUCCESS);
        assertThat(listed)
                .extracting(MessageAttemptOut::getResponseStatusCode)
                .containsExactly((short) 503, (short) 500, (short) 200);
        assertThat(listed).extracting(MessageAttemptOut::getResponse).containsExactly("not yet", "", "thanks");
        assertThat(listed).allSatisfy(attempt -> {
            assertThat(attempt.getEndpointId()).isEqualTo(endpoint.getId());
            assertThat(attempt.getMsgId()).isEqualTo(message);
            assertThat(attempt.getUrl()).isEqualTo(inbox.url());
            assertThat(attempt.getResponseDurationMs()).isBetween(0L, 1_000L);
            assertThat(attempt.getTimestamp().toInstant())
                    .isBetween(before.minusSeconds(1), Instant.now().plusSeconds(1));
        });
        List<String> ids = listed.stream().map(MessageAttemptOut::getId).toList();
        assertThat(ids).doesNotHaveDuplicates().allMatch(id -> id.startsWith("atmpt_"));

        assertThat(server.api()
                        .svix()
                        .getMessageAttempt()
                        .listByEndpoint(customer.id(), endpoint.getId())
                        .getData()
                        .reversed())
                .extracting(MessageAttemptOut::getId)
                .isEqualTo(ids);
        assertThat(server.api()
                        .svix()
                        .getMessageAttempt()
                        .get(customer.id(), message, ids.getFirst())
                        .getResponse())
                .isEqualTo("not yet");
        List<JsonNode> more = server.api().attempts(customer.id(), message);
        assertThat(more)
                .extracting(one -> one.path("attemptNumber").asInt())
                .as("%s", more)
                .containsExactly(1, 2, 3);
        assertThat(more.getFirst().path("responseHeaders").toString()).contains("maintenance");
    }

    @Test
    void whatIsExhaustedIsShown() throws Exception {
        inbox.replies(Reply.status(500));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        inbox.await(1);
        inbox.await(4);
        standing(message, FAIL);
        String marker = customer.publish("\"marker\"");
        inbox.awaitAll(java.util.Set.of(marker), Until.PATIENCE);
        assertThat(inbox.of(message)).hasSize(4);
        assertThat(attempts(message, 4))
                .hasSize(4)
                .allMatch(one -> one.path("status").asInt() == FAIL);
    }

    @Test
    void whileRetriesAreDueADeliveryIsPending() throws Exception {
        inbox.replies(Reply.status(500, "Retry-After: 3"));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        standing(message, PENDING);
        inbox.replies(Reply.status(200));
        standing(message, SUCCESS);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 202, 204, 299})
    void everySuccessCounts(int code) throws Exception {
        inbox.replies(Reply.inTurn(code == 204 ? Reply.raw("HTTP/1.1 204 No\r\n\r\n") : Reply.status(code)));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        standing(message, SUCCESS);
        assertThat(inbox.all()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 409, 418, 422, 451, 500, 501, 505, 599})
    @Requirement({"B24"})
    void everythingElseIsTriedAgain(int code) throws Exception {
        Inbox elsewhere = receiver.at("/elsewhere");
        inbox.replies(Reply.inTurn(Reply.status(code, "Location: " + elsewhere.url()), Reply.status(200)));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        inbox.await(2);
        standing(message, SUCCESS);
        assertThat(attempts(message, 2))
                .extracting(one -> one.path("responseStatusCode").asInt())
                .containsExactly(code, 200);
        assertThat(elsewhere.all()).isEmpty();
    }

    @Test
    void retryAfterIsHonoured() throws Exception {
        inbox.replies(Reply.inTurn(Reply.status(429, "Retry-After: 2"), Reply.status(200)));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        List<Arrival> arrivals = inbox.await(2);
        assertThat(Duration.ofNanos(arrivals.get(1).nanos() - arrivals.get(0).nanos()))
                .isBetween(Duration.ofMillis(1_900), Duration.ofSeconds(10));
        standing(message, SUCCESS);
    }

    @Test
    void retryAfterHasItsBounds() throws Exception {
        inbox.replies(Reply.inTurn(Reply.status(503, "Retry-After: 86400"), Reply.status(200)));
        customer.endpoint(inbox);
        customer.publish("{}");
        List<Arrival> arrivals = inbox.await(2);
        assertThat(Duration.ofNanos(arrivals.get(1).nanos() - arrivals.get(0).nanos()))
                .isBetween(Duration.ofMillis(2_900), Duration.ofSeconds(12));
    }

    @Test
    void theSvixNamesGoAlongIfAskedFor() throws Exception {
        customer.endpoint(inbox);
        customer.publish("{}");
        Arrival arrival = inbox.await(1).getFirst();
        for (String name : List.of("id", "timestamp", "signature")) {
            assertThat(arrival.header("svix-" + name)).isEqualTo(arrival.header("webhook-" + name));
        }
    }

    @Test
    void goneDisablesTheEndpoint() throws Exception {
        inbox.replies(Reply.status(410));
        EndpointOut endpoint = customer.endpoint(inbox);
        String gone = customer.publish("{}");
        standing(gone, FAIL);
        Until.holds(
                "the endpoint is disabled",
                () -> customer.endpoint(endpoint.getId()).getDisabled());
        inbox.replies(Reply.status(200));
        String meanwhile = customer.publish("{}");

        server.api().svix().getEndpoint().patch(customer.id(), endpoint.getId(), new EndpointPatch().disabled(false));
        String afterwards = customer.publish("{}");
        inbox.awaitAll(java.util.Set.of(afterwards), Until.PATIENCE);
        assertThat(inbox.of(gone)).hasSize(1);
        assertThat(inbox.ids()).doesNotContain(meanwhile);
    }

    @Test
    @Requirement({"B35", "B38"})
    void silenceIsATimeout() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        inbox.replies(Reply.inTurn(Reply.after(never, Reply.status(200)), Reply.status(200)));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        JsonNode first = attempts(message, 2).getFirst();
        assertThat(first.path("status").asInt()).isEqualTo(FAIL);
        assertThat(first.path("responseStatusCode").asInt()).isZero();
        assertThat(first.path("responseDurationMs").asInt()).isBetween(900, 5_000);
        assertThat(first.path("outcome").asText()).as("%s", first).isEqualTo("timeout");
        standing(message, SUCCESS);
    }

    @Test
    @Requirement({"B35"})
    void aResponseThatNeverEndsIsATimeout() throws Exception {
        inbox.replies(Reply.inTurn(Reply.drip(50), Reply.status(200)));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        JsonNode first = attempts(message, 2).getFirst();
        assertThat(first.path("responseDurationMs").asInt()).isBetween(900, 5_000);
        assertThat(first.path("outcome").asText()).as("%s", first).isEqualTo("timeout");
        standing(message, SUCCESS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SSH-2.0-OpenSSH_9.6\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"
            })
    void whatIsNoAnswerIsTriedAgain(String bytes) throws Exception {
        inbox.replies(Reply.inTurn(Reply.raw(bytes), Reply.status(200)));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        JsonNode first = attempts(message, 2).getFirst();
        assertThat(first.path("outcome").asText()).as("%s", first).isEqualTo("protocol");
        assertThat(first.path("status").asInt()).isEqualTo(FAIL);
        standing(message, SUCCESS);
    }

    @Test
    @Requirement({"D24"})
    void whoDoesNotListenIsTriedAgain() throws Exception {
        int port;
        try (ServerSocket taken = new ServerSocket(0)) {
            port = taken.getLocalPort();
        }
        server.api()
                .post("/api/v1/app/" + customer.id() + "/endpoint", "{\"url\":\"http://127.0.0.1:" + port + "/x\"}");
        String message = customer.publish("{}");
        List<JsonNode> attempts = attempts(message, 4);
        assertThat(attempts).extracting(one -> one.path("outcome").asText()).containsOnly("connect");
        standing(message, FAIL);
    }

    @Test
    void sixteenKibibytesOfAResponseAreKept() throws Exception {
        byte[] body = "0123456789abcdef".repeat(4_096).getBytes(StandardCharsets.US_ASCII);
        inbox.replies(Reply.response(200, body, "Content-Type: text/plain"));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        standing(message, SUCCESS);
        assertThat(attempts(message, 1).getFirst().path("response").asText())
                .isEqualTo("0123456789abcdef".repeat(1_024));
    }

    @Test
    void aResponseThatIsNotTextIsKeptAsWellAsItCanBe() throws Exception {
        inbox.replies(Reply.response(200, new byte[] {0, 1, (byte) 0xff, 'x', (byte) 0xc3}, "X-Odd: \u00ff"));
        customer.endpoint(inbox);
        String message = customer.publish("{}");
        standing(message, SUCCESS);
        assertThat(attempts(message, 1).getFirst().path("response").asText()).contains("x");
    }
}
