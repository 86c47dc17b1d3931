package io.posthorn.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Arrays;

/**
 * The reading half of an HTTP/1.1 connection. Bytes are copied once, into an array that all connections of the event
 * loop share; only what is left of an unfinished message is kept by the connection itself.
 */
abstract class HttpPeer extends ChannelInboundHandlerAdapter {
    private static final byte[] NOTHING = new byte[0];

    private final Scratch scratch;
    private byte[] rest = NOTHING;

    /** What the connections of one event loop share. Used by one thread only. */
    static final class Scratch {
        private final HttpScan scan = new HttpScan();
        private byte[] data = new byte[64 << 10];

        private byte[] atLeast(int size) {
            if (data.length < size) {
                data = new byte[Integer.highestOneBit(size) << 1];
            }
            return data;
        }
    }

    HttpPeer(Scratch scratch) {
        this.scratch = scratch;
    }

    /**
     * A whole message has come in.
     *
     * @param data where it stands; valid during the call only
     * @param at where in it
     */
    abstract void message(ChannelHandlerContext ctx, byte[] data, HttpScan at);

    /**
     * Something came in that cannot be read; the connection is closed afterwards.
     *
     * @param why for people
     */
    abstract void unreadable(String why);

    @Override
    public final void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        int fresh = in.readableBytes();
        int to = rest.length + fresh;
        byte[] data = scratch.atLeast(to);
        System.arraycopy(rest, 0, data, 0, rest.length);
        in.readBytes(data, rest.length, fresh);
        in.release();

        int from = 0;
        while (from < to) {
            int end = scratch.scan.find(data, from, to);
            if (end == HttpScan.INCOMPLETE) {
                break;
            }
            if (end < 0) {
                unreadable(end == HttpScan.CHUNKED ? "a chunked body" : "a content-length that is not a number");
                var _ = ctx.close();
                return;
            }
            message(ctx, data, scratch.scan);
            from = end;
        }
        rest = from == to ? NOTHING : Arrays.copyOfRange(data, from, to);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A reset by the other side says the same as its close, which channelInactive handles.
        if (!(cause instanceof java.io.IOException)) {
            unreadable(cause.toString());
        }
        var _ = ctx.close();
    }
}
