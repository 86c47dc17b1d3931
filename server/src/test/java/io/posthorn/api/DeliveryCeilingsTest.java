package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
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

    private DeliveryPolicy read(String json, DeliveryPolicy base) throws JsonProcessingException {
        JsonNode given = new ObjectMapper().readTree(json);
        PolicyCodec.Problems told = (path, rule) -> problems.add(String.join(".", path) + " " + rule);
        DeliveryPolicy policy = PolicyCodec.read(given, base, told);
        CEILINGS.check(given, policy, told);
        return policy;
    }

    @Test
    void whatIsGivenIsHeldToTheSettings() throws JsonProcessingException {
        read("{\"timeout\": \"15s\", \"concurrency\": {\"max\": 50}}", DeliveryPolicy.DEFAULT);
        assertThat(problems).isEmpty();
        read("{\"timeout\": \"15001ms\", \"concurrency\": {\"max\": 51}}", DeliveryPolicy.DEFAULT);
        assertThat(problems)
                .containsExactly(
                        "timeout must be at most 15s, which is the setting attempt-timeout",
                        "concurrency.max must be at most 50, which is the setting endpoint-in-flight");
    }

    @Test
    void whatWasDecidedWhileMoreWasAllowedIsNoProblemOfAnotherChange() throws JsonProcessingException {
        DeliveryPolicy large = PolicyCodec.read(
                new ObjectMapper().readTree("{\"timeout\": \"5m\", \"concurrency\": {\"max\": 1000}}"),
                DeliveryPolicy.DEFAULT,
                (path, rule) -> problems.add(rule));
        assertThat(read("{\"concurrency\": {\"adaptive\": false}}", large).timeout()).isEqualTo(Duration.ofMinutes(5));
        assertThat(read("{\"timeout\": null, \"concurrency\": {\"max\": null}}", large).timeout())
                .isNull();
        assertThat(problems).isEmpty();
    }
}
