package io.posthorn.app;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void theDefaultsArePinned() {
        assertThat(Config.of(Map.of()))
                .isEqualTo(new Config(
                        "0.0.0.0",
                        8071,
                        null,
                        Path.of("./posthorn-data"),
                        null,
                        null,
                        null,
                        LogLevel.INFO,
                        0,
                        ofSeconds(30),
                        null,
                        null,
                        null,
                        8,
                        0,
                        0,
                        1_048_576,
                        10_000,
                        67_108_864,
                        ofSeconds(30),
                        0,
                        50,
                        false,
                        List.of(),
                        null,
                        50,
                        4096,
                        ofSeconds(15),
                        ofSeconds(5),
                        16_384,
                        1000,
                        100_663_296,
                        false,
                        ofHours(24),
                        ofHours(24),
                        List.of(
                                ofSeconds(5),
                                ofMinutes(5),
                                ofMinutes(30),
                                ofHours(2),
                                ofHours(5),
                                ofHours(10),
                                ofHours(14),
                                ofHours(20),
                                ofHours(24)),
                        0.1,
                        ofHours(24),
                        "posthorn-operations",
                        10_000,
                        null,
                        null,
                        true,
                        List.of(),
                        ofDays(30),
                        ofDays(90),
                        ofDays(90)));
    }

    @Test
    void flagsBeatVariablesBeatTheFileBeatsDefaults() throws IOException {
        file("posthorn.yaml", "port: 1\nin-flight: 1\nlane-queue: 1\n");
        Loaded.Valid valid = valid(load(Map.of("POSTHORN_PORT", "2", "POSTHORN_IN_FLIGHT", "2"), Map.of("port", "3")));
        Config config = valid.config();
        assertThat(List.of(config.port(), config.inFlight(), config.laneQueue(), config.endpointInFlight()))
                .containsExactly(3, 2, 1, 50);
        assertThat(origin(valid, "port")).isEqualTo(new Origin.Flag("--port"));
        assertThat(origin(valid, "in-flight")).isEqualTo(new Origin.Variable("POSTHORN_IN_FLIGHT"));
        assertThat(origin(valid, "lane-queue")).isEqualTo(new Origin.File("posthorn.yaml", 3));
        assertThat(origin(valid, "endpoint-in-flight")).isEqualTo(new Origin.Default());
    }

    @Test
    void tellsAllErrorsAtOnceWithTheirPlaces() throws IOException {
        file("posthorn.yaml", """
                # a comment
                port: 99999

                max-body: 1MiB
                retry-schedule: [5s, soon]
                lane-queue: {a: 1}
                """);
        Map<String, String> environment =
                Map.of("POSTHORN_IN_FLIHGT", "1", "POSTHORN_SECRET_KEY", "tooshort", "PATH", "/bin");
        assertThat(problems(load(environment, Map.of("log-level", "loud"))))
                .containsExactlyInAnyOrder(
                        "port = 99999 (posthorn.yaml:2): must be a whole number from 0 to 65535",
                        "max-body (posthorn.yaml:4): is not a setting; did you mean max-body-bytes?",
                        "retry-schedule = 5s,soon (posthorn.yaml:5): entry 2, 'soon', must be a duration such as"
                                + " 250ms, 5s, 10m or 2h",
                        "lane-queue (posthorn.yaml:6): must have a value, or a list of values",
                        "POSTHORN_IN_FLIHGT (environment): is not a setting; did you mean POSTHORN_IN_FLIGHT?",
                        "secret-key = *** (POSTHORN_SECRET_KEY): must be the base64 of 32 bytes, as"
                                + " `openssl rand -base64 32` prints it",
                        "log-level = loud (--log-level): must be trace, debug, info, warn, error or off");
    }

    @Test
    void suggestsTheKeyThatOtherSpellingsMean() throws IOException {
        file("posthorn.yaml", "maxBodyBytes: 1\nretry_jitter: 0\nwholly-unlike: 1\n");
        assertThat(problems(load(Map.of(), Map.of())))
                .containsExactly(
                        "maxBodyBytes (posthorn.yaml:1): is not a setting; did you mean max-body-bytes?",
                        "retry_jitter (posthorn.yaml:2): is not a setting; did you mean retry-jitter?",
                        "wholly-unlike (posthorn.yaml:3): is not a setting");
    }

    @Test
    void listsAreYamlListsOrTextsWithCommas() throws IOException {
        file("posthorn.yaml", "allow-network:\n  - 10.0.0.0/8\n  - fd00::/8\nretry-schedule: 1s, 2m\n");
        Config config = valid(load(Map.of(), Map.of())).config();
        assertThat(config.allowNetwork()).containsExactly("10.0.0.0/8", "fd00::/8");
        assertThat(config.retrySchedule()).containsExactly(ofSeconds(1), ofMinutes(2));
        file("posthorn.yaml", "retry-schedule: []\n");
        assertThat(valid(load(Map.of(), Map.of())).config().retrySchedule()).isEmpty();
    }

    @Test
    void anEmptyFileAndEmptyVariablesSayNothing() throws IOException {
        file("posthorn.yaml", "# nothing\n");
        assertThat(valid(load(Map.of("POSTHORN_PORT", "", "POSTHORN_CONFIG", ""), Map.of()))
                        .config())
                .isEqualTo(Config.of(Map.of()));
    }

    @Test
    void aKeyStandsOnceAndHasAValue() throws IOException {
        file("posthorn.yaml", "port: 1\nport: 2\nhost:\n");
        assertThat(problems(load(Map.of(), Map.of())))
                .containsExactly(
                        "port (posthorn.yaml:2): stands in line 1 already",
                        "host (posthorn.yaml:3): must have a value, or a list of values");
    }

    @Test
    void tellsTheLineThatIsNotYaml() throws IOException {
        file("posthorn.yaml", "port: 1\nhost: \"open\nlane-queue: 1\n");
        assertThat(problems(load(Map.of(), Map.of())))
                .singleElement()
                .asString()
                .startsWith("the file posthorn.yaml (posthorn.yaml:");
        file("posthorn.yaml", "- port\n");
        assertThat(problems(load(Map.of(), Map.of())))
                .containsExactly("the file posthorn.yaml (posthorn.yaml:1): must hold lines such as `port: 8071`");
        file("posthorn.yaml", "port: 1\n---\nport: 2\n");
        assertThat(problems(load(Map.of(), Map.of())))
                .containsExactly("the file posthorn.yaml (posthorn.yaml:3): must hold one document");
    }

    @Test
    void theFlagNamesTheFileBeforeTheVariable() throws IOException {
        file("posthorn.yaml", "port: 1\n");
        file("two.yaml", "port: 2\n");
        file("three.yaml", "port: 3\n");
        Map<String, String> environment = Map.of("POSTHORN_CONFIG", "two.yaml");
        assertThat(valid(load(environment, Map.of())).config().port()).isEqualTo(2);
        assertThat(valid(new ConfigSources(directory, environment, "three.yaml", Map.of()).load())
                        .config()
                        .port())
                .isEqualTo(3);
    }

    @Test
    void aNamedFileMustExist() {
        assertThat(problems(load(Map.of("POSTHORN_CONFIG", "none.yaml"), Map.of())))
                .containsExactly("the file none.yaml (POSTHORN_CONFIG): does not exist");
    }

    @Test
    void settingsMustFitTogether() {
        assertThat(problems(load(
                        Map.of("POSTHORN_DATABASE_PASSWORD", "hidden"),
                        Map.of("intake-queue-bytes", "64KiB", "extra-ca", "/does/not/exist.pem"))))
                .containsExactly(
                        "intake-queue-bytes = 64KiB (--intake-queue-bytes): intake-queue-bytes (64KiB) must be at"
                                + " least max-body-bytes (1MiB)",
                        "database-password = *** (POSTHORN_DATABASE_PASSWORD): has no use without database-url; the"
                                + " embedded database has its own user",
                        "extra-ca = /does/not/exist.pem (--extra-ca): must be a file that can be read");
    }

    @Test
    void whatIsKeptFitsTogether() {
        assertThat(problems(load(Map.of(), Map.of("retention-messages", "20d", "retention-attempts", "29d"))))
                .containsExactly(
                        "retention-messages = 20d (--retention-messages): retention-messages (20d) must be at least"
                                + " retention-payloads (30d)",
                        "retention-attempts = 29d (--retention-attempts): retention-attempts (29d) must be at least"
                                + " retention-payloads (30d)");
        assertThat(problems(load(Map.of(), Map.of("retention-payloads", "91d"))))
                .containsExactly(
                        "retention-payloads = 91d (--retention-payloads): retention-messages (90d) must be at least"
                                + " retention-payloads (91d)",
                        "retention-payloads = 91d (--retention-payloads): retention-attempts (90d) must be at least"
                                + " retention-payloads (91d)");
        assertThat(problems(load(Map.of(), Map.of("retention-payloads", "2d"))))
                .containsExactly(
                        "retention-payloads = 2d (--retention-payloads): retention-payloads (2d) must be at least"
                                + " as long as retry-schedule with its jitter may take, 4989m");
        assertThat(load(Map.of(), Map.of("retention-payloads", "1d", "retry-schedule", "1h,2h")))
                .isInstanceOf(Loaded.Valid.class);
    }

    @Test
    void neitherReportNorRecordNorErrorShowsASecret() {
        Map<String, String> flags = Map.of(
                "admin-token", "hidden1",
                "database-url", "postgresql://joe:hidden2@db/posthorn",
                "database-password", "hidden3");
        Loaded.Valid valid = valid(load(Map.of(), flags));
        assertThat(ConfigReport.text(valid.inForce()))
                .doesNotContain("hidden")
                .containsPattern("admin-token +\\*\\*\\* +--admin-token")
                .contains("postgresql://joe:***@db/posthorn");
        assertThat(ConfigReport.json(valid.inForce())).doesNotContain("hidden");
        assertThat(valid.config().toString()).doesNotContain("hidden");
        assertThat(valid.inForce().toString()).doesNotContain("hidden");
        assertThatThrownBy(() -> Config.of(Map.of("secret-key", "hidden", "database-url", "my://joe:hidden@db")))
                .hasMessageNotContaining("hidden")
                .hasMessageStartingWith("The configuration has 2 errors:");
    }

    private void file(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private Loaded load(Map<String, String> environment, Map<String, String> flags) {
        return new ConfigSources(directory, environment, null, flags).load();
    }

    private static Loaded.Valid valid(Loaded loaded) {
        assertThat(loaded).isInstanceOf(Loaded.Valid.class);
        return (Loaded.Valid) loaded;
    }

    private static List<String> problems(Loaded loaded) {
        assertThat(loaded).isInstanceOf(Loaded.Invalid.class);
        return ((Loaded.Invalid) loaded)
                .problems().stream().map(Problem::toString).toList();
    }

    private static Origin origin(Loaded.Valid valid, String key) {
        return valid.inForce().stream()
                .filter(setting -> setting.setting().key().equals(key))
                .findFirst()
                .orElseThrow()
                .origin();
    }
}
