package io.posthorn.wire;

import static io.posthorn.wire.Rendering.body;
import static io.posthorn.wire.Rendering.headers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.Message;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RendererTest {
    private final Rendering given = new Rendering();

    @Test
    void withoutAnEnvelopeThePayloadGoesByteForByte() throws Exception {
        Rendered rendered = given.with(ProfileParserTest.right(""));

        assertThat(body(rendered)).isEqualTo(given.payload);
        assertThat(rendered.method()).isEqualTo("POST");
        assertThat(rendered.path()).isNull();
        assertThat(rendered.userAgent()).isNull();
        assertThat(headers(rendered)).containsExactly(Map.entry("content-type", "application/json"));
    }

    @Test
    void whatAnEnvelopeHandsOnIsByteForByte() throws Exception {
        given.payload = "{ \"a\" : 1.0, \"list\": [ 1.50 ], \"one\": [{\"b\":12345678901234567890}], \"n\": null}";

        assertThat(envelope("{\"p\": message.payload, \"l\": message.payload.list, \"o\": message.payload.one,"
                        + " \"b\": message.payload.one[0]}"))
                .isEqualTo("{\"p\":" + given.payload
                        + ",\"l\":[ 1.50 ],\"o\":[{\"b\":12345678901234567890}],\"b\":{\"b\":12345678901234567890}}");
        assertThat(envelope("message.payload")).isEqualTo(given.payload);
        given.payload = "[ 1.0 ]";
        assertThat(envelope("{\"p\": message.payload}")).isEqualTo("{\"p\":[ 1.0 ]}");
    }

    @Test
    void whatAnEnvelopeChangesIsWrittenAnew() throws Exception {
        assertThat(envelope("$merge([message.payload, {\"id\": 8}])").replace("1.2345678901234567E19", "B"))
                .isEqualTo("{\"id\":8,\"amount\":1,\"big\":B}");
    }

    @Test
    void expressionsSeeMessageEndpointApplicationAndAttempt() throws Exception {
        given.headers = Map.of("X-Source", "web");
        given.appMetadata = Map.of("region", "eu");
        given.endpointMetadata = Map.of("tier", "gold");
        given.eventId = "order-7";
        given.attempt = 3;

        assertThat(envelope("""
                {"m": [message.id, message.eventType, message.eventId, message.timestamp, message.headers.`x-source`,
                       message.channels, message.tags],
                 "e": [endpoint.id, endpoint.url, endpoint.metadata.tier],
                 "a": [application.id, application.uid, application.name, application.metadata.region],
                 "t": [attempt.number, attempt.timestamp, attempt.isRetry],
                 "s": server.url}
                """))
                .isEqualTo("{\"m\":[\"msg_01h5pk4a2b3c4d5e6f7g8h9jkm\",\"contact.updated\",\"order-7\","
                        + "\"2023-07-19T09:05:13.000000Z\",\"web\",\"news\",\"t\"],"
                        + "\"e\":[\"ep_1\",\"https://customer.example/hooks\",\"gold\"],"
                        + "\"a\":[\"app_1\",\"acme\",\"Acme\",\"eu\"],"
                        + "\"t\":[3,\"2023-07-19T09:05:13.250001Z\",true],\"s\":\"https://hooks.sender.example\"}");
    }

    @Test
    void whatIsNotThereIsLeftOut() throws Exception {
        given.serverUrl = null;

        assertThat(envelope("{\"a\": message.eventId, \"b\": endpoint.uid, \"c\": server.url, \"d\": endpoint.config}"))
                .isEqualTo("{}");
    }

    @Test
    void timesAndIdsHaveOtherForms() throws Exception {
        assertThat(envelope("[$iso(attempt.timestamp, 0), $iso(attempt.timestamp, 3), $iso(attempt.timestamp, 9),"
                        + " $iso(\"2023-07-19T09:05:13Z\", 2), $id(\"evt_\"), $id(\"\", \"uuid\"), $id(\"x\", \"hex\"),"
                        + " $id(\"Ev\", \"upper\")]"))
                .isEqualTo("[\"2023-07-19T09:05:13Z\",\"2023-07-19T09:05:13.250Z\",\"2023-07-19T09:05:13.250001000Z\","
                        + "\"2023-07-19T09:05:13.00Z\",\"evt_01h5pk4a2b3c4d5e6f7g8h9jkm\","
                        + "\"01896d32-284b-1b08-d2b8-cf3c1114ca74\","
                        + "\"x01896d32284b1b08d2b8cf3c1114ca74\",\"Ev01H5PK4A2B3C4D5E6F7G8H9JKM\"]");
    }

    @Test
    void theProfileSaysHowIdsAreWritten() throws Exception {
        Profile profile = ProfileParserTest.right("""
                id: {prefix: evt_, letters: lower, eventId: true}
                headers: {X-Id: {expression: message.id}}
                """);
        assertThat(headers(given.with(profile))).containsEntry("X-Id", "evt_" + Rendering.ULID);
        assertThat(new Renderer(profile).id(given.context().message())).isEqualTo("evt_" + Rendering.ULID);
        given.eventId = "order-7";
        assertThat(headers(given.with(profile))).containsEntry("X-Id", "order-7");
        given.eventId = "order.7"; // a full stop separates what is signed
        assertThat(headers(given.with(profile))).containsEntry("X-Id", "evt_" + Rendering.ULID);
    }

    @Test
    void methodPathHeadersAndUserAgentAreTheProfiles() throws Exception {
        Rendered rendered = given.with(ProfileParserTest.right("""
                method: PUT
                path: {expression: '"/v1/" & message.eventType'}
                userAgent: {expression: '"Acme/" & attempt.number'}
                body: {contentType: {expression: '"application/vnd." & application.uid & "+json"'}}
                headers:
                  X-Number: {expression: attempt.number + 0.5}
                  X-Whole: {expression: attempt.number * 2.0}
                  X-Flag: {expression: attempt.isRetry}
                  X-None: {expression: message.nothing}
                """));

        assertThat(rendered.method()).isEqualTo("PUT");
        assertThat(rendered.path()).isEqualTo("/v1/contact.updated");
        assertThat(rendered.userAgent()).isEqualTo("Acme/1");
        assertThat(headers(rendered))
                .containsExactly(
                        Map.entry("content-type", "application/vnd.acme+json"),
                        Map.entry("X-Number", "1.5"),
                        Map.entry("X-Whole", "2"),
                        Map.entry("X-Flag", "false"));
    }

    @Test
    void anErrorSaysWhereInTheProfileItHappened() {
        assertThatThrownBy(() -> given.with(ProfileParserTest.right("""
                body:
                  envelope: |
                    {
                      "id": message.id,
                      "n": message.eventType + 1
                    }
                """)))
                .isInstanceOf(ContentException.class)
                .hasMessageStartingWith("body.envelope (line 5, column ");
        assertThatThrownBy(() -> given.with(ProfileParserTest.right("headers: {X: {expression: message}}")))
                .hasMessage("headers.X.expression: the expression has to give a text, and gave an object or a list");
        assertThatThrownBy(() -> envelope("message.nothing"))
                .hasMessage("body.envelope: the expression gave nothing that could be sent");
    }

    @Test
    void anExpressionThatTakesTooLongIsStopped() {
        assertThatThrownBy(() -> envelope("($f := function($n) { $f($n + 1) }; $f(0))"))
                .isInstanceOf(ContentException.class);
    }

    @Test
    void noHeaderOrPathCanCarryMoreThanItself() {
        given.headers = Map.of("x", "a\r\nEvil: 1");

        assertThatThrownBy(() -> given.with(ProfileParserTest.right("headers: {X: {expression: message.headers.x}}")))
                .hasMessage("the header X must have only printable ASCII in it");
        assertThatThrownBy(() -> given.with(ProfileParserTest.right("path: {expression: '\"//a b\"'}")))
                .hasMessageStartingWith("the path must begin with a slash");
        Renderer renderer = new Renderer(ProfileParserTest.right(""));
        assertThatThrownBy(() -> renderer.print(new Draft("POST", null, Map.of("Content-Length", "1"), "x")))
                .hasMessage("the header Content-Length is that of the body");
        assertThatThrownBy(() -> renderer.print(new Draft("GET /x", null, Map.of(), "x")))
                .hasMessageStartingWith("the method must be");
    }

    @Test
    void aBodyThatIsTooLargeIsNotSent() {
        assertThatThrownBy(() -> given.with(ProfileParserTest.right("limits: {bodyBytes: 10}")))
                .hasMessage("the body has more than 10 bytes, the most that is allowed (limits.bodyBytes)");
    }

    @Test
    void theConfigurationGoesAlongOnlyWhereTheProfileSaysSo() throws Exception {
        given.config = "{\"secret\": \"s\", \"n\": 1.0}";

        assertThat(envelope("{\"c\": endpoint.config}")).isEqualTo("{}");
        assertThat(body(given.with(
                        ProfileParserTest.right("config: value\nbody: {envelope: '{\"c\": endpoint.config}'}"))))
                .isEqualTo("{\"c\":{\"secret\": \"s\", \"n\": 1.0}}");
        assertThat(body(given.with(
                        ProfileParserTest.right("config: text\nbody: {envelope: '{\"c\": endpoint.config}'}"))))
                .isEqualTo("{\"c\":\"{\\\"secret\\\": \\\"s\\\", \\\"n\\\": 1.0}\"}");
    }

    @Test
    void whatIsToBeSentBareHasNoEnvelope() throws Exception {
        Profile profile = ProfileParserTest.right("""
                body: {envelope: '{"wrapped": message.payload}'}
                headers: {X-Type: {expression: message.eventType}}
                """);
        given.payload = "{\"challenge\": \"c\"}";
        assertThat(body(given.with(profile))).isEqualTo("{\"wrapped\":{\"challenge\": \"c\"}}");
        given.only = Message.BARE;
        Rendered bare = given.with(profile);
        assertThat(body(bare)).isEqualTo("{\"challenge\": \"c\"}");
        assertThat(headers(bare)).containsEntry("X-Type", "contact.updated");
    }

    @Test
    void theTestEventIsSentAsItIs() throws Exception {
        Profile profile = ProfileParserTest.right("""
                body: {envelope: '{"wrapped": message.payload}'}
                testEvent: {eventType: a.test, payload: '{"test": 1.0}'}
                """);
        given.eventType = "a.test";
        given.payload = "{\"test\": 1.0}";
        assertThat(body(given.with(profile))).isEqualTo("{\"test\": 1.0}");
        given.payload = "{\"test\": 2}";
        assertThat(body(given.with(profile))).isEqualTo("{\"wrapped\":{\"test\": 2}}");
    }

    @Test
    void aRendererIsUsedAgainAndAgain() throws Exception {
        Renderer renderer = new Renderer(ProfileParserTest.right("body: {envelope: '{\"n\": attempt.number}'}"));
        for (int attempt = 1; attempt < 4; attempt++) {
            given.attempt = attempt;
            assertThat(body(renderer.print(renderer.draft(given.context())))).isEqualTo("{\"n\":" + attempt + "}");
        }
    }

    private String envelope(String expression) throws ContentException {
        String source = "body:\n  envelope: |\n"
                + expression.lines().map(line -> "    " + line + "\n").reduce("", String::concat);
        return body(given.with(ProfileParserTest.right(source)));
    }
}
