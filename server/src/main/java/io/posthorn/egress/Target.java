package io.posthorn.egress;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A URL, checked and taken apart once when an endpoint is created or loaded. Immutable, for any event loop. It prints
 * itself without path and query, which may hold secrets.
 */
public final class Target {
    /** The longest URL, characters. */
    public static final int MAX_LENGTH = 2_048;

    private final Origin origin;
    private final String authority;
    private final @Nullable List<InetAddress> literal;
    private final String path;

    Target(Origin origin, String path, @Nullable InetAddress literal) {
        this(origin, literal == null ? null : List.of(literal), path);
    }

    private Target(Origin origin, @Nullable List<InetAddress> literal, String path) {
        this.origin = origin;
        this.authority = origin.authority();
        this.literal = literal;
        this.path = path;
    }

    /**
     * The same with TLS of its own.
     *
     * @throws IllegalArgumentException if it is not https
     */
    public Target with(OwnTls tls) {
        if (!secure()) {
            throw new IllegalArgumentException("TLS of its own needs an https URL");
        }
        return new Target(origin.with(tls), literal, path);
    }

    /**
     * The URL as it is requested, complete.
     *
     * @param other path and query to be used instead; null for its own
     */
    public String url(@Nullable String other) {
        return (secure() ? "https://" : "http://") + authority + (other == null ? path : other);
    }

    /**
     * Reads a URL.
     *
     * @param url as the endpoint's owner wrote it
     * @param policy which URLs and addresses are allowed; an address in the URL is checked here and again when it is
     *     used, the addresses of a name when it is used
     * @return the target, or why it is refused
     */
    public static TargetResult parse(String url, EgressPolicy policy) {
        return TargetParser.parse(url, policy);
    }

    /** The host, ASCII and lower case; an IPv4 address in its usual form, an IPv6 address without brackets. */
    public String host() {
        return origin.host;
    }

    /** 1 to 65,535. */
    public int port() {
        return origin.port;
    }

    /** Whether it is https. */
    public boolean secure() {
        return origin.secure;
    }

    Origin origin() {
        return origin;
    }

    /** The value of the {@code Host} header. */
    String authority() {
        return authority;
    }

    /** The address, if the host is one. */
    @Nullable
    List<InetAddress> literal() {
        return literal;
    }

    /** Path and query; may hold secrets. */
    public String path() {
        return path;
    }

    @Override
    public String toString() {
        return origin.toString();
    }
}
