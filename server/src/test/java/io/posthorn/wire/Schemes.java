package io.posthorn.wire;

import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.Clock;
import io.posthorn.wire.Scheme.Encoding;
import io.posthorn.wire.Scheme.InHeader;
import io.posthorn.wire.Scheme.KeyForm;
import io.posthorn.wire.Scheme.MessageSignature;
import java.util.List;

/** Schemes of others, as their documentation has them. */
final class Schemes {
    static final InHeader STANDARD = new InHeader(
            Algorithm.HMAC_SHA256,
            KeyForm.STANDARD,
            Encoding.BASE64,
            "{id}.{timestamp}.{body}",
            Clock.SECONDS,
            "webhook-signature",
            "{signatures}",
            "v1,{signature}",
            " ",
            null,
            "webhook-timestamp");
    static final InHeader STANDARD_ED25519 = new InHeader(
            Algorithm.ED25519,
            KeyForm.STANDARD,
            Encoding.BASE64,
            "{id}.{timestamp}.{body}",
            Clock.SECONDS,
            "webhook-signature",
            "{signatures}",
            "v1a,{signature}",
            " ",
            null,
            "webhook-timestamp");
    static final InHeader GITHUB =
            overBody(Algorithm.HMAC_SHA256, Encoding.HEX, "X-Hub-Signature-256", "sha256={signature}");
    static final InHeader INTERCOM = overBody(Algorithm.HMAC_SHA1, Encoding.HEX, "X-Hub-Signature", "sha1={signature}");
    static final InHeader ADMIN =
            overBody(Algorithm.HMAC_SHA256, Encoding.HEX, "x-admin-signature", "sha256={signature}");
    static final InHeader SHOPIFY =
            overBody(Algorithm.HMAC_SHA256, Encoding.BASE64, "X-Shopify-Hmac-Sha256", "{signature}");
    static final InHeader SQUARE = new InHeader(
            Algorithm.HMAC_SHA256,
            KeyForm.TEXT,
            Encoding.BASE64,
            "{url}{body}",
            Clock.SECONDS,
            "x-square-hmacsha256-signature",
            "{signatures}",
            "{signature}",
            null,
            null,
            null);
    static final InHeader SLACK = new InHeader(
            Algorithm.HMAC_SHA256,
            KeyForm.TEXT,
            Encoding.HEX,
            "v0:{timestamp}:{body}",
            Clock.SECONDS,
            "X-Slack-Signature",
            "{signatures}",
            "v0={signature}",
            null,
            null,
            "X-Slack-Request-Timestamp");
    static final InHeader STRIPE = new InHeader(
            Algorithm.HMAC_SHA256,
            KeyForm.TEXT,
            Encoding.HEX,
            "{timestamp}.{body}",
            Clock.SECONDS,
            "Stripe-Signature",
            "t={timestamp},{signatures}",
            "v1={signature}",
            ",",
            null,
            null);
    static final InHeader PADDLE = new InHeader(
            Algorithm.HMAC_SHA256,
            KeyForm.TEXT,
            Encoding.HEX,
            "{timestamp}:{body}",
            Clock.SECONDS,
            "Paddle-Signature",
            "ts={timestamp};{signatures}",
            "h1={signature}",
            ";",
            null,
            null);

    private Schemes() {}

    static InHeader overBody(Algorithm algorithm, Encoding encoding, String header, String each) {
        return new InHeader(
                algorithm,
                KeyForm.TEXT,
                encoding,
                "{body}",
                Clock.SECONDS,
                header,
                "{signatures}",
                each,
                null,
                header + "-previous",
                null);
    }

    static MessageSignature rfc9421(Algorithm algorithm, KeyForm key, String... components) {
        return new MessageSignature(algorithm, key, "sig", List.of(components), "key-1");
    }
}
