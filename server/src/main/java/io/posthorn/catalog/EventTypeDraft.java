package io.posthorn.catalog;

import io.posthorn.model.EventType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What its owner decides about an event type, its name apart. The caller has checked it against {@link Rules}.
 *
 * @param description for people
 * @param archived no longer offered
 * @param deprecated still sent, but not to be subscribed to any more
 * @param groupName the group it is shown under
 * @param featureFlags names for who is shown it, without repetitions; null for none
 * @param schemas JSON, version to JSON Schema
 */
public record EventTypeDraft(
        String description,
        boolean archived,
        boolean deprecated,
        @Nullable String groupName,
        @Nullable List<String> featureFlags,
        @Nullable String schemas) {

    /** The part of an event type that its owner decides. */
    public static EventTypeDraft of(EventType type) {
        return new EventTypeDraft(
                type.description(),
                type.archived(),
                type.deprecated(),
                type.groupName(),
                type.featureFlags(),
                type.schemas());
    }

    /** The same, no longer offered. */
    EventTypeDraft withArchived() {
        return new EventTypeDraft(description, true, deprecated, groupName, featureFlags, schemas);
    }
}
