package io.posthorn.model;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an event type promises to those who subscribe to it, and asks of those who send it.
 *
 * <p>Versions are names such as {@code 3}, {@code v1.10} or {@code 2026-01-31}; in their order, numbers count as
 * numbers. A publisher sends the current one. A step makes the payload of a version that of the one before it, so that
 * an endpoint gets the version that it was written for.
 *
 * @param example a payload, JSON as it was given; null for none
 * @param scopes those that an application needs to be told of it, without repetitions; empty if it needs none
 * @param sync it is for synchronous calls, and never sent otherwise
 * @param schemaMode what happens to payloads that break the current version's schema
 * @param version the current one as it was declared; null for the newest there is
 * @param downgrades JSONata by version: from that version's payload to that of the one before
 * @param versions all that are known from schemas, steps and declaration, the oldest first
 * @param releases since when which version is the current one, the oldest first; empty if it never changed
 */
public record EventContract(
        @Nullable String example,
        List<String> scopes,
        boolean sync,
        SchemaMode schemaMode,
        @Nullable String version,
        Map<String, String> downgrades,
        List<String> versions,
        List<Release> releases) {
    /** No promises. */
    public static final EventContract NONE =
            new EventContract(null, List.of(), false, SchemaMode.OFF, null, Map.of(), List.of(), List.of());

    /**
     * A version became the current one.
     *
     * @param version which
     * @param since to the microsecond
     */
    public record Release(String version, Instant since) {}

    /** The version that publishers send now; null if there are no versions. */
    public @Nullable String current() {
        return version != null || versions.isEmpty() ? version : versions.getLast();
    }

    /**
     * The version that was the current one when a message was accepted, so that what waits, or is sent again much
     * later, is taken for what it is.
     *
     * @return null if there are no versions
     */
    public @Nullable String currentAt(Instant accepted) {
        for (Release release : releases.reversed()) {
            if (!release.since().isAfter(accepted)) {
                return release.version();
            }
        }
        return releases.isEmpty() ? current() : releases.getFirst().version();
    }

    /** Whether a message of it has to be looked at before it is accepted. */
    public boolean guarded() {
        return sync || schemaMode != SchemaMode.OFF;
    }
}
