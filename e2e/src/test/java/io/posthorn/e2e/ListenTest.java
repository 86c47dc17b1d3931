package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.Svix;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Live deliveries on a developer's machine, by the command that developers type. */
final class ListenTest {
    private static final Pattern READY = Pattern.compile("endpoint (ep_\\w+)");
    private static final Pattern SECRET = Pattern.compile("signed with (whsec_\\S+)");
    private static final String SIGNED_WITH = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

    private static ServerProcess server;

    @TempDir
    private Path folder = Path.of("");

    private final List<Listening> listenings = new ArrayList<>();
    private Receiver receiver;
    private Customer customer;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--retry-schedule", "50ms,1h");
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        customer = Customer.of(server);
    }

    @AfterEach
    void close() throws Exception {
        for (Listening listening : listenings) {
            listening.program().close();
        }
        receiver.close();
    }

    /** A running command that is ready. */
    private record Listening(Program program, String endpoint, String secret) {}

    private Program launch(ServerProcess at, String app, URI target, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("listen", "--app", app, "--forward-to", target.toString()));
        arguments.addAll(List.of(more));
        if (!arguments.contains("--server")) {
            arguments.addAll(List.of("--server", at.api().uri("").toString()));
        }
        if (!arguments.contains("--token")) {
            arguments.addAll(List.of("--token", ServerProcess.TOKEN));
        }
        return Program.posthorn(folder, arguments);
    }

    private Listening listen(ServerProcess at, String app, URI target, String... more) throws Exception {
        Program program = launch(at, app, target, more);
        Matcher ready = program.awaitLine(READY, Until.PATIENCE);
        Matcher secret = program.awaitLine(SECRET, Until.PATIENCE);
        Listening listening = new Listening(program, ready.group(1), secret.group(1));
        listenings.add(listening);
        return listening;
    }

    private Listening listen(URI target, String... more) throws Exception {
        return listen(server, customer.id(), target, more);
    }

    private boolean exists(String endpoint) throws Exception {
        return server.api()
                        .get("/api/v1/app/" + customer.id() + "/endpoint/" + endpoint)
                        .status()
                == 200;
    }

    private List<JsonNode> attempts(String message, int count) throws Exception {
        return Until.value(
                count + " attempts",
                () -> server.api().attempts(customer.id(), message),
                attempts -> attempts.size() >= count);
    }

    @Test
    void aShapedRequestKeepsItsMethodAndItsPath() throws Exception {
        Inbox inbox = receiver.at("/shaped?as=put");
        Listening listening = listen(receiver.at("/hook").url());
        Api.Answer shaped = server.api()
                .call(
                        "PATCH",
                        "/api/v1/app/" + customer.id() + "/endpoint/" + listening.endpoint(),
                        "{\"transformation\":\"$merge([$, {'method': 'PUT', 'path': '/shaped?as=put'}])\"}"
                                .getBytes(StandardCharsets.UTF_8));
        assertThat(shaped.status()).as(shaped.body()).isEqualTo(200);

        String message = customer.publish("{\"n\":1}");

        Arrival arrival = inbox.await(1).getFirst();
        assertThat(arrival.line()).isEqualTo("PUT /shaped?as=put HTTP/1.1");
        assertThat(arrival.id()).isEqualTo(message);
        arrival.verify(listening.secret());
    }

    @Test
    @Requirement("D8")
    void aDeliveryArrivesSignedAndItsAnswerIsTheResult() throws Exception {
        Inbox inbox = receiver.at("/hook?from=posthorn")
                .replies(Reply.response(201, "{\"seen\":true}".getBytes(StandardCharsets.UTF_8), "X-Answer: yes"));
        Listening listening = listen(inbox.url());
        String payload = "{ \"n\" :  1.00,\n\"text\":\"é😀\" }";

        String message = customer.publish(payload);

        Arrival arrival = inbox.await(1).getFirst();
        assertThat(arrival.line()).isEqualTo("POST /hook?from=posthorn HTTP/1.1");
        assertThat(arrival.text()).isEqualTo(payload);
        assertThat(arrival.id()).isEqualTo(message);
        assertThat(arrival.header("content-type")).isEqualTo("application/json");
        assertThat(arrival.header("user-agent")).startsWith("Posthorn/");
        assertThat(arrival.header("host")).isEqualTo(inbox.url().getAuthority());
        arrival.verify(listening.secret());
        listening
                .program()
                .awaitLine(Pattern.compile("order\\.created +" + message + " +→ 201 +\\d+ ms"), Until.PATIENCE);
        JsonNode attempt = attempts(message, 1).getFirst();
        assertThat(attempt.path("endpointId").asText()).isEqualTo(listening.endpoint());
        assertThat(attempt.path("status").asInt()).isZero();
        assertThat(attempt.path("responseStatusCode").asInt()).isEqualTo(201);
        assertThat(attempt.path("response").asText()).isEqualTo("{\"seen\":true}");
        assertThat(attempt.path("responseHeaders").toString())
                .containsIgnoringCase("{\"name\":\"x-answer\",\"value\":\"yes\"}");

        Svix svix = server.api().svix();
        EndpointOut endpoint = svix.getEndpoint().get(customer.id(), listening.endpoint());
        assertThat(endpoint.getUrl().toString()).startsWith("listen:");
        assertThat(endpoint.getDescription())
                .isEqualTo("Live forwarding to http://127.0.0.1:" + inbox.url().getPort() + "/hook");
        assertThat(svix.getEndpoint()
                        .getSecret(customer.id(), listening.endpoint())
                        .getKey())
                .isEqualTo(listening.secret());

        listening.program().terminate();
        assertThat(listening.program().awaitExit(Until.PATIENCE)).isEqualTo(ServerProcess.STOPPED);
        assertThat(listening.program().output()).contains("Stopped listening");
        Until.holds("the endpoint is gone", () -> !exists(listening.endpoint()));
    }

    @Test
    void onlyWhatWasAskedForComesSignedWithTheGivenSecret() throws Exception {
        Inbox inbox = receiver.at("/some");
        Listening listening = listen(
                inbox.url(),
                "--event-type",
                "order.paid",
                "--event-type",
                "order.sent",
                "--channel",
                "red",
                "--secret",
                SIGNED_WITH);
        assertThat(listening.secret()).isEqualTo(SIGNED_WITH);
        String red = "{\"eventType\":\"%s\",\"channels\":[\"red\"],\"payload\":{}}";
        server.api().post(Api.messages(customer.id()), red.formatted("order.created"));
        server.api().publish(customer.id(), "order.paid", "{}");
        server.api().post(Api.messages(customer.id()), red.formatted("order.sent"));
        String last = server.api()
                .post(Api.messages(customer.id()), red.formatted("order.paid"))
                .id();

        inbox.await(2);
        assertThat(inbox.all()).hasSize(2).allSatisfy(arrival -> arrival.verify(SIGNED_WITH));
        assertThat(inbox.ids()).contains(last);
    }

    @Test
    void anErrorOfTheLocalProgramIsRecordedAndTriedAgain() throws Exception {
        Inbox inbox = receiver.at("/errs").replies(Reply.inTurn(Reply.status(500), Reply.status(204)));
        Listening listening = listen(inbox.url());

        String message = customer.publish("{}");

        List<JsonNode> attempts = attempts(message, 2);
        assertThat(attempts)
                .extracting(a -> a.path("responseStatusCode").asInt())
                .containsExactly(500, 204);
        assertThat(attempts).extracting(a -> a.path("status").asInt()).containsExactly(2, 0);
        inbox.await(2).forEach(arrival -> arrival.verify(listening.secret()));
        listening.program().awaitLine(Pattern.compile(message + " +→ 500"), Until.PATIENCE);
        listening.program().awaitLine(Pattern.compile(message + " +→ 204"), Until.PATIENCE);
    }

    @Test
    void aLocalProgramThatIsDownIsAFailureWithoutAResponse() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Program program = launch(server, customer.id(), URI.create("http://127.0.0.1:" + port + "/"), "--json");
        try (program) {
            program.awaitLine(Pattern.compile("\"event\":\"ready\""), Until.PATIENCE);

            String message = customer.publish("{}");

            JsonNode attempt = attempts(message, 1).getFirst();
            assertThat(attempt.path("status").asInt()).isEqualTo(2);
            assertThat(attempt.path("responseStatusCode").asInt()).isZero();
            assertThat(attempt.path("outcome").asText()).isEqualTo("connect");
            assertThat(attempt.path("detail").asText()).contains("no connection to 127.0.0.1:" + port);
            JsonNode line = Api.parse(program.awaitLine(Pattern.compile("^.*\"event\":\"delivery\".*$"), Until.PATIENCE)
                    .group());
            assertThat(line.path("messageId").asText()).isEqualTo(message);
            assertThat(line.path("status").isNull()).isTrue();
            assertThat(line.path("failure").asText()).startsWith("connect: ");
        }
    }

    @Test
    void aKilledListenerTakesItsEndpointAlongAndNothingElse() throws Exception {
        Inbox permanent = receiver.at("/permanent");
        EndpointOut other = customer.endpoint(permanent);
        Inbox inbox = receiver.at("/killed");
        Listening listening = listen(inbox.url());
        customer.publish("{\"n\":1}");
        inbox.await(1);
        permanent.await(1);

        listening.program().kill();

        Until.holds("the endpoint is gone", () -> !exists(listening.endpoint()));
        String after = customer.publish("{\"n\":2}");
        assertThat(permanent.await(2)).extracting(Arrival::id).contains(after);
        List<JsonNode> attempts = attempts(after, 1);
        assertThat(attempts).extracting(a -> a.path("endpointId").asText()).containsExactly(other.getId());
        assertThat(inbox.all()).hasSize(1);
    }

    @Test
    void twoListenersEachGetEverything() throws Exception {
        Inbox first = receiver.at("/first");
        Inbox second = receiver.at("/second");
        Listening one = listen(first.url());
        Listening two = listen(second.url());
        List<String> messages = customer.publish(200);

        first.awaitAll(java.util.Set.copyOf(messages), Until.PATIENCE);
        second.awaitAll(java.util.Set.copyOf(messages), Until.PATIENCE);

        assertThat(one.endpoint()).isNotEqualTo(two.endpoint());
        first.all().forEach(arrival -> arrival.verify(one.secret()));
        second.all().forEach(arrival -> arrival.verify(two.secret()));
        assertThat(first.repeated()).isZero();
        assertThat(second.repeated()).isZero();
    }

    @Test
    void whoMayNotListenIsToldWhyAndWithACode() throws Exception {
        URI target = URI.create("http://127.0.0.1:1/");
        try (Program wrongToken = launch(server, customer.id(), target, "--token", "another")) {
            assertThat(wrongToken.awaitExit(Until.PATIENCE)).isEqualTo(1);
            assertThat(wrongToken.output()).contains("the server does not know the token (401)");
        }
        try (Program noApplication = launch(server, "nobody", target)) {
            assertThat(noApplication.awaitExit(Until.PATIENCE)).isEqualTo(1);
            assertThat(noApplication.output()).contains("there is no application nobody for this token (404)");
        }
        try (Program noServer = launch(server, "x", target, "--server", "http://127.0.0.1:1")) {
            assertThat(noServer.awaitExit(Until.PATIENCE)).isEqualTo(1);
            assertThat(noServer.output()).contains("http://127.0.0.1:1 cannot be reached");
        }
        try (Program wrongFilter = launch(server, customer.id(), target, "--event-type", "not a name")) {
            assertThat(wrongFilter.awaitExit(Until.PATIENCE)).isEqualTo(1);
            assertThat(wrongFilter.output()).contains("the server refuses: body.eventTypes.0 must be");
        }
        try (Program noUrl = launch(server, customer.id(), URI.create("localhost"))) {
            assertThat(noUrl.awaitExit(Until.PATIENCE)).isEqualTo(2);
            assertThat(noUrl.output()).contains("--forward-to must be a URL such as");
        }
    }

    @Test
    void nobodyElseCanMakeSuchAnEndpoint() throws Exception {
        Api.Answer answer =
                server.api().post("/api/v1/app/" + customer.id() + "/endpoint", "{\"url\":\"listen:0123456789\"}");
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.body()).contains("must not start with listen:");
    }

    @Test
    void aServerThatWasKilledComesBackAndTheListenerWithIt(@TempDir Path own) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (ServerProcess another = ServerProcess.local(own, "--port", Integer.toString(port))) {
            Customer theirs = Customer.of(another);
            Inbox inbox = receiver.at("/again");
            Listening listening = listen(another, theirs.id(), inbox.url());
            another.kill();
            listening.program().awaitLine(Pattern.compile("The connection is gone"), Until.PATIENCE);
            another.start();

            List<EndpointOut> endpoints = Until.value(
                    "the listener is back, and its earlier endpoint is gone",
                    () -> another.api().svix().getEndpoint().list(theirs.id()).getData(),
                    all -> all.size() == 1 && !all.getFirst().getId().equals(listening.endpoint()));
            theirs.publish("{\"back\":true}");

            inbox.await(1, Duration.ofSeconds(60)).getFirst().verify(listening.secret());
            another.api()
                    .svix()
                    .getEndpoint()
                    .create(theirs.id(), new EndpointIn().url(receiver.at("/p").url()));
            assertThat(another.stop()).isEqualTo(ServerProcess.STOPPED);
            another.start();
            Until.holds(
                    "an orderly stop leaves no temporary endpoint either",
                    () -> another.api().svix().getEndpoint().list(theirs.id()).getData().stream()
                            .noneMatch(
                                    e -> e.getId().equals(endpoints.getFirst().getId())));
        }
    }
}
