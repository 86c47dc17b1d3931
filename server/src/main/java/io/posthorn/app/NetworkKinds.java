package io.posthorn.app;

import io.posthorn.app.Kind.Shape;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The kinds of values that name networks and servers. */
final class NetworkKinds {
    /** Only digits, colons and dots: such a text is never looked up as a name. */
    private static final Pattern NUMERIC = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private static final String CIDR = "must be a network such as 10.0.0.0/8 or fd00::/8";

    private static final int MOST_SITE = 1_000;

    private NetworkKinds() {}

    /** A network in CIDR notation; the bits behind the prefix must be zero. */
    static Kind<String> cidr() {
        return new Kind<>("network such as 10.0.0.0/8", Shape.SCALAR, NetworkKinds::network, Function.identity());
    }

    /** The place of a PostgreSQL database. A password in it is not shown. */
    static Kind<String> database() {
        return new Kind<>(
                "postgresql://host:port/database, or the same with jdbc: before it",
                Shape.URL,
                NetworkKinds::databaseUrl,
                Function.identity());
    }

    /** The address of a site as people see it, without a slash at its end. */
    static Kind<String> site() {
        String rule = "a URL such as https://hooks.example.com, without a query and a slash at its end";
        return new Kind<>(
                "URL such as https://hooks.example.com",
                Shape.SCALAR,
                text -> text.length() <= MOST_SITE && isSite(text)
                        ? new Parsed.Value<>(text)
                        : new Parsed.Wrong<>("must be " + rule),
                Function.identity());
    }

    private static boolean isSite(String text) {
        try {
            URI uri = new URI(text);
            return List.of("http", "https").contains(String.valueOf(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getUserInfo() == null
                    && uri.getQuery() == null
                    && uri.getFragment() == null
                    && !text.endsWith("/");
        } catch (URISyntaxException notOne) {
            return false;
        }
    }

    private static Parsed<String> network(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("\\d{1,3}")) {
            return new Parsed.Wrong<>(CIDR);
        }
        String address = text.substring(0, slash);
        int prefix = Integer.parseInt(text.substring(slash + 1));
        if (!NUMERIC.matcher(address).matches()) {
            return new Parsed.Wrong<>(CIDR);
        }
        byte[] bytes;
        try {
            bytes = InetAddress.getByName(address).getAddress();
        } catch (UnknownHostException notAnAddress) {
            return new Parsed.Wrong<>(CIDR);
        }
        if (prefix > bytes.length * 8) {
            return new Parsed.Wrong<>("must have a prefix of at most %d bits".formatted(bytes.length * 8));
        }
        for (int bit = prefix; bit < bytes.length * 8; bit++) {
            if ((bytes[bit / 8] & (0x80 >>> (bit % 8))) != 0) {
                return new Parsed.Wrong<>("must have only zeros behind its %d bits of prefix".formatted(prefix));
            }
        }
        return new Parsed.Value<>(text);
    }

    private static Parsed<String> databaseUrl(String text) {
        return text.matches("(jdbc:postgresql|postgresql|postgres)://[^/\\s]+/[^/\\s]+")
                ? new Parsed.Value<>(text)
                : new Parsed.Wrong<>("must be a URL such as postgresql://localhost:5432/posthorn");
    }
}
