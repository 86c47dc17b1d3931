package io.posthorn.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All the endpoints there are. The path says what one does ({@link Plan.Behaviour}) and which it is:
 * {@code POST /e/123}. What arrives is entered in its run before it is answered.
 *
 * <p>One delivery in {@value #SAMPLE} is looked at closely: its signature is verified and its payload compared in
 * every byte. That proves that deliveries are signed without making the receiver a cost of its own.
 */
final class Receiver {
    private static final int SAMPLE = 64;
    private static final byte[] POST = "POST /".getBytes(StandardCharsets.US_ASCII);

    private final Net net;
    private final ByteBuf ok = answer("200 OK");
    private final ByteBuf error = answer("500 Internal Server Error");
    private final List<Run> runs = new ArrayList<>();
    private int endpoints;
    private long count;
    private long strangers;
    private @Nullable String firstStranger;

    private Receiver(Net net) {
        this.net = net;
    }

    /**
     * Starts one, on a free port of 127.0.0.1.
     *
     * @param receiver the receiver
     * @param port where it listens
     */
    record Listening(Receiver receiver, int port) {
        /** Where the deliveries for an endpoint go. */
        String url(Plan.Behaviour behaviour, int endpoint) {
            return "http://127.0.0.1:" + port + "/" + behaviour.path + "/" + endpoint;
        }
    }

    /** Starts a receiver on a free port of 127.0.0.1. */
    static Listening listen(Net net) throws InterruptedException {
        Receiver receiver = new Receiver(net);
        Channel channel = net.server()
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        ch.pipeline().addLast(receiver.new Connection());
                    }
                })
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
        return new Listening(receiver, ((java.net.InetSocketAddress) channel.localAddress()).getPort());
    }

    /** Opens a run: what arrives for it is entered from now on. On the event loop. */
    Run open(Installed installed) {
        Run run = new Run(runs.size(), installed);
        runs.add(run);
        return run;
    }

    /**
     * Sets numbers of endpoints aside. On the event loop.
     *
     * @return the first of them
     */
    int reserve(int howMany) {
        int first = endpoints;
        endpoints += howMany;
        return first;
    }

    /** Requests that were for no run. On the event loop. */
    long strangers() {
        return strangers;
    }

    /** The first request that was for no run, for people; null if there was none. On the event loop. */
    @Nullable
    String firstStranger() {
        return firstStranger;
    }

    private static ByteBuf answer(String status) {
        byte[] bytes = ("HTTP/1.1 " + status + "\r\ncontent-length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        return Unpooled.unreleasableBuffer(
                Unpooled.directBuffer(bytes.length).writeBytes(bytes).asReadOnly());
    }

    private final class Connection extends HttpPeer {
        Connection() {
            super(net.scratch);
        }

        @Override
        void message(ChannelHandlerContext ctx, byte[] data, HttpScan at) {
            char behaviour = path(data, at);
            int endpoint = behaviour == 0 ? -1 : endpoint(data, at.start + POST.length + 2);
            if (endpoint < 0) {
                stranger(new String(data, at.start, Math.min(80, at.bodyStart - at.start), StandardCharsets.US_ASCII));
                reply(ctx, error);
                return;
            }
            enter(data, at, endpoint);
            switch (behaviour) {
                case 'h' -> {}
                case 'f' -> reply(ctx, error);
                case 's' -> net.later(() -> reply(ctx, ok), 1_000_000);
                default -> reply(ctx, ok);
            }
        }

        @Override
        void unreadable(String why) {
            stranger(why);
        }

        private static char path(byte[] data, HttpScan at) {
            for (int i = 0; i < POST.length; i++) {
                if (data[at.start + i] != POST[i]) {
                    return 0;
                }
            }
            char behaviour = (char) data[at.start + POST.length];
            return "ehsf".indexOf(behaviour) >= 0 ? behaviour : 0;
        }

        private static int endpoint(byte[] data, int from) {
            int value = -1;
            for (int i = from; data[i] >= '0' && data[i] <= '9' && i < from + 8; i++) {
                value = Math.max(value, 0) * 10 + data[i] - '0';
            }
            return value;
        }

        private static void reply(ChannelHandlerContext ctx, ByteBuf answer) {
            var _ = ctx.writeAndFlush(answer.duplicate(), ctx.voidPromise());
        }
    }

    private void enter(byte[] data, HttpScan at, int endpoint) {
        if (!Payload.isOne(data, at.bodyStart, at.bodyEnd)
                || Payload.run(data, at.bodyStart) < 0
                || Payload.run(data, at.bodyStart) >= runs.size()) {
            stranger("endpoint " + endpoint + " got a body of " + (at.bodyEnd - at.bodyStart)
                    + " bytes that is none of the payloads");
            return;
        }
        Run run = runs.get(Payload.run(data, at.bodyStart));
        if (count++ % SAMPLE == 0) {
            inspect(run, data, at, endpoint);
        }
        run.arrived(endpoint, Payload.seq(data, at.bodyStart), Payload.time(data, at.bodyStart), Net.micros());
    }

    private void inspect(Run run, byte[] data, HttpScan at, int endpoint) {
        if (!Payload.isIntact(data, at.bodyStart, run.template)) {
            run.mangled++;
            run.problem("a payload arrived changed at endpoint " + endpoint);
        }
        String problem = Signatures.problem(
                Signatures.key(endpoint),
                at.header(data, "webhook-id"),
                at.header(data, "webhook-timestamp"),
                at.header(data, "webhook-signature"),
                data,
                at.bodyStart,
                at.bodyEnd,
                System.currentTimeMillis() / 1000);
        run.verified++;
        if (problem != null) {
            run.unsigned++;
            run.problem("endpoint " + endpoint + ": " + problem);
        }
    }

    private void stranger(String what) {
        strangers++;
        if (firstStranger == null) {
            firstStranger = what;
        }
    }
}
