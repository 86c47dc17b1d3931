package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.svix.models.EndpointOut;
import com.svix.models.EventTypeImportOpenApiIn;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the catalogue promises, at a real server: scopes, versions, schemas, documents. */
final class CatalogueTest {
    private static Api.Answer change(ServerProcess server, String method, String path, String body) throws Exception {
        Api.Answer answer = server.api().call(method, "/api/v1" + path, body.getBytes(StandardCharsets.UTF_8));
        assertThat(answer.status()).as("%s", answer).isBetween(200, 201);
        return answer;
    }

    private static int publish(Customer customer, String type) throws Exception {
        return customer.server().api().publish(customer.id(), type, "{}").status();
    }

    private static void nothingIsOwed(ServerProcess server) throws Exception {
        Until.holds("all is settled", () -> Metrics.of(server).value("posthorn_messages_unsettled") == 0);
        Until.holds("nothing waits", () -> Metrics.of(server).value("posthorn_deliveries_backlog") == 0);
    }

    @Test
    @Requirement({"E5", "E6", "A3"})
    void whatAnApplicationMayNotBeToldOfDoesNotArrive(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            change(server, "POST", "/catalogue/import?catalogue=timify", "{}");
            Customer customer = Customer.of(server);
            Inbox inbox = receiver.at("/all");
            customer.endpoint(inbox);
            change(server, "PATCH", "/app/" + customer.id(), "{\"scopes\":[\"Resources\",\"Shift\"]}");
            assertThat(publish(customer, "customers.created")).isEqualTo(202);
            assertThat(publish(customer, "shift.created")).isEqualTo(202);
            assertThat(publish(customer, "of.my.own")).isEqualTo(202);
            assertThat(publish(customer, "before_reminders")).isEqualTo(422);
            inbox.await(2);
            nothingIsOwed(server);
            assertThat(inbox.all()).hasSize(2);

            Api.Answer refused = server.api()
                    .post(
                            "/api/v1/app/" + customer.id() + "/endpoint",
                            "{\"url\":\"" + inbox.url() + "\",\"filterTypes\":[\"customers.created\"]}");
            assertThat(refused.status()).isEqualTo(422);
            assertThat(refused.body()).contains("customers.created needs the scope Customers");
        }
    }

    /** What was accepted before, and failed, is not tried again once the scope is gone; and comes back with it. */
    @Test
    @Requirement("E6")
    void takingAScopeAwayStopsWhatWaitsForARetry(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            change(server, "POST", "/catalogue/import?catalogue=timify", "{}");
            Customer customer = Customer.of(server);
            change(server, "PATCH", "/app/" + customer.id(), "{\"scopes\":[\"Customers\"]}");
            CountDownLatch taken = new CountDownLatch(1);
            Inbox inbox = receiver.at("/hooks")
                    .replies(Reply.inTurn(Reply.after(taken, Reply.status(500)), Reply.status(204)));
            EndpointOut endpoint = customer.endpoint(inbox, "{\"retry\":{\"schedule\":[\"1s\"]}}");
            customer.patch(endpoint, "{\"filterTypes\":[\"customers.created\"]}");
            publish(customer, "customers.created");
            inbox.await(1);
            Api.Answer changed = change(server, "PATCH", "/app/" + customer.id(), "{\"scopes\":[]}");
            assertThat(changed.json().at("/withheld/endpoints/0/id").asText()).isEqualTo(endpoint.getId());
            taken.countDown();
            nothingIsOwed(server);
            assertThat(inbox.all()).hasSize(1);
            assertThat(Metrics.of(server).value("posthorn_deliveries_unwanted_total"))
                    .isEqualTo(1);

            change(server, "PATCH", "/app/" + customer.id(), "{\"scopes\":[\"Customers\"]}");
            publish(customer, "customers.created");
            inbox.await(2);
        }
    }

    @Test
    @Requirement("D26")
    void anEndpointGetsTheVersionThatItWasWrittenFor(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            change(server, "POST", "/event-type", """
                    {"name":"person.born","description":"d","schemaMode":"reject",
                     "schemas":{"1":{"required":["name"]},"2":{"required":["first","last"]}},
                     "downgrades":{"2":"{\\"name\\": first & \\" \\" & last}"}}""");
            Customer customer = Customer.of(server);
            Inbox old = receiver.at("/old");
            Inbox present = receiver.at("/present");
            customer.patch(customer.endpoint(old), "{\"payloadVersion\":\"1\"}");
            customer.patch(customer.endpoint(present), "{\"payloadVersion\":\"2\"}");
            String payload = "{\"first\":\"Jo\",\"last\":\"Doe\"}";
            Api.Answer refused = server.api().publish(customer.id(), "person.born", "{\"name\":\"Jo Doe\"}");
            assertThat(refused.status()).isEqualTo(422);
            assertThat(server.api()
                            .publish(customer.id(), "person.born", payload)
                            .status())
                    .isEqualTo(202);
            Arrival first = old.await(1).getFirst();
            assertThat(Api.parse(first.text())).isEqualTo(Api.parse("{\"name\":\"Jo Doe\"}"));
            assertThat(first.header("webhook-payload-version")).isEqualTo("1");
            Arrival second = present.await(1).getFirst();
            assertThat(second.text()).isEqualTo(payload);
            assertThat(second.header("webhook-payload-version")).isEqualTo("2");
            assertThat(Metrics.of(server).value("posthorn_payloads_refused_total"))
                    .isEqualTo(1);
        }
    }

    @Test
    void documentsGoInAndOutByTheCommandLineAndByOtherClients(@TempDir Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.local(Files.createDirectory(folder.resolve("server")))) {
            Files.writeString(folder.resolve("token"), ServerProcess.TOKEN + "\n");
            var imported = server.api()
                    .svix()
                    .getEventType()
                    .importOpenapi(new EventTypeImportOpenApiIn()
                            .specRaw("openapi: 3.1.0\nwebhooks: {pet.born: {post: {description: A pet.}}}"));
            assertThat(imported.getData().getModified()).containsExactly("pet.born");
            assertThat(posthorn(server, folder, "event-type", "import", "--catalogue", "admin"))
                    .contains("created  order.completed", "0 unchanged");
            String document = posthorn(server, folder, "event-type", "export", "--format", "asyncapi");
            assertThat(document).contains("asyncapi: \"3.0.0\"", "pet.born", "user.created");
            Files.writeString(folder.resolve("types.yaml"), document);
            assertThat(posthorn(server, folder, "event-type", "import", "types.yaml", "--dry-run"))
                    .contains("6 unchanged");
            assertThat(posthorn(server, folder, "event-type", "catalogues")).contains("timify", "administrate");
        }
    }

    private static String posthorn(ServerProcess server, Path folder, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--token-file", "token", "--server", server.api().url()));
        try (Program program = Program.posthorn(folder, all)) {
            int code = program.awaitExit(Duration.ofSeconds(60));
            assertThat(code).as(program.output()).isZero();
            return program.output();
        }
    }
}
