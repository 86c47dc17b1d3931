package io.posthorn.egress;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes requests, and says which headers are the room's own. */
final class Requests {
    /** Those that say where the body ends or what becomes of the connection: wrong ones would smuggle requests. */
    private static final Set<String> OWN = Set.of(
            "te",
            "host",
            "expect",
            "trailer",
            "upgrade",
            "connection",
            "keep-alive",
            "user-agent",
            "content-length",
            "proxy-connection",
            "transfer-encoding",
            "proxy-authorization");

    /** Beyond these a method is not for endpoints: CONNECT makes a tunnel of the connection, TRACE echoes secrets. */
    private static final Set<String> NEVER = Set.of("CONNECT", "TRACE");
    /** Methods whose requests usually have no body, so that an empty one needs no length (RFC 9110, 8.6). */
    private static final Set<String> BODILESS = Set.of("GET", "HEAD", "OPTIONS", "DELETE");

    private static final int LONGEST_METHOD = 20;

    /**
     * What differs from an ordinary POST.
     *
     * @param method in capitals
     * @param path and query; null for the target's
     * @param userAgent null for the installation's
     * @param keep how much of the response's body is kept, bytes; negative for as much as is configured
     */
    record Line(
            HttpMethod method,
            @Nullable String path,
            @Nullable String userAgent,
            int keep) {
        static final Line POST = new Line(HttpMethod.POST, null, null, -1);

        /**
         * A checked one.
         *
         * @throws IllegalArgumentException if the method or the path cannot be sent; for people
         */
        static Line of(String method, @Nullable String path, @Nullable String userAgent) {
            if (method.isEmpty() || method.length() > LONGEST_METHOD || NEVER.contains(method)) {
                throw new IllegalArgumentException("the method '" + method + "' is not for endpoints");
            }
            for (int i = 0; i < method.length(); i++) {
                if (method.charAt(i) < 'A' || method.charAt(i) > 'Z') {
                    throw new IllegalArgumentException("the method must be capital letters");
                }
            }
            if (path != null) {
                checkPath(path);
            }
            return new Line(HttpMethod.valueOf(method), path, userAgent, -1);
        }

        private static void checkPath(String path) {
            if (!path.startsWith("/") || path.length() > Target.MAX_LENGTH) {
                throw new IllegalArgumentException(
                        "the path must begin with a slash and have at most " + Target.MAX_LENGTH + " characters");
            }
            for (int i = 0; i < path.length(); i++) {
                char c = path.charAt(i);
                if (c <= ' ' || c >= 0x7f || c == '#' || c == '\\') {
                    throw new IllegalArgumentException("the path has a character at position " + (i + 1)
                            + " that must be percent-encoded, or a fragment");
                }
            }
        }
    }

    private final CharSequence userAgent;

    Requests(String userAgent) {
        this.userAgent = new AsciiString(userAgent);
    }

    /** The length first: most names are told apart by it, without a copy in lower case. */
    static boolean isOwn(String name) {
        return switch (name.length()) {
            case 2, 4, 6, 7, 10, 14, 16, 17, 19 -> OWN.contains(name.toLowerCase(Locale.ROOT));
            default -> false;
        };
    }

    /**
     * A request.
     *
     * @throws IllegalArgumentException if a header has characters that HTTP does not allow in one
     */
    FullHttpRequest request(Target target, Line line, String[] namesAndValues, byte[] body) {
        HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        headers.add(HttpHeaderNames.HOST, target.authority());
        String ownAgent = line.userAgent();
        headers.add(HttpHeaderNames.USER_AGENT, ownAgent == null ? userAgent : ownAgent);
        if (body.length > 0 || !BODILESS.contains(line.method().name())) {
            headers.add(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
        }
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (!isOwn(namesAndValues[i])) {
                headers.add(namesAndValues[i], namesAndValues[i + 1]);
            }
        }
        String path = line.path();
        return new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                line.method(),
                path == null ? target.path() : path,
                Unpooled.wrappedBuffer(body),
                headers,
                EmptyHttpHeaders.INSTANCE);
    }
}
