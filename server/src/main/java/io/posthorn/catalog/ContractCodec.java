package io.posthorn.catalog;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.model.EventContract;
import io.posthorn.model.EventType;
import io.posthorn.model.SchemaMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Contracts of event types as they are stored: an object with those members only that say something. The example stands
 * in it as a text, so that it is shown as it was written.
 */
final class ContractCodec {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final ObjectMapper EXACT = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private ContractCodec() {}

    /** Null for no promises. */
    static @Nullable String stored(EventContract contract) {
        ObjectNode stored = JSON.createObjectNode();
        if (contract.example() != null) {
            stored.put("example", contract.example());
        }
        if (!contract.scopes().isEmpty()) {
            contract.scopes().forEach(stored.putArray("scopes")::add);
        }
        if (contract.sync()) {
            stored.put("sync", true);
        }
        if (contract.schemaMode() != SchemaMode.OFF) {
            stored.put("schemaMode", contract.schemaMode().name().toLowerCase(Locale.ROOT));
        }
        if (contract.version() != null) {
            stored.put("version", contract.version());
        }
        if (!contract.downgrades().isEmpty()) {
            contract.downgrades().forEach(stored.putObject("downgrades")::put);
        }
        if (!contract.releases().isEmpty()) {
            for (EventContract.Release release : contract.releases()) {
                stored.withArray("releases")
                        .addObject()
                        .put("version", release.version())
                        .put("since", release.since().toString());
            }
        }
        return stored.isEmpty() ? null : stored.toString();
    }

    /**
     * The contract of a stored row.
     *
     * @param stored as {@link #stored} wrote it
     * @param schemas of the same row
     */
    static EventContract read(@Nullable String stored, @Nullable String schemas) {
        if (stored == null && schemas == null) {
            return EventContract.NONE;
        }
        try {
            JsonNode tree = stored == null ? JSON.createObjectNode() : JSON.readTree(stored);
            List<String> scopes = new ArrayList<>();
            tree.path("scopes").forEach(scope -> scopes.add(scope.textValue()));
            Map<String, String> downgrades = new LinkedHashMap<>();
            tree.path("downgrades")
                    .properties()
                    .forEach(step ->
                            downgrades.put(step.getKey(), step.getValue().textValue()));
            List<EventContract.Release> releases = new ArrayList<>();
            for (JsonNode release : tree.path("releases")) {
                releases.add(new EventContract.Release(
                        release.path("version").asText(),
                        Instant.parse(release.path("since").asText())));
            }
            String version = tree.path("version").textValue();
            return new EventContract(
                    tree.path("example").textValue(),
                    List.copyOf(scopes),
                    tree.path("sync").booleanValue(),
                    SchemaMode.valueOf(tree.path("schemaMode").asText("off").toUpperCase(Locale.ROOT)),
                    version,
                    Collections.unmodifiableMap(downgrades),
                    versions(schemas, downgrades, version),
                    List.copyOf(releases));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("the stored contract of an event type is no JSON", e);
        }
    }

    /** All versions that an event type knows of, the oldest first. */
    static List<String> versions(@Nullable String schemas, Map<String, String> downgrades, @Nullable String version) {
        TreeSet<String> all = new TreeSet<>(Versions.ORDER);
        all.addAll(downgrades.keySet());
        if (version != null) {
            all.add(version);
        }
        if (schemas != null) {
            // only the names: the schemas themselves may be large, and there may be thousands of event types
            try (JsonParser parser = JSON.createParser(schemas)) {
                if (parser.nextToken() == JsonToken.START_OBJECT) {
                    while (parser.nextToken() == JsonToken.FIELD_NAME) {
                        all.add(parser.currentName());
                        parser.nextToken();
                        parser.skipChildren();
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("the stored schemas of an event type are no JSON", e);
            }
        }
        return List.copyOf(all);
    }

    /** The schema of a version; null if there is none. */
    static @Nullable String schema(@Nullable String schemas, String version) {
        JsonNode schema = tree(schemas).path(version);
        return schema.isMissingNode() ? null : schema.toString();
    }

    /** Whether two states of an event type say the same, however their JSON is written. */
    static boolean same(EventType one, EventType other) {
        return EventTypeDraft.of(one)
                        .with(null, null)
                        .equals(EventTypeDraft.of(other).with(null, null))
                && tree(one.schemas()).equals(tree(other.schemas()))
                && tree(one.contract().example()).equals(tree(other.contract().example()));
    }

    private static JsonNode tree(@Nullable String json) {
        try {
            return json == null ? MissingNode.getInstance() : EXACT.readTree(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("what is stored of an event type is no JSON", e);
        }
    }
}
