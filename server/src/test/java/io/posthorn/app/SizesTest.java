package io.posthorn.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SizesTest {
    @ParameterizedTest
    @CsvSource({"1MiB,1048576,1MiB", "64KiB,65536,64KiB", "1048576,1048576,1MiB", "1500,1500,1500", "1500B,1500,1500"})
    void readsAndWrites(String text, long bytes, String shown) {
        assertThat(Sizes.parse(text, 0, 1L << 40)).isEqualTo(new Parsed.Value<>(bytes));
        assertThat(Sizes.show(bytes)).isEqualTo(shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1MB", "1 MiB", "1mib", "-1", "1.5MiB", "MiB"})
    void refusesWhatIsNoSize(String text) {
        assertThat(Sizes.parse(text, 0, 1L << 40))
                .isEqualTo(new Parsed.Wrong<>("must be a size such as 64KiB, 1MiB or a number of bytes"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1023", "65MiB", "999999999999999GiB"})
    void refusesWhatIsOutOfBounds(String text) {
        assertThat(Sizes.parse(text, 1024, 64L << 20))
                .isEqualTo(new Parsed.Wrong<>("must be a size from 1KiB to 64MiB"));
    }
}
