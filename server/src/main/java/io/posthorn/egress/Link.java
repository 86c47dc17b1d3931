package io.posthorn.egress;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An open connection, in use by one {@link Flight} or idle: the end of a Netty pipeline whose other parts are TLS and
 * the codec of HTTP/1.1. It stands on Netty because Vert.x' own connections close only when all is written, which a
 * server that does not read can put off for ever. Confined to its event loop.
 */
final class Link extends ChannelInboundHandlerAdapter {
    private static final int MAX_STATUS_LINE = 4 << 10;

    final Origin origin;
    /** Where it leads: the address that was checked. */
    final InetAddress address;
    /** Whether it has been idle before: only then may a failure mean that the server had closed it. */
    boolean reused;
    /** {@link System#nanoTime()} when it became idle. */
    long idleSince;

    private final Channel channel;
    private final IdleLinks idle;
    private @Nullable Flight flight;
    /** Whether anything came back since the request. */
    private boolean heard;
    /** Whether an informational response (1xx) is being read: it precedes the real one and is left out. */
    private boolean informational;

    private boolean closed;

    private Link(Origin origin, InetAddress address, Channel channel, IdleLinks idle) {
        this.origin = origin;
        this.address = address;
        this.channel = channel;
        this.idle = idle;
    }

    /** Makes a link of a connected channel: whatever handlers it has give way, but for TLS. */
    static Link on(Channel channel, Origin origin, InetAddress address, IdleLinks idle) {
        ChannelPipeline pipeline = channel.pipeline();
        List<String> others = new ArrayList<>(pipeline.names());
        others.removeIf(name -> {
            var handler = pipeline.get(name);
            return handler == null || handler instanceof SslHandler;
        });
        others.forEach(pipeline::remove);
        Link link = new Link(origin, address, channel, idle);
        HttpDecoderConfig bounds =
                new HttpDecoderConfig().setMaxInitialLineLength(MAX_STATUS_LINE).setMaxHeaderSize(Egress.MAX_HEADERS);
        pipeline.addLast(link.new Ear(), new HttpClientCodec(bounds, false, false), link);
        return link;
    }

    /** Notices the first byte, of which the codec may make nothing yet. */
    private final class Ear extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            heard = true;
            ctx.fireChannelRead(msg);
        }
    }

    /** Sends a request; the flight hears of the response and of trouble. The link must be idle. */
    void send(Flight by, FullHttpRequest request) {
        flight = by;
        heard = false;
        channel.writeAndFlush(request).addListener(written -> {
            Throwable cause = written.cause();
            if (cause != null && flight == by) {
                fail(cause);
            }
        });
    }

    boolean heard() {
        return heard;
    }

    boolean isClosed() {
        return closed;
    }

    /** Closes it at once, whatever is still to be written. Nobody hears of it. */
    void close() {
        closed = true;
        flight = null;
        var _ = channel.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        try {
            if (msg instanceof HttpObject part) {
                read(part);
            }
        } finally {
            ReferenceCountUtil.release(msg);
        }
    }

    private void read(HttpObject part) {
        Flight by = flight;
        if (part.decoderResult().isFailure()) {
            fail(part.decoderResult().cause());
            return;
        }
        if (by == null) {
            // Nobody asked: what is said on an idle link would be taken for the next answer.
            close();
            return;
        }
        if (part instanceof HttpResponse head) {
            int code = head.status().code();
            informational = code < 200 && code != 101;
            if (!informational) {
                by.answered(head);
            }
        }
        if (part instanceof HttpContent content && !informational) {
            by.body(this, content.content());
        }
        if (part instanceof LastHttpContent && !informational && flight == by) {
            flight = null;
            by.ended(this);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(new ClosedChannelException());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
    }

    private void fail(Throwable cause) {
        Flight by = flight;
        idle.forget(this);
        close();
        if (by != null) {
            by.broken(this, cause);
        }
    }
}
