package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
                "$sum(body.items) * 2 = 12",
                "$count(body.items[$ > 1]) = 2",
                "body.count % 2 = 1",
                "(body.status = 'bad' ? false : true)",
                "$lowercase('A/{}&|~@#:= function') = 'a/{}&|~@#:= function'",
                "body.`odd name`",
                "1e3 = 1000",
                "body.*[0] != 77",
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
            })
    void whatCouldRunAwayOrIsNoJsonataIsRefused(String text) {
        assertThat(Expression.broken(text)).isNotNull();
        assertThatThrownBy(() -> Expression.of(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void itsLengthAndItsDepthAreBounded() {
        assertThat(Expression.broken("a".repeat(1_024))).isNull();
        assertThat(Expression.broken("a".repeat(1_025))).contains("at most 1024");
        String nested = "(".repeat(500) + "1" + ")".repeat(500);
        if (Expression.broken(nested) == null) {
            assertThat(Expression.of(nested).ask(ANSWER).holds()).isFalse();
        }
    }

    /** Each step looks at every item anew: a hundred to the eighth of them. */
    @Test
    void whatTakesTooLongIsEnded() {
        List<Integer> hundred = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            hundred.add(i);
        }
        String text = "$count(" + "body.($$.".repeat(8) + "body" + ")".repeat(8) + ") > 0";
        Expression.Answer answer = Expression.of(text).ask(Map.of("body", hundred));
        assertThat(answer.holds()).isFalse();
        assertThat(answer.why()).contains("timeout");
    }
}
