package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.path.NodePath;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A compiled schema that tells people what is wrong.
 *
 * @param document where the schema stands
 * @param schema compiled
 */
record SchemaCheck(OpenApi document, Schema schema) {
    /**
     * What is wrong with a value; of several rules that one place breaks, the first.
     *
     * @param value to be checked
     * @param at the way to it, such as {@code body}
     */
    List<Problem> check(tools.jackson.databind.JsonNode value, List<Object> at) {
        List<Error> errors = schema.validate(value);
        if (errors.isEmpty()) {
            return List.of();
        }
        Map<List<Object>, Problem> first = new LinkedHashMap<>();
        for (Error error : errors) {
            Problem problem = problem(error, at);
            Problem before = first.putIfAbsent(problem.loc(), problem);
            if (before != null && problem.type().equals("type_error")) {
                first.put(problem.loc(), problem);
            }
        }
        return List.copyOf(first.values());
    }

    private Problem problem(Error error, List<Object> at) {
        List<Object> loc = new ArrayList<>(at);
        NodePath path = error.getInstanceLocation();
        for (int i = 0; i < path.getNameCount(); i++) {
            loc.add(path.getElement(i));
        }
        // the pointer ends with the keyword; what stands around it is the schema
        String pointer = error.getSchemaLocation().getFragment().toString();
        JsonNode rules = document.tree().at(pointer.substring(0, pointer.lastIndexOf('/')));
        boolean query = at.getFirst().equals("query");
        return switch (error.getKeyword()) {
            case "required" -> {
                loc.add(error.getProperty());
                yield Problem.missing(loc.toArray());
            }
            case "type" -> Problem.type(type(rules), loc.toArray());
            case String keyword -> Problem.value(rule(keyword, rules, query), loc.toArray());
        };
    }

    private static String rule(String keyword, JsonNode rules, boolean query) {
        if (rules.has("x-rule")) {
            return rules.path("x-rule").asText();
        }
        return switch (keyword) {
            case "enum" -> "must be one of " + listed(rules.path("enum"));
            case "format" ->
                "must be a time such as 2026-01-31T12:00:00Z"
                        + (query ? "; in a query a plus sign is written %2B" : "");
            case "minimum", "maximum" -> "must be " + bounds(rules, "minimum", "maximum");
            case "minLength", "maxLength" -> "must have " + bounds(rules, "minLength", "maxLength") + " characters";
            case "minItems", "maxItems" -> "must have " + bounds(rules, "minItems", "maxItems") + " elements";
            case "maxProperties" ->
                "must have at most " + rules.path("maxProperties").asText() + " members";
            case "const" -> "must be " + rules.path("const").asText();
            case "pattern" -> "must match " + rules.path("pattern").asText();
            default -> "breaks the rule " + keyword + " of the API's document";
        };
    }

    private static String type(JsonNode rules) {
        JsonNode type = rules.path("type");
        String name = type.isArray() ? type.path(0).asText() : type.asText();
        return switch (name) {
            case "string" -> "must be a text";
            case "boolean" -> "must be true or false";
            case "integer" -> "must be a whole number " + (rules.has("x-rule") ? "" : span(rules)).strip();
            case "array" -> "must be a list";
            case "object" ->
                rules.path("additionalProperties").path("type").asText().equals("string")
                        ? "must be an object of texts"
                        : "must be an object";
            default -> "must be of the type " + name;
        };
    }

    private static String span(JsonNode rules) {
        return rules.has("minimum") && rules.has("maximum")
                ? "from " + rules.path("minimum").asText() + " to "
                        + rules.path("maximum").asText()
                : "";
    }

    private static String bounds(JsonNode rules, String least, String most) {
        boolean from = rules.has(least);
        boolean to = rules.has(most);
        return from && to
                ? rules.path(least).asText() + " to " + rules.path(most).asText()
                : from
                        ? "at least " + rules.path(least).asText()
                        : "at most " + rules.path(most).asText();
    }

    private static String listed(JsonNode values) {
        return values.valueStream().map(JsonNode::asText).collect(Collectors.joining(", "));
    }
}
