package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request that a {@link Listener} is to make, and where its answer goes. Answering is possible on any thread; the
 * first answer counts, and what comes after it or after the deadline is ignored.
 */
public final class Forward {
    /** As much as of the head of any other response. */
    private static final int MOST_HEADERS = 16 << 10;

    /** Why the listener's own request had no response. */
    public enum Trouble {
        /** It took too long. */
        TIMEOUT,
        /** The name could not be resolved. */
        DNS,
        /** No connection. */
        CONNECT,
        /** No TLS session. */
        TLS,
        /** The connection, the listener's or the one it made, broke midway, or what came was not HTTP. */
        PROTOCOL
    }

    /**
     * A header.
     *
     * @param name in any case
     * @param value as received
     */
    public record Header(String name, String value) {}

    private final Outgoing request;
    private final List<Header> headers;
    private final Duration timeout;
    private final int keptBytes;
    private final Context lane;
    private final Consumer<Exchange> done;
    private final long startedAt;
    private final long start = System.nanoTime();
    /** This and the next are read and written on the lane's loop only. */
    private long timer;

    private boolean finished;

    /**
     * A request that starts now. On the lane's loop.
     *
     * @param headers all that the listener shall send, in this order
     * @param timeout until when the answer must have come
     * @param keptBytes how much of a response's body is kept
     * @param lane whose loop {@code done} is called on
     * @param startedAt microseconds since 1970
     * @param done told once
     */
    Forward(
            Outgoing request,
            List<Header> headers,
            Duration timeout,
            int keptBytes,
            Context lane,
            long startedAt,
            Consumer<Exchange> done) {
        this.request = request;
        this.headers = headers;
        this.timeout = timeout;
        this.keptBytes = keptBytes;
        this.lane = lane;
        this.done = done;
        this.startedAt = startedAt;
    }

    /** The message's id. */
    public String messageId() {
        return request.message().id;
    }

    /** The message's event type. */
    public String eventType() {
        return request.message().eventType;
    }

    /** In capitals. */
    public String method() {
        return request.method();
    }

    /** Path and query in the place of those of the URL that the listener forwards to; null for those. */
    public @Nullable String path() {
        return request.path();
    }

    /** All headers to send, those of the signature among them, in their order. */
    public List<Header> headers() {
        return headers;
    }

    /** What to send, byte for byte; not to be changed. */
    public byte[] body() {
        return request.body();
    }

    /** How long the whole exchange may take. */
    public Duration timeout() {
        return timeout;
    }

    /**
     * There was a response.
     *
     * @param status 200 to 999
     * @param responseHeaders in their order; beyond 16 KiB they are left out
     * @param body the beginning of it, as much as is kept or less; what is too much is cut off
     * @param truncated whether there was more
     */
    public void answered(int status, List<Header> responseHeaders, byte[] body, boolean truncated) {
        String retryAfter = null;
        StringBuilder text = new StringBuilder();
        for (Header header : responseHeaders) {
            String name = oneLine(header.name());
            String value = oneLine(header.value());
            if (text.length() + name.length() + value.length() + 3 > MOST_HEADERS) {
                break;
            }
            text.append(name).append(": ").append(value).append('\n');
            retryAfter = retryAfter == null && name.equalsIgnoreCase("retry-after") ? value : retryAfter;
        }
        boolean cut = body.length > keptBytes;
        finish(new Outcome.Response(
                status, text.toString(), cut ? Arrays.copyOf(body, keptBytes) : body, cut || truncated, retryAfter));
    }

    /**
     * There was none.
     *
     * @param detail for people
     */
    public void failed(Trouble trouble, String detail) {
        FailureKind kind = switch (trouble) {
            case TIMEOUT -> FailureKind.TIMEOUT;
            case DNS -> FailureKind.DNS;
            case CONNECT -> FailureKind.CONNECT;
            case TLS -> FailureKind.TLS;
            case PROTOCOL -> FailureKind.PROTOCOL;
        };
        finish(new Outcome.Failure(kind, detail));
    }

    /** On the lane's loop. */
    void giveUpAfterTimeout(Listener listener) {
        timer = lane.owner().setTimer(Math.max(1, timeout.toMillis()), fired -> {
            if (!finished) {
                listener.forget(this);
                complete(new Outcome.Failure(
                        FailureKind.TIMEOUT, "the listener did not answer within " + timeout.toMillis() + " ms"));
            }
        });
    }

    /** Later and not now: a lane may have a thousand of them, and each answer starts the next. */
    private void finish(Outcome outcome) {
        lane.runOnContext(ignored -> {
            if (!finished) {
                lane.owner().cancelTimer(timer);
                complete(outcome);
            }
        });
    }

    private void complete(Outcome outcome) {
        finished = true;
        done.accept(new Exchange(startedAt, (System.nanoTime() - start) / 1_000, outcome));
    }

    /** The history keeps a header a line; what a stranger calls a header may have several. */
    private static String oneLine(String text) {
        return text.replace('\r', ' ').replace('\n', ' ');
    }
}
