package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/**
 * Makes a value that a JSON Schema describes, for people to look at. It follows what schemas of events are made of:
 * examples, constants, types, members, items, common formats, bounds, references within the schema, and the first of
 * several alternatives. What else a schema may demand (patterns, conditions, uniqueness) is not looked at, so that the
 * value may fail a strict validation. The same schema at the same time makes the same value.
 *
 * <p>It is bounded whatever the schema: at most {@value #DEEPEST} levels deep, which also ends references in a circle,
 * and about {@value #MOST_TEXT} characters long, except for an example of the whole, which is taken as it is.
 */
final class SchemaSample {
    private static final int DEEPEST = 8;
    private static final int MOST_TEXT = 65_536;
    private static final int MOST_ITEMS = 10;
    private static final int LONGEST = 1_000;
    private static final String TEXT = "example";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final JsonNode root;
    private final Instant now;
    private int left = MOST_TEXT;

    private SchemaSample(JsonNode root, Instant now) {
        this.root = root;
        this.now = now;
    }

    /**
     * A value.
     *
     * @param schema an object
     * @param now what times in it are
     */
    static JsonNode of(JsonNode schema, Instant now) {
        JsonNode given = given(schema);
        return given.isMissingNode() ? new SchemaSample(schema, now).value(schema, 0) : given;
    }

    /** What the schema itself gives as an example; missing if it gives none. */
    private static JsonNode given(JsonNode schema) {
        JsonNode examples = schema.path("examples");
        if (examples.isArray() && !examples.isEmpty()) {
            return examples.path(0);
        }
        return schema.has("example") ? schema.path("example") : schema.path("default");
    }

    private JsonNode value(JsonNode schema, int depth) {
        JsonNode given = given(schema);
        if (given.isMissingNode()) {
            given = schema.has("const")
                    ? schema.path("const")
                    : schema.path("enum").path(0);
        }
        if (!given.isMissingNode() && taken(Json.text(given).length())) {
            return given;
        }
        if (depth >= DEEPEST || left <= 0) {
            return leaf(schema);
        }
        JsonNode instead = instead(schema);
        return instead.isMissingNode() ? made(schema, depth) : value(instead, depth + 1);
    }

    private boolean taken(int length) {
        left -= length;
        return left >= 0;
    }

    /** What to look at in place of the schema: what it refers to, or the first alternative that is not null. */
    private JsonNode instead(JsonNode schema) {
        String reference = schema.path("$ref").asText();
        if (reference.equals("#")) {
            return root;
        }
        if (reference.startsWith("#/")) {
            return root.at(reference.substring(1));
        }
        for (String choice : List.of("oneOf", "anyOf")) {
            for (JsonNode one : schema.path(choice)) {
                if (one.isObject() && !one.path("type").asText().equals("null")) {
                    return one;
                }
            }
        }
        return JSON.missingNode();
    }

    private JsonNode made(JsonNode schema, int depth) {
        return switch (type(schema)) {
            case "object" -> object(schema, depth);
            case "array" -> array(schema, depth);
            default -> {
                JsonNode leaf = leaf(schema);
                left -= leaf.asText().length() + 2;
                yield leaf;
            }
        };
    }

    /** The first type that is not null; guessed from what else there is if it is not said. */
    private static String type(JsonNode schema) {
        JsonNode type = schema.path("type");
        if (type.isTextual()) {
            return type.textValue();
        }
        for (JsonNode one : type) {
            if (!one.asText().equals("null")) {
                return one.asText();
            }
        }
        if (schema.has("properties") || schema.has("required") || schema.has("allOf")) {
            return "object";
        }
        if (schema.has("items") || schema.has("prefixItems")) {
            return "array";
        }
        if (schema.has("minimum") || schema.has("maximum")) {
            return "number";
        }
        return type.isArray() ? "null" : "string";
    }

