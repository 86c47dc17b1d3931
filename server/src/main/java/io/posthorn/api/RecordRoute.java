package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointChange;
import io.posthorn.catalog.RecordTokens;
import io.posthorn.dispatch.Records;
import io.posthorn.dispatch.Thin;
import io.posthorn.history.History;
import io.posthorn.history.HistoryException;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Pace;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * {@code GET /api/v1/record/{token}}: the record that a thin payload leads to, as it would have been sent. The token is
 * enough: who has it was sent it. It takes no other.
 */
public final class RecordRoute implements AutoCloseable {
    /** At work at once. */
    private static final int MOST = 64;
    /** Of the links of one endpoint. */
    private static final int MOST_A_SECOND = 50;

    private static final int RETRY_SECONDS = 1;
    private static final Duration MADE_WITHIN = Duration.ofSeconds(5);
    private static final Answer GONE =
            Answer.error(410, "gone", "this link has come to its end, or the record behind it is not kept any more");

    private final Catalog catalog;
    private final History history;
    private final RecordTokens tokens;
    private final Records records;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final Blocking blocking;
    /** By the number of the endpoint, of those for which a valid token came. */
    private final ConcurrentHashMap<Integer, Pace> paces = new ConcurrentHashMap<>();

    /**
     * The route.
     *
     * @param vertx whose event loops answer
     * @param catalog says which endpoints there are
     * @param history the messages
     * @param tokens of the links
     * @param records what would have been sent
     * @param clock says whether a link has come to its end
     * @param nanos as {@link System#nanoTime}
     */
    public RecordRoute(
            Vertx vertx,
            Catalog catalog,
            History history,
            RecordTokens tokens,
            Records records,
            InstantSource clock,
            LongSupplier nanos) {
        this.catalog = catalog;
        this.history = history;
        this.tokens = tokens;
        this.records = records;
        this.clock = clock;
        this.nanos = nanos;
        this.blocking = new Blocking(vertx, MOST);
        catalog.onEndpointChange(change -> {
            if (change instanceof EndpointChange.Removed(Endpoint endpoint)) {
                paces.remove(endpoint.no());
            }
        });
    }

    /** The route where requests come in. */
    public FastRoutes fast() {
        return (loop, authenticator, bodies, mostBody) -> this::tryHandle;
    }

    private boolean tryHandle(HttpServerRequest request) {
        String path = request.path();
        if (path == null || !path.startsWith(Thin.PATH) || !HttpMethod.GET.equals(request.method())) {
            return false;
        }
        RecordTokens.Reference reference = tokens.read(path.substring(Thin.PATH.length()));
        if (reference == null) {
            Errors.write(request, Answer.notFound("record"));
        } else if (clock.instant().getEpochSecond() >= reference.until()) {
            Errors.write(request, GONE);
        } else {
            show(request, reference);
        }
        return true;
    }

    private void show(HttpServerRequest request, RecordTokens.Reference reference) {
        AppView app = catalog.appByNo(reference.appNo());
        Endpoint endpoint = app == null ? null : app.endpointByNo(reference.endpointNo());
        if (app == null || endpoint == null) {
            Errors.write(request, Answer.notFound("record"));
            return;
        }
        long now = nanos.getAsLong();
        if (paces.computeIfAbsent(endpoint.no(), no -> new Pace(now)).take(MOST_A_SECOND, now) < 0) {
            Errors.write(
                    request,
                    Answer.error(
                            429,
                            "rate_limited",
                            "the links of one endpoint may be followed " + MOST_A_SECOND + " times a second",
                            Answer.retryAfter(RETRY_SECONDS)));
            return;
        }
        Application application = app.application();
        blocking.run(request, () -> answer(reference, application, endpoint));
    }

    private Answer answer(RecordTokens.Reference reference, Application application, Endpoint endpoint) {
        Message message;
        try {
            message = history.message(reference.appNo(), reference.messageId(), true);
        } catch (HistoryException e) {
            if (e.kind() == HistoryException.Kind.BUSY) {
                return Answer.unavailable("too many are reading the history just now", RETRY_SECONDS);
            }
            throw e;
        }
        if (message == null || !message.hasContent() || !permitted(message)) {
            return GONE;
        }
        return switch (records.of(application, endpoint, message, MADE_WITHIN)) {
            case Records.Made.Body(byte[] body, String contentType) ->
                new Answer(
                        200,
                        contentType,
                        body,
                        Map.of(
                                "cache-control", "private, no-store",
                                "referrer-policy", "no-referrer",
                                "x-content-type-options", "nosniff"));
            case Records.Made.NotSent _ -> Answer.notFound("record");
            case Records.Made.Broken(String detail) ->
                Answer.error(409, "content", "the record cannot be made as it would have been sent: " + detail);
            case Records.Made.Busy _ -> Answer.unavailable("too many follow links just now", RETRY_SECONDS);
        };
    }

    /** What an application may not be told of any more is not shown either, whoever has the link. */
    private boolean permitted(Message message) {
        AppView app = catalog.appByNo(message.appNo);
        return app != null && catalog.permits(app.application(), message.eventType);
    }

    /** How many endpoints it holds a pace for. */
    int paces() {
        return paces.size();
    }

    /** Takes no more, and waits for what is under way. */
    @Override
    public void close() {
        blocking.close();
    }
}
