package io.posthorn.wire;

import io.posthorn.model.Ed25519;
import io.posthorn.model.SigningSecret;
import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.KeyForm;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs with one key, and verifies. Confined to one thread: it keeps what does the arithmetic between calls, because
 * making one costs more than the hash.
 */
abstract sealed class SigningKey {

    /** Takes a part of what is signed. */
    abstract void update(byte[] part);

    /** The signature of the parts since the last one. */
    abstract byte[] sign();

    /** Whether that is the signature of the parts since the last one; in constant time. */
    abstract boolean verify(byte[] signature);

    /**
     * The key that a secret is for an algorithm.
     *
     * @return null if the secret is for another algorithm: its form says so, and a scheme for that one will use it
     * @throws UnusableSecretException if no algorithm could use it in this form
     */
    static @Nullable SigningKey of(SigningSecret secret, KeyForm form, Algorithm algorithm) {
        boolean asymmetric = algorithm == Algorithm.ED25519;
        if (form == KeyForm.STANDARD) {
            return switch (secret.form()) {
                case SYMMETRIC -> asymmetric ? null : new Hmac(secret.key(), algorithm);
                case ED25519 -> asymmetric ? new EdDsa(secret) : null;
                case TEXT ->
                    throw new UnusableSecretException("the secret is a text, and a key is needed: "
                            + (asymmetric
                                    ? "whsk_ and the base64 of 64 bytes"
                                    : "whsec_ and the base64 of 24 to 64 bytes"));
            };
        }
        if (secret.form() == SigningSecret.Form.ED25519) {
            return asymmetric ? new EdDsa(secret) : null;
        }
        if (asymmetric) {
            return new EdDsa(pair(secret, form));
        }
        return new Hmac(symmetric(secret, form), algorithm);
    }

    private static SigningSecret pair(SigningSecret secret, KeyForm form) {
        if (form == KeyForm.TEXT) {
            throw new UnusableSecretException("the secret is a text, and a private key is needed: whsk_ and base64");
        }
        try {
            return SigningSecret.ed25519(symmetric(secret, form));
        } catch (UnusableSecretException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            UnusableSecretException unusable = new UnusableSecretException(String.valueOf(e.getMessage()));
            unusable.initCause(e);
            throw unusable;
        }
    }

    private static byte[] symmetric(SigningSecret secret, KeyForm form) {
        boolean text = secret.form() == SigningSecret.Form.TEXT;
        return switch (form) {
            case STANDARD, TEXT -> secret.reveal().getBytes(StandardCharsets.UTF_8);
            case BASE64 -> text ? base64(secret.reveal()) : secret.key();
            case HEX -> hex(secret.reveal());
        };
    }

    private static byte[] base64(String text) {
        try {
            byte[] key = Base64.getDecoder().decode(text);
            if (key.length > 0) {
                return key;
            }
        } catch (IllegalArgumentException e) {
            throw because("the secret must be base64", e);
        }
        throw new UnusableSecretException("the secret must be base64 of at least one byte");
    }

    private static byte[] hex(String text) {
        try {
            byte[] key = HexFormat.of().parseHex(text);
            if (key.length > 0) {
                return key;
            }
        } catch (IllegalArgumentException e) {
            throw because("the secret must be hexadecimal, two digits for each byte", e);
        }
        throw new UnusableSecretException("the secret must be hexadecimal, two digits for each byte");
    }

    private static UnusableSecretException because(String rule, IllegalArgumentException e) {
        // the message of the cause may quote a character of the secret, so its kind alone is told
        return new UnusableSecretException(rule + " (" + e.getClass().getSimpleName() + ")");
    }

    private static final class Hmac extends SigningKey {
        private final Mac mac;

        Hmac(byte[] key, Algorithm algorithm) {
            String name = switch (algorithm) {
                case HMAC_SHA1 -> "HmacSHA1";
                case HMAC_SHA256 -> "HmacSHA256";
                case HMAC_SHA384 -> "HmacSHA384";
                case HMAC_SHA512 -> "HmacSHA512";
                case ED25519 -> throw new IllegalArgumentException("not symmetric");
            };
            try {
                mac = Mac.getInstance(name);
                mac.init(new SecretKeySpec(key, name));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java runtime has " + name, e);
            }
        }

        @Override
        void update(byte[] part) {
            mac.update(part);
        }

        @Override
        byte[] sign() {
            return mac.doFinal();
        }

        @Override
        boolean verify(byte[] signature) {
            return MessageDigest.isEqual(mac.doFinal(), signature);
        }
    }

    private static final class EdDsa extends SigningKey {
        private static final String NAME = "Ed25519";

        private final Signature signer;
        private final PublicKey publicKey;
        private final java.io.ByteArrayOutputStream parts = new java.io.ByteArrayOutputStream();

        EdDsa(SigningSecret secret) {
            byte[] pair = secret.key();
            publicKey = Ed25519.publicKey(Arrays.copyOfRange(pair, Ed25519.LENGTH, pair.length));
            try {
                signer = Signature.getInstance(NAME);
                signer.initSign(Ed25519.privateKey(Arrays.copyOf(pair, Ed25519.LENGTH)));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java runtime has " + NAME, e);
            }
        }

        @Override
        void update(byte[] part) {
            parts.writeBytes(part);
        }

        @Override
        byte[] sign() {
            try {
                signer.update(parts.toByteArray());
                return signer.sign();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("Ed25519 signs everything", e);
            } finally {
                parts.reset();
            }
        }

        @Override
        boolean verify(byte[] signature) {
            try {
                Signature verifier = Signature.getInstance(NAME);
                verifier.initVerify(publicKey);
                verifier.update(parts.toByteArray());
                return verifier.verify(signature);
            } catch (java.security.SignatureException e) {
                return false; // not of the length that signatures have
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java runtime has " + NAME, e);
            } finally {
                parts.reset();
            }
        }
    }
}
