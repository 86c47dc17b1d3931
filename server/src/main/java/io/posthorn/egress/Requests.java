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
     * A POST.
     *
     * @throws IllegalArgumentException if a header has characters that HTTP does not allow in one
     */
    FullHttpRequest post(Target target, String[] namesAndValues, byte[] body) {
        HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        headers.add(HttpHeaderNames.HOST, target.authority());
        headers.add(HttpHeaderNames.USER_AGENT, userAgent);
        headers.add(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (!isOwn(namesAndValues[i])) {
                headers.add(namesAndValues[i], namesAndValues[i + 1]);
            }
        }
        return new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.POST,
                target.path(),
                Unpooled.wrappedBuffer(body),
                headers,
                EmptyHttpHeaders.INSTANCE);
    }
}
