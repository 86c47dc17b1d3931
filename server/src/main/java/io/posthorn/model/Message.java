package io.posthorn.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An accepted message. It is identified by its application and its sequence number; the public id is made from these
 * and the time ({@link Ids}). A class and not a record, because two messages are never compared by content.
 */
public final class Message {
    /** In the place of an endpoint's number: the message is on record, and nobody is owed it. */
    public static final int NOBODY = -1;
    /** In the same place: it is on no record either, and its payload is sent as it is, in no envelope. */
    public static final int BARE = -2;

    /** {@link Application#no()}. */
    public final int appNo;
    /** Gapless within the application's shard, from 1. */
    public final long seq;
    /** When it was accepted, microseconds since 1970. */
    public final long createdAt;
    /** {@code msg_} and a ULID. */
    public final String id;
    /** The name of its event type. */
    public final String eventType;
    /** The publisher's own id, unique within the application. */
    public final @Nullable String eventId;
    /** Which endpoints among those that want channels; empty for none. */
    public final List<String> channels;
    /** For searching; empty for none. */
    public final List<String> tags;
    /** JSON, byte for byte as it came in; empty if it was deleted since, which no JSON is. Nobody changes it. */
    public final byte[] payload;
    /**
     * {@link Endpoint#no()} of the only endpoint that it is for; 0 if it is for all that want it, {@link #NOBODY}, {@link
     * #BARE}.
     */
    public final int onlyEndpointNo;
    /** What its publisher has put it in order by; null for nothing. */
    public final @Nullable String orderingKey;
    /** Not sent before, microseconds since 1970; 0 for at once. */
    public final long deliverAt;
    /** What its publisher wants every request to carry, names as they were given; empty for none. Nobody changes it. */
    public final Map<String, String> headers;

    /** A message for everybody who wants it. */
    public Message(
            int appNo,
            long seq,
            long createdAt,
            String id,
            String eventType,
            @Nullable String eventId,
            List<String> channels,
            List<String> tags,
            byte[] payload) {
        this(appNo, seq, createdAt, id, eventType, eventId, channels, tags, payload, 0, null, 0, Map.of());
    }

    /** A message without headers, from its parts; they are described at the fields. */
    public Message(
            int appNo,
            long seq,
            long createdAt,
            String id,
            String eventType,
            @Nullable String eventId,
            List<String> channels,
            List<String> tags,
            byte[] payload,
            int onlyEndpointNo,
            @Nullable String orderingKey,
            long deliverAt) {
        this(
                appNo,
                seq,
                createdAt,
                id,
                eventType,
                eventId,
                channels,
                tags,
                payload,
                onlyEndpointNo,
                orderingKey,
                deliverAt,
                Map.of());
    }

    /** A message from all its parts, as described at the fields. */
    public Message(
            int appNo,
            long seq,
            long createdAt,
            String id,
            String eventType,
            @Nullable String eventId,
            List<String> channels,
            List<String> tags,
            byte[] payload,
            int onlyEndpointNo,
            @Nullable String orderingKey,
            long deliverAt,
            Map<String, String> headers) {
        this.appNo = appNo;
        this.seq = seq;
        this.createdAt = createdAt;
        this.id = id;
        this.eventType = eventType;
        this.eventId = eventId;
        this.channels = channels;
        this.tags = tags;
        this.payload = payload;
        this.onlyEndpointNo = onlyEndpointNo;
        this.orderingKey = orderingKey;
        this.deliverAt = deliverAt;
        this.headers = headers;
    }

    /**
     * Whether it is an example or a test event, which somebody had sent to one endpoint to see it arrive. No other message
     * is for one endpoint alone, however often and to whomever it is sent again.
     */
    public boolean isExample() {
        return onlyEndpointNo > 0;
    }

    /** When its deliveries may begin, microseconds since 1970: their age counts from then. */
    public long startsAt() {
        return Math.max(createdAt, deliverAt);
    }

    /** Whether it still has its payload; without it, it is not sent to anybody any more. */
    public boolean hasContent() {
        return payload.length > 0;
    }
}
