package io.posthorn.dispatch;

import io.posthorn.catalog.Catalog;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.posthorn.wire.OverlapSigner;
import io.posthorn.wire.StandardHeaders;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A message becomes a signed POST, as Standard Webhooks has it. Confined to the endpoint's event loop. */
final class EndpointRoute implements Route {
    private static final Logger LOG = LoggerFactory.getLogger(EndpointRoute.class);
    private static final String CONTENT_TYPE = "content-type";
    private static final String JSON = "application/json";
    private static final int ID = 3;
    private static final int TIMESTAMP = 5;
    private static final int SIGNATURE = 7;
    /** How far the {@code svix-} names are behind the others. */
    private static final int SVIX = 6;

    private final Sender sender;
    /** All that is the same on every request; what differs is empty. */
    private final String[] template;

    private final OverlapSigner signer;
    private final Catalog catalog;
    private final Context context;
    private final Duration deadline;
    private final boolean svixHeaders;
    private final Time time;

    EndpointRoute(
            Sender sender, Endpoint endpoint, Catalog catalog, Context context, DispatchSettings settings, Time time) {
        this.sender = sender;
        this.context = context;
        this.catalog = catalog;
        this.deadline = deadline(endpoint, settings);
        this.svixHeaders = settings.svixHeaders();
        this.template = template(Credentials.headers(endpoint), svixHeaders);
        this.time = time;
        this.signer = new OverlapSigner(endpoint.secret(), endpoint.oldSecrets(), time.micros());
    }

    /** Of all attempts at an endpoint. */
    static Duration deadline(Endpoint endpoint, DispatchSettings settings) {
        Duration own = endpoint.delivery().timeout();
        Duration most = settings.attemptTimeout(); // it may have been longer when the owner decided
        return own == null || own.compareTo(most) > 0 ? most : own;
    }

    /** Later and not now: a lane may have a thousand of them, and each answer starts the next. */
    private static void fail(Context context, Time time, FailureKind kind, String detail, Consumer<Exchange> done) {
        Exchange failed = new Exchange(time.micros(), 0, new Outcome.Failure(kind, detail));
        context.runOnContext(ignored -> done.accept(failed));
    }

    @Override
    public Duration deadline() {
        return deadline;
    }

    @Override
    public void send(Message message, int attempt, Consumer<Exchange> done) {
        send(message, attempt, deadline, done);
    }

    @Override
    public void send(Message message, int attempt, Duration most, Consumer<Exchange> done) {
        Outgoing request;
        try {
            request = request(message);
        } catch (RuntimeException e) {
            LOG.error("message {} could not be sent", message.id, e);
            fail(context, time, FailureKind.CONTENT, "the request could not be made: " + e, done);
            return;
        }
        sender.send(request, soonest(most), done); // outside: who has it tells what came of it, and nobody else does
    }

    private Outgoing request(Message message) {
        long now = time.micros();
        String timestamp = Long.toString(now / 1_000_000);
        String signature = signer.sign(message.id, now, message.payload);
        Outgoing usual = Outgoing.usual(message, withOwn(message, headers(message.id, timestamp, signature)));
        String version = catalog.payloadVersion(message);
        return version == null ? usual : usual.with(RequestMaker.VERSION_HEADER, version);
    }

    /** With those that the publisher gave; what the endpoint's owner has decided comes before them. */
    private static String[] withOwn(Message message, String[] headers) {
        return message.headers.isEmpty() ? headers : MessageHeaders.behind(headers, message.headers);
    }

    private Duration soonest(Duration most) {
        return most.compareTo(deadline) < 0 ? most : deadline;
    }

    private String[] headers(String id, String timestamp, String signature) {
        String[] headers = template.clone();
        headers[ID] = id;
        headers[TIMESTAMP] = timestamp;
        headers[SIGNATURE] = signature;
        if (svixHeaders) {
            headers[SVIX + ID] = id;
            headers[SVIX + TIMESTAMP] = timestamp;
            headers[SVIX + SIGNATURE] = signature;
        }
        return headers;
    }

    private static String[] template(List<String> own, boolean svixHeaders) {
        List<String> all = new ArrayList<>(List.of(
                CONTENT_TYPE,
                JSON,
                StandardHeaders.ID,
                "",
                StandardHeaders.TIMESTAMP,
                "",
                StandardHeaders.SIGNATURE,
                ""));
        if (svixHeaders) {
            all.addAll(List.of("svix-id", "", "svix-timestamp", "", "svix-signature", ""));
        }
        all.addAll(own);
        return all.toArray(String[]::new);
    }
}
