package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {
    @Test
    void boundsHoldAtTheirLimit() {
        assertThat(Figure.atLeast("s", "n", 0.6, "", 0.6).holds()).isTrue();
        assertThat(Figure.atLeast("s", "n", 0.59, "", 0.6).holds()).isFalse();
        assertThat(Figure.atMost("s", "n", 0, "", 0).holds()).isTrue();
        assertThat(Figure.atMost("s", "n", 1, "", 0).line()).contains("MISSED").contains("≤ 0");
        assertThat(Figure.plain("s", "n", 12_345.6, "/s").line()).contains("12,346 /s");
    }

    @Test
    void medians() {
        assertThat(Turns.median(List.of(3.0, 1.0, 2.0))).isEqualTo(2);
        assertThat(Turns.median(List.of(4.0, 1.0, 2.0, 3.0))).isEqualTo(2.5);
    }

    @Test
    void theRatioIsThatOfThePairs() {
        Turns turns = new Turns(rates(100, 10, 50), rates(50, 9, 40));
        assertThat(turns.ratio(Drive.Rate::messages)).isEqualTo(0.8);
    }

    private static List<Drive.Rate> rates(double... messages) {
        return java.util.Arrays.stream(messages)
                .mapToObj(m -> new Drive.Rate(m, m, 1, new Cpu(0, 0, 0, 0, 0, java.util.Map.of()), 0))
                .toList();
    }

    @Test
    void statLinesWithSpacesAndBracketsInTheName() {
        ProcFs.Stat stat = ProcFs.Stat.parse("42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 10 5 20 0 1 0 100");
        assertThat(stat).isEqualTo(new ProcFs.Stat("a (b) c", 7, 2_000_000, 150_000));
    }

    @Test
    void commandLines() {
        assertThat(Options.parse(new String[0]).scenarios()).containsExactly("full");
        Options options = Options.parse(new String[] {"kill", "stored", "--kills", "3", "--strict"});
        assertThat(options.scenarios()).containsExactly("kill", "stored");
        assertThat(options.kills()).isEqualTo(3);
        assertThat(options.strict()).isTrue();
        assertThatThrownBy(() -> Options.parse(new String[] {"--kills"})).hasMessage("--kills needs a value");
        assertThatThrownBy(() -> Options.parse(new String[] {"--kills", "0"})).hasMessageContaining("whole number");
        assertThatThrownBy(() -> Options.parse(new String[] {"fast"})).hasMessageContaining("neither a scenario");
    }
}
