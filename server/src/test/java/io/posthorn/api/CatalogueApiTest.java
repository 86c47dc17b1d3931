package io.posthorn.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.Requirement;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.catalog.EventTypes;
import io.posthorn.catalog.Result;
import io.posthorn.model.EventType;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Event types all at once, and what applications may be told of. */
class CatalogueApiTest {
    private static final List<String> FOUR = List.of("Events", "Customers", "Resources", "Services");
    private static final String RICH = """
            {"name":"order.made","description":"An order.","groupName":"Orders","deprecated":true,
             "featureFlags":["beta"],"scopes":["Orders","a b"],"schemaMode":"warn","version":"2",
             "example":{"z":1.50,"a":["x"]},"downgrades":{"2":"$merge([$, {\\"old\\": 1}])"},
             "schemas":{"1":{"type":"object"},
                        "2":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"},"m":{"$ref":"#"}},
                             "$defs":{"n":{"type":["number","null"]}}}}}""";

    private final Api api = Api.usual();

    @AfterEach
    void close() {
        api.close();
    }

    private Api.Reply imported(String query, String text) {
        ObjectNode body = Api.JSON.createObjectNode().put("text", text);
        return api.post("/catalogue/import" + query, body.toString());
    }

    private static List<String> texts(JsonNode list) {
        return list.valueStream().map(JsonNode::asText).toList();
    }

    private EventType type(String name) {
        return requireNonNull(api.catalog.eventType(1, name), name);
    }

