package io.posthorn.dispatch;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.posthorn.catalog.RecordTokens;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * What a thin endpoint gets in the place of a payload: the type and the id, with a link to the record as it was sent. The
 * link holds a token that ends.
 */
public final class Thin {
    /** Where the records are, below the server's own address. */
    public static final String PATH = "/api/v1/record/";

    private static final int EMPTY = 200;

    private final RecordTokens tokens;
    private final Supplier<String> publicUrl;
    private final Duration lifetime;

    /**
     * Thin payloads.
     *
     * @param tokens for the links
     * @param publicUrl where receivers reach this server, without a slash at its end; asked for each payload
     * @param lifetime of a link, from when it is sent
     */
    public Thin(RecordTokens tokens, Supplier<String> publicUrl, Duration lifetime) {
        this.tokens = tokens;
        this.publicUrl = publicUrl;
        this.lifetime = lifetime;
    }

    /**
     * The payload, JSON: {@code {id, type, timestamp, record: {url, expiresAt}}}. It needs no escapes but in the URL: ids and
     * types consist of letters, digits, hyphens, underscores and dots.
     *
     * @param now microseconds since 1970; attempts that follow have links of their own
     */
    public byte[] payload(Message message, Endpoint endpoint, long now) {
        long until = Math.floorDiv(now, 1_000_000L) + lifetime.toSeconds();
        String token = tokens.of(new RecordTokens.Reference(message.appNo, endpoint.no(), message.id, until));
        StringBuilder json = new StringBuilder(EMPTY);
        json.append("{\"id\":\"").append(message.id);
        json.append("\",\"type\":\"").append(message.eventType);
        json.append("\",\"timestamp\":\"").append(Time.instant(message.createdAt));
        json.append("\",\"record\":{\"url\":\"")
                .append(JsonStringEncoder.getInstance().quoteAsString(publicUrl.get()))
                .append(PATH)
                .append(token);
        json.append("\",\"expiresAt\":\"").append(Instant.ofEpochSecond(until)).append("\"}}");
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
