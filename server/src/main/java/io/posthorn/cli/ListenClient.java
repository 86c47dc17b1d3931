package io.posthorn.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.posthorn.cli.ListenLink.Ended;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a connection to the server for as long as the command runs. One that breaks is made again, after a pause that
 * grows from try to try; that it cannot be made at the very start, or for long, or that the server refuses it, is the
 * end.
 *
 * <p>A new connection is a new endpoint, with the same secret: what was sent while there was none does not come.
 */
final class ListenClient implements AutoCloseable {
    /**
     * What to listen to.
     *
     * @param server the root of its URL
     * @param environment name or id; null for the token's
     * @param connect how long connecting to the server may take
     * @param app id or uid
     * @param target where deliveries go
     */
    record Plan(
            URI server,
            String token,
            @Nullable String environment,
            Duration connect,
            String app,
            URI target,
            Hello hello) {
        /** Without the token: this may end up in a log. */
        @Override
        public String toString() {
            return "Plan[" + server + ", " + app + ", " + target + "]";
        }
    }

    /** The first message to the server. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Hello(
            String type,
            @Nullable List<String> eventTypes,
            @Nullable List<String> channels,
            @Nullable String secret,
            String forwardTo) {
        Hello withSecret(String known) {
            return new Hello(type, eventTypes, channels, known, forwardTo);
        }
    }

    /**
     * How connecting again is tried.
     *
     * @param first the pause before the first try; each further one is twice as long
     * @param longest of the pauses
     * @param tries how many in a row, then it is over
     * @param random 0 to 1: a pause is between half of itself and all of it
     */
    record Backoff(Duration first, Duration longest, int tries, DoubleSupplier random) {
        /** From half a second to half a minute, for a little under ten minutes. */
        static Backoff usual() {
            return new Backoff(
                    Duration.ofMillis(500),
                    Duration.ofSeconds(30),
                    25,
                    () -> ThreadLocalRandom.current().nextDouble());
        }

        /** The pause before a try, from 1. */
        Duration pause(int attempt) {
            long whole = Math.min(longest.toMillis(), first.toMillis() << Math.min(attempt - 1, 20));
            return Duration.ofMillis((long) (whole * (0.5 + random.getAsDouble() / 2)));
        }
    }

    private final Plan plan;
    private final ListenOutput output;
    private final Backoff backoff;
    private final LocalTarget target;
    private final HttpClient http;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private @Nullable ListenLink link;
    private Hello hello;

    ListenClient(Plan plan, ListenOutput output, Backoff backoff) {
        this.plan = plan;
        this.output = output;
        this.backoff = backoff;
        this.hello = plan.hello();
        this.target = new LocalTarget(plan.target());
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(plan.connect())
                .build();
    }

    /**
     * Listens until it is over.
     *
     * @return null if {@link #close} ended it; otherwise why it is over, for people
     */
    @Nullable
    String run() throws InterruptedException {
        try {
            boolean connectedBefore = false;
            int failedTries = 0;
            while (true) {
                Ended ended = listenOnce();
                if (stopping.getCount() == 0) {
                    return null;
                }
                if (ended.wasReady()) {
                    connectedBefore = true;
                    failedTries = 0;
                }
                if (ended.last() || !connectedBefore) {
                    return ended.why();
                }
                failedTries++;
                if (failedTries > backoff.tries()) {
                    return "given up after " + backoff.tries() + " tries to connect again: " + ended.why();
                }
                Duration pause = backoff.pause(failedTries);
                output.reconnecting(ended.why(), pause.toMillis());
                if (stopping.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                    return null;
                }
            }
        } finally {
            target.close();
            http.shutdownNow();
        }
    }

    private Ended listenOnce() throws InterruptedException {
        ListenLink next = new ListenLink(target, output, plan.target(), hello);
        synchronized (this) {
            if (stopping.getCount() == 0) {
                return new Ended("stopped", false, true);
            }
            link = next;
        }
        try {
            WebSocket.Builder handshake = http.newWebSocketBuilder()
                    .header("authorization", "Bearer " + plan.token())
                    .connectTimeout(plan.connect());
            if (plan.environment() != null) {
                handshake.header("posthorn-environment", plan.environment());
            }
            handshake.buildAsync(address(), next).get(plan.connect().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            return refused(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            return new Ended(plan.server() + " does not answer", false, false);
        }
        if (stopping.getCount() == 0) {
            next.goodbye(); // close() came before there was anything to close
        }
        Ended ended = next.awaitEnd();
        String secret = next.secret();
        if (secret != null) {
            hello = hello.withSecret(secret);
        }
        return ended;
    }

    private URI address() {
        String root = plan.server().toString().replaceFirst("^http", "ws").replaceFirst("/+$", "");
        String app = URLEncoder.encode(plan.app(), StandardCharsets.UTF_8).replace("+", "%20");
        return URI.create(root + "/api/v1/app/" + app + "/listen");
    }

    private Ended refused(Throwable why) {
        if (why instanceof WebSocketHandshakeException handshake) {
            int status = handshake.getResponse().statusCode();
            return switch (status) {
                case 401 -> new Ended("the server does not know the token (401)", false, true);
                case 403 -> new Ended("the token may not listen to applications (403)", false, true);
                case 404 -> new Ended("there is no application " + plan.app() + " for this token (404)", false, true);
                case 429, 500, 502, 503, 504 -> new Ended("the server answers " + status, false, false);
                default -> new Ended("the server answers " + status + " instead of a WebSocket", false, true);
            };
        }
        if (why instanceof IOException) {
            return new Ended(plan.server() + " cannot be reached: " + why, false, false);
        }
        return new Ended("the connection to " + plan.server() + " failed: " + why, false, false);
    }

    /** Says goodbye to the server and ends {@link #run}; takes a few seconds at most. */
    @Override
    public void close() {
        ListenLink present;
        synchronized (this) {
            stopping.countDown();
            present = link;
        }
        if (present != null) {
            present.goodbye();
        }
    }
}
