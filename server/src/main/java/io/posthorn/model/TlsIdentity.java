package io.posthorn.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is particular to the TLS connections to one endpoint.
 *
 * @param certificate of the client, PEM, with those of its issuers behind it; null for none
 * @param key of the certificate, PEM, PKCS#8, secret; null without a certificate
 * @param ca certificates of authorities that are trusted here and nowhere else, PEM; null for the usual ones
 * @param pins base64 of the SHA-256 of public keys (SPKI, RFC 7469): one of them has to be the server's; empty for any
 */
public record TlsIdentity(
        @Nullable String certificate,
        @Nullable String key,
        @Nullable String ca,
        List<String> pins) {
    @Override
    public String toString() {
        return "TlsIdentity[***]";
    }
}
