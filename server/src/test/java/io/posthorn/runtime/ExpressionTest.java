package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
    private static final Map<String, Object> ANSWER = Map.of(
            "statusCode",
            200,
            "headers",
            Map.of("content-type", "application/json"),
            "body",
            Map.of("status", "ok", "count", 3, "items", List.of(1, 2, 3), "odd name", true));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "body.status = \"ok\"",
                "statusCode = 200 and body.count > 2",
                "statusCode in [200, 202]",
                "body.status in ['ok', \"done\"]",
                "headers.`content-type` = 'application/json'",
                "$contains(headers.`content-type`, 'json')",
                "$exists(body.status) and $not($exists(body.error))",
                "body.items[0] = 1",
                "body.items[-1] = 3",
                "$sum(body.items) = 6",
                "2 in body.items and $count(body.items) >= 3",
                "$contains($lowercase(body.status), 'ok') or $not(true)",
                "$lookup(headers, 'content-type') = \"application/json\"",
                "$substringBefore(headers.`content-type`, '/') = 'application'",
                "(body.items[0][0] = 1) and -1 != 1.5",
                "(body.status = 'bad' ? false : true)",
                "$lowercase('A/{}&|~@#:= function') = 'a/{}&|~@#:= function'",
                "body.`odd name`",
                "1e3 = 1000",
            })
    void whatIsTrueHolds(String text) {
        assertThat(Expression.broken(text)).isNull();
        assertThat(Expression.of(text).ask(ANSWER)).isEqualTo(new Expression.Answer(true, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"body.status = 'bad'", "body.nothing", "body.status", "1", "body.items"})
    void whatIsNotTrueSaysSo(String text) {
        Expression.Answer answer = Expression.of(text).ask(ANSWER);
        assertThat(answer.holds()).isFalse();
        assertThat(answer.why()).contains("not true");
    }

    @Test
    void whatFailsSaysWhy() {
        Expression.Answer answer = Expression.of("$number(body.status) = 1").ask(ANSWER);
        assertThat(answer.holds()).isFalse();
        assertThat(answer.why()).startsWith("the success expression failed: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "  ",
                "$match(body, /(a+)+b/)",
                "body ~> /a/",
                "/* c */ true",
                "$replace(body, 'a', 'b')",
                "$eval('1')",
                "$pad('x', 1000000000)",
                "$string(body)",
                "$join(body)",
                "($a := 1; $a)",
                "function($x){$x}(1)",
                "λ($x){$x}(1)",
                "body & body",
                "[1..10000000]",
                "[$, $]",
                "body.[$, $]",
                "200and[$,$]",
                "1e5and[$,$]",
                "{'a': $}",
                "body{type: 1}",
                "** = **",
                "body@$b.count",
                "body#$i.count",
                "body ~> $sum",
                "|body|{'a':1}|",
                "a\"b ~> $eval(\"x\")",
                "a$eval('1')",
                "'never ends",
                "[1, 2",
                "(((",
                "a b",
                "body.$$.body = 1",
                "$$.body = 1",
                "$ = 1",
                "body.(status) = 'ok'",
                "body.(a; b)",
                "(body).status",
                "(1; 2)",
                "body.*",
                "*",
                "%.a",
                "body.%",
                "body.**",
                "body^(a)",
                "body.items[$ > 1]",
                "body.items[a[b = 1] = 1]",
                "body.items[body.count]",
                "body.items[]",
                "body.items.$number()",
                "$length() = 1",
                "$round(body.count, 1000000000)",
                "$contains(body.a, body.b)",
                "$lookup(body, body.status)",
                "[body, body]",
                "[[1]]",
                "body.count * 2 = 1",
                "body ?: 1",
                "body ?? 1",
                "$sum",
                "$sum(?)",
                "$not(1)(2)",
                "1 = 1 = true",
                "``",
                "body.and",
                "body.status;",
            })
    void whatCouldRunAwayOrIsNoJsonataIsRefused(String text) {
        assertThat(Expression.broken(text)).isNotNull();
        assertThatThrownBy(() -> Expression.of(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void itsLengthAndItsDepthAreBounded() {
        assertThat(Expression.broken("a".repeat(1_024))).isNull();
        assertThat(Expression.broken("a".repeat(1_025))).contains("at most 1024");
        assertThat(Expression.broken("(".repeat(500) + "1" + ")".repeat(500))).contains("nested");
        assertThat(Expression.broken("(".repeat(30) + "1" + ")".repeat(30))).isNull();
    }

    @Test
    void manyConditionsAreAskedAllTheSame() {
        assertThat(Expression.of("true" + " and 1".repeat(170)).ask(ANSWER).why())
                .isNull();
        assertThat(Expression.of("0" + " or 1".repeat(200)).ask(ANSWER).holds()).isTrue();
    }

    @Test
    void whatAnExpressionIsIsReadByUs() {
        assertThat(Expression.of("body . `odd name`\n=\ttrue").ask(ANSWER).holds())
                .isTrue();
        assertThat(Expression.broken("'\\q' = 1")).contains("JSONata");
    }

    /** Bytes for each value and character of the answer and each character of the expression. */
    private static final long MOST_BYTES_EACH = 4;

    /**
     * Thousands of expressions that the grammar allows, against the worst answers that are as large as an answer may be:
     * none of them allocates more than the size of the answer times the size of the expression says.
     */
    @Test
    void theWorkIsAtMostTheSizeOfTheAnswerTimesThatOfTheExpression() {
        List<Map<String, Object>> answers = WorstAnswers.all();
        Random random = new Random(20_261_101);
        List<String> texts = new ArrayList<>(WorstAnswers.expressions());
        for (int i = 0; i < 4_000; i++) {
            texts.add(new RandomExpression(random).text());
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int asked = 0;
        for (String text : texts) {
            assertThat(Expression.broken(text)).as(text).isNull();
            Expression expression = Expression.of(text);
            for (Map<String, Object> answer : asked < 200 ? answers : List.of(answers.get(asked % answers.size()))) {
                long before = threads.getCurrentThreadAllocatedBytes();
                Expression.Answer said = expression.ask(answer);
                long bytes = threads.getCurrentThreadAllocatedBytes() - before;
                assertThat(bytes)
                        .as("%s of %s", text, said)
                        .isLessThan(20_000 + MOST_BYTES_EACH * WorstAnswers.SIZE * text.length());
            }
            asked++;
        }
    }

    /** Answers of 16 KiB and 4,000 values. */
    private static final class WorstAnswers {
        static final long SIZE = Expression.MOST_ANSWER_CHARACTERS;

        static List<Map<String, Object>> all() {
            Object deepList = new ArrayList<>(Collections.nCopies(3_900, 0));
            for (int i = 0; i < Expression.MOST_LEVELS - 2; i++) {
                deepList = List.of(deepList);
            }
            Object deepRecords = new ArrayList<>(Collections.nCopies(1_000, Map.of("a", Map.of("a", 1))));
            for (int i = 0; i < Expression.MOST_LEVELS - 5; i++) {
                deepRecords = List.of(deepRecords);
            }
            Object ladder = 1;
            for (int i = 0; i < Expression.MOST_LEVELS - 2; i++) {
                ladder = Map.of("a", List.of(ladder, 1, "a"), "b", List.of(0, 0, 0, 0));
            }
            List<Object> texts = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                texts.add("aaaaaaaaaaa" + i % 2);
            }
            Map<String, Object> names = new LinkedHashMap<>();
            for (int i = 0; i < 1_900; i++) {
                names.put(name(i), 0);
            }
            return List.of(
                    answer(new ArrayList<>(Collections.nCopies(3_990, 0))),
                    answer(Map.of("a", new ArrayList<>(Collections.nCopies(3_900, 0)), "b", 0)),
                    answer(deepList),
                    answer(deepRecords),
                    answer(ladder),
                    answer(Map.of("a", texts, "b", "aaaaaaaaaaa")),
                    answer(names),
                    answer("a".repeat(Expression.MOST_ANSWER_CHARACTERS)),
                    answer("\u0390".repeat(Expression.MOST_ANSWER_CHARACTERS)),
                    answer("\u0130".repeat(Expression.MOST_ANSWER_CHARACTERS)),
                    answer(" a".repeat(Expression.MOST_ANSWER_CHARACTERS / 2)),
                    answer("9".repeat(Expression.MOST_ANSWER_CHARACTERS)),
                    answer(new ArrayList<>(Collections.nCopies(16, new BigInteger("9".repeat(900))))),
                    answer(new ArrayList<>(Collections.nCopies(800, List.of(0, 0, 0, 0)))));
        }

        /** Texts whose hashes are all the same: as bad as a map can be. */
        private static String name(int i) {
            StringBuilder name = new StringBuilder();
            for (int bit = 0; bit < 11; bit++) {
                name.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            return name.toString();
        }

        private static Map<String, Object> answer(Object body) {
            return Map.of("statusCode", 200, "headers", Map.of("a", "a", "b", "b"), "body", body);
        }

        /** As much of the worst as goes into an expression. */
        static List<String> expressions() {
            List<String> all = new ArrayList<>();
            for (String part : List.of(
                    "body=body",
                    "body in body",
                    "body.a=body.a",
                    "body.a in body",
                    "body.a in body.a",
                    "body.a.a.a.a.a in body.a",
                    "body[0][0][0][0]=1",
                    "body.a[0].a[-1].a=body",
                    "$count(body)=0",
                    "$sum(body)=1",
                    "$keys(body)=1",
                    "$keys(body.a)=1",
                    "$lookup(body,'a')=1",
                    "$lookup($lookup(body,'a'),'a')=1",
                    "$uppercase($lowercase($uppercase(body)))=1",
                    "$trim($trim(body))=1",
                    "$contains(body,'aaaaaaaaaaaaaaaaaab')",
                    "$substringAfter(body,'aaaaaaaaaaaaab')=1",
                    "$substring(body,1,16000)=1",
                    "$length(body)=1",
                    "$number(body)=1",
                    "$round($number(body))=1",
                    "$max(body)=$min(body)",
                    "$average(body)=1",
                    "$type(body)=1",
                    "$boolean(body)=1",
                    "$not(body)=1",
                    "$exists(body)=1")) {
                all.add(part + (" or " + part).repeat((1_024 - part.length()) / (part.length() + 4)));
            }
            all.add("body" + ".a".repeat(510));
            all.add("body" + "[0]".repeat(340));
            return all;
        }
    }

    /** Writes what the grammar allows. */
    private static final class RandomExpression {
        private static final List<String> ONE = List.of(
                "abs",
                "average",
                "boolean",
                "ceil",
                "count",
                "exists",
                "floor",
                "keys",
                "length",
                "lowercase",
                "max",
                "min",
                "not",
                "number",
                "round",
                "sum",
                "trim",
                "type",
                "uppercase");
        private static final List<String> SEARCH = List.of("contains", "lookup", "substringAfter", "substringBefore");
        private static final List<String> COMPARISONS = List.of("=", "!=", "<", "<=", ">", ">=", "in");
        private static final List<String> LITERALS = List.of(
                "1", "-1", "0.5", "1e3", "''", "\"a\"", "'aaaaaaaa'", "true", "false", "null", "[]", "[1, 'a']");

        private final Random random;

        RandomExpression(Random random) {
            this.random = random;
        }

        String text() {
            StringBuilder text = new StringBuilder(condition(4));
            int most = 100 + random.nextInt(900);
            while (true) {
                String more = (random.nextBoolean() ? " and " : " or ") + comparison(3);
                if (text.length() + more.length() > most) {
                    break;
                }
                text.append(more);
            }
            return text.length() <= Expression.MOST_CHARACTERS ? text.toString() : path();
        }

        private String condition(int depth) {
            return depth > 0 && random.nextInt(8) == 0
                    ? comparison(depth - 1) + " ? " + condition(depth - 1) + " : " + condition(depth - 1)
                    : comparison(depth);
        }

        private String comparison(int depth) {
            return random.nextInt(4) == 0
                    ? operand(depth)
                    : operand(depth) + " " + one(COMPARISONS) + " " + operand(depth);
        }

        private String operand(int depth) {
            return switch (random.nextInt(depth > 0 ? 8 : 5)) {
                case 0 -> one(LITERALS);
                case 5 -> "(" + condition(depth - 1) + ")";
                case 6 -> "$" + one(ONE) + "(" + operand(depth - 1) + ")";
                case 7 ->
                    random.nextInt(5) == 0
                            ? "$substring(" + operand(depth - 1) + ", " + operand(depth - 1) + ")"
                            : "$" + one(SEARCH) + "(" + operand(depth - 1) + ", 'a')";
                default -> path();
            };
        }

        private String path() {
            StringBuilder path = new StringBuilder(random.nextInt(12) == 0 ? "headers" : "body");
            while (random.nextInt(3) > 0) {
                path.append(
                        random.nextInt(4) == 0
                                ? "[" + (random.nextInt(5) - 2) + "]"
                                : random.nextBoolean() ? ".a" : ".`b`");
            }
            return path.toString();
        }

        private String one(List<String> of) {
            return of.get(random.nextInt(of.size()));
        }
    }
}
