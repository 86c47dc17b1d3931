package io.posthorn.notify;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.model.Application;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Ids;
import io.posthorn.model.SigningSecret;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What mails say, and what they must not. */
final class LettersTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.123456Z");
    private final Ids ids = new Ids(42);
    private final Letters letters = new Letters(ids, "abc");
    private final Application app =
            new Application(7, 1, "app_7", null, "Secret\r\nBcc: x@example.com", Map.of(), null, false, null, NOW, NOW);

    private static Endpoint endpoint(String id, String url) {
        return new Endpoint(
                5,
                7,
                id,
                null,
                url,
                "",
                null,
                null,
                false,
                null,
                null,
                Map.of(),
                new SigningSecret(new byte[24]),
                List.of(),
                List.of(),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                false,
                NOW,
                NOW);
    }

    private Letter letter(MailKind kind, int told, int code, @Nullable String detail, Endpoint endpoint) {
        Mail mail = new Mail(7, 5, kind, 1_000_000, 9, 500_000, 3, code, detail);
        return letters.write(new PgMails.Stored(11, mail, told, false), app, endpoint, "a@example.com", 2_000_000);
    }

    @Test
    void aRejectedDeliverySaysWhichAndWhatWasAnswered() {
        Letter letter =
                letter(MailKind.REJECTED, 1, 422, null, endpoint("ep_5", "https://u:p@h.example:8443/in/x?token=t#f"));
        assertThat(letter.id()).isEqualTo("posthorn-abc-11");
        assertThat(letter.subject()).isEqualTo("[Posthorn] A delivery to ep_5 was rejected");
        assertThat(letter.text()).isEqualTo("""
                        The endpoint rejected a delivery: the answer was one that is not tried again.

                        Endpoint:     ep_5
                        URL:          https://h.example:8443
                        Application:  app_7
                        Message:      %s
                        Attempts:     3
                        Last answer:  422
                        Time:         1970-01-01T00:00:01Z
                        """.formatted(ids.message(7, 500_000, 9)));
    }

    @Test
    void severalAreToldOfTogether() {
        Letter letter = letter(MailKind.EXHAUSTED, 57, 0, null, endpoint("ep_5", "https://h.example"));
        assertThat(letter.subject()).isEqualTo("[Posthorn] 57 deliveries to ep_5 ended without success");
        assertThat(letter.text())
                .startsWith("57 deliveries to this endpoint ended without success since the mail before this one and")
                .contains("Last message: msg_", "Last answer:  none");
    }

    @Test
    void nothingCanEndALine() {
        Letter letter = letter(
                MailKind.DISABLED,
                1,
                0,
                "gone\r\nBcc: x@example.com\u2028",
                endpoint("ep_5\nBcc: y", "https://h.example"));
        assertThat(letter.subject()).doesNotContain("\r", "\n");
        assertThat(letter.text().lines())
                .first()
                .isEqualTo("The endpoint was disabled: gone??Bcc: x@example.com?. Nothing is sent to it until it is"
                        + " enabled again.");
        assertThat(letter.text()).doesNotContain("\r", "Secret");
        assertThat(letter.text().lines()).noneMatch(line -> line.startsWith("Bcc"));
    }

    @ParameterizedTest
    @CsvSource({
        "https://user:password@h.example/a/b, https://h.example",
        "https://h.example?key=1, https://h.example",
        "http://[::1]:80/x#y, http://[::1]:80",
        "not a url, not shown",
        "https://hooks.example.com/services/T0/B0/secret, https://hooks.example.com",
        "listen:abc, not shown"
    })
    void whereAnEndpointIsHasNoSecret(String url, String shown) {
        assertThat(Letters.place(url)).isEqualTo(shown);
    }
}
