package io.posthorn.egress;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which URLs and addresses may be reached: public ones, and what the operator allows beside. Immutable, for any thread.
 */
public final class EgressPolicy {
    private final boolean allowHttp;
    private final List<Cidr> allowed;

    /**
     * A policy.
     *
     * @param allowHttp the development switch: {@code http://} and tunnel services are accepted
     * @param allowNetworks such as {@code 127.0.0.0/8}: their addresses may be reached, whatever they are. The address
     *     of a cloud's metadata service only if it is named as a single address: who allows 169.254.0.0/16 hardly
     *     means to hand out the machine's credentials
     * @throws IllegalArgumentException if one of them is not a network; the message is for people
     */
    public EgressPolicy(boolean allowHttp, List<String> allowNetworks) {
        this.allowHttp = allowHttp;
        this.allowed = allowNetworks.stream().map(Cidr::parse).toList();
    }

    /** Whether {@code http://} is accepted. */
    public boolean allowsHttp() {
        return allowHttp;
    }

    /**
     * Judges an address.
     *
     * @return null if it may be reached, otherwise why not, as the end of "the address is …"
     */
    public @Nullable String refuse(InetAddress address) {
        return refuse(Ip.of(address));
    }

    private @Nullable String refuse(Ip ip) {
        if (SpecialNetworks.isMetadata(ip)) {
            return isAllowed(ip, true) ? null : "the address of a cloud's metadata service";
        }
        if (isAllowed(ip, false)) {
            return null;
        }
        for (Ip inner : ip.embedded()) {
            String reason = refuse(inner);
            if (reason != null) {
                return reason + " in an IPv6 form";
            }
        }
        return SpecialNetworks.reason(ip);
    }

    private boolean isAllowed(Ip ip, boolean bySingleAddress) {
        for (Cidr network : allowed) {
            if (network.contains(ip) && (!bySingleAddress || network.isSingle())) {
                return true;
            }
        }
        return false;
    }
}
