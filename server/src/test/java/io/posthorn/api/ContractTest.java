package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.posthorn.catalog.Role;
import io.posthorn.catalog.Token;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the contract says of requests. */
class ContractTest {
    private static final String ENDPOINTS = "/api/v1/app/:app/endpoint";
    private static final Caller CALLER = administrator();

    private static final Call.Source SOURCE = new Call.Source("/", "/", "127.0.0.1");

    private static Caller administrator() {
        return new Caller(
                new Token(1, "tok_1", "test", Role.ADMINISTRATOR, Token.EVERYWHERE, null, null, Instant.EPOCH, null),
                1);
    }

    private static JsonNode json(String text) {
        return switch (Json.parse(text.getBytes(StandardCharsets.UTF_8))) {
            case Json.Parsed.Value(JsonNode node) -> node;
            case Json.Parsed.Wrong(Problem problem) -> throw new AssertionError(problem);
        };
    }

    private static List<Problem> body(String text) {
        Call call = new Call(CALLER, SOURCE, Map.of("app", "a"), Map.of(), json(text));
        return Contract.ours().check(ENDPOINTS, HttpMethod.POST, call, name -> null);
    }

    private static List<Problem> query(String path, Map<String, String> query) {
        Map<String, List<String>> values = query.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, each -> List.of(each.getValue())));
        Call call = new Call(CALLER, SOURCE, Map.of("app", "a"), values, MissingNode.getInstance());
        return Contract.ours().check(path, HttpMethod.GET, call, name -> null);
    }

    @Test
    void whatKeepsItPasses() {
        assertThat(body("""
                {"url": "https://example.com", "uid": null, "description": null, "filterTypes": ["a.b"], "channels": null,
                 "disabled": false, "rateLimit": 1, "metadata": {"k": "v"}, "new in a later version": [{}]}
                """)).isEmpty();
        assertThat(query(
                        "/api/v1/app/:app/msg",
                        Map.of(
                                "limit",
                                "250",
                                "order",
                                "ascending",
                                "before",
                                "2026-01-31T12:00:00+02:00",
                                "x",
                                "y",
                                "event_types",
                                "a,b.c",
                                "with_content",
                                "false")))
                .isEmpty();
        assertThat(query("/api/v1/app/:app/msg", Map.of("event_types", ""))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "{}|body.url|is required|value_error.missing",
                "{`url`: 7}|body.url|must be a text|type_error",
                "{`url`: null}|body.url|must be a text|type_error",
                "{`url`: ``}|body.url|must be 1 to 8192 characters|value_error",
                "{`url`: `u`, `uid`: `a b`}|body.uid|must be 1 to 256 letters, digits, hyphens, underscores and dots|value_error",
                "{`url`: `u`, `filterTypes`: [`a`, 1]}|body.filterTypes.1|must be a text|type_error",
                "{`url`: `u`, `filterTypes`: []}|body.filterTypes|must name 1 to 2000 event types; leave it out, or give null, for all|value_error",
                "{`url`: `u`, `metadata`: {`k`: 1}}|body.metadata.k|must be a text|type_error",
                "{`url`: `u`, `metadata`: []}|body.metadata|must be an object of texts|type_error",
                "{`url`: `u`, `disabled`: `no`}|body.disabled|must be true or false|type_error",
                "{`url`: `u`, `rateLimit`: 0}|body.rateLimit|must be 1 to 2147483647|value_error",
                "{`url`: `u`, `rateLimit`: 1.5}|body.rateLimit|must be a whole number from 1 to 2147483647|type_error",
                "{`url`: `u`, `rateLimit`: 1e300}|body.rateLimit|must be 1 to 2147483647|value_error",
                "{`url`: `u`, `rateLimit`: 99999999999999999999999}|body.rateLimit|must be 1 to 2147483647|value_error",
                "{`url`: `u`, `rateLimit`: -99999999999999999999999}|body.rateLimit|must be 1 to 2147483647|value_error",
                "{`url`: `u`, `secret`: ``}|body.secret|must have 1 to 512 characters|value_error",
                "{`url`: `u`, `authentication`: `x`}|body.authentication|must be an object|type_error",
                "{`url`: `u`, `tls`: {`pins`: [7]}}|body.tls.pins.0|must be a text|type_error",
            })
    void bodiesAreJudgedFieldByField(String body, String place, String msg, String type) {
        List<Problem> problems = body(body.replace('`', '"').replace("``", "\"\""));
        assertThat(problems).hasSize(1);
        Problem problem = problems.getFirst();
        assertThat(String.join(".", problem.loc().stream().map(String::valueOf).toList()))
                .isEqualTo(place);
        assertThat(problem.msg()).isEqualTo(msg);
        assertThat(problem.type()).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "limit|x|must be a whole number from 1 to 250|type_error",
                "limit|1.5|must be a whole number from 1 to 250|type_error",
                "limit|0|must be 1 to 250|value_error",
                "limit|251|must be 1 to 250|value_error",
                "limit|99999999999999999999|must be a whole number from 1 to 250|type_error",
                "order|up|must be one of ascending, descending|value_error",
                "with_content|yes|must be true or false|type_error",
                "before|yesterday|must be a time such as 2026-01-31T12:00:00Z; in a query a plus sign is written %2B|value_error",
                "event_types|a,,b|each must be 1 to 256 letters, digits, hyphens, underscores and dots; commas between them|value_error",
            })
    void parametersAreJudged(String name, String value, String msg, String type) {
        assertThat(query("/api/v1/app/:app/msg", Map.of(name, value)))
                .containsExactly(new Problem(List.of("query", name), msg, type));
    }

    @Test
    void headersAreJudged() {
        Call call = new Call(CALLER, SOURCE, Map.of(), Map.of(), json("{\"name\": \"a\"}"));
        assertThat(Contract.ours().check("/api/v1/app", HttpMethod.POST, call, name -> "x".repeat(257)))
                .extracting(Problem::loc)
                .contains(List.of("header", "idempotency-key"));
        assertThat(Contract.ours().check("/api/v1/app", HttpMethod.POST, call, name -> "k"))
                .isEmpty();
    }

    @Test
    void onePlaceHasOneMessageAndAllPlacesAreNamed() {
        assertThat(body("{\"uid\": 1, \"channels\": \"a\", \"disabled\": 2}"))
                .extracting(problem -> problem.loc().getLast())
                .containsExactlyInAnyOrder("url", "uid", "channels", "disabled");
    }

    @Test
    void aHugeBodyIsJudgedShortly() {
        String many = "1,".repeat(250_000) + "1";
        assertThat(body("{\"url\": \"u\", \"filterTypes\": [" + many + "]}")).hasSize(20);
        assertThat(body("{\"url\": \"u\", \"uid\": \"" + "a".repeat(1_000_000) + "!\"}"))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-01-31T00:00Z",
                "2026-01-31T00:00+01:00",
                "2026-01-31T00:00:00Z",
                "2026-01-31T00:00:00.123456Z",
                "2026-01-31t00:00:00z",
                "2026-01-31T23:59:60Z",
                "2026-02-30T00:00:00Z",
                "2026-01-31T00:00:00",
                "2026-01-31",
                "yesterday"
            })
    void timesAreThoseThatTheOperationsTake(String text) {
        Query handler = new Query(Map.of("after", List.of(text)));
        HistoryQuery.time(handler, "after", 0);
        boolean taken = handler.problems().isEmpty();
        assertThat(taken).isEqualTo(Times.read(text) != null);
        for (String path : List.of("/api/v1/app/:app/msg", "/api/v1/app/:app/attempt")) {
            assertThat(query(path, Map.of("after", text)).isEmpty()).isEqualTo(taken);
            assertThat(query(path, Map.of("before", text)).isEmpty()).isEqualTo(taken);
        }
        assertThat(Contract.ours()
                        .checkBody("TimeSpanIn", json("{\"since\":\"" + text + "\",\"until\":\"" + text + "\"}"))
                        .isEmpty())
                .isEqualTo(taken);
    }

    @Test
    void theSecondsOfATimeMayBeLeftOut() {
        assertThat(Times.read("2026-01-31T00:00Z")).isEqualTo(Instant.parse("2026-01-31T00:00:00Z"));
    }
}
