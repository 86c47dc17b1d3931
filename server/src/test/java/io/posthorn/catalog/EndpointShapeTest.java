package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.MessageFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointShapeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final EndpointShape ALL = new EndpointShape(
            "stripe",
            null,
            new MessageFilter("amount > 3", "a.b", Map.of("x-region", "eu"), List.of("urgent")),
            "$merge([$, {'method': 'PUT'}])",
            true,
            "2026-01-01");

    private final List<String> problems = new ArrayList<>();

    private EndpointShape read(String json, EndpointShape base) throws Exception {
        JsonNode node = JSON.readTree(json);
        return ShapeCodec.read(node::path, base, (path, rule) -> problems.add(String.join(".", path) + " " + rule));
    }

    @Test
    void whatIsStoredComesBack() {
        assertThat(ShapeCodec.stored(ShapeCodec.stored(ALL))).isEqualTo(ALL);
        EndpointShape own = new EndpointShape(null, "name: mine", null, null, false, null);
        assertThat(ShapeCodec.stored(ShapeCodec.stored(own))).isEqualTo(own);
        assertThat(ShapeCodec.stored(EndpointShape.DEFAULT)).isNull();
        EndpointShape agreed = EndpointShape.DEFAULT.withAgreedRate(30);
        assertThat(ShapeCodec.stored(ShapeCodec.stored(agreed))).isEqualTo(agreed);
    }

    @Test
    void whatWasAgreedStaysAndNobodyCanGiveIt() throws Exception {
        EndpointShape agreed = ALL.withAgreedRate(30);
        assertThat(read("{\"payload\": \"full\", \"agreedRate\": 900}", agreed).agreedRate())
                .isEqualTo(30);
        assertThat(read("{\"agreedRate\": 900}", EndpointShape.DEFAULT)).isEqualTo(EndpointShape.DEFAULT);
    }

    @Test
    void whatIsNotMentionedStays() throws Exception {
        assertThat(read("{\"payload\": null, \"transformation\": null}", ALL))
                .isEqualTo(new EndpointShape("stripe", null, ALL.filter(), null, false, "2026-01-01"));
        assertThat(problems).isEmpty();
    }

    @Test
    void aNamedProfileAndOneOfItsOwnTakeEachOthersPlace() throws Exception {
        EndpointShape own = read("{\"profileSource\": \"name: mine\"}", ALL);
        assertThat(own.profile()).isNull();
        assertThat(read("{\"profile\": \"github\"}", own).ownProfile()).isNull();
        assertThat(problems).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"payload\": \"small\"} | payload must be full or thin",
                "{\"payload\": 1} | payload must be full or thin",
                "{\"profile\": \"\"} | profile must be a text that is not empty, or null",
                "{\"transformation\": 3} | transformation must be a text that is not empty, or null",
                "{\"filter\": \"a\"} | filter must be an object or null",
                "{\"filter\": {\"sql\": \"a\"}} | filter.sql is not known; there are jsonata, jmespath, headers and tags",
                "{\"filter\": {\"tags\": \"a\"}} | filter.tags must be a list of at most 20 tags of messages",
                "{\"profile\": \"a\", \"profileSource\": \"b\"} | profileSource cannot be given beside profile: one of them"
                        + " has to be null",
            })
    void whatCannotBeIsNamed(String json, String problem) throws Exception {
        var _ = read(json, EndpointShape.DEFAULT);
        assertThat(problems).containsExactly(problem);
    }
}
