package io.posthorn.egress;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the room.
 *
 * @param allowHttp the development switch: {@code http://} and tunnel services are accepted
 * @param allowNetworks networks whose addresses may be reached though they are not public, such as {@code 127.0.0.0/8}
 * @param connectTimeout for the TCP connection to one address, and again for the TLS handshake; 1 ms to 1 min
 * @param idleTimeout how long a connection is kept after a response, at least 1 s
 * @param maxIdle most connections kept idle on each event loop; the one idle longest goes first
 * @param keptResponseBytes how much of a response's body is kept, bytes
 * @param maxResponseBytes how much of a response's body is read before the connection is closed, bytes; the response
 *     counts all the same
 * @param userAgent the {@code User-Agent} header
 * @param extraCa a PEM file with certificates that are trusted beside those of the Java runtime
 * @param dnsCache how long the addresses of a name are remembered; that it has none, for a sixth of it
 */
public record EgressSettings(
        boolean allowHttp,
        List<String> allowNetworks,
        Duration connectTimeout,
        Duration idleTimeout,
        int maxIdle,
        int keptResponseBytes,
        int maxResponseBytes,
        String userAgent,
        @Nullable Path extraCa,
        Duration dnsCache) {

    /** Checks the bounds. */
    public EgressSettings {
        allowNetworks = List.copyOf(allowNetworks);
        within("connectTimeout", connectTimeout.toMillis(), 1, 60_000);
        within("idleTimeout", idleTimeout.toMillis(), 1_000, 3_600_000);
        within("maxIdle", maxIdle, 0, 100_000);
        within("keptResponseBytes", keptResponseBytes, 0, 1 << 20);
        within("maxResponseBytes", maxResponseBytes, keptResponseBytes, 1 << 30);
        within("dnsCache", dnsCache.toMillis(), 0, 86_400_000);
    }

    /**
     * What holds unless something else is configured: public https only, 5 s to connect, 30 s and 1,000 connections
     * idle, 16 KiB of a response kept and 1 MiB read, names remembered for 30 s.
     *
     * @param userAgent product and version
     */
    public static EgressSettings standard(String userAgent) {
        return new EgressSettings(
                false,
                List.of(),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                1_000,
                16 << 10,
                1 << 20,
                userAgent,
                null,
                Duration.ofSeconds(30));
    }

    /**
     * The policy that follows from them.
     *
     * @throws IllegalArgumentException if one of the networks is none; the message is for people
     */
    public EgressPolicy policy() {
        return new EgressPolicy(allowHttp, allowNetworks);
    }

    private static void within(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + " is " + value + "; it must be from " + least + " to " + most + " (milliseconds or bytes)");
        }
    }
}
