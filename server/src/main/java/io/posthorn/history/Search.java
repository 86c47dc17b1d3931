package io.posthorn.history;

import org.jspecify.annotations.Nullable;

/**
 * What messages are searched for, besides what a {@link Filter} says.
 *
 * @param eventId the id that its publisher gave it; null for any or none
 * @param payload what is in its payload; null for anything
 */
public record Search(@Nullable String eventId, @Nullable InPayload payload) {
    /** Nothing is. */
    public static final Search NONE = new Search(null, null);

    /**
     * Something in a payload. What PostgreSQL cannot keep as {@code jsonb} (text with U+0000, numbers beyond its own) is
     * never found.
     *
     * @param path a path of SQL/JSON, such as {@code $.data.customer.id}
     * @param value what stands there: as a text, and also as a number, true, false or null if it reads as such; null for
     *     anything that is there
     */
    public record InPayload(String path, @Nullable String value) {}
}
