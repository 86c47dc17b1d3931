package io.posthorn.catalog;

import com.github.f4b6a3.ulid.Ulid;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that say which message was sent to which endpoint, and until when that may be looked at. Nothing of them is stored:
 * whoever has one was given it, because nobody else can make one.
 *
 * <pre>
 *   byte    0        1 … 16                                17 … 44
 *           version  first half of HMAC-SHA256 over the    application, endpoint, ULID of the message, end in seconds
 *                    version and what is said              since 1970; encrypted with AES-256-CTR from the HMAC on
 * </pre>
 *
 * <p>All in base64 for URLs, 60 characters. What is said is encrypted so that a token does not tell how many applications and
 * endpoints there are. The keys are made from the installation's secret key: when that is changed, tokens hold as long as the earlier one is known. Safe for any
 * thread.
 */
public final class RecordTokens {
    /** How long a token is, characters. */
    public static final int LENGTH = 60;

    private static final byte VERSION = 1;
    private static final int TAG = 16;
    private static final int ULID = 16;
    private static final int SAID = 2 * Integer.BYTES + ULID + Integer.BYTES;
    private static final String MESSAGE = "msg_";
    private static final int MESSAGE_LENGTH = MESSAGE.length() + 26;
    private static final long LATEST = 0xffff_ffffL;

    /** That of the present key makes tokens; those of earlier ones read what they have made. */
    private final List<Keys> keys;

    /** Made from one secret key. */
    private record Keys(SecretKeySpec signing, SecretKeySpec hiding) {}

    /**
     * What a token says.
     *
     * @param appNo the application
     * @param endpointNo the endpoint
     * @param messageId of the message
     * @param until seconds since 1970
     */
    public record Reference(int appNo, int endpointNo, String messageId, long until) {}

    /** Those of the installation that has this box. */
    public RecordTokens(SecretBox box) {
        List<byte[]> signing = box.derive("record token, signing");
        List<byte[]> hiding = box.derive("record token, hiding");
        List<Keys> all = new ArrayList<>();
        for (int i = 0; i < signing.size(); i++) {
            all.add(new Keys(new SecretKeySpec(signing.get(i), "HmacSHA256"), new SecretKeySpec(hiding.get(i), "AES")));
        }
        this.keys = List.copyOf(all);
    }

    /**
     * Makes one. The same reference always gets the same.
     *
     * @throws IllegalArgumentException if the id is none of a message, or the end is after the year 2105
     */
    public String of(Reference reference) {
        String id = reference.messageId();
        if (id.length() != MESSAGE_LENGTH || !id.startsWith(MESSAGE) || !Ulid.isValid(id.substring(MESSAGE.length()))) {
            throw new IllegalArgumentException("no id of a message: " + id);
        }
        if (reference.until() < 0 || reference.until() > LATEST) {
            throw new IllegalArgumentException("no such end: " + reference.until());
        }
        byte[] said = ByteBuffer.allocate(SAID)
                .putInt(reference.appNo())
                .putInt(reference.endpointNo())
                .put(Ulid.from(id.substring(MESSAGE.length())).toBytes())
                .putInt((int) reference.until())
                .array();
        Keys present = keys.getFirst();
        byte[] tag = tag(present, said);
        byte[] token = ByteBuffer.allocate(1 + TAG + SAID)
                .put(VERSION)
                .put(tag)
                .put(crypt(present, tag, said))
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
    }

    /**
     * Reads one. The time it takes tells nothing about valid ones.
     *
     * @param token as it came
     * @return what it says, be its end past or not; null if it is none of ours
     */
    public @Nullable Reference read(String token) {
        byte[] bytes;
        try {
            bytes = token.length() == LENGTH ? Base64.getUrlDecoder().decode(token) : new byte[0];
        } catch (IllegalArgumentException _) {
            return null;
        }
        if (bytes.length != 1 + TAG + SAID || bytes[0] != VERSION) {
            return null;
        }
        byte[] tag = Arrays.copyOfRange(bytes, 1, 1 + TAG);
        byte[] hidden = Arrays.copyOfRange(bytes, 1 + TAG, bytes.length);
        Reference found = null;
        for (Keys each : keys) {
            byte[] said = crypt(each, tag, hidden);
            if (MessageDigest.isEqual(tag, tag(each, said))) {
                found = reference(said);
            }
        }
        return found;
    }

    private static Reference reference(byte[] said) {
        ByteBuffer reader = ByteBuffer.wrap(said);
        int appNo = reader.getInt();
        int endpointNo = reader.getInt();
        byte[] ulid = new byte[ULID];
        reader.get(ulid);
        return new Reference(
                appNo, endpointNo, MESSAGE + Ulid.from(ulid).toLowerCase(), Integer.toUnsignedLong(reader.getInt()));
    }

    private static byte[] tag(Keys keys, byte[] said) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(keys.signing);
            mac.update(VERSION);
            return Arrays.copyOf(mac.doFinal(said), TAG);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is missing from this Java", e);
        }
    }

    /** Encrypts, and decrypts. */
    private static byte[] crypt(Keys keys, byte[] tag, byte[] bytes) {
        try {
            Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, keys.hiding, new IvParameterSpec(tag));
            return cipher.doFinal(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-CTR is missing from this Java", e);
        }
    }
}
