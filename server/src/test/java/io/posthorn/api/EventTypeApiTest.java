package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
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
}
