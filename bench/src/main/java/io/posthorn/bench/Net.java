package io.posthorn.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The one thread that sends and receives everything. One, because then the generator, the receiver and the ledger
 * between them need no lock and wake nobody up; it is busy for less than half of its time at the rates that the
 * machine reaches, and what it uses is taken from the server under test.
 */
final class Net implements AutoCloseable {
    private static final boolean EPOLL = Epoll.isAvailable();

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1,
            Thread.ofPlatform().name("bench-net").daemon().factory(),
            EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    /** The thread. */
    final EventLoop loop = group.next();
    /** What its connections share. */
    final HttpPeer.Scratch scratch = new HttpPeer.Scratch();

    /** The time that everything in the harness is measured with: microseconds, from a moment in the past. */
    static long micros() {
        return ORIGIN_MICROS + (System.nanoTime() - ORIGIN_NANOS) / 1000;
    }

    private static final long ORIGIN_NANOS = System.nanoTime();
    private static final long ORIGIN_MICROS = 1_000_000;

    /** For connections to a server. */
    Bootstrap client() {
        return new Bootstrap()
                .group(loop)
                .channel(EPOLL ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 5_000);
    }

    /** For a listening socket. */
    ServerBootstrap server() {
        return new ServerBootstrap()
                .group(loop)
                .channel(EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 8192)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true);
    }

    /** Has the thread do something in a while. On the event loop. */
    void later(Runnable task, long micros) {
        loop.schedule(task, micros, TimeUnit.MICROSECONDS).addListener(done -> {
            if (!done.isSuccess() && !loop.isShuttingDown()) {
                System.err.println("the harness failed: " + done.cause());
            }
        });
    }

    /** Has the thread do something and waits for the result. */
    <T> T ask(Callable<T> question) throws InterruptedException {
        try {
            return loop.submit(question).get();
        } catch (RejectedExecutionException e) {
            throw new IllegalStateException("the harness was stopped before it was done", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the harness failed: " + e.getCause(), e);
        }
    }

    /** Has the thread do something and waits until it is done. */
    void tell(Runnable order) throws InterruptedException {
        ask(() -> {
            order.run();
            return true;
        });
    }

    @Override
    public void close() {
        var _ = group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
    }
}
