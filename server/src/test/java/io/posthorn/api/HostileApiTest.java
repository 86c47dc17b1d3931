package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostileApiTest {
    private static final Api api = Api.usual();

    @AfterAll
    static void close() {
        api.close();
    }

    @AfterEach
    void theServerStillWorks() {
        assertThat(api.get("/app").status()).isEqualTo(200);
    }

    private static void refused(byte[] body, String... words) {
        Api.Reply reply = api.call("POST", "/app", body);
        assertThat(reply.status()).as(reply.text()).isEqualTo(422);
        assertThat(reply.text()).contains(words).doesNotContain("Exception", "jackson", "\tat ");
    }

    private static void refused(String body, String... words) {
        refused(body.getBytes(StandardCharsets.UTF_8), words);
    }

    @Test
    void whatIsNoJsonIsRefusedWithThePlace() {
        refused("{\n  \"name\": tru }", "line 2", "column", "value_error.json");
        refused("", "empty");
        refused("{\"name\":\"a\"", "line 1");
        refused("{\"name\":\"a\"} {}", "line 1");
        refused("{\"name\":\"a\",\"name\":\"b\"}", "name");
        refused("[]", "object");
        refused("null", "object");
        refused("\"x\"", "object");
        refused("   ", "object");
    }

    @Test
    void whatIsNoUtf8IsRefusedWithThePlace() {
        byte[] bad = "{\n\"name\":\"?\"}".getBytes(StandardCharsets.UTF_8);
        bad[10] = (byte) 0xff;
        refused(bad, "UTF-8", "line 2", "byte 9");
        refused("{\"name\":\"a\"}".getBytes(StandardCharsets.UTF_16), "UTF-8");
        bad[10] = (byte) 0xc3;
        refused(bad, "UTF-8");
        byte[] surrogate = "{\"name\":\"???\"}".getBytes(StandardCharsets.UTF_8);
        surrogate[9] = (byte) 0xed;
        surrogate[10] = (byte) 0xa0;
        surrogate[11] = (byte) 0x80;
        refused(surrogate, "UTF-8");
    }

    @Test
    void whatIsNoTextIsRefused() {
        refused("{\"name\":\"a\\u0000b\"}", "U+0000", "name");
        refused("{\"name\":\"a\\ud800\"}", "surrogate");
        refused("{\"name\":\"a\",\"metadata\":{\"\\udc00\":\"x\"}}", "surrogate", "line 1");
        refused("{\"name\":\"a\",\"metadata\":{\"a\\u0000\":\"x\"}}", "U+0000", "metadata");
        assertThat(api.post("/app", "{\"name\":\"\\ud83d\\ude00 \uD83D\uDE00\"}")
                        .body()
                        .get("name")
                        .textValue())
                .isEqualTo("\uD83D\uDE00 \uD83D\uDE00");
    }

    @Test
    void nestingAndNumbersHaveTheirBounds() {
        refused("{\"name\":\"a\",\"x\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}", "64 levels");
        refused("{\"name\":\"a\",\"x\":" + "{\"y\":".repeat(10_000) + "1" + "}".repeat(10_000) + "}", "64 levels");
        refused("{\"name\":\"a\",\"x\":" + "9".repeat(100_000) + "}", "number");
        assertThat(api.post("/app", "{\"name\":\"a\",\"rateLimit\":1e999999999}")
                        .places())
                .containsExactly("body.rateLimit");
    }

    @Test
    void aBodyOverTheLimitIsRefusedWhetherItSaysSoOrNot() {
        byte[] huge = ("{\"name\":\"" + "x".repeat(3 << 20) + "\"}").getBytes(StandardCharsets.UTF_8);
        Api.Reply declared = api.call("POST", "/app", huge);
        assertThat(declared.status()).isEqualTo(413);
        assertThat(declared.code()).isEqualTo("payload_too_large");
        Api.Reply chunked = api.send(api.request("/api/v1/app")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(huge))));
        assertThat(chunked.status()).isEqualTo(413);
        assertThat(chunked.body().path("detail").asText()).contains("1048576");
    }

    @Test
    void withoutAValidTokenThereIsNothing() {
        URI uri = URI.create("http://127.0.0.1:" + api.server.port() + "/api/v1/app");
        for (String header : List.of("", "Bearer", "Bearer ", "Bearer x", "Basic " + api.token, api.token)) {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri);
            Api.Reply reply = api.send(header.isEmpty() ? request : request.header("Authorization", header));
            assertThat(reply.status()).as(header).isEqualTo(401);
            assertThat(reply.code()).isEqualTo("authentication_failed");
            assertThat(reply.headers().firstValue("www-authenticate")).contains("Bearer");
        }
        assertThat(api.send(HttpRequest.newBuilder(uri).header("Authorization", "bearer " + api.token))
                        .status())
                .isEqualTo(200);
        assertThat(api.send(HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString("{\"name\":\"x\"}")))
                        .status())
                .isEqualTo(401);
    }

    @Test
    void pathsMethodsAndTypesThatAreNotTakenAreNamed() {
        assertThat(api.get("/nothing").status()).isEqualTo(404);
        assertThat(api.get("/nothing").code()).isEqualTo("not_found");
        assertThat(api.send(api.request("/elsewhere")).status()).isEqualTo(404);
        Api.Reply method = api.call("DELETE", "/app", null);
        assertThat(method.status()).isEqualTo(405);
        assertThat(method.code()).isEqualTo("method_not_allowed");
        assertThat(method.headers().firstValue("allow").orElse(""))
                .contains("GET")
                .contains("POST");
        for (String type :
                List.of("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1")) {
            Api.Reply reply = api.send(api.request("/api/v1/app")
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofString("{\"name\":\"x\"}")));
            assertThat(reply.status()).as(type).isEqualTo(415);
            assertThat(reply.code()).isEqualTo("unsupported_media_type");
        }
        for (String type : List.of("application/json; charset=UTF-8", "application/vnd.x+json")) {
            Api.Reply reply = api.send(api.request("/api/v1/app")
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofString("{\"name\":\"x\"}")));
            assertThat(reply.status()).as(type).isEqualTo(201);
        }
        assertThat(api.get("/app/%00").status()).isEqualTo(404);
        assertThat(api.get("/app/" + "x".repeat(5_000)).status()).isEqualTo(404);
        assertThat(api.get("/app/..%2f..%2fetc%2fpasswd").status()).isEqualTo(404);
    }

    @Test
    void fewBytesAreNoNumberOfManyDigits() {
        String edge = "1" + "0".repeat(399);
        for (String number : List.of(
                "1e400", "-1e131071", "1e-400", "1e999999999", edge + "0", "0." + "1".repeat(400), "1.5e-399")) {
            for (String where : List.of("%s", "[[1,{\"y\":%s}]]")) {
                Api.Reply reply = api.post("/app", "{\"name\":\"a\",\"x\":" + where.formatted(number) + "}");
                assertThat(reply.status()).as(number).isEqualTo(422);
                assertThat(reply.places()).containsExactly("body.x");
                assertThat(reply.text()).contains("400 digits");
            }
        }
        for (String number :
                List.of("1e399", "1e-399", "-1.5e-398", edge, "0." + "1".repeat(399), "0e999999", "1.50")) {
            assertThat(api.post("/app", "{\"name\":\"a\",\"x\":[" + number + "]}")
                            .status())
                    .as(number)
                    .isEqualTo(201);
        }
        for (String number :
                List.of("1e99999999999", "-1E-99999999999", "100e2147483647", "1e2147483648", "1e-2147483649")) {
            assertThat(api.post("/app", "{\"name\":\"a\",\"x\":" + number + "}").status())
                    .as(number)
                    .isEqualTo(422);
        }
    }
}
