package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Trees of Jackson 2, which the API reads, as those of Jackson 3, which schemas are checked with.
 *
 * <p>What is beyond the bounds is left out: a list that long breaks the contract in any case, or its elements are
 * nobody's business.
 */
final class Trees {
    /** One more than the longest list that the document allows. */
    static final int MOST_ELEMENTS = 2_001;

    /** More than the rules for metadata allow. */
    private static final int MOST_MEMBERS = 20_000;

    /** Fits into 64 bits. */
    private static final double LARGEST = 9e18;

    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

    private Trees() {}

    /** The depth is bounded where the tree was read. A missing node is an absent body: an empty object. */
    static tools.jackson.databind.JsonNode of(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> object(node);
            case ARRAY -> array(node);
            case STRING -> MAKE.stringNode(node.textValue());
            case BOOLEAN -> MAKE.booleanNode(node.booleanValue());
            case NUMBER -> number(node);
            case NULL -> MAKE.nullNode();
            case MISSING -> MAKE.objectNode();
            case BINARY, POJO -> throw new IllegalArgumentException("not of JSON: " + node.getNodeType());
        };
    }

    private static ObjectNode object(JsonNode node) {
        ObjectNode object = MAKE.objectNode();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            if (object.size() == MOST_MEMBERS) {
                break;
            }
            object.set(member.getKey(), of(member.getValue()));
        }
        return object;
    }

    private static ArrayNode array(JsonNode node) {
        ArrayNode array = MAKE.arrayNode();
        for (int i = 0; i < node.size() && i < MOST_ELEMENTS; i++) {
            array.add(of(node.get(i)));
        }
        return array;
    }

    /**
     * No schema is about numbers that large or about digits after the point, and one such as 1e999999999 written out
     * would fill the memory. A fraction stays one, so that it is no whole number.
     */
    private static tools.jackson.databind.JsonNode number(JsonNode node) {
        double value = Math.clamp(node.doubleValue(), -LARGEST, LARGEST);
        return node.isIntegralNumber() && node.canConvertToLong()
                ? MAKE.numberNode(node.longValue())
                : node.isIntegralNumber() ? MAKE.numberNode((long) value) : MAKE.numberNode(value);
    }
}
