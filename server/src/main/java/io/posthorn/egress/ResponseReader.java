package io.posthorn.egress;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.posthorn.egress.Outcome.Response;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;

/** Gathers a response: the head as text, the body up to a bound. */
final class ResponseReader {
    private static final byte[] EMPTY = {};

    private final HttpResponse head;
    private final int keep;
    private byte[] kept = EMPTY;
    private long total;

    ResponseReader(HttpResponse head, int keep) {
        this.head = head;
        this.keep = keep;
    }

    /** Takes a part of the body; returns how many bytes there have been, kept or not. */
    long add(ByteBuf chunk) {
        int length = Math.min(keep - kept.length, chunk.readableBytes());
        if (length > 0) {
            int at = kept.length;
            kept = Arrays.copyOf(kept, at + length);
            chunk.getBytes(chunk.readerIndex(), kept, at, length);
        }
        total += chunk.readableBytes();
        return total;
    }

    /** Whether the server wants the connection to be used again. */
    boolean keepsAlive() {
        return HttpUtil.isKeepAlive(head) && head.status().code() != 101;
    }

    Response response() {
        HttpHeaders headers = head.headers();
        return new Response(
                head.status().code(),
                text(headers),
                kept,
                total > kept.length,
                headers.get(HttpHeaderNames.RETRY_AFTER));
    }

    /** Bounded, because the decoder reads at most {@link Egress#MAX_HEADERS}, line ends included. */
    private static String text(HttpHeaders headers) {
        StringBuilder text = new StringBuilder(256);
        for (Iterator<Map.Entry<CharSequence, CharSequence>> it = headers.iteratorCharSequence(); it.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> header = it.next();
            text.append(header.getKey()).append(": ").append(header.getValue()).append('\n');
        }
        return text.toString();
    }
}
