package io.posthorn.egress;

import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** The certificates that are trusted: those of the Java runtime and those of a file. */
public final class TrustedCas {
    private TrustedCas() {}

    /**
     * Reads the file.
     *
     * @param pem one or more certificates
     * @throws IllegalArgumentException if it cannot be read or has none; the message is for people
     */
    static TrustOptions with(Path pem) {
        return TrustOptions.wrap(factory(pem));
    }

    /**
     * Reads the file.
     *
     * @param pem one or more certificates
     * @throws IllegalArgumentException if it cannot be read or has none; the message is for people
     */
    public static TrustManagerFactory factory(Path pem) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int count = 0;
            for (Certificate certificate : read(pem)) {
                store.setCertificateEntry("extra-" + count++, certificate);
            }
            if (count == 0) {
                throw new IllegalArgumentException("extra-ca: the file " + pem + " has no certificate");
            }
            for (TrustManager manager : factory((KeyStore) null).getTrustManagers()) {
                if (manager instanceof X509TrustManager x509) {
                    for (X509Certificate certificate : x509.getAcceptedIssuers()) {
                        store.setCertificateEntry("runtime-" + count++, certificate);
                    }
                }
            }
            return factory(store);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "extra-ca: the file " + pem + " is not readable as PEM certificates: " + e.getMessage(), e);
        }
    }

    private static Collection<? extends Certificate> read(Path pem) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(pem)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        }
    }

    private static TrustManagerFactory factory(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }
}
