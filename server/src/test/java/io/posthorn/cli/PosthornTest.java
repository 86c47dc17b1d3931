package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.app.ConfigDocs;
import io.posthorn.app.Setting;
import io.posthorn.app.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PosthornTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void withoutACommandItTellsTheCommands() {
        Captured process = process(Map.of());
        assertThat(process.run()).isEqualTo(2);
        assertThat(process.out()).isEmpty();
        assertThat(process.err()).contains("serve", "config", "demo", "version", "help", "Exit codes");
    }

    @Test
    void helpOfServeHasEverySetting() {
        Captured process = process(Map.of());
        assertThat(process.run("help", "serve")).isEqualTo(0);
        assertThat(Settings.ALL)
                .extracting(Setting::flag)
                .allSatisfy(flag -> assertThat(process.out()).contains(flag));
        assertThat(process.out()).contains("Examples", "Retrying", "Default: 8071");
    }

    @Test
    void versionNamesTheProgramAndJava() {
        Captured process = process(Map.of());
        assertThat(process.run("version")).isEqualTo(0);
        assertThat(process.out()).matches("posthorn \\S+ \\(Java \\d+.*\\)\\s+");
    }

    @Test
    void configShowsValuesAndOrigins() throws IOException {
        Files.writeString(directory.resolve("posthorn.yaml"), "port: 9000\nadmin-token: hidden\n");
        Captured process = process(Map.of("POSTHORN_IN_FLIGHT", "7"));
        assertThat(process.run("config", "--allow-http", "--allow-network=10.0.0.0/8", "--allow-network=fd00::/8"))
                .isEqualTo(0);
        assertThat(process.out())
                .containsPattern("(?m)^port +9000 +posthorn.yaml:1$")
                .containsPattern("(?m)^admin-token +\\*\\*\\* +posthorn.yaml:2$")
                .containsPattern("(?m)^in-flight +7 +POSTHORN_IN_FLIGHT$")
                .containsPattern("(?m)^allow-http +true +--allow-http$")
                .containsPattern("(?m)^allow-network +10.0.0.0/8,fd00::/8 +--allow-network$")
                .containsPattern("(?m)^lane-queue +1000 +default$")
                .doesNotContain("hidden");
        assertThat(process.err()).isEmpty();
    }

    @Test
    void configAsJson() throws IOException {
        Captured process = process(Map.of("POSTHORN_SECRET_KEY", "A".repeat(43) + "="));
        assertThat(process.run("config", "--json", "--allow-http=false")).isEqualTo(0);
        JsonNode json = new ObjectMapper().readTree(process.out());
        assertThat(json.size()).isEqualTo(Settings.ALL.size());
        assertThat(json.at("/secret-key/value").textValue()).isEqualTo("***");
        assertThat(json.at("/allow-http/value").textValue()).isEqualTo("false");
        assertThat(json.at("/allow-http/origin").textValue()).isEqualTo("--allow-http");
        assertThat(json.at("/extra-ca/value").isNull()).isTrue();
    }

    @Test
    void configAsDocumentation() {
        Captured process = process(Map.of());
        assertThat(process.run("config", "--docs")).isEqualTo(0);
        assertThat(process.out()).isEqualTo(ConfigDocs.markdown());
    }

    @ParameterizedTest
    @ValueSource(strings = {"config", "serve"})
    void aWrongConfigurationIsCodeTwoAndToldAtOnce(String command) {
        Captured process = process(Map.of("POSTHORN_PROT", "1"));
        assertThat(process.run(command, "--in-flight", "none")).isEqualTo(2);
        assertThat(process.out()).isEmpty();
        assertThat(process.err())
                .contains("has 2 errors")
                .contains("POSTHORN_PROT (environment): is not a setting; did you mean POSTHORN_PORT?")
                .contains("in-flight = none (--in-flight): must be a whole number from 1 to 65536");
    }

    @Test
    void anUnknownFlagIsCodeTwoWithASuggestion() {
        Captured process = process(Map.of());
        assertThat(process.run("serve", "--max-body=1")).isEqualTo(2);
        assertThat(process.err()).startsWith("--max-body is not a setting; did you mean --max-body-bytes?");
    }

    @Test
    void anUnknownCommandIsCodeTwoWithASuggestion() {
        Captured process = process(Map.of());
        assertThat(process.run("server")).isEqualTo(2);
        assertThat(process.err()).startsWith("There is no command server. Did you mean: serve?");
        Captured swapped = process(Map.of());
        assertThat(swapped.run("sned", "--app", "a")).isEqualTo(2);
        assertThat(swapped.err()).startsWith("There is no command sned. Did you mean: send?");
        Captured within = process(Map.of());
        assertThat(within.run("app", "lsit")).isEqualTo(2);
        assertThat(within.err()).startsWith("There is no command app lsit. Did you mean: list?");
        Captured nothingLikeIt = process(Map.of());
        assertThat(nothingLikeIt.run("xyzzyxyzzy")).isEqualTo(2);
        assertThat(nothingLikeIt.err())
                .startsWith("There is no command xyzzyxyzzy.")
                .doesNotContain("mean");
    }

    private Captured process(Map<String, String> environment) {
        return new Captured(directory, environment);
    }
}
