package io.posthorn.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What can be changed about a token. Its role and what it reaches are for good.
 *
 * @param name for people and logs
 * @param rateLimit requests a second; null for none but the server's
 * @param expiresAt from when on it is not valid any more; null if it does not expire
 */
public record TokenPatch(
        String name, @Nullable Integer rateLimit, @Nullable Instant expiresAt) {
    /** As it is. */
    public static TokenPatch of(Token token) {
        return new TokenPatch(token.name(), token.rateLimit(), token.expiresAt());
    }
}
