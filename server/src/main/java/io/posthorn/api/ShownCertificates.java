package io.posthorn.api;

import io.posthorn.model.TlsMaterial;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is shown of certificates. It is kept for those that were shown last, because a list of endpoints shows them all each
 * time. For any thread.
 */
final class ShownCertificates {
    /** Texts, which are kept as their hashes: of each up to 20 certificates. */
    private static final int MOST = 1_000;

    /**
     * Of one certificate.
     *
     * @param subject whose it is
     * @param issuer who says so
     * @param expiresAt when it ends
     */
    record Facts(String subject, String issuer, Instant expiresAt) {}

    private final Map<ByteBuffer, List<Facts>> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, List<Facts>> eldest) {
            return size() > MOST;
        }
    };

    /**
     * Those in a text.
     *
     * @param pem as it was found good when it was given; null for none
     */
    List<Facts> of(@Nullable String pem) {
        if (pem == null) {
            return List.of();
        }
        ByteBuffer key = hash(pem);
        synchronized (kept) {
            List<Facts> facts = kept.get(key);
            if (facts != null) {
                return facts;
            }
        }
        List<Facts> facts = TlsMaterial.certificates(pem).stream()
                .map(each -> new Facts(
                        each.getSubjectX500Principal().getName(),
                        each.getIssuerX500Principal().getName(),
                        each.getNotAfter().toInstant()))
                .toList();
        synchronized (kept) {
            kept.put(key, facts);
        }
        return facts;
    }

    /** How many texts are kept. */
    int size() {
        synchronized (kept) {
            return kept.size();
        }
    }

    private static ByteBuffer hash(String text) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
