package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.model.EventContract;
import io.posthorn.model.EventType;
import io.posthorn.model.SchemaMode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes event types as a document that {@link CatalogueDocument} reads, and other tools too. */
final class CatalogueExport {
    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;
    private static final String TITLE = "Event types";
    private static final String JSON = "application/json";

    private CatalogueExport() {}

    /** Which document. */
    enum Format {
        /** Ours, with all there is. */
        YAML,
        /** OpenAPI 3.1, with webhooks. */
        OPENAPI,
        /** AsyncAPI 3. */
        ASYNCAPI
    }

    static JsonNode of(Format format, List<EventType> types) {
        return switch (format) {
            case YAML -> own(types);
            case OPENAPI -> openApi(types);
            case ASYNCAPI -> asyncApi(types);
        };
    }

    // ---- ours

    private static ObjectNode own(List<EventType> types) {
        ObjectNode document = MAKE.objectNode();
        for (EventType type : types) {
            ObjectNode entry = document.withArray("eventTypes").addObject();
            entry.put("name", type.name());
            entry.put("description", type.description());
            if (type.deprecated()) {
                entry.put("deprecated", true);
            }
            promises(entry, type, type.schemas() == null ? null : CatalogueEntry.tree(type.schemas()));
            JsonNode example = example(type);
            if (example != null) {
                entry.set("example", example);
            }
        }
        if (types.isEmpty()) {
            document.putArray("eventTypes");
        }
        return document;
    }

    /** What says something beside name, description and deprecation. */
    private static void promises(ObjectNode to, EventType type, @Nullable ObjectNode schemas) {
        EventContract contract = type.contract();
        if (type.groupName() != null) {
            to.put("groupName", type.groupName());
        }
        if (type.archived()) {
            to.put("archived", true);
        }
        if (type.featureFlags() != null) {
            type.featureFlags().forEach(to.putArray("featureFlags")::add);
        }
        if (!contract.scopes().isEmpty()) {
            contract.scopes().forEach(to.putArray("scopes")::add);
        }
        if (contract.sync()) {
            to.put("sync", true);
        }
        if (contract.schemaMode() != SchemaMode.OFF) {
            to.put("schemaMode", EventTypeRoutes.word(contract.schemaMode()));
        }
        if (contract.version() != null) {
            to.put("version", contract.version());
        }
        if (schemas != null && !schemas.isEmpty()) {
            to.set("schemas", schemas);
        }
        if (!contract.downgrades().isEmpty()) {
            contract.downgrades().forEach(to.putObject("downgrades")::put);
        }
    }

    private static @Nullable JsonNode example(EventType type) {
        String example = type.contract().example();
        return example != null
                        && Json.parse(example.getBytes(StandardCharsets.UTF_8))
                                instanceof Json.Parsed.Value(JsonNode node)
                ? node
                : null;
    }

    /**
     * What the other formats have no words for; null if that is nothing. Of which version their one schema is, is among
     * it, so that it is read back under the same.
     */
    private static @Nullable ObjectNode extension(EventType type) {
        String current = type.contract().current();
        ObjectNode others = type.schemas() == null ? null : CatalogueEntry.tree(type.schemas());
        boolean versioned = others != null && others.size() > 1;
        if (others != null && current != null) {
            others.remove(current);
        }
        ObjectNode extension = MAKE.objectNode();
        promises(extension, type, others);
        if (current != null && type.contract().version() == null && (versioned || !current.equals("1"))) {
            extension.put("schemaVersion", current);
        }
        return extension.isEmpty() ? null : extension;
    }

    /** The schema of the current version, put among the shared ones; null if there is none. */
    private static @Nullable ObjectNode reference(EventType type, ObjectNode shared) {
        String current = type.contract().current();
        JsonNode schema = type.schemas() == null || current == null
                ? MAKE.missingNode()
                : CatalogueEntry.tree(type.schemas()).path(current);
        if (schema.isMissingNode()) {
            return null;
        }
        shared.set(type.name(), SchemaParts.outward(schema, type.name()));
        return MAKE.objectNode().put("$ref", "#/components/schemas/" + type.name());
    }

    // ---- OpenAPI

    private static ObjectNode openApi(List<EventType> types) {
        ObjectNode document = MAKE.objectNode();
        document.put("openapi", "3.1.0");
        document.putObject("info").put("title", TITLE).put("version", "1");
        ObjectNode webhooks = document.putObject("webhooks");
        ObjectNode shared = MAKE.objectNode();
        for (EventType type : types) {
            ObjectNode operation = webhooks.putObject(type.name()).putObject("post");
            operation.put("operationId", type.name());
            operation.put("description", type.description());
            if (type.groupName() != null) {
                operation.putArray("tags").add(type.groupName());
            }
            if (type.deprecated()) {
                operation.put("deprecated", true);
            }
            ObjectNode media = operation
                    .putObject("requestBody")
                    .put("required", true)
                    .putObject("content")
                    .putObject(JSON);
            ObjectNode schema = reference(type, shared);
            if (schema != null) {
                media.set("schema", schema);
            }
            JsonNode example = example(type);
            if (example != null) {
                media.set("example", example);
            }
            operation.putObject("responses").putObject("2XX").put("description", "It has arrived.");
            extend(operation, type);
        }
        return with(document, shared);
    }

    // ---- AsyncAPI

    private static ObjectNode asyncApi(List<EventType> types) {
        ObjectNode document = MAKE.objectNode();
        document.put("asyncapi", "3.0.0");
        document.putObject("info").put("title", TITLE).put("version", "1");
        ObjectNode channels = document.putObject("channels");
        ObjectNode operations = document.putObject("operations");
        ObjectNode shared = MAKE.objectNode();
        for (EventType type : types) {
            ObjectNode message = channels.putObject(type.name())
                    .put("address", type.name())
                    .putObject("messages")
                    .putObject(type.name());
            message.put("name", type.name());
            message.put("description", type.description());
            message.put("contentType", JSON);
            if (type.groupName() != null) {
                message.putArray("tags").addObject().put("name", type.groupName());
            }
            ObjectNode schema = reference(type, shared);
            if (schema != null) {
                message.set("payload", schema);
            }
            JsonNode example = example(type);
            if (example != null) {
                message.putArray("examples").addObject().set("payload", example);
            }
            extend(message, type);
            if (type.deprecated()) {
                message.withObject("/" + CatalogueDocument.EXTENSION).put("deprecated", true);
            }
            ObjectNode operation = operations.putObject(type.name()).put("action", "send");
            operation.putObject("channel").put("$ref", "#/channels/" + type.name());
            operation
                    .putArray("messages")
                    .addObject()
                    .put("$ref", "#/channels/" + type.name() + "/messages/" + type.name());
        }
        return with(document, shared);
    }

    private static void extend(ObjectNode to, EventType type) {
        ObjectNode extension = extension(type);
        if (extension != null) {
            to.set(CatalogueDocument.EXTENSION, extension);
        }
    }

    private static ObjectNode with(ObjectNode document, ObjectNode shared) {
        if (!shared.isEmpty()) {
            document.putObject("components").set("schemas", shared);
        }
        return document;
    }
}
