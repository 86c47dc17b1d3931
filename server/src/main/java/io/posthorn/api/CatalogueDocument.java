package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.catalog.Rules;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads event types from a document: our own, the {@code webhooks} of an OpenAPI 3.1 document, or the messages of an
 * AsyncAPI 3 document. Which it is, it says itself.
 */
final class CatalogueDocument {
    /** What the other formats have no words for. */
    static final String EXTENSION = "x-posthorn";

    /** Event types in one document. */
    static final int MOST = 5_000;

    private static final int MOST_STEPS = 10;
    private static final int MOST_PROBLEMS = 20;
    private static final Set<String> METHODS = Set.of("post", "put", "patch", "get", "delete");
    private static final Set<String> EXTENDED = Set.of(
            "groupName",
            "archived",
            "featureFlags",
            "scopes",
            "sync",
            "schemaMode",
            "version",
            "downgrades",
            "schemas",
            "schemaVersion",
            "deprecated");

    private final JsonNode document;
    private final Map<String, CatalogueEntry> entries = new LinkedHashMap<>();
    private final Map<String, List<Object>> places = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private CatalogueDocument(JsonNode document) {
        this.document = document;
    }

    /**
     * What a document describes.
     *
     * @param entries by name, in their order
     * @param problems what is wrong with it; the entries are not all there is then
     */
    record Described(Map<String, CatalogueEntry> entries, List<Problem> problems) {}

    /** Reads a document. */
    static Described read(JsonNode document) {
        CatalogueDocument reader = new CatalogueDocument(document);
        if (document.has("openapi")) {
            reader.openApi();
        } else if (document.has("asyncapi")) {
            reader.asyncApi();
        } else if (document.has("eventTypes")) {
            reader.own();
        } else {
            reader.wrong(
                    List.of(),
                    "must have eventTypes, openapi or asyncapi: it is to be a catalogue, an OpenAPI document with"
                            + " webhooks, or an AsyncAPI document");
        }
        return new Described(reader.entries, reader.problems);
    }

    private void wrong(List<Object> place, String rule) {
        if (problems.size() < MOST_PROBLEMS) {
            List<Object> loc = new ArrayList<>(List.of("body"));
            loc.addAll(place);
            problems.add(Problem.value(rule, loc.toArray()));
        }
    }

    private void add(CatalogueEntry entry) {
        String rule = Rules.nameInPath(entry.name());
        List<Object> before = places.putIfAbsent(entry.name(), entry.place());
        if (rule != null) {
            wrong(entry.place(), "as the name of an event type, " + rule);
        } else if (before != null) {
            wrong(entry.place(), "describes " + entry.name() + ", as does another one before it");
        } else if (entries.size() == MOST) {
            wrong(entry.place(), "is one more than the " + MOST + " event types that a document may have");
        } else {
            entries.put(entry.name(), entry);
        }
    }

    // ---- ours

    private void own() {
        JsonNode all = document.path("eventTypes");
        if (!all.isArray()) {
            wrong(List.of("eventTypes"), "must be a list of event types");
            return;
        }
        for (int i = 0; i < all.size() && problems.size() < MOST_PROBLEMS; i++) {
            List<Object> place = List.of("eventTypes", i);
            if (all.get(i) instanceof ObjectNode members && members.path("name").isTextual()) {
                add(new CatalogueEntry(members.path("name").textValue(), place, members, null));
            } else {
                wrong(place, "must be an event type, with a name");
            }
        }
    }

    // ---- OpenAPI

    private void openApi() {
        if (!document.path("openapi").asText().startsWith("3.")) {
            wrong(List.of("openapi"), "must be a version from 3.1 on; webhooks came with that");
            return;
        }
        String member = document.has("webhooks") ? "webhooks" : "x-webhooks";
        if (!document.path(member).isObject()) {
            wrong(List.of("webhooks"), "must be an object: it is there that OpenAPI describes webhooks");
            return;
        }
        for (Map.Entry<String, JsonNode> webhook : document.path(member).properties()) {
            if (problems.size() >= MOST_PROBLEMS) {
                return;
            }
            List<Object> place = List.of(member, webhook.getKey());
            JsonNode item = resolved(webhook.getValue(), place);
            JsonNode operation = item.properties().stream()
                    .filter(each -> METHODS.contains(each.getKey()))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElse(item);
            add(webhook(webhook.getKey(), place, item, operation));
        }
    }

