package io.posthorn.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Requirement({"B2", "B3"})
class EgressPolicyTest {
    private static final EgressPolicy STRICT = new EgressPolicy(false, List.of());

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, unspecified",
        "0.1.2.3, 0.0.0.0/8",
        "10.0.0.0, private",
        "10.255.255.255, private",
        "100.64.0.1, carrier-grade",
        "100.127.255.255, carrier-grade",
        "127.0.0.1, loopback",
        "127.255.255.254, loopback",
        "169.254.0.1, link-local",
        "169.254.169.254, metadata",
        "169.254.170.2, metadata",
        "100.100.100.200, metadata",
        "168.63.129.16, metadata",
        "172.16.0.1, private",
        "172.31.255.255, private",
        "192.0.0.8, reserved for protocols",
        "192.0.0.192, metadata",
        "192.0.2.1, documentation",
        "192.88.99.1, relay",
        "192.168.0.1, private",
        "198.18.0.1, benchmark",
        "198.19.255.255, benchmark",
        "198.51.100.7, documentation",
        "203.0.113.7, documentation",
        "224.0.0.1, multicast",
        "239.255.255.255, multicast",
        "240.0.0.1, reserved",
        "255.255.255.255, broadcast",
        "::, unspecified",
        "::1, loopback",
        "::ffff:127.0.0.1, loopback",
        "::ffff:10.0.0.1, private",
        "::ffff:169.254.169.254, metadata",
        "::127.0.0.1, loopback",
        "::10.1.2.3, private",
        "::8.8.8.8, outside",
        "64:ff9b::7f00:1, loopback",
        "64:ff9b::10.0.0.1, private",
        "64:ff9b::a9fe:a9fe, metadata",
        "64:ff9b:1::7f00:1, NAT64",
        "64:ff9b:1::8.8.8.8, NAT64",
        "100::1, outside",
        "2001:2::1, benchmark",
        "2001:10::1, ORCHID",
        "2001:20::1, ORCHID",
        "2001:db8::1, documentation",
        "3fff::1, documentation",
        "2002:7f00:1::, loopback",
        "2002:c0a8:101::1, private",
        "2001:0:7f00:1::1, loopback",
        "2001:0:808:808::80ff:fffe, loopback",
        "2001:0:808:808::f5ff:fffe, private",
        "2606:4700::5efe:10.0.0.1, private",
        "2606:4700::200:5efe:7f00:1, loopback",
        "fc00::1, unique-local",
        "fd12:3456::1, unique-local",
        "fd00:ec2::254, metadata",
        "fe80::1, link-local",
        "febf::1, link-local",
        "fec0::1, site-local",
        "ff02::1, multicast",
        "5f00::1, outside",
        "4000::1, outside"
    })
    void refusesWhatIsNotPublic(String address, String reason) {
        assertThat(STRICT.refuse(raw(address))).isNotNull().contains(reason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.1",
                "169.253.255.255",
                "172.15.255.255",
                "172.32.0.0",
                "192.0.1.1",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "::ffff:8.8.8.8",
                "2001:4860:4860::8888",
                "2606:4700:4700::1111",
                "64:ff9b::8.8.8.8",
                "2002:808:808::1"
            })
    void letsPublicAddressesPass(String address) {
        assertThat(STRICT.refuse(raw(address))).isNull();
    }

    @Test
    @Requirement("B4")
    void whatTheOperatorAllowsPasses() {
        EgressPolicy policy = new EgressPolicy(false, List.of("127.0.0.0/8", "fd12::/16", "192.168.1.7"));

        assertThat(policy.refuse(raw("127.3.4.5"))).isNull();
        assertThat(policy.refuse(raw("::ffff:127.0.0.1"))).isNull();
        assertThat(policy.refuse(raw("fd12:1::1"))).isNull();
        assertThat(policy.refuse(raw("192.168.1.7"))).isNull();
        assertThat(policy.refuse(raw("192.168.1.8"))).isNotNull();
        assertThat(policy.refuse(raw("fd13::1"))).isNotNull();
        assertThat(policy.refuse(raw("::1"))).isNotNull();
    }

    @Test
    void metadataPassesOnlyAsASingleAddress() {
        InetAddress metadata = raw("169.254.169.254");

        assertThat(new EgressPolicy(false, List.of("0.0.0.0/0", "169.254.0.0/16")).refuse(metadata))
                .contains("metadata");
        assertThat(new EgressPolicy(false, List.of("169.254.169.254")).refuse(metadata))
                .isNull();
        assertThat(new EgressPolicy(false, List.of("169.254.169.254/32")).refuse(raw("169.254.169.253")))
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10/8",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "10.0.0.0/x",
                "10.1.2.3/8",
                "fd00::1/8",
                "fd00::/129",
                "localhost",
                "",
                "127.0.0.1.1",
                "300.0.0.0/8"
            })
    void aNetworkThatIsNoneIsNamedInTheError(String text) {
        assertThatThrownBy(() -> new EgressPolicy(false, List.of(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'");
    }

    /** An address without a name. */
    private static InetAddress raw(String text) {
        try {
            return InetAddress.getByAddress(InetAddress.ofLiteral(text).getAddress());
        } catch (UnknownHostException e) {
            throw new AssertionError(text, e);
        }
    }
}
