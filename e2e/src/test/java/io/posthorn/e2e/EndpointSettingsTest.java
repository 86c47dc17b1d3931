package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.svix.Svix;
import com.svix.exceptions.ApiException;
import com.svix.models.EndpointHeadersIn;
import com.svix.models.EndpointHeadersOut;
import com.svix.models.EndpointHeadersPatchIn;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointSecretRotateIn;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an endpoint's requests carry beside the message: headers of its owner's, and signatures while a secret changes. */
final class EndpointSettingsTest {
    private static ServerProcess server;
    private final AtomicInteger published = new AtomicInteger();
    private Receiver receiver;
    private Inbox inbox;
    private Customer customer;
    private String endpoint;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--secret-overlap", "1s", "--retry-schedule", "50ms,50ms");
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void endpoint() throws Exception {
        receiver = new Receiver();
        inbox = receiver.at("/hooks");
        customer = Customer.of(server);
        endpoint = customer.endpoint(inbox).getId();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private static Svix svix() {
        return server.api().svix();
    }

    private String secret() throws Exception {
        return svix().getEndpoint().getSecret(customer.id(), endpoint).getKey();
    }

    private void rotate(EndpointSecretRotateIn rotation) throws Exception {
        svix().getEndpoint().rotateSecret(customer.id(), endpoint, rotation);
    }

    private void putHeaders(Map<String, String> headers) throws Exception {
        svix().getEndpoint().updateHeaders(customer.id(), endpoint, new EndpointHeadersIn().headers(headers));
    }

    private Arrival delivered() throws Exception {
        customer.publish("{\"n\":" + published.incrementAndGet() + "}");
        return inbox.await(published.get()).getLast();
    }

    private static void refusedBy(Arrival arrival, String secret) {
        assertThatThrownBy(() -> arrival.verify(secret))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("not a valid Standard Webhook");
    }

    @Test
    @Requirement({"D21", "E23", "E24"})
    void aCustomHeaderAndItsSecretValueAreOnEveryRequest() throws Exception {
        putHeaders(Map.of("X-Check", "public-1", "Authorization", "Bearer hidden-1"));
        inbox.replies(Reply.inTurn(Reply.status(500), Reply.status(204)));
        String message = customer.publish("{}");
        for (Arrival arrival : inbox.await(2)) {
            assertThat(arrival.id()).isEqualTo(message);
            assertThat(arrival.header("x-check")).isEqualTo("public-1");
            assertThat(arrival.header("authorization")).isEqualTo("Bearer hidden-1");
            assertThat(arrival.header("content-type")).isEqualTo("application/json");
            arrival.verify(secret());
        }
        published.set(2);
        svix().getEndpoint()
                .patchHeaders(
                        customer.id(),
                        endpoint,
                        new EndpointHeadersPatchIn()
                                .putHeadersItem("x-check", "public-2")
                                .deleteHeaders(List.of("AUTHORIZATION")));
        Arrival changed = delivered();
        assertThat(changed.header("x-check")).isEqualTo("public-2");
        assertThat(changed.headers()).doesNotContainKey("authorization");
    }

    @Test
    @Requirement({"E25"})
    void aReceiverThatChecksTheHeaderRefusesWhatComesWithout() throws Exception {
        inbox.replies((request, out) -> Reply.status(
                        request.headers().getOrDefault("x-check", List.of()).equals(List.of("s3cret")) ? 204 : 401)
                .write(request, out));
        String refused = customer.publish("{}");
        Until.value(
                "all attempts without the header failed",
                () -> server.api().attempts(customer.id(), refused),
                attempts -> attempts.size() == 3
                        && attempts.stream()
                                .allMatch(attempt ->
                                        attempt.path("responseStatusCode").asInt() == 401));

        putHeaders(Map.of("X-Check", "s3cret"));
        String accepted = customer.publish("{}");
        Until.value(
                "the one with the header succeeded",
                () -> server.api().attempts(customer.id(), accepted),
                attempts -> attempts.size() == 1
                        && attempts.getFirst().path("responseStatusCode").asInt() == 204);
    }

    @Test
    void sensitiveValuesAreSentAndNeverShown() throws Exception {
        String id = svix().getEndpoint()
                .create(
                        customer.id(),
                        new EndpointIn()
                                .url(receiver.at("/secret").url())
                                .uid("with.headers_1-a")
                                .headers(Map.of("X-Api-Key", "findable", "X-Env", "test")))
                .getId();
        EndpointHeadersOut shown = svix().getEndpoint().getHeaders(customer.id(), "with.headers_1-a");
        assertThat(shown.getHeaders()).isEqualTo(Map.of("X-Env", "test"));
        assertThat(shown.getSensitive()).containsExactly("X-Api-Key");
        String path = "/api/v1/app/" + customer.id() + "/endpoint";
        for (String look : List.of(path, path + "/" + id, path + "/" + id + "/headers")) {
            assertThat(server.api().get(look).body()).doesNotContain("findable");
        }
        customer.publish("{}");
        assertThat(receiver.at("/secret").await(1).getFirst().header("x-api-key"))
                .isEqualTo("findable");
        assertThat(server.log()).doesNotContain("findable");
    }

    @Test
    void hostileHeadersAreRefusedAndNothingOfThemIsSent() throws Exception {
        List<Map<String, String>> hostile = List.of(
                Map.of("X-A", "1\r\nX-Injected: 2"),
                Map.of("X-A", "1\nX-Injected: 2"),
                Map.of("X-A\r\nX-Injected", "1"),
                Map.of("X-A: 1\r\n\r\nGET / HTTP/1.1", "1"),
                Map.of("X-A", "nul\u0001"),
                Map.of("X-A", "ünïcode"),
                Map.of("webhook-signature", "v1,forged"),
                Map.of("Webhook-Id", "msg_forged"),
                Map.of("svix-signature", "v1,forged"),
                Map.of("Content-Length", "5"),
                Map.of("Transfer-Encoding", "chunked"),
                Map.of("Host", "elsewhere"),
                Map.of("Connection", "close"));
        for (Map<String, String> headers : hostile) {
            assertThatThrownBy(() -> putHeaders(headers))
                    .as(headers.toString())
                    .isInstanceOfSatisfying(
                            ApiException.class, e -> assertThat(e.getCode()).isEqualTo(422));
        }
        assertThat(svix().getEndpoint().getHeaders(customer.id(), endpoint).getHeaders())
                .isEmpty();
        Arrival clean = delivered();
        assertThat(clean.headers()).doesNotContainKeys("x-a", "x-injected");
        clean.verify(secret());
    }

    @Test
    void whileASecretIsRotatedTheReceiverMayKnowEitherAlsoAfterARestart() throws Exception {
        String first = secret();
        String given = "whsec_" + Base64.getEncoder().encodeToString(new byte[32]);
        rotate(new EndpointSecretRotateIn().key(given).gracePeriodSeconds(3_600));
        assertThat(secret()).isEqualTo(given);
        Arrival both = delivered();
        both.verify(given);
        both.verify(first);
        assertThat(both.header("webhook-signature").split(" ")).hasSize(2);

        rotate(new EndpointSecretRotateIn().gracePeriodSeconds(3_600));
        String third = secret();
        assertThat(server.stop()).isEqualTo(ServerProcess.STOPPED);
        server.start();
        assertThat(secret()).isEqualTo(third);
        Arrival three = delivered();
        for (String each : List.of(first, given, third)) {
            three.verify(each);
        }
    }

    @Test
    void afterTheOverlapOnlyTheNewSecretSigns() throws Exception {
        String old = secret();
        rotate(new EndpointSecretRotateIn());
        Arrival last = Until.value(
                "requests have one signature",
                this::delivered,
                arrival -> !arrival.header("webhook-signature").contains(" "));
        last.verify(secret());
        refusedBy(last, old);
        for (Arrival arrival : inbox.all()) {
            arrival.verify(secret());
        }
    }

    @Test
    void withoutAGracePeriodTheOldSecretEndsAtOnce() throws Exception {
        String old = secret();
        rotate(new EndpointSecretRotateIn().gracePeriodSeconds(0));
        Arrival arrival = delivered();
        arrival.verify(secret());
        refusedBy(arrival, old);
    }
}
