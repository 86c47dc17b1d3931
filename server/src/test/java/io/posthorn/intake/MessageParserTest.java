package io.posthorn.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageParserTest {
    private static ParsedMessage parse(String body) {
        return MessageParser.parse(7, body.getBytes(StandardCharsets.UTF_8), null);
    }

    private static NewMessage ok(String body) {
        return switch (parse(body)) {
            case ParsedMessage.Ok(NewMessage message) -> message;
            case ParsedMessage.Invalid(List<ParsedMessage.Problem> problems) ->
                throw new AssertionError(problems + " in " + body);
            case ParsedMessage.Refused refused -> throw new AssertionError(refused);
        };
    }

    private static List<ParsedMessage.Problem> problems(ParsedMessage parsed) {
        return switch (parsed) {
            case ParsedMessage.Ok ok -> throw new AssertionError("taken: " + ok);
            case ParsedMessage.Invalid(List<ParsedMessage.Problem> problems) -> problems;
            case ParsedMessage.Refused refused -> throw new AssertionError(refused);
        };
    }

    private static String payload(String body) {
        return new String(ok(body).payload(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "\"\"",
                "0",
                "-0",
                "1.00",
                "1E+2",
                "1e-7",
                "true",
                "false",
                "123456789012345678901234567890.123456789012345678901234567890",
                "{ \"b\" : 1 ,\n\t\"a\":[ 1 , 2.50 , null ] }",
                "\"\\u00e4\\ud83d\\ude00\\/\\\"\\\\\"",
                "\"ä€😀\"",
                "\"\\ud800\"",
                "{\"a\":1,\"a\":2}",
                "{\"payload\":{\"payload\":\"}\"}}",
                "[[[\"]\",{\"}\":\"{\"}]]]"
            })
    @Requirement("B32")
    void thePayloadIsTakenByteForByte(String value) {
        for (String space : List.of("", " ", "\r\n\t  ")) {
            assertThat(payload("{\"eventType\":\"a.b\",\"payload\":" + space + value + space + "}"))
                    .isEqualTo(value);
            assertThat(payload(space + "{\"payload\"" + space + ":" + value + space
                            + ",\"eventType\":\"ä\"}".replace("ä", "a")))
                    .isEqualTo(value);
            assertThat(payload("{\"tags\":[\"t\"],\"x\":\"ü\",\"payload\":" + value + ",\"eventType\":\"a\"}" + space))
                    .isEqualTo(value);
        }
    }

    @Test
    void veryLongNumbersNamesAndStringsPass() {
        String value =
                "{\"" + "n".repeat(60_000) + "\":" + "9".repeat(5_000) + ",\"s\":\"" + "s".repeat(300_000) + "\"}";
        assertThat(payload("{\"eventType\":\"a\",\"payload\":" + value + "}")).isEqualTo(value);
    }

    @Test
    void fiveHundredLevelsAndNotOneMore() {
        String deepest = "[".repeat(499) + "]".repeat(499); // the message itself is the first level
        assertThat(payload("{\"eventType\":\"a\",\"payload\":" + deepest + "}")).isEqualTo(deepest);
        assertThat(problems(parse("{\"eventType\":\"a\",\"payload\":[" + deepest + "]}")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.rule()).contains("500"));
    }

    @Test
    void readsTheFields() {
        NewMessage message = ok("""
                {"eventType":"user.created","eventId":"e-1","channels":["a","b","a"],"tags":["t"],"payload":{}}""");
        assertThat(message.appNo()).isEqualTo(7);
        assertThat(message.eventType()).isEqualTo("user.created");
        assertThat(message.eventId()).isEqualTo("e-1");
        assertThat(message.channels()).containsExactly("a", "b");
        assertThat(message.tags()).containsExactly("t");
        NewMessage bare = ok("{\"eventType\":\"a\",\"eventId\":null,\"channels\":null,\"other\":[1,{}],\"payload\":1}");
        assertThat(bare.eventId()).isNull();
        assertThat(bare.channels()).isEmpty();
    }

    @Test
    void readsHeaders() {
        assertThat(ok("{\"eventType\":\"a\",\"payload\":1,\"headers\":{\"X-A\":\"1\",\"b\":\"2 3\"}}")
                        .headers())
                .isEqualTo(Map.of("X-A", "1", "b", "2 3"));
        assertThat(ok("{\"eventType\":\"a\",\"payload\":1,\"headers\":null}").headers())
                .isEmpty();
        String twenty =
                IntStream.range(0, 20).mapToObj(i -> "\"h" + i + "\":\"x\"").collect(Collectors.joining(","));
        assertThat(ok("{\"eventType\":\"a\",\"payload\":1,\"headers\":{" + twenty + "}}")
                        .headers())
                .hasSize(20);
        for (String tooMany : List.of(twenty + ",\"more\":\"x\"", "\"long\":\"" + "x".repeat(4_096) + "\"")) {
            assertThat(problems(parse("{\"eventType\":\"a\",\"headers\":{" + tooMany + "},\"payload\":1}")))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.path()).containsExactly("headers"));
        }
    }

    @Test
    void aRetentionThatNobodyWouldKeepIsRefused() {
        for (String field : List.of("\"payloadRetentionPeriod\":5", "\"payloadRetentionHours\":90")) {
            assertThat(problems(parse("{\"eventType\":\"a\",\"payload\":1," + field + "}")))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.type()).isEqualTo("value_error.not_available"));
        }
        // sent by old clients of their own accord
        ok("{\"eventType\":\"a\",\"payload\":1,\"payloadRetentionPeriod\":90,\"payloadRetentionHours\":null}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"eventType\":\"a\"} | payload",
                "{\"eventType\":\"a\",\"payload\":null} | payload",
                "{\"eventType\":1,\"payload\":1} | eventType",
                "{\"eventType\":\"\",\"payload\":1} | eventType",
                "{\"eventType\":\"a b\",\"payload\":1} | eventType",
                "{\"eventType\":{\"x\":[1]},\"payload\":1} | eventType",
                "{\"eventType\":\"a\",\"eventType\":\"a\",\"payload\":1} | eventType",
                "{\"eventType\":\"a\",\"payload\":1,\"payload\":1} | payload",
                "{\"eventType\":\"a\",\"payload\":1,\"eventId\":\"ü\"} | eventId",
                "{\"eventType\":\"a\",\"payload\":1,\"channels\":\"x\"} | channels",
                "{\"eventType\":\"a\",\"payload\":1,\"channels\":[\"x\",5]} | channels",
                "{\"eventType\":\"a\",\"payload\":1,\"tags\":[\"x y\"]} | tags",
                "{\"eventType\":\"a\",\"payload\":1,\"deliverAt\":\"2030\"} | deliverAt",
                "{\"eventType\":\"a\",\"payload\":1,\"headers\":[\"x\"]} | headers",
                "{\"eventType\":\"a\",\"payload\":1,\"headers\":{\"x\":1}} | headers",
                "{\"eventType\":\"a\",\"payload\":1,\"headers\":{\"webhook-id\":\"1\"}} | headers",
                "{\"eventType\":\"a\",\"payload\":1,\"headers\":{\"x y\":\"1\"}} | headers",
                "{\"eventType\":\"a\",\"payload\":1,\"headers\":{\"x\":\"a\\nb\"}} | headers",
                "{\"eventType\":\"a\",\"payload\":1,\"headers\":{\"x\":\"1\",\"X\":\"2\"}} | headers"
            })
    void saysWhichFieldIsWrong(String body, String field) {
        assertThat(problems(parse(body)))
                .singleElement()
                .satisfies(problem -> assertThat(problem.path().getFirst()).isEqualTo(field));
    }

    @Test
    void aBodyFullOfMistakesIsNoListOfThemAll() {
        String message = "{\"eventType\":\"a\",\"payload\":1,\"transformationsParams\":{%s}}";
        String repeated = message.formatted("\"a\":1,".repeat(10_000) + "\"b\":[{}],\"b\":{\"c\":2}");
        assertThat(problems(parse(repeated)))
                .extracting(ParsedMessage.Problem::type)
                .containsExactly("value_error.not_available", "value_error.duplicate");
        StringBuilder others = new StringBuilder("\"rawPayload\":\"{\"");
        for (int i = 0; i < 10_000; i++) {
            others.append(",\"n").append(i).append("\":1");
        }
        assertThat(problems(parse(message.formatted(others)))).hasSize(20);
        assertThat(problems(parse("{" + "\"tags\":[5],".repeat(10_000) + "\"payload\":1}")))
                .extracting(ParsedMessage.Problem::type)
                .containsExactly("type_error.str", "value_error.duplicate");
        assertThat(problems(parse(message.formatted("\"rawPayload\":\"1\",\"rawPayload\":\"2\""))))
                .singleElement()
                .satisfies(
                        problem -> assertThat(problem.path()).containsExactly("transformationsParams", "rawPayload"));
    }

    @Test
    void whatFollowsARepeatedNameHasToBeJson() {
        assertThat(problems(parse("{\"a\":1,\"a\":[1,{\"b\":2}],\"c\":{\"d\":[}}")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.type()).isEqualTo("value_error.json"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "[]",
                "1",
                "{",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1",
                "{\"a\":01}",
                "{\"a\":1.}",
                "{\"a\":.5}",
                "{\"a\":+1}",
                "{\"a\":NaN}",
                "{\"a\":tru}",
                "{\"a\":'x'}",
                "{a:1}",
                "{\"a\":1,}",
                "{\"a\":[1,]}",
                "{\"a\":\"\t\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":1}x",
                "{\"a\":1}{}",
                "{\"a\":1} 2",
                "{\"payload\":[1,2}",
                "{\"payload\":{\"x\":\"\n\"}}",
                "{\"payload\":1e}",
                "{\"payload\":-}",
                "\ufeff{}",
                "{\"a\":1}//",
                "{\"payload\":\"\u0000\"}"
            })
    void whatIsNoJsonIsOneProblemOfTheBody(String body) {
        assertThat(problems(parse(body)))
                .singleElement()
                .satisfies(problem -> assertThat(problem.path()).isEmpty());
    }

    @Test
    void badJsonIsToldWithItsPlace() {
        assertThat(problems(parse("{\n  \"eventType\": \"a\",\n  \"payload\": {]\n}")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.rule()).contains("line 3, column 1"));
    }

    @Test
    void invalidUtf8AndOtherEncodingsAreRefused() {
        byte[] latin = "{\"eventType\":\"a\",\"payload\":\"ä\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(problems(MessageParser.parse(1, latin, null)).getFirst().rule())
                .contains("UTF-8");
        String fine = "{\"eventType\":\"a\",\"payload\":{\"a\":1}}";
        for (byte[] other : List.of(
                fine.getBytes(StandardCharsets.UTF_16BE),
                fine.getBytes(StandardCharsets.UTF_16LE),
                fine.getBytes(StandardCharsets.UTF_16),
                fine.getBytes(StandardCharsets.UTF_32BE))) {
            assertThat(problems(MessageParser.parse(1, other, null))).hasSize(1);
        }
    }

    @Test
    void problemsAreBounded() {
        String many = "0,".repeat(100_000) + "0";
        assertThat(problems(parse("{\"eventType\":\"a\",\"payload\":1,\"channels\":[" + many + "]}")))
                .hasSizeLessThanOrEqualTo(20);
        assertThat(problems(parse("{" + "\"a\":0,".repeat(50_000) + "\"a\":0}")))
                .hasSizeLessThanOrEqualTo(20);
    }

    @Test
    void aBatchIsReadMessageByMessage() {
        String body =
                "{\"messages\":[{\"eventType\":\"a\",\"payload\":1.0},7,{\"payload\":[ 2 ],\"eventType\":\"b\"},{}]}";
        assertThat(MessageParser.parseBatch(1, body.getBytes(StandardCharsets.UTF_8), 4))
                .isInstanceOfSatisfying(MessageParser.BatchResult.Ok.class, batch -> {
                    assertThat(batch.messages()).hasSize(4);
                    assertThat(batch.messages().getFirst())
                            .isInstanceOfSatisfying(
                                    ParsedMessage.Ok.class,
                                    first -> assertThat(first.message().payload())
                                            .asString()
                                            .isEqualTo("1.0"));
                    assertThat(batch.messages().get(1)).isInstanceOf(ParsedMessage.Invalid.class);
                    assertThat(batch.messages().get(2))
                            .isInstanceOfSatisfying(
                                    ParsedMessage.Ok.class,
                                    third -> assertThat(third.message().payload())
                                            .asString()
                                            .isEqualTo("[ 2 ]"));
                    assertThat(problems(batch.messages().get(3))).hasSize(2);
                });
        for (String bad : List.of(
                body.replace("{}]", "{},{}]"),
                "{}",
                "[]",
                "{\"messages\":[]}",
                "{\"messages\":{}}",
                body + "x",
                "{\"messages\":[{\"eventType\":\"a\",\"payload\":1}],\"x\":1}",
                "{\"messages\":[{\"eventType\":\"a\"")) {
            assertThat(MessageParser.parseBatch(1, bad.getBytes(StandardCharsets.UTF_8), 4))
                    .as(bad)
                    .isInstanceOf(MessageParser.BatchResult.Invalid.class);
        }
    }

    @Test
    void anyJsonComesOutAsItWentInAndAnyDamageIsNoException() {
        long seed = Long.getLong("posthorn.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 3_000; i++) {
            String value = value(random, 5);
            String body = space(random) + "{" + space(random) + "\"payload\":" + value + ",\"eventType\" : \"a\"}";
            assertThat(payload(body)).as("seed %d, round %d", seed, i).isEqualTo(value.strip());
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            assertThat(MessageParser.parse(1, bytes, null))
                    .as("seed %d, round %d", seed, i)
                    .isNotNull();
            byte[] cut = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
            assertThat(MessageParser.parse(1, cut, null)).as("seed %d", seed).isInstanceOf(ParsedMessage.Invalid.class);
        }
    }

    private static String value(Random random, int depth) {
        String value = switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> "true";
            case 1 -> "null";
            case 2 -> Long.toString(random.nextLong());
            case 3 -> random.nextInt(1_000) + "." + random.nextInt(100) + "E" + random.nextInt(-9, 9);
            case 4 -> "\"\\u%04x\"".formatted(random.nextInt(0x10000));
            case 5 ->
                "\""
                        + List.of("", "ä", "😀 €", "\\\"", "}]{[,:", "x".repeat(random.nextInt(9_000)))
                                .get(random.nextInt(6))
                        + "\"";
            case 6 -> "[" + space(random) + value(random, depth - 1) + "," + value(random, depth - 1) + "]";
            default -> "{\"" + random.nextInt(5) + "\"" + space(random) + ":" + value(random, depth - 1) + "}";
        };
        return depth == 5 && value.equals("null") ? "0" : space(random) + value + space(random);
    }

    private static String space(Random random) {
        return List.of("", "", " ", "\n", "\t ", "\r\n").get(random.nextInt(6));
    }
}