    // ---- the catalogues that come with the server

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            E7  | customers       | created,updated,deleted | Customers
            E8  | event           | created,updated,deleted | Events,Customers,Resources,Services
            E9  | events          | deleted                 | Events,Customers,Resources,Services
            E10 | services        | created,updated,deleted | Resources,Services
            E11 | resource        | created,updated,deleted | Resources
            E12 | company         | created,updated,deleted | Companies
            E13 | manager         | created,updated,deleted | BM_Managers
            E14 | enterprise      | updated                 | Enterprises
            E15 | customer_fields | created,updated,deleted | Customer fields
            E16 | shift           | created,updated,deleted | Shift,Resources
            E17 | notification    | created                 | Notification
            E20 | service_groups  | created,updated,deleted | Service Group
            """)
    @Requirement({"E5", "E6", "E7", "E8", "E9", "E10", "E11", "E12", "E13", "E14", "E15", "E16", "E17", "E20"})
    void timifysRowsNeedTheirScopes(String row, String noun, String verbs, String scopes) {
        assertThat(api.post("/catalogue/import?catalogue=timify", "{}").status())
                .isEqualTo(200);
        List<String> needed = List.of(scopes.split(","));
        api.post(
                "/app",
                "{\"name\":\"all\",\"uid\":\"all\",\"scopes\":" + Json.text(Api.JSON.valueToTree(needed)) + "}");
        assertThat(api.catalog
                        .eventTypes()
                        .list(1, null, true, 100, any -> any.name().startsWith(noun + ".")))
                .as(row)
                .extracting(EventType::name)
                .containsExactlyInAnyOrderElementsOf(Stream.of(verbs.split(",", -1))
                        .map(verb -> noun + "." + verb)
                        .toList());
        for (String verb : List.of(verbs.split(",", -1))) {
            String name = noun + "." + verb;
            assertThat(type(name).contract().scopes()).as(row).containsExactlyElementsOf(needed);
            assertThat(type(name).contract().sync()).as(row).isFalse();
            assertThat(subscribe("all", name).status()).as(row).isEqualTo(201);
            for (String missing : needed) {
                List<String> rest =
                        needed.stream().filter(scope -> !scope.equals(missing)).toList();
                api.put("/app/less", "{\"name\":\"less\",\"scopes\":" + Json.text(Api.JSON.valueToTree(rest)) + "}");
                Api.Reply refused = subscribe("less", name);
                assertThat(refused.status()).as(row).isEqualTo(422);
                assertThat(refused.places()).as(row).containsExactly("body.filterTypes");
                assertThat(refused.text()).as(row).contains(name + " needs the scope " + missing);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"before_confirmations", "before_reminders"})
    @Requirement({"E18", "E19"})
    void timifysSynchronousRowsNeedFourScopes(String name) {
        api.post("/catalogue/import?catalogue=timify", "{}");
        assertThat(type(name).contract().scopes()).containsExactlyElementsOf(FOUR);
        assertThat(type(name).contract().sync()).isTrue();
    }

    private Api.Reply subscribe(String app, String... types) {
        return api.post(
                "/app/" + app + "/endpoint",
                "{\"url\":\"https://example.com/\",\"filterTypes\":" + Json.text(Api.JSON.valueToTree(types)) + "}");
    }

    @Test
    @Requirement("B10")
    void adminsTypesHaveTheirGroupsAndDescriptions() {
        api.post("/catalogue/import?catalogue=admin", "{}");
        assertThat(api.get("/event-type")
                        .body()
                        .path("data")
                        .valueStream()
                        .map(type -> type.path("groupName").asText() + " "
                                + type.path("name").asText()))
                .containsExactly(
                        "Integrations integration.connected",
                        "Orders order.completed",
                        "System system.alert",
                        "Users user.created",
                        "Users user.updated");
        assertThat(api.get("/event-type?with_content=true").body().path("data")).allSatisfy(type -> {
            assertThat(type.path("description").asText()).isNotBlank();
            assertThat(type.path("example").isObject()).isTrue();
        });
    }

    @Test
    @Requirement("A3")
    void administratesTypesAreListed() {
        api.post("/catalogue/import?catalogue=administrate", "{}");
        List<String> known = api.get("/event-type")
                .body()
                .path("data")
                .valueStream()
                .map(type -> type.path("description").asText())
                .map(text -> text.substring(0, text.indexOf('.')))
                .toList();
        assertThat(known)
                .containsExactlyInAnyOrder(
                        "Event Created",
                        "Event Updated",
                        "Event Cancelled",
                        "Event Published",
                        "Event Deleted",
                        "Contact Updated",
                        "Account Created",
                        "Session Created",
                        "Session Updated",
                        "Session Deleted",
                        "Learner Created",
                        "Learner Cancelled",
                        "Learner Attended Session");
    }

    @Test
    void thoseThatComeWithTheServerAreListed() {
        JsonNode all = api.get("/catalogue").body().path("data");
        assertThat(all.valueStream().map(each -> each.path("name").asText()))
                .containsExactly("admin", "administrate", "timify");
        assertThat(all).allSatisfy(each -> {
            assertThat(each.path("description").asText()).isNotBlank();
            assertThat(each.path("eventTypes").size()).isGreaterThan(4);
        });
        assertThat(api.post("/catalogue/import?catalogue=none", "{}").places()).containsExactly("query.catalogue");
        assertThat(api.post("/catalogue/import?catalogue=admin", "{\"eventTypes\":[]}")
                        .places())
                .containsExactly("query.catalogue");
    }

    // ---- what an application may be told of

    @Test
    @Requirement({"A3", "E6"})
    void anApplicationFindsOutWhatItMaySubscribeTo() {
        api.post("/catalogue/import?catalogue=timify", "{}");
        api.post("/event-type", "{\"name\":\"free\",\"description\":\"for all\"}");
        api.post("/event-type", "{\"name\":\"gone\",\"description\":\"d\",\"archived\":true}");
        api.post("/app", "{\"name\":\"a\",\"uid\":\"a\",\"scopes\":[\"Resources\",\"Shift\"]}");
        String token =
                api.post("/auth/app-portal-access/a", "{}").body().path("token").asText();
        Client owner = new Client(api, api.server.port(), token, null);
        JsonNode some = owner.get("/app/a/event-type?with_content=true").body().path("data");
        assertThat(some.valueStream().map(type -> type.path("name").asText()))
                .containsExactly(
                        "free",
                        "resource.created",
                        "resource.deleted",
                        "resource.updated",
                        "shift.created",
                        "shift.deleted",
                        "shift.updated");
        assertThat(texts(some.path(4).path("scopes"))).containsExactly("Shift", "Resources");
        assertThat(owner.get("/app/a/event-type?group_name=Shifts&limit=2")
                        .body()
                        .path("data")
                        .size())
                .isEqualTo(2);
        assertThat(owner.patch("/app/a", "{\"scopes\":null}").status()).isEqualTo(403);
        api.patch("/app/a", "{\"scopes\":null}");
        assertThat(owner.get("/app/a/event-type?limit=250").body().path("data").size())
                .isEqualTo(api.get("/event-type?limit=250").body().path("data").size());
    }

    @Test
    @Requirement("E6")
    void aScopeThatIsTakenAwayStopsDeliveriesAndSaysSo() {
        api.post("/catalogue/import?catalogue=timify", "{}");
        api.post("/app", "{\"name\":\"a\",\"uid\":\"a\",\"scopes\":[\"Resources\",\"Shift\",\"Customers\"]}");
        String id =
                subscribe("a", "shift.created", "customers.created", "other").id();
        assertThat(requireNonNull(api.catalog.app(1, "a")).application().scopes())
                .hasSize(3);
        JsonNode before = api.get("/app/a").body();
        assertThat(before.path("withheld").isNull()).isTrue();
        JsonNode after = api.patch("/app/a", "{\"scopes\":[\"Customers\"]}").body();
        assertThat(after.path("withheld").path("count").intValue()).isEqualTo(1);
        JsonNode at = after.path("withheld").path("endpoints").path(0);
        assertThat(at.path("id").asText()).isEqualTo(id);
        assertThat(texts(at.path("eventTypes"))).containsExactly("shift.created");
        assertThat(texts(api.get("/app/a/endpoint/" + id).body().path("withheldEventTypes")))
                .containsExactly("shift.created");
        var app = requireNonNull(api.catalog.app(1, "a")).application();
        assertThat(api.catalog.permits(app, "shift.created")).isFalse();
        assertThat(api.catalog.permits(app, "customers.created")).isTrue();
        assertThat(api.catalog.permits(app, "other")).isTrue();
        // what it is already may be said again; what it was not may not
        assertThat(api.patch("/app/a/endpoint/" + id, "{\"filterTypes\":[\"shift.created\",\"other\"]}")
                        .status())
                .isEqualTo(200);
        assertThat(api.patch("/app/a/endpoint/" + id, "{\"filterTypes\":[\"shift.created\",\"shift.updated\"]}")
                        .text())
                .contains("shift.updated needs the scopes Shift, Resources");
        assertThat(api.patch("/app/a", "{\"name\":\"b\"}").body().path("scopes").size())
                .isEqualTo(1);
        JsonNode free = api.patch("/app/a", "{\"scopes\":null}").body();
        assertThat(free.path("scopes").isNull()).isTrue();
        assertThat(free.path("withheld").isNull()).isTrue();
    }

    @Test
    @Requirement("E6")
    void whoWantsAllGetsWhatItsApplicationMayHave() {
        api.post("/catalogue/import?catalogue=timify", "{}");
        api.post("/app", "{\"name\":\"a\",\"uid\":\"a\",\"scopes\":[]}");
        Api.Reply all = api.post("/app/a/endpoint", "{\"url\":\"https://example.com/\"}");
        assertThat(all.status()).isEqualTo(201);
        assertThat(texts(all.body().path("withheldEventTypes")))
                .hasSizeBetween(1, 100)
                .contains("customers.created")
                .doesNotContain("unknown");
        var app = requireNonNull(api.catalog.app(1, "a")).application();
        assertThat(api.catalog.permits(app, "customers.created")).isFalse();
        assertThat(api.catalog.permits(app, "unknown")).isTrue();
        assertThat(api.put("/app/a", "{\"name\":\"a\",\"scopes\":[\" x\"]}").places())
                .containsExactly("body.scopes.0");
    }

    @Test
    @Requirement("E6")
    void patternsAndGroupsAreHeldAgainstScopesToo() {
        api.put("/event-type/a.one", "{\"description\":\"d\",\"groupName\":\"G\",\"scopes\":[\"One\"]}");
        api.put("/event-type/a.two", "{\"description\":\"d\",\"groupName\":\"G\",\"scopes\":[\"Two\"]}");
        api.put("/event-type/ab", "{\"description\":\"d\"}");
        api.post("/app", "{\"name\":\"a\",\"uid\":\"a\",\"scopes\":[]}");
        for (String several : List.of("a.*", "group:G")) {
            Api.Reply refused = subscribe("a", several);
            assertThat(refused.status()).isEqualTo(422);
            assertThat(refused.text()).contains(several + " needs the scopes One, Two");
            assertThat(refused.places()).containsExactly("body.filterTypes");
        }
        assertThat(subscribe("a", "nothing.*", "group:Nothing").status()).isEqualTo(201);

        api.patch("/app/a", "{\"scopes\":[\"One\",\"Two\"]}");
        String pattern = subscribe("a", "a.*", "ab").id();
        String group = subscribe("a", "group:G").id();
        String all = api.post("/app/a/endpoint", "{\"url\":\"https://example.com/\"}")
                .id();
        assertThat(api.get("/app/a").body().path("withheld").isNull()).isTrue();
        JsonNode withheld = api.patch("/app/a", "{\"scopes\":[\"Two\"]}").body().path("withheld");
        assertThat(withheld.path("count").intValue()).isEqualTo(3);
        assertThat(withheld.path("endpoints")
                        .valueStream()
                        .map(at -> at.path("id").asText()))
                .containsExactlyInAnyOrder(pattern, group, all);
        for (String id : List.of(pattern, group, all)) {
            assertThat(texts(api.get("/app/a/endpoint/" + id).body().path("withheldEventTypes")))
                    .as(id)
                    .containsExactly("a.one");
        }
        assertThat(api.get("/app/a/endpoint")
                        .body()
                        .path("data")
                        .valueStream()
                        .map(endpoint -> texts(endpoint.path("withheldEventTypes"))))
                .containsExactlyInAnyOrder(List.of(), List.of("a.one"), List.of("a.one"), List.of("a.one"));
        assertThat(subscribe("a", "a.*").status())
                .as("it gets those that are permitted")
                .isEqualTo(201);
    }

    @Test
    void whatIsListedIsBounded() {
        StringBuilder types = new StringBuilder("eventTypes:\n");
        for (int i = 0; i < 150; i++) {
            types.append("  - {name: many.t").append(i).append(", description: d, scopes: [S]}\n");
        }
        assertThat(imported("", types.toString()).status()).isEqualTo(200);
        api.post("/app", "{\"name\":\"a\",\"uid\":\"a\"}");
        subscribe("a", "many.*");
        JsonNode withheld = api.patch("/app/a", "{\"scopes\":[]}").body().path("withheld");
        assertThat(withheld.path("endpoints").path(0).path("eventTypes").size()).isEqualTo(100);
    }

    @Test
    @Requirement("E6")
    void anEventTypeThatComesToNeedAScopeSaysWhomThatConcerns() {
        api.put("/event-type/x.y", "{\"description\":\"d\"}");
        String free = api.post("/app", "{\"name\":\"a\",\"uid\":\"free\"}").id();
        api.post("/app", "{\"name\":\"a\",\"uid\":\"bound\",\"scopes\":[]}");
        subscribe("free", "x.y");
        String one = subscribe("bound", "x.*").id();
        subscribe("bound", "z");
        JsonNode after =
                api.patch("/event-type/x.y", "{\"scopes\":[\"S\"]}").body().path("withheld");
        assertThat(after.path("count").intValue()).isEqualTo(1);
        JsonNode at = after.path("endpoints").path(0);
        assertThat(at.path("appId").asText()).startsWith("app_").isNotEqualTo(free);
        assertThat(at.path("appUid").asText()).isEqualTo("bound");
        assertThat(at.path("id").asText()).isEqualTo(one);
        assertThat(api.get("/event-type/x.y").body().path("withheld").isNull())
                .as("who may only look is not told of others")
                .isTrue();
        assertThat(api.patch("/event-type/x.y", "{\"scopes\":[]}")
                        .body()
                        .path("withheld")
                        .isNull())
                .isTrue();
    }

    // ---- documents

    @Test
    void anImportGoesOverWhatThereIsAtTheMomentOfTheChange() {
        api.put("/event-type/x", "{\"description\":\"read\"}");
        EventTypes types = api.catalog.eventTypes();
        EventTypes.Over over = present -> {
            assertThat(present).isSameAs(api.catalog.eventType(1, "x"));
            return "too late".equals(requireNonNull(present).description()) ? null : EventTypeDraft.of(present);
        };
        Map<String, EventTypes.Over> prepared = Map.of("x", over);
        api.patch("/event-type/x", "{\"description\":\"changed\"}");
        assertThat(types.importAll(1, prepared, false, false)).isInstanceOf(Result.Updated.class);
        assertThat(requireNonNull(api.catalog.eventType(1, "x")).description()).isEqualTo("changed");
        api.patch("/event-type/x", "{\"description\":\"too late\"}");
        assertThat(types.importAll(1, prepared, false, false)).isInstanceOf(Result.Conflict.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"yaml", "openapi", "asyncapi"})
    void whatGoesOutComesBackTheSame(String format) {
        assertThat(api.post("/event-type", RICH).status()).isEqualTo(201);
        api.post("/event-type", "{\"name\":\"plain\",\"description\":\"Nothing more.\"}");
        api.post(
                "/event-type",
                "{\"name\":\"two\",\"description\":\"d\",\"schemas\":{\"1\":{},\"2\":{\"type\":\"array\"}}}");
        Api.Reply written = api.get("/catalogue/export?format=" + format);
        assertThat(written.status()).isEqualTo(200);
        Api.Reply same = imported("", written.text());
        assertThat(texts(same.body().path("unchanged")))
                .as(same.text() + written.text())
                .containsExactlyInAnyOrder("order.made", "plain", "two");
        JsonNode before = api.get("/event-type?with_content=true").body();
        for (String name : List.of("order.made", "plain", "two")) {
            api.delete("/event-type/" + name + "?expunge=true");
        }
        Api.Reply made = imported("", written.text());
        assertThat(texts(made.body().path("created"))).hasSize(3);
        JsonNode after = api.get("/event-type?with_content=true").body();
        for (JsonNode both : List.of(before, after)) {
            both.path("data").forEach(type -> ((ObjectNode) type).remove(List.of("createdAt", "updatedAt")));
        }
        assertThat(after.path("data")).isEqualTo(before.path("data"));
    }

    @Test
    void webhooksOfOpenApiAreEventTypes() {
        String document = """
                openapi: 3.1.0
                info: {title: t, version: "1"}
                webhooks:
                  pet.born:
                    post:
                      summary: A pet was born.
                      tags: [Pets]
                      requestBody:
                        content:
                          application/json:
                            schema: {$ref: '#/components/schemas/Pet'}
                            examples: {one: {value: {name: Rex}}}
                components:
                  schemas:
                    Pet:
                      type: object
                      properties:
                        name: {type: string}
                        owner: {$ref: '#/components/schemas/Person'}
                        mother: {$ref: '#/components/schemas/Pet'}
                    Person:
                      properties: {pets: {items: {$ref: '#/components/schemas/Pet'}}}
                """;
        assertThat(texts(imported("", document).body().path("created"))).containsExactly("pet.born");
        JsonNode type = api.get("/event-type/pet.born").body();
        assertThat(type.path("description").asText()).isEqualTo("A pet was born.");
        assertThat(type.path("groupName").asText()).isEqualTo("Pets");
        assertThat(type.path("example").toString()).isEqualTo("{\"name\":\"Rex\"}");
        assertThat(type.path("version").asText()).isEqualTo("1");
        JsonNode schema = type.path("schemas").path("1");
        assertThat(schema.at("/properties/owner/$ref").asText()).isEqualTo("#/$defs/Person");
        assertThat(schema.at("/properties/mother/$ref").asText()).isEqualTo("#");
        assertThat(schema.at("/$defs/Person/properties/pets/items/$ref").asText())
                .isEqualTo("#");
        assertThat(api.patch("/event-type/pet.born", "{\"schemaMode\":\"reject\",\"scopes\":[\"Pets\"]}")
                        .status())
                .isEqualTo(200);
        // what the document has no words for stays
        assertThat(texts(imported("", document).body().path("unchanged"))).containsExactly("pet.born");
        assertThat(type("pet.born").contract().scopes()).containsExactly("Pets");
    }

    @Test
    void clientsOfTheCompatibleApiImportToo() {
        String spec =
                "{\"spec\":{\"openapi\":\"3.1.0\",\"webhooks\":{\"a.b\":{\"post\":{\"description\":\"d\"}}}},\"dryRun\":%s}";
        JsonNode dry = api.post("/event-type/import/openapi", spec.formatted("true"))
                .body()
                .path("data");
        assertThat(dry.path("modified").isEmpty()).isTrue();
        assertThat(dry.at("/to_modify/0/name").asText()).isEqualTo("a.b");
        assertThat(api.get("/event-type/a.b").status()).isEqualTo(404);
        assertThat(texts(api.post("/event-type/import/openapi", spec.formatted("false"))
                        .body()
                        .at("/data/modified")))
                .containsExactly("a.b");
        assertThat(api.post("/event-type/import/openapi", "{}").places()).containsExactly("body.spec");
        assertThat(api.post("/event-type/import/openapi", "{\"specRaw\":\"openapi: 3.1.0\\nwebhooks: {c.d: {}}\"}")
                        .status())
                .isEqualTo(200);
        assertThat(api.get("/event-type/c.d").status()).isEqualTo(200);
    }

    @Test
    void allOfItIsDoneOrNothing() {
        Api.Reply refused = imported("", """
                eventTypes:
                - {name: fine, description: d}
                - {name: bad, description: d, sync: maybe}
                - {name: a b, description: d}
                - {name: fine, description: twice}
                - 7
                """);
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.places())
                .contains("body.eventTypes.2", "body.eventTypes.3", "body.eventTypes.4", "body.eventTypes.1.sync");
        assertThat(api.get("/event-type/fine").status()).isEqualTo(404);
        Api.Reply mode = imported("", "eventTypes:\n- {name: fine}\n- {name: bad, schemaMode: reject}\n");
        assertThat(mode.status()).isEqualTo(422);
        assertThat(mode.places()).containsExactly("body.bad.schemaMode");
        assertThat(api.get("/event-type/fine").status()).isEqualTo(404);
    }

    @Test
    void aDryRunChangesNothing() {
        api.post("/event-type", "{\"name\":\"old\",\"description\":\"d\"}");
        JsonNode told = imported("?dry_run=true&replace_all=true", "eventTypes: [{name: fresh}]")
                .body();
        assertThat(told.path("dryRun").booleanValue()).isTrue();
        assertThat(texts(told.path("created"))).containsExactly("fresh");
        assertThat(texts(told.path("archived"))).containsExactly("old");
        assertThat(api.get("/event-type/fresh").status()).isEqualTo(404);
        imported("?replace_all=true", "eventTypes: [{name: fresh}]");
        assertThat(type("old").archived()).isTrue();
        assertThat(texts(imported("", "eventTypes: [{name: old}]").body().path("created")))
                .containsExactly("old");
        assertThat(type("old").archived()).isFalse();
        assertThat(type("old").description()).isEqualTo("d");
    }

    @Test
    void aDocumentThatIsNoneIsRefusedWithItsPlace() {
        assertThat(imported("", "a: [\nb").text()).contains("line 2");
        assertThat(imported("", "a: 1\na: 2\neventTypes: []").status()).isEqualTo(422);
        assertThat(imported("", "x: &a [1]\neventTypes: *a").text()).contains("alias", "line 2");
        assertThat(imported("", "openapi: 2.0").places()).containsExactly("body.openapi");
        assertThat(imported("", "asyncapi: 2.6.0").places()).containsExactly("body.asyncapi");
        assertThat(imported("", "{}").status()).isEqualTo(422);
        assertThat(imported("", "7").status()).isEqualTo(422);
        assertThat(imported("", "[".repeat(5_000)).status()).isEqualTo(422);
        assertThat(imported("", "eventTypes: [{name: a, example: 1e999999999}]").status())
                .isEqualTo(422);
        assertThat(imported(
                                "",
                                "openapi: 3.1.0\nwebhooks: {a: {post: {requestBody: {content: {application/json: "
                                        + "{schema: {$ref: 'http://127.0.0.1:1/x'}}}}}}}")
                        .text())
                .contains("only #/components/schemas/");
        assertThat(imported("", "openapi: 3.1.0\nwebhooks: {a: {$ref: '#/webhooks/a'}}")
                        .status())
                .isIn(200, 422);
        assertThat(api.get("/catalogue/export?format=xml").places()).containsExactly("query.format");
    }

    @Test
    @Requirement("D26")
    void stepsAreReadWhenTheyAreStored() {
        Api.Reply bad = api.put(
                "/event-type/x",
                "{\"description\":\"d\",\"downgrades\":{\"2\":\"$merge([$, \",\"3\":7,\"a b\":\"$\"}}");
        assertThat(bad.places())
                .containsExactlyInAnyOrder("body.downgrades.2", "body.downgrades.3", "body.downgrades.a b");
        JsonNode good = api.put(
                        "/event-type/x", "{\"description\":\"d\",\"downgrades\":{\"2\":\"$merge([$, {'a': 1}])\"}}")
                .body();
        assertThat(good.path("version").asText()).isEqualTo("2");
        api.patch("/event-type/x", "{\"version\":\"1\"}");
        assertThat(type("x").contract().releases())
                .extracting(release -> release.version())
                .containsExactly("2", "1");
        assertThat(api.patch("/event-type/x", "{\"version\":\"a/b\"}").places()).containsExactly("body.version");
    }
}
