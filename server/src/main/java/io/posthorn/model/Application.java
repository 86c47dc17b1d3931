package io.posthorn.model;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A customer of the installation's owner: messages are sent to an application, its endpoints receive them.
 *
 * @param no the number it has in the database, for good
 * @param envNo {@link Environment#no()}
 * @param id {@code app_} and a ULID
 * @param uid the owner's own id for it, unique in its environment
 * @param name for people
 * @param metadata free-form, of the owner
 * @param rateLimit messages a second that it gets at most, whoever sends them; null for any number
 * @param paused nothing is sent to its endpoints while it is; what is accepted meanwhile waits
 * @param endpointLimit most endpoints that are not disabled; null for as many as the configuration says
 * @param scopes what it may be told of, without repetitions; null for everything
 * @param createdAt to the microsecond, as all times
 * @param updatedAt when it was last changed
 */
public record Application(
        int no,
        int envNo,
        String id,
        @Nullable String uid,
        String name,
        Map<String, String> metadata,
        @Nullable Integer rateLimit,
        boolean paused,
        @Nullable Integer endpointLimit,
        @Nullable List<String> scopes,
        Instant createdAt,
        Instant updatedAt) {

    /** One that may be told of everything. */
    public Application(
            int no,
            int envNo,
            String id,
            @Nullable String uid,
            String name,
            Map<String, String> metadata,
            @Nullable Integer rateLimit,
            boolean paused,
            @Nullable Integer endpointLimit,
            Instant createdAt,
            Instant updatedAt) {
        this(no, envNo, id, uid, name, metadata, rateLimit, paused, endpointLimit, null, createdAt, updatedAt);
    }

    /** The shard that its messages belong to, for good: 0 to {@link Shards#COUNT} − 1. */
    public int shard() {
        return Shards.of(no);
    }
}
