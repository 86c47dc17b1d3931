package io.posthorn.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Leave to use the API. The token itself is not here: it was shown once, and only its hash is kept.
 *
 * @param no the number it has in the database
 * @param id {@code tok_} and a ULID
 * @param name for people and logs
 * @param role what it may do
 * @param envNo the environment it belongs to; {@link #EVERYWHERE} for the whole installation
 * @param appNo the only application it sees; null for all
 * @param rateLimit requests a second; null for none but the server's
 * @param createdAt when it was made
 * @param expiresAt from when on it is not valid any more; null if it does not expire
 */
public record Token(
        int no,
        String id,
        String name,
        Role role,
        int envNo,
        @Nullable Integer appNo,
        @Nullable Integer rateLimit,
        Instant createdAt,
        @Nullable Instant expiresAt) {
    /** In place of the number of an environment: all of them. */
    public static final int EVERYWHERE = 0;
}
