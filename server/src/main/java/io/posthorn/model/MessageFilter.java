package io.posthorn.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which messages an endpoint wants of those that it has subscribed to; all that is given has to hold.
 *
 * @param jsonata over the message, wanted if true in the sense of JSONata's {@code $boolean}; null for none
 * @param jmespath over the payload, wanted if true in the sense of JMESPath, 0 being false too; null for none
 * @param headers that the message has with these values; empty for none
 * @param tags of which the message has at least one; empty for none
 */
public record MessageFilter(
        @Nullable String jsonata, @Nullable String jmespath, Map<String, String> headers, List<String> tags) {}
