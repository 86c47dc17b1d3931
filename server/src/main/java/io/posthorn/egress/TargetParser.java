package io.posthorn.egress;

import io.posthorn.egress.TargetResult.Ok;
import io.posthorn.egress.TargetResult.Refused;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Reads URLs. Written by hand and strict, because the parts are used separately afterwards: host, port and path go
 * their own ways, so there is no second parser that could understand the URL differently.
 */
final class TargetParser {
    private static final String HTTPS = "https://";
    private static final String HTTP = "http://";
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private TargetParser() {}

    static TargetResult parse(String url, EgressPolicy policy) {
        String trouble = charactersOf(url);
        if (trouble != null) {
            return new Refused(trouble);
        }
        boolean secure = url.regionMatches(true, 0, HTTPS, 0, HTTPS.length());
        if (!secure && !url.regionMatches(true, 0, HTTP, 0, HTTP.length())) {
            return new Refused("the URL must begin with " + (policy.allowsHttp() ? "http:// or https://" : "https://"));
        }
        if (!secure && !policy.allowsHttp()) {
            return new Refused("http:// is not encrypted: use https://, or allow http in the configuration of this"
                    + " installation (allow-http, for development)");
        }
        int start = secure ? HTTPS.length() : HTTP.length();
        int end = start;
        while (end < url.length() && url.charAt(end) != '/' && url.charAt(end) != '?') {
            end++;
        }
        String authority = url.substring(start, end);
        if (authority.indexOf('@') >= 0) {
            return new Refused("the URL has a user name or password before the @: these are not sent, remove them");
        }
        int colon = portColon(authority);
        int port = colon < 0 ? (secure ? 443 : 80) : port(authority.substring(colon + 1));
        if (port < 1) {
            return new Refused("the port must be a number from 1 to 65535, without it leave the colon out too");
        }
        String path = path(url.substring(end));
        return switch (HostName.parse(colon < 0 ? authority : authority.substring(0, colon))) {
            case HostName.Invalid(String reason) -> new Refused(reason);
            case HostName.Literal(InetAddress address) -> literal(secure, address, port, path, policy);
            case HostName.Name(String name) -> named(secure, name, port, path, policy);
        };
    }

    private static @Nullable String charactersOf(String url) {
        if (url.length() > Target.MAX_LENGTH) {
            return "the URL has " + url.length() + " characters, at most " + Target.MAX_LENGTH + " are allowed";
        }
        for (int i = 0; i < url.length(); i++) {
            char c = url.charAt(i);
            if (c == '#') {
                return "the URL has a fragment (#): it is never sent, remove it";
            }
            if (c <= ' ' || c == 0x7f || c == '\\' || Character.isISOControl(c) || Character.isSpaceChar(c)) {
                return "the URL has a blank, a control character or a backslash at position " + (i + 1);
            }
        }
        return null;
    }

    private static TargetResult literal(
            boolean secure, InetAddress address, int port, String path, EgressPolicy policy) {
        String reason = policy.refuse(address);
        String text = address.getHostAddress();
        return reason == null
                ? new Ok(new Target(new Origin(secure, text, port), path, address))
                : new Refused("the address " + text + " is " + reason + " and must not be reached: use a public"
                        + " address, or allow it in the configuration of this installation (allow-network)");
    }

    private static TargetResult named(boolean secure, String name, int port, String path, EgressPolicy policy) {
        if ((name.equals("localhost") || name.endsWith(".localhost"))
                && policy.refuse(InetAddress.getLoopbackAddress()) != null) {
            return new Refused("the host '" + name + "' is this machine itself and must not be reached: use a public"
                    + " name, or allow it in the configuration of this installation (allow-network 127.0.0.0/8)");
        }
        if (!policy.allowsHttp() && Tunnels.isTunnel(name)) {
            return new Refused("the host '" + name + "' belongs to a tunnel service: these are for development and"
                    + " accepted only where the configuration of the installation allows http (allow-http)");
        }
        return new Ok(new Target(new Origin(secure, name, port), path, null));
    }

    /** Where the port begins; colons in the brackets of an IPv6 address do not count. */
    private static int portColon(String authority) {
        int bracket = authority.lastIndexOf(']');
        return bracket < 0 && authority.startsWith("[") ? -1 : authority.indexOf(':', Math.max(0, bracket));
    }

    /** The port, or -1. */
    private static int port(String text) {
        if (text.isEmpty() || text.length() > 5) {
            return -1;
        }
        int port = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            port = port * 10 + (c - '0');
        }
        return port <= 65_535 ? port : -1;
    }

    /** Path and query as they are sent: what HTTP does not allow there is percent-encoded, the rest left as it is. */
    private static String path(String rest) {
        StringBuilder path = new StringBuilder(rest.length() + 8);
        if (!rest.startsWith("/")) {
            path.append('/');
        }
        for (byte b : rest.getBytes(StandardCharsets.UTF_8)) {
            if (b < 0 || "\"<>^`{|}".indexOf(b) >= 0) {
                path.append('%').append(HEX.toHexDigits(b));
            } else {
                path.append((char) b);
            }
        }
        return path.toString();
    }
}
