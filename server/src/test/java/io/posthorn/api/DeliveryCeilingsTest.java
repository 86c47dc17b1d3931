package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.catalog.PolicyCodec;
import io.posthorn.model.DeliveryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeliveryCeilingsTest {
    private static final DeliveryCeilings CEILINGS = new DeliveryCeilings(Duration.ofSeconds(15), 50);

    private final List<String> problems = new ArrayList<>();

    private void check(String json) throws JsonProcessingException {
        PolicyCodec.Problems told = (path, rule) -> problems.add(String.join(".", path) + " " + rule);
        CEILINGS.check(PolicyCodec.read(new ObjectMapper().readTree(json), DeliveryPolicy.DEFAULT, told), told);
    }

    @Test
    void whatIsGivenIsHeldToTheSettings() throws JsonProcessingException {
        check("{\"timeout\": \"15s\", \"concurrency\": {\"max\": 50}}");
        check("{\"timeout\": null, \"concurrency\": {\"adaptive\": false}}");
        assertThat(problems).isEmpty();
        check("{\"timeout\": \"15001ms\", \"concurrency\": {\"max\": 51}}");
        assertThat(problems)
                .containsExactly(
                        "timeout must be at most 15s, which is the setting attempt-timeout",
                        "concurrency.max must be at most 50, which is the setting endpoint-in-flight");
    }
}
