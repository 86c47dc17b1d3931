package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.DeliveryPolicy.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PolicyCodecTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SCENARIOS = 5_000;

    /** What stands for the values of every member: fine ones, ones at and beyond bounds, and nonsense. */
    private static final String[] VALUES = {
        "null",
        "true",
        "false",
        "0",
        "1",
        "2",
        "100",
        "1000000",
        "0.5",
        "-1",
        "\"\"",
        "\"10ms\"",
        "\"1s\"",
        "\"2h\"",
        "\"30d\"",
        "\"91d\"",
        "\"fifo\"",
        "\"hold\"",
        "\"keep\"",
        "\"$.a.b\"",
        "\"$\"",
        "[]",
        "[\"5xx\"]",
        "[\"429\",\"5xx\"]",
        "[\"1s\",\"2s\"]",
        "[\"a@example.com\"]",
        "{}",
        "{\"initial\":\"2d\"}",
        "{\"initial\":\"1s\",\"factor\":3,\"cap\":\"1h\"}",
        "{\"factor\":2}",
        "\"ok\""
    };

    private static DeliveryPolicy read(String json, DeliveryPolicy base, List<String> wrong) throws Exception {
        return PolicyCodec.read(
                JSON.readTree(json), base, (path, rule) -> wrong.add(String.join(".", path) + " " + rule));
    }

    private static DeliveryPolicy read(String json, DeliveryPolicy base) throws Exception {
        List<String> wrong = new ArrayList<>();
        DeliveryPolicy policy = read(json, base, wrong);
        assertThat(wrong).isEmpty();
        return policy;
    }

    /** Whatever is accepted can be read back, or the server would not start again. */
    @Test
    void whatIsAcceptedIsReadBackAsTheSame() throws Exception {
        long seed = Long.getLong("posthorn.seed", System.nanoTime());
        Random random = new Random(seed);
        ObjectNode all = PolicyCodec.shown(DeliveryPolicy.DEFAULT);
        DeliveryPolicy present = DeliveryPolicy.DEFAULT;
        int accepted = 0;
        for (int i = 0; i < SCENARIOS; i++) {
            ObjectNode change = JSON.createObjectNode();
            for (String group :
                    List.of("order", "retry", "success", "circuit", "concurrency", "disabling", "notification")) {
                if (random.nextInt(3) == 0) {
                    ObjectNode part = change.putObject(group);
                    all.get(group).fieldNames().forEachRemaining(name -> {
                        if (random.nextInt(4) == 0) {
                            part.set(name, value(random));
                        }
                    });
                }
            }
            if (random.nextInt(5) == 0) {
                change.set("timeout", value(random));
            }
            List<String> wrong = new ArrayList<>();
            read(change.toString(), DeliveryPolicy.DEFAULT, wrong);
            if (wrong.isEmpty()) {
                DeliveryPolicy changed = read(change.toString(), present, wrong);
                assertThat(wrong)
                        .as("seed " + seed + ": " + change + " on " + PolicyCodec.shown(present))
                        .isEmpty();
                if (PolicyCodec.broken(changed) == null) {
                    accepted++;
                    String stored = PolicyCodec.stored(changed);
                    assertThat(stored == null ? DeliveryPolicy.DEFAULT : PolicyCodec.stored(stored))
                            .as("seed " + seed + ": " + change)
                            .isEqualTo(changed);
                    assertThat(read(PolicyCodec.shown(changed).toString(), DeliveryPolicy.DEFAULT))
                            .as("seed " + seed + ": as it is shown")
                            .isEqualTo(changed);
                    present = random.nextInt(10) == 0 ? DeliveryPolicy.DEFAULT : changed;
                }
            }
        }
        assertThat(accepted).as("seed " + seed).isGreaterThan(SCENARIOS / 50);
    }

    private static JsonNode value(Random random) {
        try {
            return JSON.readTree(VALUES[random.nextInt(VALUES.length)]);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aChangeLeavesTheRest() throws Exception {
        DeliveryPolicy first =
                read("{\"order\":{\"mode\":\"fifoByKey\",\"key\":\"$.a\"},\"timeout\":\"3s\"}", DeliveryPolicy.DEFAULT);
        DeliveryPolicy second = read("{\"order\":{\"onExhausted\":\"hold\"},\"timeout\":null}", first);
        assertThat(second.order().mode()).isEqualTo(Mode.FIFO_BY_KEY);
        assertThat(second.order().key()).isEqualTo("$.a");
        assertThat(second.timeout()).isNull();
        assertThat(first.timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(read("{\"order\":null}", second).order()).isEqualTo(DeliveryPolicy.DEFAULT.order());
    }

    @Test
    void oneScheduleTakesThePlaceOfTheOther() throws Exception {
        DeliveryPolicy list = read("{\"retry\":{\"schedule\":[\"1s\"]}}", DeliveryPolicy.DEFAULT);
        DeliveryPolicy growing = read("{\"retry\":{\"exponential\":{\"initial\":\"1s\"},\"maxAttempts\":5}}", list);
        assertThat(growing.retry().schedule()).isNull();
        assertThat(PolicyCodec.broken(growing)).isNull();
        assertThat(read("{\"retry\":{\"schedule\":[\"2s\"]}}", growing).retry().exponential())
                .isNull();
    }

    @Test
    void membersThatContradictEachOtherAreFoundTogether() throws Exception {
        DeliveryPolicy endless = read("{\"retry\":{\"exponential\":{\"initial\":\"1s\"}}}", DeliveryPolicy.DEFAULT);
        PolicyCodec.Broken broken = PolicyCodec.broken(endless);
        assertThat(broken).isNotNull();
        assertThat(String.valueOf(broken)).contains("exponential", "never end");
        DeliveryPolicy high =
                read("{\"retry\":{\"exponential\":{\"initial\":\"2d\"},\"maxAttempts\":5}}", DeliveryPolicy.DEFAULT);
        assertThat(String.valueOf(PolicyCodec.broken(high))).contains("cap", "must not be less than initial");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"order\":{\"mode\":\"lifo\"}} | order.mode must be unordered, fifo, fifoByKey, latestByKey",
                "{\"order\":{\"key\":\"customer\"}} | order.key must be a path to one value",
                "{\"retry\":{\"schedule\":[\"5\"]}} | retry.schedule must be a duration",
                "{\"retry\":{\"statuses\":[\"6xx\"]}} | retry.statuses each of them must be a status such as 429",
                "{\"retry\":{\"maxAttempts\":0}} | retry.maxAttempts must be a whole number from 1 to 100",
                "{\"timeout\":\"6m\"} | timeout must be a duration",
                "{\"success\":{\"statuses\":[]}} | success.statuses must name at least one",
                "{\"success\":{\"body\":\" \"}} | success.body must be 1 to",
                "{\"circuit\":{\"failureRate\":2}} | circuit.failureRate must be a number from 0.01 to 1",
                "{\"concurrency\":7} | concurrency must be an object",
                "{\"notification\":{\"emails\":[\"nobody\"]}} | notification.emails each of them must be an e-mail address",
                "{\"notification\":{\"emails\":[\"a@b\\r\\nBcc: c@d\"]}} | notification.emails each of them must be an e-mail address",
                "{\"colour\":1} | colour is nothing that can be decided here",
                "{\"order\":{\"modes\":1}} | order.modes is nothing that can be decided here",
            })
    void whatIsWrongIsNamed(String json, String rule) throws Exception {
        List<String> wrong = new ArrayList<>();
        read(json, DeliveryPolicy.DEFAULT, wrong);
        assertThat(wrong).hasSize(1).first().asString().contains(rule);
    }

    /** As another version of the server may have left it. */
    @Test
    void whatCannotBeReadDoesNotKeepTheServerFromStarting() {
        assertThat(PolicyCodec.stored("{\"order\":{\"mode\":\"lifo\"}}")).isEqualTo(DeliveryPolicy.DEFAULT);
        assertThat(PolicyCodec.stored("nonsense")).isEqualTo(DeliveryPolicy.DEFAULT);
    }

    @Test
    void theUsualIsNotStored() {
        assertThat(PolicyCodec.stored(DeliveryPolicy.DEFAULT)).isNull();
        ArrayNode none = JSON.createArrayNode();
        assertThat(PolicyCodec.shown(DeliveryPolicy.DEFAULT).get("notification").get("emails"))
                .isEqualTo(none);
    }
}
