package io.posthorn.egress;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The networks that are no part of the public internet, from the special-purpose registries of IANA (RFC 6890 and what
 * came after). For IPv6 the rule is the other way round: what does not lie in 2000::/3 is not public.
 */
final class SpecialNetworks {
    private record Special(Cidr network, String reason) {}

    /**
     * Where clouds give credentials to whoever can ask. 168.63.129.16 (Azure) is a public address by number, 192.0.0.192
     * is Oracle's, 100.100.100.200 Alibaba's.
     */
    private static final List<Cidr> METADATA = networks(
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254");

    private static final List<Special> V4 = List.of(
            special("0.0.0.0/32", "the unspecified address"),
            special("0.0.0.0/8", "in the network 0.0.0.0/8, which means this very host"),
            special("10.0.0.0/8", "a private address"),
            special("100.64.0.0/10", "a carrier-grade NAT address"),
            special("127.0.0.0/8", "a loopback address"),
            special("169.254.0.0/16", "a link-local address"),
            special("172.16.0.0/12", "a private address"),
            special("192.0.0.0/24", "in the network 192.0.0.0/24, reserved for protocols"),
            special("192.0.2.0/24", "a documentation address"),
            special("192.88.99.0/24", "a 6to4 relay address"),
            special("192.168.0.0/16", "a private address"),
            special("198.18.0.0/15", "a benchmark address"),
            special("198.51.100.0/24", "a documentation address"),
            special("203.0.113.0/24", "a documentation address"),
            special("224.0.0.0/4", "a multicast address"),
            special("255.255.255.255/32", "the broadcast address"),
            special("240.0.0.0/4", "a reserved address"));

    private static final List<Special> V6 = List.of(
            special("::/128", "the unspecified address"),
            special("::1/128", "the loopback address"),
            special("64:ff9b:1::/48", "a NAT64 address of a local network"),
            special("2001:2::/48", "a benchmark address"),
            special("2001:10::/28", "an ORCHID identifier"),
            special("2001:20::/28", "an ORCHID identifier"),
            special("2001:db8::/32", "a documentation address"),
            special("3fff::/20", "a documentation address"),
            special("fc00::/7", "a unique-local address"),
            special("fe80::/10", "a link-local address"),
            special("fec0::/10", "a site-local address"),
            special("ff00::/8", "a multicast address"));

    /** Judged by the IPv4 address inside: the NAT64 prefix is outside of 2000::/3 and public all the same. */
    private static final List<Cidr> PUBLIC_V6 = networks("2000::/3", "64:ff9b::/96");

    private SpecialNetworks() {}

    static boolean isMetadata(Ip ip) {
        return in(METADATA, ip);
    }

    /** Why the address is not public, as the end of "it is …"; null if it is public. */
    static @Nullable String reason(Ip ip) {
        for (Special special : ip.isV4() ? V4 : V6) {
            if (special.network.contains(ip)) {
                return special.reason;
            }
        }
        return ip.isV4() || in(PUBLIC_V6, ip) ? null : "outside of the public IPv6 addresses";
    }

    private static boolean in(List<Cidr> networks, Ip ip) {
        for (Cidr network : networks) {
            if (network.contains(ip)) {
                return true;
            }
        }
        return false;
    }

    private static List<Cidr> networks(String... texts) {
        return Arrays.stream(texts).map(Cidr::parse).toList();
    }

    private static Special special(String network, String reason) {
        return new Special(Cidr.parse(network), reason);
    }
}
