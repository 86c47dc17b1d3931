package io.posthorn.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A part of the installation that knows nothing of the others: its own applications, event types and tokens.
 *
 * @param no the number it has in the database, for good
 * @param id {@code env_} and a ULID
 * @param name unique in the installation
 * @param profile the name of the profile of all endpoints that have chosen none; null for {@code standard}
 * @param createdAt to the microsecond
 */
public record Environment(
        int no, String id, String name, @Nullable String profile, Instant createdAt) {
    /** The number of the one that every installation begins with. */
    public static final int DEFAULT_NO = 1;
}