    private CatalogueEntry webhook(String name, List<Object> place, JsonNode item, JsonNode operation) {
        ObjectNode members = described(operation, item);
        JsonNode content = resolved(operation.path("requestBody"), place).path("content");
        JsonNode media = content.has("application/json")
                ? content.path("application/json")
                : content.elements().hasNext() ? content.elements().next() : content;
        JsonNode example = media.has("example")
                ? media.path("example")
                : media.path("examples").elements().hasNext()
                        ? resolved(media.path("examples").elements().next(), place)
                                .path("value")
                        : media.path("example");
        if (!example.isMissingNode()) {
            members.set("example", example);
        }
        return entry(name, place, members, media.path("schema"));
    }

    // ---- AsyncAPI

    private void asyncApi() {
        if (!document.path("asyncapi").asText().startsWith("3.")) {
            wrong(List.of("asyncapi"), "must be a version 3");
            return;
        }
        JsonNode channels = document.path("channels");
        if (!channels.isObject()) {
            wrong(List.of("channels"), "must be an object: the messages in it are the event types");
            return;
        }
        for (Map.Entry<String, JsonNode> channel : channels.properties()) {
            List<Object> at = List.of("channels", channel.getKey());
            for (Map.Entry<String, JsonNode> message :
                    resolved(channel.getValue(), at).path("messages").properties()) {
                if (problems.size() >= MOST_PROBLEMS) {
                    return;
                }
                List<Object> place = List.of("channels", channel.getKey(), "messages", message.getKey());
                message(message.getKey(), place, resolved(message.getValue(), place));
            }
        }
    }

    private void message(String key, List<Object> place, JsonNode message) {
        ObjectNode members = described(message, message);
        JsonNode example = message.path("examples").path(0).path("payload");
        if (!example.isMissingNode()) {
            members.set("example", example);
        }
        JsonNode payload = message.path("payload");
        // a schema of another language says so, and stands one level below
        JsonNode schema = payload.has("schemaFormat") ? payload.path("schema") : payload;
        add(entry(message.path("name").asText(key), place, members, schema));
    }

    // ---- both

    private CatalogueEntry entry(String name, List<Object> place, ObjectNode members, JsonNode schema) {
        if (schema.isMissingNode()) {
            return new CatalogueEntry(name, place, members, null);
        }
        List<String> wrong = new ArrayList<>();
        JsonNode alone = SchemaParts.inward(document, schema, wrong);
        wrong.forEach(rule -> wrong(place, "has a schema that " + rule));
        return new CatalogueEntry(name, place, members, alone);
    }

    /** What both formats have words for, and what stands in the extension. */
    private static ObjectNode described(JsonNode thing, JsonNode around) {
        ObjectNode members = JsonNodeFactory.instance.objectNode();
        for (JsonNode text : List.of(
                thing.path("description"),
                around.path("description"),
                thing.path("summary"),
                around.path("summary"),
                thing.path("title"))) {
            if (text.isTextual() && !members.has("description")) {
                members.set("description", text);
            }
        }
        if (thing.path("deprecated").isBoolean()) {
            members.set("deprecated", thing.path("deprecated"));
        }
        JsonNode tag = thing.path("tags").path(0);
        String group = tag.isTextual() ? tag.asText() : tag.path("name").asText();
        if (Rules.name(group) == null) {
            members.put("groupName", group);
        }
        for (Map.Entry<String, JsonNode> own : thing.path(EXTENSION).properties()) {
            if (EXTENDED.contains(own.getKey())) {
                members.set(own.getKey(), own.getValue());
            }
        }
        return members;
    }

    /** What a reference within the document leads to. */
    private JsonNode resolved(JsonNode node, List<Object> place) {
        JsonNode found = node;
        for (int i = 0; i < MOST_STEPS && found.path("$ref").isTextual(); i++) {
            String reference = found.path("$ref").asText();
            JsonNode next = reference.startsWith("#/") ? document.at(reference.substring(1)) : document.path("\0");
            if (next.isMissingNode()) {
                wrong(place, "refers to " + reference + ", which is not in the document");
                return next;
            }
            found = next;
        }
        return found;
    }
}
