package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointOut;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deliveries wait for each other as the endpoint's owner wants it. */
final class OrderTest {
    private static final int CANCELED = 4;
    private static final String NO_CIRCUIT = ",\"circuit\":{\"enabled\":false}";

    private static ServerProcess server;
    private final CountDownLatch release = new CountDownLatch(1);
    private Receiver receiver;
    private Customer customer;
    private Taken taken;
    private Inbox inbox;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(
                folder, "--retry-schedule", "100ms,100ms", "--retry-jitter", "0", "--attempt-timeout", "60s");
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        customer = Customer.of(server);
        taken = new Taken();
        inbox = receiver.at("/hooks").replies(taken);
    }

    @AfterEach
    void close() throws Exception {
        release.countDown();
        receiver.close();
    }

    /** Takes messages and remembers in which order, and how many were under way at once. */
    private static class Taken implements Reply {
        private static final Reply WELL = Reply.status(204);
        private static final Reply NOT = Reply.status(500);
        final List<String> ids = new ArrayList<>();
        final AtomicInteger underWay = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();

        /** Whether it is taken, or fails. */
        boolean takes(Arrival request) {
            return true;
        }

        @Override
        public boolean write(Arrival request, java.io.OutputStream out)
                throws java.io.IOException, InterruptedException {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            boolean takes = takes(request);
            if (takes) {
                synchronized (this) {
                    ids.add(request.id());
                    notifyAll();
                }
            }
            underWay.decrementAndGet(); // the next one may begin with the answer
            return (takes ? WELL : NOT).write(request, out);
        }

        synchronized List<String> all() {
            return List.copyOf(ids);
        }

        synchronized List<String> await(int count) throws InterruptedException {
            long deadline = System.nanoTime() + Until.PATIENCE.toNanos();
            while (ids.size() < count) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                assertThat(left)
                        .as("milliseconds left; %d of %d were taken", ids.size(), count)
                        .isPositive();
                wait(left);
            }
            return all();
        }
    }

    /** Each third message fails once. */
    private static final class EachThirdOnce extends Taken {
        private final Map<String, Boolean> seen = new ConcurrentHashMap<>();
        private final AtomicInteger failed = new AtomicInteger();
        private final String field;

        /** One that counts on from the number in the payload. */
        EachThirdOnce(String field) {
            this.field = field;
        }

        @Override
        boolean takes(Arrival request) {
            int n = Api.parse(request.text()).path(field).asInt();
            boolean fails = seen.put(request.id(), true) == null && n % 3 == 0;
            failed.addAndGet(fails ? 1 : 0);
            return !fails;
        }
    }

    /** Fails while it is in the set. */
    private static final class FailsSome extends Taken {
        final Set<String> failing = ConcurrentHashMap.newKeySet();

        @Override
        boolean takes(Arrival request) {
            return !failing.contains(Api.parse(request.text()).path("n").asText());
        }
    }

    private EndpointOut endpoint(String order) throws Exception {
        return customer.endpoint(inbox, "{\"order\":" + order + NO_CIRCUIT + "}");
    }

    private String keyed(String key, int n) throws Exception {
        Api.Answer answer = server.api()
                .post(
                        Api.messages(customer.id()),
                        "{\"orderingKey\":\"" + key + "\",\"eventType\":\"order.created\",\"payload\":{\"n\":" + n
                                + "}}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        return answer.id();
    }

    private static List<Integer> numbers(List<Arrival> arrivals, java.util.function.Predicate<JsonNode> which) {
        return arrivals.stream()
                .map(one -> Api.parse(one.text()))
                .filter(which)
                .map(one -> one.path("n").asInt())
                .toList();
    }

    // ---- none

    @Test
    @Requirement({"A15", "C23"})
    void withoutAnOrderSeveralAreUnderWayAtOnce() throws Exception {
        CountDownLatch together = new CountDownLatch(3);
        inbox.replies((request, out) -> {
            together.countDown();
            together.await(); // none is answered before three have come
            return taken.write(request, out);
        });
        customer.endpoint(inbox);
        List<String> messages = customer.publish(3);
        assertThat(taken.await(3)).containsExactlyInAnyOrderElementsOf(messages);
        assertThat(inbox.all()).as("none was given up and tried again").hasSize(3);
    }

    // ---- fifo

    @Test
    @Requirement({"A15", "B42", "C24", "C25"})
    void oneAtATimeInTheOrderOfAcceptanceAndARetryReturnsToItsPlace() throws Exception {
        EachThirdOnce thirds = new EachThirdOnce("n");
        taken = thirds;
        inbox.replies(taken);
        endpoint("{\"mode\":\"fifo\"}");
        List<String> messages = customer.publish(60);
        assertThat(taken.await(60)).isEqualTo(messages);
        assertThat(thirds.failed).hasValue(20);
        assertThat(taken.most).hasValue(1);
        assertThat(numbers(inbox.all(), one -> true))
                .as("a failed one is followed by itself")
                .isEqualTo(IntStream.range(0, 60)
                        .flatMap(n -> n % 3 == 0 ? IntStream.of(n, n) : IntStream.of(n))
                        .boxed()
                        .toList());
    }

    @Test
    @Requirement("A15")
    void whatIsExhaustedIsSkippedUnlessItsOwnerHolds() throws Exception {
        FailsSome some = new FailsSome();
        taken = some;
        inbox.replies(taken);
        some.failing.add("3");
        endpoint("{\"mode\":\"fifo\"}");
        List<String> messages = customer.publish(10);
        List<String> others = new ArrayList<>(messages);
        others.remove(3);
        assertThat(taken.await(9)).isEqualTo(others);
        assertThat(inbox.of(messages.get(3))).hasSize(3);
    }

    @Test
    @Requirement({"A15", "D24"})
    void whatIsHeldHoldsThoseBehindItUntilItIsDiscarded() throws Exception {
        List<String> messages = heldAtThree("{\"mode\":\"fifo\",\"onExhausted\":\"hold\"}");
        decide("discard", messages.get(3), "discarded");
        List<String> others = new ArrayList<>(messages);
        others.remove(3);
        assertThat(taken.await(10)).isEqualTo(others);
        assertThat(inbox.of(messages.get(3))).hasSize(3);
        assertThat(dead()).isEmpty();
        assertThat(server.api()
                        .attempts(customer.id(), messages.get(3))
                        .getLast()
                        .path("status")
                        .asInt())
                .isEqualTo(CANCELED);
    }

    @Test
    @Requirement({"A15", "D24"})
    void whatIsHeldIsSentAgainInItsPlace() throws Exception {
        List<String> messages = heldAtThree("{\"mode\":\"fifo\",\"onExhausted\":\"hold\"}");
        ((FailsSome) taken).failing.clear();
        decide("replay", messages.get(3), "queued");
        assertThat(taken.await(11)).isEqualTo(messages);
        Until.holds("no dead letter is left", () -> dead().isEmpty());
    }

    @Test
    @Requirement({"A15", "D24"})
    void aResendLetsThoseBehindItGoToo() throws Exception {
        List<String> messages = heldAtThree("{\"mode\":\"fifo\",\"onExhausted\":\"hold\"}");
        ((FailsSome) taken).failing.clear();
        Api.Answer resent = server.api()
                .post("/api/v1/app/" + customer.id() + "/msg/" + messages.get(3) + "/endpoint/" + held + "/resend", "");
        assertThat(resent.status()).as(resent.body()).isEqualTo(202);
        assertThat(taken.await(11)).isEqualTo(messages);
    }

    private String held = "";

    /** Eleven messages, of which the fourth is exhausted and holds the others. */
    private List<String> heldAtThree(String order) throws Exception {
        FailsSome some = new FailsSome();
        taken = some;
        inbox.replies(taken);
        some.failing.add("3");
        held = endpoint(order).getId();
        List<String> messages = new ArrayList<>(customer.publish(10));
        Until.value("one is held", this::dead, letters -> letters.size() == 1);
        JsonNode letter = dead().getFirst();
        assertThat(letter.path("messageId").asText()).isEqualTo(messages.get(3));
        assertThat(letter.path("reason").asText()).isEqualTo("held");
        // Another endpoint gets all of a message that was accepted after those: they had their chance, too.
        Inbox other = receiver.at("/other");
        EndpointOut second = customer.endpoint(other);
        String marker = customer.publish("{\"n\":10}");
        other.awaitAll(Set.of(marker), Until.PATIENCE);
        server.api().svix().getEndpoint().delete(customer.id(), second.getId());
        assertThat(taken.all()).isEqualTo(messages.subList(0, 3));
        messages.add(marker);
        return messages;
    }

    private List<JsonNode> dead() throws Exception {
        return server.api()
                .get("/api/v1/app/" + customer.id() + "/dead-letter")
                .json()
                .path("data")
                .valueStream()
                .toList();
    }

    private void decide(String what, String message, String outcome) throws Exception {
        Api.Answer answer = server.api()
                .post(
                        "/api/v1/app/" + customer.id() + "/dead-letter/" + what,
                        "{\"items\":[{\"messageId\":\"" + message + "\",\"endpointId\":\"" + held + "\"}]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("data").path(0).path("outcome").asText()).isEqualTo(outcome);
    }

    // ---- by key

    @Test
    @Requirement({"A15", "B42"})
    void thoseWithOneKeyWaitForEachOtherAndOthersDoNot() throws Exception {
        endpoint("{\"mode\":\"fifoByKey\"}");
        inbox.replies((request, out) -> {
            if (Api.parse(request.text()).path("n").asInt() == 1) {
                release.await(); // the first of one key is under way until all others have come
            }
            return taken.write(request, out);
        });
        String first = keyed("a", 1);
        String second = keyed("a", 2);
        List<String> others = new ArrayList<>();
        for (int n = 3; n < 30; n++) {
            others.add(keyed("b", n));
        }
        assertThat(taken.await(27)).isEqualTo(others);
        assertThat(inbox.ids()).contains(first).doesNotContain(second);
        release.countDown();
        assertThat(taken.await(29).subList(27, 29)).containsExactly(first, second);
    }

    @Test
    @Requirement({"A15", "B42"})
    void theKeyMayStandInThePayload() throws Exception {
        EachThirdOnce thirds = new EachThirdOnce("n");
        taken = thirds;
        inbox.replies(taken);
        endpoint("{\"mode\":\"fifoByKey\",\"key\":\"$.customer.id\"}");
        int customers = 5;
        List<List<String>> byCustomer = new ArrayList<>();
        for (int i = 0; i < customers; i++) {
            byCustomer.add(new ArrayList<>());
        }
        for (int n = 0; n < 60; n++) {
            byCustomer
                    .get(n % customers)
                    .add(customer.publish("{\"n\":" + n + ",\"customer\":{\"id\":" + n % customers + "}}"));
        }
        List<String> all = taken.await(60);
        for (List<String> own : byCustomer) {
            assertThat(all.stream().filter(Set.copyOf(own)::contains)).containsExactlyElementsOf(own);
        }
        assertThat(thirds.failed).hasValue(20);
    }

    @Test
    @Requirement("A15")
    void ofSeveralUpdatesThatWaitOnlyTheLatestGoes() throws Exception {
        inbox.replies((request, out) -> {
            if (Api.parse(request.text()).path("n").asInt() == 0) {
                release.await();
            }
            return taken.write(request, out);
        });
        endpoint("{\"mode\":\"latestByKey\"}");
        String first = keyed("a", 0);
        inbox.await(1);
        List<String> updates = new ArrayList<>();
        for (int n = 1; n <= 5; n++) {
            updates.add(keyed("a", n));
        }
        String other = keyed("b", 6);
        taken.await(1);
        for (String old : updates.subList(0, 4)) {
            List<JsonNode> attempts = Until.value(
                    "it is superseded", () -> server.api().attempts(customer.id(), old), list -> !list.isEmpty());
            assertThat(attempts).hasSize(1);
            assertThat(attempts.getFirst().path("status").asInt()).isEqualTo(CANCELED);
            assertThat(attempts.getFirst().path("detail").asText()).startsWith("superseded by msg_");
        }
        release.countDown();
        assertThat(taken.await(3)).containsExactly(other, first, updates.getLast());
        assertThat(inbox.ids()).containsExactlyInAnyOrder(first, other, updates.getLast());
        assertThat(dead()).isEmpty();
    }

    // ---- changes

    @Test
    @Requirement("A15")
    void aBacklogKeepsItsOrderWhenTheModeChanges() throws Exception {
        taken = new EachThirdOnce("n");
        inbox.replies((request, out) -> {
            release.await();
            return taken.write(request, out);
        });
        EndpointOut endpoint = customer.endpoint(inbox, "{\"concurrency\":{\"max\":1}" + NO_CIRCUIT + "}");
        List<String> messages = new ArrayList<>(customer.publish(60));
        inbox.await(1); // one is under way, the others wait behind it
        customer.patch(endpoint, "{\"delivery\":{\"order\":{\"mode\":\"fifo\"},\"concurrency\":{\"max\":10}}}");
        messages.addAll(customer.publish(60));
        release.countDown();
        assertThat(taken.await(120)).isEqualTo(messages);
        assertThat(taken.most).hasValue(1);
    }

    @Test
    @Requirement({"A15", "B43"})
    void whileAnEndpointIsPausedItsDeliveriesWait() throws Exception {
        EndpointOut endpoint = endpoint("{\"mode\":\"fifo\"}");
        Inbox other = receiver.at("/other");
        customer.endpoint(other);
        List<String> messages = new ArrayList<>(customer.publish(5));
        taken.await(5);
        customer.patch(endpoint, "{\"paused\":true}");
        List<String> waiting = customer.publish(100);
        messages.addAll(waiting);
        other.awaitAll(new HashSet<>(waiting), Until.PATIENCE);
        assertThat(server.api()
                        .get(customer.path(endpoint) + "/health")
                        .json()
                        .path("status")
                        .asText())
                .isEqualTo("paused");
        assertThat(inbox.all()).hasSize(5);
        customer.patch(endpoint, "{\"paused\":false}");
        messages.addAll(customer.publish(5));
        assertThat(taken.await(110)).isEqualTo(messages);
        assertThat(taken.most).hasValue(1);
    }

    @Test
    @Requirement({"A15", "B43"})
    void whileAnApplicationIsPausedAllItsDeliveriesWait() throws Exception {
        endpoint("{\"mode\":\"fifo\"}");
        Taken second = new Taken();
        customer.endpoint(receiver.at("/second").replies(second), "{\"order\":{\"mode\":\"fifo\"}" + NO_CIRCUIT + "}");
        Customer neighbour = Customer.of(server);
        Inbox other = receiver.at("/other");
        neighbour.endpoint(other);
        pause(true);
        List<String> waiting = customer.publish(100);
        other.awaitAll(new HashSet<>(neighbour.publish(100)), Until.PATIENCE);
        assertThat(taken.all()).isEmpty();
        assertThat(second.all()).isEmpty();
        server.kill();
        server.start();
        other.awaitAll(new HashSet<>(neighbour.publish(100)), Until.PATIENCE);
        assertThat(taken.all()).as("it is paused after a restart, too").isEmpty();
        pause(false);
        assertThat(taken.await(100)).isEqualTo(waiting);
        assertThat(second.await(100)).isEqualTo(waiting);
    }

    private void pause(boolean paused) throws Exception {
        Api.Answer answer = server.api()
                .call(
                        "PATCH",
                        "/api/v1/app/" + customer.id(),
                        ("{\"paused\":" + paused + "}").getBytes(StandardCharsets.UTF_8));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }
}
