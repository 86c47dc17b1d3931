package io.posthorn.e2e;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A request that a receiver got.
 *
 * @param line the request line
 * @param headers by name in lower case
 * @param body its bytes
 * @param at when it was complete
 * @param nanos the same on the clock for durations
 */
record Arrival(String line, Map<String, List<String>> headers, byte[] body, Instant at, long nanos) {
    String header(String name) {
        List<String> values = headers.getOrDefault(name, List.of());
        if (values.size() != 1) {
            throw new AssertionError("one header " + name + " was expected, there were " + values);
        }
        return values.getFirst();
    }

    /** The id of the message. */
    String id() {
        return header("webhook-id");
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** Checks the signature and the age with the library that receivers use. */
    void verify(String secret) {
        try {
            new Webhook(secret).verify(text(), headers);
        } catch (WebhookVerificationException | EmptyWebhookSecretException e) {
            throw new AssertionError("not a valid Standard Webhook: " + this, e);
        }
    }
}
