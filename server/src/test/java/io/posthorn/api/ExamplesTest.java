package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.model.EventContract;
import io.posthorn.model.EventType;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExamplesTest {
    private static final Instant NOW = Instant.parse("2026-02-03T04:05:06.789Z");

    private static EventType type(@Nullable String schemas) {
        return new EventType(
                1, "order.created", "", false, false, null, List.of(), schemas, EventContract.NONE, NOW, NOW);
    }

    private static JsonNode example(@Nullable String schemas, int index) {
        try {
            return Api.JSON.readTree(((Examples.Found.Payload) Examples.of(type(schemas), index, NOW)).json());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static JsonNode sample(String schema) throws JsonProcessingException {
        return SchemaSample.of(Api.JSON.readTree(schema), NOW);
    }

    @Test
    void theNewestVersionCounts() {
        assertThat(example("{\"10\":{\"example\":\"ten\"},\"9\":{\"example\":\"nine\"}}", 0))
                .hasToString("\"ten\"");
        assertThat(example("{\"v1.10\":{\"example\":1},\"v1.9\":{\"example\":2},\"v1\":{\"example\":3}}", 0))
                .hasToString("1");
    }

    @Test
    void examplesAreChosenByNumber() {
        String schemas = "{\"1\":{\"examples\":[{\"n\":1},{\"n\":2}],\"example\":3}}";
        assertThat(example(schemas, 0)).hasToString("{\"n\":1}");
        assertThat(example(schemas, 1)).hasToString("{\"n\":2}");
        assertThat(Examples.of(type(schemas), 2, NOW)).isEqualTo(new Examples.Found.NoSuchIndex(2));
        assertThat(example("{\"1\":{\"example\":3}}", 7))
                .as("no list to choose from")
                .hasToString("3");
    }

    @Test
    void withoutASchemaItIsPlain() {
        for (String none : new @Nullable String[] {null, "{}", "{\"1\":{}}", "{\"1\":true}"}) {
            assertThat(example(none, 0)).hasToString("""
                    {"type":"order.created","timestamp":"2026-02-03T04:05:06.789Z","data":{}}""");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"default\":5,\"type\":\"integer\"} | 5",
                "{\"const\":\"c\"} | \"c\"",
                "{\"enum\":[\"a\",\"b\"]} | \"a\"",
                "{\"type\":\"boolean\"} | true",
                "{\"type\":\"null\"} | null",
                "{\"type\":[\"null\",\"string\"]} | \"example\"",
                "{\"type\":\"string\",\"minLength\":9} | \"exampleex\"",
                "{\"type\":\"string\",\"maxLength\":3} | \"exa\"",
                "{\"type\":\"string\",\"format\":\"date-time\"} | \"2026-02-03T04:05:06.789Z\"",
                "{\"type\":\"string\",\"format\":\"date\"} | \"2026-02-03\"",
                "{\"type\":\"string\",\"format\":\"time\"} | \"04:05:06Z\"",
                "{\"type\":\"string\",\"format\":\"email\"} | \"someone@example.com\"",
                "{\"type\":\"string\",\"format\":\"uri\"} | \"https://example.com/\"",
                "{\"type\":\"integer\"} | 0",
                "{\"type\":\"integer\",\"minimum\":7} | 7",
                "{\"type\":\"integer\",\"minimum\":7.5} | 8",
                "{\"type\":\"number\",\"minimum\":7.5} | 7.5",
                "{\"type\":\"integer\",\"exclusiveMinimum\":7} | 8",
                "{\"type\":\"integer\",\"minimum\":7,\"exclusiveMinimum\":true} | 8",
                "{\"type\":\"integer\",\"maximum\":-2} | -2",
                "{\"type\":\"integer\",\"exclusiveMaximum\":0} | -1",
                "{\"type\":\"array\",\"items\":{\"const\":1}} | [1]",
                "{\"type\":\"array\",\"items\":{\"const\":1},\"minItems\":3} | [1,1,1]",
                "{\"type\":\"array\",\"items\":{\"const\":1},\"maxItems\":0} | []",
                "{\"prefixItems\":[{\"const\":1},{\"const\":\"x\"}]} | [1,\"x\"]",
                "{\"properties\":{\"a\":{\"const\":1},\"b\":{\"type\":\"object\"}},\"required\":[\"c\"]}"
                        + " | {\"a\":1,\"b\":{},\"c\":\"example\"}",
                "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/x\"}},\"$defs\":{\"x\":{\"const\":9}}} | {\"a\":9}",
                "{\"allOf\":[{\"properties\":{\"a\":{\"const\":1}}}],\"properties\":{\"b\":{\"const\":2}}}"
                        + " | {\"a\":1,\"b\":2}",
                "{\"oneOf\":[{\"type\":\"null\"},{\"const\":4}]} | 4",
            })
    void aValueIsMadeOfTheSchema(String schema, String value) throws JsonProcessingException {
        assertThat(sample(schema)).hasToString(value);
    }

    @Test
    void aUuidIsOne() throws JsonProcessingException {
        String text = sample("{\"type\":\"string\",\"format\":\"uuid\"}").textValue();
        assertThat(java.util.UUID.fromString(text)).hasToString(text);
    }

    @Test
    void circlesAndCrowdsAreBounded() throws JsonProcessingException {
        String circle = "{\"properties\":{\"next\":{\"$ref\":\"#\"},\"also\":{\"$ref\":\"#\"}}}";
        assertThat(sample(circle).toString()).startsWith("{\"next\":{\"next\":").hasSizeLessThan(200_000);

        StringBuilder crowd = new StringBuilder("{\"$defs\":{\"big\":{\"example\":\"" + "x".repeat(10_000) + "\"}},");
        crowd.append("\"properties\":{");
        for (int i = 0; i < 1_000; i++) {
            crowd.append(i == 0 ? "" : ",").append("\"p").append(i).append("\":{\"$ref\":\"#/$defs/big\"}");
        }
        assertThat(sample(crowd.append("}}").toString()).toString()).hasSizeBetween(10_000, 200_000);

        String wide = "{\"$ref\":\"#/$defs/w\",\"$defs\":{\"w\":{\"type\":\"array\",\"minItems\":10,"
                + "\"items\":{\"$ref\":\"#/$defs/w\"}}}}";
        assertThat(sample(wide).toString()).hasSizeLessThan(200_000);
    }
}
