package io.posthorn.cli;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;

/** Sends webhooks that the public library has signed. */
final class Signed implements AutoCloseable {
    private final HttpClient client = HttpClient.newHttpClient();

    /**
     * Delivers once.
     *
     * @param sent what goes out; the signature is over {@code body}
     * @return the status of the response
     */
    int post(URI url, String secret, String message, String body, String sent)
            throws IOException, InterruptedException {
        long now = Instant.now().getEpochSecond();
        HttpRequest request = HttpRequest.newBuilder(url)
                .header("webhook-id", message)
                .header("webhook-timestamp", Long.toString(now))
                .header("webhook-signature", signature(secret, message, now, body))
                .POST(BodyPublishers.ofString(sent))
                .build();
        return client.send(request, BodyHandlers.discarding()).statusCode();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    private static String signature(String secret, String message, long now, String body) {
        try {
            return new Webhook(secret).sign(message, now, body);
        } catch (EmptyWebhookSecretException | WebhookSigningException e) {
            throw new IllegalStateException(e);
        }
    }
}
