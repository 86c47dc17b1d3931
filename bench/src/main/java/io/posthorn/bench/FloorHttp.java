package io.posthorn.bench;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * One event loop of the floor: it accepts, and it delivers what it has accepted. There are as many of these as
 * processors, on one port.
 */
final class FloorHttp extends VerticleBase {
    private static final String APP = "/api/v1/app/";
    private static final byte[] TYPE = "\"eventType\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PAYLOAD = "\"payload\":".getBytes(StandardCharsets.US_ASCII);
    private static final int CONNECTIONS = 512;

    private final Floor floor;
    private final Map<FloorCatalog.Endpoint, RequestOptions> targets = new HashMap<>();
    private final Map<FloorCatalog.Endpoint, Mac> macs = new HashMap<>();
    private @Nullable HttpClient client;

    FloorHttp(Floor floor) {
        this.floor = floor;
    }

    @Override
    public Future<?> start() {
        client = vertx.createHttpClient(
                new HttpClientOptions().setKeepAlive(true),
                new PoolOptions().setHttp1MaxSize(CONNECTIONS).setMaxWaitQueueSize(-1));
        return vertx.createHttpServer(new HttpServerOptions().setAcceptBacklog(1024))
                .requestHandler(this::handle)
                .listen(floor.port(), "127.0.0.1");
    }

    private void handle(HttpServerRequest request) {
        String path = String.valueOf(request.path());
        if (path.equals("/api/v1/health")) {
            request.response().setStatusCode(204).end();
            return;
        }
        String authorization = request.getHeader("authorization");
        if (authorization == null
                || !MessageDigest.isEqual(authorization.getBytes(StandardCharsets.ISO_8859_1), floor.bearer())) {
            request.response().setStatusCode(401).end();
            return;
        }
        if (path.equals("/metrics")) {
            request.response().end("posthorn_deliveries_delivered_total " + floor.delivered() + "\n");
            return;
        }
        if (!HttpMethod.POST.equals(request.method())) {
            request.response().setStatusCode(405).end();
            return;
        }
        if (path.startsWith(APP) && path.endsWith("/msg")) {
            request.body().onSuccess(body -> accept(request, path, body));
        } else {
            request.body().onSuccess(body -> administer(request, path, body));
        }
    }

    private void accept(HttpServerRequest request, String path, Buffer body) {
        FloorCatalog.App app = floor.catalog().app(path.substring(APP.length(), path.length() - "/msg".length()));
        byte[] bytes = body.getBytes();
        int type = after(bytes, TYPE, 0);
        int payload = after(bytes, PAYLOAD, Math.max(type, 0));
        if (app == null || type < 0 || payload < 0) {
            request.response().setStatusCode(app == null ? 404 : 422).end();
            return;
        }
        int typeEnd = type;
        while (bytes[typeEnd] != '"') {
            typeEnd++;
        }
        String name = new String(bytes, type, typeEnd - type, StandardCharsets.US_ASCII);
        floor.accept(new FloorTables.Message(
                app, name, body.getBuffer(payload, bytes.length - 1), new long[2], request.response(), this));
    }

    /** Takes messages of this loop that are committed. May be called by any thread. */
    void committed(List<FloorTables.Message> messages) {
        context.runOnContext(nothing -> answerAndDeliver(messages));
    }

    private void answerAndDeliver(List<FloorTables.Message> messages) {
        for (FloorTables.Message message : messages) {
            HttpServerResponse response = message.answer();
            if (!response.closed()) {
                response.setStatusCode(202)
                        .putHeader("content-type", "application/json")
                        .end("{\"id\":\"msg_" + message.seq() + "\",\"eventType\":\"" + message.eventType()
                                + "\",\"timestamp\":\"" + java.time.Instant.ofEpochMilli(message.createdAt() / 1000)
                                + "\"}");
            }
            for (FloorCatalog.Endpoint endpoint : message.app().endpoints()) {
                if (endpoint.wants(message.eventType())) {
                    deliver(message, endpoint);
                }
            }
        }
    }

    private void deliver(FloorTables.Message message, FloorCatalog.Endpoint endpoint) {
        long startedAt = Floor.micros();
        String id = "msg_" + message.seq();
        String timestamp = Long.toString(startedAt / 1_000_000);
        byte[] body = message.payload().getBytes();
        Mac mac = macs.computeIfAbsent(endpoint, e -> Signatures.mac(e.key()));
        String signature = Signatures.sign(mac, id, timestamp, body, 0, body.length);
        RequestOptions target = targets.computeIfAbsent(
                endpoint,
                e -> new RequestOptions()
                        .setMethod(HttpMethod.POST)
                        .setHost("127.0.0.1")
                        .setPort(e.port())
                        .setURI(e.path()));
        java.util.Objects.requireNonNull(client)
                .request(target)
                .compose(request -> request.putHeader("content-type", "application/json")
                        .putHeader("webhook-id", id)
                        .putHeader("webhook-timestamp", timestamp)
                        .putHeader("webhook-signature", signature)
                        .send(message.payload()))
                .onComplete((response, failure) -> floor.attempted(new FloorTables.Attempt(
                        message.seq(),
                        message.app().no(),
                        endpoint.no(),
                        startedAt,
                        (int) (Floor.micros() - startedAt),
                        (short) (failure == null ? response.statusCode() : 0))));
    }

    private void administer(HttpServerRequest request, String path, Buffer body) {
        try {
            JsonObject json = body.toJsonObject();
            String id = "";
            if (path.equals("/api/v1/app")) {
                id = floor.catalog().addApp();
            } else if (path.startsWith(APP) && path.endsWith("/endpoint")) {
                String app = path.substring(APP.length(), path.length() - "/endpoint".length());
                String type = json.containsKey("filterTypes")
                        ? json.getJsonArray("filterTypes").getString(0)
                        : "";
                floor.catalog().addEndpoint(app, json.getString("url"), json.getString("secret"), type);
            } else if (!path.equals("/api/v1/event-type")) {
                request.response().setStatusCode(404).end();
                return;
            }
            request.response()
                    .setStatusCode(201)
                    .end(new JsonObject().put("id", id).toBuffer());
        } catch (IOException e) {
            request.response().setStatusCode(500).end(e.toString());
        }
    }

    /** The offset behind the first place of these bytes, −1 if there is none. */
    private static int after(byte[] bytes, byte[] wanted, int from) {
        for (int i = from; i <= bytes.length - wanted.length; i++) {
            int j = 0;
            while (j < wanted.length && bytes[i + j] == wanted[j]) {
                j++;
            }
            if (j == wanted.length) {
                return i + j;
            }
        }
        return -1;
    }
}
