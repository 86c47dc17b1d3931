package io.posthorn.dispatch;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Contexts on different event loops. Vert.x gives each instance of a verticle the next loop. */
final class EventLoops {
    private static final int SECONDS = 10;

    private EventLoops() {}

    /**
     * Takes contexts, one a loop.
     *
     * @param count at most as many as Vert.x has loops
     */
    static List<Context> take(Vertx vertx, int count) throws InterruptedException {
        List<Context> contexts = new ArrayList<>();
        try {
            vertx.deployVerticle(
                            () -> new AbstractVerticle() {
                                @Override
                                public void start() {
                                    synchronized (contexts) {
                                        contexts.add(context);
                                    }
                                }
                            },
                            new DeploymentOptions().setInstances(count))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the event loops did not start", e);
        }
        synchronized (contexts) {
            return List.copyOf(contexts);
        }
    }
}
