package io.posthorn.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** How requests are signed. A profile has any number of them, and all of them sign. */
public sealed interface Scheme {

    /** What the signature is made with. */
    enum Algorithm {
        /** RFC 2104 with SHA-1. */
        HMAC_SHA1,
        /** RFC 2104 with SHA-256. */
        HMAC_SHA256,
        /** RFC 2104 with SHA-384. */
        HMAC_SHA384,
        /** RFC 2104 with SHA-512. */
        HMAC_SHA512,
        /** RFC 8032. */
        ED25519
    }

    /** How the endpoint's secret, a text that its owner knows, becomes the key. */
    enum KeyForm {
        /** {@code whsec_} and base64, or {@code whsk_} and base64 for Ed25519, as Standard Webhooks has it. */
        STANDARD,
        /** The text itself, in UTF-8. */
        TEXT,
        /** The text is base64. */
        BASE64,
        /** The text is hexadecimal. */
        HEX
    }

    /** How the signature is written. */
    enum Encoding {
        /** In lower case. */
        HEX,
        /** With padding. */
        BASE64
    }

    /** How the moment of the attempt is written. */
    enum Clock {
        /** Since 1970. */
        SECONDS,
        /** Since 1970. */
        MILLISECONDS,
        /** ISO 8601, UTC, with {@code Z}. */
        ISO
    }

    /**
     * A signature in a header of its own.
     *
     * @param algorithm what it is made with
     * @param key how the secret becomes the key
     * @param encoding how it is written
     * @param content what is signed: a text with {@code {id}}, {@code {timestamp}}, {@code {body}}, {@code {method}} and
     *     {@code {url}} in it
     * @param clock how {@code {timestamp}} is written
     * @param header where the signatures stand
     * @param value of that header: a text with {@code {signatures}} in it, or {@code {timestamp}} and {@code {id}}
     * @param each of the signatures: a text with {@code {signature}} in it, such as {@code v1,{signature}}
     * @param separator between them; null if the header can hold only one: then that of the present secret stands there,
     *     and that of the one before in {@code previousHeader} as long as it signs
     * @param previousHeader without a separator only; null to leave it out
     * @param timestampHeader where the timestamp stands by itself; null if it does not
     */
    record InHeader(
            Algorithm algorithm,
            KeyForm key,
            Encoding encoding,
            String content,
            Clock clock,
            String header,
            String value,
            String each,
            @Nullable String separator,
            @Nullable String previousHeader,
            @Nullable String timestampHeader)
            implements Scheme {}

    /**
     * HTTP Message Signatures, RFC 9421: {@code Signature-Input} and {@code Signature}, with {@code Content-Digest} (RFC
     * 9530) if it is among the components.
     *
     * @param algorithm {@link Algorithm#HMAC_SHA256} or {@link Algorithm#ED25519}
     * @param key how the secret becomes the key
     * @param label of the signature; those of secrets in their overlap get a number behind it
     * @param components what is covered: derived ones ({@code @method}, {@code @target-uri}, {@code @authority}, {@code
     *     @path}, {@code @query}) and header names in lower case
     * @param keyId what tells the receiver which key it is; null for nothing
     */
    record MessageSignature(
            Algorithm algorithm,
            KeyForm key,
            String label,
            List<String> components,
            @Nullable String keyId) implements Scheme {}
}
