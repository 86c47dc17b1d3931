package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The database goes away under load: publishers are put off, everything goes on by itself, and nothing is lost. */
final class DatabaseGoneTest {
    @Test
    void theEmbeddedOneIsKilled(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder, "--retry-schedule", "100ms,1s,1s")) {
            Inbox inbox = receiver.at("/hooks")
                    .replies(Reply.forEachMessage(() -> Reply.inTurn(Reply.status(500), Reply.status(200))));
            Customer customer = Customer.of(server);
            customer.steadfastEndpoint(inbox);
            Set<String> accepted;
            try (Publishers publishers = new Publishers(customer, 8)) {
                for (int kill = 0; kill < 2; kill++) {
                    publishers.awaitMore(300);
                    int before = publishers.answered(503);
                    DatabaseProcess database = server.database();
                    database.signal("KILL");
                    database.awaitEnd();
                    Until.holds("publishers are answered 503", () -> publishers.answered(503) > before);
                    publishers.awaitMore(300);
                }
                accepted = publishers.finish();
                System.out.println("database killed twice: " + publishers);
            }
            inbox.awaitAll(accepted, Until.PATIENCE);
            Until.holds(
                    "each message got its retry",
                    () -> accepted.stream().allMatch(id -> inbox.of(id).size() >= 2));
            assertThat(server.run().isAlive()).isTrue();
            Until.holds(
                    "it is healthy", () -> server.api().get("/api/v1/health").status() == 200);
        }
    }

    /** A database that hangs is as good as gone: nobody waits for it longer than a request may take. */
    @Test
    void theEmbeddedOneHangs(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder, "--request-deadline", "2s")) {
            Inbox inbox = receiver.at("/hooks");
            Customer customer = Customer.of(server);
            customer.steadfastEndpoint(inbox);
            String first = customer.publish("\"before\"");
            inbox.await(1);

            DatabaseProcess database = server.database();
            database.freeze();
            List<CompletableFuture<Api.Answer>> answers = new ArrayList<>();
            long began = System.nanoTime();
            try {
                for (int i = 0; i < 20; i++) {
                    answers.add(server.api()
                            .postLater(Api.messages(customer.id()), Api.message("a.b", "{\"n\":" + i + "}")));
                }
                for (CompletableFuture<Api.Answer> future : answers) {
                    Api.Answer answer = future.get();
                    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
                    assertThat(answer.header("retry-after")).matches("[1-9]\\d*");
                }
                assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
                assertThat(server.api().get("/api/v1/health").status()).isEqualTo(503);
            } finally {
                database.thaw();
            }
            String last = Until.value(
                            "messages are accepted again",
                            () -> server.api().publish(customer.id(), "a.b", "\"after\""),
                            answer -> answer.status() == 202)
                    .id();
            inbox.awaitAll(Set.of(first, last), Until.PATIENCE);
        }
    }

    @Test
    void anExternalOneIsStoppedForAWhile(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ExternalPostgres postgres = new ExternalPostgres(folder).start();
                ServerProcess server = ServerProcess.local(
                        folder,
                        "--database-url",
                        postgres.url(),
                        "--database-user",
                        "posthorn",
                        "--retry-schedule",
                        "100ms,1s,1s")) {
            Inbox inbox = receiver.at("/hooks")
                    .replies(Reply.forEachMessage(() -> Reply.inTurn(Reply.status(500), Reply.status(200))));
            Customer customer = Customer.of(server);
            customer.steadfastEndpoint(inbox);
            Set<String> accepted;
            try (Publishers publishers = new Publishers(customer, 8)) {
                publishers.awaitMore(300);
                postgres.stop();
                Until.holds("publishers are answered 503", () -> publishers.answered(503) > 50);
                Until.holds(
                        "it is not healthy",
                        () -> server.api().get("/api/v1/health").status() == 503);
                postgres.start();
                publishers.awaitMore(300);
                accepted = publishers.finish();
                System.out.println("external database stopped once: " + publishers);
            }
            inbox.awaitAll(accepted, Until.PATIENCE);
            Until.holds(
                    "each message got its retry",
                    () -> accepted.stream().allMatch(id -> inbox.of(id).size() >= 2));
            Until.holds(
                    "it is healthy", () -> server.api().get("/api/v1/health").status() == 200);
            assertThat(server.dataDir()).isDirectoryNotContaining("glob:**/pg18");
        }
    }
}
