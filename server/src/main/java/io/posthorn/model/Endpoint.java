package io.posthorn.model;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where an application receives its messages.
 *
 * @param no the number it has in the database, for good
 * @param appNo {@link Application#no()}
 * @param id {@code ep_} and a ULID
 * @param uid the owner's own id for it, unique in the application
 * @param url where the POST goes; {@link #TEMPORARY} and something random if the endpoint is temporary
 * @param description for people
 * @param eventTypes the event types it wants; null for all
 * @param channels the channels it wants; null for messages of every channel and of none
 * @param disabled nothing is sent while it is
 * @param disabledReason why, if it was not its owner who disabled it
 * @param rateLimit requests a second that it gets at most; null for any number
 * @param metadata free-form, of the owner
 * @param secret what its messages are signed with
 * @param oldSecrets what they are signed with too until each one's time is over, the newest first
 * @param headers what its requests carry beside those of the signature
 * @param version a number of its owner's, 1 if they have not given one; kept and shown
 * @param delivery what its owner decided about its deliveries
 * @param shape what its owner decided about how its requests are made
 * @param secrets what its owner gave for them and is shown to nobody
 * @param paused nothing is sent while it is; what is accepted meanwhile waits
 * @param createdAt when it was made; messages accepted before are not for it
 * @param updatedAt when it was last changed
 */
public record Endpoint(
        int no,
        int appNo,
        String id,
        @Nullable String uid,
        String url,
        String description,
        @Nullable List<String> eventTypes,
        @Nullable List<String> channels,
        boolean disabled,
        @Nullable String disabledReason,
        @Nullable Integer rateLimit,
        Map<String, String> metadata,
        SigningSecret secret,
        List<RetiredSecret> oldSecrets,
        List<CustomHeader> headers,
        int version,
        DeliveryPolicy delivery,
        EndpointShape shape,
        EndpointSecrets secrets,
        boolean paused,
        Instant createdAt,
        Instant updatedAt) {

    /** The same with another shape. */
    public Endpoint with(EndpointShape other) {
        return new Endpoint(
                no,
                appNo,
                id,
                uid,
                url,
                description,
                eventTypes,
                channels,
                disabled,
                disabledReason,
                rateLimit,
                metadata,
                secret,
                oldSecrets,
                headers,
                version,
                delivery,
                other,
                secrets,
                paused,
                createdAt,
                updatedAt);
    }

    /** What the URL of a temporary endpoint begins with; no other endpoint's does. */
    public static final String TEMPORARY = "listen:";

    /**
     * Whether it lives only as long as somebody is connected who takes its deliveries. The URL says so and nothing
     * beside it, so that the two cannot contradict each other.
     */
    public boolean temporary() {
        return url.startsWith(TEMPORARY);
    }
}
