package io.posthorn.dispatch;

import io.posthorn.catalog.Catalog;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.runtime.Budget;
import io.posthorn.runtime.FairWorkers;
import io.posthorn.runtime.Time;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Rendered;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What a thin endpoint would have been sent if it were not thin: the body that its version of the payload, its profile and
 * its transformation make of a message. Its filter has been asked when the thin payload was sent. A thread of its own makes
 * them, one of each endpoint at a time, and keeps deliveries waiting for nothing.
 */
public final class Records implements AutoCloseable {
    private static final int MOST_WAITING = 64;
    private static final String CONTENT_TYPE = "content-type";
    private static final String BYTES = "application/octet-stream";

    /** What has come of a message. */
    public sealed interface Made {
        /**
         * A body.
         *
         * @param bytes byte for byte
         * @param contentType what they are
         */
        record Body(byte[] bytes, String contentType) implements Made {}

        /** The transformation says that such a message is not to be sent. */
        record NotSent() implements Made {}

        /**
         * It cannot be made.
         *
         * @param detail for people, with the place
         */
        record Broken(String detail) implements Made {}

        /** Too many are wanted at once. */
        record Busy() implements Made {}
    }

    private final FairWorkers workers = new FairWorkers("posthorn-record-", 1);
    private final Semaphore room = new Semaphore(MOST_WAITING);
    private final Catalog catalog;
    private final Shaping shaping;
    private final Time time;

    /**
     * Such bodies.
     *
     * @param catalog knows event types and profiles
     * @param shaping as for deliveries
     */
    public Records(Catalog catalog, Shaping shaping, Time time) {
        this.catalog = catalog;
        this.shaping = shaping;
        this.time = time;
    }

    /**
     * Makes the body of a first attempt. Blocks.
     *
     * @param application of the endpoint
     * @param message with its content
     * @param most how long to wait at most
     */
    public Made of(Application application, Endpoint endpoint, Message message, Duration most) {
        if (!room.tryAcquire()) {
            return new Made.Busy();
        }
        CompletableFuture<Made> done = new CompletableFuture<>();
        workers.run(endpoint.no(), () -> {
            try {
                done.complete(made(application, endpoint.with(full(endpoint.shape())), message));
            } catch (ContentException e) {
                done.complete(new Made.Broken(e.detail()));
            } catch (RuntimeException | StackOverflowError e) {
                done.completeExceptionally(e);
            } finally {
                room.release();
            }
        });
        try {
            return done.get(most.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            return new Made.Busy();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new Made.Busy();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a record could not be made", e.getCause());
        }
    }

    private static EndpointShape full(EndpointShape shape) {
        return new EndpointShape(
                shape.profile(), shape.ownProfile(), null, shape.transformation(), false, shape.payloadVersion());
    }

    private Made made(Application application, Endpoint endpoint, Message message) throws ContentException {
        RequestMaker maker = new RequestMaker(
                catalog,
                endpoint,
                () -> catalog.profiles()
                        .of(application.envNo(), endpoint.shape())
                        .profile(),
                new RequestMaker.UrlParts("", ""),
                false,
                shaping,
                time);
        try (Budget _ = Budget.open()) {
            return switch (maker.unsigned(message, application, 1, time.micros())) {
                case RequestMaker.Unsigned.Ready ready -> {
                    Rendered rendered = ready.rendered();
                    String type = contentType(rendered.headers());
                    yield new Made.Body(rendered.body(), type == null ? BYTES : type);
                }
                case RequestMaker.Unsigned.NotSent _ -> new Made.NotSent();
                case RequestMaker.Unsigned.NotWanted _ -> throw new IllegalStateException("there is no filter");
            };
        }
    }

    private static @Nullable String contentType(String[] headers) {
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i].equalsIgnoreCase(CONTENT_TYPE)) {
                return headers[i + 1];
            }
        }
        return null;
    }

    @Override
    public void close() {
        workers.close();
    }
}
