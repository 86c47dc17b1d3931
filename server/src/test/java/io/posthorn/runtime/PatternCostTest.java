package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatternCostTest {
    private static final String ENDLESS = "(?:(?:(?:){2147483647}){2147483647}){2147483647}";

    @ParameterizedTest
    @ValueSource(
            strings = {
                ENDLESS,
                "a{1001}",
                "(?:a{32}){32}",
                "(?:(?:(?:a{10}){10}){10}){2,}",
                "a{40}{40}",
                "(?:[]({]{100}){11}",
                "(?:[^]){5}]{100}){11}",
                "(?:[a[b(]c)]{100}){11}",
                "(?:\\Q(\\E{100}){11}",
                "(?:[\\Q]\\E(]{100}){11}",
                "(?:\\\\Q{100}){11}",
                "(?:\\({100}){11}",
                "(?:\\x{28}{100}){11}",
                "(?:(?<name>){100}){11}",
                "(?i)(?:(?=){100}){11}",
                "(?:(?i:)\\b{100}){11}",
                "(?:^{100}){11}",
                "(?x)(?:){1 0}",
                "(?i-x:a)",
                "\\c(a",
                // as many ways as there are halves of halves
                "(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?!)",
                "(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?:)?(?!)",
                "^?^?^?^?^?^?^?^?^?^?^?^?^?^?^?^?(?!)",
                "(?=(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?:a|b*)?(?!))",
                // as many places to begin at as it is wide
                "(?<=(?!)x{0,1000000})",
                "(?<!(?!)x{0,300}y{0,1000000})",
            })
    void isRefused(String pattern) {
        assertThat(PatternCost.broken(Pattern.compile(pattern))).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12},?){1,9}$",
                "^[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.)+[A-Za-z]{2,63}$",
                "^(https?)://([^/?#]*)([^?#]*)(\\?([^#]*))?(#(.*))?$",
                "^\\d{4}-(0[1-9]|1[0-2])-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:?\\d{2})$",
                "^\\s*(a|b|c)?\\s*(d|e)?\\s*$",
                "^.{1,5000}$",
                "(?<=\\$)\\d+(?:\\.\\d\\d)?",
                "\\Q(?:{99999}\\E",
                "[{]99999}",
                "\\p{L}{1,1000}",
                "^(?!.*\\.\\.)(?=.{1,254}$)[a-z.]+$",
                "(\\w+)\\s+\\1",
                "^\\x{1F600}$",
                "^(a+)+$",
            })
    void isAllowed(String pattern) {
        assertThat(PatternCost.broken(Pattern.compile(pattern))).isNull();
    }

    @Test
    void oneThatLooksFindsTheSame() {
        for (String pattern : List.of("a|b", "(?i)B(c)?|^x", "b$", "\\Qb(", "(b)(?<c>c)?", "", "^", "(?m)^b|c$")) {
            Pattern given = Pattern.compile(pattern);
            for (String text : List.of("", "abc", "xb(", "a\nb\nc", "cbcb")) {
                assertThat(all(PatternCost.looking(given), text)).isEqualTo(all(given, text));
            }
        }
    }

    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(found -> found.start() + found.group() + (found.groupCount() > 0 ? found.group(1) : ""))
                .toList();
    }

    @Test
    void itLooksAtEachPlaceWhereItIsTried() {
        int[] looks = new int[1];
        CharSequence counting = new CharSequence() {
            @Override
            public int length() {
                return 1_000;
            }

            @Override
            public char charAt(int index) {
                looks[0]++;
                return 'a';
            }

            @Override
            public CharSequence subSequence(int start, int end) {
                return "a".repeat(end - start);
            }
        };
        Matcher matcher = PatternCost.looking(Pattern.compile("(?:){1000}(?!)")).matcher(counting);

        assertThat(matcher.find()).isFalse();
        assertThat(looks[0]).isGreaterThanOrEqualTo(1_000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$contains('a', /" + ENDLESS + "/)",
                "false ? [{'a': function() { /" + ENDLESS + "/ }}]",
                "$map([1], function($v) { $v ~> |$|{'a': /" + ENDLESS + "/}| })",
                "a[$match(b, /" + ENDLESS + "/)]^($contains(c, /a/)){d: $e}",
            })
    void aScriptWithOneIsRefusedWhenItIsRead(String script) {
        assertThatThrownBy(() -> Script.of(script))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining("the regular expression repeats something at least 2147483647 times")
                .hasMessageContaining("line 1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "function($x)<(\"s](?:(?:(?:){2147483647}){2147483647}){2147483647}[s\")>{$x}(\"a\")",
                "function($x)<(s]|[s)>{$x}(\"a\")",
            })
    void aSignatureHasTypesOnly(String script) {
        assertThatThrownBy(() -> Script.of(script))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining("signature");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "function($x)<s:s>{$x}('a')",
                "function($x)<(ns)->{$x}('a')",
                "function($x, $y)<s-n?:x>{$x}('a')",
                "function($x)<a<s>>{$x[0]}(['a'])",
                "function($f, $x)<f<s:s>x+>{$f($x)}(function($y){$y}, 'a')",
                "(function()<:s>{'a'})()",
            })
    void otherSignaturesAreAsTheyWere(String script) {
        assertThat(Script.of(script).evaluate(null, Map.of())).isEqualTo("a");
    }

    @Test
    void aSchemaWithOneIsRefused() {
        assertThat(JsonSchema.broken("{\"pattern\":\"a{1000}\"}")).isNull();
        assertThat(JsonSchema.broken("{\"pattern\":\"" + ENDLESS + "\"}")).contains("pattern");
        assertThat(JsonSchema.broken("{\"patternProperties\":{\"" + ENDLESS + "\":true}}"))
                .contains("atter");
        assertThat(JsonSchema.broken("{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"properties\":{\"b\":{\"pattern\":\""
                        + ENDLESS + "\"}}}}}"))
                .contains("atter");
    }

    @Test
    void aSchemaThatFailsWithoutALookIsCounted() {
        JsonSchema schema = JsonSchema.of("{\"pattern\":\"(?:){1000}(?!)\"}");

        assertThat(schema.check(("\"" + "a".repeat(1 << 20) + "\"").getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isInstanceOf(JsonSchema.Checked.Unclear.class);
    }

    @Test
    void aScriptThatFailsWithoutALookIsStopped() {
        assertThatThrownBy(() -> Script.of("$contains($pad('', 1000000, 'a'), /(?:){1000}(?!)/)")
                        .evaluate(null, Map.of()))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining("longer than");
    }
}
