package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.cli.StubApi.Asked;
import io.posthorn.cli.StubApi.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands as requests, and answers as output and exit codes. */
final class RemoteCommandsTest {
    private static final String ANSWER = "{\"id\":\"x_1\",\"name\":\"X\",\"token\":\"ph_secret\",\"key\":\"whsec_x\"}";
    private static final String PAGE = "{\"data\":[],\"iterator\":null,\"prevIterator\":null,\"done\":true}";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            app get acme                                    | GET /api/v1/app/acme
            app create --name A --uid a --metadata k=v=w    | POST /api/v1/app {'name':'A','uid':'a','metadata':{'k':'v=w'}}
            app create --name A --get-if-exists true        | POST /api/v1/app?get_if_exists=true {'name':'A'}
            app update a/b --uid= --rate-limit 5            | PATCH /api/v1/app/a%2Fb {'uid':null,'rateLimit':5}
            app update a --metadata=                        | PATCH /api/v1/app/a {'metadata':{}}
            app delete a                                    | DELETE /api/v1/app/a
            endpoint get --app a e                          | GET /api/v1/app/a/endpoint/e
            endpoint create --app a --url u --event-type t --event-type s --disabled true | POST /api/v1/app/a/endpoint {'url':'u','filterTypes':['t','s'],'disabled':true}
            endpoint update --app a e --event-type= --description= | PATCH /api/v1/app/a/endpoint/e {'filterTypes':null,'description':''}
            endpoint delete --app a e                       | DELETE /api/v1/app/a/endpoint/e
            endpoint secret --app a e                       | GET /api/v1/app/a/endpoint/e/secret
            endpoint rotate-secret --app a e --grace-seconds 0 | POST /api/v1/app/a/endpoint/e/secret/rotate {'gracePeriodSeconds':0}
            endpoint rotate-secret --app a e                | POST /api/v1/app/a/endpoint/e/secret/rotate {}
            endpoint headers --app a e                      | GET /api/v1/app/a/endpoint/e/headers
            endpoint set-headers --app a e --header X=1 --remove Y | PATCH /api/v1/app/a/endpoint/e/headers {'headers':{'X':'1'},'deleteHeaders':['Y']}
            endpoint set-headers --app a e --header X:1=2 --header Y=1:2 | PATCH /api/v1/app/a/endpoint/e/headers {'headers':{'X':'1=2','Y':'1:2'}}
            endpoint stats --app a e --since 2026-01-31T12:00:00+01:00 | GET /api/v1/app/a/endpoint/e/stats?since=2026-01-31T11%3A00%3A00Z
            endpoint recover --app a e --since 2026-01-31T12:00:00Z | POST /api/v1/app/a/endpoint/e/recover {'since':'2026-01-31T12:00:00Z'}
            endpoint replay-missing --app a e --since 2026-01-31T12:00:00Z --until 2026-02-01T00:00:00Z | POST /api/v1/app/a/endpoint/e/replay-missing {'since':'2026-01-31T12:00:00Z','until':'2026-02-01T00:00:00Z'}
            endpoint send-example --app a e --event-type t  | POST /api/v1/app/a/endpoint/e/send-example {'eventType':'t'}
            event-type get a.b                              | GET /api/v1/event-type/a.b
            event-type create --name t --description d --schemas {"1":{}} | POST /api/v1/event-type {'name':'t','description':'d','schemas':{'1':{}}}
            event-type update t --group= --deprecated false | PATCH /api/v1/event-type/t {'groupName':null,'deprecated':false}
            event-type delete t --expunge true              | DELETE /api/v1/event-type/t?expunge=true
            message get --app a m                           | GET /api/v1/app/a/msg/m
            message cancel --app a m                        | POST /api/v1/app/a/msg/m/cancel {}
            message delete-content --app a m                | DELETE /api/v1/app/a/msg/m/content
            attempt get --app a --message m t               | GET /api/v1/app/a/msg/m/attempt/t
            attempt resend --app a --message m --endpoint e | POST /api/v1/app/a/msg/m/endpoint/e/resend {}
            attempt delete-content --app a --message m t    | DELETE /api/v1/app/a/msg/m/attempt/t/content
            token create --name n --role application --app a --expires 2027-01-01T00:00:00Z --rate-limit 9 | POST /api/v1/token {'name':'n','role':'application','appId':'a','expiresAt':'2027-01-01T00:00:00Z','rateLimit':9}
            token revoke tok_1                              | DELETE /api/v1/token/tok_1
            environment create --name n                     | POST /api/v1/environment {'name':'n'}
            environment rename e --name n                   | PATCH /api/v1/environment/e {'name':'n'}
            environment delete e                            | DELETE /api/v1/environment/e
            task get t                                      | GET /api/v1/background-task/t
            task pause t                                    | POST /api/v1/background-task/t/pause {}
            task resume t                                   | POST /api/v1/background-task/t/resume {}
            endpoint bulk-replay --app a e --since 2026-01-31T12:00:00Z --event-type t --status failed | POST /api/v1/app/a/endpoint/e/bulk-replay {'since':'2026-01-31T12:00:00Z','eventTypes':['t'],'status':'failed'}
            dead-letter replay --app a --endpoint e --reason gone | POST /api/v1/app/a/dead-letter/replay-all {'endpointId':'e','reason':'gone'}
            dead-letter discard --app a --endpoint e --event-type t | POST /api/v1/app/a/dead-letter/discard-all {'endpointId':'e','eventTypes':['t']}
            dead-letter replay-one --app a --items [{"messageId":"m","endpointId":"e"}] | POST /api/v1/app/a/dead-letter/replay {'items':[{'messageId':'m','endpointId':'e'}]}
            dead-letter discard-one --app a --items [{"messageId":"m","endpointId":"e"}] | POST /api/v1/app/a/dead-letter/discard {'items':[{'messageId':'m','endpointId':'e'}]}
            task cancel t                                   | POST /api/v1/background-task/t/cancel {}
            """)
    void aCommandIsOneRequest(String command, String request) throws IOException {
        try (StubApi api = StubApi.saying(200, ANSWER)) {
            Captured process = api.process();
            assertThat(process.run(command.strip().split("\\s+", -1)))
                    .as(process.err())
                    .isZero();
            assertThat(api.asked()).hasToString("[" + request.replace('\'', '"') + "]");
            Asked asked = api.asked().getFirst();
            assertThat(asked.header("authorization")).isEqualTo("Bearer " + StubApi.TOKEN);
            assertThat(asked.header("idempotency-key") != null)
                    .isEqualTo(asked.method().equals("POST"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            app list                                      | /app?limit=50
            app list --with-endpoints true --limit 7 --order ascending | /app?exclude_apps_with_no_endpoints=true&limit=7&order=ascending
            app list --all                                | /app?limit=250
            app list --iterator i_1                       | /app?limit=50&iterator=i_1
            endpoint list --app a                         | /app/a/endpoint?limit=50
            event-type list --include-archived true       | /event-type?include_archived=true&limit=50
            message list --app a --event-type t --event-type s --tag g | /app/a/msg?event_types=t%2Cs&tag=g&with_content=false&limit=50
            message list --app a --json --payload-path $.a --payload-value b+c | /app/a/msg?payload_path=%24.a&payload_value=b%2Bc&limit=50
            message deliveries --app a m                  | /app/a/msg/m/endpoint?limit=50
            dead-letter list --app a --endpoint e --reason held | /app/a/dead-letter?endpoint_id=e&reason=held&limit=50
            attempt list --app a                          | /app/a/attempt?with_content=false&limit=50
            attempt list --app a --endpoint e --status 2  | /app/a/attempt/endpoint/e?status=2&with_content=false&limit=50
            attempt list --app a --status pending         | /app/a/attempt?status=1&with_content=false&limit=50
            attempt list --app a --status Fail --status-code-class 5xx | /app/a/attempt?status=2&status_code_class=500&with_content=false&limit=50
            attempt list --app a --status-code-class 4    | /app/a/attempt?status_code_class=400&with_content=false&limit=50
            attempt list --app a --status-code-class 200  | /app/a/attempt?status_code_class=200&with_content=false&limit=50
            attempt list --app a --status-code-class none | /app/a/attempt?status_code_class=0&with_content=false&limit=50
            attempt list --app a --message m              | /app/a/attempt/msg/m?with_content=false&limit=50
            token list                                    | /token?limit=50
            environment list                              | /environment?limit=50
            task list --status running                    | /background-task?status=running&limit=50
            audit list                                    | /audit-log?limit=50
            """)
    void aListIsOneRequest(String command, String path) throws IOException {
        try (StubApi api = StubApi.saying(200, PAGE)) {
            Captured process = api.process();
            assertThat(process.run(command.strip().split("\\s+", -1)))
                    .as(process.err())
                    .isZero();
            assertThat(api.asked()).extracting(Asked::path).containsExactly("/api/v1" + path);
        }
    }

    @Test
    void aTableHasAlignedColumns() throws IOException {
        String page = """
                {"data": [
                  {"id": "app_1", "uid": "acme", "name": "Acme Ltd.", "rateLimit": 5, "createdAt": "2026-01-31T12:00:00Z"},
                  {"id": "app_22", "uid": null, "name": "Müller\\n\\u001b[31m", "createdAt": "2026-02-01T12:00:00Z"}
                ], "iterator": "i", "done": true}""";
        try (StubApi api = StubApi.saying(200, page)) {
            Captured process = api.process();
            assertThat(process.run("app", "list")).isZero();
            assertThat(process.out()).isEqualToNormalizingNewlines("""
                    ID      UID   NAME          RATE LIMIT  CREATED
                    app_1   acme  Acme Ltd.     5           2026-01-31T12:00:00Z
                    app_22  -     Müller ?[31m  -           2026-02-01T12:00:00Z
                    """);
            assertThat(process.err()).isEmpty();
        }
    }

    @Test
    void allFollowsThePagesAndPrintsOneArray() throws IOException {
        try (StubApi api = new StubApi(RemoteCommandsTest::numbers)) {
            Captured process = api.process();
            assertThat(process.run("app", "list", "--all", "--json")).isZero();
            JsonNode all = new ObjectMapper().readTree(process.out());
            assertThat(all).hasSize(600);
            assertThat(all.path(599).path("id").intValue()).isEqualTo(599);
            assertThat(api.asked()).hasSize(3);
            assertThat(process.err()).isEmpty();
        }
    }

    @Test
    void aLimitBoundsTheListAndSaysWhereItGoesOn() throws IOException {
        try (StubApi api = new StubApi(RemoteCommandsTest::numbers)) {
            Captured process = api.process();
            assertThat(process.run("app", "list", "--limit", "260")).isZero();
            assertThat(process.out().lines()).hasSize(261);
            assertThat(process.err()).contains("There is more").contains("--iterator 260");
            assertThat(api.asked())
                    .extracting(Asked::path)
                    .containsExactly("/api/v1/app?limit=250", "/api/v1/app?limit=10&iterator=250");
        }
    }

    /** A list of 600 numbers. */
    private static Said numbers(Asked asked) {
        Map<String, String> query = List.of(
                        asked.path().replaceFirst(".*\\?", "").split("&", -1))
                .stream()
                .collect(Collectors.toMap(p -> p.replaceFirst("=.*", ""), p -> p.replaceFirst(".*=", "")));
        int from = Integer.parseInt(query.getOrDefault("iterator", "0"));
        int to = Math.min(600, from + Integer.parseInt(query.getOrDefault("limit", "50")));
        String data =
                IntStream.range(from, to).mapToObj(n -> "{\"id\":" + n + "}").collect(Collectors.joining(","));
        return Said.of(200, "{\"data\":[%s],\"iterator\":\"%d\",\"done\":%b}".formatted(data, to, to == 600));
    }

    @Test
    void anEmptyListIsAnEmptyArrayAndAHeading() throws IOException {
        try (StubApi api = StubApi.saying(200, PAGE)) {
            Captured json = api.process();
            assertThat(json.run("token", "list", "--json")).isZero();
            assertThat(json.out().strip()).isEqualTo("[]");
            Captured table = api.process();
            assertThat(table.run("environment", "list")).isZero();
            assertThat(table.out().strip()).isEqualTo("ID  NAME  CREATED");
        }
    }

    @Test
    void jsonKeepsNumbersAndMembersAsTheyCame() throws IOException {
        try (StubApi api = StubApi.saying(200, "{\"payload\":{\"a\":1.50,\"b\":12345678901234567890.10}}")) {
            Captured process = api.process();
            assertThat(process.run("message", "get", "--app", "a", "m", "--json"))
                    .isZero();
            assertThat(process.out()).contains("1.50").contains("12345678901234567890.10");
        }
    }

    @Test
    void aTokenIsShownOnce() throws IOException {
        try (StubApi api = StubApi.saying(201, "{\"id\":\"tok_1\",\"role\":\"publisher\",\"token\":\"ph_new\"}")) {
            Captured process = api.process();
            assertThat(process.run("token", "create", "--name", "n", "--role", "publisher"))
                    .isZero();
            assertThat(process.out()).contains("tok_1").contains("\nph_new");
        }
    }

    @Test
    void aDeletionSaysWhatItDid() throws IOException {
        try (StubApi api = StubApi.saying(204, "")) {
            Captured process = api.process();
            assertThat(process.run("app", "delete", "a b")).isZero();
            assertThat(process.out().strip()).isEqualTo("Deleted a b.");
            Captured json = api.process();
            assertThat(json.run("token", "revoke", "tok_1", "--json")).isZero();
            assertThat(json.out()).isEmpty();
        }
    }

    @Test
    void timesAreCountedFromNow() throws IOException {
        try (StubApi api = StubApi.saying(200, ANSWER)) {
            Instant before = Instant.now();
            assertThat(api.process().run("endpoint", "recover", "--app", "a", "e", "--since", "2h"))
                    .isZero();
            assertThat(api.process().run("token", "create", "--name", "n", "--role", "viewer", "--expires", "30d"))
                    .isZero();
            ObjectMapper json = new ObjectMapper();
            String since =
                    json.readTree(api.asked().getFirst().body()).path("since").textValue();
            String expires = json.readTree(api.asked().getLast().body())
                    .path("expiresAt")
                    .textValue();
            Instant after = Instant.now();
            assertThat(OffsetDateTime.parse(since).toInstant())
                    .isBetween(before.minus(Duration.ofHours(2)).minusMillis(1), after.minus(Duration.ofHours(2)));
            assertThat(OffsetDateTime.parse(expires).toInstant())
                    .isBetween(before.plus(Duration.ofDays(30)).minusMillis(1), after.plus(Duration.ofDays(30)));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            401 | {"code":"authentication_failed","detail":"no"}  | does not accept the token (401): no
            403 | {"code":"forbidden","detail":"not yours"}       | may not do this (403): not yours
            404 | {"code":"not_found","detail":"there is none"}   | not found (404): there is none
            409 | {"code":"conflict","detail":"uid is taken"}     | conflict (409): uid is taken
            422 | {"detail":[{"loc":["body","url"],"msg":"must be https","type":"t"},{"loc":["query","limit"],"msg":"is bad","type":"t"}]} | url: must be https\\n  query.limit: is bad
            418 | <html>teapot</html>                             | answered 418: <html>teapot</html>
            """)
    void aRefusalIsExplained(int status, String body, String told) throws IOException {
        try (StubApi api = StubApi.saying(status, body)) {
            Captured process = api.process();
            assertThat(process.run("app", "create", "--name", "A")).isEqualTo(ExitCodes.FAILURE);
            assertThat(process.err()).contains(told.replace("\\n", "\n"));
            assertThat(process.out()).isEmpty();
            assertThat(api.asked()).hasSize(1);
        }
    }

    @Test
    void aBusyServerIsAskedFourTimesWithTheSameKey() throws IOException {
        try (StubApi api = new StubApi(asked -> Said.busy(503))) {
            Captured process = api.process();
            assertThat(process.run("app", "create", "--name", "A")).isEqualTo(ExitCodes.FAILURE);
            assertThat(process.err()).contains("not available (503): come back");
            assertThat(api.asked()).hasSize(4);
            assertThat(api.asked())
                    .extracting(asked -> asked.header("idempotency-key"))
                    .doesNotContainNull();
            assertThat(api.asked().stream()
                            .map(asked -> asked.header("idempotency-key"))
                            .distinct())
                    .hasSize(1);
        }
    }

    @Test
    void whatWasBusyAndThenBrokeSucceedsInTheEnd() throws IOException {
        Queue<Said> answers = new ArrayDeque<>(List.of(Said.busy(429), Said.broken(), Said.of(200, ANSWER)));
        try (StubApi api = new StubApi(asked -> answers.remove())) {
            Captured process = api.process();
            assertThat(process.run("app", "create", "--name", "A"))
                    .as(process.err())
                    .isZero();
            // the client of the JDK may try a broken connection again by itself
            assertThat(answers).isEmpty();
        }
    }

    @Test
    void nobodyListeningIsCodeThree() throws IOException {
        String gone;
        try (StubApi api = StubApi.saying(200, PAGE)) {
            gone = api.url();
        }
        Captured process = new Captured(Path.of(""), Map.of("POSTHORN_TOKEN", "t"));
        assertThat(process.run("app", "list", "--server", gone)).isEqualTo(ExitCodes.UNREACHABLE);
        assertThat(process.err()).contains("cannot reach the server at " + gone, "--server");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "app list --server ftp://x",
                "app list --server nonsense",
                "app list --timeout soon",
                "app list --timeout 1h",
                "app list --limit 0",
                "app list --limit many",
                "app create",
                "app create --name A --rate-limit fast",
                "app create --name A --metadata x",
                "app create --name A --uid",
                "app update a",
                "app get",
                "endpoint list",
                "endpoint create --app a --url u --disabled maybe",
                "endpoint recover --app a e --since yesterday",
                "event-type create --name t --description d --schemas {",
                "attempt list --app a --endpoint e --message m",
                "attempt list --app a --status failed",
                "attempt list --app a --status 5",
                "attempt list --app a --status-code-class 6xx",
                "endpoint set-headers --app a e --header X",
                "endpoint set-headers --app a e --header :1",
                "listen --forward-to http://localhost:1",
                "app list --token-file missing",
                "app list --nonsense",
                "app nonsense",
                "app",
                "help app nonsense",
                "send --app a --event-type t",
                "send --app a {}",
                "send --app a --event-type t --file f {}",
                "send --app a --event-type t {",
                "send --event-type t {}",
                "send --app a --in-flight 17 -",
                "send --app a --tag t -",
                "verify --id m",
                "verify --secret short --id m",
                "completion fish",
            })
    void wrongUsageIsCodeTwoAndAsksNothing(String command) throws IOException {
        try (StubApi api = StubApi.saying(200, PAGE)) {
            Captured process = api.process();
            assertThat(process.run(command.split(" ", -1))).as(process.err()).isEqualTo(ExitCodes.USAGE);
            assertThat(process.err()).isNotBlank().doesNotContain("\tat ");
            assertThat(process.out()).isEmpty();
            assertThat(api.asked()).isEmpty();
        }
    }

    @Test
    void aMissingParameterIsNamed() {
        Captured process = new Captured(Path.of(""), Map.of("POSTHORN_TOKEN", "t"));
        assertThat(process.run("endpoint", "get", "--app", "a")).isEqualTo(ExitCodes.USAGE);
        assertThat(process.err()).startsWith("Missing required parameter: ENDPOINT");
    }

    @Test
    void attemptsTellTheirOutcomeAndWhatComesNext() throws IOException {
        String page = """
                {"data": [
                  {"id": "a1", "msgId": "m", "endpointId": "e", "attemptNumber": 1, "statusText": "fail",
                   "outcome": "dns", "responseStatusCode": 0, "responseDurationMs": 3, "timestamp": "T1",
                   "nextAttemptAt": "T2", "exhausted": false},
                  {"id": "a2", "msgId": "m", "endpointId": "e", "attemptNumber": 2, "statusText": "fail",
                   "outcome": "response", "responseStatusCode": 500, "responseDurationMs": 4, "timestamp": "T2",
                   "nextAttemptAt": null, "exhausted": true},
                  {"id": "a3", "msgId": "n", "endpointId": "e", "attemptNumber": 1, "statusText": "success",
                   "outcome": "response", "responseStatusCode": 204, "responseDurationMs": 5, "timestamp": "T3",
                   "nextAttemptAt": null, "exhausted": false}
                ], "iterator": "i", "done": true}""";
        try (StubApi api = StubApi.saying(200, page)) {
            Captured process = api.process();
            assertThat(process.run("attempt", "list", "--app", "a")).isZero();
            assertThat(process.out()).isEqualToNormalizingNewlines("""
                    ID  MESSAGE  ENDPOINT  NUMBER  STATUS   OUTCOME   CODE  NEXT       MS  TIME
                    a1  m        e         1       fail     dns       -     T2         3   T1
                    a2  m        e         2       fail     response  500   exhausted  4   T2
                    a3  n        e         1       success  response  204   -          5   T3
                    """);
        }
    }

    @Test
    void aMissingTokenIsAskedFor() {
        Captured process = new Captured(Path.of(""), Map.of());
        assertThat(process.run("app", "list")).isEqualTo(ExitCodes.USAGE);
        assertThat(process.err()).contains("--token-file", "POSTHORN_TOKEN");
    }

    @Test
    void optionsAndVariablesLeadToTheServer(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("token"), "ph_from_file\n");
        try (StubApi api = StubApi.saying(200, PAGE)) {
            Captured process = new Captured(
                    folder,
                    Map.of("POSTHORN_TOKEN", "other", "POSTHORN_ENVIRONMENT", "staging", "POSTHORN_APP", "acme"));
            assertThat(process.run("endpoint", "list", "--server", api.url() + "/base/", "--token-file", "token"))
                    .as(process.err())
                    .isZero();
            assertThat(process.run("endpoint", "list", "--server", api.url(), "--environment", "prod", "--app", "b"))
                    .isZero();
            Asked first = api.asked().getFirst();
            assertThat(first.path()).isEqualTo("/base/api/v1/app/acme/endpoint?limit=50");
            assertThat(first.header("authorization")).isEqualTo("Bearer ph_from_file");
            assertThat(first.header("posthorn-environment")).isEqualTo("staging");
            Asked second = api.asked().getLast();
            assertThat(second.path()).isEqualTo("/api/v1/app/b/endpoint?limit=50");
            assertThat(second.header("authorization")).isEqualTo("Bearer other");
            assertThat(second.header("posthorn-environment")).isEqualTo("prod");
        }
    }

    @Test
    void anOversizedAnswerOrOneThatIsNotJsonFails() throws IOException {
        try (StubApi api = StubApi.saying(200, "<html>")) {
            Captured process = api.process();
            assertThat(process.run("app", "list")).isEqualTo(ExitCodes.FAILURE);
            assertThat(process.err()).contains("not JSON");
        }
    }

    @Test
    void aTaskIsWaitedFor() throws IOException {
        Queue<String> states = new ArrayDeque<>(List.of("running", "running", "finished"));
        try (StubApi api =
                new StubApi(asked -> Said.of(200, "{\"id\":\"t\",\"status\":\"" + states.remove() + "\"}"))) {
            Captured process = api.process();
            assertThat(process.run("task", "wait", "t", "--interval", "1ms")).isZero();
            assertThat(api.asked()).hasSize(3);
            assertThat(process.out()).contains("finished");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"failed", "running"})
    void aTaskThatDoesNotFinishIsAFailure(String state) throws IOException {
        try (StubApi api = StubApi.saying(200, "{\"id\":\"t\",\"status\":\"" + state + "\"}")) {
            Captured process = api.process();
            assertThat(process.run("task", "wait", "t", "--for", "1ms", "--interval", "10ms"))
                    .isEqualTo(ExitCodes.FAILURE);
            assertThat(process.out()).contains(state);
        }
    }

    @Test
    void aTableIsCutToTheTerminal() {
        java.io.StringWriter out = new java.io.StringWriter();
        Table table = new Table(new java.io.PrintWriter(out), List.of("ID", "URL"), 30, false);
        table.print(Collections.nCopies(2, List.of("ep_1234567", "https://example.com/a/very/long/path")));
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                ID          URL
                ep_1234567  https://example.c…
                ep_1234567  https://example.c…
                """);
    }
}
