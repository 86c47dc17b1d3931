package io.posthorn.egress;

import java.net.InetAddress;
import java.util.regex.Pattern;

/**
 * A network: an address and how many of its first bits count.
 *
 * @param base the first address; IPv4 in its mapped form
 * @param bits 0 to 128; for IPv4 96 more than is written
 */
record Cidr(Ip base, int bits) {
    /** All four parts: {@code 10/8} is read by some as 0.0.0.10. */
    private static final Pattern V4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    private static final Pattern V6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    /**
     * Reads {@code 127.0.0.0/8}, {@code fd00::/8}, or a single address.
     *
     * @throws IllegalArgumentException if it is neither, or has bits set behind the prefix; the message is for people
     */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        boolean v4 = V4.matcher(host).matches();
        if (!v4 && !V6.matcher(host).matches()) {
            throw invalid(text);
        }
        Ip ip;
        int written;
        int most = v4 ? 32 : 128;
        try {
            ip = Ip.of(InetAddress.ofLiteral(host));
            written = slash < 0 ? most : Integer.parseInt(text.substring(slash + 1));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(invalid(text).getMessage(), e);
        }
        if (written < 0 || written > most) {
            throw invalid(text);
        }
        Cidr cidr = new Cidr(ip, written + 128 - most);
        if ((ip.high() & ~cidr.highMask()) != 0 || (ip.low() & ~cidr.lowMask()) != 0) {
            throw new IllegalArgumentException("'" + text + "' has bits set behind its prefix of " + written
                    + " bits: write the first address of the network");
        }
        return cidr;
    }

    /** Whether the address lies in this network. */
    public boolean contains(InetAddress address) {
        return contains(Ip.of(address));
    }

    boolean contains(Ip ip) {
        return ((ip.high() ^ base.high()) & highMask()) == 0 && ((ip.low() ^ base.low()) & lowMask()) == 0;
    }

    /** Whether it is one address. */
    boolean isSingle() {
        return bits == 128;
    }

    private long highMask() {
        return bits == 0 ? 0 : bits >= 64 ? -1 : -1L << (64 - bits);
    }

    private long lowMask() {
        return bits <= 64 ? 0 : -1L << (128 - bits);
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException(
                "'" + text + "' is not a network: write it as 10.0.0.0/8 or fd00::/8, or as a single address");
    }
}
