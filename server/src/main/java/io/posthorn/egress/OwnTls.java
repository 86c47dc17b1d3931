package io.posthorn.egress;

import io.posthorn.model.TlsIdentity;
import io.posthorn.model.TlsMaterial;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The TLS of one endpoint: what it shows of itself, and whom it trusts. Immutable; two are equal if they say the same.
 * Connections that were made with one serve no request with another ({@link Origin}). To read one takes milliseconds and
 * more, which no event loop has; to use it takes none.
 */
public final class OwnTls {
    private static final char[] PASSWORD = {};

    private final TlsMaterial material;
    private final @Nullable X509KeyManager keys;
    /** Of its own authorities; null without. */
    private final @Nullable X509ExtendedTrustManager trust;

    private OwnTls(TlsMaterial material) throws GeneralSecurityException, IOException {
        this.material = material;
        PrivateKey key = material.key();
        this.keys = key == null ? null : keyManager(key, material.chain());
        List<X509Certificate> authorities = material.authorities();
        this.trust = authorities.isEmpty() ? null : trustManager(authorities);
        if (authorities.isEmpty()) {
            Objects.requireNonNull(OfJava.TRUST, "read now, so that no event loop has to");
        }
    }

    /**
     * Reads one. Not on an event loop.
     *
     * @throws TlsMaterial.Unusable if a part is not what it must be
     * @throws IllegalArgumentException if Java cannot use it; the message is for people
     */
    public static OwnTls of(TlsIdentity identity) {
        TlsMaterial material = TlsMaterial.of(identity);
        try {
            return new OwnTls(material);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("the certificates cannot be used: " + e.getMessage(), e);
        }
    }

    /** Whom the Java runtime trusts. */
    private static final class OfJava {
        static final X509ExtendedTrustManager TRUST = read();

        private static X509ExtendedTrustManager read() {
            try {
                TrustManagerFactory factory =
                        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
                factory.init((KeyStore) null);
                return x509(factory);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the Java runtime's trusted certificates cannot be read", e);
            }
        }
    }

    /**
     * As options of a connection.
     *
     * @param base what holds beside it
     * @param usual who is trusted by an endpoint that names nobody; null for those of the Java runtime
     */
    ClientSSLOptions options(ClientSSLOptions base, @Nullable TrustManagerFactory usual) {
        ClientSSLOptions options = new ClientSSLOptions(base);
        if (keys != null) {
            options.setKeyCertOptions(KeyCertOptions.wrap(keys));
        }
        X509ExtendedTrustManager trusted = trust;
        if (trusted == null) {
            trusted = usual == null ? OfJava.TRUST : x509(usual);
        }
        List<byte[]> pins = material.pins();
        return options.setTrustOptions(TrustOptions.wrap(pins.isEmpty() ? trusted : new Pinned(trusted, pins)));
    }

    private static X509KeyManager keyManager(PrivateKey key, List<X509Certificate> chain)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setKeyEntry("client", key, PASSWORD, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, PASSWORD);
        for (KeyManager manager : factory.getKeyManagers()) {
            if (manager instanceof X509KeyManager x509) {
                return x509;
            }
        }
        throw new GeneralSecurityException("no key manager for X.509");
    }

    private static X509ExtendedTrustManager trustManager(List<X509Certificate> authorities)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int count = 0;
        for (X509Certificate authority : authorities) {
            store.setCertificateEntry("ca-" + count++, authority);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return x509(factory);
    }

    private static X509ExtendedTrustManager x509(TrustManagerFactory factory) {
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager x509) {
                return x509;
            }
        }
        throw new IllegalStateException("no trust manager for X.509");
    }

    /** Trusts whom another trusts, if the key is one of a few. */
    private static final class Pinned extends X509ExtendedTrustManager {
        private final X509ExtendedTrustManager other;
        private final List<byte[]> pins;

        Pinned(X509ExtendedTrustManager other, List<byte[]> pins) {
            this.other = other;
            this.pins = pins;
        }

        private void pinned(X509Certificate[] chain) throws CertificateException {
            byte[] key = TlsMaterial.pin(chain[0]);
            boolean found = false;
            for (byte[] pin : pins) {
                found |= MessageDigest.isEqual(pin, key);
            }
            if (!found) {
                throw new CertificateException("its public key is not among those pinned for the endpoint");
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            other.checkServerTrusted(chain, authType, engine);
            pinned(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            other.checkServerTrusted(chain, authType, socket);
            pinned(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("the server is checked with its connection or not at all");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("here are no clients");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            throw new CertificateException("here are no clients");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("here are no clients");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return other.getAcceptedIssuers();
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OwnTls that && material.identity().equals(that.material.identity());
    }

    @Override
    public int hashCode() {
        return material.identity().hashCode();
    }

    @Override
    public String toString() {
        return "OwnTls[***]";
    }
}
