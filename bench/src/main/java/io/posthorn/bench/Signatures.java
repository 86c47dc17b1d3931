package io.posthorn.bench;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Standard Webhooks 1.0.0 with a symmetric key, as far as the harness needs it. */
final class Signatures {
    /** How far the timestamp of a delivery may be off, seconds. */
    private static final long TOLERANCE = 300;

    private Signatures() {}

    /**
     * The key of an endpoint: every endpoint has its own, and the receiver can work it out from the number.
     *
     * @param endpoint the number in its path
     * @return 32 bytes
     */
    static byte[] key(int endpoint) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(("posthorn bench " + endpoint).getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** A key as the API takes it: {@code whsec_} and base64. */
    static String written(byte[] key) {
        return "whsec_" + Base64.getEncoder().encodeToString(key);
    }

    /** A fresh computation with this key. */
    static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    /**
     * The value of {@code webhook-signature}.
     *
     * @param mac of the key; is left reset
     * @param timestamp Unix seconds
     */
    static String sign(Mac mac, String id, String timestamp, byte[] body, int from, int length) {
        mac.update(id.getBytes(StandardCharsets.ISO_8859_1));
        mac.update((byte) '.');
        mac.update(timestamp.getBytes(StandardCharsets.ISO_8859_1));
        mac.update((byte) '.');
        mac.update(body, from, length);
        return "v1," + Base64.getEncoder().encodeToString(mac.doFinal());
    }

    /**
     * Checks a delivery.
     *
     * @param now Unix seconds
     * @return null if it is signed as it should be; else what is wrong, for people
     */
    static @Nullable String problem(
            byte[] key,
            @Nullable String id,
            @Nullable String timestamp,
            @Nullable String signature,
            byte[] data,
            int from,
            int to,
            long now) {
        if (id == null || timestamp == null || signature == null) {
            return "webhook-id, webhook-timestamp or webhook-signature is missing";
        }
        if (id.indexOf('.') >= 0) {
            return "webhook-id has a dot in it: " + id;
        }
        if (!timestamp.matches("[0-9]{1,12}") || Math.abs(now - Long.parseLong(timestamp)) > TOLERANCE) {
            return "webhook-timestamp is not within five minutes of now: " + timestamp;
        }
        String wanted = sign(mac(key), id, timestamp, data, from, to - from);
        for (String one : signature.split(" ", -1)) {
            if (MessageDigest.isEqual(
                    one.getBytes(StandardCharsets.ISO_8859_1), wanted.getBytes(StandardCharsets.ISO_8859_1))) {
                return null;
            }
        }
        return "webhook-signature does not match: " + signature;
    }
}
