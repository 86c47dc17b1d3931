package io.posthorn.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DurationsTest {
    private static final Duration LEAST = Duration.ofMillis(10);
    private static final Duration MOST = Duration.ofDays(30);

    @ParameterizedTest
    @CsvSource({"250ms,250,250ms", "5s,5000,5s", "90s,90000,90s", "10m,600000,10m", "24h,86400000,24h", "60s,60000,1m"})
    void readsAndWrites(String text, long millis, String shown) {
        assertThat(Durations.parse(text, LEAST, MOST)).isEqualTo(new Parsed.Value<>(Duration.ofMillis(millis)));
        assertThat(Durations.show(Duration.ofMillis(millis))).isEqualTo(shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "5 s", "-5s", "1.5s", "5S", "5sec", "1m30s"})
    void refusesWhatIsNoDuration(String text) {
        assertThat(Durations.parse(text, LEAST, MOST))
                .isEqualTo(new Parsed.Wrong<>("must be a duration such as 250ms, 5s, 10m or 2h"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"9ms", "0s", "31d", "999999999999d"})
    void refusesWhatIsOutOfBounds(String text) {
        assertThat(Durations.parse(text, LEAST, MOST))
                .isEqualTo(new Parsed.Wrong<>("must be a duration from 10ms to 30d"));
    }
}
