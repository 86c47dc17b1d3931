package io.posthorn.model;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A {@link TlsIdentity} that was read and checked. It prints itself without its key.
 *
 * @param identity what it was read from
 * @param chain the client's certificate, and those of its issuers behind it; empty for none
 * @param key of the first of them; null without
 * @param authorities that are trusted and no others; empty for the usual ones
 * @param pins SHA-256 of public keys, one of which has to be the server's; empty for any
 */
public record TlsMaterial(
        TlsIdentity identity,
        List<X509Certificate> chain,
        @Nullable PrivateKey key,
        List<X509Certificate> authorities,
        List<byte[]> pins) {
    /** Characters of PEM in one member. */
    public static final int LONGEST_PEM = 64 << 10;
    /** Pinned keys. */
    public static final int MOST_PINS = 10;
    /** Bits of an RSA key. What is longer makes each handshake, and the checks before it, cost seconds. */
    public static final int LONGEST_RSA = 4_096;

    private static final int MOST_CERTIFICATES = 20;
    private static final int PIN_BYTES = 32;
    private static final Map<String, String> SIGNATURES =
            Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");
    private static final Pattern KEY =
            Pattern.compile("\\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----\\s*");

    /** It cannot be used. The message is a rule for people and does not have the key in it. */
    public static final class Unusable extends IllegalArgumentException {
        private static final long serialVersionUID = 1;
        private final String member;

        Unusable(String member, String rule) {
            super(rule);
            this.member = member;
        }

        /** Which member of {@link TlsIdentity} breaks the rule. */
        public String member() {
            return member;
        }

        /** The rule, such as {@code must be …}. */
        public String rule() {
            return String.valueOf(getMessage());
        }
    }

    /**
     * Reads one that was {@link #given} before. Nothing is signed or verified for that.
     *
     * @throws Unusable if a part is not what it must be
     */
    public static TlsMaterial of(TlsIdentity identity) {
        List<X509Certificate> chain = bounded("certificate", identity.certificate());
        PrivateKey key = null;
        String keyText = identity.key();
        if (!chain.isEmpty()) {
            if (keyText == null) {
                throw new Unusable("key", "must be given with a certificate");
            }
            checkOrder(chain);
            key = key(keyText, chain.getFirst().getPublicKey());
        } else if (keyText != null) {
            throw new Unusable("certificate", "must be given with a key");
        }
        return new TlsMaterial(
                identity,
                chain,
                key,
                bounded("ca", identity.ca()),
                identity.pins().size() > MOST_PINS ? tooManyPins() : pins(identity.pins()));
    }

    /**
     * Reads one that somebody gives, and checks what need not be checked again later: whether the certificate's signatures
     * and key are right, and whether it has expired. That it has expired since is found out when a server refuses it, and
     * no reason not to load the endpoint.
     *
     * @throws Unusable if a part is not what it must be
     */
    public static TlsMaterial given(TlsIdentity identity, Instant now) {
        TlsMaterial material = of(identity);
        PrivateKey key = material.key;
        if (key != null) {
            X509Certificate client = material.chain.getFirst();
            if (!belongs(key, client.getPublicKey())) {
                throw anothersKey();
            }
            checkSignatures(material.chain);
            Instant end = client.getNotAfter().toInstant();
            if (now.isAfter(end)) {
                throw new Unusable("certificate", "must not have expired; this one did " + end);
            }
        }
        return material;
    }

    /**
     * The certificates in a text that was found good, to be looked at.
     *
     * @param pem null for none
     * @throws Unusable if it is no such text
     */
    public static List<X509Certificate> certificates(@Nullable String pem) {
        return certificates("certificate", pem);
    }

    /** The hash of a server's key as pins have it. */
    public static byte[] pin(X509Certificate certificate) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(certificate.getPublicKey().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    private static List<X509Certificate> certificates(String member, @Nullable String pem) {
        if (pem == null) {
            return List.of();
        }
        String rule = "must be one or more certificates in PEM (-----BEGIN CERTIFICATE-----), and no more than "
                + LONGEST_PEM + " characters";
        if (pem.length() > LONGEST_PEM || !pem.contains("-----BEGIN CERTIFICATE-----")) {
            throw new Unusable(member, rule);
        }
        List<X509Certificate> all = new ArrayList<>();
        try {
            for (var each : CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))) {
                all.add((X509Certificate) each);
            }
        } catch (CertificateException e) {
            Unusable unusable = new Unusable(member, rule);
            unusable.initCause(e);
            throw unusable;
        }
        if (all.isEmpty() || all.size() > MOST_CERTIFICATES) {
            throw new Unusable(member, "must be 1 to " + MOST_CERTIFICATES + " certificates in PEM");
        }
        return List.copyOf(all);
    }

    private static List<X509Certificate> bounded(String member, @Nullable String pem) {
        List<X509Certificate> all = certificates(member, pem);
        for (X509Certificate each : all) {
            switch (each.getPublicKey()) {
                case RSAKey rsa -> {
                    int bits = rsa.getModulus().bitLength();
                    if (bits > LONGEST_RSA) {
                        throw new Unusable(
                                member,
                                "must have no RSA key of more than " + LONGEST_RSA + " bits; this one has " + bits);
                    }
                }
                case ECKey _, EdECKey _ -> {}
                // others cost as much as their author likes: DSA has no bound in Java
                default -> throw new Unusable(member, "must be for a key of RSA, EC or Ed25519");
            }
        }
        return all;
    }

    /** What Java makes of a chain when it is used, it does not make of one in another order. */
    private static void checkOrder(List<X509Certificate> chain) {
        if (new HashSet<>(chain).size() < chain.size()) {
            throw new Unusable("certificate", "must have each certificate once");
        }
        for (int i = 1; i < chain.size(); i++) {
            Object issuer = chain.get(i - 1).getIssuerX500Principal();
            if (!issuer.equals(chain.get(i).getSubjectX500Principal())) {
                throw outOfOrder(i);
            }
        }
    }

    private static void checkSignatures(List<X509Certificate> chain) {
        for (int i = 1; i < chain.size(); i++) {
            try {
                chain.get(i - 1).verify(chain.get(i).getPublicKey());
            } catch (GeneralSecurityException e) {
                Unusable unusable = outOfOrder(i);
                unusable.initCause(e);
                throw unusable;
            }
        }
    }

    private static Unusable outOfOrder(int at) {
        return new Unusable(
                "certificate",
                "must have behind each certificate that of its issuer; the one in place " + (at + 1)
                        + " has not issued the one before it");
    }

    private static Unusable anothersKey() {
        return new Unusable("key", "must be the private key of the first certificate, and is another one's");
    }

    private static PrivateKey key(String pem, PublicKey of) {
        if (!SIGNATURES.containsKey(of.getAlgorithm())) {
            throw new Unusable("certificate", "must be for a key of RSA, EC or Ed25519");
        }
        Matcher matcher = KEY.matcher(pem);
        if (pem.length() > LONGEST_PEM || !matcher.matches()) {
            throw new Unusable(
                    "key",
                    "must be a private key in PEM, PKCS#8 and not encrypted (-----BEGIN PRIVATE KEY-----); another form"
                            + " becomes that with `openssl pkcs8 -topk8 -nocrypt`");
        }
        PrivateKey key;
        try {
            byte[] encoded = Base64.getMimeDecoder().decode(matcher.group(1));
            key = KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // not the cause: it may have parts of the key in it
            throw new Unusable(
                    "key", "must be a private key of the kind that the certificate is for (" + of.getAlgorithm() + ")");
        }
        if (of instanceof RSAKey rsa && !isOf(rsa.getModulus(), key)) {
            throw anothersKey();
        }
        return key;
    }

    /** Before anything is signed: the numbers in an RSA key may be of any length, whatever its certificate's are. */
    private static boolean isOf(BigInteger modulus, PrivateKey key) {
        return key instanceof RSAPrivateKey rsa
                && rsa.getModulus().equals(modulus)
                && fits(rsa.getPrivateExponent())
                && (!(key instanceof RSAPrivateCrtKey crt)
                        || (fits(crt.getPrimeP())
                                && fits(crt.getPrimeQ())
                                && fits(crt.getPrimeExponentP())
                                && fits(crt.getPrimeExponentQ())
                                && fits(crt.getCrtCoefficient())
                                && fits(crt.getPublicExponent())));
    }

    private static boolean fits(BigInteger number) {
        return number.bitLength() <= LONGEST_RSA;
    }

    private static boolean belongs(PrivateKey key, PublicKey of) {
        try {
            byte[] probe = {'p', 'r', 'o', 'b', 'e'};
            Signature signature = Signature.getInstance(SIGNATURES.get(of.getAlgorithm()));
            signature.initSign(key);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(of);
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException | ProviderException | ArithmeticException e) {
            return false; // numbers that are no key
        }
    }

    private static List<byte[]> pins(List<String> texts) {
        List<byte[]> pins = new ArrayList<>();
        for (String text : texts) {
            byte[] pin;
            try {
                pin = Base64.getDecoder().decode(text);
            } catch (IllegalArgumentException e) {
                pin = new byte[0];
            }
            if (pin.length != PIN_BYTES) {
                throw new Unusable(
                        "pins", "must each be the base64 of a SHA-256 (44 characters), of the public key (SPKI)");
            }
            pins.add(pin);
        }
        return List.copyOf(pins);
    }

    private static List<byte[]> tooManyPins() {
        throw new Unusable("pins", "must be at most " + MOST_PINS);
    }

    @Override
    public String toString() {
        return "TlsMaterial[***]";
    }
}
