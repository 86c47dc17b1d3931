package io.posthorn.history;

import io.posthorn.model.Message;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of a list. Everything that is said has to be true of a row.
 *
 * @param eventTypes the message's type is one of them; empty for any
 * @param channel the message has it; null for any or none
 * @param tag the message has it; null for any or none
 * @param from not earlier, microseconds since 1970
 * @param to earlier than this, microseconds since 1970
 * @param status where the delivery stands, or how the attempt ended; null for any
 * @param codeClass of the response: 100 to 500 for the class that begins there, 0 for no response; null for any
 * @param without the message's type is none of them; empty for any
 */
public record Filter(
        List<String> eventTypes,
        @Nullable String channel,
        @Nullable String tag,
        long from,
        long to,
        @Nullable DeliveryStatus status,
        @Nullable Integer codeClass,
        List<String> without) {
    /** The end of time: the year 10000. */
    public static final long FOREVER = 253_402_300_800_000_000L;

    /** Everything. */
    public static final Filter ALL = new Filter(List.of(), null, null, 0, FOREVER, null, null);

    /** With messages of any type besides. */
    public Filter(
            List<String> eventTypes,
            @Nullable String channel,
            @Nullable String tag,
            long from,
            long to,
            @Nullable DeliveryStatus status,
            @Nullable Integer codeClass) {
        this(eventTypes, channel, tag, from, to, status, codeClass, List.of());
    }

    /** Whether it says something about messages. */
    boolean asksForMessages() {
        return !without.isEmpty() || !eventTypes.isEmpty() || channel != null || tag != null;
    }

    /** Whether what it says about messages, their times apart, is true of this one. */
    public boolean wants(Message message) {
        return (eventTypes.isEmpty() || eventTypes.contains(message.eventType))
                && !without.contains(message.eventType)
                && message.channels.containsAll(channel == null ? List.of() : Collections.singleton(channel))
                && message.tags.containsAll(tag == null ? List.of() : Collections.singleton(tag));
    }
}
