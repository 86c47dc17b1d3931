package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.model.Message;
import io.posthorn.model.MessageFilter;
import io.posthorn.runtime.Scripts;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiltersTest {
    private static final Map<String, Object> PAYLOAD =
            Map.of("region", "EMEA", "seats", 12, "left", 0, "tags", List.of(), "notes", "");

    private final Filters filters = new Filters(new Scripts(64 << 10));

    private static Message message(Map<String, String> headers) {
        return new Message(
                1,
                1,
                1_000_000,
                "msg_1",
                "event.updated",
                "e1",
                List.of("web"),
                List.of("vip", "eu"),
                new byte[] {'{', '}'},
                0,
                null,
                0,
                headers);
    }

    private static MessageFilter filter(@Nullable String jsonata, @Nullable String jmespath) {
        return new MessageFilter(jsonata, jmespath, Map.of(), List.of());
    }

    private boolean wants(MessageFilter filter) throws ContentException {
        return filters.wants(filter, message(Map.of("X-Region", "eu")), PAYLOAD);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "region == 'EMEA'|true",
                "region == 'APAC'|false",
                "seats > `10` && region != 'US'|true",
                "seats|true",
                "left|false",
                "notes|false",
                "tags|false",
                "nothing|false",
                "`{}`|false",
                "@|true",
            })
    @Requirement("A5")
    void jmesPathOverThePayload(String expression, boolean wanted) throws Exception {
        assertThat(wants(filter(null, expression))).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "payload.seats > 10|true",
                "payload.seats > 20|false",
                "eventType = 'event.updated' and 'web' in channels|true",
                "'vip' in tags and headers.`x-region` = 'eu'|true",
                "payload.nothing|false",
                "payload.tags|false",
                "[0, '', 1]|true",
                "[0, '']|false",
                "$startsWith|false",
            })
    void jsonataOverTheMessage(String expression, boolean wanted) throws Exception {
        assertThat(wants(filter(expression, null))).isEqualTo(wanted);
    }

    @Test
    void byHeaderAndByTag() throws Exception {
        assertThat(wants(new MessageFilter(null, null, Map.of("x-region", "eu"), List.of())))
                .isTrue();
        assertThat(wants(new MessageFilter(null, null, Map.of("x-region", "us"), List.of())))
                .isFalse();
        assertThat(wants(new MessageFilter(null, null, Map.of("x-other", "eu"), List.of())))
                .isFalse();
        assertThat(wants(new MessageFilter(null, null, Map.of(), List.of("none", "vip"))))
                .isTrue();
        assertThat(wants(new MessageFilter(null, null, Map.of(), List.of("none"))))
                .isFalse();
    }

    @Test
    @Requirement({"D15", "D16"})
    void allThatIsGivenHasToHold() throws Exception {
        assertThat(wants(new MessageFilter("true", "seats", Map.of("x-region", "eu"), List.of("eu"))))
                .isTrue();
        assertThat(wants(new MessageFilter("false", "seats", Map.of("x-region", "eu"), List.of("eu"))))
                .isFalse();
        assertThat(wants(new MessageFilter("true", "left", Map.of("x-region", "eu"), List.of("eu"))))
                .isFalse();
        // what does not hold already asks nobody else, broken or not
        assertThat(wants(new MessageFilter("$error('asked')", "seats", Map.of(), List.of("none"))))
                .isFalse();
    }

    @Test
    void anErrorIsNotNo() {
        assertThatThrownBy(() -> wants(filter("(\n payload.region + 1)", null)))
                .isInstanceOf(ContentException.class)
                .hasMessageStartingWith("filter.jsonata: line 2, column ");
        assertThatThrownBy(() -> wants(filter(null, "abs(region)")))
                .isInstanceOf(ContentException.class)
                .hasMessageStartingWith("filter.jmespath: ");
        assertThatThrownBy(() -> wants(filter("$pad('', 1e9)", null)))
                .isInstanceOf(ContentException.class)
                .hasMessageContaining("line 1");
    }
}
