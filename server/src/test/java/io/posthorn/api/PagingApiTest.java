package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class PagingApiTest {
    private static final Api api = Api.usual();

    @AfterAll
    static void close() {
        api.close();
    }

    private static String endpoint(String app) {
        return api.post("/app/" + app + "/endpoint", "{\"url\":\"https://example.com/\"}")
                .id();
    }

    private static List<String> some(int count, Supplier<String> make) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(make.get());
        }
        return ids;
    }

    private static List<String> ids(JsonNode page) {
        return page.get("data").valueStream().map(e -> e.get("id").textValue()).toList();
    }

    @Test
    void pagesAreStableWhileRowsComeAndGoInBothDirections() {
        api.post("/app", "{\"name\":\"p\",\"uid\":\"p\"}");
        List<String> all = some(10, () -> endpoint("p"));
        for (boolean ascending : new boolean[] {true, false}) {
            List<String> expected = ascending ? all : all.reversed();
            String base = "/app/p/endpoint?limit=3&order=" + (ascending ? "ascending" : "descending");
            JsonNode first = api.get(base).body();
            assertThat(ids(first)).isEqualTo(expected.subList(0, 3));
            assertThat(first.get("done").booleanValue()).isFalse();
            String extra = endpoint("p");
            JsonNode second = api.get(
                            base + "&iterator=" + first.get("iterator").textValue())
                    .body();
            assertThat(ids(second)).isEqualTo(expected.subList(3, 6));
            api.delete("/app/p/endpoint/" + extra);
            JsonNode third = api.get(
                            base + "&iterator=" + second.get("iterator").textValue())
                    .body();
            JsonNode fourth = api.get(
                            base + "&iterator=" + third.get("iterator").textValue())
                    .body();
            assertThat(ids(fourth)).isEqualTo(expected.subList(9, 10));
            assertThat(fourth.get("done").booleanValue()).isTrue();
            JsonNode back = api.get(
                            base + "&iterator=" + fourth.get("prevIterator").textValue())
                    .body();
            assertThat(ids(back)).isEqualTo(expected.subList(6, 9));
            assertThat(back.get("done").booleanValue()).isFalse();
            JsonNode start = api.get(
                            base + "&iterator=" + second.get("prevIterator").textValue())
                    .body();
            assertThat(ids(start)).isEqualTo(expected.subList(0, 3));
            assertThat(start.get("done").booleanValue()).isTrue();
        }
    }

    @Test
    void theRowThatAnIteratorNamesMayVanish() {
        api.post("/app", "{\"name\":\"v\",\"uid\":\"v\"}");
        List<String> all = some(6, () -> endpoint("v"));
        JsonNode first = api.get("/app/v/endpoint?limit=3").body();
        api.delete("/app/v/endpoint/" + all.get(2));
        JsonNode second = api.get("/app/v/endpoint?limit=3&iterator="
                        + first.get("iterator").textValue())
                .body();
        assertThat(ids(second)).isEqualTo(all.subList(3, 6));
        JsonNode end = api.get("/app/v/endpoint?limit=3&iterator="
                        + second.get("iterator").textValue())
                .body();
        assertThat(ids(end)).isEmpty();
        assertThat(end.get("done").booleanValue()).isTrue();
        String late = endpoint("v");
        assertThat(ids(api.get("/app/v/endpoint?iterator=" + end.get("iterator").textValue())
                        .body()))
                .containsExactly(late);
    }

    @Test
    void applicationsAndTheirFilter() {
        List<String> bare =
                some(3, () -> api.post("/app", "{\"name\":\"bare\"}").id());
        String full = api.post("/app", "{\"name\":\"full\"}").id();
        endpoint(full);
        List<String> newest = ids(api.get("/app?order=descending&limit=4").body());
        assertThat(newest).containsExactly(full, bare.get(2), bare.get(1), bare.get(0));
        assertThat(ids(api.get("/app?exclude_apps_with_no_endpoints=true").body()))
                .contains(full)
                .doesNotContainAnyElementsOf(bare);
        List<String> walked = new ArrayList<>();
        String iterator = "";
        boolean done = false;
        while (!done) {
            JsonNode page = api.get("/app?limit=1&iterator=" + iterator).body();
            walked.addAll(ids(page));
            iterator = page.get("iterator").textValue();
            done = page.get("done").booleanValue();
        }
        assertThat(walked).isEqualTo(ids(api.get("/app?limit=250").body())).doesNotHaveDuplicates();
    }

    @Test
    void boundsAndNonsenseAreRefused() {
        api.post("/app", "{\"name\":\"b\",\"uid\":\"b\"}");
        for (String bad : List.of("limit=0", "limit=251", "limit=x", "limit=99999999999", "order=up", "iterator=zzz")) {
            for (String list : List.of("/app", "/app/b/endpoint", "/event-type")) {
                Api.Reply reply = api.get(list + "?" + bad);
                assertThat(reply.status()).as(list + "?" + bad).isEqualTo(422);
                assertThat(reply.places()).containsExactly("query." + bad.substring(0, bad.indexOf('=')));
            }
        }
        JsonNode empty = api.get("/app/b/endpoint?limit=250").body();
        assertThat(empty.get("data").size()).isZero();
        assertThat(empty.get("done").booleanValue()).isTrue();
        assertThat(empty.get("iterator").isNull()).isTrue();
        assertThat(empty.get("prevIterator").isNull()).isTrue();
    }

    /** All ids from here on; the pages are put down one after the other. */
    private static List<String> walk(String base, String way, String id, String start, List<JsonNode> pages) {
        List<String> all = new ArrayList<>();
        String iterator = start;
        JsonNode page;
        do {
            Api.Reply reply = api.get(base + (iterator.isEmpty() ? "" : "&iterator=" + iterator));
            assertThat(reply.text().length()).isLessThan(5 << 20);
            page = reply.body();
            pages.add(page);
            List<String> some = page.get("data")
                    .valueStream()
                    .map(e -> e.get(id).textValue())
                    .toList();
            all.addAll(way.equals("iterator") ? some : some.reversed());
            iterator = page.get(way).textValue();
        } while (!page.get("done").booleanValue());
        return all;
    }

    private static void isCutByBytes(String base, String id, List<String> expected) {
        List<JsonNode> pages = new ArrayList<>();
        assertThat(walk(base, "iterator", id, "", pages)).isEqualTo(expected);
        assertThat(pages).hasSizeGreaterThan(1);
        String end = api.get(
                        base + "&iterator=" + pages.getLast().get("iterator").textValue())
                .body()
                .get("iterator")
                .textValue();
        List<JsonNode> back = new ArrayList<>();
        assertThat(walk(base, "prevIterator", id, end.replaceFirst("^f", "b"), back))
                .isEqualTo(expected.reversed().subList(1, expected.size()));
        assertThat(back).hasSizeGreaterThan(1);
    }

    @Test
    void pagesOfLargeEndpointsAreCutByBytes() {
        api.post("/app", "{\"name\":\"large\",\"uid\":\"large\"}");
        String names = IntStream.range(1_000, 1_250)
                .mapToObj(i -> "\"" + "n".repeat(250) + i + "\"")
                .collect(Collectors.joining(","));
        List<String> all = some(
                50,
                () -> api.post(
                                "/app/large/endpoint",
                                "{\"url\":\"https://example.com/\",\"eventTypes\":[" + names + "]}")
                        .id());
        isCutByBytes("/app/large/endpoint?limit=250", "id", all);
        assertThat(api.get("/app/large/endpoint?limit=7").body().get("data")).hasSize(7);
    }

    @Test
    void pagesOfLargeEventTypesAreCutByBytes() {
        String text = "a".repeat(240_000);
        List<String> names = new ArrayList<>();
        for (int i = 10; i < 46; i++) {
            names.add("large." + i);
            assertThat(api.put(
                                    "/event-type/large." + i,
                                    "{\"description\":\"d\",\"schemas\":{\"1\":{\"x\":\"" + text + "\"}}}")
                            .status())
                    .isEqualTo(201);
        }
        isCutByBytes("/event-type?limit=250&with_content=true", "name", names);
        assertThat(api.get("/event-type?limit=250").body().get("data")).hasSize(36);
    }
}
