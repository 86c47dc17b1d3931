package io.posthorn.egress;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Scheme, host and port, and the TLS of one endpoint if it has its own: what a connection belongs to. The hash is kept,
 * because it is looked up for each request.
 */
final class Origin {
    final boolean secure;
    final String host;
    final int port;
    /** Null for everybody's. */
    final @Nullable OwnTls tls;

    private final int hash;

    Origin(boolean secure, String host, int port) {
        this(secure, host, port, null);
    }

    private Origin(boolean secure, String host, int port, @Nullable OwnTls tls) {
        this.tls = tls;
        this.secure = secure;
        this.host = host;
        this.port = port;
        this.hash = (host.hashCode() * 31 + port) * 2 + (secure ? 1 : 0) + (tls == null ? 0 : tls.hashCode());
    }

    Origin with(OwnTls own) {
        return new Origin(secure, host, port, own);
    }

    /** The value of the {@code Host} header: an IPv6 address in brackets, no port if it is the usual one. */
    String authority() {
        String name = host.indexOf(':') < 0 ? host : '[' + host + ']';
        return port == (secure ? 443 : 80) ? name : name + ':' + port;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Origin that
                && hash == that.hash
                && secure == that.secure
                && port == that.port
                && host.equals(that.host)
                && Objects.equals(tls, that.tls);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority();
    }
}
