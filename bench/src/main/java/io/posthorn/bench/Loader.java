package io.posthorn.bench;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends the messages of a run over a fixed number of keep-alive connections, one request at a time on each, as an
 * ordinary client does. A connection that breaks is opened again until the server is back. Everything happens on the
 * event loop.
 */
final class Loader {
    private static final long RECONNECT_MILLIS = 25;
    /** How long the place of a message that was refused stays empty in a closed loop. */
    private static final long REFUSED_MILLIS = 100;

    private final Net net;
    private final Run run;
    private final Requests requests;
    private final ArrayDeque<Connection> idle = new ArrayDeque<>();
    private final List<Channel> open = new ArrayList<>();
    private Pace pace = new Pace.Stopped();
    private int outstanding;
    private long sentOfSchedule;
    private boolean timerSet;
    private boolean closed;

    /**
     * Opens the connections.
     *
     * @param connections how many requests can be under way at once
     */
    Loader(Net net, Run run, int connections) {
        this.net = net;
        this.run = run;
        requests = new Requests(run.installed, run.template);
        run.drivenBy(this);
        for (int i = 0; i < connections; i++) {
            connect();
        }
    }

    /** Goes on at another pace. */
    void pace(Pace next) {
        pace = next;
        sentOfSchedule = 0;
        pump();
    }

    /** Sends no more and closes the connections. */
    void close() {
        closed = true;
        pace = new Pace.Stopped();
        for (Channel channel : List.copyOf(open)) {
            var _ = channel.close();
        }
    }

    /** A message of the run is accepted and has arrived everywhere. */
    void completed() {
        outstanding--;
        pump();
    }

    /** Whether no message is waited for. */
    boolean isQuiet() {
        return outstanding == 0;
    }

    private void pump() {
        switch (pace) {
            case Pace.Closed(int most) -> {
                while (outstanding < most && !idle.isEmpty()) {
                    send(Net.micros());
                }
            }
            case Pace.Open(Schedule schedule) -> {
                long now = Net.micros();
                long due = schedule.due(sentOfSchedule);
                while (due <= now && !idle.isEmpty()) {
                    send(due);
                    sentOfSchedule++;
                    due = schedule.due(sentOfSchedule);
                }
                if (due > now) {
                    wakeAt(due - now);
                }
            }
            case Pace.Stopped() -> {}
        }
    }

    private void wakeAt(long inMicros) {
        if (!timerSet) {
            timerSet = true;
            net.later(
                    () -> {
                        timerSet = false;
                        pump();
                    },
                    inMicros);
        }
    }

    private void send(long intended) {
        // last in, first out: the fewer connections there are in use, the less there is to poll
        Connection connection = idle.pop();
        int seq = run.send();
        outstanding++;
        connection.send(seq, intended);
    }

    private void givenUp(long afterMillis) {
        net.later(this::completed, afterMillis * 1000);
    }

    private void connect() {
        if (closed) {
            return;
        }
        Connection connection = new Connection();
        ChannelFuture connecting = net.client()
                .option(ChannelOption.SO_KEEPALIVE, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        ch.pipeline().addLast(connection);
                    }
                })
                .connect("127.0.0.1", run.installed.port());
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                net.later(this::connect, RECONNECT_MILLIS * 1000);
            }
        });
    }

    private final class Connection extends HttpPeer {
        private static final int NOTHING = -1;

        private @org.jspecify.annotations.Nullable Channel channel;
        private int seq = NOTHING;
        private long intended;

        Connection() {
            super(net.scratch);
        }

        void send(int message, long time) {
            Channel ch = java.util.Objects.requireNonNull(channel, "only open connections are idle");
            seq = message;
            intended = time;
            var _ = ch.writeAndFlush(requests.encode(ch.alloc(), message, time), ch.voidPromise());
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            if (closed) {
                var _ = ctx.close();
                return;
            }
            channel = ctx.channel();
            open.add(ctx.channel());
            idle.push(this);
            pump();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            open.remove(ctx.channel());
            idle.remove(this);
            if (seq != NOTHING) {
                run.unanswered(seq);
                seq = NOTHING;
                givenUp(RECONNECT_MILLIS);
            }
            net.later(Loader.this::connect, RECONNECT_MILLIS * 1000);
        }

        @Override
        void message(ChannelHandlerContext ctx, byte[] data, HttpScan at) {
            int status = at.status(data);
            if (seq == NOTHING || status < 0) {
                unreadable("an answer that nobody asked for, or without a status");
                var _ = ctx.close();
                return;
            }
            int answered = seq;
            seq = NOTHING;
            idle.push(this);
            if (status == 202) {
                run.accepted(answered, intended, Net.micros());
            } else {
                String body = new String(
                        data, at.bodyStart, Math.min(300, at.bodyEnd - at.bodyStart), StandardCharsets.UTF_8);
                run.refused(answered, status, body);
                givenUp(REFUSED_MILLIS);
            }
            pump();
        }

        @Override
        void unreadable(String why) {
            run.problem("the server's answer cannot be read: " + why);
        }
    }
}
