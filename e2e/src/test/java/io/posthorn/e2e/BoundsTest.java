package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.svix.models.EndpointIn;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** At its bounds the server slows publishers down or parks work; it loses nothing, and the others go on. */
final class BoundsTest {
    @Test
    void aFullIntakeAsksPublishersToComeBack(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder, "--intake-queue-messages", "2")) {
            Inbox inbox = receiver.at("/hooks");
            Customer customer = Customer.of(server);
            customer.endpoint(inbox);
            Set<String> accepted = new HashSet<>();
            int refused = 0;
            for (int round = 0; round < 50 && refused == 0; round++) {
                List<CompletableFuture<Api.Answer>> answers = IntStream.range(0, 64)
                        .mapToObj(n -> server.api()
                                .postLater(Api.messages(customer.id()), Api.message("a.b", "{\"n\":" + n + "}")))
                        .toList();
                for (CompletableFuture<Api.Answer> future : answers) {
                    Api.Answer answer = future.get();
                    if (answer.status() == 202) {
                        accepted.add(answer.id());
                    } else {
                        assertThat(answer.status()).as(answer.body()).isEqualTo(429);
                        assertThat(answer.header("retry-after")).matches("[1-9]\\d*");
                        assertThat(answer.json().path("code").asText()).isNotBlank();
                        refused++;
                    }
                }
            }
            assertThat(refused).isPositive();
            assertThat(accepted).isNotEmpty();
            inbox.awaitAll(accepted, Until.PATIENCE);
            assertThat(inbox.ids()).isEqualTo(accepted);
            assertThat(inbox.repeated()).isZero();
            assertThat(Metrics.of(server).value("posthorn_messages_refused_total"))
                    .isEqualTo(refused);
        }
    }

    @Test
    @Requirement({"A12"})
    void anEndpointThatHangsIsAloneWithIt(@TempDir Path folder) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(
                        folder, "--lane-queue", "10", "--retry-schedule", "1s,1s,1s,1s,1s,1s,1s,1s,1s")) {
            Inbox healthy = receiver.at("/healthy");
            Inbox hanging = receiver.at("/hanging").replies(Reply.after(gate, Reply.status(200)));
            Customer customer = Customer.of(server);
            customer.endpoint(healthy);
            customer.endpoint(hanging);

            long began = System.nanoTime();
            Set<String> messages = Set.copyOf(customer.publish(3_000));
            healthy.awaitAll(messages, Until.PATIENCE);
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            assertThat(took).isLessThan(Duration.ofSeconds(10));
            assertThat(hanging.all()).hasSizeLessThanOrEqualTo(50);
            assertThat(Metrics.of(server).value("posthorn_deliveries_backlog")).isPositive();

            gate.countDown();
            hanging.awaitAll(messages, Duration.ofSeconds(60));
            Until.holds(
                    "nothing is left in the backlog",
                    () -> Metrics.of(server).value("posthorn_deliveries_backlog") == 0);
            assertThat(healthy.repeated()).isZero();
            assertThat(hanging.repeated()).isZero();
        }
    }

    @Test
    void manyEndpointsThatHangDoNotDelayAHealthyOne(@TempDir Path folder) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(
                        folder, "--in-flight", "40", "--attempt-timeout", "20s", "--endpoint-limit", "101")) {
            Inbox healthy = receiver.at("/healthy");
            Customer customer = Customer.of(server);
            customer.endpoint(healthy);
            Set<String> all = new HashSet<>(customer.publish(1));
            healthy.awaitAll(all, Until.PATIENCE);
            for (int i = 0; i < 100; i++) {
                Inbox hanging = receiver.at("/hanging" + i).replies(Reply.after(gate, Reply.status(200)));
                server.api().svix().getEndpoint().create(customer.id(), new EndpointIn().url(hanging.url()));
            }
            for (int i = 0; i < 20; i++) {
                all.add(customer.publish("{\"n\":" + i + "}"));
                healthy.awaitAll(all, Duration.ofSeconds(10));
            }
            gate.countDown();
        }
    }
}
