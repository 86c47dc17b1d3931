package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first thing that anybody sees of Posthorn, by the command that they type. */
@Order(Integer.MAX_VALUE)
@Tag("demo")
final class DemoTest {
    @Test
    void theDemoSucceeds(@TempDir Path folder) throws Exception {
        String script = Program.repository().resolve("posthorn").toString();
        try (Program demo = Program.start(folder, List.of(script, "demo"))) {
            int code = demo.awaitExit(Duration.ofSeconds(60));
            String output = demo.output();
            assertThat(code).as(output).isZero();
            assertThat(output)
                    .contains(
                            "healthy",
                            "failing",
                            "slow",
                            "events reached all 3 endpoints",
                            "demo --stay",
                            "./posthorn serve");
            assertThat(output).doesNotContain("Exception", "\tat ", "WARNING");
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void helpAndConfigurationArePrinted(@TempDir Path folder) throws Exception {
        String script = Program.repository().resolve("posthorn").toString();
        try (Program help = Program.start(folder, List.of(script, "help"))) {
            assertThat(help.awaitExit(Duration.ofSeconds(30))).isZero();
            assertThat(help.output()).contains("serve", "demo", "config");
        }
        try (Program config = Program.start(folder, List.of(script, "config", "--port", "9000"))) {
            assertThat(config.awaitExit(Duration.ofSeconds(30))).isZero();
            assertThat(config.output()).containsPattern("port\\b.*9000").contains("retry-schedule");
        }
    }
}
