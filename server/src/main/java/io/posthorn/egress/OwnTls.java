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
 * Connections that were made with one serve no request with another ({@link Origin}).
 */
public final class OwnTls {
    private static final char[] PASSWORD = {};

    private final TlsMaterial material;

    private OwnTls(TlsMaterial material) {
        this.material = material;
    }

    /**
     * Reads one.
     *
     * @throws TlsMaterial.Unusable if a part is not what it must be
     */
    public static OwnTls of(TlsIdentity identity) {
        return new OwnTls(TlsMaterial.of(identity));
    }

    /**
     * As options of a connection.
     *
     * @param base what holds beside it
     * @param usual who is trusted by an endpoint that names nobody; null for those of the Java runtime
     */
    ClientSSLOptions options(ClientSSLOptions base, @Nullable TrustManagerFactory usual) {
        ClientSSLOptions options = new ClientSSLOptions(base);
        try {
            PrivateKey key = material.key();
            if (key != null) {
                options.setKeyCertOptions(KeyCertOptions.wrap(keyManager(key)));
            }
            options.setTrustOptions(TrustOptions.wrap(trustManager(usual)));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("what was checked before cannot be used: " + e.getMessage(), e);
        }
        return options;
    }

    private X509KeyManager keyManager(PrivateKey key) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setKeyEntry("client", key, PASSWORD, material.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, PASSWORD);
        for (KeyManager manager : factory.getKeyManagers()) {
            if (manager instanceof X509KeyManager x509) {
                return x509;
            }
        }
        throw new GeneralSecurityException("no key manager for X.509");
    }

    private TrustManager trustManager(@Nullable TrustManagerFactory usual)
            throws GeneralSecurityException, IOException {
        TrustManagerFactory factory = usual;
        List<X509Certificate> authorities = material.authorities();
        if (!authorities.isEmpty() || factory == null) {
            factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore store = null;
            if (!authorities.isEmpty()) {
                store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                int count = 0;
                for (X509Certificate authority : authorities) {
                    store.setCertificateEntry("ca-" + count++, authority);
                }
            }
            factory.init(store);
        }
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager x509) {
                return material.pins().isEmpty() ? x509 : new Pinned(x509, material.pins());
            }
        }
        throw new GeneralSecurityException("no trust manager for X.509");
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
