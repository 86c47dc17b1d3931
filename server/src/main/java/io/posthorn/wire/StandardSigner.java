package io.posthorn.wire;

import io.posthorn.model.SigningSecret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs one endpoint's requests as Standard Webhooks 1.0.0 does ({@code v1}: HMAC-SHA256). Confined to one thread: it
 * keeps its {@link Mac} between calls, because creating one costs more than the hash.
 */
public final class StandardSigner {
    private static final String ALGORITHM = "HmacSHA256";
    private static final byte[] VERSION = {'v', '1', ','};
    private static final int HASH = 32;
    /** The base64 of {@link #HASH} bytes, padding included. */
    private static final int ENCODED = 44;

    private final Mac[] macs;
    private final byte[] hash = new byte[HASH];
    private final byte[] encoded = new byte[ENCODED];
    /** The header value; only the hashes in it change from call to call. */
    private final byte[] value;

    /**
     * A signer with the secrets of an endpoint.
     *
     * @param secrets at least one; several while the secret is being rotated, signed with in this order
     * @throws IllegalArgumentException if there is none
     */
    public StandardSigner(List<SigningSecret> secrets) {
        if (secrets.isEmpty()) {
            throw new IllegalArgumentException("a signer needs at least one secret");
        }
        macs = new Mac[secrets.size()];
        for (int i = 0; i < macs.length; i++) {
            macs[i] = mac(secrets.get(i));
        }
        value = new byte[macs.length * (VERSION.length + ENCODED) + macs.length - 1];
    }

    /**
     * Signs a request.
     *
     * @param messageId what goes into {@link StandardHeaders#ID}; has no full stop
     * @param timestampSeconds what goes into {@link StandardHeaders#TIMESTAMP}, seconds since 1970
     * @param body what is sent, byte for byte
     * @return what goes into {@link StandardHeaders#SIGNATURE}: {@code v1,} and base64 for each secret, with a space
     *     between them
     */
    public String sign(String messageId, long timestampSeconds, byte[] body) {
        byte[] head = (messageId + '.' + timestampSeconds + '.').getBytes(StandardCharsets.UTF_8);
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
