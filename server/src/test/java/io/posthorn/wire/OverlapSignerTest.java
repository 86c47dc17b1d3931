package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class OverlapSignerTest {
    private static final long SECOND = 1_000_000;
    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);
    private static final SigningSecret NEW = secret(1);
    private static final SigningSecret OLD = secret(2);
    private static final SigningSecret OLDER = secret(3);

    @Test
    void withoutOldSecretsItSignsAsTheStandardSignerDoes() {
        OverlapSigner signer = new OverlapSigner(NEW, List.of(), 0);

        assertThat(signer.sign("msg_1", 7 * SECOND + 999_999, BODY)).isEqualTo(signature(7, NEW));
    }

    @Test
    void eachOldSecretSignsUntilItsOwnEndAndTheNewestIsFirst() {
        OverlapSigner signer = new OverlapSigner(NEW, List.of(until(OLD, 20), until(OLDER, 10)), 0);

        assertThat(signer.sign("msg_1", 9 * SECOND, BODY)).isEqualTo(signature(9, NEW, OLD, OLDER));
        assertThat(signer.sign("msg_1", 10 * SECOND - 1, BODY)).isEqualTo(signature(9, NEW, OLD, OLDER));
        assertThat(signer.sign("msg_1", 10 * SECOND, BODY)).isEqualTo(signature(10, NEW, OLD));
        assertThat(signer.sign("msg_1", 20 * SECOND - 1, BODY)).isEqualTo(signature(19, NEW, OLD));
        assertThat(signer.sign("msg_1", 20 * SECOND, BODY)).isEqualTo(signature(20, NEW));
        assertThat(signer.sign("msg_1", 99 * SECOND, BODY)).isEqualTo(signature(99, NEW));
    }

    /** An older one may have been given a longer time than the one after it. */
    @Test
    void theOrderOfTheEndsDoesNotMatter() {
        OverlapSigner signer = new OverlapSigner(NEW, List.of(until(OLD, 10), until(OLDER, 20)), 0);

        assertThat(signer.sign("msg_1", 10 * SECOND, BODY)).isEqualTo(signature(10, NEW, OLDER));
        assertThat(signer.sign("msg_1", 20 * SECOND, BODY)).isEqualTo(signature(20, NEW));
    }

    @Test
    void whatIsOverWhenItBeginsNeverSigns() {
        OverlapSigner signer = new OverlapSigner(NEW, List.of(until(OLD, 10)), 10 * SECOND);

        assertThat(signer.sign("msg_1", 10 * SECOND, BODY)).isEqualTo(signature(10, NEW));
    }

    private static String signature(long seconds, SigningSecret... secrets) {
        return new StandardSigner(List.of(secrets)).sign("msg_1", seconds, BODY);
    }

    private static RetiredSecret until(SigningSecret secret, long seconds) {
        return new RetiredSecret(secret, Time.instant(seconds * SECOND));
    }

    private static SigningSecret secret(int fill) {
        byte[] key = new byte[32];
        java.util.Arrays.fill(key, (byte) fill);
        return new SigningSecret(key);
    }
}
