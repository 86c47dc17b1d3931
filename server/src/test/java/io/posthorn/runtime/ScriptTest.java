package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScriptTest {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What a script may ask for, and what one function may ask for beyond that before it is seen. */
    private static final long MOST_ASKED = 4 * Script.MOST_BYTES;

    private static final Map<String, Object> ORDER = Map.of(
            "order",
            Map.of(
                    "id",
                    17,
                    "items",
                    List.of(
                            Map.of("sku", "a", "price", 2.5, "quantity", 2),
                            Map.of("sku", "b", "price", 10, "quantity", 1))));

    private static @Nullable Object value(String script) {
        return Script.of(script).evaluate(ORDER, Map.of());
    }

    private static ScriptException refused(String script) {
        return catchThrowableOfType(ScriptException.class, () -> value(script));
    }

    @Test
    void theWholeLanguage() {
        assertThat(value("$sum(order.items.(price * quantity))")).isEqualTo(15);
        assertThat(value("order.items[price > 5].sku")).isEqualTo("b");
        assertThat(value("order.items^(>price).sku")).isEqualTo(List.of("b", "a"));
        assertThat(value("order.items{sku: price}")).isEqualTo(Map.of("a", 2.5, "b", 10));
        assertThat(value("order ~> | items | {'total': price * quantity}, ['price', 'quantity'] |"))
                .isEqualTo(Map.of(
                        "id", 17, "items", List.of(Map.of("sku", "a", "total", 5), Map.of("sku", "b", "total", 10))));
        assertThat(value("($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(10))"))
                .isEqualTo(3_628_800);
        assertThat(value("order.items#$i.{'at': $i, 'sku': sku}"))
                .isEqualTo(List.of(Map.of("at", 0, "sku", "a"), Map.of("at", 1, "sku", "b")));
        assertThat(value("order.items.sku.%.%.id")).isEqualTo(List.of(17, 17));
        assertThat(value("$map(order.items, function($v, $i) { $v.sku & $i })")).isEqualTo(List.of("a0", "b1"));
        assertThat(value("order.items.sku ~> $join('-') ~> $uppercase")).isEqualTo("A-B");
        assertThat(value("($j := $join(?, '+'); $j(order.items.sku))")).isEqualTo("a+b");
        assertThat(value("$reduce([1..5], function($a, $b) { $a + $b })")).isEqualTo(15);
        assertThat(value("nothing.at.all")).isNull();
        assertThat(value("{'a': null, 'b': nothing}")).isEqualTo(asMap("a", null));
        assertThat(Script.of("$x + 1").evaluate(null, Map.of("x", 2))).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "$pad('ab', 5, '-+') ~ ab-+-",
                "$pad('ab', -5) & '|' ~    ab|",
                "$substring('hällo', 1, 2) ~ äl",
                "$substring('hello', -3) ~ llo",
                "$substringBefore('a@b', '@') & $substringAfter('a@b', '@') ~ ab",
                "$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1') ~ Smith, John",
                "$replace('a1b2', /[0-9]/, function($m) { '<' & $m.match & '>' }) ~ a<1>b<2>",
                "$replace('a.b.c', '.', '/', 1) ~ a/b.c",
                "$replace('265USD', /([0-9]+)USD/, '$$$1') ~ $265",
                "$join($split('a,b;c', /[,;]/), '-') ~ a-b-c",
                "$join($split('a, b, c', ', ', 2), '-') ~ a-b",
                "$match('ababbc', /a(b+)/)[1].groups[0] ~ bb",
                "$string($contains('abracadabra', /a.*d/)) ~ true",
                "$string($contains('abra', 'x')) ~ false",
                "$string($filter(['ab', 'cd'], /a/)) ~ ab",
                "$formatNumber(1234.5, '#,##0.00') ~ 1,234.50",
                "$fromMillis(0, '[Y0001]-[M01]-[D01]') ~ 1970-01-01",
                "$string($toMillis('1970-01-02', '[Y0001]-[M01]-[D01]')) ~ 86400000",
                "$string($round(123.456, 2)) ~ 123.46",
                "$string($distinct([1, 2, 1])) ~ [1,2]",
                "$string($spread({'a': 1, 'b': 2})) ~ [{\"a\":1},{\"b\":2}]",
                "$base64decode($base64encode('x')) ~ x",
                "$lowercase('ÄB') ~ äb",
            },
            ignoreLeadingAndTrailingWhitespace = false)
    void functionsThatAreOurs(String script, String expected) {
        assertThat(value(script.strip())).isEqualTo(expected.substring(1));
    }

    @Test
    void theClockIsOurs() {
        assertThat(Script.of("$millis() & ' ' & $now()", () -> 1_000_000_000_000_000L)
                        .evaluate(null, Map.of()))
                .isEqualTo("1000000000000 2001-09-09T01:46:40.000Z");
    }

    @Test
    void anErrorHasItsPlace() {
        ScriptException syntax = catchThrowableOfType(ScriptException.class, () -> Script.of("{\n  'a': 1,\n  'b': }"));
        assertThat(syntax.kind()).isEqualTo(ScriptException.Kind.SYNTAX);
        assertThat(syntax.line()).isEqualTo(3);
        assertThat(syntax.column()).isBetween(7, 8);
        assertThat(Script.broken("a.")).startsWith("line 1, column");
        assertThat(Script.broken("a.b")).isNull();
        assertThat(Script.broken(" ")).isEqualTo("is empty");

        ScriptException failed = refused("(\n  $a := 1;\n  $a & $uppercase(order.id)\n)");
        assertThat(failed.kind()).isEqualTo(ScriptException.Kind.FAILED);
        assertThat(failed.line()).isEqualTo(3);
        assertThat(failed.rule()).contains("uppercase");
        assertThat(refused("order.id + 'a'").line()).isEqualTo(1);
        assertThat(refused("$error('no stock')").rule()).isEqualTo("no stock");
    }

    @Test
    void whatItIsGivenStaysAsItIs() {
        Map<String, Object> inner = new HashMap<>(Map.of("b", new ArrayList<>(List.of(1, 2))));
        Map<String, Object> input = new HashMap<>(Map.of("a", inner));
        Script.of("{} ~> | $$.a | {'c': 1}, 'b' |").evaluate(input, Map.of());
        Script.of("$x ~> | $x | {'c': 1}, 'b' |").evaluate(input, Map.of("x", inner));
        Object same = Script.of("$").evaluate(input, Map.of());
        assertThat(input).isEqualTo(Map.of("a", Map.of("b", List.of(1, 2)))).isEqualTo(same);
        assertThat(same).isNotSameAs(input);
    }

    @Test
    void oneEvaluationLeavesNothingToTheNext() {
        Script script = Script.of("($r := $exists($seen) ? 'again' : 'first'; $seen := true; $r)");
        assertThat(script.evaluate(1, Map.of())).isEqualTo("first");
        assertThat(script.evaluate(1, Map.of())).isEqualTo("first");
        Script top = Script.of("$seen := ($exists($seen) ? 'again' : 'first')");
        assertThat(top.evaluate(1, Map.of())).isEqualTo("first");
        assertThat(top.evaluate(1, Map.of())).isEqualTo("first");
    }

    /** The library takes each evaluation to be within the one before: none was let go, and looking up a name overflowed. */
    @Test
    void itCanBeEvaluatedAnyNumberOfTimes() {
        Script script = Script.of("($x := a; $x + 1)");
        Script other = Script.of("($x := a; $x + 2)");
        Expression expression = Expression.of("a = 1");
        for (int i = 0; i < 50_000; i++) {
            assertThat(script.evaluate(Map.of("a", 1), Map.of())).isEqualTo(2);
            assertThat(other.evaluate(Map.of("a", 1), Map.of())).isEqualTo(3);
            assertThat(expression.ask(Map.of("a", 1)).holds()).isTrue();
        }
    }

    @Test
    void nullsStay() {
        Map<String, @Nullable Object> input = asMap("a", null);
        assertThat(Script.of("$").evaluate(input, Map.of())).isEqualTo(input);
        assertThat(Script.of("$exists(a) and a = null").evaluate(input, Map.of()))
                .isEqualTo(true);
        assertThat(Script.of("$count(l)").evaluate(Map.of("l", Arrays.asList(1, null)), Map.of()))
                .isEqualTo(2);
    }

    private static Map<String, @Nullable Object> asMap(String name, @Nullable Object value) {
        Map<String, @Nullable Object> map = new HashMap<>();
        map.put(name, value);
        return map;
    }

    @Test
    void onPlatformThreadsOnly() throws Exception {
        Throwable[] thrown = new Throwable[1];
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        value("1");
                    } catch (IllegalStateException e) {
                        thrown[0] = e;
                    }
                })
                .join();
        assertThat(thrown[0]).hasMessageContaining("platform thread");
    }

    /** Every one of these would take a processor or the heap, if it were let. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                // no end
                "$contains($pad('', 1000000, 'a'), /(?:){1000}(?!)/)",
                "($f := function($x) { 1 + $f($x) }; $f(1))",
                "(function($x) { $x($x) })(function($x) { $x($x) })",
                "($y := function($x) { [$x($x)] }; $y($y))",
                "$map([1..100000], function($a) { $map([1..100000], function($b) { $a * $b }) })",
                "($f := function($n) { $n < 2 ? 1 : $f($n - 1) + $f($n - 2) }; $f(40))",
                "[1..100000].([1..100000].($ * 2))",
                "$sift({'a': 1}, function() { ($g := function($n) { $g($n) }; $g(1)) })",
                // texts
                "($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $d('aaaaaaaa', 40))",
                "$reduce([1..60], function($s) { $s & $s & 'a' }, 'a')",
                "$pad('', 2000000000)",
                "$pad('', -2000000000, 'xyz')",
                "$join([1..100000].('a'), $pad('', 100000, 'x'))",
                "$replace($pad('', 100000, 'a'), 'a', $pad('', 100000, 'x'))",
                "$replace($pad('', 100000, 'a'), /a/, $pad('', 100000, 'x'))",
                "$replace($pad('', 100000, 'a'), /(a+)/, $pad('', 100000, '$1'))",
                "$split($pad('', 2000000, 'a'), '')",
                "$fromMillis(0, '[Y,2000000000]')",
                "$formatNumber(1, $pad('', 1000000, '0'))",
                "$formatInteger(1, $pad('', 1000000, '0'))",
                "$round(1.5, 2000000000)",
                "$round(1.5, -2000000000)",
                "$string([1..100000].[1..100])",
                // regular expressions
                "$match($pad('', 5000, 'a') & '!', /(a+)+b/)",
                "$contains($pad('', 100000, 'a'), /(a|a)*b/)",
                "$replace($pad('', 100000, 'a'), /(a*)*b/, 'x')",
                "$split($pad('', 100000, 'a'), /(.*.*.*)=/)",
                "$pad('', 100000, 'a') ~> /(a+)+b/",
                "$filter([$pad('', 100000, 'a')], /(a+)+$b/)",
                "($r := /(a+)+b/; $r($pad('', 100000, 'a')))",
                "$map([$pad('', 100000, 'a')], /(a+)+b/)",
                // lists
                "[1..10000000]",
                "$sum([1..10000000])",
                "$count([1..9999999])",
                "([1..100000]; $x := [1..100000]; [1..100000].$x)",
                "($x := [1..100000]; [1..100000].{'a': $x})",
                "$reduce([1..100000], $append)",
                "$reduce([1..100000], $append, [])",
                "$spread([1..100000].{'a': 1, 'b': 2})",
                "$zip([1..100000], [1..100000], [1..100000])",
                "[1..100000]@$x.[1..100000]@$y.{'a': $x, 'b': $y}",
                "[1..100000]@$x{'k': $x}",
                "[1..100000]{'k': $}",
                "($d := function($l, $n) { $n = 0 ? $l : $d([[$l], [$l]], $n - 1) }; $string($d([1], 60)))",
                "($d := function($l, $n) { $n = 0 ? $l : $d({'a': $l, 'b': $l}, $n - 1) }; $d([1], 60) = $d([1], 60))",
                "($d := function($l, $n) { $n = 0 ? $l : $d([[$l], [$l]], $n - 1) }; $d([1], 60).**)",
                "($d := function($l, $n) { $n = 0 ? $l : $d([[$l]], $n - 1) }; $d([1], 100000))",
                "$distinct([1..60000].[[$ * 31, 60000 - $]])",
                "$sort($shuffle([1..100000]), function($a, $b) { $a < $b })",
                "$keys([1..100000].{$string($): 1})",
                "$merge([1..100000].{$string($): 1})",
                // what changes after it was made
                "{'a': 1} ~> |$|{'self': $}|",
                "($r := {'l': [1..30].{'n': $}}; $r ~> |$l := l|{'a': $l[$.n + 1], 'b': $l}|)",
                "($f := |$|{'a': $, 'b': $}|; $g := function($x, $n) { $n = 0 ? $x : $g($f($x), $n - 1) }; $g({}, 60))",
                // ways out
                "$eval('1 + 1')",
                "function($a)<xxxxxxx:x> { $a }",
                "$sum",
            })
    void endsWithinItsBounds(String script) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        ScriptException refused = refused(script);
        assertThat(refused).as(script).isNotNull();
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).as(script).isLessThan(MOST_ASKED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$__evaluate_entry := 1",
                "($__evaluate_exit := null; 1)",
                "function($__evaluate_entry) { 1 }(null)",
                "a@$__evaluate_entry.b",
                "a#$__evaluate_exit.b",
                "`__evaluate_entry`",
            })
    void itCannotStopThoseWhoWatch(String script) {
        assertThatThrownBy(() -> Script.of(script))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining("not allowed");
    }

    @Test
    void textsThatAreHardToRead() {
        for (String hard : List.of(
                "(".repeat(16_000),
                "[".repeat(8_000) + "]".repeat(8_000),
                "{\"a\":".repeat(3_000) + "1" + "}".repeat(3_000),
                "a.".repeat(8_000) + "a",
                "-".repeat(16_000) + "1",
                "1+".repeat(8_000) + "1",
                "a?".repeat(4_000) + "1" + ":1".repeat(4_000),
                "function(){".repeat(1_000) + "1" + "}".repeat(1_000),
                "$f(".repeat(4_000) + ")".repeat(4_000),
                "'" + "\\u0041".repeat(2_600) + "'",
                "/" + "(a".repeat(7_000) + "/",
                "/" + "(".repeat(7_000) + ")".repeat(7_000) + "/",
                "a[".repeat(5_000) + "1" + "]".repeat(5_000),
                "a~>".repeat(5_000) + "b",
                "a^(b)".repeat(3_000),
                "a.%".repeat(30),
                "/*".repeat(8_000),
                "`" + "a".repeat(16_000),
                "function($a)<" + "x?".repeat(8_000),
                "a|".repeat(5_000))) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            String broken = Script.broken(hard);
            assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                    .as(hard.substring(0, 12) + " " + broken)
                    .isLessThan(MOST_ASKED * 2);
        }
        assertThat(Script.broken("a".repeat(Script.MOST_CHARACTERS + 1))).contains("at most 16384");
        assertThat(Script.broken("%".repeat(65))).contains("percent");
        assertThat(Script.broken("a@$x.".repeat(9) + "b")).contains("bound by");
    }

    @Test
    void whatItIsGivenIsBounded() {
        Script script = Script.of("1");
        Object deep = 1;
        for (int i = 0; i <= Script.MOST_LEVELS; i++) {
            deep = List.of(deep);
        }
        Object nested = deep;
        assertThatThrownBy(() -> script.evaluate(nested, Map.of())).hasMessageContaining("levels");
        assertThatThrownBy(() -> script.evaluate("a".repeat(Script.MOST_WEIGHT), Map.of()))
                .hasMessageContaining("characters");
        List<Object> shared = List.of(1);
        for (int i = 0; i < 60; i++) {
            shared = List.of(shared, shared);
        }
        List<Object> many = shared;
        assertThatThrownBy(() -> script.evaluate(many, Map.of())).isInstanceOf(ScriptException.class);
        assertThat(Script.of("$length($)").evaluate("a".repeat(1 << 20), Map.of()))
                .isEqualTo(1 << 20);
    }

    @Test
    void oneThatWentTooFarCanBeUsedAgain() {
        Script script = Script.of("$string([1..n])");
        assertThatThrownBy(() -> script.evaluate(Map.of("n", 10_000_000), Map.of()))
                .isInstanceOfSatisfying(
                        ScriptException.class, e -> assertThat(e.kind()).isEqualTo(ScriptException.Kind.LIMIT));
        assertThat(script.evaluate(Map.of("n", 3), Map.of())).isEqualTo("[1,2,3]");
    }

    private static final String ENDLESS = "$contains($pad('', 1000000, 'a'), /(?:){1000}(?!)/)";

    @Test
    void theExpressionsOfARequestShareABudget() {
        Script endless = Script.of(ENDLESS);
        Script cheap = Script.of("1");
        try (Budget _ = Budget.open()) {
            for (int i = 0; i < 5; i++) { // each takes all that it may, of one of the two times
                assertThatThrownBy(() -> endless.evaluate(null, Map.of())).hasMessageContaining("longer than");
            }
            assertThatThrownBy(() -> cheap.evaluate(null, Map.of())).hasMessageContaining("left of the 250 ms");
            assertThatThrownBy(() -> JmesPath.of("a").evaluate(Map.of())).hasMessageContaining("left of the 250 ms");
            try (Budget _ = Budget.open()) {
                assertThat(cheap.evaluate(null, Map.of())).isEqualTo(1);
            }
            assertThatThrownBy(() -> cheap.evaluate(null, Map.of())).hasMessageContaining("left of the 250 ms");
        }
        assertThat(cheap.evaluate(null, Map.of())).isEqualTo(1);
    }

    @Test
    void theOnesUsedLastAreKept() {
        Scripts scripts = new Scripts(2 * (Scripts.OF_EACH + 1));
        Script one = scripts.get("1");
        assertThat(scripts.get("2")).isNotSameAs(one);
        assertThat(scripts.get("1")).isSameAs(one);
        scripts.get("3");
        assertThat(scripts.get("1")).isSameAs(one);
        assertThatThrownBy(() -> scripts.get("(")).isInstanceOf(ScriptException.class);
        assertThat(scripts.get("1")).isSameAs(one);
        Script large = scripts.get("1" + " ".repeat(2 * Scripts.OF_EACH));
        assertThat(scripts.get("1" + " ".repeat(2 * Scripts.OF_EACH))).isSameAs(large);
        assertThat(scripts.get("1")).isNotSameAs(one);
    }
}
