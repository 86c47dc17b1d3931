package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.wire.Builtins;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProfileTestCommandTest {
    @TempDir
    private Path folder;

    static Stream<String> builtins() {
        return Builtins.all().keySet().stream();
    }

    @Test
    void aFileIsShownAsARequest() throws Exception {
        Files.writeString(folder.resolve("acme.yaml"), """
                headers:
                  X-Event: {expression: message.eventType}
                userAgent: Acme/2
                signatures:
                  - {header: X-Acme, prefix: sha256=, key: text}
                """);
        Run run = run("profile", "test", "acme.yaml", "--event-type", "a.b", "--payload", "{\"n\": 1.0}");

        assertThat(run.code()).as(run.err()).isEqualTo(ExitCodes.OK);
        assertThat(run.out().lines())
                .containsSubsequence(
                        "POST /hooks HTTP/1.1",
                        "host: customer.example",
                        "user-agent: Acme/2",
                        "content-type: application/json",
                        "X-Event: a.b",
                        "content-length: 10",
                        "",
                        "{\"n\": 1.0}")
                .anySatisfy(line -> assertThat(line).matches("X-Acme: sha256=[0-9a-f]{64}"));
    }

    @Test
    void whatIsWrongIsToldWithItsLines() throws Exception {
        Files.writeString(folder.resolve("acme.yaml"), "descripton: x\n\n\nmethod: put\n");
        Run run = run("profile", "test", "acme.yaml");

        assertThat(run.code()).isEqualTo(ExitCodes.FAILURE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .containsExactly(
                        "acme.yaml:1:1: descripton is not a member of a profile; did you mean description?",
                        "acme.yaml:4:9: method must be a method of HTTP in capitals, such as POST");
        Files.writeString(folder.resolve("acme.yaml"), "delivery:\n  timeout: soon\n");
        assertThat(run("profile", "test", "acme.yaml").err())
                .startsWith("acme.yaml:2:3: delivery.timeout must be a duration such as");
    }

    @ParameterizedTest
    @MethodSource("builtins")
    void everyBuiltInOneIsShown(String name) {
        Run run = run("profile", "test", name);

        assertThat(run.code()).as(run.err()).isEqualTo(ExitCodes.OK);
        assertThat(run.out()).startsWith("POST /hooks HTTP/1.1");
    }

    @Test
    void anExpressionThatFailsSaysWhere() throws Exception {
        Files.writeString(folder.resolve("acme.yaml"), "body:\n  envelope: message.eventType + 1\n");
        Run run = run("profile", "test", "acme.yaml");

        assertThat(run.code()).isEqualTo(ExitCodes.FAILURE);
        assertThat(run.err()).startsWith("body.envelope (line 2, column ");
    }

    @Test
    void whatIsNoFileAndNoProfileIsTold() {
        assertThat(run("profile", "test", "nowhere.yaml").err()).contains("nowhere.yaml");
        assertThat(run("profile", "test", "nowhere.yaml").code()).isEqualTo(ExitCodes.USAGE);
        assertThat(run("profile", "test", "admin", "--payload", "{").code()).isEqualTo(ExitCodes.USAGE);
    }

    private record Run(int code, String out, String err) {}

    private Run run(String... arguments) {
        Captured captured = new Captured(folder, Map.of());
        int code = captured.run(arguments);
        return new Run(code, captured.out(), captured.err());
    }
}
