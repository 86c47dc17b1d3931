package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RulesTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "customer-1", "A.b_C-9", "app_short", "-", "ep_", "...", "._-", ".a"})
    void theseAreUids(String uid) {
        assertThat(Rules.uid(uid)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "ü",
                ".",
                "..",
                "a/b",
                "a\u0000",
                "app_01hzzzzzzzzzzzzzzzzzzzzzzz",
                "ep_01hzzzzzzzzzzzzzzzzzzzzzzz"
            })
    void theseAreNot(String uid) {
        assertThat(Rules.uid(uid)).isNotNull();
    }

    @Test
    void lengthsAreBoundedAtTheirEdges() {
        assertThat(Rules.name("x".repeat(256))).isNull();
        assertThat(Rules.name("x".repeat(257))).contains("256");
        assertThat(Rules.metadata(Map.of("k", "v".repeat(16_383)))).isNull();
        assertThat(Rules.metadata(Map.of("k", "v".repeat(16_384)))).contains("16385");
        assertThat(Rules.eventTypes(List.of())).contains("null");
        assertThat(Rules.rateLimit(1)).isNull();
        assertThat(Rules.rateLimit(0)).isNotNull();
        assertThat(Rules.appName("  ")).isNotNull();
        assertThat(Rules.tokenRateLimit(100_000)).isNull();
        assertThat(Rules.tokenRateLimit(100_001)).contains("100000");
        assertThat(Rules.tokenRateLimit(0)).isNotNull();
        assertThat(Rules.tokenName("\t")).isNotNull();
        assertThat(Rules.tokenName("x".repeat(256))).isNull();
        assertThat(Rules.tokenName("x".repeat(257))).isNotNull();
        assertThat(Rules.environmentName("staging-1.eu")).isNull();
        assertThat(Rules.environmentName("env_default")).contains("env_");
        assertThat(Rules.environmentName("*")).isNotNull();
    }

    @Test
    void theNamesOfAnEndpointAreBoundedTogether() {
        List<String> edge = new java.util.ArrayList<>(java.util.Collections.nCopies(256, "n".repeat(256)));
        assertThat(Rules.eventTypes(edge)).isNull();
        edge.add("n");
        assertThat(Rules.eventTypes(edge)).contains("65536").contains("65537");
        assertThat(Rules.channels(java.util.Collections.nCopies(100, "n".repeat(256))))
                .isNull();
    }
}
