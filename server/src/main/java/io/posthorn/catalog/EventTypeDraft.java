package io.posthorn.catalog;

import io.posthorn.model.EventContract;
import io.posthorn.model.EventType;
import io.posthorn.model.SchemaMode;
import java.util.List;
import java.util.Map;
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
 * @param promise what it promises besides
 */
public record EventTypeDraft(
        String description,
        boolean archived,
        boolean deprecated,
        @Nullable String groupName,
        @Nullable List<String> featureFlags,
        @Nullable String schemas,
        Promise promise) {

    /**
     * The part of an {@link EventContract} that its owner decides; see there.
     *
     * @param example JSON; null for none
     * @param scopes without repetitions
     * @param sync for synchronous calls only
     * @param schemaMode of the current version's schema
     * @param version the current one; null for the newest
     * @param downgrades JSONata by version
     */
    public record Promise(
            @Nullable String example,
            List<String> scopes,
            boolean sync,
            SchemaMode schemaMode,
            @Nullable String version,
            Map<String, String> downgrades) {
        /** No promises. */
        public static final Promise NONE = new Promise(null, List.of(), false, SchemaMode.OFF, null, Map.of());

        static Promise of(EventContract contract) {
            return new Promise(
                    contract.example(),
                    contract.scopes(),
                    contract.sync(),
                    contract.schemaMode(),
                    contract.version(),
                    contract.downgrades());
        }
    }

    /** A draft that promises nothing. */
    public EventTypeDraft(
            String description,
            boolean archived,
            boolean deprecated,
            @Nullable String groupName,
            @Nullable List<String> featureFlags,
            @Nullable String schemas) {
        this(description, archived, deprecated, groupName, featureFlags, schemas, Promise.NONE);
    }

    /** The part of an event type that its owner decides. */
    public static EventTypeDraft of(EventType type) {
        return new EventTypeDraft(
                type.description(),
                type.archived(),
                type.deprecated(),
                type.groupName(),
                type.featureFlags(),
                type.schemas(),
                Promise.of(type.contract()));
    }

    /** The same, no longer offered. */
    EventTypeDraft withArchived() {
        return new EventTypeDraft(description, true, deprecated, groupName, featureFlags, schemas, promise);
    }

    /** The same with other schemas and another example. */
    EventTypeDraft with(@Nullable String otherSchemas, @Nullable String otherExample) {
        return new EventTypeDraft(
                description,
                archived,
                deprecated,
                groupName,
                featureFlags,
                otherSchemas,
                new Promise(
                        otherExample,
                        promise.scopes(),
                        promise.sync(),
                        promise.schemaMode(),
                        promise.version(),
                        promise.downgrades()));
    }
}
