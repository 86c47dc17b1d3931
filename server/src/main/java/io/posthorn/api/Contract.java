package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Holds requests against the document: their bodies, and the parameters in path, query and headers. What the document
 * does not name is ignored, because clients and servers are not updated on the same day.
 *
 * <p>All schemas are compiled when it is made, and it can be used by any number of threads. How much work a request can
 * cause is bounded: bodies have a bound on bytes and depth where they are read, {@link Trees} leaves out what is beyond
 * the longest list that any schema allows, and no pattern in the document can go back and forth for long.
 *
 * <p>What a schema cannot say, such as where a URL may point to, is checked by the operation itself, afterwards.
 */
final class Contract {
    private static final Contract OURS = new Contract(OpenApi.read());
    private static final int MOST_PROBLEMS = 20;

    private final OpenApi document;
    private final Map<Key, Checks> operations = new HashMap<>();

    private record Key(HttpMethod method, String path) {}

    private record Checks(
            String id,
            List<ParameterCheck> parameters,
            @Nullable SchemaCheck body) {}

    private Contract(OpenApi document) {
        this.document = document;
        Schemas schemas = new Schemas(document);
        for (OpenApi.Described each : document.operations()) {
            List<ParameterCheck> parameters = each.parameters().stream()
                    .map(pointer -> ParameterCheck.of(document, schemas, pointer))
                    .toList();
            SchemaCheck body = each.body().isEmpty() ? null : schemas.at(each.body());
            operations.put(new Key(each.method(), each.path()), new Checks(each.id(), parameters, body));
        }
    }

    /** The contract of this server; there is one. */
    static Contract ours() {
        return OURS;
    }

    OpenApi document() {
        return document;
    }

    /**
     * The name of an operation, such as {@code endpoint.create}.
     *
     * @param method of HTTP
     * @param path as its route has it, such as {@code /api/v1/app/:app}
     * @return null if the document does not know it
     */
    @Nullable
    String operationId(HttpMethod method, String path) {
        Checks checks = operations.get(new Key(method, path));
        return checks == null ? null : checks.id();
    }

    /**
     * Everything in a request that breaks the contract, at most 20 places, one message for each.
     *
     * @param path as its route has it
     * @param method of HTTP
     * @param call with the body, if the operation takes one
     * @param headers gives the value of a header, null if there is none
     * @return empty if it keeps the contract, or if the document does not know the operation
     */
    List<Problem> check(String path, HttpMethod method, Call call, Function<String, @Nullable String> headers) {
        Checks checks = operations.get(new Key(method, path));
        if (checks == null) {
            return List.of();
        }
        List<Problem> problems = new ArrayList<>();
        for (ParameterCheck parameter : checks.parameters()) {
            parameter.check(call, headers, problems);
        }
        if (checks.body() != null) {
            problems.addAll(checks.body().check(Trees.of(call.body()), List.of("body")));
        }
        return problems.size() <= MOST_PROBLEMS ? problems : List.copyOf(problems.subList(0, MOST_PROBLEMS));
    }

    /**
     * Everything that is wrong with a body by one of the document's schemas.
     *
     * @param schema its name under {@code components/schemas}
     */
    List<Problem> checkBody(String schema, JsonNode body) {
        return new Schemas(document).at("/components/schemas/" + schema).check(Trees.of(body), List.of("body"));
    }
}
