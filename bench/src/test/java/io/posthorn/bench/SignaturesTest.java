package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SignaturesTest {
    /** The example of the Standard Webhooks specification's reference libraries. */
    private static final byte[] KEY = Base64.getDecoder().decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

    private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private static final String TIMESTAMP = "1614265330";
    private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(StandardCharsets.US_ASCII);
    private static final String SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    private static @Nullable String problem(String id, String timestamp, String signature, long now) {
        return Signatures.problem(KEY, id, timestamp, signature, BODY, 0, BODY.length, now);
    }

    @Test
    void signsTheKnownExample() {
        assertThat(Signatures.sign(Signatures.mac(KEY), ID, TIMESTAMP, BODY, 0, BODY.length))
                .isEqualTo(SIGNATURE);
        assertThat(Signatures.written(KEY)).isEqualTo("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    @Test
    void acceptsOneOfSeveral() {
        assertThat(problem(ID, TIMESTAMP, "v1a,xyz v1,AAAA " + SIGNATURE, 1614265330))
                .isNull();
    }

    @Test
    void findsWhatIsWrong() {
        assertThat(problem(ID + "x", TIMESTAMP, SIGNATURE, 1614265330)).contains("does not match");
        assertThat(problem(ID, TIMESTAMP, SIGNATURE, 1614265330 + 301)).contains("five minutes");
        assertThat(problem(ID, "soon", SIGNATURE, 1614265330)).contains("five minutes");
        assertThat(problem("a.b", TIMESTAMP, SIGNATURE, 1614265330)).contains("dot");
        assertThat(Signatures.problem(KEY, ID, TIMESTAMP, null, BODY, 0, BODY.length, 1614265330))
                .contains("missing");
    }

    @Test
    void everyEndpointHasItsOwnKey() {
        assertThat(Signatures.key(1))
                .hasSize(32)
                .isNotEqualTo(Signatures.key(2))
                .isEqualTo(Signatures.key(1));
    }
}
