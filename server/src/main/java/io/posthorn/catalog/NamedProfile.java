package io.posthorn.catalog;

import io.posthorn.model.DeliveryPolicy;
import io.posthorn.wire.Profile;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A profile that can be chosen by its name.
 *
 * @param name of it
 * @param builtin whether every installation has it; it cannot be changed then
 * @param source YAML
 * @param profile the same, read
 * @param base what the deliveries of its endpoints are like where their owners have decided nothing
 * @param createdAt when it was made; null for a built-in one
 * @param updatedAt when it was last changed; null for a built-in one
 */
public record NamedProfile(
        String name,
        boolean builtin,
        String source,
        Profile profile,
        DeliveryPolicy base,
        @Nullable Instant createdAt,
        @Nullable Instant updatedAt) {}
