package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.wire.Profile.Check;
import io.posthorn.wire.Profile.Format;
import io.posthorn.wire.Profile.IdForm;
import io.posthorn.wire.Profile.Letters;
import io.posthorn.wire.Profile.Text;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProfileParserTest {

    @Test
    void messageHeadersGoAlongAsTheProfileSays() {
        Map<String, String> given = Map.of("X-One", "1", "x-two", "2");

        assertThat(right("").carried(given)).isEqualTo(given);
        assertThat(right("messageHeaders: all").carried(given)).isEqualTo(given);
        assertThat(right("messageHeaders: none").carried(given)).isEmpty();
        assertThat(right("messageHeaders: []").carried(given)).isEmpty();
        assertThat(right("messageHeaders: [x-one, X-Three]").carried(given)).containsExactly(Map.entry("X-One", "1"));
        assertThat(wrong("messageHeaders: some"))
                .containsExactly("line 1, column 17: messageHeaders must be all, none, or a list of names of headers");
        assertThat(wrong("messageHeaders: {a: b}")).hasSize(1);
        assertThat(wrong("messageHeaders: [a b]"))
                .containsExactly(
                        "line 1, column 18: messageHeaders each of them must be a name that a header can have");
    }

    @Test
    void readsEveryMember() {
        Profile profile = right("""
                description: All of it
                method: PUT
                path: /in?x=1
                body:
                  format: xml
                  contentType: application/vnd.acme+xml
                  root: event
                  envelope: |
                    {"id": message.id}
                headers:
                  X-Fixed: "1"
                  X-Computed: {expression: message.eventType}
                userAgent: Acme/2
                id: {prefix: evt_, letters: hex, eventId: true}
                signatures:
                  - algorithm: hmac-sha512
                    key: base64
                    encoding: base64
                    content: "{id}.{timestamp}.{method}.{url}.{body}"
                    timestamp: iso
                    header: X-Sig
                    value: "t={timestamp},{signatures}"
                    each: "v1={signature}"
                    separator: ","
                    timestampHeader: X-Time
                  - scheme: message-signature
                    algorithm: ed25519
                    key: standard
                    label: acme
                    components: ["@method", content-digest]
                    keyId: k1
                config: text
                secretInConfig: secret
                check: challenge
                testEvent: {eventType: a.test, payload: {test: true, n: 1}}
                limits: {bodyBytes: 1000, rateLimit: 5}
                delivery:
                  timeout: 3s
                  retry: {schedule: [30s, 1m]}
                """);

        assertThat(profile.description()).isEqualTo("All of it");
        assertThat(profile.method()).isEqualTo("PUT");
        assertThat(profile.path()).isEqualTo(new Text.Fixed("/in?x=1"));
        assertThat(profile.body().format()).isEqualTo(Format.XML);
        assertThat(profile.body().contentType()).isEqualTo(new Text.Fixed("application/vnd.acme+xml"));
        assertThat(profile.body().root()).isEqualTo("event");
        assertThat(profile.body().envelope())
                .isEqualTo(new Text.Computed("{\"id\": message.id}\n", "body.envelope", new Place(9, 5)));
        assertThat(profile.headers())
                .containsExactly(
                        new Profile.Header("X-Fixed", new Text.Fixed("1")),
                        new Profile.Header(
                                "X-Computed",
                                new Text.Computed(
                                        "message.eventType", "headers.X-Computed.expression", new Place(12, 28))));
        assertThat(profile.userAgent()).isEqualTo(new Text.Fixed("Acme/2"));
        assertThat(profile.id()).isEqualTo(new IdForm("evt_", Letters.HEX, true));
        assertThat(profile.schemes())
                .containsExactly(
                        new Scheme.InHeader(
                                Scheme.Algorithm.HMAC_SHA512,
                                Scheme.KeyForm.BASE64,
                                Scheme.Encoding.BASE64,
                                "{id}.{timestamp}.{method}.{url}.{body}",
                                Scheme.Clock.ISO,
                                "X-Sig",
                                "t={timestamp},{signatures}",
                                "v1={signature}",
                                ",",
                                null,
                                "X-Time"),
                        new Scheme.MessageSignature(
                                Scheme.Algorithm.ED25519,
                                Scheme.KeyForm.STANDARD,
                                "acme",
                                List.of("@method", "content-digest"),
                                "k1"));
        assertThat(profile.config()).isEqualTo(Profile.ConfigForm.TEXT);
        assertThat(profile.secretInConfig()).isEqualTo("secret");
        assertThat(profile.check()).isEqualTo(Check.CHALLENGE);
        assertThat(profile.testEvent()).isEqualTo(new Profile.TestEvent("a.test", "{\"test\":true,\"n\":1}"));
        assertThat(profile.bodyBytes()).isEqualTo(1000);
        assertThat(profile.rateLimit()).isEqualTo(5);
        assertThat(profile.delivery())
                .isEqualTo(Map.of("timeout", "3s", "retry", Map.of("schedule", List.of("30s", "1m"))));
    }

    @Test
    void anEmptyOneIsThePayloadAsItIs() {
        Profile profile = right("");

        assertThat(profile.method()).isEqualTo("POST");
        assertThat(profile.body()).isEqualTo(new Profile.Body(Format.JSON, null, null, null));
        assertThat(profile.schemes()).isEmpty();
        assertThat(profile.id()).isEqualTo(IdForm.USUAL);
        assertThat(profile.check()).isEqualTo(Check.NONE);
    }

    @Test
    void aPrefixIsShortForEach() {
        Profile profile = right("signatures: [{header: X, prefix: sha256=}]");

        assertThat(profile.schemes())
                .containsExactly(new Scheme.InHeader(
                        Scheme.Algorithm.HMAC_SHA256,
                        Scheme.KeyForm.TEXT,
                        Scheme.Encoding.HEX,
                        "{body}",
                        Scheme.Clock.SECONDS,
                        "X",
                        "{signatures}",
                        "sha256={signature}",
                        null,
                        null,
                        null));
    }

    @Test
    void tellsAllThatIsWrongWithTheLineOfEach() {
        assertThat(wrong("""
                descripton: oops
                method: post
                body:
                  format: yaml
                headers:
                  Host: example.com
                  "a b": x
                signatures:
                  - algorithm: md5
                    contents: "{body}"
                  - header: X-A
                    content: "{boddy}"
                limits: {bodyBytes: 0}
                check: often
                """))
                .containsExactly(
                        "line 1, column 1: descripton is not a member of a profile; did you mean description?",
                        "line 2, column 9: method must be a method of HTTP in capitals, such as POST",
                        "line 4, column 11: body.format must be one of json, xml, form, raw",
                        "line 6, column 3: headers.Host is that of the URL",
                        "line 7, column 3: headers.a b is no name that a header can have",
                        "line 9, column 5: signatures.0.header is needed",
                        "line 9, column 16: signatures.0.algorithm must be one of hmac-sha1, hmac-sha256, hmac-sha384,"
                                + " hmac-sha512, ed25519",
                        "line 10, column 5: signatures.0.contents is not a member of signatures.0; did you mean content?",
                        "line 12, column 14: signatures.1.content has {boddy}; possible are {id}, {timestamp}, {body},"
                                + " {method}, {url}",
                        "line 13, column 21: limits.bodyBytes must be a whole number from 1 to 16777216",
                        "line 14, column 8: check must be one of none, test-event, challenge, cloudevents, websub,"
                                + " rest-hooks");
    }

    @Test
    void anErrorInAnExpressionIsAtItsPlaceInTheFile() {
        assertThat(problems("""
                body:
                  envelope: |
                    {
                      "a": message.id,
                      "b": )
                    }
                """)).singleElement().satisfies(problem -> {
            assertThat(problem.line()).isEqualTo(5);
            assertThat(problem.column()).isBetween(12, 13);
            assertThat(problem.path()).isEqualTo("body.envelope");
        });
        assertThat(problems("headers:\n  X: {expression: \"message.(\"}"))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.line()).isEqualTo(2);
                    assertThat(problem.path()).isEqualTo("headers.X.expression");
                });
    }

    @Test
    void anExpressionCannotLeaveWhatItIsPutInto() {
        assertThat(problems("body: {envelope: '1) + (2'}")).isNotEmpty();
    }

    @Test
    void whatIsNoYamlIsToldWithItsLine() {
        assertThat(problems("description: x\nheaders: [\n")).singleElement().satisfies(problem -> {
            assertThat(problem.line()).isEqualTo(3);
            assertThat(problem.rule()).startsWith("is not YAML: ");
        });
        assertThat(wrong("method: POST\nmethod: PUT"))
                .containsExactly("line 2, column 1: method stands in line 1 already");
        assertThat(wrong("- a")).containsExactly("line 1, column 1: must have members, such as `description: …`");
    }

    @Test
    void aliasesAndDepthAreBounded() {
        assertThat(problems("a: &a [1, 2]\nb: [*a, *a]")).isNotEmpty();
        assertThat(problems("a: " + "[".repeat(100) + "]".repeat(100))).isNotEmpty();
        assertThat(problems("description: \"" + "x".repeat(70_000) + "\"")).hasSize(1);
    }

    @Test
    void theTestEventIsJsonByteForByte() {
        assertThat(right("testEvent: {eventType: a, payload: '{\"b\": 1.0}'}").testEvent())
                .isEqualTo(new Profile.TestEvent("a", "{\"b\": 1.0}"));
        assertThat(wrong("testEvent: {eventType: a, payload: '{'}"))
                .singleElement()
                .asString()
                .startsWith("line 1, column 36: testEvent.payload must be JSON, or members to be written as JSON: ");
    }

    @Test
    void laterProblemsFindTheirPlace() {
        Profile profile = right("""
                delivery:
                  retry:
                    schedule: [soon]
                """);

        assertThat(profile.problem(List.of("delivery", "retry", "schedule"), "must be a duration")
                        .text())
                .isEqualTo("line 3, column 5: delivery.retry.schedule must be a duration");
        assertThat(profile.problem(List.of("delivery", "order", "mode"), "is missing")
                        .line())
                .isEqualTo(1);
    }

    static Profile right(String source) {
        return switch (ProfileParser.parse(source)) {
            case ProfileParser.Result.Parsed(Profile profile) -> profile;
            case ProfileParser.Result.Wrong(List<ProfileProblem> problems) ->
                throw new AssertionError(
                        problems.stream().map(ProfileProblem::text).toList());
        };
    }

    private static List<ProfileProblem> problems(String source) {
        return switch (ProfileParser.parse(source)) {
            case ProfileParser.Result.Parsed _ -> List.of();
            case ProfileParser.Result.Wrong(List<ProfileProblem> problems) -> problems;
        };
    }

    private static List<String> wrong(String source) {
        return problems(source).stream().map(ProfileProblem::text).toList();
    }
}
