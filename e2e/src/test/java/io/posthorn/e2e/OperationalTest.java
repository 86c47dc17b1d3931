package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.svix.Svix;
import com.svix.models.ApplicationIn;
import com.svix.models.EndpointDisabledEvent;
import com.svix.models.EndpointDisabledTrigger;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import com.svix.models.MessageAttemptExhaustedEvent;
import com.svix.models.MessageAttemptExhaustedEventData;
import com.svix.models.MessageAttemptRecoveredEvent;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the operator hears in an application of its own, and the owners of endpoints by mail. */
final class OperationalTest {
    private GreenMail mail;
    private ServerProcess server;
    private Receiver receiver;
    private Inbox operations;
    private String operationsSecret;
    private Customer customer;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        ServerSetup setup = new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP);
        setup.setServerStartupTimeout(20_000);
        mail = new GreenMail(setup);
        mail.start();
        receiver = new Receiver();
        server = ServerProcess.local(
                folder,
                "--retry-schedule",
                "50ms",
                "--retry-jitter",
                "0",
                "--smtp-url",
                "smtp://127.0.0.1:" + mail.getSmtp().getPort(),
                "--smtp-starttls",
                "false",
                "--smtp-from",
                "hooks@example.com");
        operations = receiver.at("/operations");
        Svix svix = server.api().svix();
        String app = svix.getApplication()
                .create(new ApplicationIn().name("Operations").uid("posthorn-operations"))
                .getId();
        String endpoint = svix.getEndpoint()
                .create(app, new EndpointIn().url(operations.url()))
                .getId();
        operationsSecret = svix.getEndpoint().getSecret(app, endpoint).getKey();
        customer = Customer.of(server);
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        receiver.close();
        mail.stop();
    }

    /** An endpoint whose owner wants mail. */
    private String endpoint(Inbox inbox) throws Exception {
        Api.Answer made = server.api().post("/api/v1/app/" + customer.id() + "/endpoint", """
                        {"url": "%s", "delivery":
                         {"notification": {"emails": ["owner@example.com"], "onRejected": true}}}
                        """.formatted(inbox.url()));
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        return made.id();
    }

    /** Waits for so many operational webhooks; all are signed. */
    private List<String> told(int count) throws Exception {
        List<Arrival> arrivals = operations.await(count);
        arrivals.forEach(arrival -> arrival.verify(operationsSecret));
        return arrivals.stream().map(Arrival::text).toList();
    }

    private static String only(List<String> told, String type) {
        List<String> some = told.stream()
                .filter(text -> Api.parse(text).path("type").asText().equals(type))
                .toList();
        assertThat(some).as("%s among %s", type, told).hasSize(1);
        return some.getFirst();
    }

    private MimeMessage mail(int number) throws Exception {
        MimeMessage[] all = Until.value("a mail arrives", mail::getReceivedMessages, got -> got.length >= number);
        return all[number - 1];
    }

    @Test
    void anEndpointThatIsGoneIsToldInTheWordsOfSvix() throws Exception {
        String endpoint = endpoint(receiver.at("/gone?token=secret").replies(Reply.status(410)));
        String message = customer.publish("{\"card\":\"4111\"}");

        List<String> told = told(2);
        EndpointDisabledEvent disabled = EndpointDisabledEvent.fromJson(only(told, "endpoint.disabled"));
        assertThat(disabled.getData().getAppId()).isEqualTo(customer.id());
        assertThat(disabled.getData().getEndpointId()).isEqualTo(endpoint);
        assertThat(disabled.getData().getTrigger()).isEqualTo(EndpointDisabledTrigger.AUTOMATIC);
        JsonNode ended = Api.parse(only(told, "message.attempt.exhausted")).path("data");
        assertThat(ended.path("msgId").asText()).isEqualTo(message);
        assertThat(ended.path("reason").asText()).isEqualTo("gone");

        MimeMessage mail = mail(1);
        assertThat(mail.getSubject()).isEqualTo("[Posthorn] Endpoint " + endpoint + " was disabled");
        assertThat(mail.getAllRecipients()).extracting(Object::toString).containsExactly("owner@example.com");
        assertThat(mail.getFrom()).extracting(Object::toString).containsExactly("hooks@example.com");
        assertThat(new String(mail.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains(
                        "410",
                        "URL:          "
                                + operations.url().resolve("/").toString().replaceAll("/$", "") + "\r\n")
                .doesNotContain("secret", "/gone", "4111");

        EndpointOut again =
                server.api().svix().getEndpoint().patch(customer.id(), endpoint, new EndpointPatch().disabled(false));
        assertThat(again.getDisabled()).isFalse();
        only(told(3), "endpoint.enabled");
    }

    @Test
    void anExhaustedDeliveryIsToldAndSoIsTheNextSuccess() throws Exception {
        Inbox failing = receiver.at("/failing").replies(Reply.status(500));
        String endpoint = endpoint(failing);
        Api.Answer accepted = server.api()
                .post(
                        Api.messages(customer.id()),
                        "{\"eventType\":\"order.created\",\"eventId\":\"order-17\",\"payload\":{\"n\":1}}");
        assertThat(accepted.status()).as(accepted.body()).isEqualTo(202);

        MessageAttemptExhaustedEventData data = MessageAttemptExhaustedEvent.fromJson(
                        only(told(1), "message.attempt.exhausted"))
                .getData();
        assertThat(data.getMsgId()).isEqualTo(accepted.id());
        assertThat(data.getMsgEventId()).isEqualTo("order-17");
        assertThat(data.getEndpointId()).isEqualTo(endpoint);
        assertThat(data.getLastAttempt().getResponseStatusCode()).isEqualTo((short) 500);
        Set<String> attempts = Set.copyOf(server.api().attempts(customer.id(), accepted.id()).stream()
                .map(attempt -> attempt.path("id").asText())
                .toList());
        assertThat(attempts).hasSize(2).contains(data.getLastAttempt().getId());
        assertThat(mail(1).getSubject()).isEqualTo("[Posthorn] A delivery to " + endpoint + " ended without success");

        failing.replies(Reply.status(204));
        String next = customer.publish("{\"n\":2}");
        MessageAttemptRecoveredEvent recovered =
                MessageAttemptRecoveredEvent.fromJson(only(told(2), "message.attempt.recovered"));
        assertThat(recovered.getData().getMsgId()).isEqualTo(next);
        Until.holds("the figures are told", () -> {
            Metrics now = Metrics.of(server);
            return now.value("posthorn_operational_events_total") == 2
                    && now.value("posthorn_operational_waiting") == 0
                    && now.value("posthorn_mails_sent_total") == 1
                    && now.value("posthorn_mails_failed_total") == 0;
        });
    }

    @Test
    void whatFailsInTheOperationalApplicationIsNotToldThere() throws Exception {
        operations.replies(Reply.status(410));
        endpoint(receiver.at("/failing").replies(Reply.status(500)));
        customer.publish("{}");
        operations.await(1);
        Until.holds(
                "the endpoint is disabled",
                () -> server.api()
                        .get("/api/v1/app/posthorn-operations/endpoint")
                        .json()
                        .path("data")
                        .path(0)
                        .path("disabled")
                        .asBoolean());
        customer.publish("{}");
        JsonNode told = Until.value(
                "what happens later is told",
                () -> server.api()
                        .get("/api/v1/app/posthorn-operations/msg")
                        .json()
                        .path("data"),
                list -> list.size() > 1);
        assertThat(told)
                .as("nothing about itself, which would have come before the second")
                .hasSize(2)
                .allMatch(one ->
                        one.path("payload").path("data").path("appId").asText().equals(customer.id()));
    }
}
