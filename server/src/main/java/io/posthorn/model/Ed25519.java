package io.posthorn.model;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;

/**
 * Keys of RFC 8032 as bytes. Java can make pairs, but does not tell the public key that belongs to a private one, so
 * that is computed here: the hash of the seed times the base point. It is done when a secret is given or made, not when
 * something is signed, so it may take a millisecond, and BigInteger will do.
 */
public final class Ed25519 {
    /** Bytes of a seed, and of a public key. */
    public static final int LENGTH = 32;

    private static final String NAME = "Ed25519";
    private static final BigInteger P = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));
    private static final BigInteger D = BigInteger.valueOf(-121_665)
            .multiply(BigInteger.valueOf(121_666).modInverse(P))
            .mod(P);
    private static final Point BASE = new Point(
            new BigInteger("15112221349535400772501151409588531511454012693041857206046113283949847762202"),
            new BigInteger("46316835694926478169428394003475163141307993866256225615783033603165251855960"),
            BigInteger.ONE);

    private Ed25519() {}

    /** In projective coordinates: x/z and y/z. */
    private record Point(BigInteger x, BigInteger y, BigInteger z) {
        static final Point NEUTRAL = new Point(BigInteger.ZERO, BigInteger.ONE, BigInteger.ONE);

        /** The formula holds for all points of this curve, equal ones too. */
        Point plus(Point other) {
            BigInteger a = z.multiply(other.z).mod(P);
            BigInteger b = a.multiply(a).mod(P);
            BigInteger c = x.multiply(other.x).mod(P);
            BigInteger d = y.multiply(other.y).mod(P);
            BigInteger e = D.multiply(c).multiply(d).mod(P);
            BigInteger f = b.subtract(e);
            BigInteger g = b.add(e);
            BigInteger sums =
                    x.add(y).multiply(other.x.add(other.y)).subtract(c).subtract(d);
            return new Point(
                    a.multiply(f).multiply(sums).mod(P),
                    a.multiply(g).multiply(d.add(c)).mod(P),
                    f.multiply(g).mod(P));
        }

        byte[] encoded() {
            BigInteger inverse = z.modInverse(P);
            byte[] bytes = littleEndian(y.multiply(inverse).mod(P));
            if (x.multiply(inverse).mod(P).testBit(0)) {
                bytes[LENGTH - 1] |= (byte) 0x80;
            }
            return bytes;
        }
    }

    /**
     * The public key of a seed.
     *
     * @param seed {@link #LENGTH} bytes
     */
    public static byte[] publicOf(byte[] seed) {
        byte[] hash = sha512(seed);
        hash[0] &= (byte) 0xf8;
        hash[LENGTH - 1] = (byte) ((hash[LENGTH - 1] & 0x7f) | 0x40);
        Point product = Point.NEUTRAL;
        // As many additions for any seed: each bit costs two.
        Point spare = Point.NEUTRAL;
        for (int bit = 8 * LENGTH - 1; bit >= 0; bit--) {
            product = product.plus(product);
            if (((hash[bit / 8] >> (bit % 8)) & 1) == 1) {
                product = product.plus(BASE);
            } else {
                spare = spare.plus(BASE);
            }
        }
        return product.encoded();
    }

    /**
     * A private key to sign with.
     *
     * @param seed {@link #LENGTH} bytes
     */
    public static PrivateKey privateKey(byte[] seed) {
        try {
            return KeyFactory.getInstance(NAME)
                    .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has " + NAME, e);
        }
    }

    /**
     * A public key to verify with.
     *
     * @param encoded {@link #LENGTH} bytes
     * @throws IllegalArgumentException if they are no point of the curve
     */
    public static PublicKey publicKey(byte[] encoded) {
        byte[] big = reversed(encoded);
        boolean odd = (big[0] & 0x80) != 0;
        big[0] &= 0x7f;
        try {
            return KeyFactory.getInstance(NAME)
                    .generatePublic(new EdECPublicKeySpec(
                            NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, big))));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("these bytes are no public key of Ed25519", e);
        }
    }

    private static byte[] littleEndian(BigInteger number) {
        byte[] big = number.toByteArray();
        byte[] little = new byte[LENGTH];
        for (int i = 0; i < Math.min(LENGTH, big.length); i++) {
            little[i] = big[big.length - 1 - i];
        }
        return little;
    }

    private static byte[] reversed(byte[] bytes) {
        byte[] other = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            other[i] = bytes[bytes.length - 1 - i];
        }
        return other;
    }

    private static byte[] sha512(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-512").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has SHA-512", e);
        }
    }
}
