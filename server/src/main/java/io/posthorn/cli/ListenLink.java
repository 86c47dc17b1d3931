package io.posthorn.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.cli.LocalTarget.Header;
import io.posthorn.cli.LocalTarget.Result;
import java.io.IOException;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One connection to the server. The JDK calls the listener's methods one after the other; each delivery then has a
 * thread of its own, and how many there are at a time is bounded by the server.
 */
final class ListenLink implements WebSocket.Listener {
    /** A frame of ours, characters: no more than servers take at once, also if each has three bytes. */
    private static final int FRAME = 16 << 10;
    /** A message of the server, characters; its largest body is 64 MiB, which base64 makes a third longer. */
    private static final int LONGEST = 100 << 20;
    /** The server pings every 15 s. */
    private static final Duration SILENCE = Duration.ofSeconds(45);

    private static final Duration SEND = Duration.ofSeconds(30);
    private static final Duration GOODBYE = Duration.ofSeconds(2);
    private static final int NORMAL = 1000;
    /** From here on the codes are those of HTTP and 4000: the server will say the same next time. */
    private static final int REFUSED = 4400;

    private static final int SILENT = 4408;

    /**
     * How a connection ended.
     *
     * @param why for people
     * @param wasReady whether deliveries could have come
     * @param last whether another try would end the same way
     */
    record Ended(String why, boolean wasReady, boolean last) {}

    private final LocalTarget target;
    private final ListenOutput output;
    private final URI url;
    private final ListenClient.Hello hello;
    private final ObjectMapper json = new ObjectMapper();
    private final ReentrantLock sending = new ReentrantLock();
    private final CompletableFuture<Ended> end = new CompletableFuture<>();
    private final StringBuilder message = new StringBuilder();
    private volatile @Nullable WebSocket socket;
    private volatile @Nullable String secret;
    private volatile long heardAt = System.nanoTime();
    private volatile int keep;
    private volatile String invalid = "";

    /**
     * A connection that is still to be made.
     *
     * @param url of the target, for people
     */
    ListenLink(LocalTarget target, ListenOutput output, URI url, ListenClient.Hello hello) {
        this.target = target;
        this.output = output;
        this.url = url;
        this.hello = hello;
    }

    /** The secret that the server signs with; null before it has said so. */
    @Nullable
    String secret() {
        return secret;
    }

    /** Waits for the end, which comes at the latest when the server has said nothing for 45 s. */
    Ended awaitEnd() throws InterruptedException {
        while (!end.isDone()) {
            long left = SILENCE.toNanos() - (System.nanoTime() - heardAt);
            if (left <= 0) {
                abort("the server said nothing for " + SILENCE.toSeconds() + " s");
            } else {
                awaitEnd(left);
            }
        }
        return end.join();
    }

    private void awaitEnd(long nanos) throws InterruptedException {
        try {
            end.get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return; // time to look whether the server has said something meanwhile
        } catch (ExecutionException e) {
            throw new IllegalStateException("it is only ever completed with a value", e);
        }
    }

