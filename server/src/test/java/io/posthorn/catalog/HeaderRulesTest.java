package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.model.CustomHeader;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderRulesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"X-Key", "authorization", "Cookie", "a", "!#$%&'*+-.^_`|~09", "Webhook", "X-Webhook-Id", "Hosts"
            })
    void theseNamesAreTheirs(String name) {
        assertThat(HeaderRules.name(name)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "a:",
                ":path",
                "a\r\nb",
                "a\u0000",
                "ü",
                "K\u212A", // the sign for Kelvin, which is a k in lower case
                "(a)",
                "a,b",
                "a\"b",
                "Host",
                "Content-Type",
                "content-length",
                "Content-Encoding",
                "Transfer-Encoding",
                "CONNECTION",
                "Keep-Alive",
                "Upgrade",
                "HTTP2-Settings",
                "TE",
                "Trailer",
                "Expect",
                "User-Agent",
                "Proxy-Authorization",
                "proxy-connection",
                "webhook-signature",
                "Webhook-Id",
                "WEBHOOK-TIMESTAMP",
                "webhook-",
                "Svix-Signature",
                "svix-x"
            })
    void theseNamesAreNot(String name) {
        assertThat(HeaderRules.name(name)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "Bearer abc", "a  b", "~!\"#", "x=y; z"})
    void theseAreValues(String value) {
        assertThat(HeaderRules.value(value)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", " a", "a ", "a\r\nHost: b", "a\nb", "a\rb", "a\u0000", "a\tb", "a\u007f", "ü", "a\u0085"
            })
    void theseAreNotValues(String value) {
        assertThat(HeaderRules.value(value)).contains("visible ASCII");
    }

    @Test
    void theBoundsOfAllOfThem() {
        assertThat(HeaderRules.name("n".repeat(256))).isNull();
        assertThat(HeaderRules.name("n".repeat(257))).contains("256");
        assertThat(HeaderRules.all(many(50))).isNull();
        assertThat(HeaderRules.all(many(51))).contains("50", "51");
        assertThat(HeaderRules.all(List.of(header("a", "v".repeat(16_383))))).isNull();
        assertThat(HeaderRules.all(List.of(header("a", "v".repeat(16_384))))).contains("16385");
        assertThat(HeaderRules.all(List.of(header("X-A", "1"), header("x-a", "2"))))
                .contains("twice");
    }

    @Test
    void whatLooksSecretIsSensitive() {
        for (String name : List.of(
                "Authorization", "X-Api-Key", "Cookie", "X-Auth", "My-Token", "x-shared-SECRET", "X-Password")) {
            assertThat(HeaderRules.sensitive(name, "v")).as(name).isTrue();
        }
        assertThat(HeaderRules.sensitive("X-Plain", "bearer abc")).isTrue();
        assertThat(HeaderRules.sensitive("X-Plain", "Basic YTpi")).isTrue();
        assertThat(HeaderRules.sensitive("X-Plain", "basics")).isFalse();
        assertThat(HeaderRules.sensitive("X-Environment", "production")).isFalse();
    }

    @Test
    void aHeaderDoesNotPrintItsValue() {
        assertThat(header("X-Plain", "hidden").toString()).contains("X-Plain").doesNotContain("hidden");
    }

    private static List<CustomHeader> many(int count) {
        return IntStream.range(0, count).mapToObj(i -> header("x-" + i, "v")).toList();
    }

    private static CustomHeader header(String name, String value) {
        return new CustomHeader(name, value, false);
    }
}
