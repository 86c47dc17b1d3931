package io.posthorn.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.egress.Outcome;
import io.posthorn.runtime.Expression;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AssessorsTest {
    private static Outcome.Response response(String body) {
        return new Outcome.Response(
                200, "content-type: application/json\n", body.getBytes(StandardCharsets.UTF_8), false, "");
    }

    private static Object body(String body) {
        return requireNonNull(Assessors.input(response(body)).get("body"));
    }

    private static Expression.Answer answer(Assessors assessors, String expression) throws Exception {
        CompletableFuture<Expression.Answer> answer = new CompletableFuture<>();
        assessors.ask(1, expression, response("{\"a\": 1}"), answer::complete);
        return answer.get(30, TimeUnit.SECONDS);
    }

    @Test
    void anErrorIsAnAnswerAndTheNextOneIsAsked() throws Exception {
        try (Assessors assessors = new Assessors((expression, response) -> {
            if (expression.equals("bad")) {
                throw new OutOfMemoryError("as if");
            }
            return new Expression.Answer(true, null);
        })) {
            Expression.Answer bad = answer(assessors, "bad");
            assertThat(bad.holds()).isFalse();
            assertThat(bad.why()).contains("could not be assessed");
            assertThat(answer(assessors, "good").holds()).isTrue();
        }
    }

    @Test
    void anExpressionThatIsNoLongerAllowedIsNoSuccess() throws Exception {
        try (Assessors assessors = new Assessors()) {
            assertThat(answer(assessors, "body.$$.body = 1").why()).startsWith("the success expression ");
            assertThat(answer(assessors, "body.a = 1").holds()).isTrue();
        }
    }

    @Test
    void moreThanAnExpressionIsAskedAboutIsAText() {
        assertThat(body("[" + "0,".repeat(3_998) + "0]")).isInstanceOf(List.class);
        assertThat(body("[" + "0,".repeat(3_999) + "0]")).isInstanceOf(String.class);
        assertThat(body("[".repeat(20) + "]".repeat(20))).isInstanceOf(List.class);
        assertThat(body("[".repeat(21) + "]".repeat(21))).isInstanceOf(String.class);
        assertThat(body("\"" + "a".repeat(20_000) + "\"")).isEqualTo("\"" + "a".repeat(16_383));
    }
}
