package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.catalog.Versions;
import io.posthorn.model.EventType;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Payloads that show what messages of an event type look like. */
final class Examples {
    private Examples() {}

    /** What came of it. */
    sealed interface Found {
        /** A payload: JSON. */
        record Payload(byte[] json) implements Found {}

        /**
         * There is no example with this number.
         *
         * @param count how many there are
         */
        record NoSuchIndex(int count) implements Found {}
    }

    /**
     * An example of a type: its own, or one from the newest version of its schema, or, without any, a plain one.
     *
     * @param type the type
     * @param index which of the schema's {@code examples}, from 0; of no concern where there is no such list
     * @param now for the times in it
     */
    static Found of(EventType type, int index, Instant now) {
        String own = type.contract().example();
        if (own != null && index == 0) {
            return new Found.Payload(own.getBytes(StandardCharsets.UTF_8));
        }
        JsonNode schema = newest(type.schemas());
        if (!schema.isObject() || schema.isEmpty()) {
            return payload(plain(type, now));
        }
        JsonNode examples = schema.path("examples");
        if (examples.isArray() && !examples.isEmpty()) {
            return index < examples.size() ? payload(examples.get(index)) : new Found.NoSuchIndex(examples.size());
        }
        return payload(SchemaSample.of(schema, now));
    }

    private static Found payload(JsonNode json) {
        return new Found.Payload(Json.text(json).getBytes(StandardCharsets.UTF_8));
    }

    private static JsonNode plain(EventType type, Instant now) {
        ObjectNode plain = JsonNodeFactory.instance.objectNode();
        plain.put("type", type.name());
        plain.put("timestamp", now.toString());
        plain.putObject("data");
        return plain;
    }

    /** The schema of the highest version; missing if there is none. */
    private static JsonNode newest(@Nullable String schemas) {
        if (schemas == null
                || !(Json.parse(schemas.getBytes(StandardCharsets.UTF_8)) instanceof Json.Parsed.Value(JsonNode all))) {
            return MissingNode.getInstance();
        }
        return all.properties().stream()
                .max(Map.Entry.comparingByKey(Versions.ORDER))
                .map(Map.Entry::getValue)
                .orElse(MissingNode.getInstance());
    }
}
