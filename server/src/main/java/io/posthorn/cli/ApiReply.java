package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What the server answered.
 *
 * @param status of HTTP
 * @param retryAfter what it says about when to come back; null if it says nothing that can be read
 * @param body as it came
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ApiReply(int status, @Nullable Duration retryAfter, byte[] body) {
    /** Longer than this nobody waits, whatever the server says. */
    static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    static ApiReply of(int status, OptionalLong retryAfterSeconds, byte[] body) {
        Duration wait = retryAfterSeconds.isPresent()
                ? Duration.ofSeconds(Math.clamp(retryAfterSeconds.getAsLong(), 0, LONGEST_WAIT.toSeconds()))
                : null;
        return new ApiReply(status, wait, body);
    }

    boolean success() {
        return status / 100 == 2;
    }

    /** Whether the same request may succeed later. */
    boolean passing() {
        return status == 408 || status == 429 || (status >= 500 && status != 501);
    }

    /** The body as JSON; a missing node if it is empty or is no JSON. */
    JsonNode json() {
        return JsonText.read(body).orElse(MissingNode.getInstance());
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
