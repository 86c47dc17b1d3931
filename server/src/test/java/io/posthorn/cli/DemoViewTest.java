package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DemoViewTest {
    private final DemoBoard board = new DemoBoard(4);

    @Test
    void elsewhereThanOnATerminalItPrintsPlainLines() {
        Captured process = new Captured(Path.of(""), Map.of());
        DemoView view = new DemoView(board, process.surroundings(false));
        assertThat(view.interval()).isEqualTo(Duration.ofSeconds(1));
        view.show(Duration.ofMillis(1500));
        assertThat(process.out()).isEqualToNormalizingNewlines(" 1.5 s  accepted 0/4  healthy 0  failing 0  slow 0\n");
    }

    @Test
    void onATerminalItWritesOverItself() {
        Captured process = new Captured(Path.of(""), Map.of());
        DemoView view = new DemoView(board, process.surroundings(true));
        view.show(Duration.ZERO);
        assertThat(process.out()).contains("\u001b[36m").doesNotContain("\u001b[4A");
        view.show(Duration.ZERO);
        assertThat(process.out()).contains("\u001b[4A");
    }

    @Test
    void noColorTurnsColoursOffButNotTheBlock() {
        Captured process = new Captured(Path.of(""), Map.of("NO_COLOR", "1"));
        DemoView view = new DemoView(board, process.surroundings(true));
        view.show(Duration.ZERO);
        assertThat(process.out()).contains("accepted", "░").doesNotContain("\u001b[36m", "\u001b[0m");
    }
}
