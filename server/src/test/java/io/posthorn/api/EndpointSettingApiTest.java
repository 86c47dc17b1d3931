package io.posthorn.api;

import static io.posthorn.model.Environment.DEFAULT_NO;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.model.Endpoint;
import io.posthorn.model.RetiredSecret;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EndpointSettingApiTest {
    private static final Api api = Api.usual();
    private static final String EP = "/app/one/endpoint/ep";
    private static final String HEADERS = EP + "/headers";

    @BeforeAll
    static void application() {
        api.post("/app", "{\"name\":\"one\",\"uid\":\"one\"}");
        api.post("/app", "{\"name\":\"two\",\"uid\":\"two\"}");
    }

    @AfterAll
    static void close() {
        api.close();
    }

    @BeforeEach
    void anEndpoint() {
        api.delete(EP);
        assertThat(api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"ep\"}")
                        .status())
                .isEqualTo(201);
    }

    private static Endpoint stored() {
        return requireNonNull(requireNonNull(api.catalog.app(DEFAULT_NO, "one")).endpoint("ep"));
    }

    private static List<String> sent() {
        return stored().headers().stream()
                .map(header -> header.name() + ": " + header.value())
                .toList();
    }

    @Test
    void headersAreSetChangedAndRemoved() {
        assertThat(api.get(HEADERS).body().toString()).isEqualTo("{\"headers\":{},\"sensitive\":[]}");
        assertThat(api.put(HEADERS, "{\"headers\":{\"X-One\":\"1\",\"X-Two\":\"2\"}}")
                        .status())
                .isEqualTo(204);
        assertThat(api.patch(HEADERS, "{\"headers\":{\"x-two\":\"two\",\"X-Three\":\"3\"}}")
                        .status())
                .isEqualTo(204);
        assertThat(api.get(HEADERS).body().at("/headers").toString())
                .isEqualTo("{\"X-One\":\"1\",\"x-two\":\"two\",\"X-Three\":\"3\"}");
        assertThat(api.patch(HEADERS, "{\"headers\":{},\"deleteHeaders\":[\"x-ONE\",\"X-Never\"]}")
                        .status())
                .isEqualTo(204);
        assertThat(sent()).containsExactly("x-two: two", "X-Three: 3");
        assertThat(api.put(HEADERS, "{\"headers\":{}}").status()).isEqualTo(204);
        assertThat(sent()).isEmpty();
    }

    @Test
    void sensitiveValuesAreKeptAndNotShown() {
        String values =
                "{\"Authorization\":\"findable-1\",\"X-Api-Key\":\"findable-2\",\"X-Check\":\"findable-3\",\"X-Env\":\"prod\"}";
        api.put(HEADERS, "{\"headers\":" + values + ",\"sensitive\":[\"x-check\"]}");
        Api.Reply shown = api.get(HEADERS);
        assertThat(shown.body().get("headers").toString()).isEqualTo("{\"X-Env\":\"prod\"}");
        assertThat(shown.body().get("sensitive").toString()).isEqualTo("[\"Authorization\",\"X-Api-Key\",\"X-Check\"]");
        assertThat(sent()).contains("Authorization: findable-1", "X-Check: findable-3");
        api.patch(HEADERS, "{\"headers\":{\"X-Check\":\"findable-4\"}}");
        assertThat(api.get(HEADERS).text()).as("it stays secret").doesNotContain("findable");
        assertThat(sent()).contains("X-Check: findable-4");
        api.patch(HEADERS, "{\"sensitive\":[\"X-ENV\"]}");
        assertThat(api.get(HEADERS).body().get("headers").size()).isZero();
        for (Api.Reply other : List.of(
                api.get(EP),
                api.get("/app/one/endpoint"),
                api.patch(EP, "{\"description\":\"d\"}"),
                api.put(EP, "{\"url\":\"https://example.com/\"}"))) {
            assertThat(other.status()).isEqualTo(200);
            assertThat(other.text()).doesNotContain("findable", "headers");
        }
        assertThat(sent()).as("a PUT of the endpoint does not name them").hasSize(4);
    }

    @Test
    void headersCanStandInTheEndpointItself() {
        Api.Reply made = api.post(
                "/app/one/endpoint",
                "{\"url\":\"https://example.com/\",\"uid\":\"with\",\"headers\":{\"X-Key\":\"findable\",\"X-Env\":\"a\"}}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.text()).doesNotContain("findable");
        String with = "/app/one/endpoint/with";
        assertThat(api.get(with + "/headers").body().toString())
                .isEqualTo("{\"headers\":{\"X-Env\":\"a\"},\"sensitive\":[\"X-Key\"]}");
        api.put(with, "{\"url\":\"https://example.com/\",\"headers\":null}");
        assertThat(api.get(with + "/headers").body().at("/headers/X-Env").textValue())
                .isEqualTo("a");
        api.put(with, "{\"url\":\"https://example.com/\",\"headers\":{\"X-Env\":\"b\"}}");
        assertThat(api.get(with + "/headers").body().toString())
                .isEqualTo("{\"headers\":{\"X-Env\":\"b\"},\"sensitive\":[]}");
        api.patch(with, "{\"headers\":null}");
        assertThat(api.get(with + "/headers").body().get("headers").size()).isZero();
        for (String nothing : List.of("null", "{}")) {
            assertThat(api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\",\"headers\":" + nothing + "}")
                            .status())
                    .isEqualTo(201);
        }
    }

    @Test
    void hostileHeadersAreRefusedByName() {
        assertPlaces("{\"headers\":{\"X-A\":\"1\\r\\nX-B: 2\"}}", "body.headers.X-A");
        assertPlaces(
                "{\"headers\":{\"webhook-signature\":\"v1,x\",\"Host\":\"h\",\"Content-Length\":\"0\",\"X-OK\":\"1\"}}",
                "body.headers.webhook-signature",
                "body.headers.Host",
                "body.headers.Content-Length");
        assertPlaces("{\"headers\":{\"X-Number\":1,\"X-Null\":null}}", "body.headers.X-Number", "body.headers.X-Null");
        assertPlaces("{\"headers\":{\"a b\":\"1\",\"X-Empty\":\"\"}}", "body.headers.a b", "body.headers.X-Empty");
        assertPlaces("{\"headers\":{\"X-A\":\"1\",\"x-a\":\"2\"}}", "body.headers");
        assertPlaces("{\"headers\":[\"X-A\"]}", "body.headers");
        assertPlaces("{\"headers\":{\"X-A\":\"" + "v".repeat(17_000) + "\"}}", "body.headers");
        assertPlaces("{\"headers\":{\"X-A\":\"1\"},\"sensitive\":\"X-A\"}", "body.sensitive");
        assertThat(api.put(HEADERS, "{}").places()).containsExactly("body.headers");
        assertThat(api.patch(HEADERS, "{\"headers\":{\"X-A\":\"1\"},\"deleteHeaders\":[\"x-a\"]}")
                        .places())
                .containsExactly("body.deleteHeaders");
        assertThat(api.patch(HEADERS, "{\"deleteHeaders\":[1]}").places()).containsExactly("body.deleteHeaders.0");
        String many = IntStream.range(0, 1_000)
                .mapToObj(i -> "\"b d" + i + "\":\"v\"")
                .collect(Collectors.joining(",", "{\"headers\":{", "}}"));
        assertThat(api.put(HEADERS, many).places()).containsExactly("body.headers");
        assertThat(sent()).isEmpty();
    }

    private static void assertPlaces(String json, String... places) {
        for (Api.Reply reply : List.of(
                api.put(HEADERS, json),
                api.patch(HEADERS, json),
                api.patch(EP, json),
                api.post("/app/one/endpoint", "{\"url\":\"https://example.com/\"," + json.substring(1)))) {
            assertThat(reply.status()).as(json).isEqualTo(422);
            assertThat(reply.places()).as(json).containsExactly(places);
        }
    }

    @Test
    void theBoundOfAllHeadersHoldsForAChangeOfSomeToo() {
        String most = IntStream.range(0, 50)
                .mapToObj(i -> "\"X-" + i + "\":\"v\"")
                .collect(Collectors.joining(",", "{\"headers\":{", "}}"));
        assertThat(api.put(HEADERS, most).status()).isEqualTo(204);
        Api.Reply more = api.patch(HEADERS, "{\"headers\":{\"X-More\":\"v\"}}");
        assertThat(more.status()).isEqualTo(422);
        assertThat(more.places()).containsExactly("body.headers");
        assertThat(api.patch(HEADERS, "{\"headers\":{\"X-More\":\"v\"},\"deleteHeaders\":[\"X-0\"]}")
                        .status())
                .isEqualTo(204);
        assertThat(sent()).hasSize(50);
    }

    @Test
    void aSecretIsRotatedToAGivenOneOrAMadeOne() {
        String first = secret();
        assertThat(api.post(EP + "/secret/rotate", "{}").status()).isEqualTo(204);
        String second = secret();
        assertThat(second).startsWith("whsec_").isNotEqualTo(first);
        RetiredSecret old = stored().oldSecrets().getFirst();
        assertThat(old.secret().reveal()).isEqualTo(first);
        assertThat(Duration.between(Instant.now(), old.until())).isBetween(Duration.ofHours(23), Duration.ofHours(24));
        String given = "whsec_" + Base64.getEncoder().encodeToString(new byte[32]);
        String json = "{\"key\":\"" + given + "\",\"gracePeriodSeconds\":60}";
        assertThat(api.post(EP + "/secret/rotate", json).status()).isEqualTo(204);
        assertThat(secret()).isEqualTo(given);
        assertThat(stored().oldSecrets())
                .extracting(each -> each.secret().reveal())
                .containsExactly(second, first);
        assertThat(Duration.between(
                        Instant.now(), stored().oldSecrets().getFirst().until()))
                .isLessThanOrEqualTo(Duration.ofSeconds(60));
        assertThat(api.patch(EP, "{\"secret\":\"" + first + "\"}").status()).isEqualTo(200);
        assertThat(stored().oldSecrets()).isEmpty();
    }

    @Test
    void aRotationThatCannotBeIsRefused() {
        for (String bad : List.of("\"whsec_AAAA\"", "7", "\"\"")) {
            assertThat(api.post(EP + "/secret/rotate", "{\"key\":" + bad + "}").places())
                    .as(bad)
                    .containsExactly("body.key");
        }
        for (String bad : List.of("-1", "2592001", "1.5", "\"1\"")) {
            assertThat(api.post(EP + "/secret/rotate", "{\"gracePeriodSeconds\":" + bad + "}")
                            .places())
                    .as(bad)
                    .containsExactly("body.gracePeriodSeconds");
        }
        for (int i = 0; i < 5; i++) {
            assertThat(api.post(EP + "/secret/rotate", "{\"key\":null}").status())
                    .isEqualTo(204);
        }
        Api.Reply tooMany = api.post(EP + "/secret/rotate", "{}");
        assertThat(tooMany.status()).isEqualTo(409);
        assertThat(tooMany.code()).isEqualTo("conflict");
        assertThat(tooMany.body().get("detail").textValue()).contains("5 earlier secrets");
        assertThat(api.post(EP + "/secret/rotate", "{\"gracePeriodSeconds\":0}").status())
                .isEqualTo(204);
    }

    private static String secret() {
        return api.get(EP + "/secret").body().get("key").textValue();
    }

    @Test
    void otherApplicationsDoNotReachThem() {
        String id = api.get(EP).id();
        for (String key : List.of("ep", id)) {
            String other = "/app/two/endpoint/" + key;
            assertThat(api.get(other + "/headers").status()).isEqualTo(404);
            assertThat(api.put(other + "/headers", "{\"headers\":{\"X-A\":\"1\"}}")
                            .status())
                    .isEqualTo(404);
            assertThat(api.patch(other + "/headers", "{\"headers\":{\"X-A\":\"1\"}}")
                            .status())
                    .isEqualTo(404);
            assertThat(api.post(other + "/secret/rotate", "{}").status()).isEqualTo(404);
        }
        JsonNode untouched = api.get("/app/one/endpoint/" + id + "/headers").body();
        assertThat(untouched.get("headers").size()).isZero();
    }

    @Test
    void whomTheOperatorDoesNotWantToBeWrittenToCannotBeNamed() {
        String kept = "{\"delivery\":{\"notification\":{\"emails\":[\"a@own.example\"]}}}";
        assertThat(api.patch(EP, kept).status()).isEqualTo(200);
        Api.Reply refused = api.patch(
                EP, "{\"delivery\":{\"notification\":{\"emails\":[\"a@own.example\",\"b@stranger.example\"]}}}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body().toString())
                .contains("[\"body\",\"delivery\",\"notification\",\"emails\"]", "must not be a stranger's");
        assertThat(stored().delivery().notification().emails()).containsExactly("a@own.example");
        assertThat(api.patch(EP, "{\"delivery\":{\"timeout\":\"3s\"}}").status())
                .isEqualTo(200);
    }
}
