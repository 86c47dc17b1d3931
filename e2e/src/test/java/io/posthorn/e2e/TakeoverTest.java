package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A killed server leaves its database running: the next one takes it over. */
final class TakeoverTest {
    @Test
    void theNextStartTakesTheDatabaseOver(@TempDir Path folder) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Inbox inbox = receiver.at("/hooks").replies(Reply.after(gate, Reply.status(200)));
            Customer customer = Customer.of(server);
            customer.endpoint(inbox);
            Set<String> messages = Set.copyOf(customer.publish(120));
            inbox.await(50);
            String[] key = {"idempotency-key", "key-1"};
            String body = "{\"eventType\":\"a.b\",\"eventId\":\"evt_1\",\"payload\":{}}";
            Api.Answer before = server.api().post(Api.messages(customer.id()), body, key);
            assertThat(before.status()).isEqualTo(202);
            DatabaseProcess database = server.database();

            server.kill();
            assertThat(database.handle().isAlive()).isTrue();
            gate.countDown();
            server.start();

            assertThat(server.database().handle().isAlive()).isTrue();
            inbox.awaitAll(messages, Until.PATIENCE);
            assertThat(server.api().publish(customer.id(), "a.b", "{}").status())
                    .isEqualTo(202);
            Api.Answer again = server.api().post(Api.messages(customer.id()), body, key);
            assertThat(again.status()).isEqualTo(202);
            assertThat(again.id()).isEqualTo(before.id());
            Api.Answer other = server.api().post(Api.messages(customer.id()), body);
            assertThat(other.status()).isEqualTo(409);
            assertThat(other.body()).contains(before.id());
            int code = server.stop();
            assertThat(code).as(server.log()).isEqualTo(ServerProcess.STOPPED);
            Until.holds(
                    "the database has ended with the server",
                    () -> DatabaseProcess.runningIn(server.cluster()) == null);
        }
    }
}
