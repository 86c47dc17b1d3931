package io.posthorn.api;

import java.time.Duration;

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
        Duration secretOverlap) {

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
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, is " + value);
        }
    }

    /** 1 MiB bodies in 30 s, 10,000 connections, 256 requests at work, 75 s idle, secrets overlap for a day. */
    public static ApiSettings of(String host, int port, int instances) {
        return new ApiSettings(host, port, instances, 1 << 20, 30, 10_000, 256, 75, Duration.ofDays(1));
    }
}
