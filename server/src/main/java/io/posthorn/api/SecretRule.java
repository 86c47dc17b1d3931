package io.posthorn.api;

import io.posthorn.catalog.ActiveProfile;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Profiles;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Scheme;
import io.posthorn.wire.SchemeRules;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which signing secrets go with how an endpoint's requests are made: those that the schemes of its profile can sign with. */
final class SecretRule {
    /** The schemes that sign an endpoint's requests; none where Standard Webhooks says how. */
    @FunctionalInterface
    interface Schemes {
        /** Those of the profile that holds for the shape in the environment. */
        List<Scheme> of(int env, EndpointShape shape);
    }

    private final Schemes schemes;
    private final SecureRandom random = new SecureRandom();

    /** That of a catalog. */
    SecretRule(Catalog catalog) {
        this((env, shape) -> of(catalog.profiles(), env, shape));
    }

    SecretRule(Schemes schemes) {
        this.schemes = schemes;
    }

    /**
     * A shape whose profile cannot be read is refused for that reason, and has none here; nor has a profile that signs
     * nothing, so that its endpoints have a secret of the usual kind that nobody needs.
     */
    private static List<Scheme> of(Profiles profiles, int env, EndpointShape shape) {
        try {
            ActiveProfile active = profiles.of(env, shape);
            return active.isStandard() ? List.of() : active.profile().schemes();
        } catch (ContentException _) {
            return List.of();
        }
    }

    /**
     * Reads a secret that an endpoint's owner gave.
     *
     * @param env the number of the environment
     * @param shape how its requests are made
     * @throws IllegalArgumentException if requests cannot be signed with it; the message is a rule, without the secret
     */
    SigningSecret parse(int env, EndpointShape shape, String text) {
        List<Scheme> all = schemes.of(env, shape);
        if (all.isEmpty()) {
            return standard(text);
        }
        try {
            return SchemeRules.parse(text, all);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("cannot sign in the format of this endpoint: " + e.getMessage(), e);
        }
    }

    /** A new one; null for the usual kind. */
    @Nullable
    SigningSecret fresh(int env, EndpointShape shape) {
        List<Scheme> all = schemes.of(env, shape);
        return all.isEmpty() ? null : SchemeRules.fresh(all, random);
    }

    /** Null if requests can be signed with the secret that an endpoint has, else the rule, for people. */
    @Nullable
    String refuse(int env, EndpointShape shape, SigningSecret secret) {
        List<Scheme> all = schemes.of(env, shape);
        if (all.isEmpty()) {
            return secret.form() == SigningSecret.Form.TEXT
                    ? "must be given anew: the present one is a text, and whsec_ or whsk_ and base64 is needed"
                    : null;
        }
        try {
            SchemeRules.check(secret, all);
            return null;
        } catch (IllegalArgumentException e) {
            return "must be given anew with this format: " + e.getMessage();
        }
    }

    private static SigningSecret standard(String text) {
        try {
            return SigningSecret.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    text.startsWith(SigningSecret.PRIVATE_PREFIX)
                            ? "must be whsk_ and the base64 of 64 bytes, seed and public key, or of the 32 of the seed"
                            : "must be whsec_ and the base64 of 24 to 64 bytes; leave it out to have one made",
                    e);
        }
    }
}
