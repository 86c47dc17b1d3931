package io.posthorn.api;

import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes work that waits for the database off the event loops, onto virtual threads, and its answers back. There is a
 * bound on how much of it is under way, since what waits holds memory; beyond it, the answer is 503 with Retry-After.
 */
public final class Blocking implements AutoCloseable {
    private static final int RETRY_SECONDS = 1;

    private final Vertx vertx;
    private final Bodies bodies;
    private final Semaphore room;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("api-", 0).factory());

    /**
     * Room for so much work.
     *
     * @param vertx whose event loops answer
     * @param bodies reads the bodies
     * @param most requests under way
     */
    Blocking(Vertx vertx, Bodies bodies, int most) {
        this.vertx = vertx;
        this.bodies = bodies;
        this.room = new Semaphore(most);
    }

    /** A handler that ignores the body. */
    public Handler<RoutingContext> get(Function<Call, Answer> work) {
        return ctx -> {
            Call call = Call.of(ctx);
            run(ctx.request(), () -> work.apply(call));
        };
    }

    /** A handler that reads a JSON object; anything else is answered with 415, 413, 408 or 422. */
    public Handler<RoutingContext> json(Function<Call, Answer> work) {
        return ctx -> {
            HttpServerRequest request = ctx.request();
            String type = request.headers().get(HttpHeaders.CONTENT_TYPE);
            if (!isJson(type)) {
                Errors.write(
                        request,
                        415,
                        "unsupported_media_type",
                        "the body must be JSON in UTF-8, with `Content-Type: application/json`");
                return;
            }
            Call call = Call.of(ctx);
            bodies.read(request, body -> run(request, () -> parse(call, body, work)));
        };
    }

    private static Answer parse(Call call, byte[] body, Function<Call, Answer> work) {
        return switch (Json.parse(body)) {
            case Json.Parsed.Wrong(Problem problem) -> Answer.invalid(List.of(problem));
            case Json.Parsed.Value(var node) ->
                node.isObject()
                        ? work.apply(call.with(node))
                        : Answer.invalid(List.of(Problem.type("must be a JSON object", "body")));
        };
    }

    /** A body without a type is taken for what it should be. */
    private static boolean isJson(@Nullable String header) {
        if (header == null) {
            return true;
        }
        String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
        String type = parts[0].strip();
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
                return false;
            }
        }
        return type.equals("application/json") || (type.startsWith("application/") && type.endsWith("+json"));
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
