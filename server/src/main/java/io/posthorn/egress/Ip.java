package io.posthorn.egress;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * An address as 128 bits, IPv4 in its mapped form {@code ::ffff:a.b.c.d}: one representation, so that no comparison can
 * miss the other one.
 *
 * @param high the upper 64 bits
 * @param low the lower 64 bits
 */
record Ip(long high, long low) {
    private static final long MAPPED = 0xffff_0000_0000L;
    private static final long LOW_32 = 0xffff_ffffL;

    static Ip of(InetAddress address) {
        byte[] bytes = address.getAddress();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return bytes.length == 4 ? v4(buffer.getInt()) : new Ip(buffer.getLong(), buffer.getLong());
    }

    static Ip v4(long address) {
        return new Ip(0, MAPPED | (address & LOW_32));
    }

    boolean isV4() {
        return high == 0 && (low & ~LOW_32) == MAPPED;
    }

    /** {@code ::} and {@code ::1}: they look like the compatible form and are not. */
    private boolean isOwnForm() {
        return high == 0 && (low == 0 || low == 1);
    }

    /**
     * The IPv4 addresses that an IPv6 address carries, because a gateway on the way may send the packet there: the
     * compatible form, NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380: server and client) and ISATAP (RFC 5214).
     */
    List<Ip> embedded() {
        if (isV4() || isOwnForm()) {
            return List.of();
        }
        if ((high == 0 || high == 0x0064_ff9b_0000_0000L) && low >>> 32 == 0) {
            return List.of(v4(low));
        }
        if (high >>> 48 == 0x2002) {
            return List.of(v4(high >>> 16));
        }
        if (high >>> 32 == 0x2001_0000L) {
            return List.of(v4(high), v4(~low));
        }
        long marker = low >>> 32;
        return marker == 0x0000_5efeL || marker == 0x0200_5efeL ? List.of(v4(low)) : List.of();
    }
}
