package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Schemas on their way into documents and out of them. In a document, schemas stand under {@code components/schemas} and
 * refer to each other by way of its root; in the catalogue each is by itself, with the others it needs under
 * {@code $defs}. One that goes out and comes back is the same.
 */
final class SchemaParts {
    private static final String SHARED = "#/components/schemas/";
    private static final String REF = "$ref";
    private static final String DEFS = "$defs";
    private static final int MOST_PARTS = 1_000;

    private SchemaParts() {}

    /**
     * A schema that stands in a document's {@code components/schemas}.
     *
     * @param schema as it is by itself
     * @param name what it is to be called there
     */
    static JsonNode outward(JsonNode schema, String name) {
        if (schema.has("$id")) {
            return schema; // its references are about itself already
        }
        return mapped(
                schema,
                reference -> reference.equals("#") || reference.startsWith("#/")
                        ? SHARED + name + reference.substring(1)
                        : reference);
    }

    /**
     * A schema of a document, by itself.
     *
     * @param document where it stands
     * @param schema in it
     * @param wrong where it adds what cannot be followed
     */
    static JsonNode inward(JsonNode document, JsonNode schema, List<String> wrong) {
        String whole = schema.size() == 1 ? schema.path(REF).asText() : "";
        boolean shared = whole.startsWith(SHARED) && whole.indexOf('/', SHARED.length()) < 0;
        String self = shared ? whole.substring(SHARED.length()) : "";
        JsonNode root = shared ? part(document, self) : schema;
        if (root.isMissingNode()) {
            wrong.add("refers to " + whole + ", which is not in the document");
            return schema;
        }
        Deque<String> open = new ArrayDeque<>();
        Set<String> known = new HashSet<>();
        UnaryOperator<String> inwards = reference -> inward(reference, self, open, known, wrong);
        JsonNode result = mapped(root, inwards);
        if (open.isEmpty() || !(result instanceof ObjectNode object)) {
            return result;
        }
        ObjectNode parts = object.path(DEFS) instanceof ObjectNode own ? own : object.putObject(DEFS);
        while (!open.isEmpty()) {
            String name = open.remove();
            JsonNode part = part(document, name);
            if (part.isMissingNode() || known.size() > MOST_PARTS) {
                wrong.add(
                        part.isMissingNode()
                                ? "refers to " + SHARED + name + ", which is not in the document"
                                : "is made of more than " + MOST_PARTS + " parts");
                return schema;
            }
            parts.set(decoded(name), mapped(part, inwards));
        }
        return result;
    }

    private static String inward(
            String reference, String self, Deque<String> open, Set<String> known, List<String> wrong) {
        if (!reference.startsWith(SHARED)) {
            if (reference.startsWith("#/components/") || !reference.startsWith("#")) {
                wrong.add("refers to " + reference + "; only " + SHARED + "… of the document itself is followed");
            }
            return reference;
        }
        String way = reference.substring(SHARED.length());
        int slash = way.indexOf('/');
        String name = slash < 0 ? way : way.substring(0, slash);
        String rest = slash < 0 ? "" : way.substring(slash);
        if (name.equals(self)) {
            return "#" + rest;
        }
        if (known.add(name)) {
            open.add(name);
        }
        return "#/" + DEFS + "/" + name + rest;
    }

    private static JsonNode part(JsonNode document, String encoded) {
        return document.path("components").path("schemas").path(decoded(encoded));
    }

    private static String decoded(String name) {
        return name.replace("~1", "/").replace("~0", "~");
    }

    /** A copy with other references. The depth is bounded where the tree was read. */
    private static JsonNode mapped(JsonNode node, UnaryOperator<String> references) {
        if (node instanceof ObjectNode object) {
            ObjectNode copy = object.objectNode();
            for (Map.Entry<String, JsonNode> member : object.properties()) {
                JsonNode value = member.getValue();
                copy.set(
                        member.getKey(),
                        member.getKey().equals(REF) && value.isTextual()
                                ? copy.textNode(references.apply(value.textValue()))
                                : mapped(value, references));
            }
            return copy;
        }
        if (node instanceof ArrayNode array) {
            List<JsonNode> copies = new ArrayList<>(array.size());
            array.forEach(each -> copies.add(mapped(each, references)));
            return array.arrayNode().addAll(copies);
        }
        return node;
    }
}
