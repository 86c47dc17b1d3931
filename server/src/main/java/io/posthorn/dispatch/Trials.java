package io.posthorn.dispatch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.runtime.Budget;
import io.posthorn.runtime.FairWorkers;
import io.posthorn.runtime.Time;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Rendered;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Dry runs: what would be sent of a message, with nothing sent, nothing written, and nothing secret in it. Of the endpoint's
 * configuration all texts are hidden, so that it cannot be read by way of an envelope. They have a thread of their own and
 * keep deliveries waiting for nothing.
 */
public final class Trials implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_WAITING = 16;
    private static final String HIDDEN = "***";

    /** What would come of a message. */
    public sealed interface Tried {
        /**
         * A request, without its signature and authentication.
         *
         * @param method in capitals
         * @param path and query; null for those of the endpoint's URL
         * @param headers the values of sensitive ones hidden
         * @param body byte for byte
         */
        record Request(String method, @Nullable String path, Map<String, String> headers, byte[] body)
                implements Tried {}

        /** The filter does not hold. */
        record NotWanted() implements Tried {}

        /** The transformation says so. */
        record NotSent() implements Tried {}

        /**
         * No request could be made.
         *
         * @param detail for people, with the place
         */
        record Broken(String detail) implements Tried {}

        /** Too many try at once. */
        record Busy() implements Tried {}
    }

    private final FairWorkers workers = new FairWorkers("posthorn-try-", 1);
    private final Semaphore room = new Semaphore(MOST_WAITING);
    private final Catalog catalog;
    private final Shaping shaping;
    private final Time time;

    /**
     * Dry runs.
     *
     * @param catalog knows event types and profiles
     * @param shaping as for deliveries
     */
    public Trials(Catalog catalog, Shaping shaping, Time time) {
        this.catalog = catalog;
        this.shaping = shaping;
        this.time = time;
    }

    /**
     * Makes the request of a first attempt. Blocks.
     *
     * @param app whose endpoint it is
     * @param shape in the place of the endpoint's own
     * @param most how long to wait at most
     */
    public Tried run(AppView app, Endpoint endpoint, EndpointShape shape, Message message, Duration most)
            throws InterruptedException {
        if (!room.tryAcquire()) {
            return new Tried.Busy();
        }
        CompletableFuture<Tried> done = new CompletableFuture<>();
        workers.run(endpoint.no(), () -> {
            try {
                done.complete(tried(app, harmless(endpoint, shape), message));
            } catch (ContentException e) {
                done.complete(new Tried.Broken(e.detail()));
            } catch (Throwable e) {
                done.completeExceptionally(e);
            } finally {
                room.release();
            }
        });
        try {
            return done.get(most.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            return new Tried.Busy();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a dry run failed", e.getCause());
        }
    }

    private Tried tried(AppView app, Endpoint endpoint, Message message) throws ContentException {
        RequestMaker maker = new RequestMaker(
                catalog,
                endpoint,
                () -> catalog.profiles()
                        .of(app.application().envNo(), endpoint.shape())
                        .profile(),
                new RequestMaker.UrlParts("", ""),
                false,
                shaping,
                time);
        try (Budget _ = Budget.open()) {
            return switch (maker.unsigned(message, app.application(), 1, time.micros())) {
                case RequestMaker.Unsigned.NotWanted _ -> new Tried.NotWanted();
                case RequestMaker.Unsigned.NotSent _ -> new Tried.NotSent();
                case RequestMaker.Unsigned.Ready ready -> request(ready, endpoint);
            };
        }
    }

    private static Tried request(RequestMaker.Unsigned.Ready ready, Endpoint endpoint) {
        Rendered rendered = ready.rendered();
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 0; i < rendered.headers().length; i += 2) {
            headers.put(rendered.headers()[i], rendered.headers()[i + 1]);
        }
        if (rendered.userAgent() != null) {
            headers.put("user-agent", rendered.userAgent());
        }
        for (CustomHeader own : endpoint.headers()) {
            headers.put(own.name(), own.sensitive() ? HIDDEN : own.value());
        }
        if (ready.version() != null) {
            headers.put(RequestMaker.VERSION_HEADER, ready.version());
        }
        return new Tried.Request(rendered.method(), rendered.path(), headers, rendered.body());
    }

    /** The endpoint with another shape, and without what must not be shown. */
    private static Endpoint harmless(Endpoint e, EndpointShape shape) {
        return new Endpoint(
                e.no(),
                e.appNo(),
                e.id(),
                e.uid(),
                e.url(),
                e.description(),
                e.eventTypes(),
                e.channels(),
                e.disabled(),
                e.disabledReason(),
                e.rateLimit(),
                e.metadata(),
                e.secret(),
                e.oldSecrets(),
                e.headers(),
                e.version(),
                e.delivery(),
                shape,
                new EndpointSecrets(hidden(e.secrets().config()), null, null),
                e.paused(),
                e.createdAt(),
                e.updatedAt());
    }

    private static @Nullable String hidden(@Nullable String config) {
        if (config == null) {
            return null;
        }
        try {
            return hidden(JSON.readTree(config)).toString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the configuration of an endpoint is JSON", e);
        }
    }

    private static JsonNode hidden(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JSON.createObjectNode();
            object.properties().forEach(member -> copy.set(member.getKey(), hidden(member.getValue())));
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JSON.createArrayNode();
            array.forEach(element -> copy.add(hidden(element)));
            return copy;
        }
        return TextNode.valueOf(HIDDEN);
    }

    @Override
    public void close() {
        workers.close();
    }
}
