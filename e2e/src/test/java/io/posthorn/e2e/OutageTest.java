package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointOut;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An endpoint is away for long, its messages gather, the server is killed; then all of them come, in order. */
final class OutageTest {
    private static final int MESSAGES = 100_000;
    private static final int PUBLISHERS = 4;
    private static final int KEYS_OF_EACH = 100;
    private static final int BATCH = 1_000;
    private static final Duration LONG = Duration.ofMinutes(3);

    private static final String DELIVERY =
            "{\"order\":{\"mode\":\"fifoByKey\"},\"circuit\":{\"failures\":5,\"probeAfter\":\"1s\"}}";

    @Test
    @Requirement({"A14", "A15", "B42", "B44", "B45"})
    void allThatHasGatheredComesInOrderThoughTheServerIsKilled(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Arrivals arrivals = new Arrivals();
            Inbox away = receiver.at("/away").forgets().replies(Reply.status(503));
            Customer customer = Customer.of(server);
            EndpointOut endpoint = customer.endpoint(away, DELIVERY);
            Customer other = Customer.of(server);
            Inbox well = receiver.at("/well");
            other.endpoint(well);
            long began = System.nanoTime();

            try (Pings pings = new Pings(other, well);
                    Gathering gathering = new Gathering(customer)) {
                gathering.await(MESSAGES / 2);
                kill(server, pings);
                gathering.await(MESSAGES);
                long gathered = System.nanoTime();
                Until.holds(
                        "the circuit is open",
                        () -> health(customer, endpoint).path("status").asText().equals("circuitOpen"));
                pings.awaitMore(20);
                pings.report("while messages gathered");
                assertThat(arrivals.count()).isZero();

                away.replies(arrivals);
                arrivals.await(1);
                long first = System.nanoTime();
                arrivals.await(MESSAGES / 2);
                arrivals.beforeKill();
                kill(server, pings);
                arrivals.awaitAll(gathering.accepted());
                long last = System.nanoTime();
                pings.awaitMore(20);
                pings.report("while they were delivered");

                System.out.printf(
                        Locale.ROOT,
                        "%d accepted in %.1f s, the first one arrived %.1f s after the endpoint was back, all others"
                                + " %.1f s later (%.0f/s); delivered again after a kill: %d%n",
                        gathering.count(),
                        (gathered - began) / 1e9,
                        (first - gathered) / 1e9,
                        (last - first) / 1e9,
                        gathering.count() / ((last - first) / 1e9),
                        arrivals.repeated());
                assertThat(arrivals.problems()).isEmpty();
                Until.holds(
                        "the endpoint is well",
                        () -> health(customer, endpoint).path("status").asText().equals("healthy"));
                assertThat(server.api()
                                .get("/api/v1/app/" + customer.id() + "/dead-letter")
                                .json()
                                .path("data"))
                        .isEmpty();
                // What is accepted now stands behind all of it, and comes at once.
                Map<String, Set<Integer>> more = gathering.oneMoreBatch();
                arrivals.awaitAll(more);
                assertThat(arrivals.problems()).isEmpty();
                // Only what was under way or not yet recorded at a kill may come again.
                assertThat(arrivals.repeated()).isLessThan(2_000);
            }
        }
    }

    private static JsonNode health(Customer customer, EndpointOut endpoint) throws Exception {
        return customer.server().api().get(customer.path(endpoint) + "/health").json();
    }

    private static void kill(ServerProcess server, Pings pings) throws Exception {
        pings.killed();
        server.kill();
        server.start();
    }

    /** What has come, by keys: each payload has its key and a number that grows. */
    private static final class Arrivals implements Reply {
        private static final Reply WELL = Reply.status(204);
        private final Map<String, List<Integer>> byKey = new HashMap<>();
        /** How much of a key came before the kill. */
        private final Map<String, Integer> before = new HashMap<>();

        private int count;

        @Override
        public boolean write(Arrival request, java.io.OutputStream out) throws IOException, InterruptedException {
            JsonNode payload = Api.parse(request.text());
            synchronized (this) {
                byKey.computeIfAbsent(payload.path("key").asText(), key -> new ArrayList<>())
                        .add(payload.path("n").asInt());
                count++;
                notifyAll();
            }
            return WELL.write(request, out);
        }

        /** The server is about to be killed: what comes last may come again. */
        synchronized void beforeKill() {
            byKey.forEach((key, all) -> before.put(key, all.size()));
        }

        synchronized int count() {
            return count;
        }

        void await(int wanted) throws InterruptedException {
            await(() -> count >= wanted, "of " + wanted + " have come");
        }

        void awaitAll(Map<String, Set<Integer>> wanted) throws InterruptedException {
            int all = wanted.values().stream().mapToInt(Set::size).sum();
            await(
                    () -> count >= all
                            && wanted.entrySet().stream()
                                    .allMatch(each -> new HashSet<>(byKey.getOrDefault(each.getKey(), List.of()))
                                            .containsAll(each.getValue())),
                    "have come, and not all of " + all);
        }

        private synchronized void await(BooleanSupplier condition, String what) throws InterruptedException {
            long deadline = System.nanoTime() + LONG.toNanos();
            while (!condition.getAsBoolean()) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                assertThat(left).as("milliseconds left; %d %s", count, what).isPositive();
                wait(left);
            }
        }

        synchronized int repeated() {
            return byKey.values().stream()
                    .mapToInt(all -> all.size() - Set.copyOf(all).size())
                    .sum();
        }

        /**
         * What is not in order: what comes for the first time is behind all that came before it, and the numbers of a key
         * go back once at most, because of the kill.
         */
        synchronized List<String> problems() {
            List<String> problems = new ArrayList<>();
            byKey.forEach((key, all) -> {
                Set<Integer> seen = new HashSet<>();
                int highest = -1;
                int back = 0;
                for (int i = 0; i < all.size(); i++) {
                    int n = all.get(i);
                    if (seen.add(n) && n < highest) {
                        problems.add(key + ": " + n + " came after " + highest);
                    }
                    if (i > 0 && n <= all.get(i - 1)) {
                        back++;
                        if (back > 1 || i < before.getOrDefault(key, 0)) {
                            problems.add(key + ": " + n + " came again, and not because of the kill");
                        }
                    }
                    highest = Math.max(highest, n);
                }
            });
            return problems;
        }
    }

    /** Several publish batches at once, each with keys of its own, so that the order of acceptance of a key is known. */
    private static final class Gathering implements AutoCloseable {
        private final Customer customer;
        private final List<Thread> threads = new ArrayList<>();
        private final Map<String, Set<Integer>> accepted = new ConcurrentHashMap<>();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final int[] next = new int[PUBLISHERS];
        private int count;
        private int unknown;

        Gathering(Customer customer) {
            this.customer = customer;
            for (int i = 0; i < PUBLISHERS; i++) {
                int number = i;
                threads.add(Thread.ofVirtual().name("gathering " + i).start(() -> publish(number)));
            }
        }

        private void publish(int number) {
            try {
                while (count() < MESSAGES && !Thread.currentThread().isInterrupted()) {
                    batch(number);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException | AssertionError e) {
                failure.compareAndSet(null, e);
            }
        }

        /** One batch. If nobody knows whether it was accepted, its numbers are not used again. */
        private void batch(int number) throws InterruptedException {
            List<String> messages = new ArrayList<>();
            int first = next[number];
            for (int n = first; n < first + BATCH; n++) {
                messages.add(Api.message("order.created", "{\"key\":\"" + key(number, n) + "\",\"n\":" + n + "}")
                        .replaceFirst("\\{", "{\"orderingKey\":\"" + key(number, n) + "\","));
            }
            Api.@Nullable Answer answer = null;
            try {
                answer = customer.server()
                        .api()
                        .post(
                                Api.messages(customer.id()) + "/batch",
                                "{\"messages\":[" + String.join(",", messages) + "]}");
            } catch (IOException e) {
                // the server is away
            }
            if (answer == null || answer.status() != 200) {
                if (answer != null && answer.status() != 429 && answer.status() != 503) {
                    throw new AssertionError("neither accepted nor put off: " + answer);
                }
                if (answer == null || answer.status() == 503) {
                    next[number] += BATCH;
                    wasUnknown();
                }
                LockSupport.parkNanos(20_000_000); // not as long as Retry-After says
                return;
            }
            next[number] += BATCH;
            int at = first;
            for (JsonNode one : answer.json().path("data")) {
                if (one.path("status").asInt() != 202) {
                    throw new AssertionError("not accepted: " + one);
                }
                accepted.computeIfAbsent(key(number, at), key -> new TreeSet<>())
                        .add(at);
                at++;
            }
            wereAccepted(at - first);
        }

        private static String key(int publisher, int n) {
            return "key " + publisher + "." + n % KEYS_OF_EACH;
        }

        private synchronized void wasUnknown() {
            unknown += BATCH;
        }

        private synchronized void wereAccepted(int more) {
            count += more;
            notifyAll();
        }

        synchronized int count() {
            return count;
        }

        synchronized void await(int wanted) throws InterruptedException {
            long deadline = System.nanoTime() + LONG.toNanos();
            while (count < wanted) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0 || failure.get() != null) {
                    throw new AssertionError(
                            count + " of " + wanted + " were accepted, unknown " + unknown, failure.get());
                }
                wait(Math.min(left, 1_000));
            }
        }

        /** All of it, by keys, when nobody publishes any more. */
        Map<String, Set<Integer>> accepted() throws InterruptedException {
            for (Thread thread : threads) {
                thread.join();
            }
            if (failure.get() != null) {
                throw new AssertionError("a publisher met with what it should not", failure.get());
            }
            return accepted;
        }

        Map<String, Set<Integer>> oneMoreBatch() throws InterruptedException {
            int before = count();
            batch(0);
            assertThat(count()).isEqualTo(before + BATCH);
            return accepted;
        }

        @Override
        public void close() throws InterruptedException {
            for (Thread thread : threads) {
                thread.interrupt();
                thread.join();
            }
        }
    }

    /** One message after the other to an endpoint that is well, each when the one before has arrived. */
    private static final class Pings implements AutoCloseable {
        private final Customer customer;
        private final Inbox inbox;
        private final Thread thread;
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private List<Double> millis = new ArrayList<>();
        private int run;

        Pings(Customer customer, Inbox inbox) {
            this.customer = customer;
            this.inbox = inbox;
            this.thread = Thread.ofVirtual().name("pings").start(this::go);
        }

        private void go() {
            try {
                while (!Thread.currentThread().isInterrupted()) {
                    ping();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException | AssertionError e) {
                failure.compareAndSet(null, e);
            }
        }

        private void ping() throws InterruptedException {
            int before = run();
            long began = System.nanoTime();
            try {
                Api.Answer answer = customer.server().api().publish(customer.id(), "order.created", "{}");
                if (answer.status() == 202) {
                    inbox.awaitAll(Set.of(answer.id()), Until.PATIENCE);
                    took((System.nanoTime() - began) / 1e6, before);
                    return;
                }
                if (answer.status() != 429 && answer.status() != 503) {
                    throw new AssertionError("neither accepted nor put off: " + answer);
                }
            } catch (IOException e) {
                // the server is away
            }
            LockSupport.parkNanos(20_000_000); // not as long as Retry-After says
        }

        private synchronized int run() {
            return run;
        }

        /** What was under way at the kill says nothing. */
        synchronized void killed() {
            run++;
        }

        private synchronized void took(double time, int inRun) {
            if (inRun == run) {
                millis.add(time);
                notifyAll();
            }
        }

        synchronized void awaitMore(int count) throws InterruptedException {
            int wanted = millis.size() + count;
            long deadline = System.nanoTime() + LONG.toNanos();
            while (millis.size() < wanted) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0 || failure.get() != null) {
                    throw new AssertionError(millis.size() + " of " + wanted + " pings came", failure.get());
                }
                wait(Math.min(left, 1_000));
            }
        }

        /** Most took as long as they do on an idle machine, or a little longer; and it begins anew. */
        synchronized void report(String when) {
            List<Double> sorted = millis.stream().sorted().toList();
            System.out.printf(
                    Locale.ROOT,
                    "%s: %d messages to a healthy endpoint, half of them within %.1f ms, 99 %% within %.1f ms%n",
                    when,
                    sorted.size(),
                    sorted.get(sorted.size() / 2),
                    sorted.get(sorted.size() * 99 / 100));
            assertThat(sorted.get(sorted.size() / 2)).isLessThan(1_000);
            millis = new ArrayList<>();
        }

        @Override
        public void close() throws InterruptedException {
            thread.interrupt();
            thread.join();
        }
    }
}
