package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DurationsTest {
    @ParameterizedTest
    @CsvSource({"250ms,250,250ms", "5s,5000,5s", "90s,90000,90s", "10m,600000,10m", "24h,86400000,24h", "60s,60000,1m"})
    void readsAndWrites(String text, long millis, String shown) {
        assertThat(Durations.parse(text)).isEqualTo(Duration.ofMillis(millis));
        assertThat(Durations.show(Duration.ofMillis(millis))).isEqualTo(shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "5 s", "-5s", "1.5s", "5S", "5sec", "1m30s", "9999999999999d"})
    void refusesWhatIsNoDuration(String text) {
        assertThat(Durations.parse(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"999999999999d", "999999999999ms"})
    void readsTheLongest(String text) {
        assertThat(Durations.parse(text)).isPositive();
    }
}
