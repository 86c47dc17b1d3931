package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many endpoints an application may have, and how large the database may get. */
final class LimitTest {
    private static Api.Answer endpoint(Api api, Customer customer, boolean disabled) throws Exception {
        return api.post(
                "/api/v1/app/" + customer.id() + "/endpoint",
                "{\"url\":\"https://example.com/\",\"disabled\":" + disabled + "}");
    }

    private static Api.Answer raise(Api api, Customer customer, String limit) throws Exception {
        return api.call(
                "PATCH",
                "/api/v1/app/" + customer.id(),
                ("{\"endpointLimit\":" + limit + "}").getBytes(StandardCharsets.UTF_8));
    }

    private static Api as(ServerProcess server, String role) throws Exception {
        Api.Answer made = server.api().post("/api/v1/token", "{\"name\":\"t\"," + role + "}");
        assertThat(made.status()).as("%s", made).isEqualTo(201);
        return server.api().withToken(made.json().path("token").asText());
    }

    @Test
    @Requirement({"B40", "B41"})
    void theFiftyFirstIsRefusedUntilAnAdministratorRaisesTheLimit(@TempDir Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.local(folder)) {
            Customer customer = Customer.of(server);
            Api own = as(server, "\"role\":\"application\",\"appId\":\"" + customer.id() + "\"");
            Api publisher = as(server, "\"role\":\"publisher\"");
            // More than there may be, at once.
            long made = IntStream.range(0, 60)
                    .mapToObj(n -> own.postLater(
                            "/api/v1/app/" + customer.id() + "/endpoint",
                            "{\"url\":\"https://example.com/" + n + "\"}"))
                    .toList()
                    .stream()
                    .filter(answer -> answer.join().status() == 201)
                    .count();
            assertThat(made).isEqualTo(50);
            Api.Answer refused = endpoint(own, customer, false);
            assertThat(refused.status()).isEqualTo(409);
            assertThat(refused.json().path("code").asText()).isEqualTo("limit");
            assertThat(refused.json().path("detail").asText()).contains("50", "administrator");
            Api.Answer off = endpoint(own, customer, true);
            assertThat(off.status()).isEqualTo(201);
            assertThat(own.call(
                                    "PATCH",
                                    "/api/v1/app/" + customer.id() + "/endpoint/" + off.id(),
                                    "{\"disabled\":false}".getBytes(StandardCharsets.UTF_8))
                            .json()
                            .path("code")
                            .asText())
                    .isEqualTo("limit");

            assertThat(raise(own, customer, "60").status()).isEqualTo(403);
            assertThat(raise(publisher, customer, "60").status()).isEqualTo(403);
            assertThat(raise(server.api(), customer, "100001").status()).isEqualTo(422);
            Api.Answer raised = raise(server.api(), customer, "51");
            assertThat(raised.json().path("endpointLimit").asInt()).isEqualTo(51);
            assertThat(endpoint(own, customer, false).status()).isEqualTo(201);
            assertThat(endpoint(server.api(), customer, false)
                            .json()
                            .path("detail")
                            .asText())
                    .contains("51");
            raise(server.api(), customer, "null");
            assertThat(endpoint(own, customer, false).json().path("detail").asText())
                    .contains("50", "has 51");
        }
    }

    @Test
    void aFullDatabaseTakesNothingNewAndDoesAllElse(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Inbox inbox = receiver.at("/hooks").replies(Reply.status(500));
            Customer customer = Customer.of(server);
            customer.endpoint(inbox);
            String message = customer.publish("{}");
            inbox.await(1);
            server.stop();
            inbox.replies(Reply.status(200));

            ServerProcess full = new ServerProcess(
                    folder, "--allow-http", "--allow-network", "127.0.0.0/8", "--database-max-size", "1MiB");
            try (full) {
                full.start();
                Api.Answer refused = full.api().publish(customer.id(), "a.b", "{}");
                assertThat(refused.status()).as("%s", refused).isEqualTo(503);
                assertThat(refused.headers().firstValue("retry-after")).isPresent();
                assertThat(refused.json().path("detail").asText()).contains("database-max-size");
                assertThat(full.api()
                                .post(
                                        Api.messages(customer.id()) + "/batch",
                                        "{\"messages\":[" + Api.message("a.b", "{}") + "]}")
                                .status())
                        .isEqualTo(503);
                inbox.await(2);
                assertThat(full.api()
                                .get(Api.messages(customer.id()) + "/" + message)
                                .status())
                        .isEqualTo(200);
                assertThat(full.api()
                                .delete(Api.messages(customer.id()) + "/" + message + "/content")
                                .status())
                        .isEqualTo(204);
                assertThat(endpoint(full.api(), customer, false).status()).isEqualTo(201);
                assertThat(Metrics.of(full).value("posthorn_database_bytes")).isGreaterThan(1 << 20);
                assertThat(full.log()).contains("No new messages are accepted");
            }
        }
    }
}