    private ObjectNode object(JsonNode schema, int depth) {
        ObjectNode object = JSON.objectNode();
        for (JsonNode part : schema.path("allOf")) {
            JsonNode more = value(part, depth + 1);
            if (more.isObject()) {
                more.properties().forEach(member -> object.set(member.getKey(), member.getValue()));
            }
        }
        for (Map.Entry<String, JsonNode> member : schema.path("properties").properties()) {
            if (left <= 0) {
                return object;
            }
            left -= member.getKey().length() + 4;
            object.set(member.getKey(), value(member.getValue(), depth + 1));
        }
        for (JsonNode name : schema.path("required")) {
            if (left > 0 && name.isTextual() && !object.has(name.textValue())) {
                left -= name.textValue().length() + TEXT.length() + 6;
                object.put(name.textValue(), TEXT);
            }
        }
        return object;
    }

    private ArrayNode array(JsonNode schema, int depth) {
        ArrayNode array = JSON.arrayNode();
        for (JsonNode item : schema.path("prefixItems")) {
            if (left > 0 && array.size() < MOST_ITEMS) {
                array.add(value(item, depth + 1));
            }
        }
        int least = Math.clamp(schema.path("minItems").asInt(1), 1, MOST_ITEMS);
        int most = schema.path("maxItems").asInt(MOST_ITEMS);
        while (array.size() < Math.min(least, most) && left > 0) {
            left--;
            array.add(value(schema.path("items"), depth + 1));
        }
        return array;
    }

    private JsonNode leaf(JsonNode schema) {
        return switch (type(schema)) {
            case "object" -> JSON.objectNode();
            case "array" -> JSON.arrayNode();
            case "boolean" -> JSON.booleanNode(true);
            case "integer" -> JSON.numberNode(number(schema, BigDecimal.ONE).toBigInteger());
            case "number" -> JSON.numberNode(number(schema, BigDecimal.ZERO));
            case "null" -> JSON.nullNode();
            default -> JSON.textNode(text(schema));
        };
    }

    /**
     * The least that is allowed, or else the greatest, if 0 is not.
     *
     * @param step between numbers; 0 if there is none
     */
    private static BigDecimal number(JsonNode schema, BigDecimal step) {
        JsonNode above = schema.path("exclusiveMinimum");
        JsonNode below = schema.path("exclusiveMaximum");
        BigDecimal number = BigDecimal.ZERO;
        if (above.isNumber()) {
            number = above.decimalValue().setScale(0, RoundingMode.FLOOR).add(BigDecimal.ONE);
        } else if (schema.path("minimum").isNumber()) {
            BigDecimal least = schema.path("minimum").decimalValue();
            // In drafts up to 4 the bound itself may be excluded by a word beside it.
            boolean excluded = above.asBoolean(false);
            number = excluded ? least.setScale(0, RoundingMode.FLOOR).add(BigDecimal.ONE) : least;
        } else if (below.isNumber() && below.decimalValue().signum() <= 0) {
            number = below.decimalValue().setScale(0, RoundingMode.CEILING).subtract(BigDecimal.ONE);
        } else if (schema.path("maximum").isNumber()
                && schema.path("maximum").decimalValue().signum() < 0) {
            number = schema.path("maximum").decimalValue();
            return step.signum() == 0 ? number : number.setScale(0, RoundingMode.FLOOR);
        }
        return step.signum() == 0 ? number : number.setScale(0, RoundingMode.CEILING);
    }

    private String text(JsonNode schema) {
        String text = switch (schema.path("format").asText()) {
            case "date-time" -> now.toString();
            case "date" -> now.toString().substring(0, 10);
            case "time" -> now.truncatedTo(ChronoUnit.SECONDS).toString().substring(11);
            case "uuid" -> "3f2b8c1e-5d6a-4e7f-9a0b-1c2d3e4f5a6b";
            case "email" -> "someone@example.com";
            case "uri", "url", "uri-reference", "iri" -> "https://example.com/";
            case "hostname" -> "example.com";
            case "ipv4" -> "192.0.2.1";
            case "ipv6" -> "2001:db8::1";
            default -> {
                int least = Math.clamp(schema.path("minLength").asInt(0), 0, LONGEST);
                int most = Math.max(0, schema.path("maxLength").asInt(LONGEST));
                String filled = TEXT.repeat(Math.max(1, (least + TEXT.length() - 1) / TEXT.length()));
                yield filled.substring(0, Math.min(Math.max(least, TEXT.length()), most));
            }
        };
        return text;
    }
}
