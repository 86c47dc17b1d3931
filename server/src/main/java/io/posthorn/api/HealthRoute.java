package io.posthorn.api;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /api/v1/health}. Anybody may ask, so asking costs nothing: however many ask, one check runs, on a thread of its
 * own, and all of them get its answer. One that takes too long counts as failed.
 */
final class HealthRoute {
    private static final Logger log = LoggerFactory.getLogger(HealthRoute.class);
    private static final String PATH = "/api/v1/health";
    private static final long PATIENCE_MILLIS = 5_000;
    private static final Answer FINE = Answer.json(200, Map.of("status", "ok"));
    private static final Answer UNAVAILABLE = new Answer(
            503,
            Answer.JSON_TYPE,
            Json.write(Map.of(
                    "status", "unavailable",
                    "code", "unavailable",
                    "detail", "the database does not answer")),
            Map.of("cache-control", "no-store", "retry-after", "1"));

    private final Vertx vertx;
    private final BooleanSupplier healthy;
    private final AtomicReference<@Nullable Future<Boolean>> running = new AtomicReference<>();

    HealthRoute(Vertx vertx, BooleanSupplier healthy) {
        this.vertx = vertx;
        this.healthy = healthy;
    }

    void mount(Router router) {
        router.get(PATH).handler(this::handle);
        router.head(PATH).handler(this::handle);
    }

    private void handle(RoutingContext ctx) {
        HttpServerRequest request = ctx.request();
        Context loop = vertx.getOrCreateContext();
        check().timeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS).onComplete(done -> {
            Answer answer = done.succeeded() && done.result() ? FINE : UNAVAILABLE;
            loop.runOnContext(any -> Errors.write(request, answer));
        });
    }

    private Future<Boolean> check() {
        Promise<Boolean> mine = Promise.promise();
        Future<Boolean> other = running.compareAndExchange(null, mine.future());
        if (other != null) {
            return other;
        }
        Thread.ofVirtual().name("health").start(() -> {
            boolean fine = false;
            try {
                fine = healthy.getAsBoolean();
            } catch (RuntimeException e) {
                log.warn("the health check itself failed", e);
            } finally {
                running.set(null);
                mine.complete(fine);
            }
        });
        return mine.future();
    }
}
