package io.posthorn.model;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A kind of event that endpoints can subscribe to.
 *
 * @param envNo {@link Environment#no()}
 * @param name dotted, unique in its environment, at most 256 of {@code [a-zA-Z0-9\-_.]}
 * @param description for people
 * @param archived no longer offered; existing subscriptions go on
 * @param deprecated still sent, but not to be subscribed to any more
 * @param groupName the group it is shown under
 * @param featureFlags names of the owner's, without repetitions, for who is shown it; kept and shown. Null for none
 * @param schemas JSON, version to JSON Schema, as it was given
 * @param contract what it promises besides
 * @param createdAt when it was made
 * @param updatedAt when it was last changed
 */
public record EventType(
        int envNo,
        String name,
        String description,
        boolean archived,
        boolean deprecated,
        @Nullable String groupName,
        @Nullable List<String> featureFlags,
        @Nullable String schemas,
        EventContract contract,
        Instant createdAt,
        Instant updatedAt) {}
