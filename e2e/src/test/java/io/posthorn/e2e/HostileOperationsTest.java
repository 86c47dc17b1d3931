package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every operation of the document, with paths, queries and bodies that no decent client sends, and with tokens that may
 * not: a clear refusal each time, never a 5xx, nothing of the inside in an answer or an error in the log. That answers
 * are as the document says is checked by {@link Api} on the way.
 */
final class HostileOperationsTest {
    private static final Pattern PART = Pattern.compile("\\{([a-z]+)}");
    /** They answer in other ways, and have tests of their own. */
    private static final Set<String> OTHERS = Set.of("PUBLIC");

    private static final byte[] NONE = {};

    private static final List<String> PARTS = List.of(
            "%00",
            "a%00b",
            "..%2F..%2Fetc%2Fpasswd",
            "%F0%9F%92%A9",
            "%FF",
            "%ED%A0%80",
            "x".repeat(400),
            "'%20or%20'1'='1",
            "msg_01hzzzzzzzzzzzzzzzzzzzzzzz",
            "-1",
            "null");
    private static final List<String> QUERIES = List.of(
            "limit=%00",
            "limit=-1",
            "limit=99999999999999999999",
            "iterator=%FF",
            "iterator=f.%00",
            "iterator=b.999999999999999999999999",
            "order=sideways",
            "before=yesterday",
            "after=%2B999999999-01-01T00:00:00Z",
            "since=0&until=0",
            "status=9&status_code_class=7",
            "event_types=%00&channel=%00&tag=%00&event_id=%00",
            "payload_path=%24.a%20%3F%20(&payload_value=%00",
            "bucket=1y&endpoint_id=%00",
            "action=%00&token_id=%00&app_id=%00&role=king",
            "with_content=perhaps&with_msg=perhaps");

    @TempDir
    private static Path folder;

    private static Receiver receiver;
    private static ServerProcess server;
    private static final Map<String, String> mine = new HashMap<>();
    private static final Map<String, String> theirs = new HashMap<>();

    @BeforeAll
    static void start() throws Exception {
        receiver = new Receiver();
        server = ServerProcess.local(folder);
        tenant("mine", mine);
        tenant("theirs", theirs);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        receiver.close();
    }

    /** An application with one of everything; what it is called in paths. */
    private static void tenant(String name, Map<String, String> ids) throws Exception {
        Api api = server.api();
        Customer customer = Customer.of(server);
        String endpoint = customer.endpoint(receiver.at("/" + name)).getId();
        String message = customer.publish("{\"secret\": \"of " + name + "\"}");
        AtomicReference<JsonNode> attempt = new AtomicReference<>();
        Until.holds("an attempt", () -> {
            List<JsonNode> attempts = api.attempts(customer.id(), message);
            attempts.forEach(attempt::set);
            return !attempts.isEmpty();
        });
        api.post("/api/v1/event-type", "{\"name\":\"type." + name + "\",\"description\":\"\"}");
        String task = api.post(
                        "/api/v1/app/" + customer.id() + "/endpoint/" + endpoint + "/recover",
                        "{\"since\":\"" + Instant.now().minus(1, ChronoUnit.HOURS) + "\"}")
                .id();
        ids.put("app", customer.id());
        ids.put("endpoint", endpoint);
        ids.put("message", message);
        ids.put("attempt", attempt.get().path("id").asText());
        ids.put("name", "type." + name);
        ids.put("task", task);
        ids.put(
                "token",
                api.post("/api/v1/token", "{\"name\":\"" + name + "\",\"role\":\"viewer\"}")
                        .id());
        ids.put("environment", "env_default");
    }

    private static List<OpenApi.Operation> operations() throws Exception {
        List<OpenApi.Operation> all = server.api().contract().operations().stream()
                .filter(operation -> !OTHERS.contains(operation.access()))
                .toList();
        assertThat(all).hasSizeGreaterThan(50);
        return all;
    }

    private static String path(OpenApi.Operation operation, Map<String, String> ids) {
        return PART.matcher(operation.path())
                .replaceAll(part -> Matcher.quoteReplacement(ids.getOrDefault(part.group(1), "nothing")));
    }

    private static void decent(OpenApi.Operation operation, String what, Api.Answer answer) {
        String told = operation + " with " + what + " answers " + answer;
        assertThat(answer.status()).as(told).isLessThan(500);
        assertThat(answer.body()).as(told).doesNotContain("Exception", "io.posthorn", "org.postgresql", "\tat ");
        if (answer.status() >= 400) {
            assertThat(answer.json().has("detail")).as(told).isTrue();
        }
    }

    private static void nothingIsSaidOfErrors() {
        assertThat(server.log()).doesNotContain("ERROR", "Exception", "\tat ");
    }

    private static byte[] bodyOf(OpenApi.Operation operation) {
        return switch (operation.method()) {
            case "POST", "PUT", "PATCH" -> "{}".getBytes(StandardCharsets.UTF_8);
            default -> NONE;
        };
    }

