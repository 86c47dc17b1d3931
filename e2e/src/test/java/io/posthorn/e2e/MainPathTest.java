package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.svix.Svix;
import com.svix.api.MessageListOptions;
import com.svix.models.ApplicationIn;
import com.svix.models.ApplicationOut;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import com.svix.models.EventTypeIn;
import com.svix.models.ListResponseMessageOut;
import com.svix.models.MessageIn;
import com.svix.models.MessageOut;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From an application's event to a signed request at whoever subscribed, with the clients that others wrote. */
final class MainPathTest {
    private static ServerProcess server;
    private static Svix svix;
    private Receiver receiver;
    private String app;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--retry-schedule", "1s,50ms,50ms");
        svix = server.api().svix();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        app = svix.getApplication().create(new ApplicationIn().name("Acme")).getId();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private EndpointOut endpoint(Inbox inbox) throws Exception {
        return svix.getEndpoint().create(app, new EndpointIn().url(inbox.url()));
    }

    private String secret(EndpointOut endpoint) throws Exception {
        return svix.getEndpoint().getSecret(app, endpoint.getId()).getKey();
    }

    private MessageOut publish(String eventType, String... channels) throws Exception {
        MessageIn message = new MessageIn().eventType(eventType).payload("{\"n\":1}");
        return svix.getMessage().create(app, channels.length == 0 ? message : message.channels(Set.of(channels)));
    }

    @Test
    @Requirement({"A2", "A11", "B11", "C1", "C3", "C4", "C5", "D2", "D4", "D5", "D6", "D17", "E1", "E2", "E3"})
    void anEventArrivesAsOneSignedPost() throws Exception {
        Inbox inbox = receiver.at("/hooks?from=acme");
        EndpointOut endpoint = endpoint(inbox);
        Instant before = Instant.now();

        MessageOut message = svix.getMessage()
                .create(
                        app,
                        new MessageIn().eventType("order.created").payload("{\"order\":\"ord_1\",\"total\":4200}"));

        Arrival arrival = inbox.await(1).getFirst();
        assertThat(arrival.line()).isEqualTo("POST /hooks?from=acme HTTP/1.1");
        assertThat(arrival.text()).isEqualTo("{\"order\":\"ord_1\",\"total\":4200}");
        assertThat(arrival.id()).isEqualTo(message.getId()).startsWith("msg_");
        assertThat(arrival.header("content-type")).isEqualTo("application/json");
        assertThat(arrival.header("user-agent")).startsWith("Posthorn/");
        assertThat(arrival.header("host")).isEqualTo(inbox.url().getAuthority());
        assertThat(Instant.ofEpochSecond(Long.parseLong(arrival.header("webhook-timestamp"))))
                .isBetween(before.minusSeconds(1), arrival.at());
        assertThat(Duration.between(before, arrival.at())).isLessThan(Duration.ofSeconds(5));
        arrival.verify(secret(endpoint));
        assertThat(message.getEventType()).isEqualTo("order.created");
        assertThat(message.getTimestamp().toInstant()).isBetween(before.minusSeconds(1), Instant.now());
    }

    @Test
    void thePayloadArrivesByteForByte() throws Exception {
        Inbox inbox = receiver.at("/bytes");
        EndpointOut endpoint = endpoint(inbox);
        List<String> payloads = List.of(
                "{\"b\":1.00,\"a\":1e3,\"big\":123456789012345678901234567890.10,\"neg\":-0.0,\"E\":1E+05}",
                "{ \"z\" :  1 ,\n\t\"a\":\r\n [ ] , \"a\" : 2 }",
                "{\"escaped\":\"\\u00e9\\ud83d\\ude00\\/\\\\\\\"\",\"raw\":\"é😀/\",\"nul\":\"\\u0000\"}",
                "[1,2,\n3]",
                "\"just text\"",
                "1.50",
                "true",
                "{}");
        for (String payload : payloads) {
            Api.Answer answer = server.api().publish(app, "order.created", payload);
            assertThat(answer.status()).as(payload).isEqualTo(202);
        }
        // lanes are unordered, so the order of arrival says nothing
        List<Arrival> arrivals = inbox.await(payloads.size());
        assertThat(arrivals).extracting(Arrival::text).containsExactlyInAnyOrderElementsOf(payloads);
        String secret = secret(endpoint);
        arrivals.forEach(arrival -> arrival.verify(secret));
    }

