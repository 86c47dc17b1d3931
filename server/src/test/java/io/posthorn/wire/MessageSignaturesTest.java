package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.KeyForm;
import io.posthorn.wire.Scheme.MessageSignature;
import io.posthorn.wire.StandardVerifier.Result;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MessageSignaturesTest {
    private static final byte[] BODY = "{\"hello\": \"world\"}".getBytes(StandardCharsets.UTF_8);
    /** The example request of RFC 9421, B.2. */
    private static final Signable EXAMPLE = new Signable(
            "",
            "POST",
            "https://example.com/foo?param=Value&Pet=dog",
            new String[] {
                "Date", "Tue, 20 Apr 2021 02:07:55 GMT",
                "Content-Type", "application/json",
                "Content-Digest",
                        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
                "Content-Length", "18"
            },
            BODY);

    private static final SigningSecret SHARED = SigningSecret.text(
            "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==");
    private static final String B25 = "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=";

    private static final MessageSignature B25_SCHEME = new MessageSignature(
            Algorithm.HMAC_SHA256, KeyForm.BASE64, "sig-b25", List.of("date", "@authority", "content-type"), null);

    /** B.2.5: hmac-sha256. */
    @Test
    void theBaseAndTheSignatureOfTheSharedSecretAreThoseOfTheRfc() {
        String params = "(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
        String base = MessageSignatures.base(B25_SCHEME.components(), params, EXAMPLE, null);

        assertThat(base)
                .isEqualTo("\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n" + "\"@authority\": example.com\n"
                        + "\"content-type\": application/json\n"
                        + "\"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473"
                        + ";keyid=\"test-shared-secret\"");
        SigningKey key = Objects.requireNonNull(SigningKey.of(SHARED, KeyForm.BASE64, Algorithm.HMAC_SHA256));
        key.update(base.getBytes(StandardCharsets.US_ASCII));
        assertThat(SchemeSigner.written(key.sign(), Scheme.Encoding.BASE64)).isEqualTo(B25);
        assertThat(verify(B25_SCHEME, SHARED, "sig-b25=" + params, "sig-b25=:" + B25 + ":"))
                .isInstanceOf(Result.Valid.class);
        assertThat(verify(B25_SCHEME, SHARED, "sig-b25=" + params.replace("473", "474"), "sig-b25=:" + B25 + ":"))
                .isInstanceOf(Result.NoMatch.class);
    }

    /** B.2.6: ed25519, with the key test-key-ed25519 of B.1.4. */
    @Test
    void theSignatureOfThePrivateKeyIsThatOfTheRfc() {
        List<String> components = List.of("date", "@method", "@path", "@authority", "content-type", "content-length");
        String params = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"
                + ";created=1618884473;keyid=\"test-key-ed25519\"";
        String base = MessageSignatures.base(components, params, EXAMPLE, null);
        assertThat(base)
                .isEqualTo("\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n"
                        + "\"@authority\": example.com\n\"content-type\": application/json\n"
                        + "\"content-length\": 18\n\"@signature-params\": " + params);
        // the 32 bytes within the PKCS #8 of the RFC
        SigningSecret secret = SigningSecret.parse("whsk_n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=");
        assertThat(secret.publicKey()).isEqualTo("whpk_JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=");
        SigningKey key = Objects.requireNonNull(SigningKey.of(secret, KeyForm.STANDARD, Algorithm.ED25519));
        key.update(base.getBytes(StandardCharsets.US_ASCII));
        assertThat(SchemeSigner.written(key.sign(), Scheme.Encoding.BASE64))
                .isEqualTo("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
    }

    /** RFC 9530, appendix B.1 has this body and its digest. */
    @Test
    void theDigestIsThatOfTheRfc() {
        assertThat(MessageSignatures.digest("{\"hello\": \"world\"}\n".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
        assertThat(MessageSignatures.digest(BODY)).isEqualTo("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
    }

    @Test
    void twoSecretsMakeTwoSignaturesAndOneDigest() {
        MessageSignature scheme = new MessageSignature(
                Algorithm.HMAC_SHA256, KeyForm.TEXT, "sig", List.of("@target-uri", "content-digest"), "a\"b\\c");
        SigningSecret old = SigningSecret.text("old");
        Signable request = new Signable("", "PUT", "https://a.test", new String[0], BODY);
        String[] added = new SchemeSigner(
                        List.of(scheme), SHARED, List.of(new RetiredSecret(old, Time.instant(9_000_000))), 0)
                .sign(request, 8_000_000);

        String params = "(\"@target-uri\" \"content-digest\");created=8;keyid=\"a\\\"b\\\\c\";alg=\"hmac-sha256\"";
        assertThat(added[0]).isEqualTo("content-digest");
        assertThat(added[2]).isEqualTo("signature-input");
        assertThat(added[3]).isEqualTo("sig=" + params + ", sig2=" + params);
        assertThat(added[4]).isEqualTo("signature");
        assertThat(added[5]).matches("sig=:[^:]{44}:, sig2=:[^:]{44}:");
        assertThat(added).hasSize(6);
        for (SigningSecret secret : List.of(SHARED, old)) {
            assertThat(SchemeVerifier.verify(
                            scheme,
                            List.of(secret),
                            new Signable("", "PUT", "https://a.test", added, BODY),
                            Instant.ofEpochSecond(8),
                            Duration.ZERO))
                    .isInstanceOf(Result.Valid.class);
        }
    }

    @Test
    void aPathAndAQueryThatAreNotThereAreWhatTheRfcSays() {
        Signable bare = new Signable("", "GET", "https://a.test:8443", new String[0], new byte[0]);
        assertThat(MessageSignatures.base(
                        List.of("@path", "@query", "@authority", "@scheme", "@request-target", "host"),
                        "()",
                        bare,
                        null))
                .isEqualTo("\"@path\": /\n\"@query\": ?\n\"@authority\": a.test:8443\n\"@scheme\": https\n"
                        + "\"@request-target\": /\n\"host\": a.test:8443\n\"@signature-params\": ()");
    }

    @Test
    void whatTheRequestDoesNotHaveCannotBeCovered() {
        Signable request = new Signable("", "GET", "https://a.test/", new String[] {"x-ü", "a", "x-b", "ü"}, BODY);
        assertThatThrownBy(() -> MessageSignatures.base(List.of("x-a"), "()", request, null))
                .hasMessageContaining("x-a");
        assertThatThrownBy(() -> MessageSignatures.base(List.of("x-b"), "()", request, null))
                .hasMessageContaining("ASCII");
        MessageSignature digest = Schemes.rfc9421(Algorithm.HMAC_SHA256, KeyForm.TEXT, "content-digest");
        assertThatThrownBy(() -> new SchemeSigner(List.of(digest), SHARED, List.of(), 0).sign(EXAMPLE, 0))
                .hasMessageContaining("content-digest");
    }

    @Test
    void aSignatureThatCoversLessThanItMustIsNone() {
        MessageSignature strict = new MessageSignature(
                Algorithm.HMAC_SHA256, KeyForm.BASE64, "x", List.of("date", "content-digest"), null);
        String params = "(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
        assertThat(verify(strict, SHARED, "sig-b25=" + params, "sig-b25=:" + B25 + ":"))
                .isInstanceOf(Result.Malformed.class);
        assertThat(verify(B25_SCHEME, SHARED, "sig-b25=" + params, "sig-b26=:" + B25 + ":"))
                .isInstanceOf(Result.Malformed.class);
        assertThat(verify(B25_SCHEME, SHARED, "sig-b25=" + params + ";alg=\"ed25519\"", "sig-b25=:" + B25 + ":"))
                .isInstanceOf(Result.Malformed.class);
    }

    private static Result verify(MessageSignature scheme, SigningSecret secret, String input, String signature) {
        String[] headers = Stream.concat(
                        Stream.of(EXAMPLE.headers()), Stream.of("Signature-Input", input, "Signature", signature))
                .toArray(String[]::new);
        return SchemeVerifier.verify(
                scheme,
                List.of(secret),
                new Signable("", EXAMPLE.method(), EXAMPLE.url(), headers, BODY),
                Instant.ofEpochSecond(1_618_884_473),
                Duration.ofMinutes(5));
    }
}
