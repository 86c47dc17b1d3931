package io.posthorn.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What requests are signed with. It prints itself as stars, so that it cannot reach a log by accident.
 *
 * <p>It has a form, which says how people write it, and what it can be used for is up to whoever signs with it.
 */
public final class SigningSecret {
    /** What the written form of a symmetric key starts with. */
    public static final String PREFIX = "whsec_";
    /** What the written form of a private key starts with. */
    public static final String PRIVATE_PREFIX = "whsk_";
    /** What the written form of a public key starts with. */
    public static final String PUBLIC_PREFIX = "whpk_";
    /** Most characters of a text. */
    public static final int LONGEST_TEXT = 256;

    private static final int LEAST = 24;
    private static final int MOST = 64;

    /** How a secret is written. */
    public enum Form {
        /** 24 to 64 bytes, written {@code whsec_} and base64: a symmetric key of Standard Webhooks 1.0.0. */
        SYMMETRIC,
        /** A seed of 32 bytes and the public key of 32 behind it, written {@code whsk_} and base64. */
        ED25519,
        /** Any text, exactly as its owner knows it. */
        TEXT
    }

    private final Form form;
    private final byte[] key;

    private SigningSecret(Form form, byte[] key) {
        this.form = form;
        this.key = key;
    }

    /**
     * A symmetric secret from its key.
     *
     * @param key 24 to 64 bytes
     * @throws IllegalArgumentException if it is shorter or longer
     */
    public SigningSecret(byte[] key) {
        if (key.length < LEAST || key.length > MOST) {
            throw new IllegalArgumentException("a signing secret has 24 to 64 bytes, this one has " + key.length);
        }
        this.form = Form.SYMMETRIC;
        this.key = key.clone();
    }

    /**
     * Reads the written form of a key.
     *
     * @param text {@code whsec_} and base64, or the base64 alone, of 24 to 64 bytes; or {@code whsk_} and the base64 of a
     *     seed of 32 bytes, with or without its public key behind it
     * @throws IllegalArgumentException if it is not that; the message is for people and does not have the text in it
     */
    public static SigningSecret parse(String text) {
        if (text.startsWith(PRIVATE_PREFIX)) {
            return ed25519(base64(text.substring(PRIVATE_PREFIX.length()), "a private key is whsk_ and base64"));
        }
        String base64 = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text;
        return new SigningSecret(base64(base64, "a signing secret is whsec_ and base64"));
    }

    /**
     * A private key.
     *
     * @param bytes the seed, 32 bytes, or with its public key behind it 64
     * @throws IllegalArgumentException if there are more or less, or the public key is of another seed
     */
    public static SigningSecret ed25519(byte[] bytes) {
        if (bytes.length != Ed25519.LENGTH && bytes.length != 2 * Ed25519.LENGTH) {
            throw new IllegalArgumentException(
                    "a private key has 64 bytes (seed and public key) or 32 (the seed), this one has " + bytes.length);
        }
        byte[] seed = Arrays.copyOf(bytes, Ed25519.LENGTH);
        byte[] pair = Arrays.copyOf(seed, 2 * Ed25519.LENGTH);
        System.arraycopy(Ed25519.publicOf(seed), 0, pair, Ed25519.LENGTH, Ed25519.LENGTH);
        if (bytes.length == pair.length && !MessageDigest.isEqual(bytes, pair)) {
            throw new IllegalArgumentException("the second half of the private key is not the public key of the first");
        }
        return new SigningSecret(Form.ED25519, pair);
    }

    /** A new private key. */
    public static SigningSecret freshEd25519(SecureRandom random) {
        byte[] seed = new byte[Ed25519.LENGTH];
        random.nextBytes(seed);
        return ed25519(seed);
    }

    /**
     * A text as it is.
     *
     * @param text 1 to {@link #LONGEST_TEXT} characters that can be seen, blanks among them
     * @throws IllegalArgumentException if it is not that; the message is for people and does not have the text in it
     */
    public static SigningSecret text(String text) {
        if (text.isBlank() || text.codePointCount(0, text.length()) > LONGEST_TEXT) {
            throw new IllegalArgumentException("a secret text has 1 to " + LONGEST_TEXT + " characters");
        }
        if (text.codePoints()
                .anyMatch(c -> Character.isISOControl(c)
                        || Character.getType(c) == Character.SURROGATE
                        || Character.getType(c) == Character.LINE_SEPARATOR
                        || Character.getType(c) == Character.PARAGRAPH_SEPARATOR)) {
            throw new IllegalArgumentException("a secret text has only characters that can be seen, in one line");
        }
        return new SigningSecret(Form.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * What {@link #key()} of such a secret returned.
     *
     * @throws IllegalArgumentException if it cannot have
     */
    public static SigningSecret stored(Form form, byte[] key) {
        return switch (form) {
            case SYMMETRIC -> new SigningSecret(key);
            case TEXT -> text(new String(key, StandardCharsets.UTF_8));
            case ED25519 -> {
                if (key.length != 2 * Ed25519.LENGTH) {
                    throw new IllegalArgumentException("a stored private key has 64 bytes");
                }
                yield new SigningSecret(form, key.clone());
            }
        };
    }

    /** How it is written. */
    public Form form() {
        return form;
    }

    /**
     * A copy of what is stored of it: the symmetric key; seed and public key of a private one; the UTF-8 of a text.
     */
    public byte[] key() {
        return key.clone();
    }

    /** The written form: for its owner only. */
    public String reveal() {
        return switch (form) {
            case SYMMETRIC -> PREFIX + Base64.getEncoder().encodeToString(key);
            case ED25519 -> PRIVATE_PREFIX + Base64.getEncoder().encodeToString(key);
            case TEXT -> new String(key, StandardCharsets.UTF_8);
        };
    }

    /** The public key, {@code whpk_} and base64, for anybody; null if it has none. */
    public @Nullable String publicKey() {
        return form == Form.ED25519
                ? PUBLIC_PREFIX
                        + Base64.getEncoder().encodeToString(Arrays.copyOfRange(key, Ed25519.LENGTH, key.length))
                : null;
    }

    private static byte[] base64(String text, String rule) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(rule, e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SigningSecret that && form == that.form && MessageDigest.isEqual(key, that.key);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(key);
    }

    @Override
    public String toString() {
        return switch (form) {
            case SYMMETRIC -> "whsec_***";
            case ED25519 -> "whsk_***";
            case TEXT -> "***";
        };
    }
}
