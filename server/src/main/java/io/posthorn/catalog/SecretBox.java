package io.posthorn.catalog;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
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
 * <p>The first five bytes tell which key sealed it, so that a wrong key is recognised as such, and so that the key can be
 * changed: the newest one seals, and earlier ones that are known open what they sealed until {@link PgResealing} has sealed
 * that anew. The context (what kind of secret, and whose) is authenticated with it: a
 * ciphertext that is copied to another row does not open there. Safe for any thread.
 */
public final class SecretBox {
    private static final byte VERSION = 1;
    private static final int KEY = 32;
    private static final int KEY_ID = 4;
    private static final int NONCE = 12;
    private static final int TAG = 16;
    private static final int HEAD = 1 + KEY_ID;

    /** Where earlier keys may be, in the data folder: one in each line. */
    static final String PREVIOUS = "secret.key.previous";

    /** A key, and the first of its hash. */
    private record Key(SecretKeySpec key, byte[] id) {
        static Key of(byte[] bytes) {
            return new Key(new SecretKeySpec(bytes, "AES"), Arrays.copyOf(sha256(bytes), KEY_ID));
        }
    }

    private final Key key;
    private final List<Key> previous;
    private final String origin;
    private final SecureRandom random;

    private SecretBox(byte[] key, List<byte[]> previous, String origin, SecureRandom random) {
        this.key = Key.of(key);
        this.previous = previous.stream()
                .filter(each -> !MessageDigest.isEqual(each, key))
                .map(Key::of)
                .toList();
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
        return open(configuredKeyBase64, null, dataDir);
    }

    /**
     * As {@link #open(String, Path)}, with earlier keys that open what they sealed. Those of the file {@code
     * secret.key.previous} in the data folder, one in each line, are among them if it is there.
     *
     * @param configuredKeyBase64 32 bytes in base64; null to use the file
     * @param previousBase64 earlier keys, the same way, with commas between them; null for none
     * @param dataDir where the files are; the folder is made if need be
     * @throws SecretBoxException if a key is not 32 bytes in base64; the message names where it came from
     * @throws IOException if a file cannot be read, or the first neither be read nor made
     */
    public static SecretBox open(@Nullable String configuredKeyBase64, @Nullable String previousBase64, Path dataDir)
            throws IOException {
        SecureRandom random = new SecureRandom();
        List<byte[]> previous = new ArrayList<>();
        if (previousBase64 != null) {
            for (String each : previousBase64.split(",", -1)) {
                previous.add(decode(each, "a configured earlier secret key"));
            }
        }
        Path earlier = dataDir.resolve(PREVIOUS);
        String lines = KeyFile.readIfThere(earlier);
        if (lines != null) {
            lines.lines()
                    .filter(line -> !line.isBlank())
                    .forEach(line -> previous.add(decode(line, "a key in " + earlier)));
        }
        if (configuredKeyBase64 != null) {
            return new SecretBox(
                    decode(configuredKeyBase64, "the configured secret key"), previous, "the configuration", random);
        }
        Path file = dataDir.resolve("secret.key");
        String text = KeyFile.readOrMake(file, () -> {
            byte[] fresh = new byte[KEY];
            random.nextBytes(fresh);
            return Base64.getEncoder().encodeToString(fresh);
        });
        return new SecretBox(decode(text, "the key in " + file), previous, file.toString(), random);
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
        System.arraycopy(key.id, 0, sealed, 1, KEY_ID);
        byte[] nonce = new byte[NONCE];
        random.nextBytes(nonce);
        System.arraycopy(nonce, 0, sealed, HEAD, NONCE);
        try {
            cipher(Cipher.ENCRYPT_MODE, key, sealed, context).doFinal(plain, 0, plain.length, sealed, HEAD + NONCE);
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
        Key its = keyOf(sealed);
        if (its == null) {
            String other = HexFormat.of().formatHex(sealed, 1, HEAD);
            throw new SecretBoxException("wrong secret key: the secret of " + context + " was sealed with key " + other
                    + ", and the key of " + origin + " is " + HexFormat.of().formatHex(key.id)
                    + ". Give the key that this database was used with before: as the setting for the secret key, or "
                    + "by restoring the file secret.key in the data folder. Without it, endpoint secrets are lost. "
                    + "If the key was to be changed, the earlier one is needed too: as secret-key-previous, or in the "
                    + "file " + PREVIOUS + ".");
        }
        try {
            return cipher(Cipher.DECRYPT_MODE, its, sealed, context)
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
     * Keys for something else, 32 bytes each, made from the keys of this box, which they do not give away: that of the
     * present key, and then those of earlier ones that are known.
     *
     * @param label what for; each has its own
     */
    public List<byte[]> derive(String label) {
        List<byte[]> derived = new ArrayList<>();
        derived.add(derive(key, label));
        previous.forEach(each -> derived.add(derive(each, label)));
        return derived;
    }

    private static byte[] derive(Key from, String label) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(from.key.getEncoded(), "HmacSHA256"));
            return mac.doFinal(("posthorn: " + label).getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is missing from this Java", e);
        }
    }

    private @Nullable Key keyOf(byte[] sealed) {
        if (isOf(key, sealed)) {
            return key;
        }
        for (Key each : previous) {
            if (isOf(each, sealed)) {
                return each;
            }
        }
        return null;
    }

    private static boolean isOf(Key key, byte[] sealed) {
        return Arrays.equals(sealed, 1, HEAD, key.id, 0, KEY_ID);
    }

    /** Whether earlier keys are known, so that there may be something to seal anew. */
    public boolean hasPrevious() {
        return !previous.isEmpty();
    }

    /** What everything begins with that the present key seals. */
    byte[] head() {
        byte[] head = new byte[HEAD];
        head[0] = VERSION;
        System.arraycopy(key.id, 0, head, 1, KEY_ID);
        return head;
    }

    private static Cipher cipher(int mode, Key key, byte[] sealed, String context) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key.key, new GCMParameterSpec(TAG * 8, sealed, HEAD, NONCE));
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
        return "SecretBox[key " + HexFormat.of().formatHex(key.id) + " of " + origin + "]";
    }
}
