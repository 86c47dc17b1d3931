package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Holds answers against the document: the status is described there, the body keeps its schema, and has nothing that the
 * schema does not name.
 */
final class Answers {
    private static final OpenApi document = strict(Contract.ours().document());
    private static final Schemas schemas = new Schemas(document);
    private static final Map<String, SchemaCheck> compiled = new ConcurrentHashMap<>();

    private Answers() {}

    /**
     * Fails if the answer is not one that the document describes. What the document does not know, such as the routes of
     * a test, is let pass.
     *
     * @param path of the request, without its query
     */
    static void check(String method, String path, int status, JsonNode body) {
        OpenApi.Described operation = operation(method, path);
        if (operation == null) {
            return;
        }
        String at = "/paths/" + operation.path().replaceAll(":([a-z]+)", "{$1}").replace("/", "~1") + "/"
                + method.toLowerCase(Locale.ROOT) + "/responses/";
        String code = document.tree().at(at + status).isMissingNode() && status >= 400 ? "default" : "" + status;
        String response = OpenApi.resolve(document.tree(), at + code);
        assertThat(document.tree().at(response).isMissingNode())
                .as(operation.id() + " is not said to answer " + status)
                .isFalse();
        String schema = response + "/content/application~1json/schema";
        if (!document.tree().at(schema).isMissingNode()) {
            assertThat(compiled.computeIfAbsent(schema, schemas::at).check(Trees.of(body), List.of("answer")))
                    .as(operation.id() + " " + status + ": " + body)
                    .isEmpty();
        }
    }

    private static OpenApi.@Nullable Described operation(String method, String path) {
        String[] asked = (path.endsWith("/") ? path.substring(0, path.length() - 1) : path).split("/", -1);
        for (OpenApi.Described each : document.operations()) {
            String[] parts = each.path().split("/", -1);
            boolean same = parts.length == asked.length && each.method().name().equals(method);
            for (int i = 0; same && i < parts.length; i++) {
                same = parts[i].startsWith(":") || parts[i].equals(asked[i]);
            }
            if (same) {
                return each;
            }
        }
        return null;
    }

    /** Wherever an answer, or an element of a list, is said to be like a schema, it is to have nothing beside. */
    private static OpenApi strict(OpenApi lenient) {
        JsonNode tree = lenient.tree().deepCopy();
        for (JsonNode path : tree.path("paths")) {
            for (JsonNode method : path) {
                method.path("responses").forEach(Answers::close);
            }
        }
        tree.path("components").path("responses").forEach(Answers::close);
        for (JsonNode schema : tree.path("components").path("schemas")) {
            if (schema.path("properties").path("data").path("items") instanceof ObjectNode items) {
                items.put("unevaluatedProperties", false);
            }
        }
        return new OpenApi(lenient.bytes(), tree, lenient.operations());
    }

    private static void close(JsonNode response) {
        if (response.path("content").path("application/json").path("schema") instanceof ObjectNode schema) {
            schema.put("unevaluatedProperties", false);
        }
    }
}
