package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.exceptions.ApiException;
import com.svix.models.BackgroundTaskOut;
import com.svix.models.BackgroundTaskStatus;
import com.svix.models.BackgroundTaskType;
import com.svix.models.BulkReplayIn;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import com.svix.models.MessageAttemptOut;
import com.svix.models.MessageAttemptTriggerType;
import com.svix.models.RecoverIn;
import com.svix.models.RecoverOut;
import com.svix.models.ReplayIn;
import com.svix.models.ReplayOut;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What has failed, or was never sent, is delivered when somebody asks for it. */
final class ReplayTest {
    private static final Duration LONG = Duration.ofSeconds(90);

    private ServerProcess server;
    private Receiver receiver;
    private Customer customer;
    private Inbox inbox;
    private OffsetDateTime before;
    /** What the endpoint has taken since {@link #mended}. */
    private final Set<String> taken = new HashSet<>();

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--retry-schedule", "100ms", "--retry-jitter", "0");
        receiver = new Receiver();
        customer = Customer.of(server);
        inbox = receiver.at("/hooks");
        before = OffsetDateTime.now(ZoneOffset.UTC).minusMinutes(1);
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
        server.close();
    }

    private void mended() {
        inbox.replies((request, out) -> {
            took(request.id());
            return Reply.status(200).write(request, out);
        });
    }

    /** All attempts of so many messages that fail have been made. */
    private List<String> exhausted(int count) throws Exception {
        inbox.replies(Reply.status(500));
        List<String> messages = customer.publish(count);
        inbox.await(2 * count, LONG);
        return messages;
    }

    private RecoverOut recover(EndpointOut endpoint) throws Exception {
        return server.api()
                .svix()
                .getEndpoint()
                .recover(customer.id(), endpoint.getId(), new RecoverIn().since(before));
    }

    /** Over bare HTTP: the Java client makes no request of it, since its own library wants a body for a POST. */
    private Api.Answer resend(String message, EndpointOut endpoint) throws Exception {
        return server.api()
                .post(
                        "/api/v1/app/" + customer.id() + "/msg/" + message + "/endpoint/" + endpoint.getId()
                                + "/resend",
                        "");
    }

    private BackgroundTaskOut ended(String task) throws Exception {
        return Until.value(
                "task " + task + " has ended",
                () -> server.api().svix().getBackgroundTask().get(task),
                out -> out.getStatus() != BackgroundTaskStatus.RUNNING);
    }

    private JsonNode data(String task) throws Exception {
        return server.api().get("/api/v1/background-task/" + task).json().path("data");
    }

    private synchronized void took(String message) {
        taken.add(message);
        notifyAll();
    }

    private synchronized void awaitTaken(Set<String> messages) throws InterruptedException {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (!taken.containsAll(messages)) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            assertThat(left)
                    .as("milliseconds left, with %d of %d messages", taken.size(), messages.size())
                    .isPositive();
            wait(left);
        }
    }

    private synchronized int countTaken() {
        return taken.size();
    }

    @Test
    void recoverDeliversWhatHasFailed() throws Exception {
        EndpointOut endpoint = customer.steadfastEndpoint(inbox);
        List<String> messages = exhausted(40);
        mended();

        RecoverOut begun = recover(endpoint);
        assertThat(begun.getTask()).isEqualTo(BackgroundTaskType.ENDPOINT_RECOVER);
        awaitTaken(Set.copyOf(messages));

        assertThat(ended(begun.getId()).getStatus()).isEqualTo(BackgroundTaskStatus.FINISHED);
        assertThat(data(begun.getId()).path("queued").asInt()).isEqualTo(40);
        List<MessageAttemptOut> attempts = Until.value(
                "three attempts are listed",
                () -> server.api()
                        .svix()
                        .getMessageAttempt()
                        .listByMsg(customer.id(), messages.getFirst())
                        .getData()
                        .reversed(),
                list -> list.size() == 3);
        assertThat(attempts)
                .extracting(MessageAttemptOut::getTriggerType)
                .containsExactly(
                        MessageAttemptTriggerType.SCHEDULED,
                        MessageAttemptTriggerType.SCHEDULED,
                        MessageAttemptTriggerType.MANUAL);
        assertThat(server.api().attempts(customer.id(), messages.getFirst()))
                .extracting(one -> one.path("attemptNumber").asInt())
                .containsExactly(1, 2, 3);
        assertThat(server.api().svix().getBackgroundTask().list().getData())
                .extracting(BackgroundTaskOut::getId)
                .contains(begun.getId());
    }

    @Test
    void aRecoverThatIsKilledGoesOnWhereItWas() throws Exception {
        EndpointOut endpoint = customer.steadfastEndpoint(inbox);
        Set<String> messages = new HashSet<>(exhausted(4_000));
        CountDownLatch some = new CountDownLatch(300);
        inbox.replies((request, out) -> {
            took(request.id());
            some.countDown();
            return Reply.status(200).write(request, out);
        });

        RecoverOut begun = recover(endpoint);
        assertThat(some.await(60, TimeUnit.SECONDS)).isTrue();
        // It cannot have ended yet: it never has more than 1,500 of its deliveries waiting.
        server.kill();
        server.start();

        awaitTaken(messages);
        assertThat(ended(begun.getId()).getStatus()).isEqualTo(BackgroundTaskStatus.FINISHED);
        assertThat(data(begun.getId()).path("scanned").asInt()).isEqualTo(4_000);
        assertThat(data(begun.getId()).path("queued").asInt())
                .as("no message was queued twice")
                .isEqualTo(4_000);
    }

    @Test
    void replayMissingSendsOldMessagesToANewEndpoint() throws Exception {
        List<String> messages = customer.publish(700);
        String other =
                server.api().publish(customer.id(), "order.cancelled", "{}").id();
        mended();
        EndpointOut endpoint = server.api()
                .svix()
                .getEndpoint()
                .create(customer.id(), new EndpointIn().url(inbox.url()).filterTypes(Set.of("order.created")));
        String afterwards = customer.publish("{\"n\":\"new\"}");
        inbox.awaitAll(Set.of(afterwards), Until.PATIENCE);

        ReplayOut begun = server.api()
                .svix()
                .getEndpoint()
                .replayMissing(customer.id(), endpoint.getId(), new ReplayIn().since(before));
        awaitTaken(Set.copyOf(messages));

        assertThat(begun.getTask()).isEqualTo(BackgroundTaskType.ENDPOINT_REPLAY);
        assertThat(ended(begun.getId()).getStatus()).isEqualTo(BackgroundTaskStatus.FINISHED);
        assertThat(inbox.ids()).doesNotContain(other).hasSize(701);
        assertThat(inbox.of(afterwards)).as("it was not missing").hasSize(1);
    }

    @Test
    void aTaskThatIsCancelledTakesBackWhatHasNotBegun() throws Exception {
        EndpointOut endpoint = customer.steadfastEndpoint(inbox);
        exhausted(2_600); // more than a task ever has waiting, so that it cannot end by itself
        CountDownLatch open = new CountDownLatch(1);
        CountDownLatch first = new CountDownLatch(1);
        inbox.replies((request, out) -> {
            first.countDown();
            open.await();
            took(request.id());
            return Reply.status(200).write(request, out);
        });
        RecoverOut begun = recover(endpoint);
        assertThat(first.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(server.api()
                        .post(
                                "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint.getId() + "/replay-missing",
                                "{\"since\":\"" + before + "\"}"))
                .satisfies(answer -> assertThat(answer.status()).isEqualTo(409))
                .satisfies(answer -> assertThat(answer.body()).contains(begun.getId()));

        Api.Answer cancelled = server.api().post("/api/v1/background-task/" + begun.getId() + "/cancel", "");
        assertThat(cancelled.status()).as(cancelled.body()).isEqualTo(200);
        open.countDown();

        BackgroundTaskOut task = ended(begun.getId());
        assertThat(task.getStatus()).isEqualTo(BackgroundTaskStatus.FAILED);
        assertThat(cancelled.json().path("data").path("cancelled").asBoolean()).isTrue();
        assertThat(server.api()
                        .post("/api/v1/background-task/" + begun.getId() + "/cancel", "")
                        .status())
                .isEqualTo(409);
        String marker = customer.publish("{\"n\":\"marker\"}");
        awaitTaken(Set.of(marker));
        assertThat(countTaken()).as("no more than was in flight").isLessThan(2_600);
    }

    private ReplayOut bulkReplay(EndpointOut endpoint) throws Exception {
        return server.api()
                .svix()
                .getEndpoint()
                .bulkReplay(customer.id(), endpoint.getId(), new BulkReplayIn().since(before));
    }

    private JsonNode told(String task, String what) throws Exception {
        Api.Answer answer = server.api().post("/api/v1/background-task/" + task + "/" + what, "");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json();
    }

    @Test
    @Requirement("D24")
    void aBulkReplayThatIsPausedAndKilledSendsEverythingToANewEndpoint() throws Exception {
        Set<String> messages = new HashSet<>(customer.publish(4_000));
        EndpointOut endpoint = customer.steadfastEndpoint(inbox);
        CountDownLatch some = new CountDownLatch(300);
        CountDownLatch more = new CountDownLatch(2_000);
        inbox.replies((request, out) -> {
            took(request.id());
            some.countDown();
            more.countDown();
            return Reply.status(200).write(request, out);
        });
        ReplayOut begun = bulkReplay(endpoint);
        assertThat(begun.getTask()).isEqualTo(BackgroundTaskType.ENDPOINT_BULK_REPLAY);
        assertThat(some.await(60, TimeUnit.SECONDS)).isTrue();

        // It cannot have ended yet: it never has more than 1,500 of its deliveries waiting.
        JsonNode paused = told(begun.getId(), "pause");
        assertThat(paused.path("status").asText()).isEqualTo("running");
        assertThat(paused.path("data").path("paused").asBoolean()).isTrue();
        long queued = paused.path("data").path("queued").asLong();
        server.kill();
        server.start();
        String marker = customer.publish("{\"n\":\"marker\"}");
        awaitTaken(Set.of(marker));
        JsonNode data = data(begun.getId());
        assertThat(data.path("paused").asBoolean()).isTrue();
        assertThat(data.path("queued").asLong()).as("it has waited").isEqualTo(queued);
        assertThat(data.path("waiting").asInt())
                .as("what it has queued waits, too")
                .isPositive();
        assertThat(server.api()
                        .post(
                                "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint.getId() + "/recover",
                                "{\"since\":\"" + before + "\"}")
                        .status())
                .as("it is the task of its endpoint")
                .isEqualTo(409);

        told(begun.getId(), "resume");
        assertThat(more.await(60, TimeUnit.SECONDS)).isTrue();
        server.kill();
        server.start();
        awaitTaken(messages);
        assertThat(ended(begun.getId()).getStatus()).isEqualTo(BackgroundTaskStatus.FINISHED);
        assertThat(data(begun.getId()).path("queued").asInt())
                .as("no message was queued twice")
                .isEqualTo(4_000);
    }

    @Test
    void aBulkReplaySendsWhatWasDeliveredAndWhatFailedAgain() throws Exception {
        EndpointOut endpoint = customer.steadfastEndpoint(inbox);
        List<String> failed = exhausted(20);
        Until.holds("all have ended", () -> deadLetters().size() == 20);
        mended();
        List<String> delivered = customer.publish(20);
        awaitTaken(Set.copyOf(delivered));
        Until.value(
                "what was delivered is on record",
                () -> server.api()
                        .get("/api/v1/app/" + customer.id() + "/attempt/endpoint/" + endpoint.getId()
                                + "?status=0&limit=250")
                        .json()
                        .path("data"),
                list -> list.size() == 20);
        taken.clear();
        Api.Answer some = server.api()
                .post(
                        "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint.getId() + "/bulk-replay",
                        "{\"since\":\"" + before + "\",\"status\":\"delivered\",\"eventTypes\":[\"order.created\"]}");
        assertThat(some.status()).as(some.body()).isEqualTo(202);
        assertThat(ended(some.id()).getStatus()).isEqualTo(BackgroundTaskStatus.FINISHED);
        awaitTaken(Set.copyOf(delivered));
        assertThat(taken).doesNotContainAnyElementsOf(failed);

        ReplayOut begun = bulkReplay(endpoint);
        awaitTaken(Set.copyOf(failed));
        assertThat(ended(begun.getId()).getStatus()).isEqualTo(BackgroundTaskStatus.FINISHED);
        assertThat(data(begun.getId()).path("scanned").asInt()).isEqualTo(40);
        Until.holds("what was dead is not", () -> deadLetters().isEmpty());
        for (String body : List.of(
                "{\"since\":\"" + before + "\",\"status\":1}",
                "{\"since\":\"" + before + "\",\"status\":\"some\"}",
                "{\"since\":\"" + before + "\",\"statusCodeClass\":7}")) {
            assertThat(server.api()
                            .post(
                                    "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint.getId() + "/bulk-replay",
                                    body)
                            .status())
                    .as(body)
                    .isEqualTo(422);
        }
    }

    private JsonNode deadLetters() throws Exception {
        return server.api()
                .get("/api/v1/app/" + customer.id() + "/dead-letter?limit=250")
                .json()
                .path("data");
    }

    @Test
    void whatWasDeliveredIsSentAgainWithTheSameId() throws Exception {
        EndpointOut endpoint = customer.steadfastEndpoint(inbox);
        String message = customer.publish("{\"n\":1}");
        inbox.await(1);
        assertThat(resend(message, endpoint).status()).isEqualTo(202);
        List<Arrival> arrivals = inbox.await(2);
        assertThat(arrivals).extracting(Arrival::id).containsOnly(message);
        List<JsonNode> attempts = Until.value(
                "two attempts are listed",
                () -> server.api().attempts(customer.id(), message),
                list -> list.size() == 2);
        assertThat(attempts)
                .extracting(one -> one.path("attemptNumber").asInt())
                .containsExactly(1, 2);
        assertThat(attempts).extracting(one -> one.path("triggerType").asInt()).containsExactly(0, 1);

        Inbox elsewhere = receiver.at("/elsewhere");
        EndpointOut other = server.api()
                .svix()
                .getEndpoint()
                .create(customer.id(), new EndpointIn().url(elsewhere.url()).filterTypes(Set.of("something.else")));
        assertThat(resend(message, other).status()).isEqualTo(202);
        elsewhere.awaitAll(Set.of(message), Until.PATIENCE);

        server.api().svix().getEndpoint().patch(customer.id(), endpoint.getId(), new EndpointPatch().disabled(true));
        assertThat(resend(message, endpoint).status()).isEqualTo(409);
        assertThatThrownBy(() -> recover(endpoint))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getCode()).isEqualTo(409));
    }

    @Test
    void wrongTimesAreRefused() throws Exception {
        EndpointOut endpoint = customer.steadfastEndpoint(inbox);
        String path = "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint.getId();
        for (String body : List.of(
                "{}",
                "{\"since\":\"yesterday\"}",
                "{\"since\":1}",
                "{\"since\":\"2100-01-01T00:00:00Z\"}",
                "{\"since\":\"2026-01-02T00:00:00Z\",\"until\":\"2026-01-01T00:00:00Z\"}")) {
            for (String what : List.of("/recover", "/replay-missing", "/bulk-replay")) {
                Api.Answer answer = server.api().post(path + what, body);
                assertThat(answer.status()).as(body).isEqualTo(422);
                assertThat(answer.json()
                                .path("detail")
                                .path(0)
                                .path("loc")
                                .path(0)
                                .asText())
                        .as(body)
                        .isEqualTo("body");
            }
        }
        assertThat(server.api().get("/api/v1/background-task/qtask_none").status())
                .isEqualTo(404);
        assertThat(server.api().get("/api/v1/background-task?status=nonsense").status())
                .isEqualTo(422);
    }
}
