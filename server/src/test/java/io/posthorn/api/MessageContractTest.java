package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.intake.MessageParser;
import io.posthorn.intake.ParsedMessage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The hot path reads messages by itself, in one pass, and not by the document. Both have to say the same of every body,
 * and of the same places. What no schema can say is left to the parser: members given twice, depth, encoding, and the
 * JSON in {@code rawPayload}.
 */
class MessageContractTest {
    private static final String NAME = "a".repeat(256);
    private static final String TEN = "[" + "\"c\",".repeat(9) + "\"c\"]";

    static Stream<String> good() {
        return Stream.of(
                message("\"payload\": {}"),
                message("\"payload\": []"),
                message("\"payload\": 0"),
                message("\"payload\": false"),
                message("\"payload\": \"\""),
                message("\"payload\": {\"deep\": [[[[{}]]]], \"n\": 1e999999999}"),
                message("\"payload\": {}, \"eventId\": null, \"channels\": null, \"tags\": null"),
                message("\"payload\": {}, \"eventId\": \"" + NAME + "\""),
                message("\"payload\": {}, \"eventId\": \"msg_short\""),
                message("\"payload\": {}, \"channels\": [], \"tags\": [\"a-b_c.D9\"]"),
                message("\"payload\": {}, \"channels\": " + TEN),
                message("\"payload\": {}, \"unknown\": {\"eventType\": 7}"),
                message("\"payload\": {}, \"deliverAt\": null, \"application\": null"),
                message("\"payload\": {}, \"transformationsParams\": null"),
                message("\"payload\": {}, \"transformationsParams\": {}"),
                message("\"payload\": {}, \"transformationsParams\": {\"other\": null, \"rawPayload\": null}"),
                message("\"payload\": {}, \"transformationsParams\": {\"rawPayload\": \"[1]\"}"),
                message("\"transformationsParams\": {\"rawPayload\": \"{}\"}"),
                message("\"payload\": null, \"transformationsParams\": {\"rawPayload\": \"{}\"}"),
                "{\"eventType\": \"" + NAME + "\", \"payload\": {}}");
    }

    static Stream<String> bad() {
        return Stream.of(
                "{}",
                "[]",
                "null",
                "7",
                "\"x\"",
                "{\"payload\": {}}",
                "{\"eventType\": null, \"payload\": {}}",
                "{\"eventType\": 7, \"payload\": {}}",
                "{\"eventType\": [\"a\"], \"payload\": {}}",
                "{\"eventType\": \"\", \"payload\": {}}",
                "{\"eventType\": \"a b\", \"payload\": {}}",
                "{\"eventType\": \"a\\n\", \"payload\": {}}",
                "{\"eventType\": \"" + NAME + "a\", \"payload\": {}}",
                message("\"payload\": null"),
                "{\"eventType\": \"a\"}",
                message("\"payload\": {}, \"eventId\": 7"),
                message("\"payload\": {}, \"eventId\": \"\""),
                message("\"payload\": {}, \"eventId\": \"\u00e4\""),
                message("\"payload\": {}, \"eventId\": \"msg_01jd8v7k4me0r2b6f4s1yq3x5z\""),
                message("\"payload\": {}, \"eventId\": \"app_01jd8v7k4me0r2b6f4s1yq3x5z\""),
                message("\"payload\": {}, \"channels\": \"a\""),
                message("\"payload\": {}, \"channels\": {}"),
                message("\"payload\": {}, \"channels\": [\"a\", \"\"]"),
                message("\"payload\": {}, \"channels\": [null]"),
                message("\"payload\": {}, \"tags\": [\"a\", 7, [\"b\"]]"),
                message("\"payload\": {}, \"tags\": " + TEN.replace("]", ",\"c\"]")),
                message("\"payload\": {}, \"channels\": "
                        + "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]"),
                message("\"payload\": {}, \"deliverAt\": \"soon\""),
                message("\"payload\": {}, \"application\": {\"name\": \"a\"}"),
                message("\"payload\": {}, \"transformationsParams\": 7"),
                message("\"payload\": {}, \"transformationsParams\": {\"other\": 1}"),
                message("\"payload\": {}, \"transformationsParams\": {\"rawPayload\": {}}"),
                message("\"transformationsParams\": {\"rawPayload\": null}"),
                message("\"transformationsParams\": {}"));
    }

    private static String message(String rest) {
        return "{\"eventType\": \"a.b\", " + rest + "}";
    }

    private static boolean parsed(String body) {
        return MessageParser.parse(1, body.getBytes(StandardCharsets.UTF_8), null) instanceof ParsedMessage.Ok;
    }

    private static List<Problem> byTheDocument(String schema, String body) {
        try {
            JsonNode tree = Api.JSON.readTree(body);
            return Contract.ours().checkBody(schema, tree);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(body, e);
        }
    }

    @ParameterizedTest
    @MethodSource("good")
    void bothTakeIt(String body) {
        assertThat(parsed(body)).as(body).isTrue();
        assertThat(byTheDocument("MessageIn", body)).as(body).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("bad")
    void bothRefuseIt(String body) {
        assertThat(parsed(body)).as(body).isFalse();
        assertThat(byTheDocument("MessageIn", body)).as(body).isNotEmpty();
    }

    static Stream<String> noBatch() {
        return Stream.of(
                "{}",
                "[]",
                "{\"messages\": null}",
                "{\"messages\": {}}",
                "{\"messages\": []}",
                "{\"messages\": [" + "{},".repeat(1_000) + "{}]}",
                "{\"messages\": [{}], \"more\": 1}");
    }

    @ParameterizedTest
    @MethodSource("noBatch")
    void bothRefuseWhatIsNoBatch(String body) {
        assertThat(MessageParser.parseBatch(1, body.getBytes(StandardCharsets.UTF_8), 1_000))
                .isInstanceOf(MessageParser.BatchResult.Invalid.class);
        assertThat(byTheDocument("MessageBatchIn", body)).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("good")
    void bothTakeItInABatch(String body) {
        String batch = "{\"messages\": [" + body + "]}";
        assertThat(MessageParser.parseBatch(1, batch.getBytes(StandardCharsets.UTF_8), 1_000))
                .isInstanceOfSatisfying(
                        MessageParser.BatchResult.Ok.class,
                        ok -> assertThat(ok.messages()).allMatch(message -> message instanceof ParsedMessage.Ok));
        assertThat(byTheDocument("MessageBatchIn", batch)).isEmpty();
    }
}
