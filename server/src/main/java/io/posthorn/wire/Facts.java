package io.posthorn.wire;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What filters and transformations are told: plain values, without anything secret. */
final class Facts {
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private Facts() {}

    /** A message without its payload. What it does not have is not there, so that {@code $exists} tells. */
    static Map<String, @Nullable Object> of(Message message) {
        Map<String, @Nullable Object> facts = new LinkedHashMap<>();
        facts.put("id", message.id);
        facts.put("eventType", message.eventType);
        some(facts, "eventId", message.eventId);
        facts.put("timestamp", MICROS.format(Time.instant(message.createdAt)));
        facts.put("channels", message.channels);
        facts.put("tags", message.tags);
        facts.put("headers", headers(message.headers));
        some(facts, "orderingKey", message.orderingKey);
        return facts;
    }

    /** By their names in lower case: names of headers have no case, and those of members do. */
    static Map<String, String> headers(Map<String, String> given) {
        Map<String, String> lower = new LinkedHashMap<>();
        given.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
        return lower;
    }

    static Map<String, @Nullable Object> of(Endpoint endpoint) {
        Map<String, @Nullable Object> facts = new LinkedHashMap<>();
        facts.put("id", endpoint.id());
        some(facts, "uid", endpoint.uid());
        facts.put("description", endpoint.description());
        facts.put("metadata", endpoint.metadata());
        return facts;
    }

    static Map<String, @Nullable Object> of(Application application) {
        Map<String, @Nullable Object> facts = new LinkedHashMap<>();
        facts.put("id", application.id());
        some(facts, "uid", application.uid());
        facts.put("name", application.name());
        facts.put("metadata", application.metadata());
        return facts;
    }

    private static void some(Map<String, @Nullable Object> facts, String name, @Nullable Object value) {
        if (value != null) {
            facts.put(name, value);
        }
    }
}
