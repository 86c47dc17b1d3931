package io.posthorn.model;

import org.jspecify.annotations.Nullable;

/**
 * What the owner of an endpoint has decided about how a message becomes a request.
 *
 * @param profile the name of its profile; null for that of its environment
 * @param ownProfile a profile of its own, YAML; null for none. At most one of the two is there
 * @param filter which messages it wants beyond event types and channels; null for all
 * @param transformation JSONata from the request that would be sent to the one that is; null for none
 * @param thin whether it gets type and id with a link, in the place of the payload
 * @param payloadVersion the version of the payload that it was written for; null for the present one
 * @param agreedRate requests a minute that it has agreed to when it was asked, at least 1; null for any number. Its owner
 *     has not decided that, and it holds beside the rate that they have
 */
public record EndpointShape(
        @Nullable String profile,
        @Nullable String ownProfile,
        @Nullable MessageFilter filter,
        @Nullable String transformation,
        boolean thin,
        @Nullable String payloadVersion,
        @Nullable Integer agreedRate) {

    /** Nothing is decided. */
    public static final EndpointShape DEFAULT = new EndpointShape(null, null, null, null, false, null);

    /** One without an agreement. */
    public EndpointShape(
            @Nullable String profile,
            @Nullable String ownProfile,
            @Nullable MessageFilter filter,
            @Nullable String transformation,
            boolean thin,
            @Nullable String payloadVersion) {
        this(profile, ownProfile, filter, transformation, thin, payloadVersion, null);
    }

    /** The same with another agreement, requests a minute; null for none. */
    public EndpointShape withAgreedRate(@Nullable Integer perMinute) {
        return new EndpointShape(profile, ownProfile, filter, transformation, thin, payloadVersion, perMinute);
    }
}
