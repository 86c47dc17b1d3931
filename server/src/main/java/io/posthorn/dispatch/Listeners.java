package io.posthorn.dispatch;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointChange;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.Result;
import io.posthorn.dispatch.Forward.Header;
import io.posthorn.egress.EgressSettings;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Endpoint;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who take deliveries over a connection that they made, and their temporary endpoints. To everybody else such an
 * endpoint is one like any other: the same lane, signature, retries and history. Only the last step differs: its
 * requests do not leave through {@code egress}, they go to the {@link Listener} whose name stands in the endpoint's URL.
 *
 * <pre>
 *   open ──▶ a random URL, the listener known under it ──▶ the endpoint in the catalog ──▶ deliveries
 *   close ─▶ the listener forgotten: what is under way fails ──▶ the endpoint deleted, and with it what waits
 * </pre>
 *
 * <p>The listener is known before its endpoint is, so no delivery can come too early. An endpoint that could not be
 * deleted, because the database or this process was gone, is deleted by the next start.
 */
public final class Listeners {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);
    private static final int RANDOM_BYTES = 12;
    private static final long DELETE_AGAIN_MILLIS = 1_000;
    private static final long DELETED_WITHIN_SECONDS = 5;

    private final Catalog catalog;
    private final int keptResponseBytes;
    private final String userAgent;
    private final Duration timeout;
    private final Time time;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Listener> byUrl = new ConcurrentHashMap<>();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch stopped = new CountDownLatch(1);

    /**
     * Nobody listens yet.
     *
     * @param catalog where the endpoints are made
     * @param egress says how much of a response is kept, and the user agent
     * @param timeout of an exchange
     * @param time the clock
     */
    public Listeners(Catalog catalog, EgressSettings egress, Duration timeout, Time time) {
        this.catalog = catalog;
        this.keptResponseBytes = egress.keptResponseBytes();
        this.userAgent = egress.userAgent();
        this.timeout = timeout;
        this.time = time;
        catalog.onEndpointChange(this::changed);
    }

    /**
     * What a listener wants.
     *
     * @param description for people, of the endpoint
     * @param eventTypes as {@link Endpoint#eventTypes()}
     * @param channels as {@link Endpoint#channels()}
     * @param secret to sign with; null for a fresh one
     */
    public record Wish(
            String description,
            @Nullable List<String> eventTypes,
            @Nullable List<String> channels,
            @Nullable SigningSecret secret) {}

    /** How much of a response's body is kept, bytes. */
    public int keptResponseBytes() {
        return keptResponseBytes;
    }

    /** How long an exchange may take. */
    public Duration timeout() {
        return timeout;
    }

    /**
     * Makes a temporary endpoint for a listener, which from now on gets its deliveries. Blocks.
     *
     * @param env the number of the application's environment
     * @param appId of the application
     * @return {@code Created}, or {@code NotFound} without the application
     */
    public Result<Endpoint> open(int env, String appId, Wish wish, Listener listener) {
        byte[] name = new byte[RANDOM_BYTES];
        random.nextBytes(name);
        String url = Endpoint.TEMPORARY + HexFormat.of().formatHex(name);
        EndpointDraft draft = new EndpointDraft(
                url,
                null,
                wish.description(),
                wish.eventTypes(),
                wish.channels(),
                false,
                null,
                Map.of(),
                wish.secret());
        byUrl.put(url, listener);
        boolean made = false;
        try {
            Result<Endpoint> result = catalog.endpoints().create(env, appId, draft);
            made = result instanceof Result.Created;
            return result;
        } finally {
            if (!made) {
                byUrl.remove(url);
            }
        }
    }

    /**
     * The listener is gone. Its endpoint follows as soon as the database takes that; does not wait for it.
     *
     * @param endpoint from {@link #open}
     */
    public void close(Endpoint endpoint) {
        byUrl.remove(endpoint.url());
        try {
            workers.execute(() -> delete(endpoint));
        } catch (RejectedExecutionException e) {
            LOG.info("endpoint {} of a listener is left to the next start: this one has ended", endpoint.id());
        }
    }

    private void delete(Endpoint endpoint) {
        while (true) {
            try {
                AppView app = catalog.appByNo(endpoint.appNo());
                if (app != null) {
                    catalog.endpoints()
                            .delete(app.application().envNo(), app.application().id(), endpoint.id());
                }
                return;
            } catch (RuntimeException e) {
                LOG.warn("the endpoint of a listener that is gone could not be deleted yet: {}", e.getMessage());
                if (!pause()) {
                    return; // the next start deletes it
                }
            }
        }
    }

    /** False if there is no time left for another try. */
    private boolean pause() {
        try {
            return !stopped.await(DELETE_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Waits a little for the endpoints of those who are gone to be deleted. */
    void stop() throws InterruptedException {
        workers.shutdown();
        if (!workers.awaitTermination(DELETED_WITHIN_SECONDS, TimeUnit.SECONDS)) {
            stopped.countDown();
        }
    }

    private void changed(EndpointChange change) {
        if (change instanceof EndpointChange.Removed(Endpoint endpoint) && endpoint.temporary()) {
            Listener listener = byUrl.remove(endpoint.url());
            if (listener != null) {
                listener.removed();
            }
        }
    }

    /** How the requests of a temporary endpoint leave. Used on the loop of its lane. */
    Sender sender(Endpoint endpoint, Context lane) {
        String url = endpoint.url();
        return (request, deadline, done) -> {
            Listener listener = byUrl.get(url);
            if (listener == null) {
                Exchange failed = new Exchange(
                        time.micros(), 0, new Outcome.Failure(FailureKind.CONNECT, "the listener is gone"));
                lane.runOnContext(ignored -> done.accept(failed));
                return;
            }
            Forward forward =
                    new Forward(request, headers(request), deadline, keptResponseBytes, lane, time.micros(), done);
            forward.giveUpAfterTimeout(listener);
            listener.forward(forward);
        };
    }

    private List<Header> headers(Outgoing request) {
        String[] namesAndValues = request.headers();
        String own = request.userAgent();
        List<Header> headers = new ArrayList<>(1 + namesAndValues.length / 2);
        headers.add(new Header("user-agent", own == null ? userAgent : own));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(new Header(namesAndValues[i], namesAndValues[i + 1]));
        }
        return headers;
    }
}
