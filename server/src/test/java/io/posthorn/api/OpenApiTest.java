package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.OpenAPIContract;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Holds the document against the specification, against the routes, and against itself. */
class OpenApiTest {
    private static final OpenApi document = Contract.ours().document();
    private static final Api api = Api.usual();

    @AfterAll
    static void close() {
        api.close();
    }

    @Test
    void isValidOpenApi31() {
        // what stands for JSON in answers it can check; of other media types it knows one
        JsonObject json = new JsonObject(Json.text(document.tree())
                .replace("application/yaml", "text/plain")
                .replace("text/html", "text/plain"));
        assertThat(json.getString("openapi")).startsWith("3.1.");
        OpenAPIContract contract = Api.await(OpenAPIContract.from(api.vertx, json));
        assertThat(contract.operations()).hasSameSizeAs(document.operations());
    }

    @Test
    void everyOperationIsDescribed() {
        Set<String> ids = new TreeSet<>();
        Set<String> tags = new TreeSet<>(document.tree().path("tags").findValuesAsText("name"));
        for (OpenApi.Described each : document.operations()) {
            JsonNode operation = operation(each);
            assertThat(each.id()).matches("[a-zA-Z]+(\\.[a-zA-Z]+)+");
            assertThat(ids.add(each.id())).as(each.id() + " stands there twice").isTrue();
            assertThat(operation.path("summary").asText()).as(each.id()).isNotBlank();
            assertThat(tags)
                    .as(each.id())
                    .contains(operation.path("tags").path(0).asText());
            boolean open = each.access().equals("PUBLIC");
            if (!open) {
                assertThat(Arrays.stream(Access.values()).map(Enum::name)).contains(each.access());
                assertThat(operation.path("responses").has("401")).as(each.id()).isTrue();
                assertThat(operation.path("responses").has("default"))
                        .as(each.id())
                        .isTrue();
            }
            assertThat(operation.path("security").isArray()).as(each.id()).isEqualTo(open);
            List<String> parameters = each.parameters().stream()
                    .map(pointer -> document.at(pointer).path("name").asText())
                    .toList();
            assertThat(parameters.contains("idempotency-key"))
                    .as(each.id())
                    .isEqualTo(each.method().equals(HttpMethod.POST));
            for (String part : each.path().split("/", -1)) {
                if (part.startsWith(":")) {
                    assertThat(parameters).as(each.id()).contains(part.substring(1));
                }
            }
        }
    }

    @Test
    void referencesLeadSomewhereAndEverythingIsUsed() {
        Set<String> used = new TreeSet<>();
        walk(document.tree(), (name, value) -> {
            if (name.equals("$ref")) {
                assertThat(document.tree().at(value.asText().substring(1)).isMissingNode())
                        .as(value.asText())
                        .isFalse();
                used.add(value.asText().substring(1));
            }
        });
        for (String kind : List.of("schemas", "parameters", "responses", "headers")) {
            for (Map.Entry<String, JsonNode> each :
                    document.tree().path("components").path(kind).properties()) {
                assertThat(used).contains("/components/" + kind + "/" + each.getKey());
            }
        }
    }

    /** A long text is looked at by patterns on the way in; none of them may go back and forth. */
    @Test
    void noPatternNestsRepetitions() {
        List<String> patterns = new ArrayList<>();
        walk(document.tree(), (name, value) -> {
            if (name.equals("pattern") && value.isTextual()) {
                patterns.add(value.asText());
            }
        });
        assertThat(patterns).isNotEmpty();
        Pattern nested = Pattern.compile("[*+}]\\)*\\)[*+{]");
        assertThat(patterns).noneMatch(pattern -> nested.matcher(pattern).find());
    }

    @Test
    void noListIsLongerThanWhatIsLookedAt() {
        walk(document.tree(), (name, value) -> {
            if (name.equals("maxItems")) {
                assertThat(value.asInt()).isLessThan(Trees.MOST_ELEMENTS);
            }
        });
    }

    @Test
    void examplesKeepTheirSchemas() {
        int examples = 0;
        for (Map.Entry<String, JsonNode> schema :
                document.tree().path("components").path("schemas").properties()) {
            for (JsonNode example : schema.getValue().path("examples")) {
                assertThat(Contract.ours().checkBody(schema.getKey(), example))
                        .as(schema.getKey())
                        .isEmpty();
                examples++;
            }
        }
        assertThat(examples).isGreaterThan(20);
    }

    @Test
    void everyRouteStandsInTheDocument() {
        Map<String, String> described = described();
        routes().forEach((route, access) -> assertThat(described).containsEntry(route, access));
    }

    @Test
    void everythingInTheDocumentIsARoute() {
        Set<String> missing = new TreeSet<>(described().keySet());
        missing.removeAll(routes().keySet());
        assertThat(missing).isEmpty();
    }

    private static Map<String, String> described() {
        Map<String, String> described = new TreeMap<>();
        for (OpenApi.Described each : document.operations()) {
            if (!each.access().equals("PUBLIC")) {
                described.put(each.method() + " " + each.path(), each.access());
            }
        }
        return described;
    }

    private static Map<String, String> routes() {
        Map<String, String> routes = new TreeMap<>();
        for (Operation operation : Modules.operations()) {
            String route = operation.method() + " " + operation.path();
            assertThat(routes.getOrDefault(route, operation.access().name()))
                    .as(route)
                    .isEqualTo(operation.access().name());
            routes.put(route, operation.access().name());
        }
        return routes;
    }

    @Test
    void whatIsOpenToEverybodyIsDescribedAsSuch() {
        Set<String> open = new TreeSet<>();
        for (OpenApi.Described each : document.operations()) {
            if (each.access().equals("PUBLIC")) {
                open.add(each.method() + " " + each.path());
                if (each.path().contains(":")) {
                    continue; // there is nothing to be named here: it has a test of its own
                }
                Api.Reply reply = api.send(java.net.http.HttpRequest.newBuilder(
                                java.net.URI.create("http://127.0.0.1:" + api.server.port() + each.path()))
                        .method(each.method().name(), java.net.http.HttpRequest.BodyPublishers.noBody()));
                assertThat(reply.status()).as(each.id()).isEqualTo(each.path().equals("/") ? 302 : 200);
            }
        }
        assertThat(open)
                .isEqualTo(new TreeSet<>(List.of(
                        "GET /api/v1/health",
                        "HEAD /api/v1/health",
                        "GET /api/v1/record/:token",
                        "GET /metrics",
                        "GET /",
                        "HEAD /",
                        "GET /openapi.yaml",
                        "GET /docs")));
    }

    private static JsonNode operation(OpenApi.Described each) {
        String path = each.path().replaceAll(":([a-z]+)", "{$1}");
        return document.tree()
                .path("paths")
                .path(path)
                .path(each.method().name().toLowerCase(java.util.Locale.ROOT));
    }

    private static void walk(JsonNode node, BiConsumer<String, JsonNode> visit) {
        node.properties().forEach(member -> {
            visit.accept(member.getKey(), member.getValue());
            walk(member.getValue(), visit);
        });
        if (node.isArray()) {
            node.forEach(each -> walk(each, visit));
        }
    }
}
