package io.posthorn.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class KindsTest {
    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/8", "127.0.0.1/32", "0.0.0.0/0", "fd00::/8", "::1/128"})
    void takesNetworks(String text) {
        assertThat(NetworkKinds.cidr().parse(text)).isEqualTo(new Parsed.Value<>(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.0.0.0        | must be a network such as 10.0.0.0/8 or fd00::/8",
                "localhost/8     | must be a network such as 10.0.0.0/8 or fd00::/8",
                "300.0.0.0/8     | must be a network such as 10.0.0.0/8 or fd00::/8",
                "10.0.0.0/33     | must have a prefix of at most 32 bits",
                "fd00::/129      | must have a prefix of at most 128 bits",
                "10.0.0.1/8      | must have only zeros behind its 8 bits of prefix",
            })
    void refusesWhatIsNoNetwork(String text, String rule) {
        assertThat(NetworkKinds.cidr().parse(text)).isEqualTo(new Parsed.Wrong<>(rule));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://localhost/posthorn",
                "jdbc:postgresql://db:5432/posthorn?sslmode=require",
                "postgres://joe:pw@db/posthorn"
            })
    void takesDatabases(String text) {
        assertThat(NetworkKinds.database().parse(text)).isEqualTo(new Parsed.Value<>(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mysql://localhost/posthorn", "localhost:5432/posthorn", "postgresql://localhost", ""})
    void refusesWhatIsNoDatabase(String text) {
        assertThat(NetworkKinds.database().parse(text))
                .isEqualTo(new Parsed.Wrong<>("must be a URL such as postgresql://localhost:5432/posthorn"));
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://joe:hidden@db/p, postgresql://joe:***@db/p",
        "postgresql://joe:hid@den@db/p, postgresql://joe:***@db/p",
        "jdbc:postgresql://db/p?user=joe&password=hidden&ssl=true, jdbc:postgresql://db/p?user=joe&password=***&ssl=true",
        "mysql://joe:hidden@db, mysql://joe:***@db",
        "postgresql://db:5432/p, postgresql://db:5432/p",
    })
    void showsNoPasswordOfADatabase(String text, String shown) {
        assertThat(NetworkKinds.database().mask(text)).isEqualTo(shown);
    }

    @Test
    void namesTheWrongEntryOfAList() {
        Kind<List<Integer>> kind = Kinds.list(Kinds.number(1, 9), 3);
        assertThat(kind.parse("1, 2,3")).isEqualTo(new Parsed.Value<>(List.of(1, 2, 3)));
        assertThat(kind.parse("")).isEqualTo(new Parsed.Value<>(List.of()));
        assertThat(kind.parse("1,two"))
                .isEqualTo(new Parsed.Wrong<>("entry 2, 'two', must be a whole number from 1 to 9"));
        assertThat(kind.parse("1,2,3,4")).isEqualTo(new Parsed.Wrong<>("must have at most 3 entries, it has 4"));
    }

    @Test
    void keysHaveTheirLength() {
        assertThat(Kinds.key(4).parse("AAAAAA==")).isEqualTo(new Parsed.Value<>(new Secret("AAAAAA==")));
        assertThat(Kinds.key(4).parse("AAAA")).isInstanceOf(Parsed.Wrong.class);
        assertThat(Kinds.key(4).parse("not base64")).isInstanceOf(Parsed.Wrong.class);
    }

    @Test
    void secretsShowStars() {
        Secret secret = new Secret("hidden");
        assertThat(Kinds.password().show(secret)).isEqualTo("***");
        assertThat(Kinds.password().mask("hidden")).isEqualTo("***");
        assertThat(secret).hasToString("***").isEqualTo(new Secret("hidden")).isNotEqualTo(new Secret("other"));
    }
}
