package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class DemoEventsTest {
    @Test
    void everyPayloadIsJsonOfItsType() throws Exception {
        Set<String> types = new TreeSet<>();
        for (int n = 0; n < 300; n++) {
            DemoEvents.Event event = DemoEvents.event(n, Instant.parse("2026-01-02T03:04:05.006007Z"));
            JsonNode payload = new ObjectMapper().readTree(event.payload());
            assertThat(payload.path("type").textValue()).isEqualTo(event.type());
            assertThat(payload.path("timestamp").textValue()).isEqualTo("2026-01-02T03:04:05.006Z");
            assertThat(payload.path("data").size()).isGreaterThan(2);
            types.add(event.type());
        }
        assertThat(types).hasSize(5);
    }
}