    @Test
    void paths() throws Exception {
        for (OpenApi.Operation operation : operations()) {
            Matcher part = PART.matcher(operation.path());
            while (part.find()) {
                for (String hostile : PARTS) {
                    Map<String, String> ids = new HashMap<>(mine);
                    ids.put(part.group(1), hostile);
                    Api.Answer answer = server.api().call(operation.method(), path(operation, ids), bodyOf(operation));
                    decent(operation, part.group(1) + " = " + hostile, answer);
                }
            }
        }
        nothingIsSaidOfErrors();
    }

    @Test
    void queries() throws Exception {
        for (OpenApi.Operation operation : operations()) {
            if (operation.method().equals("GET")) {
                for (String query : QUERIES) {
                    decent(operation, query, server.api().get(path(operation, mine) + "?" + query));
                }
            }
        }
        nothingIsSaidOfErrors();
    }

    @Test
    void bodies() throws Exception {
        List<byte[]> hostile = List.of(
                utf8("{"),
                utf8("[]"),
                utf8("null"),
                utf8("7"),
                utf8("{} {}"),
                utf8("{\"a\":1,\"a\":2}"),
                utf8("[".repeat(5_000) + "]".repeat(5_000)),
                utf8("{\"a\":".repeat(3_000) + "1" + "}".repeat(3_000)),
                utf8("{\"unknown\":{\"fields\":[1,2.5e300,null,true]}}"),
                utf8(every("1e999999")),
                utf8(every("-0.0")),
                utf8(every("\"\\u0000\"")),
                utf8(every("\"\\ud800\"")),
                utf8(every("[[[]]]")),
                utf8(every("{\"\":{\"\":{}}}")),
                utf8(every("true")),
                utf8(every("null")),
                utf8(every("\"" + "x".repeat(20_000) + "\"")),
                new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'},
                new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf, '{', '}'},
                utf8("{\"payload\":\"" + "x".repeat(2 << 20) + "\"}"));
        for (OpenApi.Operation operation : operations()) {
            if (bodyOf(operation).length > 0) {
                for (int i = 0; i < hostile.size(); i++) {
                    decent(
                            operation,
                            "body " + i,
                            server.api().call(operation.method(), path(operation, mine), hostile.get(i)));
                }
            }
        }
        nothingIsSaidOfErrors();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** An object with every field that any operation knows, all of one value. */
    private static String every(String value) {
        StringBuilder all = new StringBuilder("{\"x\":0");
        for (String field : List.of(
                "name",
                "uid",
                "metadata",
                "rateLimit",
                "throttleRate",
                "url",
                "description",
                "filterTypes",
                "eventTypes",
                "channels",
                "disabled",
                "secret",
                "headers",
                "sensitive",
                "deleteHeaders",
                "key",
                "gracePeriodSeconds",
                "eventType",
                "eventId",
                "tags",
                "payload",
                "schemas",
                "archived",
                "deprecated",
                "groupName",
                "featureFlag",
                "featureFlags",
                "since",
                "until",
                "exampleIndex",
                "role",
                "appId",
                "expiresAt",
                "environment",
                "expiry",
                "application",
                "readOnly",
                "capabilities",
                "sessionId",
                "messages",
                "transformationsParams",
                "payloadRetentionPeriod",
                "deliverAt")) {
            all.append(",\"").append(field).append("\":").append(value);
        }
        return all.append('}').toString();
    }

    /** With the token of one application nothing of another is to be had, and nobody learns that it exists. */
    @Test
    void anotherTenantsThings() throws Exception {
        Api customer = server.api()
                .withToken(server.api()
                        .post(
                                "/api/v1/token",
                                "{\"name\":\"customer\",\"role\":\"application\",\"appId\":\"" + mine.get("app")
                                        + "\"}")
                        .json()
                        .path("token")
                        .asText());
        for (OpenApi.Operation operation : operations()) {
            Matcher part = PART.matcher(operation.path());
            while (part.find()) {
                if (!part.group(1).equals("name") && !part.group(1).equals("environment")) {
                    Map<String, String> ids = new HashMap<>(mine);
                    ids.put(part.group(1), theirs.getOrDefault(part.group(1), "nothing"));
                    Api.Answer answer = customer.call(operation.method(), path(operation, ids), bodyOf(operation));
                    decent(operation, "their " + part.group(1), answer);
                    assertThat(answer.status())
                            .as(operation + " with their " + part.group(1) + ": " + answer)
                            .isIn(403, 404, 422, 426);
                    assertThat(answer.body()).doesNotContain("of theirs");
                }
            }
        }
        Api.Answer untouched = server.api().get("/api/v1/app/" + theirs.get("app") + "/msg/" + theirs.get("message"));
        assertThat(untouched.body()).contains("of theirs");
    }

    @Test
    void withoutAValidTokenThereIsNothing() throws Exception {
        for (String token : List.of("", "wrong", "x".repeat(5_000))) {
            Api nobody = server.api().withToken(token);
            for (OpenApi.Operation operation : operations()) {
                Api.Answer answer = nobody.call(operation.method(), path(operation, mine), bodyOf(operation));
                assertThat(answer.status()).as(operation + ": " + answer).isEqualTo(401);
            }
        }
    }
}
