package io.posthorn.model;

import java.util.Arrays;
import java.util.Base64;

/**
 * A symmetric key of Standard Webhooks 1.0.0: 24 to 64 bytes, written {@code whsec_} and their base64. It prints
 * itself as stars, so that it cannot reach a log by accident.
 */
public final class SigningSecret {
    /** What the written form starts with. */
    public static final String PREFIX = "whsec_";

    private static final int LEAST = 24;
    private static final int MOST = 64;

    private final byte[] key;

    /**
     * A secret from its key.
     *
     * @param key 24 to 64 bytes
     * @throws IllegalArgumentException if it is shorter or longer
     */
    public SigningSecret(byte[] key) {
        if (key.length < LEAST || key.length > MOST) {
            throw new IllegalArgumentException("a signing secret has 24 to 64 bytes, this one has " + key.length);
        }
        this.key = key.clone();
    }

    /**
     * Reads the written form.
     *
     * @param text {@code whsec_} and base64, or the base64 alone
     * @throws IllegalArgumentException if it is not that, or not 24 to 64 bytes
     */
    public static SigningSecret parse(String text) {
        String base64 = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text;
        byte[] key;
        try {
            key = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("a signing secret is whsec_ and base64", e);
        }
        return new SigningSecret(key);
    }

    /** The key, a copy. */
    public byte[] key() {
        return key.clone();
    }

    /** The written form, {@code whsec_} and base64: for its owner only. */
    public String reveal() {
        return PREFIX + Base64.getEncoder().encodeToString(key);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SigningSecret that && java.security.MessageDigest.isEqual(key, that.key);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(key);
    }

    @Override
    public String toString() {
        return "whsec_***";
    }
}
