package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import io.posthorn.model.SigningSecret;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StandardSignerTest {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String OTHER = "whsec_" + "c2VjcmV0IG51bWJlciB0d28sIHF1aXRlIGxvbmc=";
    private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private static final String BODY = "{\"test\": 2432232314}";

    @Test
    void signsTheVectorOfTheSpecification() {
        assertThat(signer(SECRET).sign(ID, 1_614_265_330, bytes(BODY)))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @Test
    void signsWithEachSecretWhileRotating() {
        String one = signer(SECRET).sign(ID, 7, bytes(BODY));
        String two = signer(OTHER).sign(ID, 7, bytes(BODY));

        assertThat(signer(SECRET, OTHER).sign(ID, 7, bytes(BODY))).isEqualTo(one + " " + two);
    }

    @Test
    void aSignerKeepsNothingFromCallToCall() {
        StandardSigner signer = signer(SECRET, OTHER);
        String first = signer.sign(ID, 7, bytes(BODY));
        String second = signer.sign("msg_other", 8, bytes(""));

        assertThat(second).isNotEqualTo(first).isEqualTo(signer(SECRET, OTHER).sign("msg_other", 8, bytes("")));
        assertThat(signer.sign(ID, 7, bytes(BODY))).isEqualTo(first);
    }

    @Test
    void thePublicLibraryAcceptsWhatWeSignAndRefusesWhatWasChanged() {
        String body = "{\"name\":\"Zoë\",\"emoji\":\"📯\"}";
        long now = Instant.now().getEpochSecond();
        HttpHeaders headers = headers(ID, now, signer(SECRET).sign(ID, now, bytes(body)));

        assertThatCode(() -> new Webhook(SECRET).verify(body, headers)).doesNotThrowAnyException();
        assertRefused(SECRET, body.replace('ë', 'e'), headers);
        assertRefused(OTHER, body, headers);
        assertRefused(SECRET, body, headers("msg_other", now, signature(headers)));
        assertRefused(SECRET, body, headers(ID, now + 1, signature(headers)));
    }

    @Test
    void whileRotatingTheReceiverMayKnowEitherSecret() {
        long now = Instant.now().getEpochSecond();
        HttpHeaders headers = headers(ID, now, signer(SECRET, OTHER).sign(ID, now, bytes(BODY)));

        assertThatCode(() -> new Webhook(SECRET).verify(BODY, headers)).doesNotThrowAnyException();
        assertThatCode(() -> new Webhook(OTHER).verify(BODY, headers)).doesNotThrowAnyException();
    }

    @Test
    void aSignerWithoutSecretIsRefused() {
        assertThatThrownBy(() -> new StandardSigner(List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertRefused(String secret, String body, HttpHeaders headers) {
        assertThatThrownBy(() -> new Webhook(secret).verify(body, headers))
                .isInstanceOf(WebhookVerificationException.class);
    }

    private static StandardSigner signer(String... secrets) {
        return new StandardSigner(
                List.of(secrets).stream().map(SigningSecret::parse).toList());
    }

    private static HttpHeaders headers(String id, long timestamp, String signature) {
        return HttpHeaders.of(
                Map.of(
                        StandardHeaders.ID,
                        List.of(id),
                        StandardHeaders.TIMESTAMP,
                        List.of(Long.toString(timestamp)),
                        StandardHeaders.SIGNATURE,
                        List.of(signature)),
                (name, value) -> true);
    }

    private static String signature(HttpHeaders headers) {
        return headers.firstValue(StandardHeaders.SIGNATURE).orElseThrow();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
