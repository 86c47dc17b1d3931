package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.runtime.FairWorkers;
import io.posthorn.runtime.ScriptException;
import io.posthorn.runtime.Scripts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates the JSONata that merges answers, on platform threads of its own, few at a time and one
 * of each application. Each evaluation is bounded in itself ({@link io.posthorn.runtime.Script}), and those that wait are
 * bounded by the synchronous messages that there may be; what is not done in time fails.
 */
final class SyncMerger implements AutoCloseable {
    private static final int THREADS = 2;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final ThreadLocal<Scripts> scripts = ThreadLocal.withInitial(Scripts::new);
    private final FairWorkers workers = new FairWorkers("sync-merge-", THREADS);

    /**
     * As {@link SyncDecision.Merging#merge}. Blocks.
     *
     * @param appNo the application: one of its evaluations is done at a time
     * @param script the expression; it is given {@code content} and {@code results}, a list of {@code {endpointId,
     *     endpointUid, statusCode, body}}
     * @param within how long to wait at most
     */
    @Nullable
    String merge(int appNo, String script, String content, List<SyncResult> succeeded, Duration within)
            throws SyncDecision.MergeException {
        Map<String, @Nullable Object> input = input(content, succeeded);
        CompletableFuture<@Nullable Object> merged = new CompletableFuture<>();
        workers.run(appNo, () -> {
            try {
                merged.complete(scripts.get().get(script).evaluate(input, Map.of()));
            } catch (RuntimeException e) {
                merged.completeExceptionally(e);
            }
        });
        try {
            Object made = merged.get(within.toNanos(), TimeUnit.NANOSECONDS);
            return made == null ? null : new String(Json.write(made), StandardCharsets.UTF_8);
        } catch (TimeoutException _) {
            throw new SyncDecision.MergeException("not within the message's deadline");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new SyncDecision.MergeException("the server is stopping");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ScriptException failure) {
                throw new SyncDecision.MergeException(String.valueOf(failure.getMessage()));
            }
            throw new IllegalStateException("a script that was read could not be evaluated", e.getCause());
        }
    }

    private static Map<String, @Nullable Object> input(String content, List<SyncResult> succeeded)
            throws SyncDecision.MergeException {
        List<Object> results = new ArrayList<>();
        for (SyncResult each : succeeded) {
            Map<String, @Nullable Object> result = new LinkedHashMap<>();
            result.put("endpointId", each.endpoint().id());
            result.put("endpointUid", each.endpoint().uid());
            result.put("statusCode", each.code());
            JsonNode json = each.json();
            if (json != null) {
                result.put("body", MAPPER.convertValue(json, Object.class));
            }
            results.add(result);
        }
        if (!(Json.parse(content.getBytes(StandardCharsets.UTF_8)) instanceof Json.Parsed.Value(JsonNode original))) {
            throw new SyncDecision.MergeException("the payload is too deep, or has numbers or texts, for expressions");
        }
        Map<String, @Nullable Object> input = new LinkedHashMap<>();
        input.put("content", MAPPER.convertValue(original, Object.class));
        input.put("results", results);
        return input;
    }

    @Override
    public void close() {
        workers.close();
    }
}
