package io.posthorn.catalog;

import io.posthorn.model.Endpoint;
import io.posthorn.model.SigningSecret;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What its owner decides about an endpoint. The caller has checked it against {@link Rules}.
 *
 * @param url where the POST goes
 * @param uid the owner's own id for it
 * @param description for people
 * @param eventTypes those it wants, without repetitions; null for all
 * @param channels those it wants, without repetitions; null for messages of every channel and of none
 * @param disabled nothing is sent while it is
 * @param rateLimit requests a second
 * @param metadata free-form
 * @param secret what its messages are signed with; null to keep the present one, or to have one made
 */
public record EndpointDraft(
        String url,
        @Nullable String uid,
        String description,
        @Nullable List<String> eventTypes,
        @Nullable List<String> channels,
        boolean disabled,
        @Nullable Integer rateLimit,
        Map<String, String> metadata,
        @Nullable SigningSecret secret) {

    /** The part of an endpoint that its owner decides; the secret stays as it is. */
    public static EndpointDraft of(Endpoint endpoint) {
        return new EndpointDraft(
                endpoint.url(),
                endpoint.uid(),
                endpoint.description(),
                endpoint.eventTypes(),
                endpoint.channels(),
                endpoint.disabled(),
                endpoint.rateLimit(),
                endpoint.metadata(),
                null);
    }
}
