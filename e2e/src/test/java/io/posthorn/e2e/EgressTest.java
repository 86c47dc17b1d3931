package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointOut;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where Posthorn sends to, and where not. */
final class EgressTest {
    private static Api.Answer endpoint(ServerProcess server, String app, String url) throws Exception {
        return server.api().post("/api/v1/app/" + app + "/endpoint", "{\"url\":\"" + url + "\"}");
    }

    @Test
    @Requirement({"B2", "B3", "D22"})
    void onlyPublicHttpsUnlessItIsAllowed(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = new ServerProcess(folder).start()) {
            String app = Customer.of(server).id();
            Api.Answer http = endpoint(server, app, "http://example.com/hooks");
            assertThat(http.status()).as(http.body()).isEqualTo(422);
            assertThat(http.json().path("detail").path(0).path("loc").toString())
                    .contains("\"url\"");
            assertThat(http.json().path("detail").path(0).path("msg").asText()).contains("https");
            for (String url : List.of(
                    "https://127.0.0.1/x",
                    "https://localhost/x",
                    "https://[::1]/x",
                    "https://10.1.2.3/x",
                    "https://169.254.169.254/latest/meta-data",
                    "https://[::ffff:127.0.0.1]/x",
                    "https://2130706433/x",
                    "https://0x7f.1/x",
                    "ftp://example.com/x",
                    "https:///x",
                    "not a url",
                    "https://example.com:99999/x")) {
                Api.Answer answer = endpoint(server, app, url);
                assertThat(answer.status()).as(url + " " + answer.body()).isEqualTo(422);
                assertThat(answer.json().path("detail").path(0).path("loc").toString())
                        .contains("\"url\"");
            }
            assertThat(endpoint(server, app, "https://example.com/hooks").status())
                    .isEqualTo(201);
        }
    }

    /** Names are looked up when a delivery is made: what they lead to then is what counts. */
    @Test
    @Requirement({"B3", "B4"})
    void anAddressThatIsNotAllowedIsNotReached(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess open = ServerProcess.local(folder, "--retry-schedule", "200ms")) {
            Inbox inbox = receiver.at("/hooks");
            Customer customer = Customer.of(open);
            EndpointOut endpoint = customer.endpoint(inbox);
            customer.publish("\"before\"");
            inbox.await(1);
            open.stop();

            try (ServerProcess closed =
                    new ServerProcess(folder, "--allow-http", "--retry-schedule", "200ms").start()) {
                Customer same = new Customer(closed, customer.id());
                String message = same.publish("\"after\"");
                List<JsonNode> attempts = Until.value(
                        "both attempts are listed",
                        () -> closed.api().attemptsAt(customer.id(), endpoint.getId()),
                        list -> list.size() >= 3);
                JsonNode last = attempts.getLast();
                assertThat(last.path("msgId").asText()).isEqualTo(message);
                assertThat(last.path("outcome").asText()).as("%s", last).isEqualTo("refused_address");
                assertThat(inbox.all()).hasSize(1);
            }
        }
    }
}
