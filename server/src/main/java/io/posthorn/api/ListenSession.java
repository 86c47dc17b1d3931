package io.posthorn.api;

import io.posthorn.api.ListenFrames.FromClient;
import io.posthorn.catalog.Result;
import io.posthorn.dispatch.Forward;
import io.posthorn.dispatch.Forward.Trouble;
import io.posthorn.dispatch.Listener;
import io.posthorn.dispatch.Listeners.Wish;
import io.posthorn.model.Endpoint;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection, from its upgrade to its end; what is said over it stands at {@link ListenFrames}. Everything
 * happens on the loop of the connection; calls from other threads hop onto it.
 *
 * <pre>
 *   GREETING ──hello──▶ OPENING ──endpoint made──▶ OPEN
 *       │                  │                        │
 *       └──────────────────┴── closed, too late, silent, not allowed any more ──▶ ENDED: the endpoint is deleted
 * </pre>
 *
 * <p>Deliveries wait here while the endpoint's client is told of it, and while the connection has more to send than it
 * can: their number is bounded by the lane they come from, and each is given up by its own deadline.
 */
final class ListenSession implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(ListenSession.class);

    private static final int MOST_REASON = 123;

    private enum State {
        GREETING,
        OPENING,
        OPEN,
        ENDED
    }

    /**
     * What a session stands on.
     *
     * @param allowed whether the token it began with is still enough
     * @param open makes the endpoint; blocks, and may throw when the database is away
     * @param close deletes the endpoint; does not block
     * @param blocking runs what blocks
     * @param ended told once, when nothing more will come of the session
     * @param keepResponseBytes what the client is asked for of a response's body
     */
    record Ground(
            BooleanSupplier allowed,
            Opener open,
            Consumer<Endpoint> close,
            Consumer<Runnable> blocking,
            Consumer<ListenSession> ended,
            int keepResponseBytes) {}

    /** Makes the endpoint of a session. */
    @FunctionalInterface
    interface Opener {
        /** As {@link io.posthorn.dispatch.Listeners#open} for the application of the session. */
        Result<Endpoint> open(Wish wish, Listener listener);
    }

    private final Vertx vertx;
    private final Context loop;
    private final ServerWebSocket socket;
    private final ListenSettings settings;
    private final Ground ground;
    private final Deque<Forward> waiting = new ArrayDeque<>();
    private final Map<Long, Forward> sent = new LinkedHashMap<>();
    private State state = State.GREETING;
    private @Nullable Endpoint endpoint;
    private @Nullable Buffer message;
    private long nextId = 1;
    private long heardAt = System.nanoTime();
    private long helloTimer;
    private long pingTimer;

    ListenSession(Vertx vertx, ServerWebSocket socket, ListenSettings settings, Ground ground) {
        this.vertx = vertx;
        this.loop = vertx.getOrCreateContext();
        this.socket = socket;
        this.settings = settings;
        this.ground = ground;
    }

    /** Takes the connection over; on its loop. */
    void start() {
        helloTimer = vertx.setTimer(
                settings.hello().toMillis(), fired -> end(ListenFrames.SILENT, "the first message must be a hello"));
        pingTimer = vertx.setPeriodic(settings.ping().toMillis(), fired -> ping());
        socket.setWriteQueueMaxSize(settings.writeQueueBytes());
        socket.drainHandler(drained -> pump());
        socket.exceptionHandler(failure -> end(ListenFrames.PROTOCOL_ERROR, "the connection failed"));
        socket.closeHandler(closed -> ended());
        socket.frameHandler(this::frame);
    }

    /** Ends it; on any thread. */
    void close(short code, String reason) {
        loop.runOnContext(ignored -> end(code, reason));
    }

    // ---- from the client

    private void frame(WebSocketFrame frame) {
        heardAt = System.nanoTime();
        if (state == State.ENDED || frame.isPing() || frame.isClose()) {
            return;
        }
        if (frame.isBinary()) {
            end(ListenFrames.UNSUPPORTED, "messages are text");
        } else if (frame.isText() || frame.isContinuation()) {
            gather(frame);
        }
    }

    /** By hand and not by Vert.x, whose bound is one for all connections of the server. */
    private void gather(WebSocketFrame frame) {
        Buffer before = message;
        Buffer part = frame.binaryData();
        if ((before == null ? 0 : before.length()) + (long) part.length() > settings.messageBytes()) {
            end(ListenFrames.TOO_LONG, "a message may have " + settings.messageBytes() + " bytes");
            return;
        }
        Buffer whole = before == null ? Buffer.buffer(part.length()).appendBuffer(part) : before.appendBuffer(part);
        if (frame.isFinal()) {
            message = null;
            take(ListenFrames.read(whole.getBytes()));
        } else {
            message = whole;
        }
    }

    private void take(FromClient said) {
        switch (said) {
            case FromClient.Hello(Wish wish) -> {
                if (state == State.GREETING) {
                    open(wish);
                } else {
                    end(ListenFrames.PROTOCOL_ERROR, "hello may be said once");
                }
            }
            case FromClient.WrongHello(var problems) -> {
                write(ListenFrames.invalid(problems));
                end(ListenFrames.INVALID, "the hello breaks a rule");
            }
            case FromClient.Response response -> {
                Forward request = sent.remove(response.id());
                if (request != null) {
                    request.answered(response.status(), response.headers(), response.body(), response.truncated());
                }
            }
            case FromClient.Failure failure -> {
                Forward request = sent.remove(failure.id());
                if (request != null) {
                    request.failed(failure.trouble(), failure.detail());
                }
            }
            case FromClient.Nonsense(String why) -> end(ListenFrames.PROTOCOL_ERROR, why);
        }
    }

    private void open(Wish wish) {
        state = State.OPENING;
        vertx.cancelTimer(helloTimer);
        ground.blocking().accept(() -> {
            Result<Endpoint> result;
            try {
                result = ground.open().open(wish, this);
            } catch (RuntimeException e) {
                LOG.warn("the endpoint of a listener could not be made: {}", e.toString());
                close(ListenFrames.FAILED, "the endpoint could not be made; try again");
                return;
            }
            loop.runOnContext(ignored -> opened(result));
        });
    }

    private void opened(Result<Endpoint> result) {
        if (result instanceof Result.Conflict<Endpoint>(String field, String detail)) {
            end(ListenFrames.FAILED, detail);
        } else if (result instanceof Result.Limited<Endpoint>(String detail)) {
            end(ListenFrames.FAILED, detail);
        } else if (!(result instanceof Result.Created<Endpoint>(Endpoint made))) {
            end(ListenFrames.DELETED, "the application was deleted");
        } else if (state == State.ENDED) {
            ground.close().accept(made);
        } else {
            endpoint = made;
            state = State.OPEN;
            write(ListenFrames.ready(made, ground.keepResponseBytes()));
            pump();
        }
    }

    // ---- to the client

    @Override
    public void forward(Forward request) {
        loop.runOnContext(ignored -> {
            if (state == State.ENDED) {
                request.failed(Trouble.CONNECT, "the listener is gone");
            } else {
                waiting.add(request);
                pump();
            }
        });
    }

    @Override
    public void forget(Forward request) {
        loop.runOnContext(ignored -> {
            waiting.remove(request);
            sent.values().remove(request);
        });
    }

    @Override
    public void removed() {
        close(ListenFrames.DELETED, "the endpoint was deleted");
    }

    private void pump() {
        while (state == State.OPEN && !waiting.isEmpty() && !socket.writeQueueFull()) {
            Forward request = waiting.remove();
            long id = nextId++;
            sent.put(id, request);
            write(ListenFrames.delivery(id, request));
        }
    }

    private void write(byte[] text) {
        socket.writeTextMessage(new String(text, StandardCharsets.UTF_8));
    }

    private void ping() {
        if (System.nanoTime() - heardAt > settings.dead().toNanos()) {
            end(
                    ListenFrames.SILENT,
                    "nothing came for "
                            + TimeUnit.NANOSECONDS.toSeconds(settings.dead().toNanos()) + " s");
        } else if (!ground.allowed().getAsBoolean()) {
            end(ListenFrames.UNAUTHORIZED, "the token is no longer valid for this");
        } else {
            socket.writePing(Buffer.buffer());
        }
    }

    // ---- the end

    private void end(short code, String reason) {
        if (state != State.ENDED) {
            ended();
            socket.close(code, shorten(reason));
        }
    }

    /** A reason may have 123 bytes (RFC 6455, 5.5), and what a parser says of strange input can be long and strange. */
    private static String shorten(String reason) {
        String ascii = reason.replaceAll("[^ -~]", "?");
        return ascii.length() <= MOST_REASON ? ascii : ascii.substring(0, MOST_REASON - 3) + "...";
    }

    /** The connection may take its time to close; the endpoint goes at once. */
    private void ended() {
        if (state == State.ENDED) {
            return;
        }
        state = State.ENDED;
        message = null;
        vertx.cancelTimer(helloTimer);
        vertx.cancelTimer(pingTimer);
        Endpoint made = endpoint;
        if (made != null) {
            ground.close().accept(made);
        }
        waiting.forEach(request -> request.failed(Trouble.CONNECT, "the listener left before this was sent to it"));
        waiting.clear();
        sent.values().forEach(request -> request.failed(Trouble.PROTOCOL, "the listener left before it answered"));
        sent.clear();
        ground.ended().accept(this);
    }
}
