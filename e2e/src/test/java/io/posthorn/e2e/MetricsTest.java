package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The figures for Prometheus are those of what was done. */
final class MetricsTest {
    @Test
    void theFiguresMatchWhatWasDone(@TempDir Path folder) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(
                        folder, "--retry-schedule", "100ms", "--endpoint-in-flight", "5", "--lane-queue", "10")) {
            Customer customer = Customer.of(server);
            Inbox good = receiver.at("/good");
            Inbox bad = receiver.at("/bad").replies(Reply.status(500));
            Inbox held = receiver.at("/held").replies(Reply.after(gate, Reply.status(200)));
            customer.endpoint(good);
            customer.steadfastEndpoint(bad);
            customer.endpoint(held);

            Set<String> messages = Set.copyOf(customer.publish(20));
            good.awaitAll(messages, Until.PATIENCE);
            bad.await(40);
            held.await(5);

            Until.holds("15 wait for the endpoint that hangs", () -> {
                Metrics now = Metrics.of(server);
                return now.value("posthorn_deliveries_queued") + now.value("posthorn_deliveries_backlog") == 15
                        && now.value("posthorn_deliveries_inflight") == 5
                        && now.value("posthorn_deliveries_delivered_total") == 20
                        && now.value("posthorn_deliveries_exhausted_total") == 20;
            });
            Metrics hanging = Metrics.of(server);
            assertThat(hanging.value("posthorn_messages_accepted_total")).isEqualTo(20);
            assertThat(hanging.value("posthorn_attempts_failed_total")).isEqualTo(40);
            assertThat(hanging.value("posthorn_deliveries_deferred_total")).isBetween(20.0, 60.0);
            assertThat(hanging.value("posthorn_messages_unsettled")).isPositive();
            assertThat(hanging.value("posthorn_deliveries_memory_bytes")).isPositive();

            gate.countDown();
            held.awaitAll(messages, Until.PATIENCE);
            Until.holds("all is settled", () -> {
                Metrics now = Metrics.of(server);
                return now.value("posthorn_deliveries_delivered_total") == 40
                        && now.value("posthorn_deliveries_inflight") == 0
                        && now.value("posthorn_deliveries_queued") == 0
                        && now.value("posthorn_deliveries_backlog") == 0
                        && now.value("posthorn_deliveries_memory_bytes") == 0
                        && now.value("posthorn_messages_unsettled") == 0;
            });
            Metrics end = Metrics.of(server);
            assertThat(end.value("posthorn_attempt_seconds_count")).isEqualTo(80);
            assertThat(end.value("posthorn_delivery_seconds_count")).isEqualTo(40);
            assertThat(end.value("posthorn_intake_commit_messages_sum")).isEqualTo(20);
            assertThat(end.value("posthorn_history_commit_outcomes_sum")).isGreaterThanOrEqualTo(80);
            assertThat(end.value("posthorn_messages_refused_total")).isZero();
            assertThat(end.value("posthorn_messages_unavailable_total")).isZero();
        }
    }
}
