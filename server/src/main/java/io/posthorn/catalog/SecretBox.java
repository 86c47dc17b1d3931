package io.posthorn.catalog;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts what must not lie in the database in the clear: AES-256-GCM with a random nonce.
 *
 * <pre>
 *   byte    0        1 … 4                    5 … 16    17 …
 *           version  first of SHA-256(key)    nonce     ciphertext and tag
 * </pre>
 *
 * <p>The first five bytes tell which key sealed it, so that keys can be changed one day while both are known, and so
 * that a wrong key is recognised as such. The context (what kind of secret, and whose) is authenticated with it: a
 * ciphertext that is copied to another row does not open there. Safe for any thread.
 */
public final class SecretBox {
    private static final byte VERSION = 1;
    private static final int KEY = 32;
    private static final int KEY_ID = 4;
    private static final int NONCE = 12;
    private static final int TAG = 16;
    private static final int HEAD = 1 + KEY_ID;

    private final SecretKeySpec key;
    private final byte[] keyId;
    private final String origin;
    private final SecureRandom random;

    private SecretBox(byte[] key, String origin, SecureRandom random) {
        this.key = new SecretKeySpec(key, "AES");
        this.keyId = Arrays.copyOf(sha256(key), KEY_ID);
        this.origin = origin;
        this.random = random;
    }

    /**
     * A box with the configured key, or else with that of the file {@code secret.key} in the data folder, which is made
     * (readable by its owner only) if it is not there.
     *
     * @param configuredKeyBase64 32 bytes in base64; null to use the file
     * @param dataDir where the file is; the folder is made if need be
     * @throws SecretBoxException if the key is not 32 bytes in base64; the message names where it came from
     * @throws IOException if the file can neither be read nor made
     */
    public static SecretBox open(@Nullable String configuredKeyBase64, Path dataDir) throws IOException {
        SecureRandom random = new SecureRandom();
        if (configuredKeyBase64 != null) {
            return new SecretBox(decode(configuredKeyBase64, "the configured secret key"), "the configuration", random);
        }
        Path file = dataDir.resolve("secret.key");
        String text = KeyFile.readOrMake(file, () -> {
            byte[] fresh = new byte[KEY];
            random.nextBytes(fresh);
            return Base64.getEncoder().encodeToString(fresh);
        });
        return new SecretBox(decode(text, "the key in " + file), file.toString(), random);
    }

    private static byte[] decode(String base64, String what) {
        byte[] key;
        try {
            key = Base64.getDecoder().decode(base64.strip());
        } catch (IllegalArgumentException e) {
            throw new SecretBoxException(what + " is not base64. It must be 32 bytes in base64 (44 characters).", e);
        }
        if (key.length != KEY) {
            throw new SecretBoxException(what + " has " + key.length
                    + " bytes. It must be 32 bytes in base64, such as `openssl rand -base64 32` prints.");
        }
        return key;
    }

    /**
     * Encrypts.
     *
     * @param plain what to hide
     * @param context its kind and its owner's id, such as {@code endpoint-secret:ep_…}; needed to open it again
     */
    public byte[] seal(byte[] plain, String context) {
        byte[] sealed = new byte[HEAD + NONCE + plain.length + TAG];
        sealed[0] = VERSION;
        System.arraycopy(keyId, 0, sealed, 1, KEY_ID);
        byte[] nonce = new byte[NONCE];
        random.nextBytes(nonce);
        System.arraycopy(nonce, 0, sealed, HEAD, NONCE);
        try {
            cipher(Cipher.ENCRYPT_MODE, sealed, context).doFinal(plain, 0, plain.length, sealed, HEAD + NONCE);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-GCM is missing from this Java", e);
        }
        return sealed;
    }

    /**
     * Decrypts.
     *
     * @param sealed what {@link #seal} returned
     * @param context the same as then
     * @throws SecretBoxException if another key sealed it, or another context, or it is damaged
     */
    public byte[] open(byte[] sealed, String context) {
        if (sealed.length < HEAD + NONCE + TAG || sealed[0] != VERSION) {
            throw new SecretBoxException("the stored secret of " + context + " is not one that this version sealed. "
                    + "Was the database used by a newer Posthorn? Then run that, or restore the row from a backup.");
        }
        if (!Arrays.equals(sealed, 1, HEAD, keyId, 0, KEY_ID)) {
            String other = HexFormat.of().formatHex(sealed, 1, HEAD);
            throw new SecretBoxException("wrong secret key: the secret of " + context + " was sealed with key " + other
                    + ", and the key of " + origin + " is " + HexFormat.of().formatHex(keyId)
                    + ". Give the key that this database was used with before: as the setting for the secret key, or "
                    + "by restoring the file secret.key in the data folder. Without it, endpoint secrets are lost.");
        }
        try {
            return cipher(Cipher.DECRYPT_MODE, sealed, context)
                    .doFinal(sealed, HEAD + NONCE, sealed.length - HEAD - NONCE);
        } catch (AEADBadTagException e) {
            throw new SecretBoxException(
                    "the stored secret of " + context
                            + " is damaged, or was copied from another row. Restore the row from a backup.",
                    e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-GCM is missing from this Java", e);
        }
    }

    /**
     * A key for something else, 32 bytes: made from this one, which it does not give away.
     *
     * @param label what for; each has its own
     */
    public byte[] derive(String label) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key.getEncoded(), "HmacSHA256"));
            return mac.doFinal(("posthorn: " + label).getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is missing from this Java", e);
        }
    }

    private Cipher cipher(int mode, byte[] sealed, String context) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG * 8, sealed, HEAD, NONCE));
        cipher.updateAAD(sealed, 0, HEAD);
        cipher.updateAAD(context.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("SHA-256 is missing from this Java", e);
        }
    }

    @Override
    public String toString() {
        return "SecretBox[key " + HexFormat.of().formatHex(keyId) + " of " + origin + "]";
    }
}