    @Test
    @Requirement({"B8", "C2", "D1", "D9", "D15", "D18", "E22"})
    void eachEndpointGetsWhatItSubscribedTo() throws Exception {
        svix.getEventType().create(new EventTypeIn().name("order.created").description("An order came in"));
        svix.getEventType().create(new EventTypeIn().name("order.paid").description("An order was paid"));
        Inbox all = receiver.at("/all");
        Inbox created = receiver.at("/created");
        Inbox both = receiver.at("/both");
        Inbox disabled = receiver.at("/disabled");
        Inbox marker = receiver.at("/marker");
        endpoint(all);
        svix.getEndpoint().create(app, new EndpointIn().url(created.url()).filterTypes(Set.of("order.created")));
        svix.getEndpoint()
                .create(app, new EndpointIn().url(both.url()).filterTypes(Set.of("order.created", "order.paid")));
        svix.getEndpoint().create(app, new EndpointIn().url(disabled.url()).disabled(true));
        svix.getEndpoint().create(app, new EndpointIn().url(marker.url()).filterTypes(Set.of("marker")));

        String first = publish("order.created").getId();
        String second = publish("order.paid").getId();
        String third = publish("customer.changed").getId();
        String last = publish("marker").getId();

        all.await(4);
        both.await(2);
        created.await(1);
        marker.await(1);
        assertThat(all.ids()).containsExactlyInAnyOrder(first, second, third, last);
        assertThat(both.ids()).containsExactlyInAnyOrder(first, second);
        assertThat(created.ids()).containsExactly(first);
        assertThat(disabled.all()).isEmpty();
    }

    @Test
    void channelsNarrowWhoGetsAMessage() throws Exception {
        Inbox all = receiver.at("/all");
        Inbox red = receiver.at("/red");
        Inbox redOrBlue = receiver.at("/red-or-blue");
        endpoint(all);
        svix.getEndpoint().create(app, new EndpointIn().url(red.url()).channels(Set.of("red")));
        svix.getEndpoint().create(app, new EndpointIn().url(redOrBlue.url()).channels(Set.of("red", "blue")));

        String inRed = publish("order.created", "red").getId();
        String inBlue = publish("order.created", "blue", "green").getId();
        String inNone = publish("order.created").getId();
        String lastInRed = publish("order.created", "red").getId();

        all.await(4);
        redOrBlue.await(3);
        red.await(2);
        assertThat(all.ids()).containsExactlyInAnyOrder(inRed, inBlue, inNone, lastInRed);
        assertThat(redOrBlue.ids()).containsExactlyInAnyOrder(inRed, inBlue, lastInRed);
        assertThat(red.ids()).containsExactlyInAnyOrder(inRed, lastInRed);
    }

    @Test
    @Requirement({"B24", "D24"})
    void retriesKeepTheIdAndSignAnew() throws Exception {
        Inbox inbox = receiver.at("/twice").replies(Reply.inTurn(Reply.status(500), Reply.status(200)));
        EndpointOut endpoint = endpoint(inbox);

        MessageOut message = publish("order.created");

        List<Arrival> arrivals = inbox.await(2);
        assertThat(arrivals).extracting(Arrival::id).containsOnly(message.getId());
        assertThat(arrivals).extracting(Arrival::text).containsOnly("{\"n\":1}");
        String secret = secret(endpoint);
        for (Arrival arrival : arrivals) {
            arrival.verify(secret);
            long age = arrival.at().getEpochSecond() - Long.parseLong(arrival.header("webhook-timestamp"));
            assertThat(age).isBetween(0L, 1L);
        }
    }

