package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.Clock;
import io.posthorn.wire.Scheme.Encoding;
import io.posthorn.wire.Scheme.InHeader;
import io.posthorn.wire.Scheme.KeyForm;
import io.posthorn.wire.Scheme.MessageSignature;
import io.posthorn.wire.StandardVerifier.Result;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Requirement({"A8", "B11", "B12", "C10", "D4"})
class SchemeSignerTest {
    private static final long SECOND = 1_000_000;
    private static final Duration FIVE_MINUTES = Duration.ofMinutes(5);
    private static final String URL = "https://hooks.example.com/in?a=b";
    private static final SigningSecret TEXT = SigningSecret.text("It's a Secret to Everybody");

    /** From the vendors' own documentation and test suites. */
    @Test
    void signsWhatTheVendorsPublished() {
        assertThat(sign(Schemes.GITHUB, "It's a Secret to Everybody", 0, "", URL, "Hello, World!"))
                .containsExactly(
                        "X-Hub-Signature-256",
                        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
        assertThat(sign(Schemes.SHOPIFY, "test_secret_key", 0, "", URL, "{\"foo\": \"bar\"}"))
                .containsExactly("X-Shopify-Hmac-Sha256", "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g=");
        assertThat(sign(
                        Schemes.SLACK,
                        "8f742231b10e8888abcd99yyyzzz85a5",
                        1_531_420_618,
                        "",
                        URL,
                        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
                                + "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
                                + "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
                                + "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
                                + "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"))
                .containsExactly(
                        "X-Slack-Request-Timestamp",
                        "1531420618",
                        "X-Slack-Signature",
                        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
        assertThat(sign(
                        Schemes.SQUARE,
                        "Ibxx_5AKakO-3qeNVR61Dw",
                        0,
                        "",
                        "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
                        "{\"merchant_id\":\"MLEFBHHSJGVHD\",\"type\":\"webhooks.test_notification\",\"event_id\":"
                                + "\"ac3ac95b-f97d-458c-a6e6-18981597e05f\",\"created_at\":"
                                + "\"2022-07-13T20:30:59.037339943Z\",\"data\":{\"type\":\"webhooks\",\"id\":"
                                + "\"bc368e64-01aa-407e-b46e-3231809b1129\"}}"))
                .containsExactly("x-square-hmacsha256-signature", "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4=");
        assertThat(sign(
                        Schemes.PADDLE,
                        "pdl_ntf_01hbpjmytsa32fhr36nqgc3kgb_WvRO0eL4Bj9rgYYIBZY6wZhG4EHy9jzh",
                        1_696_195_954,
                        "",
                        URL,
                        "hello-world"))
                .containsExactly(
                        "Paddle-Signature",
                        "ts=1696195954;h1=d96299976a6eb066f484d7fde011ac56fc32b38fc9940bc419d6e537fdc6ef02");
        assertThat(sign(
                        Schemes.STANDARD,
                        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                        1_614_265_330,
                        "msg_p5jXN8AQM9LWM0D4loKWxJek",
                        URL,
                        "{\"test\": 2432232314}"))
                .containsExactly(
                        "webhook-timestamp",
                        "1614265330",
                        "webhook-signature",
                        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /** Written out a second time, from the vendor's description of the steps. */
    @Test
    void stripesHeaderIsItsPublishedAlgorithm() throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("whsec_test_secret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String expected =
                HexFormat.of().formatHex(mac.doFinal("1492774577.{\"id\":\"evt_1\"}".getBytes(StandardCharsets.UTF_8)));

        assertThat(sign(Schemes.STRIPE, "whsec_test_secret", 1_492_774_577, "", URL, "{\"id\":\"evt_1\"}"))
                .containsExactly("Stripe-Signature", "t=1492774577,v1=" + expected);
    }

    @Test
    void aKnownVectorOfAnotherSignatureBesideItIsFound() {
        assertThat(verify(
                        Schemes.PADDLE,
                        SigningSecret.text("pdl_ntf_01hbpjmytsa32fhr36nqgc3kgb_WvRO0eL4Bj9rgYYIBZY6wZhG4EHy9jzh"),
                        request(
                                "",
                                URL,
                                "hello-world",
                                "paddle-signature",
                                "ts=1696195954;h1=dummy;"
                                        + "h1=d96299976a6eb066f484d7fde011ac56fc32b38fc9940bc419d6e537fdc6ef02"),
                        1_696_195_954))
                .isInstanceOf(Result.Valid.class);
    }

    @ParameterizedTest
    @EnumSource(
            value = Algorithm.class,
            names = {"HMAC_SHA1", "HMAC_SHA256", "HMAC_SHA384", "HMAC_SHA512"})
    void everyHashIsThatOfJava(Algorithm algorithm) throws Exception {
        String java = "HmacSHA" + algorithm.name().substring("HMAC_SHA".length());
        Mac mac = Mac.getInstance(java);
        mac.init(new SecretKeySpec(TEXT.key(), java));
        String expected = HexFormat.of().formatHex(mac.doFinal("{}".getBytes(StandardCharsets.UTF_8)));

        assertThat(sign(
                        Schemes.overBody(algorithm, Encoding.HEX, "x-sig", "{signature}"),
                        "It's a Secret to Everybody",
                        0,
                        "",
                        URL,
                        "{}"))
                .containsExactly("x-sig", expected);
    }

    @Test
    void aKeyIsReadInTheFormThatTheSchemeHas() {
        byte[] key = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8);
        String expected = sign(Schemes.GITHUB, "0123456789abcdef0123456789abcdef", 0, "", URL, "{}")[1];

        assertThat(sign(with(Schemes.GITHUB, KeyForm.HEX), HexFormat.of().formatHex(key), 0, "", URL, "{}")[1])
                .isEqualTo(expected);
        assertThat(sign(
                        with(Schemes.GITHUB, KeyForm.BASE64),
                        Base64.getEncoder().encodeToString(key),
                        0,
                        "",
                        URL,
                        "{}")[1])
                .isEqualTo(expected);
        assertThat(sign(
                        with(Schemes.GITHUB, KeyForm.STANDARD),
                        "whsec_" + Base64.getEncoder().encodeToString(key),
                        0,
                        "",
                        URL,
                        "{}")[1])
                .isEqualTo(expected);
    }

    /** A secret that Posthorn made is used as its owner sees it, prefix and all. */
    @Test
    void aSymmetricSecretAsTextIsItsWrittenForm() {
        SigningSecret made = new SigningSecret(new byte[24]);
        assertThat(new SchemeSigner(List.of(Schemes.GITHUB), made, List.of(), 0).sign(request("", URL, "{}"), 0))
                .isEqualTo(sign(Schemes.GITHUB, made.reveal(), 0, "", URL, "{}"));
    }

    static Stream<Scheme> all() {
        return Stream.of(
                Schemes.STANDARD,
                Schemes.STANDARD_ED25519,
                Schemes.GITHUB,
                Schemes.INTERCOM,
                Schemes.ADMIN,
                Schemes.SHOPIFY,
                Schemes.SQUARE,
                Schemes.SLACK,
                Schemes.STRIPE,
                Schemes.PADDLE,
                with(Schemes.STRIPE, Clock.MILLISECONDS),
                with(Schemes.STRIPE, Clock.ISO),
                with(Schemes.SLACK, KeyForm.HEX),
                with(Schemes.SLACK, KeyForm.BASE64),
                Schemes.rfc9421(Algorithm.HMAC_SHA256, KeyForm.STANDARD, "@method", "@target-uri", "content-digest"),
                Schemes.rfc9421(Algorithm.ED25519, KeyForm.STANDARD, "@path", "@query", "x-a", "content-digest"),
                Schemes.rfc9421(Algorithm.HMAC_SHA256, KeyForm.TEXT, "@authority", "@scheme", "@request-target"));
    }

    @ParameterizedTest
    @MethodSource("all")
    @Requirement({"B13", "B14", "D5"})
    void whatIsSignedIsValidAndNothingElseIs(Scheme scheme) {
        SecureRandom random = new SecureRandom();
        SigningSecret secret = SchemeRules.fresh(List.of(scheme), random);
        SigningSecret other = SchemeRules.fresh(List.of(scheme), random);
        Signable request = request("msg_1", URL, "{\"a\":1}", "x-a", "b ");
        long now = 1_700_000_000 * SECOND + 123_456;
        Signable signed = signed(scheme, secret, request, now);
        Instant at = Time.instant(now);

        assertThat(SchemeVerifier.verify(scheme, List.of(secret), signed, at, FIVE_MINUTES))
                .isInstanceOf(Result.Valid.class);
        assertThat(SchemeVerifier.verify(scheme, List.of(other, secret), signed, at, FIVE_MINUTES))
                .isInstanceOf(Result.Valid.class);
        assertThat(SchemeVerifier.verify(scheme, List.of(other), signed, at, FIVE_MINUTES))
                .isInstanceOf(Result.NoMatch.class);
        boolean coversBody =
                !(scheme instanceof MessageSignature m) || m.components().contains("content-digest");
        Signable altered = new Signable(
                signed.messageId(), "POST", URL, signed.headers(), "{\"a\":2}".getBytes(StandardCharsets.UTF_8));
        if (coversBody) {
            assertThat(SchemeVerifier.verify(scheme, List.of(secret), altered, at, FIVE_MINUTES))
                    .isInstanceOf(Result.NoMatch.class);
        }
        boolean timed = scheme instanceof MessageSignature
                || ((InHeader) scheme).content().contains("{timestamp}");
        if (timed) {
            assertThat(SchemeVerifier.verify(scheme, List.of(secret), signed, at.plusSeconds(302), FIVE_MINUTES))
                    .isInstanceOf(Result.OutOfTime.class);
            assertThat(SchemeVerifier.verify(scheme, List.of(secret), signed, at.minusSeconds(302), FIVE_MINUTES))
                    .isInstanceOf(Result.OutOfTime.class);
        }
        Signable bare = request("msg_1", URL, "{\"a\":1}", "x-a", "b");
        assertThat(SchemeVerifier.verify(scheme, List.of(secret), bare, at, FIVE_MINUTES))
                .isInstanceOf(Result.Malformed.class);
    }

    /** Every byte of every header that the signature added: none can be changed so that it still verifies. */
    @ParameterizedTest
    @MethodSource("all")
    void noSignedHeaderCanBeAltered(Scheme scheme) {
        SigningSecret secret = SchemeRules.fresh(List.of(scheme), new SecureRandom());
        long now = 1_700_000_000 * SECOND;
        Signable signed = signed(scheme, secret, request("msg_1", URL, "{}", "x-a", "b"), now);
        for (int header = 3; header < signed.headers().length; header += 2) {
            for (int at = 0; at < signed.headers()[header].length(); at++) {
                String[] headers = signed.headers().clone();
                char was = headers[header].charAt(at);
                headers[header] =
                        headers[header].substring(0, at) + (was == '7' ? '8' : '7') + headers[header].substring(at + 1);
                Result result = SchemeVerifier.verify(
                        scheme,
                        List.of(secret),
                        new Signable("msg_1", "POST", URL, headers, signed.body()),
                        Time.instant(now),
                        FIVE_MINUTES);
                if (result instanceof Result.Valid) {
                    // the label may be any, as long as it is the same in both headers: it is changed in one only
                    assertThat(headers[header]).as("changed at %s", at).isEqualTo(lastBitsOfBase64(signed, header, at));
                }
            }
        }
    }

    /** Base64 has spare bits at its end that mean nothing; Java ignores them. */
    private static String lastBitsOfBase64(Signable signed, int header, int at) {
        String text = signed.headers()[header];
        assertThat(text.substring(at + 1)).matches("=+:?");
        return text.substring(0, at) + (text.charAt(at) == '7' ? '8' : '7') + text.substring(at + 1);
    }

    @Test
    @Requirement("D3")
    void aSecretInItsOverlapSignsTooUntilItsEnd() {
        SigningSecret old = SigningSecret.text("old");
        List<RetiredSecret> retired = List.of(new RetiredSecret(old, Time.instant(20 * SECOND)));
        SchemeSigner signer = new SchemeSigner(List.of(Schemes.STRIPE), TEXT, retired, 0);
        Signable request = request("", URL, "{}");

        String both = signer.sign(request, 20 * SECOND - 1)[1];
        String one = signer.sign(request, 20 * SECOND)[1];

        assertThat(both).matches("t=19,v1=[0-9a-f]{64},v1=[0-9a-f]{64}");
        assertThat(one).matches("t=20,v1=[0-9a-f]{64}");
        for (SigningSecret secret : List.of(TEXT, old)) {
            assertThat(verify(Schemes.STRIPE, secret, request("", URL, "{}", "Stripe-Signature", both), 19))
                    .isInstanceOf(Result.Valid.class);
        }
    }

    @Test
    @Requirement("D3")
    void whereOneSignatureFitsOnlyThePreviousOneHasAHeaderOfItsOwn() {
        SigningSecret old = SigningSecret.text("old");
        SchemeSigner signer = new SchemeSigner(
                List.of(Schemes.GITHUB), TEXT, List.of(new RetiredSecret(old, Time.instant(20 * SECOND))), 0);

        Map<String, String> during = map(signer.sign(request("", URL, "{}"), 0));
        assertThat(during).containsOnlyKeys("X-Hub-Signature-256", "X-Hub-Signature-256-previous");
        assertThat(during.get("X-Hub-Signature-256-previous"))
                .isEqualTo(sign(Schemes.GITHUB, "old", 0, "", URL, "{}")[1]);
        assertThat(map(signer.sign(request("", URL, "{}"), 20 * SECOND))).containsOnlyKeys("X-Hub-Signature-256");
    }

    @Test
    void fromASymmetricKeyToAPrivateOneBothSign() {
        SigningSecret symmetric = new SigningSecret(new byte[24]);
        SigningSecret pair = SigningSecret.freshEd25519(new SecureRandom());
        List<RetiredSecret> retired = List.of(new RetiredSecret(symmetric, Time.instant(20 * SECOND)));
        List<Scheme> both = List.of(Schemes.STANDARD, Schemes.STANDARD_ED25519);

        Map<String, String> signed = map(new SchemeSigner(both, pair, retired, 0).sign(request("msg_1", URL, "{}"), 0));
        assertThat(signed).containsOnlyKeys("webhook-timestamp", "webhook-signature");
        assertThat(signed.get("webhook-signature")).matches("v1,\\S{44} v1a,\\S{88}");
        String standard = new OverlapSigner(pair, retired, 0).sign("msg_1", 0, "{}".getBytes(StandardCharsets.UTF_8));
        assertThat(standard.split(" "))
                .containsExactlyInAnyOrder(
                        Objects.requireNonNull(signed.get("webhook-signature")).split(" "));
        assertThat(StandardVerifier.verify(
                        List.of(pair),
                        "msg_1",
                        "0",
                        standard,
                        "{}".getBytes(StandardCharsets.UTF_8),
                        Instant.EPOCH,
                        FIVE_MINUTES))
                .isInstanceOf(Result.Valid.class);
    }

    @Test
    void aSecretThatDoesNotGoWithTheSchemeIsSaidToBeIt() {
        SigningSecret pair = SigningSecret.freshEd25519(new SecureRandom());
        assertThatThrownBy(() -> SchemeRules.check(TEXT, List.of(Schemes.STANDARD)))
                .isInstanceOf(UnusableSecretException.class)
                .hasMessageContaining("whsec_");
        assertThatThrownBy(() -> SchemeRules.check(pair, List.of(Schemes.STANDARD)))
                .isInstanceOf(UnusableSecretException.class);
        assertThatThrownBy(() -> SchemeRules.check(pair, List.of(Schemes.GITHUB)))
                .isInstanceOf(UnusableSecretException.class);
        assertThatThrownBy(() -> SchemeRules.check(TEXT, List.of(with(Schemes.GITHUB, KeyForm.HEX))))
                .hasMessageContaining("hexadecimal")
                .satisfies(e -> assertThat(e.toString()).doesNotContain("Everybody"));
        assertThatThrownBy(() -> SchemeRules.check(TEXT, List.of(with(Schemes.GITHUB, KeyForm.BASE64))))
                .hasMessageContaining("base64")
                .satisfies(e -> assertThat(e.toString()).doesNotContain("Everybody"));
        assertThatThrownBy(() -> new StandardSigner(List.of(TEXT))).isInstanceOf(UnusableSecretException.class);
    }

    @Test
    void aGivenSecretIsReadAsItsOwnerWritesItForTheScheme() {
        SigningSecret pair = SigningSecret.freshEd25519(new SecureRandom());
        assertThat(SchemeRules.parse("whsec_abc", List.of(Schemes.STRIPE))).isEqualTo(SigningSecret.text("whsec_abc"));
        assertThat(SchemeRules.parse("00ff", List.of(with(Schemes.GITHUB, KeyForm.HEX)))
                        .reveal())
                .isEqualTo("00ff");
        assertThat(SchemeRules.parse(pair.reveal(), List.of(Schemes.STANDARD_ED25519)))
                .isEqualTo(pair);
        assertThat(SchemeRules.parse(new SigningSecret(new byte[24]).reveal(), List.of())
                        .form())
                .isEqualTo(SigningSecret.Form.SYMMETRIC);
        assertThatThrownBy(() -> SchemeRules.parse("short", List.of(Schemes.STANDARD)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static InHeader with(InHeader s, KeyForm key) {
        return new InHeader(
                s.algorithm(),
                key,
                s.encoding(),
                s.content(),
                s.clock(),
                s.header(),
                s.value(),
                s.each(),
                s.separator(),
                s.previousHeader(),
                s.timestampHeader());
    }

    private static InHeader with(InHeader s, Clock clock) {
        return new InHeader(
                s.algorithm(),
                s.key(),
                s.encoding(),
                s.content(),
                clock,
                s.header(),
                s.value(),
                s.each(),
                s.separator(),
                s.previousHeader(),
                s.timestampHeader());
    }

    private static String[] sign(InHeader scheme, String secret, long second, String id, String url, String body) {
        return new SchemeSigner(List.of(scheme), SchemeRules.parse(secret, List.of(scheme)), List.of(), second * SECOND)
                .sign(request(id, url, body), second * SECOND);
    }

    private static Result verify(Scheme scheme, SigningSecret secret, Signable request, long second) {
        return SchemeVerifier.verify(scheme, List.of(secret), request, Instant.ofEpochSecond(second), FIVE_MINUTES);
    }

    private static Signable request(String id, String url, String body, String... headers) {
        return new Signable(id, "POST", url, headers, body.getBytes(StandardCharsets.UTF_8));
    }

    private static Signable signed(Scheme scheme, SigningSecret secret, Signable request, long now) {
        String[] added = new SchemeSigner(List.of(scheme), secret, List.of(), now).sign(request, now);
        List<String> all = new ArrayList<>(Arrays.asList(request.headers()));
        all.addAll(Arrays.asList(added));
        return new Signable(
                request.messageId(), request.method(), request.url(), all.toArray(String[]::new), request.body());
    }

    private static Map<String, String> map(String[] headers) {
        Map<String, String> map = new TreeMap<>();
        for (int i = 0; i < headers.length; i += 2) {
            map.put(headers[i], headers[i + 1]);
        }
        return map;
    }
}
