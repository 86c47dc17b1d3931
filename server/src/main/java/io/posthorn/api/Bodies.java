package io.posthorn.api;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads bodies with a bound in bytes and in time.
 *
 * <p>Too large, by its Content-Length or while it arrives, is answered with 413 before it is there. What the client
 * still sends is read and thrown away for a while, because a client that is cut off in the midst of sending often never
 * sees the answer; then the connection is closed.
 *
 * <p>Every body has a deadline, and nearly every body is there at once. So there is no timer for each: the unfinished
 * ones of an event loop are in a linked list, oldest first, and one timer looks at its head every second.
 */
public final class Bodies {
    private static final byte[] EMPTY = new byte[0];
    private static final long LOOK_MILLIS = 1_000;
    private static final long DISCARD_BYTES = 16L << 20;

    private final Vertx vertx;
    private final int limit;
    private final long deadlineNanos;
    private final ThreadLocal<Pending> pending;

    /**
     * A reader with the bounds of the settings.
     *
     * @param vertx for the timers
     * @param settings {@code maxBodyBytes} and {@code bodySeconds}
     */
    Bodies(Vertx vertx, ApiSettings settings) {
        this.vertx = vertx;
        this.limit = settings.maxBodyBytes();
        this.deadlineNanos = TimeUnit.SECONDS.toNanos(settings.bodySeconds());
        this.pending = ThreadLocal.withInitial(Pending::new);
    }

    /**
     * Reads a body of at most {@code maxBodyBytes}.
     *
     * @param request with nothing read yet, on its event loop
     * @param whenRead gets the whole body, on the event loop; it is not called if the request has been answered with
     *     413 or 408, or if the client is gone. What it throws is answered: with 500, or 503 if the database is away
     */
    public void read(HttpServerRequest request, Consumer<byte[]> whenRead) {
        read(request, limit, whenRead);
    }

    /**
     * Reads a body.
     *
     * @param request with nothing read yet, on its event loop
     * @param most bytes
     * @param whenRead as in {@link #read(HttpServerRequest, Consumer)}
     */
    public void read(HttpServerRequest request, int most, Consumer<byte[]> whenRead) {
        Reading reading = new Reading(request, most, whenRead, pending.get());
        request.handler(reading::take);
        request.endHandler(end -> reading.end());
        request.exceptionHandler(failure -> reading.leave());
        reading.begin();
    }

    /** A body that is arriving. Everything happens on one event loop. */
    private final class Reading {
        private final HttpServerRequest request;
        private final int most;
        private final Consumer<byte[]> whenRead;
        private final Pending list;
        private final long deadline = System.nanoTime() + deadlineNanos;
        private @Nullable Buffer read;
        private boolean refused;
        private long discarded;
        private boolean listed;
        private @Nullable Reading older;
        private @Nullable Reading newer;

        Reading(HttpServerRequest request, int most, Consumer<byte[]> whenRead, Pending list) {
            this.request = request;
            this.most = most;
            this.whenRead = whenRead;
            this.list = list;
        }

        void begin() {
            list.add(this);
            if (declared() > most) {
                refuse();
            } else if (request.headers().contains(HttpHeaders.EXPECT, HttpHeaders.CONTINUE, true)) {
                request.response().writeContinue();
            }
        }

        private long declared() {
            String length = request.headers().get(HttpHeaders.CONTENT_LENGTH);
            if (length == null) {
                return -1;
            }
            try {
                return Long.parseLong(length);
            } catch (NumberFormatException e) {
                return -1; // the decoder has refused it, or will; the bytes are counted in any case
            }
        }

        void take(Buffer chunk) {
            if (refused) {
                discarded += chunk.length();
                if (discarded > DISCARD_BYTES) {
                    leave();
                    request.connection().close();
                }
            } else if (length() + (long) chunk.length() > most) {
                refuse();
            } else {
                Buffer before = read;
                read = before == null ? chunk : before.appendBuffer(chunk);
            }
        }

        private int length() {
            Buffer before = read;
            return before == null ? 0 : before.length();
        }

        private void refuse() {
            refused = true;
            read = null;
            Errors.write(request, 413, "payload_too_large", "the body is larger than the limit of " + most + " bytes");
        }

        void end() {
            leave();
            if (!refused) {
                Buffer all = read;
                read = null;
                try {
                    whenRead.accept(all == null ? EMPTY : all.getBytes());
                } catch (RuntimeException e) {
                    Errors.write(request, Failures.answer(e)); // nobody above us would answer, only log it
                }
            }
        }

        void leave() {
            list.remove(this);
        }

        void expire() {
            leave();
            if (!refused) {
                refused = true;
                read = null;
                request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
                Errors.write(
                        request,
                        408,
                        "request_timeout",
                        "the body did not arrive within " + TimeUnit.NANOSECONDS.toSeconds(deadlineNanos) + " s");
            }
            request.connection().close();
        }
    }

    /** The bodies that are arriving on one event loop, in the order of their deadlines. */
    private final class Pending {
        private @Nullable Reading oldest;
        private @Nullable Reading newest;
        private boolean looking;

        void add(Reading reading) {
            reading.listed = true;
            Reading last = newest;
            reading.older = last;
            if (last == null) {
                oldest = reading;
            } else {
                last.newer = reading;
            }
            newest = reading;
            if (!looking) {
                looking = true;
                vertx.setPeriodic(LOOK_MILLIS, this::look);
            }
        }

        void remove(Reading reading) {
            if (!reading.listed) {
                return;
            }
            reading.listed = false;
            Reading before = reading.older;
            Reading after = reading.newer;
            if (before == null) {
                oldest = after;
            } else {
                before.newer = after;
            }
            if (after == null) {
                newest = before;
            } else {
                after.older = before;
            }
        }

        private void look(long timer) {
            long now = System.nanoTime();
            for (Reading first = oldest; first != null && now - first.deadline >= 0; first = oldest) {
                first.expire();
            }
            if (oldest == null) {
                looking = false;
                vertx.cancelTimer(timer);
            }
        }
    }
}
