package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The API over HTTP, for the commands. A POST carries an Idempotency-Key, the same on every try, so that everything can
 * be repeated: what the server could not do at the moment (408, 429, 5xx) and what got no answer because the connection
 * broke is tried four times in all. Nobody listening and no answer in time are reported at once.
 */
final class ApiClient implements AutoCloseable {
    private static final int TRIES = 4;
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration CONNECT = Duration.ofSeconds(10);
    /** The largest answer that is read, in bytes. */
    private static final long MOST = 64L << 20;

    private final HttpClient http;
    private final URI base;
    private final String token;
    private final @Nullable String environment;
    private final Duration timeout;
    private final Pause pause;

    /** Waiting, so that tests need not. */
    @FunctionalInterface
    interface Pause {
        /** As everybody does it. */
        Pause SLEEP = Thread::sleep;

        /** Waits so long. */
        void take(Duration duration) throws InterruptedException;
    }

    /**
     * A request.
     *
     * @param method of HTTP
     * @param path behind {@code /api/v1}, encoded, with its query
     * @param body JSON; null for none
     * @param key the Idempotency-Key; null for none
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Call(
            String method,
            String path,
            byte @Nullable [] body,
            @Nullable String key) {
        /** Makes a new key for a POST. */
        static Call of(String method, String path, @Nullable JsonNode body) {
            return of(method, path, body == null ? null : JsonText.bytes(body));
        }

        /** The same with the bytes of a body. */
        static Call of(String method, String path, byte @Nullable [] body) {
            return new Call(method, path, body, method.equals("POST") ? "cli_" + UUID.randomUUID() : null);
        }
    }

    /**
     * A client.
     *
     * @param base such as {@code http://127.0.0.1:8071}
     * @param token of the caller
     * @param environment to work in; null for that of the token
     * @param timeout of one request, to the end of its answer
     * @param pause how to wait
     */
    ApiClient(URI base, String token, @Nullable String environment, Duration timeout, Pause pause) {
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout.compareTo(CONNECT) < 0 ? timeout : CONNECT)
                .build();
        this.base = base;
        this.token = token;
        this.environment = environment;
        this.timeout = timeout;
        this.pause = pause;
    }

    /** A part of a path or of a query. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A request that has to succeed; the answer as text. */
    String text(Call call) throws RemoteFailure, InterruptedException {
        ApiReply reply = send(call);
        if (!reply.success()) {
            throw RemoteFailure.refused(reply);
        }
        return reply.text();
    }

    /**
     * A request that has to succeed.
     *
     * @return the answer's JSON; a missing node if it has none
     */
    JsonNode json(Call call) throws RemoteFailure, InterruptedException {
        ApiReply reply = send(call);
        if (!reply.success()) {
            throw RemoteFailure.refused(reply);
        }
        JsonNode json = reply.json();
        if (json.isMissingNode() && reply.body().length > 0) {
            throw new RemoteFailure(
                    ExitCodes.FAILURE,
                    call.method() + " " + base + call.path() + " answered what is not JSON; is it Posthorn?");
        }
        return json;
    }

    /** A request, repeated as far as that is of use; the last answer, whatever it is. */
    ApiReply send(Call call) throws RemoteFailure, InterruptedException {
        Duration wait = FIRST_WAIT;
        for (int attempt = 1; ; attempt++) {
            try {
                ApiReply reply = once(call);
                if (!reply.passing() || attempt == TRIES) {
                    return reply;
                }
                pause.take(Objects.requireNonNullElse(reply.retryAfter(), wait));
            } catch (IOException e) {
                if (attempt == TRIES || !isLoss(e)) {
                    throw unreachable(e);
                }
                pause.take(wait);
            }
            wait = wait.multipliedBy(2);
        }
    }

    /** The connection broke; another one may hold. */
    private static boolean isLoss(IOException e) {
        return !(e instanceof ConnectException || e instanceof HttpTimeoutException);
    }

    /**
     * A request, once.
     *
     * @throws IOException if there was no answer
     */
    ApiReply once(Call call) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> future =
                http.sendAsync(request(call), BodyHandlers.limiting(BodyHandlers.ofByteArray(), MOST));
        try {
            HttpResponse<byte[]> response = future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return ApiReply.of(response.statusCode(), retryAfter(response), response.body());
        } catch (TimeoutException e) {
            HttpTimeoutException late = new HttpTimeoutException("no answer within " + timeout.toMillis() + " ms");
            late.initCause(e);
            throw late;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } finally {
            future.cancel(true);
        }
    }

    /** Nothing came back. */
    RemoteFailure unreachable(IOException e) {
        String why = switch (e) {
            case HttpConnectTimeoutException _ -> "no connection in time";
            case HttpTimeoutException late -> String.valueOf(late.getMessage());
            case ConnectException refused ->
                isNameless(refused) ? "its name has no address" : "nobody listens there, or the way is closed";
            default -> "the connection broke (" + e + ")";
        };
        return new RemoteFailure(
                ExitCodes.UNREACHABLE,
                "cannot reach the server at " + base + ": " + why + "\nIs it running? Another address: --server URL or "
                        + RemoteOptions.SERVER_VARIABLE + ".");
    }

    private static boolean isNameless(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return true;
            }
        }
        return false;
    }

    private HttpRequest request(Call call) {
        byte[] body = call.body();
        BodyPublisher publisher = body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + "/api/v1" + call.path()))
                .timeout(timeout)
                .header("authorization", "Bearer " + token)
                .header("accept", "application/json")
                .header("user-agent", "posthorn-cli/" + Version.number())
                .method(call.method(), publisher);
        if (body != null) {
            request.header("content-type", "application/json");
        }
        if (environment != null) {
            request.header("posthorn-environment", environment);
        }
        String key = call.key();
        if (key != null) {
            request.header("idempotency-key", key);
        }
        return request.build();
    }

    private static OptionalLong retryAfter(HttpResponse<?> response) {
        try {
            return response.headers().firstValueAsLong("retry-after");
        } catch (NumberFormatException _) {
            return OptionalLong.empty(); // a date: as if it were absent
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