    @Test
    @Requirement({"D3"})
    void aSecretOfItsOwnIsUsed() throws Exception {
        Inbox inbox = receiver.at("/own");
        String secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        svix.getEndpoint().create(app, new EndpointIn().url(inbox.url()).secret(secret));
        publish("order.created");
        inbox.await(1).getFirst().verify(secret);
    }

    @Test
    void aChangeTakesEffectOnTheNextMessage() throws Exception {
        Inbox before = receiver.at("/before");
        Inbox after = receiver.at("/after");
        EndpointOut endpoint = endpoint(before);
        String first = publish("order.created").getId();
        before.await(1);

        svix.getEndpoint().patch(app, endpoint.getId(), new EndpointPatch().url(after.url()));
        String second = publish("order.created").getId();
        after.await(1);
        svix.getEndpoint().delete(app, endpoint.getId());
        publish("order.created");
        endpoint(after);
        String fourth = publish("order.created").getId();
        after.await(2);

        assertThat(before.ids()).containsExactly(first);
        assertThat(after.ids()).containsExactlyInAnyOrder(second, fourth);
    }

    @Test
    void messagesAreReadBack() throws Exception {
        MessageOut one = svix.getMessage()
                .create(
                        app,
                        new MessageIn()
                                .eventType("order.created")
                                .eventId("evt_1")
                                .channels(Set.of("red"))
                                .tags(Set.of("vip"))
                                .payload("{\"order\":\"ord_1\"}"));
        MessageOut two = publish("order.paid");

        MessageOut read = svix.getMessage().get(app, one.getId());
        assertThat(read).isEqualTo(one);
        assertThat(read.getEventId()).isEqualTo("evt_1");
        assertThat(read.getChannels()).containsExactly("red");
        assertThat(read.getTags()).containsExactly("vip");
        assertThat(read.getPayload()).hasToString("{order=ord_1}");
        assertThat(svix.getMessage().list(app).getData())
                .extracting(MessageOut::getId)
                .containsExactly(two.getId(), one.getId());
    }

    @Test
    void messagesAreListedPageByPage() throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            ids.add(publish("order.created").getId());
        }
        List<String> listed = new ArrayList<>();
        MessageListOptions options = new MessageListOptions();
        options.setLimit(3L);
        ListResponseMessageOut page;
        do {
            page = svix.getMessage().list(app, options);
            page.getData().forEach(message -> listed.add(message.getId()));
            options.setIterator(page.getIterator());
            publish("meanwhile");
        } while (!page.getDone());
        assertThat(listed).isEqualTo(ids.reversed());
    }

    @Test
    void applicationsEndpointsAndEventTypesAreReadBack() throws Exception {
        ApplicationOut made = svix.getApplication()
                .create(new ApplicationIn().name("Umbrella").uid("umbrella-1").putMetadataItem("plan", "gold"));
        assertThat(svix.getApplication().get("umbrella-1")).isEqualTo(made);
        assertThat(svix.getApplication().get(made.getId()).getMetadata()).containsEntry("plan", "gold");
        assertThat(svix.getApplication().list().getData())
                .extracting(ApplicationOut::getId)
                .contains(app, made.getId());

        EndpointOut endpoint = svix.getEndpoint()
                .create(
                        "umbrella-1",
                        new EndpointIn()
                                .url(receiver.at("/x").url())
                                .uid("ep-1")
                                .description("the warehouse")
                                .filterTypes(Set.of("order.created"))
                                .channels(Set.of("red"))
                                .putMetadataItem("team", "logistics"));
        assertThat(svix.getEndpoint().get("umbrella-1", "ep-1")).isEqualTo(endpoint);
        assertThat(endpoint.getDescription()).isEqualTo("the warehouse");
        assertThat(svix.getEndpoint().list("umbrella-1").getData()).containsExactly(endpoint);

        svix.getEventType().create(new EventTypeIn().name("invoice.sent").description("An invoice was sent"));
        assertThat(svix.getEventType().get("invoice.sent").getDescription()).isEqualTo("An invoice was sent");
        svix.getApplication().delete("umbrella-1");
        assertThat(server.api().get("/api/v1/app/umbrella-1").status()).isEqualTo(404);
    }
}
