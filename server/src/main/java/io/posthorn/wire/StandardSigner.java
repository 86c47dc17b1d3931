package io.posthorn.wire;

import io.posthorn.model.SigningSecret;
import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.KeyForm;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs one endpoint's requests as Standard Webhooks 1.0.0 does ({@code v1}: HMAC-SHA256; {@code v1a}: Ed25519, for
 * secrets that are private keys). Confined to one thread: it keeps its {@link Mac} between calls, because creating one
 * costs more than the hash.
 */
public final class StandardSigner {
    private static final String ALGORITHM = "HmacSHA256";
    private static final byte[] VERSION = {'v', '1', ','};
    private static final int HASH = 32;
    /** The base64 of {@link #HASH} bytes, padding included. */
    private static final int ENCODED = 44;

    private final Mac[] macs;
    /** All of them in their order, if some are private keys; empty if none is, as nearly always. */
    private final List<Mixed> mixed;

    private final byte[] hash = new byte[HASH];
    private final byte[] encoded = new byte[ENCODED];
    /** The header value; only the hashes in it change from call to call. */
    private final byte[] value;

    /**
     * A signer with the secrets of an endpoint.
     *
     * @param secrets at least one; several while the secret is being rotated, signed with in this order
     * @throws IllegalArgumentException if there is none
     * @throws UnusableSecretException if one is a text
     */
    public StandardSigner(List<SigningSecret> secrets) {
        if (secrets.isEmpty()) {
            throw new IllegalArgumentException("a signer needs at least one secret");
        }
        boolean symmetric = secrets.stream().allMatch(secret -> secret.form() == SigningSecret.Form.SYMMETRIC);
        mixed = symmetric
                ? List.of()
                : secrets.stream().map(StandardSigner::mixed).toList();
        macs = new Mac[symmetric ? secrets.size() : 0];
        for (int i = 0; i < macs.length; i++) {
            macs[i] = mac(secrets.get(i));
        }
        value = new byte[Math.max(0, macs.length * (VERSION.length + ENCODED) + macs.length - 1)];
    }

    /**
     * A key with what its signatures begin with.
     *
     * @param version {@code v1,} or {@code v1a,}
     */
    private record Mixed(String version, SigningKey key) {}

    private static Mixed mixed(SigningSecret secret) {
        boolean asymmetric = secret.form() == SigningSecret.Form.ED25519;
        SigningKey key =
                SigningKey.of(secret, KeyForm.STANDARD, asymmetric ? Algorithm.ED25519 : Algorithm.HMAC_SHA256);
        return new Mixed(asymmetric ? "v1a," : "v1,", Objects.requireNonNull(key));
    }

    /**
     * Signs a request.
     *
     * @param messageId what goes into {@link StandardHeaders#ID}; has no full stop
     * @param timestampSeconds what goes into {@link StandardHeaders#TIMESTAMP}, seconds since 1970
     * @param body what is sent, byte for byte
     * @return what goes into {@link StandardHeaders#SIGNATURE}: {@code v1,} ({@code v1a,} for a private key) and base64
     *     for each secret, with a space between them
     */
    public String sign(String messageId, long timestampSeconds, byte[] body) {
        byte[] head = (messageId + '.' + timestampSeconds + '.').getBytes(StandardCharsets.UTF_8);
        if (!mixed.isEmpty()) {
            return mixed(head, body);
        }
        int at = 0;
        for (Mac mac : macs) {
            if (at > 0) {
                value[at++] = ' ';
            }
            mac.update(head);
            mac.update(body);
            finish(mac);
            Base64.getEncoder().encode(hash, encoded);
            System.arraycopy(VERSION, 0, value, at, VERSION.length);
            System.arraycopy(encoded, 0, value, at + VERSION.length, ENCODED);
            at += VERSION.length + ENCODED;
        }
        return new String(value, StandardCharsets.ISO_8859_1);
    }

    private String mixed(byte[] head, byte[] body) {
        StringJoiner all = new StringJoiner(" ");
        for (Mixed each : mixed) {
            each.key.update(head);
            each.key.update(body);
            all.add(each.version + Base64.getEncoder().encodeToString(each.key.sign()));
        }
        return all.toString();
    }

    private void finish(Mac mac) {
        try {
            mac.doFinal(hash, 0);
        } catch (ShortBufferException e) {
            throw new AssertionError("HMAC-SHA256 has 32 bytes", e);
        }
    }

    private static Mac mac(SigningSecret secret) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.key(), ALGORITHM));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has " + ALGORITHM, e);
        }
    }
}