    /** Closes the connection in order, and cuts it if that takes too long. */
    void goodbye() {
        WebSocket open = socket;
        if (open == null || end.isDone()) {
            return;
        }
        sending.lock();
        try {
            open.sendClose(NORMAL, "").get(GOODBYE.toMillis(), TimeUnit.MILLISECONDS);
            end.get(GOODBYE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            abort("the server did not say goodbye");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            abort("interrupted");
        } finally {
            sending.unlock();
        }
    }

    private void abort(String why) {
        end.complete(new Ended(why, secret != null, false));
        WebSocket open = socket;
        if (open != null) {
            open.abort();
        }
    }

    // ---- called by the JDK, one at a time

    @Override
    public void onOpen(WebSocket opened) {
        socket = opened;
        heardAt = System.nanoTime();
        opened.request(1);
        Thread.startVirtualThread(() -> send(json.valueToTree(hello)));
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        heardAt = System.nanoTime();
        message.append(part);
        if (message.length() > LONGEST) {
            abort("the server sent a message of more than " + LONGEST + " characters");
        } else if (last) {
            String whole = message.toString();
            message.setLength(0);
            message.trimToSize();
            take(whole);
        }
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer data) {
        heardAt = System.nanoTime();
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        boolean refused = code >= REFUSED && code != SILENT;
        String why = !invalid.isEmpty() ? invalid : reason.isEmpty() ? "the server closed it (" + code + ")" : reason;
        end.complete(new Ended(why, secret != null, refused));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        String why = failure.getMessage();
        end.complete(new Ended(why == null ? failure.toString() : why, secret != null, false));
    }

    private void take(String text) {
        JsonNode node;
        try {
            node = json.readTree(text);
        } catch (JsonProcessingException e) {
            abort("the server sent what is not JSON");
            return;
        }
        switch (node.path("type").asText()) {
            case "ready" -> {
                keep = Math.max(0, node.path("keepResponseBytes").asInt());
                secret = node.path("secret").asText();
                output.ready(
                        node.path("endpointId").asText(), node.path("secret").asText(), url);
            }
            case "invalid" -> invalid = problems(node.path("detail"));
            case "delivery" -> Thread.startVirtualThread(() -> deliver(node));
            default -> {
                // a newer server says more than this client knows
            }
        }
    }

    private static String problems(JsonNode list) {
        List<String> each = new ArrayList<>();
        list.forEach(problem -> {
            List<String> place = new ArrayList<>();
            problem.path("loc").forEach(part -> place.add(part.asText()));
            each.add(String.join(".", place) + " " + problem.path("msg").asText());
        });
        return "the server refuses: " + String.join("; ", each);
    }

    // ---- deliveries

    private void deliver(JsonNode delivery) {
        Instant at = Instant.now();
        long start = System.nanoTime();
        long id = delivery.path("id").asLong();
        Result result;
        try {
            List<Header> headers = new ArrayList<>();
            delivery.path("headers")
                    .forEach(header -> headers.add(new Header(
                            header.path("name").asText(), header.path("value").asText())));
            byte[] body = delivery.path("body").binaryValue();
            Duration most =
                    Duration.ofMillis(Math.max(1, delivery.path("timeoutMs").asLong()));
            // an older server says neither: it has only ever had one method and no path of its own
            String method = delivery.path("method").asText("POST");
            String path = delivery.path("path").textValue();
            result = target.send(method, path, headers, body == null ? new byte[0] : body, most, keep);
        } catch (IOException e) {
            result = new Result.Failure("protocol", "the server sent a body that is not base64");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        ObjectNode answer = json.createObjectNode().put("id", id);
        int status = 0;
        String failure = null;
        switch (result) {
            case Result.Response response -> {
                status = response.status();
                answer.put("type", "response")
                        .put("status", status)
                        .put("body", response.body())
                        .put("truncated", response.truncated());
                answer.set("headers", json.valueToTree(response.headers()));
            }
            case Result.Failure(String kind, String detail) -> {
                failure = kind + ": " + detail;
                answer.put("type", "failure").put("kind", kind).put("detail", detail);
            }
        }
        send(answer);
        output.delivered(new ListenOutput.Delivered(
                at,
                delivery.path("eventType").asText(),
                delivery.path("messageId").asText(),
                status,
                failure,
                millis));
    }

    /** One message at a time: the JDK's client takes the next only when it has sent the one before. */
    private void send(JsonNode node) {
        WebSocket open = socket;
        if (open == null) {
            return;
        }
        String text = node.toString();
        sending.lock();
        try {
            for (int from = 0; from < text.length() && !open.isOutputClosed(); from += FRAME) {
                int to = Math.min(text.length(), from + FRAME);
                open.sendText(text.subSequence(from, to), to == text.length())
                        .get(SEND.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (ExecutionException | TimeoutException e) {
            abort("nothing can be sent to the server");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            abort("interrupted");
        } finally {
            sending.unlock();
        }
    }
}
