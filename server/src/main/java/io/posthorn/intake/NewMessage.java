package io.posthorn.intake;

import io.posthorn.model.Message;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message as its publisher sent it, checked.
 *
 * @param appNo the application
 * @param eventType the name of its event type
 * @param eventId the publisher's own id, unique within the application
 * @param channels which endpoints among those that want channels
 * @param tags for searching
 * @param payload JSON, byte for byte as it came in
 * @param idempotency the request's idempotency key; null without one
 * @param onlyEndpointNo the only endpoint that it is for; 0 if it is for all that want it
 * @param orderingKey what it is put in order by; null for nothing
 * @param deliverAt not sent before, microseconds since 1970; 0 for at once
 * @param headers that every request carries; empty for none
 */
public record NewMessage(
        int appNo,
        String eventType,
        @Nullable String eventId,
        List<String> channels,
        List<String> tags,
        byte[] payload,
        @Nullable Idempotency idempotency,
        int onlyEndpointNo,
        @Nullable String orderingKey,
        long deliverAt,
        Map<String, String> headers) {

    /** What a message costs in memory besides its payload, bytes, roughly. */
    private static final int OVERHEAD = 300;

    /** What headers cost at most, those of a few and those of many alike. */
    private static final int MOST_HEADER_BYTES = 8 << 10;

    /** A message for all that want it. */
    public NewMessage(
            int appNo,
            String eventType,
            @Nullable String eventId,
            List<String> channels,
            List<String> tags,
            byte[] payload,
            @Nullable Idempotency idempotency) {
        this(appNo, eventType, eventId, channels, tags, payload, idempotency, 0, null, 0, Map.of());
    }

    /** A message without headers. */
    public NewMessage(
            int appNo,
            String eventType,
            @Nullable String eventId,
            List<String> channels,
            List<String> tags,
            byte[] payload,
            @Nullable Idempotency idempotency,
            int onlyEndpointNo,
            @Nullable String orderingKey,
            long deliverAt) {
        this(
                appNo,
                eventType,
                eventId,
                channels,
                tags,
                payload,
                idempotency,
                onlyEndpointNo,
                orderingKey,
                deliverAt,
                Map.of());
    }

    /** The same under another key. */
    public NewMessage with(Idempotency other) {
        return new NewMessage(
                appNo,
                eventType,
                eventId,
                channels,
                tags,
                payload,
                other,
                onlyEndpointNo,
                orderingKey,
                deliverAt,
                headers);
    }

    /** The same, owed to nobody: whoever sends it calls the endpoints by itself. */
    public NewMessage forNobody() {
        return new NewMessage(
                appNo,
                eventType,
                eventId,
                channels,
                tags,
                payload,
                idempotency,
                Message.NOBODY,
                orderingKey,
                deliverAt);
    }

    /** Whether it can be told from another when it is repeated. */
    boolean keyed() {
        return idempotency != null || eventId != null;
    }

    /** What it costs in memory, bytes, roughly. */
    int weight() {
        return payload.length + OVERHEAD + (headers.isEmpty() ? 0 : MOST_HEADER_BYTES);
    }

    /**
     * An idempotency key, and what it was sent with.
     *
     * @param key 16 bytes: the beginning of the key's SHA-256
     * @param digest 16 bytes: the beginning of the request body's SHA-256
     */
    public record Idempotency(byte[] key, byte[] digest) {}
}
