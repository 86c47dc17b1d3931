package io.posthorn.api;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Takes work that waits for the database off the event loops, onto virtual threads, and its answers back. There is a
 * bound on how much of it is under way, since what waits holds memory; beyond it, the answer is 503 with Retry-After.
 */
public final class Blocking implements AutoCloseable {
    private static final int RETRY_SECONDS = 1;

    private final Vertx vertx;
    private final Semaphore room;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("api-", 0).factory());

    /**
     * Room for so much work.
     *
     * @param vertx whose event loops answer
     * @param most requests under way
     */
    Blocking(Vertx vertx, int most) {
        this.vertx = vertx;
        this.room = new Semaphore(most);
    }

    /**
     * Runs work for a request and answers with its result.
     *
     * @param request on its event loop; its body has been read, or is of no interest
     * @param work on a virtual thread; what it throws becomes 503 if the database is away, else 500
     */
    public void run(HttpServerRequest request, Supplier<Answer> work) {
        if (!room.tryAcquire()) {
            Errors.write(request, Answer.unavailable("too many requests are being worked on", RETRY_SECONDS));
            return;
        }
        Context loop = vertx.getOrCreateContext();
        try {
            threads.execute(() -> {
                Answer answer;
                try {
                    answer = work.get();
                } catch (Throwable e) {
                    answer = Failures.answer(e);
                } finally {
                    room.release();
                }
                Answer done = answer;
                loop.runOnContext(any -> Errors.write(request, done));
            });
        } catch (RejectedExecutionException e) {
            room.release();
            Errors.write(request, Answer.unavailable("the server is stopping", RETRY_SECONDS));
        }
    }

    /** Takes no more work and waits for what is under way. */
    @Override
    public void close() {
        threads.close();
    }
}
