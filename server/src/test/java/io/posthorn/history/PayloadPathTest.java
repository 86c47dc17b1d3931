package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths as PostgreSQL writes them. */
class PayloadPathTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "$",
                "strict $.\"a\".\"b\"[*]",
                "$.\"**, keyvalue == \\\" **\".**",
                "$.**{2 to 5}.\"id\"",
                "$.\"items\"[0 to last]?(@.\"sku\" == \"x, y\" && @.\"n\" >= -1.5)",
                "($.\"a\" == 1)",
                "$.\"a\"?(1 < @ || !(@ like_regex \"^a+$\" flag \"i\"))",
                "$.\"a\"?(@ == null)",
                "$.\"a\"?(-1e10 != @)",
                "$.\"a\"?(@ starts with \"b\")",
                "$.\"$x\"?(@ == \"$\" || @ like_regex \"^[$]$\" || @ starts with \"\\\"$\")",
                "strict $[last - 1]",
                "(exists ($.\"a\"[*]))",
                "$.\"a\"[*]?(@.\"b\"?(@ == 1) > 0)",
            })
    void isFine(String path) {
        assertThat(PayloadPath.broken(path)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$.**.**",
                "$.keyvalue().**",
                "$.\"a\".keyvalue().keyvalue()",
                "$[0,0][0,0]",
                "$.\"a\"?(@ == $.\"b\")",
                "($.\"a\" < $.\"b\")",
                "$?(@.\"a\" == @.\"b\" + 1)",
                "$?(1 + @.\"a\" <= $.\"b\")",
                "$?(@.\"a\" + 1 <> $.\"b\")",
                "$?(@ == 1 + $.\"b\")",
                "$[*]?($[*] == 2)",
                "$[*]?(exists ($[*]?(@ == 2)))",
                "$[*]?($[*] like_regex \"a\")",
                "$[*]?($[*] starts with \"a\")",
                "$[*]?(@[*]?(1 == $[*]))",
                "($[*] == 1 && $[*] == 2)",
                "$[$[*]]",
                "$[*]?(@ == 1)[$]",
                "$?(exists (@[*][@[*]?(@ == 0)]))",
                "$[*]?(@ == 1)[@.size()]",
                "$\"x\"",
                "$[*][*][*][*][*][*][*][*][*][*][*]",
                "$.abs().abs().abs().abs().abs().abs().abs().abs().abs().abs().abs()",
                "(- - - - - - - - - - - $[*])",
                "$[*]?(@ == 1 || @ == 1 || @ == 1 || @ == 1 || @ == 1 || @ == 1 || @ == 1 || @ == 1 || @ == 1)",
                "$?(!(!(!(!(!(!(!(!(!(!(@ == 1)))))))))))",
            })
    void couldGrowWithoutBound(String path) {
        assertThat(PayloadPath.broken(path)).startsWith("may ");
    }
}
