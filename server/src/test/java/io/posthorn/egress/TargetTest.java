package io.posthorn.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Requirement({"B2", "B3", "D22"})
class TargetTest {
    private static final EgressPolicy STRICT = new EgressPolicy(false, List.of());
    private static final EgressPolicy DEVELOPMENT = new EgressPolicy(true, List.of("127.0.0.0/8"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.1",
                "127.0.1",
                "2130706433",
                "0x7f000001",
                "0x7f.1",
                "0x7F.0x0.0x0.0x1",
                "017700000001",
                "0177.0.0.1",
                "0177.1",
                "127.0.0.1.",
                "１２７.0.0.1",
                "127。0。0。1",
                "①②⑦.0.0.1",
                "[::1]",
                "[::ffff:127.0.0.1]",
                "[::ffff:7f00:1]",
                "[0:0:0:0:0:ffff:7f00:0001]",
                "[::127.0.0.1]",
                "[64:ff9b::7f00:1]",
                "[64:ff9b::127.0.0.1]",
                "[2002:7f00:1::]",
                "localhost",
                "LOCALHOST",
                "localhost.",
                "api.localhost"
            })
    void thisMachineIsRefusedHoweverItIsWritten(String host) {
        assertThat(refusal("https://" + host + "/hook", STRICT)).contains("must not be reached");
        assertThat(refusal("https://" + host + ":8443", STRICT)).contains("must not be reached");
    }

    @ParameterizedTest
    @CsvSource({
        "https://10.1.2.3/, private",
        "https://0xa9.0xfe.0xa9.0xfe/latest/meta-data, metadata",
        "https://2852039166/, metadata",
        "https://[fd00:ec2::254]/, metadata",
        "https://0/, unspecified",
        "https://[fe80::1]/, link-local",
        "https://192.168.257/, private"
    })
    void otherAddressesThatAreNotPublicAreRefused(String url, String reason) {
        assertThat(refusal(url, STRICT)).contains(reason).contains("allow-network");
    }

    @ParameterizedTest
    @CsvSource({
        "ftp://example.com, https://",
        "example.com, https://",
        "//example.com, https://",
        "https:/example.com, https://",
        "'', https://",
        "https://, no host",
        "https:///path, no host",
        "https://:443/, no host",
        "https://example.com#top, fragment",
        "https://user:secret@example.com/, user name",
        "https://8.8.8.8@127.0.0.1/, user name",
        "https://example.com:0/, port",
        "https://example.com:65536/, port",
        "https://example.com:/, port",
        "https://example.com:8x/, port",
        "https://example.com:+80/, port",
        "https://example.com:80:80/, port",
        "https://exa mple.com/, position 12",
        "https://example.com/\\evil, backslash",
        "https://example.com\t/, position 20",
        "https://exa%6dple.com/, not a valid name",
        "https://-a.example.com/, not a valid name",
        "https://a..example.com/, not a valid",
        "https://exam$ple.com/, not a valid name",
        "https://1.2.3.4.5/, not an IPv4 address",
        "https://256.1.1.1/, not an IPv4 address",
        "https://example.7/, not an IPv4 address",
        "https://0x/, not an IPv4 address",
        "https://4294967296/, not an IPv4 address",
        "https://[::1/, IPv6",
        "https://[fe80::1%25eth0]/, zone",
        "https://[1.2.3.4]/, IPv6",
        "https://[::1]x:443/, IPv6",
        "https://[gg::]/, IPv6"
    })
    void whatIsNotAUrlForUsIsRefusedWithAReason(String url, String reason) {
        assertThat(refusal(url.replace("\\t", "\t"), STRICT)).contains(reason);
    }

    @Test
    void aUrlThatIsTooLongIsRefused() {
        String longest = "https://example.com/" + "a".repeat(2_048 - 20);

        assertThat(ok(longest, STRICT).path()).hasSize(2_048 - 19);
        assertThat(refusal(longest + "a", STRICT)).contains("2049").contains("2048");
    }

    @Test
    @Requirement("B4")
    void httpAndTunnelsAreForDevelopment() {
        assertThat(refusal("http://example.com", STRICT)).contains("https://").contains("allow-http");
        assertThat(refusal("https://abc123.ngrok.io/x", STRICT)).contains("tunnel");
        assertThat(refusal("https://loca.lt", STRICT)).contains("tunnel");
        assertThat(ok("https://notngrok.io", STRICT).host()).isEqualTo("notngrok.io");

        assertThat(refusal("example.com", STRICT)).endsWith("must begin with https://");
        assertThat(refusal("example.com", DEVELOPMENT)).endsWith("must begin with http:// or https://");
        assertThat(ok("http://example.com", DEVELOPMENT).port()).isEqualTo(80);
        assertThat(ok("https://abc123.ngrok.io/x", DEVELOPMENT).secure()).isTrue();
        assertThat(ok("http://localhost:8080/x", DEVELOPMENT).host()).isEqualTo("localhost");
        assertThat(ok("http://0x7f.1:8080/x", DEVELOPMENT).host()).isEqualTo("127.0.0.1");
    }

    @ParameterizedTest
    @CsvSource({
        "https://example.com, example.com, 443, /, example.com",
        "HTTPS://Example.COM./, example.com, 443, /, example.com",
        "https://example.com?a=b, example.com, 443, /?a=b, example.com",
        "https://example.com:443/a%20b/?q=%2F, example.com, 443, /a%20b/?q=%2F, example.com",
        "https://example.com:8443/x, example.com, 8443, /x, example.com:8443",
        "https://example.com:08443/x, example.com, 8443, /x, example.com:8443",
        "https://bücher.example/straße?q=ü, xn--bcher-kva.example, 443, /stra%C3%9Fe?q=%C3%BC, xn--bcher-kva.example",
        "https://my_host.example/{id}, my_host.example, 443, /%7Bid%7D, my_host.example",
        "https://8.8.8.8/a@b, 8.8.8.8, 443, /a@b, 8.8.8.8",
        "https://134744072/, 8.8.8.8, 443, /, 8.8.8.8",
        "https://[2606:4700::1111]:444/, 2606:4700:0:0:0:0:0:1111, 444, /, [2606:4700:0:0:0:0:0:1111]:444",
        "https://example.com/a:b?c=https://d/, example.com, 443, /a:b?c=https://d/, example.com"
    })
    void takesAUrlApart(String url, String host, int port, String path, String authority) {
        Target target = ok(url, STRICT);

        assertThat(target.host()).isEqualTo(host);
        assertThat(target.port()).isEqualTo(port);
        assertThat(target.secure()).isTrue();
        assertThat(target.path()).isEqualTo(path);
        assertThat(target.authority()).isEqualTo(authority);
    }

    @Test
    void printsItselfWithoutWhatMayBeSecret() {
        assertThat(ok("https://example.com:8443/T0/secret?token=x", STRICT)).hasToString("https://example.com:8443");
    }

    private static Target ok(String url, EgressPolicy policy) {
        return switch (Target.parse(url, policy)) {
            case TargetResult.Ok(Target target) -> target;
            case TargetResult.Refused(String reason) -> throw new AssertionError(url + ": " + reason);
        };
    }

    private static String refusal(String url, EgressPolicy policy) {
        return switch (Target.parse(url, policy)) {
            case TargetResult.Ok(Target target) -> throw new AssertionError(url + " was accepted: " + target);
            case TargetResult.Refused(String reason) -> reason;
        };
    }
}
