package io.posthorn.catalog;

import io.posthorn.model.CustomHeader;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
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
 * @param secret what its messages are signed with, at once and alone; null to keep the present one and those that it
 *     replaced, or to have one made
 * @param headers what its requests carry beside those of the signature; null to keep the present ones
 * @param version a number of its owner's
 * @param delivery from what is decided about its deliveries, and what is usual with its profile, to what is to be; null to
 *     keep that, or for the usual
 * @param shape from how its requests are made to how they are to be; null to keep that, or for the usual
 * @param secrets from what it has of these to what it is to have; null to keep them, or for none
 * @param paused nothing is sent while it is; null to keep the present, or for not
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
        @Nullable SigningSecret secret,
        @Nullable List<CustomHeader> headers,
        int version,
        @Nullable BinaryOperator<DeliveryPolicy> delivery,
        @Nullable UnaryOperator<EndpointShape> shape,
        @Nullable UnaryOperator<EndpointSecrets> secrets,
        @Nullable Boolean paused) {

    /** A draft that says nothing of headers, version and deliveries. */
    public EndpointDraft(
            String url,
            @Nullable String uid,
            String description,
            @Nullable List<String> eventTypes,
            @Nullable List<String> channels,
            boolean disabled,
            @Nullable Integer rateLimit,
            Map<String, String> metadata,
            @Nullable SigningSecret secret) {
        this(
                url,
                uid,
                description,
                eventTypes,
                channels,
                disabled,
                rateLimit,
                metadata,
                secret,
                null,
                1,
                null,
                null,
                null,
                null);
    }

    /** The part of an endpoint that its owner decides; the rest stays as it is. */
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
                null,
                null,
                endpoint.version(),
                null,
                null,
                null,
                null);
    }

    /** The same with another uid. */
    EndpointDraft withUid(String other) {
        return with(other, secret, shape);
    }

    /** The same, with what the endpoint has agreed to: requests a minute, null for any number. */
    public EndpointDraft withAgreedRate(@Nullable Integer perMinute) {
        UnaryOperator<EndpointShape> before = shape;
        return with(
                uid, secret, present -> (before == null ? present : before.apply(present)).withAgreedRate(perMinute));
    }

    /** The same with another secret. */
    public EndpointDraft withSecret(SigningSecret other) {
        return with(uid, other, shape);
    }

    private EndpointDraft with(
            @Nullable String otherUid,
            @Nullable SigningSecret otherSecret,
            @Nullable UnaryOperator<EndpointShape> otherShape) {
        return new EndpointDraft(
                url,
                otherUid,
                description,
                eventTypes,
                channels,
                disabled,
                rateLimit,
                metadata,
                otherSecret,
                headers,
                version,
                delivery,
                otherShape,
                secrets,
                paused);
    }
}
