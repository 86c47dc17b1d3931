package io.posthorn.catalog;

import io.posthorn.model.EventType;
import org.jspecify.annotations.Nullable;

/**
 * What its owner decides about an event type, its name apart. The caller has checked it against {@link Rules}.
 *
 * @param description for people
 * @param archived no longer offered
 * @param deprecated still sent, but not to be subscribed to any more
 * @param groupName the group it is shown under
 * @param schemas JSON, version to JSON Schema
 */
public record EventTypeDraft(
        String description,
        boolean archived,
        boolean deprecated,
        @Nullable String groupName,
        @Nullable String schemas) {

    /** The part of an event type that its owner decides. */
    public static EventTypeDraft of(EventType type) {
        return new EventTypeDraft(
                type.description(), type.archived(), type.deprecated(), type.groupName(), type.schemas());
    }
}
