package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM: what is under way finishes, the rest waits for the next start, and nothing comes twice. */
final class OrderlyStopTest {
    @Test
    void whatIsUnderWayFinishesAndTheRestWaits(@TempDir Path folder) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder, "--endpoint-in-flight", "10")) {
            Inbox slow = receiver.at("/slow").replies(Reply.after(gate, Reply.status(200)));
            Customer customer = Customer.of(server);
            customer.endpoint(slow);
            Set<String> messages = Set.copyOf(customer.publish(100));
            slow.await(10);

            server.run().terminate();
            Until.holds("nothing is accepted any more", () -> refuses(server));
            assertThat(server.run().isAlive()).isTrue();
            gate.countDown();

            assertThat(server.run().awaitExit(Duration.ofSeconds(40))).isEqualTo(ServerProcess.STOPPED);
            assertThat(slow.all()).hasSize(10);
            assertThat(server.log()).doesNotContain("Exception", "WARN", "ERROR");
            Until.holds("the database has ended too", () -> DatabaseProcess.runningIn(server.cluster()) == null);

            server.start();
            slow.awaitAll(messages, Until.PATIENCE);
            slow.await(100);
            assertThat(server.stop()).isEqualTo(ServerProcess.STOPPED);
            assertThat(slow.repeated()).isZero();
        }
    }

    private static boolean refuses(ServerProcess server) throws InterruptedException {
        try {
            return server.api().get("/api/v1/health").status() == 503;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void underLoadNothingIsLostAndNothingComesTwice(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Inbox inbox = receiver.at("/hooks");
            Customer customer = Customer.of(server);
            customer.endpoint(inbox);
            Set<String> accepted;
            try (Publishers publishers = new Publishers(customer, 8)) {
                for (int stop = 0; stop < 2; stop++) {
                    publishers.awaitMore(500);
                    assertThat(server.stop()).as(server.log()).isEqualTo(ServerProcess.STOPPED);
                    server.start();
                }
                publishers.awaitMore(200);
                accepted = publishers.finish();
            }
            inbox.awaitAll(accepted, Until.PATIENCE);
            assertThat(server.stop()).isEqualTo(ServerProcess.STOPPED);
            assertThat(inbox.repeated()).isZero();
            assertThat(server.log()).doesNotContain("Exception", "ERROR");
        }
    }

    /** Requests that outlast the grace are cut off, and made again after the next start. */
    @Test
    void whatOutlastsTheGraceIsDeliveredAfterTheNextStart(@TempDir Path folder) throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder, "--shutdown-grace", "1s")) {
            Inbox inbox = receiver.at("/hooks").replies(Reply.after(never, Reply.status(200)));
            Customer customer = Customer.of(server);
            customer.endpoint(inbox);
            Set<String> messages = Set.copyOf(customer.publish(60));
            inbox.await(50);
            long began = System.nanoTime();
            assertThat(server.stop()).isEqualTo(ServerProcess.STOPPED);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(12));
            inbox.replies(Reply.status(200));
            server.start();
            inbox.awaitAll(messages, Until.PATIENCE);
            inbox.await(110);
        }
    }
}
