package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.models.EndpointOut;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints that want to know who calls, and the key that what they know lies encrypted with. */
final class AuthenticationTest {
    private static String basic(String text) {
        return "Basic " + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    @Requirement({"A7", "A11", "E23", "E24", "E25"})
    void everyWayReachesTheReceiverAndNoSecretTheLogOrTheDisk(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(
                        folder, "--log-level", "debug", "--response-keep-bytes", "0", "--retry-schedule", "50ms")) {
            Customer customer = Customer.of(server);
            Inbox inbox = receiver.at("/hooks");
            Inbox tokens = receiver.at("/token")
                    .replies(Reply.response(
                            200,
                            "{\"access_token\":\"findable-token\",\"token_type\":\"Bearer\",\"expires_in\":600}"
                                    .getBytes(StandardCharsets.UTF_8)));
            EndpointOut endpoint = customer.endpoint(inbox);
            String withUser = inbox.url().toString().replace("http://", "http://jo:findable-1@");

            customer.patch(endpoint, "{\"url\":\"" + withUser + "\"}");
            assertThat(customer.endpoint(endpoint.getId()).getUrl()).isEqualTo(inbox.url());
            assertThat(next(customer, inbox, 1).header("authorization")).isEqualTo(basic("jo:findable-1"));

            customer.patch(
                    endpoint,
                    "{\"authentication\":{\"type\":\"header\",\"name\":\"X-Check\",\"value\":\"findable-2\"}}");
            Arrival checked = next(customer, inbox, 2);
            assertThat(checked.header("x-check")).isEqualTo("findable-2");
            assertThat(checked.headers()).doesNotContainKey("authorization");

            customer.patch(endpoint, "{\"authentication\":{\"type\":\"bearer\",\"token\":\"findable-3\"}}");
            assertThat(next(customer, inbox, 3).header("authorization")).isEqualTo("Bearer findable-3");

            customer.patch(
                    endpoint,
                    "{\"authentication\":{\"type\":\"oauth2\",\"tokenUrl\":\"" + tokens.url()
                            + "\",\"clientId\":\"posthorn\",\"clientSecret\":\"findable-4\"}}");
            assertThat(next(customer, inbox, 4).header("authorization")).isEqualTo("Bearer findable-token");
            assertThat(next(customer, inbox, 5).header("authorization")).isEqualTo("Bearer findable-token");
            assertThat(tokens.await(1)).hasSize(1);
            assertThat(tokens.all().getFirst().header("authorization")).isEqualTo(basic("posthorn:findable-4"));

            // a shape of its own takes another way, and carries it too
            customer.patch(endpoint, "{\"transformation\":\"$\"}");
            assertThat(next(customer, inbox, 6).header("authorization")).isEqualTo("Bearer findable-token");

            assertThat(server.stop()).isEqualTo(ServerProcess.STOPPED);
            assertThat(server.log()).doesNotContain("findable");
            for (String secret : List.of("findable-1", "findable-2", "findable-3", "findable-4", "findable-token")) {
                for (String written :
                        List.of(secret, Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8)))) {
                    assertThat(filesWith(server.dataDir(), written)).isEmpty();
                }
            }
        }
    }

    private static Arrival next(Customer customer, Inbox inbox, int count) throws Exception {
        customer.publish("{\"n\":" + count + "}");
        return inbox.await(count).getLast();
    }

    @Test
    @Requirement({"D3", "D21"})
    void theKeyOfTheSecretsIsChangedAndTheOldOneIsNotNeededAnyMore(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Customer customer = Customer.of(server);
            Inbox inbox = receiver.at("/hooks");
            EndpointOut endpoint = customer.endpoint(inbox);
            customer.patch(endpoint, "{\"authentication\":{\"type\":\"bearer\",\"token\":\"t-1\"}}");
            JsonNode secret =
                    server.api().get(customer.path(endpoint) + "/secret").json();
            Path key = server.dataDir().resolve("secret.key");
            Path previous = server.dataDir().resolve("secret.key.previous");
            byte[] old = Files.readAllBytes(key);

            server.stop();
            Files.move(key, previous);
            server.start();
            Until.holds(
                    "all of it is sealed anew",
                    () -> server.log().contains("Everything is sealed with the present secret key"));
            server.kill(); // whatever it was doing then
            Files.delete(previous);
            server.start();

            assertThat(Arrays.equals(Files.readAllBytes(key), old)).isFalse();
            assertThat(server.api().get(customer.path(endpoint) + "/secret").json())
                    .isEqualTo(secret);
            Arrival arrival = next(customer, inbox, 1);
            assertThat(arrival.header("authorization")).isEqualTo("Bearer t-1");
            arrival.verify(secret.path("key").asText());
        }
    }

    private static List<Path> filesWith(Path folder, String text) throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !file.toString().contains("/pgsql-") && Files.isRegularFile(file))
                    .filter(file -> contains(file, text))
                    .toList();
        }
    }

    private static boolean contains(Path file, String text) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).contains(text);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
