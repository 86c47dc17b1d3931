package io.posthorn.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.Rules;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class EventTypeApiTest {
    private static final Api api = Api.usual();

    @AfterAll
    static void close() {
        api.close();
    }

    @Test
    void livesIsArchivedComesBackAndDies() {
        String json =
                "{\"name\":\"user.created\",\"description\":\"d\",\"groupName\":\"user\",\"schemas\":{\"1\":{\"type\":\"object\"}}}";
        JsonNode made = api.post("/event-type", json).body();
        assertThat(made.get("schemas").get("1").get("type").textValue()).isEqualTo("object");
        assertThat(made.get("groupName").textValue()).isEqualTo("user");
        assertThat(api.get("/event-type/user.created/").body()).isEqualTo(made);
        assertThat(api.post("/event-type", json).status()).isEqualTo(409);
        assertThat(api.delete("/event-type/user.created").status()).isEqualTo(204);
        assertThat(api.get("/event-type/user.created").body().get("archived").booleanValue())
                .isTrue();
        assertThat(names("")).doesNotContain("user.created");
        assertThat(names("?include_archived=true")).contains("user.created");
        assertThat(api.post("/event-type", json).status()).isEqualTo(201);
        assertThat(names("")).contains("user.created");
        assertThat(api.delete("/event-type/user.created?expunge=true").status()).isEqualTo(204);
        assertThat(api.get("/event-type/user.created").status()).isEqualTo(404);
    }

    private static java.util.List<String> names(String query) {
        return api.get("/event-type" + query)
                .body()
                .get("data")
                .valueStream()
                .map(type -> type.get("name").textValue())
                .toList();
    }

    @Test
    void putAndPatch() {
        assertThat(api.put("/event-type/p.q", "{\"description\":\"d\",\"schemas\":{\"1\":{}}}")
                        .status())
                .isEqualTo(201);
        JsonNode listed = api.get("/event-type?with_content=false").body();
        assertThat(listed.at("/data/0/schemas").isNull()).isTrue();
        assertThat(api.get("/event-type?with_content=true")
                        .body()
                        .at("/data/0/schemas")
                        .isNull())
                .isFalse();
        JsonNode patched = api.patch("/event-type/p.q", "{\"deprecated\":true}").body();
        assertThat(patched.get("deprecated").booleanValue()).isTrue();
        assertThat(patched.get("schemas").has("1")).isTrue();
        assertThat(api.patch("/event-type/p.q", "{\"schemas\":null}")
                        .body()
                        .get("schemas")
                        .isNull())
                .isTrue();
        assertThat(api.put("/event-type/p.q", "{\"description\":\"e\"}")
                        .body()
                        .get("deprecated")
                        .booleanValue())
                .isFalse();
        assertThat(api.put("/event-type/p%2Fq", "{\"description\":\"e\"}").places())
                .containsExactly("path.name");
        assertThat(api.post("/event-type", "{\"name\":\"a b\",\"schemas\":[]}").places())
                .containsExactlyInAnyOrder("body.name", "body.description", "body.schemas");
        assertThat(api.patch("/event-type/none", "{}").status()).isEqualTo(404);
    }

    /** A number that JSON allows and the database cannot hold is the caller's mistake, not a failure. */
    @Test
    void aNumberThatCannotBeStoredIsRefused() {
        Api.Reply reply =
                api.put("/event-type/huge", "{\"description\":\"d\",\"schemas\":{\"1\":{\"maximum\":1e200000}}}");
        assertThat(reply.status()).isEqualTo(422);
        assertThat(api.get("/event-type/huge").status()).isEqualTo(404);
    }

    @Test
    void featureFlagsAreOneOrManyAndHideNothing() {
        JsonNode one = api.post("/event-type", "{\"name\":\"f.one\",\"description\":\"d\",\"featureFlag\":\"beta\"}")
                .body();
        assertThat(one.get("featureFlag").textValue()).isEqualTo("beta");
        assertThat(one.get("featureFlags").toString()).isEqualTo("[\"beta\"]");
        JsonNode two = api.patch(
                        "/event-type/f.one",
                        "{\"featureFlags\":[\"gamma\",\"beta\",\"gamma\"],\"featureFlag\":\"beta\"}")
                .body();
        assertThat(two.get("featureFlags").toString()).isEqualTo("[\"gamma\",\"beta\"]");
        assertThat(two.get("featureFlag").textValue()).isEqualTo("gamma");
        assertThat(api.patch("/event-type/f.one", "{\"description\":\"e\"}")
                        .body()
                        .get("featureFlags"))
                .isEqualTo(two.get("featureFlags"));
        assertThat(names("")).contains("f.one");
        for (String none : new String[] {"{\"featureFlag\":null}", "{\"featureFlags\":null}"}) {
            api.patch("/event-type/f.one", "{\"featureFlags\":[\"a\"]}");
            JsonNode bare = api.patch("/event-type/f.one", none).body();
            assertThat(bare.get("featureFlags").isNull()).as(none).isTrue();
            assertThat(bare.get("featureFlag").isNull()).as(none).isTrue();
        }
        assertThat(api.patch("/event-type/f.one", "{\"featureFlags\":[\"a\"],\"featureFlag\":\"b\"}")
                        .places())
                .containsExactly("body.featureFlag");
        assertThat(api.patch("/event-type/f.one", "{\"featureFlags\":[]}").places())
                .containsExactly("body.featureFlags");
        assertThat(api.patch("/event-type/f.one", "{\"featureFlags\":[\"a b\"]}")
                        .places())
                .containsExactly("body.featureFlags.0");
        assertThat(api.put("/event-type/f.one", "{\"description\":\"d\"}")
                        .body()
                        .get("featureFlags")
                        .isNull())
                .isTrue();
    }

    /** Clients take a . or .. out of a path, so nothing may be addressed by it. */
    @Test
    void aNameCanBeAPartOfAPath() {
        for (String name : new String[] {".", ".."}) {
            assertThat(api.post("/event-type", "{\"name\":\"" + name + "\",\"description\":\"d\"}")
                            .places())
                    .containsExactly("body.name");
        }
        assertThat(api.post("/event-type", "{\"name\":\"._-.\",\"description\":\"d\"}")
                        .status())
                .isEqualTo(201);
        assertThat(api.get("/event-type/._-.").status()).isEqualTo(200);
    }

    @Test
    void schemasAreMeasuredAsTheyAreStored() {
        String schemas = "{\"1\":{\"n\":[1e300,-1.50e-30,1.5E+3,12345678901234567890123,0.1,-7],\"e\":{},\"l\":[],"
                + "\"t\":\"a/\\u00e4\\n\\u0001\\\"\\ud83d\\ude00\",\"b\":[true,null,{\"c\":1,\"d\":[2,3]}]}}";
        assertThat(api.put("/event-type/measured", "{\"description\":\"d\",\"schemas\":" + schemas + "}")
                        .status())
                .isEqualTo(201);
        String stored = requireNonNull(
                requireNonNull(api.catalog.eventType(1, "measured")).schemas());
        assertThat(Json.parse(schemas.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOfSatisfying(
                        Json.Parsed.Value.class,
                        parsed -> assertThat(Json.stored(parsed.node()))
                                .isEqualTo(stored.getBytes(StandardCharsets.UTF_8).length));
    }

    @Test
    void schemasAreBoundedByWhatIsStored() {
        // 5 KB here, 400 KB in the database
        String numbers = "{\"1\":{\"x\":[" + "1e399,".repeat(999) + "1]}}";
        String text = "{\"1\":{\"x\":\"" + "a".repeat(Rules.MOST_SCHEMAS) + "\"}}";
        for (String schemas : List.of(numbers, text)) {
            Api.Reply put = api.put("/event-type/large", "{\"description\":\"d\",\"schemas\":" + schemas + "}");
            assertThat(put.status()).isEqualTo(422);
            assertThat(put.places()).containsExactly("body.schemas");
            assertThat(put.text()).contains("262144");
        }
        String edge = "{\"1\": {\"x\": \"" + "a".repeat(Rules.MOST_SCHEMAS - 16) + "\"}}";
        assertThat(api.put("/event-type/large", "{\"description\":\"d\",\"schemas\":" + edge + "}")
                        .status())
                .isEqualTo(201);
        Api.Reply patch = api.patch("/event-type/large", "{\"schemas\":" + numbers + "}");
        assertThat(patch.status()).isEqualTo(422);
        assertThat(patch.places()).containsExactly("body.schemas");
    }
}
