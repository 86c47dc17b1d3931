package io.posthorn.wire;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.model.Application;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Scripts;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransformerTest {
    private static final Instant NOW = Instant.ofEpochSecond(1);
    private static final Application APP =
            new Application(1, 1, "app_1", null, "Acme", Map.of("plan", "pro"), null, false, null, NOW, NOW);
    private static final Message MESSAGE = new Message(
            1, 1, 1_000_000, "msg_1", "order.completed", null, List.of(), List.of("vip"), new byte[] {'{', '}'});
    private static final Draft DRAFT = new Draft(
            "POST", null, Map.of("content-type", "application/json", "X-Own", "1"), Map.of("id", 7, "total", 9.5));

    private final Transformer transformer = new Transformer(new Scripts(64 << 10));

    private static Endpoint endpoint(String url) {
        return new Endpoint(
                1,
                1,
                "ep_1",
                null,
                url,
                "",
                null,
                null,
                false,
                null,
                null,
                Map.of("team", "ops"),
                SigningSecret.parse("whsec_c2FtcGxlLXNlY3JldC1vZi1wb3N0aG9ybiE="),
                List.of(),
                List.of(),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                false,
                NOW,
                NOW);
    }

    private Transformer.Result apply(String script, Draft draft) throws ContentException {
        return transformer.apply(script, draft, MESSAGE, endpoint("https://u:p@acme.example/in?key=1"), APP, 2);
    }

    private Draft draft(String script) throws ContentException {
        return ((Transformer.Result.Request) apply(script, DRAFT)).draft();
    }

    @Test
    void whatIsNotGivenStays() throws Exception {
        assertThat(draft("{}")).isEqualTo(DRAFT);
        assertThat(draft("$")).isEqualTo(DRAFT);
    }

    @Test
    void bodyHeadersPathAndMethod() throws Exception {
        Draft draft = draft("""
                {
                    "method": "PUT",
                    "path": "/orders/" & body.id & "?plan=" & application.metadata.plan,
                    "headers": {"x-own": null, "X-Team": endpoint.metadata.team, "X-Try": attempt.number},
                    "body": {"text": message.eventType & ": " & body.total, "tags": message.tags}
                }
                """);
        assertThat(draft.method()).isEqualTo("PUT");
        assertThat(draft.path()).isEqualTo("/orders/7?plan=pro");
        assertThat(draft.headers())
                .isEqualTo(Map.of("content-type", "application/json", "X-Team", "ops", "X-Try", "2"));
        assertThat(draft.body()).isEqualTo(Map.of("text", "order.completed: 9.5", "tags", List.of("vip")));
    }

    @Test
    void theInputChangedInPlace() throws Exception {
        Draft draft = draft("$ ~> | body | {'total': $round(total)}, 'id' |");
        assertThat(draft.body()).isEqualTo(Map.of("total", 10));
        assertThat(draft.path()).isNull();
    }

    @Test
    @Requirement("D15")
    void nothingIsSent() throws Exception {
        assertThat(apply("{'send': body.total > 100}", DRAFT)).isEqualTo(new Transformer.Result.DoNotSend());
        assertThat(apply("{'send': body.total > 1}", DRAFT)).isInstanceOf(Transformer.Result.Request.class);
    }

    @Test
    void bytesAreATextAndStayBytes() throws Exception {
        byte[] bytes = "a=1".getBytes(StandardCharsets.UTF_8);
        Draft raw = new Draft("POST", "/x", Map.of(), bytes);
        assertThat(((Transformer.Result.Request) apply("{'body': body}", raw))
                        .draft()
                        .body())
                .isSameAs(bytes);
        assertThat(requireNonNull(((Transformer.Result.Request) apply("{'body': body & '&b=2'}", raw))
                        .draft()
                        .body()))
                .isEqualTo("a=1&b=2");
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example,/",
        "https://a.example?x=1,/?x=1",
        "https://a.example/?x=/1,/?x=/1",
        "https://u:p@a.example/in/x?y=1#z,/in/x?y=1",
        "https://a.example#/x,/",
        "listen:1,/",
    })
    void thePathIsThatOfTheUrl(String url, String path) throws Exception {
        Transformer.Result result = transformer.apply("{'body': path}", DRAFT, MESSAGE, endpoint(url), APP, 1);
        assertThat(((Transformer.Result.Request) result).draft().body()).isEqualTo(path);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nothing",
                "false",
                "'text'",
                "[{}]",
                "{'send': 'no'}",
                "{'sent': true}",
                "{'url': 'https://b.example'}",
                "{'method': 'GET'}",
                "{'method': 'post'}",
                "{'method': null}",
                "{'path': 'x'}",
                "{'path': '/a b'}",
                "{'path': '/a#b'}",
                "{'path': '//' & $pad('', 3000, 'a')}",
                "{'path': null}",
                "{'headers': ['a']}",
                "{'headers': {'a b': '1'}}",
                "{'headers': {'': '1'}}",
                "{'headers': {'Host': 'b.example'}}",
                "{'headers': {'content-length': '1'}}",
                "{'headers': {'webhook-signature': 'v1,x'}}",
                "{'headers': {'Webhook-Id': null}}",
                "{'headers': {'a': 'x\\r\\ny: z'}}",
                "{'headers': {'a': ['x']}}",
                "{'headers': $merge([1..60].{'h' & $: 'x'})}",
                "{'headers': {'a': $pad('', 20000, 'x')}}",
                "body.total & $uppercase(1)",
            })
    void anythingElseIsAnError(String script) {
        assertThatThrownBy(() -> apply(script, DRAFT))
                .isInstanceOf(ContentException.class)
                .hasMessageStartingWith("transformation: ");
    }

    @Test
    void anErrorHasItsPlace() {
        assertThatThrownBy(() -> apply("{\n  'body': body.id + 'x'\n}", DRAFT))
                .hasMessageStartingWith("transformation: line 2, column ");
    }
}
