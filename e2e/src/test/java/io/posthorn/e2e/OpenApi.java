package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.keyword.NonValidationKeyword;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A server's {@code openapi.yaml}, and whether its answers are like that: the status is described, the body keeps its
 * schema, and has nothing beside.
 */
final class OpenApi {
    private static final String IRI = "urn:posthorn:openapi";
    private static final List<String> METHODS = List.of("get", "head", "post", "put", "patch", "delete");

    private final JsonNode tree;
    private final SchemaRegistry registry;
    private final Map<String, Schema> compiled = new ConcurrentHashMap<>();

    /**
     * An operation.
     *
     * @param method of HTTP
     * @param path such as {@code /api/v1/app/{app}}
     * @param access the {@code x-access}
     */
    record Operation(String method, String path, String access) {}

    /** Reads the text of the document. */
    OpenApi(String yaml) {
        tree = YAMLMapper.builder().build().readTree(yaml);
        for (JsonNode path : tree.path("paths")) {
            path.forEach(method -> method.path("responses").forEach(OpenApi::close));
        }
        tree.path("components").path("responses").forEach(OpenApi::close);
        for (JsonNode schema : tree.path("components").path("schemas")) {
            if (schema.path("properties").path("data").path("items") instanceof ObjectNode items) {
                items.put("unevaluatedProperties", false);
            }
        }
        ObjectNode parts = tree.deepCopy().asObject();
        parts.retain("components", "paths");
        Dialect dialect = Dialect.builder(Dialects.getDraft202012())
                .keyword(new NonValidationKeyword("x-rule"))
                .build();
        SchemaRegistryConfig config =
                SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build();
        registry = SchemaRegistry.withDefaultDialect(
                dialect,
                builder -> builder.schemas(Map.of(IRI, parts.toString())).schemaRegistryConfig(config));
    }

    private static void close(JsonNode response) {
        if (response.path("content").path("application/json").path("schema") instanceof ObjectNode schema) {
            schema.put("unevaluatedProperties", false);
        }
    }

    /** All operations, in their order. */
    List<Operation> operations() {
        List<Operation> all = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : tree.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                if (METHODS.contains(method.getKey())) {
                    all.add(new Operation(
                            method.getKey().toUpperCase(Locale.ROOT),
                            path.getKey(),
                            method.getValue().path("x-access").asString()));
                }
            }
        }
        return all;
    }

    /**
     * Fails if an answer is not like the document. A path that is not in the document is let pass: the answer is about
     * the path, and not of an operation.
     *
     * @param method of HTTP
     * @param path of the request, without its query
     * @param status of the answer
     * @param body of the answer
     */
    void check(String method, String path, int status, String body) {
        Operation operation = operation(method, path);
        if (operation == null) {
            return;
        }
        String at =
                "/paths/" + operation.path().replace("/", "~1") + "/" + method.toLowerCase(Locale.ROOT) + "/responses/";
        String code = tree.at(at + status).isMissingNode() && status >= 400 ? "default" : Integer.toString(status);
        JsonNode answer = tree.at(at + code);
        assertThat(answer.isMissingNode())
                .as(operation + " is not said to answer " + status)
                .isFalse();
        String response = answer.has("$ref") ? answer.path("$ref").asString().substring(1) : at + code;
        String schema = response + "/content/application~1json/schema";
        if (!tree.at(schema).isMissingNode()) {
            assertThat(compiled.computeIfAbsent(
                                    schema, pointer -> registry.getSchema(SchemaLocation.of(IRI + "#" + pointer)))
                            .validate(body, InputFormat.JSON))
                    .as(operation + " answers " + status + ": " + body)
                    .isEmpty();
        }
    }

    /** A path that is written out comes before one with a part that can be anything. */
    private @Nullable Operation operation(String method, String path) {
        String bare = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return operations().stream()
                .filter(each -> each.method().equals(method))
                .filter(each -> bare.matches(each.path().replaceAll("\\{[^}]*}", "[^/]+")))
                .min(Comparator.comparingLong(
                        each -> each.path().chars().filter(c -> c == '{').count()))
                .orElse(null);
    }
}
