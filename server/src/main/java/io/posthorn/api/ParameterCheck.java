package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A parameter in the path, the query or a header.
 *
 * @param in path, query or header
 * @param name as requests write it
 * @param type what its text is to be read as: string, integer, boolean or array
 * @param required whether it has to be there
 * @param schema its values have to keep it
 */
record ParameterCheck(String in, String name, String type, boolean required, SchemaCheck schema) {
    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;
    private static final int MOST_DIGITS = 18;

    /** The parameter that is described at a JSON pointer of the document. */
    static ParameterCheck of(OpenApi document, Schemas schemas, String pointer) {
        JsonNode parameter = document.at(pointer);
        String schema = OpenApi.resolve(document.tree(), pointer + "/schema");
        return new ParameterCheck(
                parameter.path("in").asText(),
                parameter.path("name").asText(),
                document.at(schema).path("type").asText(),
                parameter.path("required").asBoolean(),
                schemas.at(schema));
    }

    /** Adds what is wrong with it. */
    void check(Call call, Function<String, @Nullable String> headers, List<Problem> problems) {
        List<String> given = given(call, headers);
        if (given.isEmpty()) {
            if (required) {
                problems.add(Problem.missing(in, name));
            }
            return;
        }
        List<Problem> found =
                schema.check(type.equals("array") ? list(given) : value(given.getFirst()), List.of(in, name));
        if (!found.isEmpty()) {
            // positions in a list mean nothing to who wrote it with commas, or repeated the parameter
            Problem first = found.getFirst();
            String rule = first.loc().size() > 2 ? "each " + first.msg() + "; commas between them" : first.msg();
            problems.add(new Problem(List.of(in, name), rule, first.type()));
        }
    }

    private List<String> given(Call call, Function<String, @Nullable String> headers) {
        return switch (in) {
            case "path" -> List.of(call.path(name));
            case "query" -> call.query().all(name);
            case "header" -> {
                String value = headers.apply(name);
                yield value == null ? List.of() : List.of(value);
            }
            default -> throw new IllegalStateException("the document has a parameter in " + in);
        };
    }

    /** Repeated, or with commas between them; nothing at all is no value. */
    private static ArrayNode list(List<String> given) {
        ArrayNode list = MAKE.arrayNode();
        for (String text : given) {
            if (text.isEmpty()) {
                continue;
            }
            for (String each : text.split(",", Trees.MOST_ELEMENTS)) {
                if (list.size() < Trees.MOST_ELEMENTS) {
                    list.add(each);
                }
            }
        }
        return list;
    }

    private tools.jackson.databind.JsonNode value(String text) {
        if (type.equals("boolean") && (text.equals("true") || text.equals("false"))) {
            return MAKE.booleanNode(text.equals("true"));
        }
        if (type.equals("integer") && isWhole(text)) {
            return MAKE.numberNode(Long.parseLong(text));
        }
        return MAKE.stringNode(text);
    }

    private static boolean isWhole(String text) {
        int from = text.startsWith("-") ? 1 : 0;
        boolean whole = text.length() > from && text.length() <= MOST_DIGITS;
        for (int i = from; whole && i < text.length(); i++) {
            whole = text.charAt(i) >= '0' && text.charAt(i) <= '9';
        }
        return whole;
    }
}
