package io.posthorn.egress;

import java.net.IDN;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The host part of a URL. A host whose last label is a number is an IPv4 address or nothing, in all the forms that
 * {@code inet_aton} reads (decimal, octal, hexadecimal, one to four parts): otherwise {@code 0x7f.1} would go to a
 * resolver as a name and come back as 127.0.0.1.
 */
sealed interface HostName {

    /** A name to be resolved: ASCII, lower case, no full stop at the end. */
    record Name(String text) implements HostName {}

    /** An address. */
    record Literal(InetAddress address) implements HostName {}

    /** Neither; the reason is for people. */
    record Invalid(String reason) implements HostName {}

    Pattern NUMERIC_END = Pattern.compile("(?:.*\\.)?(?:[0-9]+|0x[0-9a-f]*)");
    Pattern NAME = Pattern.compile(
            "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?" + "(?:\\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*");

    /** Reads what stands between {@code //} and the port; IPv6 addresses in brackets. */
    static HostName parse(String host) {
        if (host.startsWith("[")) {
            return v6(host);
        }
        String ascii = ascii(host);
        if (ascii == null) {
            return new Invalid("the host '" + host + "' is not a valid international name");
        }
        if (ascii.isEmpty()) {
            return new Invalid("the URL has no host");
        }
        if (NUMERIC_END.matcher(ascii).matches()) {
            return v4(ascii);
        }
        return ascii.length() <= 253 && NAME.matcher(ascii).matches()
                ? new Name(ascii)
                : new Invalid("the host '" + host + "' is not a valid name: labels of at most 63 letters, digits and "
                        + "hyphens with full stops between them, at most 253 characters");
    }

    private static @Nullable String ascii(String host) {
        try {
            String ascii = IDN.toASCII(host, 0).toLowerCase(Locale.ROOT);
            return ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static HostName v4(String text) {
        try {
            return new Literal(Inet4Address.ofPosixLiteral(text));
        } catch (IllegalArgumentException e) {
            return new Invalid("the host '" + text + "' ends in a number and is not an IPv4 address");
        }
    }

    private static HostName v6(String text) {
        try {
            if (text.endsWith("]") && text.indexOf('%') < 0) {
                return new Literal(Inet6Address.ofLiteral(text.substring(1, text.length() - 1)));
            }
        } catch (IllegalArgumentException e) {
            return new Invalid("the host '" + text + "' is not an IPv6 address");
        }
        return new Invalid("the host '" + text + "' is not an IPv6 address without a zone");
    }
}
