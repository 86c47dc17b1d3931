package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.cli.StubApi.Asked;
import io.posthorn.cli.StubApi.Said;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SendTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void aPayloadGoesByteForByte() throws IOException {
        try (StubApi api = StubApi.saying(202, "{\"id\":\"msg_1\"}")) {
            Captured process = api.process();
            String payload = " {\"b\":1.50, \"a\" : \"\\u00e9é\", \"b2\":1E5}\n";
            assertThat(process.run(
                            "send",
                            "--app",
                            "a",
                            "--event-type",
                            "t",
                            "--event-id",
                            "e",
                            "--tag",
                            "x",
                            "--tag",
                            "y",
                            "--channel",
                            "c",
                            payload))
                    .as(process.err())
                    .isZero();
            assertThat(process.out().strip()).isEqualTo("Accepted msg_1.");
            assertThat(api.asked())
                    .hasToString("[POST /api/v1/app/a/msg?with_content=false {\"eventType\":\"t\",\"eventId\":\"e\","
                            + "\"channels\":[\"c\"],\"tags\":[\"x\",\"y\"],\"payload\":" + payload + "}]");
        }
    }

    @Test
    void aPayloadComesFromAFileOrStandardInput(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("p.json"), "{\"n\":1}");
        try (StubApi api = StubApi.saying(202, "{\"id\":\"msg_1\"}")) {
            Captured file = new Captured(folder, Map.of("POSTHORN_URL", api.url(), "POSTHORN_TOKEN", "t"));
            assertThat(file.run("send", "--app", "a", "--event-type", "t", "--file", "p.json", "--json"))
                    .isZero();
            assertThat(JSON.readTree(file.out()).path("id").textValue()).isEqualTo("msg_1");
            assertThat(api.process().in("[2]").run("send", "--app", "a", "--event-type", "t", "-"))
                    .isZero();
            assertThat(api.asked())
                    .extracting(Asked::body)
                    .containsExactly(
                            "{\"eventType\":\"t\",\"payload\":{\"n\":1}}", "{\"eventType\":\"t\",\"payload\":[2]}");
        }
    }

    @Test
    void theSubscribersAreAskedAndWhatTheySayIsShown() throws IOException {
        try (StubApi api = StubApi.saying(200, """
                {"id": "msg_1", "decision": {"proceed": false, "content": {"n": 1}, "changed": false,
                 "reason": "endpoint crm forbids it"},
                 "results": [{"endpointId": "ep_1", "endpointUid": "crm", "status": "answered", "error": null},
                             {"endpointId": "ep_2", "endpointUid": null, "status": "skipped", "error": "it is paused"}]}
                """)) {
            Captured process = api.process();
            List<String> line = List.of(
                    "send",
                    "--app",
                    "a",
                    "--event-type",
                    "t",
                    "--sync",
                    "--decision",
                    "veto",
                    "--deadline",
                    "3s",
                    "--failure",
                    "closed",
                    "{\"n\": 1.0}");
            assertThat(process.run(line.toArray(String[]::new)))
                    .as(process.err())
                    .isEqualTo(ExitCodes.FAILURE);
            assertThat(process.out().lines())
                    .containsExactly(
                            "msg_1 does not go on: endpoint crm forbids it",
                            "  crm  answered",
                            "  ep_2  skipped: it is paused");
            assertThat(api.asked())
                    .hasToString("[POST /api/v1/app/a/msg/sync {\"eventType\":\"t\",\"sync\":{\"decision\":\"veto\","
                            + "\"deadline\":\"3s\",\"failure\":\"closed\"},\"payload\":{\"n\": 1.0}}]");
        }
    }

    @Test
    void contentThatTheSubscribersHaveChangedIsShown() throws IOException {
        try (StubApi api = StubApi.saying(200, """
                {"id": "msg_1", "decision": {"proceed": true, "content": {"n": 2}, "changed": true, "reason": null},
                 "results": []}
                """)) {
            Captured process = api.process();
            assertThat(process.run("send", "--app", "a", "--event-type", "t", "--sync", "1"))
                    .as(process.err())
                    .isZero();
            assertThat(process.out().lines()).containsExactly("msg_1 goes on.", "{\"n\":2}");
        }
    }

    @Test
    void howSubscribersAreAskedIsForOneMessageThatIsSentNow() throws IOException {
        try (StubApi api = StubApi.saying(200, "{}")) {
            for (List<String> wrong : List.of(
                    List.of("--decision", "veto"),
                    List.of("--sync", "--deliver-at", "2h"),
                    List.of("--sync", "--lines"))) {
                List<String> line = new ArrayList<>(List.of("send", "--app", "a", "--event-type", "t", "1"));
                line.addAll(wrong);
                Captured process = api.process();
                assertThat(process.run(line.toArray(String[]::new)))
                        .as("%s", wrong)
                        .isEqualTo(ExitCodes.USAGE);
                assertThat(process.err()).contains("--sync");
            }
            assertThat(api.asked()).isEmpty();
        }
    }

    @Test
    void itIsSentLater() throws IOException {
        try (StubApi api = StubApi.saying(202, "{\"id\":\"msg_1\"}")) {
            Instant before = Instant.now();
            assertThat(api.process()
                            .run(
                                    "send",
                                    "--app",
                                    "a",
                                    "--event-type",
                                    "t",
                                    "--deliver-at",
                                    "2030-01-01T00:00:00Z",
                                    "1"))
                    .isZero();
            assertThat(api.process().run("send", "--app", "a", "--event-type", "t", "--deliver-at", "2h", "1"))
                    .isZero();
            List<Instant> times = new ArrayList<>();
            for (Asked asked : api.asked()) {
                times.add(Instant.parse(
                        JSON.readTree(asked.body()).path("deliverAt").textValue()));
            }
            assertThat(times.getFirst()).isEqualTo("2030-01-01T00:00:00Z");
            assertThat(times.getLast())
                    .isBetween(
                            before.plus(Duration.ofHours(2)).minusMillis(1),
                            Instant.now().plus(Duration.ofHours(2)));
            Captured wrong = api.process();
            assertThat(wrong.run("send", "--app", "a", "--event-type", "t", "--deliver-at", "soon", "1"))
                    .isEqualTo(ExitCodes.USAGE);
            assertThat(wrong.err()).contains("--deliver-at must be a time");
            assertThat(api.process().run("send", "--app", "a", "--deliver-at", "2h", "--lines", "1"))
                    .as("each line has its own")
                    .isEqualTo(ExitCodes.USAGE);
        }
    }

    @Test
    void aPayloadCannotReachIntoTheMessage() throws IOException {
        try (StubApi api = StubApi.saying(202, "{\"id\":\"msg_1\"}")) {
            Captured syntax = api.process();
            assertThat(syntax.run("send", "--app", "a", "--event-type", "t", "1},{\"x\":2"))
                    .isEqualTo(ExitCodes.USAGE);
            assertThat(syntax.err()).contains("the payload is not valid JSON", "at line 1, column 2");
            Captured two = api.process();
            assertThat(two.run("send", "--app", "a", "--event-type", "t", "{} {}"))
                    .isEqualTo(ExitCodes.USAGE);
            assertThat(two.err()).contains("the payload goes on after the end of the JSON value");
            assertThat(api.asked()).isEmpty();
        }
    }

    @Test
    void linesGoInBatchesAndEveryOneIsCounted() throws IOException {
        List<String> lines = IntStream.rangeClosed(1, 2_500)
                .mapToObj(n ->
                        n == 700 ? "{broken" : n == 1_400 ? "[1]" : "{\"eventType\":\"t\",\"payload\":%d}".formatted(n))
                .collect(Collectors.toCollection(ArrayList::new));
        lines.add(10, ""); // what comes later is one line further down
        Set<Integer> arrived = ConcurrentHashMap.newKeySet();
        try (StubApi api = new StubApi(asked -> accept(asked, arrived))) {
            Captured process = api.process().in(String.join("\n", lines));
            assertThat(process.run("send", "--app", "a", "--continue-on-error", "--json", "-"))
                    .isEqualTo(ExitCodes.FAILURE);
            JsonNode summary = JSON.readTree(process.out());
            assertThat(summary.path("sent").intValue()).isEqualTo(2_500 - 2 - 2 - 1);
            assertThat(summary.path("duplicates").intValue()).isEqualTo(2);
            assertThat(summary.path("refused").intValue()).isEqualTo(3);
            assertThat(summary.path("complete").booleanValue()).isTrue();
            assertThat(summary.path("refusals").findValuesAsText("line")).containsExactly("701", "1401", "2001");
            assertThat(process.err().lines())
                    .hasSize(3)
                    .anySatisfy(line -> assertThat(line).startsWith("line 701: is not valid JSON"))
                    .anySatisfy(line -> assertThat(line).startsWith("line 1401: is not a JSON object"))
                    .anySatisfy(line -> assertThat(line).startsWith("line 2001: 422 payload: not this"));
            Set<Integer> expected =
                    new TreeSet<>(IntStream.rangeClosed(1, 2_500).boxed().toList());
            expected.removeAll(Set.of(700, 1_400));
            assertThat(arrived).isEqualTo(expected);
            assertThat(api.asked())
                    .allSatisfy(
                            asked -> assertThat(asked.path()).isEqualTo("/api/v1/app/a/msg/batch?with_content=false"));
        }
    }

    /** Takes a batch; 1000 and 1001 are there already, and 2000 is refused. */
    private static Said accept(Asked asked, Set<Integer> arrived) {
        List<String> entries = new ArrayList<>();
        messages(asked).forEach(message -> {
            int n = message.path("payload").intValue();
            if (!arrived.add(n)) {
                throw new AssertionError("twice: " + n);
            }
            entries.add(
                    switch (n) {
                        case 1_000, 1_001 -> "{\"status\":409,\"error\":{\"detail\":\"eventId is taken\"}}";
                        case 2_000 ->
                            "{\"status\":422,\"error\":{\"detail\":[{\"loc\":[\"body\",\"payload\"],\"msg\":\"not this\"}]}}";
                        default -> "{\"status\":202,\"message\":{}}";
                    });
        });
        return data(entries);
    }

    private static JsonNode messages(Asked asked) {
        try {
            JsonNode messages = JSON.readTree(asked.body()).path("messages");
            assertThat(messages.size()).isBetween(1, 1_000);
            return messages;
        } catch (IOException e) {
            throw new AssertionError(asked.body(), e);
        }
    }

    private static Said data(List<String> entries) {
        return Said.of(200, "{\"data\":[" + String.join(",", entries) + "]}");
    }

    private static Said all(Asked asked) {
        List<String> entries = new ArrayList<>();
        messages(asked).forEach(message -> entries.add("{\"status\":202}"));
        return data(entries);
    }

    @Test
    void withAnEventTypeLinesArePayloads() throws IOException {
        try (StubApi api = new StubApi(SendTest::all)) {
            Captured process = api.process().in("{\"a\": 1.50}\r\n\n7\n");
            assertThat(process.run("send", "--app", "a", "--event-type", "t", "--tag", "g", "--lines", "-"))
                    .isZero();
            assertThat(process.out().strip()).isEqualTo("2 sent");
            assertThat(api.asked())
                    .extracting(Asked::body)
                    .containsExactly("{\"messages\":["
                            + "{\"eventType\":\"t\",\"tags\":[\"g\"],\"payload\":{\"a\": 1.50}\r},"
                            + "{\"eventType\":\"t\",\"tags\":[\"g\"],\"payload\":7}]}");
        }
    }

    @Test
    void aRefusedLineStopsAfterWhatCameBeforeIt() throws IOException {
        try (StubApi api = new StubApi(SendTest::all)) {
            Captured process = api.process().in("{\"n\":1}\n{\"n\":2}\nnonsense\n{\"n\":4}\n");
            assertThat(process.run("send", "--app", "a", "-")).isEqualTo(ExitCodes.FAILURE);
            assertThat(process.out().strip()).isEqualTo("2 sent, 1 refused");
            assertThat(process.err()).contains("line 3: ", "Stopped before the end", "--continue-on-error");
            assertThat(api.asked()).extracting(Asked::body).containsExactly("{\"messages\":[{\"n\":1},{\"n\":2}]}");
        }
    }

    @Test
    void aBusyServerGetsTheSameBatchWithTheSameKey() throws IOException {
        AtomicInteger count = new AtomicInteger();
        try (StubApi api = new StubApi(
                asked -> count.incrementAndGet() < 8 ? Said.busy(count.get() % 2 == 0 ? 503 : 429) : all(asked))) {
            Captured process = api.process().in("{\"n\":1}\n{\"n\":2}\n");
            assertThat(process.run("send", "--app", "a", "-")).as(process.err()).isZero();
            assertThat(api.asked()).hasSize(8);
            assertThat(api.asked().stream()
                            .map(asked -> asked.header("idempotency-key") + asked.body())
                            .distinct())
                    .hasSize(1);
        }
    }

    @Test
    void patienceEnds() throws IOException {
        try (StubApi api = new StubApi(asked -> Said.busy(503))) {
            Captured process = api.process().in("{\"n\":1}\n");
            assertThat(process.run("send", "--app", "a", "--give-up-after", "1ms", "-"))
                    .isEqualTo(ExitCodes.FAILURE);
            assertThat(process.err()).contains("not available (503)");
            assertThat(process.out().strip()).isEqualTo("0 sent");
        }
    }

    @Test
    void aBatchWithAnEntryThatWasNotTakenIsRepeatedAsItIs() throws IOException {
        AtomicInteger count = new AtomicInteger();
        try (StubApi api = new StubApi(asked -> count.getAndIncrement() == 0
                ? new Said(
                        200, "{\"data\":[{\"status\":202},{\"status\":503,\"error\":{}}]}", Map.of("Retry-After", "0"))
                : all(asked))) {
            Captured process = api.process().in("{\"n\":1}\n{\"n\":2}\n");
            assertThat(process.run("send", "--app", "a", "-")).as(process.err()).isZero();
            assertThat(process.out().strip()).isEqualTo("2 sent");
            assertThat(api.asked()).hasSize(2);
            assertThat(api.asked().getLast().body())
                    .isEqualTo(api.asked().getFirst().body());
            assertThat(api.asked().getLast().header("idempotency-key"))
                    .isEqualTo(api.asked().getFirst().header("idempotency-key"));
        }
    }

    @Test
    void aBatchThatIsRefusedAsAWholeIsHalvedUntilTheLineIsFound() throws IOException {
        try (StubApi api = new StubApi(asked -> asked.body().contains("\"bad\"")
                ? Said.of(413, "{\"code\":\"too_large\",\"detail\":\"the body is too long\"}")
                : all(asked))) {
            String lines = IntStream.rangeClosed(1, 9)
                    .mapToObj(n -> n == 6 ? "{\"n\":\"bad\"}" : "{\"n\":" + n + "}")
                    .collect(Collectors.joining("\n"));
            Captured process = api.process().in(lines);
            assertThat(process.run("send", "--app", "a", "--continue-on-error", "-"))
                    .isEqualTo(ExitCodes.FAILURE);
            assertThat(process.out().strip()).isEqualTo("8 sent, 1 refused");
            assertThat(process.err().strip()).isEqualTo("line 6: 413 the body is too long");
        }
    }

    @Test
    void aWrongTokenEndsEverything() throws IOException {
        try (StubApi api = StubApi.saying(401, "{\"code\":\"authentication_failed\",\"detail\":\"no\"}")) {
            Captured process = api.process().in("{\"n\":1}\n".repeat(20_000));
            assertThat(process.run("send", "--app", "a", "-")).isEqualTo(ExitCodes.FAILURE);
            assertThat(process.err()).contains("does not accept the token");
            assertThat(api.asked()).hasSizeLessThan(20);
        }
    }

    @Test
    void severalRequestsAreInFlightAndNoMoreThanAllowed() throws IOException {
        AtomicInteger present = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch three = new CountDownLatch(3);
        try (StubApi api = new StubApi(asked -> {
            most.accumulateAndGet(present.incrementAndGet(), Math::max);
            three.countDown();
            try {
                assertThat(three.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                present.decrementAndGet();
            }
            return all(asked);
        })) {
            Captured process = api.process().in("{\"n\":1}\n".repeat(9_000));
            assertThat(process.run("send", "--app", "a", "--in-flight", "3", "-"))
                    .as(process.err())
                    .isZero();
            assertThat(most).hasValue(3);
            assertThat(process.out().strip()).isEqualTo("9,000 sent");
        }
    }

    @Test
    void aTerminalSeesProgressAndAFileDoesNot() {
        AtomicLong now = new AtomicLong();
        Captured terminal = new Captured(Path.of(""), Map.of());
        Captured file = new Captured(Path.of(""), Map.of());
        SendTally seen = new SendTally(terminal.surroundings(true), now::get);
        SendTally unseen = new SendTally(file.surroundings(), now::get);
        for (SendTally tally : List.of(seen, unseen)) {
            tally.sent(4_000);
            tally.draw();
        }
        assertThat(terminal.err()).isEmpty(); // nothing has lasted long enough to be shown
        now.set(TimeUnit.SECONDS.toNanos(2));
        for (SendTally tally : List.of(seen, unseen)) {
            tally.refused(7, "why");
            tally.draw();
            tally.draw();
        }
        assertThat(terminal.err()).isEqualTo("\r4,000 sent, 2,000 a second, 1 refused\u001b[K");
        assertThat(file.err()).isEmpty();
    }

    @Test
    void aLineThatIsTooLongIsPassedOverWithoutBeingHeld() throws IOException {
        long total = LineReader.MOST * 40L;
        InputStream endless = new InputStream() {
            private long at;

            @Override
            public int read() {
                throw new AssertionError("reads blocks");
            }

            @Override
            public int read(byte[] into, int from, int count) {
                if (at > total) {
                    return -1;
                }
                Arrays.fill(into, from, from + count, (byte) 'x');
                at += count;
                if (at > total) {
                    into[from + count - 1] = '\n';
                }
                return count;
            }
        };
        LineReader reader = new LineReader(endless, null);
        assertThat(reader.next()).isEqualTo(new LineReader.Line.Wrong(1, "is longer than 16 MiB"));
        assertThat(reader.next()).isNull();
    }
}
