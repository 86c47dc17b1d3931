package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The document {@code openapi.yaml}, in which all operations stand.
 *
 * @param bytes as it is served
 * @param tree the same, read
 * @param operations all of them, in their order
 */
record OpenApi(byte[] bytes, JsonNode tree, List<Described> operations) {
    private static final String RESOURCE = "/openapi.yaml";
    private static final Set<String> METHODS = Set.of("get", "head", "post", "put", "patch", "delete");

    /**
     * An operation as the document describes it.
     *
     * @param method of HTTP
     * @param path as routes write it, such as {@code /api/v1/app/:app}
     * @param id the {@code operationId}
     * @param access the {@code x-access}: a name of {@link Access}, or {@code PUBLIC}
     * @param parameters where each of them is described, as JSON pointers; one of an operation is in the place of one of
     *     the path that has its name
     * @param body where the schema of its body stands, as a JSON pointer; empty if it takes none
     */
    record Described(HttpMethod method, String path, String id, String access, List<String> parameters, String body) {}

    /** Reads the document that comes with the server. */
    static OpenApi read() {
        try (InputStream in = OpenApi.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("the server comes without its " + RESOURCE);
            }
            byte[] bytes = in.readAllBytes();
            JsonNode tree = YAMLMapper.builder().build().readTree(bytes);
            return new OpenApi(bytes, tree, operations(tree));
        } catch (IOException e) {
            throw new UncheckedIOException("the server's own " + RESOURCE + " cannot be read", e);
        }
    }

    private static List<Described> operations(JsonNode tree) {
        List<Described> operations = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : tree.path("paths").properties()) {
            String at = "/paths/" + path.getKey().replace("~", "~0").replace("/", "~1");
            for (Map.Entry<String, JsonNode> member : path.getValue().properties()) {
                if (METHODS.contains(member.getKey())) {
                    operations.add(described(tree, path.getKey(), at, member.getKey()));
                }
            }
        }
        return List.copyOf(operations);
    }

    private static Described described(JsonNode tree, String path, String at, String method) {
        String here = at + "/" + method;
        JsonNode operation = tree.at(here);
        String body = here + "/requestBody/content/application~1json/schema";
        return new Described(
                HttpMethod.valueOf(method.toUpperCase(Locale.ROOT)),
                path.replaceAll("\\{([^}]*)}", ":$1"),
                operation.path("operationId").asText(),
                operation.path("x-access").asText(),
                parameters(tree, at + "/parameters", here + "/parameters"),
                tree.at(body).isMissingNode() ? "" : resolve(tree, body));
    }

    private static List<String> parameters(JsonNode tree, String ofPath, String ofOperation) {
        List<String> all = new ArrayList<>();
        Set<String> named = new java.util.HashSet<>();
        for (String list : List.of(ofOperation, ofPath)) {
            JsonNode parameters = tree.at(list);
            for (int i = 0; i < parameters.size(); i++) {
                String pointer = resolve(tree, list + "/" + i);
                JsonNode parameter = tree.at(pointer);
                if (named.add(parameter.path("in").asText() + " "
                        + parameter.path("name").asText())) {
                    all.add(pointer);
                }
            }
        }
        return List.copyOf(all);
    }

    /** Follows references to where the thing itself stands. */
    static String resolve(JsonNode tree, String pointer) {
        String at = pointer;
        for (JsonNode ref = tree.at(at).path("$ref");
                ref.isTextual();
                ref = tree.at(at).path("$ref")) {
            at = ref.textValue().substring(1);
        }
        return at;
    }

    /** What stands at a pointer, with references followed; missing if nothing does. */
    JsonNode at(String pointer) {
        String at = resolve(tree, pointer);
        return at.isEmpty() ? MissingNode.getInstance() : tree.at(at);
    }
}
