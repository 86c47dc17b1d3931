package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two servers on one database: the second waits, and takes over when the first is gone. */
final class StandbyTest {
    private static final String KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    private static ServerProcess server(Path folder, ExternalPostgres postgres) throws IOException {
        return new ServerProcess(
                Files.createDirectory(folder),
                "--allow-http",
                "--allow-network",
                "127.0.0.0/8",
                "--secret-key",
                KEY,
                "--database-user",
                "posthorn",
                "--database-url",
                postgres.url());
    }

    @Test
    void theSecondTakesOverWhatTheFirstHasAccepted(@TempDir Path folder) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ExternalPostgres postgres = new ExternalPostgres(folder).start();
                ServerProcess first = server(folder.resolve("first"), postgres).start();
                ServerProcess second = server(folder.resolve("second"), postgres)) {
            Inbox inbox = receiver.at("/hooks").replies(Reply.after(gate, Reply.status(200)));
            Customer customer = Customer.of(first);
            customer.endpoint(inbox);
            Set<String> messages = Set.copyOf(customer.publish(200));
            inbox.await(50);

            second.launch().awaitLine(java.util.regex.Pattern.compile("(?i)standby|waits"), Until.PATIENCE);
            assertThat(second.run().output()).doesNotContain("listens on");
            first.kill();
            gate.countDown();
            second.awaitReady();

            inbox.awaitAll(messages, Until.PATIENCE);
            String last = new Customer(second, customer.id()).publish("{}");
            inbox.awaitAll(Set.of(last), Until.PATIENCE);
        }
    }
}
