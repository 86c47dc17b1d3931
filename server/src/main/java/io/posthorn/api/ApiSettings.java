package io.posthorn.api;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where the API listens, and its bounds.
 *
 * @param host address to listen on, such as {@code 0.0.0.0}
 * @param port 0 for any free one
 * @param instances servers that share the port, one for each event loop to be used; at least 1
 * @param maxBodyBytes most bytes in a request's body; beyond, 413
 * @param bodySeconds how long a body may take to arrive; beyond, 408
 * @param maxConnections open connections; those beyond are closed at once
 * @param maxBlocking requests that are being worked on outside the hot path; beyond, 503 with Retry-After
 * @param idleSeconds after which a connection without traffic is closed
 * @param secretOverlap how long a signing secret goes on after a rotation that does not say it
 * @param tokenRateLimit requests a second with a token that has no limit of its own; 0 for any number
 * @param ceilings what owners of endpoints may decide at most
 * @param publicUrl where people reach this server, without a slash at its end; null for its own address
 */
public record ApiSettings(
        String host,
        int port,
        int instances,
        int maxBodyBytes,
        int bodySeconds,
        int maxConnections,
        int maxBlocking,
        int idleSeconds,
        Duration secretOverlap,
        int tokenRateLimit,
        DeliveryCeilings ceilings,
        @Nullable String publicUrl) {

    /** Checks that the bounds are bounds. */
    public ApiSettings {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535, is " + port);
        }
        atLeastOne("instances", instances);
        atLeastOne("maxBodyBytes", maxBodyBytes);
        atLeastOne("bodySeconds", bodySeconds);
        atLeastOne("maxConnections", maxConnections);
        atLeastOne("maxBlocking", maxBlocking);
        atLeastOne("idleSeconds", idleSeconds);
        if (tokenRateLimit < 0) {
            throw new IllegalArgumentException("tokenRateLimit must be at least 0, is " + tokenRateLimit);
        }
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, is " + value);
        }
    }

    /**
     * 1 MiB bodies in 30 s, 10,000 connections, 256 requests at work, 75 s idle, secrets overlap for a day, tokens without
     * limit, attempts of 15 s, 50 at a time to one endpoint.
     */
    public static ApiSettings of(String host, int port, int instances) {
        DeliveryCeilings ceilings = new DeliveryCeilings(Duration.ofSeconds(15), 50);
        return new ApiSettings(
                host, port, instances, 1 << 20, 30, 10_000, 256, 75, Duration.ofDays(1), 0, ceilings, null);
    }
}
