package io.posthorn.api;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A message as the API shows it. Written by hand: names, ids, channels and tags consist of letters, digits, hyphens,
 * underscores and dots, which JSON need not escape, and the payload is JSON already.
 */
final class MessageJson {
    private static final byte[] NO_CONTENT = {'{', '}'};

    private MessageJson() {}

    static void write(Buffer out, Message message, boolean content) {
        StringBuilder head = new StringBuilder(200);
        head.append("{\"id\":\"").append(message.id).append("\",\"eventId\":");
        if (message.eventId == null) {
            head.append("null");
        } else {
            head.append('"').append(message.eventId).append('"');
        }
        head.append(",\"eventType\":\"").append(message.eventType).append("\",\"channels\":");
        list(head, message.channels);
        head.append(",\"tags\":");
        list(head, message.tags);
        head.append(",\"timestamp\":\"").append(Time.instant(message.createdAt)).append('"');
        if (message.deliverAt != 0) {
            head.append(",\"deliverAt\":\"")
                    .append(Time.instant(message.deliverAt))
                    .append('"');
        }
        if (message.orderingKey != null) {
            head.append(",\"orderingKey\":\"")
                    .append(JsonStringEncoder.getInstance().quoteAsString(message.orderingKey))
                    .append('"');
        }
        if (!message.headers.isEmpty()) {
            headers(head, message.headers);
        }
        head.append(",\"payload\":");
        out.appendBytes(head.toString().getBytes(StandardCharsets.UTF_8));
        out.appendBytes(content ? message.payload : NO_CONTENT);
        out.appendByte((byte) '}');
    }

    private static void headers(StringBuilder out, Map<String, String> headers) {
        char before = '{';
        out.append(",\"headers\":");
        for (Map.Entry<String, String> header : headers.entrySet()) {
            out.append(before).append('"').append(header.getKey()).append("\":\"");
            out.append(JsonStringEncoder.getInstance().quoteAsString(header.getValue()))
                    .append('"');
            before = ',';
        }
        out.append('}');
    }

    private static void list(StringBuilder out, List<String> values) {
        if (values.isEmpty()) {
            out.append("null");
            return;
        }
        out.append('[');
        for (int i = 0; i < values.size(); i++) {
            out.append(i == 0 ? "\"" : ",\"").append(values.get(i)).append('"');
        }
        out.append(']');
    }
}
