package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as processes, against a server that runs. */
final class CommandLineTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private static ServerProcess server;
    private static Path folder;

    /** What a command said on both streams, and how it ended. */
    private record Said(int code, String output) {
        JsonNode json() throws IOException {
            return new ObjectMapper().readTree(output);
        }
    }

    @BeforeAll
    static void start(@TempDir Path temporary) throws Exception {
        folder = temporary;
        server = ServerProcess.local(Files.createDirectory(folder.resolve("server")));
        Files.writeString(folder.resolve("token"), ServerProcess.TOKEN + "\n");
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private Said posthorn(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (!List.of("verify", "completion", "help").contains(arguments[0])) {
            all.addAll(List.of("--token-file", "token"));
            if (!all.contains("--server")) {
                all.addAll(List.of("--server", server.api().url()));
            }
        }
        try (Program program = Program.posthorn(folder, all)) {
            int code = program.awaitExit(PATIENCE);
            return new Said(code, program.output());
        }
    }

    private Said done(String... arguments) throws Exception {
        Said said = posthorn(arguments);
        assertThat(said.code()).as(said.output()).isZero();
        return said;
    }

    @Test
    void aCustomerFromItsBeginningToItsEnd() throws Exception {
        try (Receiver receiver = new Receiver()) {
            Inbox inbox = receiver.at("/hooks").replies(Reply.status(204));
            done("app", "create", "--name", "Acme", "--uid", "acme", "--metadata", "plan=gold");
            done("app", "update", "acme", "--name", "Acme Ltd.", "--rate-limit", "9");
            JsonNode app = done("app", "get", "acme", "--json").json();
            assertThat(app.path("name").textValue()).isEqualTo("Acme Ltd.");
            assertThat(app.path("rateLimit").intValue()).isEqualTo(9);
            assertThat(app.at("/metadata/plan").textValue()).isEqualTo("gold");
            done("app", "update", "acme", "--rate-limit=");
            assertThat(done("app", "get", "acme", "--json")
                            .json()
                            .path("rateLimit")
                            .isNull())
                    .isTrue();

            done("event-type", "create", "--name", "invoice.paid", "--description", "An invoice was paid.");
            assertThat(done("event-type", "list", "--json").json().findValuesAsText("name"))
                    .contains("invoice.paid");
            done(
                    "endpoint",
                    "create",
                    "--app",
                    "acme",
                    "--url",
                    inbox.url().toString(),
                    "--uid",
                    "main",
                    "--event-type",
                    "invoice.paid");
            String secret =
                    done("endpoint", "secret", "--app", "acme", "main").output().strip();
            assertThat(secret).startsWith("whsec_");

            Said sent = done(
                    "send",
                    "--app",
                    "acme",
                    "--event-type",
                    "invoice.paid",
                    "--event-id",
                    "inv_1",
                    "{\"amount\": 12.50}");
            assertThat(sent.output()).matches("Accepted msg_\\w+\\.");
            Arrival arrival = inbox.await(1).getFirst();
            assertThat(arrival.text()).isEqualTo("{\"amount\": 12.50}");
            Files.writeString(folder.resolve("body"), arrival.text());
            Said verified = posthorn(
                    "verify",
                    "--secret",
                    secret,
                    "--header",
                    "webhook-id: " + arrival.header("webhook-id"),
                    "--header",
                    "webhook-timestamp: " + arrival.header("webhook-timestamp"),
                    "--header",
                    "webhook-signature: " + arrival.header("webhook-signature"),
                    "body");
            assertThat(verified).isEqualTo(new Said(0, "valid"));

            Said again = posthorn("send", "--app", "acme", "--event-type", "invoice.paid", "--event-id", "inv_1", "{}");
            assertThat(again.code()).isEqualTo(1);
            assertThat(again.output()).contains("conflict (409)", "eventId");
            JsonNode messages = done("message", "list", "--app", "acme", "--after", "1h", "--json")
                    .json();
            assertThat(messages).hasSize(1);
            assertThat(messages.at("/0/payload/amount").asText()).isEqualTo("12.5");
            Until.holds(
                    "the attempt is listed",
                    () -> done("attempt", "list", "--app", "acme", "--message", "inv_1", "--json")
                                    .json()
                                    .size()
                            == 1);

            assertThat(done("endpoint", "delete", "--app", "acme", "main").output())
                    .isEqualTo("Deleted main.");
            assertThat(done("app", "delete", "acme").output()).isEqualTo("Deleted acme.");
            assertThat(posthorn("app", "get", "acme").code()).isEqualTo(1);
        }
    }

    @Test
    void aTableIsReadable() throws Exception {
        done("app", "create", "--name", "One", "--uid", "table-1");
        done("endpoint", "create", "--app", "table-1", "--url", "https://example.com/hooks", "--uid", "main");
        JsonNode endpoint =
                done("endpoint", "get", "--app", "table-1", "main", "--json").json();
        String form = "%-29s  %-4s  %-25s  %-11s  %-8s  %-8s  %s";
        assertThat(done("endpoint", "list", "--app", "table-1").output().lines())
                .containsExactly(
                        form.formatted("ID", "UID", "URL", "EVENT TYPES", "CHANNELS", "DISABLED", "CREATED"),
                        form.formatted(
                                endpoint.path("id").textValue(),
                                "main",
                                "https://example.com/hooks",
                                "-",
                                "-",
                                "false",
                                endpoint.path("createdAt").textValue()));
    }

    @Test
    void refusalsHaveTheirExitCodes() throws Exception {
        assertThat(posthorn("app", "create", "--name", "")).satisfies(said -> {
            assertThat(said.code()).isEqualTo(1);
            assertThat(said.output()).contains("refused the values (422)", "name: ");
        });
        assertThat(posthorn("app", "list", "--token", "wrong")).satisfies(said -> {
            assertThat(said.code()).isEqualTo(1);
            assertThat(said.output()).contains("does not accept the token (401)");
        });
        assertThat(posthorn("app", "create"))
                .satisfies(said -> assertThat(said.code()).isEqualTo(2));
        assertThat(posthorn("app", "list", "--server", "http://127.0.0.1:1")).satisfies(said -> {
            assertThat(said.code()).isEqualTo(3);
            assertThat(said.output()).contains("cannot reach the server at http://127.0.0.1:1");
        });
    }

    @Test
    void aFileOfFiveThousandLinesWithThreeBadOnes() throws Exception {
        done("app", "create", "--name", "Many", "--uid", "many");
        List<String> lines = IntStream.rangeClosed(1, 5_000)
                .mapToObj(n -> switch (n) {
                    case 100 -> "{\"eventType\": \"a\", \"payload\"";
                    case 2_500 -> "{\"payload\": {}}";
                    case 4_999 -> "{\"eventType\": \"no spaces\", \"payload\": {}}";
                    default ->
                        "{\"eventType\": \"a\", \"eventId\": \"n-%d\", \"payload\": {\"n\": %d}}".formatted(n, n);
                })
                .collect(Collectors.toList());
        Files.write(folder.resolve("lines"), lines);

        Said said = posthorn("send", "--app", "many", "--file", "lines", "--continue-on-error");
        assertThat(said.code()).as(said.output()).isEqualTo(1);
        assertThat(said.output().lines()).hasSize(4);
        assertThat(said.output()).contains("line 100: ", "line 2500: 422 ", "line 4999: 422 ", "4,997 sent, 3 refused");
        JsonNode all =
                done("message", "list", "--app", "many", "--all", "--json").json();
        assertThat(all.findValuesAsText("eventId").stream().distinct()).hasSize(4_997);

        Said again = posthorn("send", "--app", "many", "--file", "lines", "--continue-on-error");
        assertThat(again.output()).contains("0 sent, 4,997 duplicates, 3 refused");
    }

    @Test
    void bashCompletesCommands() throws Exception {
        Said script = done("completion", "bash");
        Files.writeString(folder.resolve("completion.bash"), script.output() + "\n");
        Program.run("bash", "-n", folder.resolve("completion.bash").toString());
        assertThat(completed("posthorn", "app", "l")).containsExactly("list");
        assertThat(completed("posthorn", "end")).containsExactly("endpoint");
        assertThat(completed("posthorn", "endpoint", "create", "--url", "u", "--cha"))
                .containsExactly("--channel");
        assertThat(done("completion", "zsh").output()).contains("bashcompinit");
    }

    /** What bash would offer for the last word. */
    private List<String> completed(String... words) throws Exception {
        String all = List.of(words).stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        String line = "source ./completion.bash; COMP_WORDS=(%s); COMP_CWORD=%d; COMP_LINE='%s'; COMP_POINT=%d; "
                .formatted(
                        all,
                        words.length - 1,
                        String.join(" ", words),
                        String.join(" ", words).length());
        try (Program bash = Program.start(
                folder,
                List.of("bash", "-c", line + "_complete_posthorn 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\""))) {
            assertThat(bash.awaitExit(PATIENCE)).as(bash.output()).isZero();
            return bash.output().lines().map(String::strip).toList();
        }
    }

    @Test
    void helpReachesEveryDepth() throws Exception {
        assertThat(done("help", "app", "create").output()).contains("posthorn app create", "--uid", "Examples");
    }
}
