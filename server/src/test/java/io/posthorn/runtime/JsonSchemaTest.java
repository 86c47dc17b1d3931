package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.runtime.JsonSchema.Checked;
import io.posthorn.runtime.JsonSchema.Violation;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonSchemaTest {
    private static Checked check(String schema, String payload) {
        assertThat(JsonSchema.broken(schema)).isNull();
        return JsonSchema.of(schema).check(payload.getBytes(StandardCharsets.UTF_8));
    }

    private static List<Violation> violations(String schema, String payload) {
        return ((Checked.Breaks) check(schema, payload)).violations();
    }

    @Test
    void namesThePlaceAndTheRule() {
        String schema =
                "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"a/b\":{\"items\":{\"type\":\"integer\"}}}}";
        assertThat(check(schema, "{\"id\":1,\"a/b\":[1,2]}")).isEqualTo(new Checked.Keeps());
        List<Violation> broken = violations(schema, "{\"a/b\":[1,\"x\"]}");
        assertThat(broken).extracting(Violation::pointer).containsExactlyInAnyOrder("", "/a~1b/1");
        assertThat(broken).extracting(Violation::rule).anyMatch(rule -> rule.contains("id"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://json-schema.org/draft/2020-12/schema",
                "https://json-schema.org/draft/2019-09/schema",
                "http://json-schema.org/draft-07/schema#",
                "http://json-schema.org/draft-04/schema#"
            })
    void knowsTheDrafts(String dialect) {
        String schema =
                "{\"$schema\":\"" + dialect + "\",\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"string\"}}}";
        assertThat(check(schema, "{\"n\":\"x\"}")).isEqualTo(new Checked.Keeps());
        assertThat(violations(schema, "{\"n\":1}"))
                .extracting(Violation::pointer)
                .containsExactly("/n");
    }

    @Test
    void followsReferencesWithinTheSchema() {
        String schema = "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"properties\":{\"n\":{\"$ref\":\"#/$defs/b\"}}},"
                + "\"b\":{\"type\":\"string\"}}}";
        assertThat(violations(schema, "{\"n\":1}"))
                .extracting(Violation::pointer)
                .containsExactly("/n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "\"x\"",
                "{\"type\":\"objct\"}",
                "{\"properties\":[]}",
                "{\"properties\":{\"a\":{\"pattern\":\"(\"}}}",
                "{\"$ref\":\"https://example.com/schema.json\"}",
                "{\"properties\":{\"a\":{\"$ref\":\"http://127.0.0.1:1/x\"}}}",
                "{\"$ref\":\"file:///etc/hostname\"}",
                "{\"$ref\":\"classpath:openapi.yaml\"}",
                "{\"$ref\":\"#/$defs/none\"}",
                "{\"$schema\":\"https://example.com/mine\"}",
                "{\"$ref\":\"#\"}",
                "{\"type\":"
            })
    void whatCannotBeUsedIsTold(String schema) {
        assertThat(JsonSchema.broken(schema)).isNotNull();
    }

    @Test
    void aPatternThatGoesBackAndForthEndsSoon() {
        String schema = "{\"properties\":{\"a\":{\"pattern\":\"^a*a*a*a*a*a*a*b$\"}}}";
        assertThat(check(schema, "{\"a\":\"" + "a".repeat(300) + "\"}")).isInstanceOf(Checked.Unclear.class);
        assertThat(check(schema, "{\"a\":\"aaab\"}")).isEqualTo(new Checked.Keeps());
        assertThat(check(schema, "{\"a\":\"aaab\\n\"}")).isInstanceOf(Checked.Breaks.class);
    }

    @Test
    void aPatternOfManyAlternativesDoesNotOverflow() {
        String schema = "{\"properties\":{\"a\":{\"pattern\":\"^(a|b)*$\"}}}";
        assertThat(check(schema, "{\"a\":\"" + "ab".repeat(200_000) + "c\"}")).isNotInstanceOf(Checked.Keeps.class);
    }

    @Test
    void aSchemaThatGrowsWithTheDepthEndsSoon() {
        String schema =
                "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"allOf\":[{\"properties\":{\"x\":{\"$ref\":\"#/$defs/a\"}}},"
                        + "{\"properties\":{\"x\":{\"$ref\":\"#/$defs/a\"}}}]}}}";
        String payload = "{\"x\":".repeat(60) + "1" + "}".repeat(60);
        assertThat(check(schema, payload)).isInstanceOf(Checked.Unclear.class);
    }

    @Test
    void aPayloadThatIsTooDeepIsUnclear() {
        assertThat(check("{}", "[".repeat(200) + "]".repeat(200))).isInstanceOf(Checked.Unclear.class);
    }

    @Test
    void numbersOutOfAllBoundsAreNoTrouble() {
        assertThat(check("{\"multipleOf\":0.01}", "1e999999999")).isNotNull();
        assertThat(check("{\"maximum\":5}", "1" + "0".repeat(900))).isInstanceOf(Checked.Breaks.class);
    }

    @Test
    void atMostTenPlacesAreTold() {
        assertThat(violations("{\"items\":{\"type\":\"string\"}}", "[" + "1,".repeat(99) + "1]"))
                .hasSize(10);
    }
}
