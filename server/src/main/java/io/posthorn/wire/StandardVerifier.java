package io.posthorn.wire;

import io.posthorn.model.SigningSecret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/** Verifies requests that were signed as Standard Webhooks 1.0.0 says ({@code v1}: HMAC-SHA256; {@code v1a}: Ed25519). */
public final class StandardVerifier {
    private static final Pattern SECONDS = Pattern.compile("0|[1-9]\\d{0,11}");
    private static final String V1 = "v1,";
    private static final String V1A = "v1a,";

    private StandardVerifier() {}

    /** What came of it. */
    public sealed interface Result {
        /** One of the secrets signed exactly this, not too long ago. */
        record Valid() implements Result {}

        /**
         * A header does not have the form that it must have.
         *
         * @param header its name
         * @param rule that it breaks
         */
        record Malformed(String header, String rule) implements Result {}

        /**
         * The signature is right, and the timestamp is too far from now.
         *
         * @param age positive if it is too old, negative if it lies ahead
         */
        record OutOfTime(Duration age) implements Result {}

        /** No signature is by one of the secrets: another secret, or the id, the timestamp or the body was altered. */
        record NoMatch() implements Result {}
    }

    /**
     * Verifies a request; every signature is compared in constant time.
     *
     * @param secrets that may have signed it, at least one
     * @param id the value of {@link StandardHeaders#ID}
     * @param timestamp the value of {@link StandardHeaders#TIMESTAMP}
     * @param signatures the value of {@link StandardHeaders#SIGNATURE}: one or more with spaces between them; those of
     *     other versions than v1 and v1a are passed over
     * @param body byte for byte as it came
     * @param now the present
     * @param tolerance how far the timestamp may be from now, in both directions
     */
    public static Result verify(
            List<SigningSecret> secrets,
            String id,
            String timestamp,
            String signatures,
            byte[] body,
            Instant now,
            Duration tolerance) {
        if (id.isEmpty() || id.indexOf('.') >= 0) {
            return new Result.Malformed(StandardHeaders.ID, "must be a text without full stops");
        }
        if (!SECONDS.matcher(timestamp).matches()) {
            return new Result.Malformed(StandardHeaders.TIMESTAMP, "must be seconds since 1970");
        }
        List<String> given = List.of(signatures.strip().split("\\s+", -1));
        if (given.stream().noneMatch(one -> one.startsWith(V1) || one.startsWith(V1A))) {
            return new Result.Malformed(StandardHeaders.SIGNATURE, "has no signature of version v1 (v1,BASE64)");
        }
        long seconds = Long.parseLong(timestamp);
        if (!matches(secrets, given, id, seconds, body)) {
            return new Result.NoMatch();
        }
        Duration age = Duration.between(Instant.ofEpochSecond(seconds), now);
        return age.abs().compareTo(tolerance) > 0 ? new Result.OutOfTime(age) : new Result.Valid();
    }

    private static boolean matches(
            List<SigningSecret> secrets, List<String> given, String id, long seconds, byte[] body) {
        boolean found = false;
        for (SigningSecret secret : secrets) {
            byte[] right = ascii(new StandardSigner(List.of(secret)).sign(id, seconds, body));
            for (String one : given) {
                found |= MessageDigest.isEqual(right, ascii(one));
            }
        }
        return found;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
