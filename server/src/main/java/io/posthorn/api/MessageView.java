package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A message as it is shown, the same as {@link MessageJson} writes where it is accepted. */
record MessageView(
        String id,
        @Nullable String eventId,
        String eventType,
        @Nullable List<String> channels,
        @Nullable List<String> tags,
        Instant timestamp,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Instant deliverAt,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String orderingKey,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> headers,
        @JsonRawValue String payload) {
    /** Clients insist on an object. */
    private static final String DELETED = "{\"expired\":true}";

    static MessageView of(Message message) {
        return new MessageView(
                message.id,
                message.eventId,
                message.eventType,
                message.channels.isEmpty() ? null : message.channels,
                message.tags.isEmpty() ? null : message.tags,
                Time.instant(message.createdAt),
                message.deliverAt == 0 ? null : Time.instant(message.deliverAt),
                message.orderingKey,
                message.headers,
                message.hasContent() ? new String(message.payload, StandardCharsets.UTF_8) : DELETED);
    }
}
