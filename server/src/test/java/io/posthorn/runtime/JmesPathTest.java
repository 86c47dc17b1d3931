package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.posthorn.Requirement;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JmesPathTest {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final Map<String, Object> EVENT = Map.of(
            "title",
            "Fire safety",
            "region",
            "EMEA",
            "seats",
            12,
            "sessions",
            List.of(Map.of("room", "a", "size", 3), Map.of("room", "b", "size", 9)));

    private static @Nullable Object value(String expression) {
        return JmesPath.of(expression).evaluate(EVENT);
    }

    @Test
    void theWholeLanguage() {
        assertThat(value("region == 'EMEA' && seats > `10`")).isEqualTo(true);
        assertThat(value("sessions[?size > `5`].room")).isEqualTo(List.of("b"));
        assertThat(value("sessions[*].{r: room, s: size} | [0]")).isEqualTo(Map.of("r", "a", "s", 3));
        assertThat(value("sum(sessions[].size)")).isEqualTo(12);
        assertThat(value("sort_by(sessions, &size)[-1].room")).isEqualTo("b");
        assertThat(value("map(&length(room), sessions)")).isEqualTo(List.of(1, 1));
        assertThat(value("join('-', sessions[].room)")).isEqualTo("a-b");
        assertThat(value("contains(title, 'safe')")).isEqualTo(true);
        assertThat(value("contains(sessions[].size, `9`)")).isEqualTo(true);
        assertThat(value("contains(sessions[].size, `8`)")).isEqualTo(false);
        assertThat(value("nothing.at.all")).isNull();
        assertThat(value("sessions[1:]")).isEqualTo(List.of(Map.of("room", "b", "size", 9)));
    }

    @Test
    @Requirement("A5")
    void whatCountsAsNotWanted() {
        for (Object falsy : Arrays.asList(null, false, 0, 0L, 0.0, "", List.of(), Map.of())) {
            assertThat(JmesPath.falsy(falsy)).as("%s", falsy).isTrue();
        }
        for (Object truthy : List.of(true, 1, -0.5, "0", "false", List.of(0), Map.of("a", 1))) {
            assertThat(JmesPath.falsy(truthy)).as("%s", truthy).isFalse();
        }
    }

    @Test
    void anErrorHasItsPlace() {
        ScriptException syntax = catchThrowableOfType(ScriptException.class, () -> JmesPath.of("region ==\n  == 'a'"));
        assertThat(syntax.kind()).isEqualTo(ScriptException.Kind.SYNTAX);
        assertThat(syntax.line()).isEqualTo(2);
        assertThat(syntax.column()).isEqualTo(3);
        assertThat(JmesPath.broken("nosuch(@)")).isNotNull();
        assertThat(JmesPath.broken("a[")).startsWith("line 1, column");
        assertThat(JmesPath.broken("a.b")).isNull();
        assertThatThrownBy(() -> value("abs(title)"))
                .isInstanceOfSatisfying(
                        ScriptException.class, e -> assertThat(e.kind()).isEqualTo(ScriptException.Kind.FAILED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // the depth of doublings stands in the text of each
                "doubled",
                "doubledObjects",
                "doubledAndFlattened",
                "doubledTexts",
                "joined",
                "nested",
                "compared",
            })
    void endsWithinItsBounds(String which) {
        String expression = switch (which) {
            case "doubled" -> "[@,@]" + " | [@,@]".repeat(60) + " | to_string(@)";
            case "doubledObjects" -> "{a:@,b:@}" + " | {a:@,b:@}".repeat(60) + " | @ == @";
            case "doubledAndFlattened" -> "[@,@]" + " | [@,@][]".repeat(60);
            case "doubledTexts" -> "join('', [title,title])" + " | join('', [@,@])".repeat(60);
            case "joined" -> "l[].to_string($) | join(to_string(@), @)".replace("$", "@");
            case "nested" ->
                "l[*].[@, @, @, @, @, @, @, @][] | [*].[@, @, @, @, @, @, @, @][]"
                        .concat(" | [*].[@, @, @, @, @, @, @, @][]".repeat(4));
            default -> "l[?@ == `1`] && sort(l) && " + "l[*].to_string(@) && ".repeat(60) + "l";
        };
        Map<String, Object> input = Map.of(
                "title", "Fire safety", "l", IntStream.range(0, 50_000).boxed().toList());
        long before = THREADS.getCurrentThreadAllocatedBytes();
        JmesPath path = JmesPath.of(expression);
        assertThatThrownBy(() -> path.evaluate(input))
                .as(expression)
                .isInstanceOfSatisfying(
                        ScriptException.class, e -> assertThat(e.kind()).isEqualTo(ScriptException.Kind.LIMIT));
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(4 * Script.MOST_BYTES);
    }

    @Test
    void textsThatAreHardToRead() {
        for (String hard : List.of(
                "(".repeat(4_000),
                "a[?".repeat(1_000),
                "!".repeat(4_000) + "a",
                "a.".repeat(2_000) + "a",
                "a||".repeat(1_300) + "a",
                "a|".repeat(2_000) + "a",
                "`" + "[".repeat(4_000),
                "&".repeat(4_000),
                "a[*]".repeat(1_000),
                "\"" + "a".repeat(4_000),
                "'" + "\\'".repeat(2_000))) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            String broken = JmesPath.broken(hard);
            assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                    .as(hard.substring(0, 8) + " " + broken)
                    .isLessThan(8 * Script.MOST_BYTES);
        }
        assertThat(JmesPath.broken("a".repeat(JmesPath.MOST_CHARACTERS + 1))).contains("at most 4096");
    }

    @Test
    void whatItIsGivenStaysAsItIs() {
        List<Object> list = new ArrayList<>(List.of(3, 1, 2));
        JmesPath.of("[sort(@), reverse(@)]").evaluate(list);
        assertThat(list).isEqualTo(List.of(3, 1, 2));
    }
}
