package io.posthorn.app;

import io.posthorn.api.SecretRule;
import io.posthorn.catalog.ActiveProfile;
import io.posthorn.catalog.Profiles;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Scheme;
import io.posthorn.wire.SchemeRules;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The signing secrets that go with the schemes of an endpoint's profile. */
final class SchemeSecrets implements SecretRule {
    /** The schemes that sign an endpoint's requests; none where Standard Webhooks says how. */
    @FunctionalInterface
    interface Schemes {
        /** Those of the profile that holds for the shape in the environment. */
        List<Scheme> of(int env, EndpointShape shape);
    }

    private final Schemes schemes;
    private final SecureRandom random = new SecureRandom();

    SchemeSecrets(Schemes schemes) {
        this.schemes = schemes;
    }

    /**
     * Those of the profiles. A shape whose profile cannot be read is refused for that reason, and has none here; nor has
     * a profile that signs nothing, so that its endpoints have a secret of the usual kind that nobody needs.
     */
    static Schemes of(Profiles profiles) {
        return (env, shape) -> {
            try {
                ActiveProfile active = profiles.of(env, shape);
                return active.isStandard() ? List.of() : active.profile().schemes();
            } catch (ContentException _) {
                return List.of();
            }
        };
    }

    @Override
    public SigningSecret parse(int env, EndpointShape shape, String text) {
        List<Scheme> all = schemes.of(env, shape);
        if (all.isEmpty()) {
            return STANDARD.parse(env, shape, text);
        }
        try {
            return SchemeRules.parse(text, all);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("cannot sign in the format of this endpoint: " + e.getMessage(), e);
        }
    }

    @Override
    public @Nullable SigningSecret fresh(int env, EndpointShape shape) {
        List<Scheme> all = schemes.of(env, shape);
        return all.isEmpty() ? null : SchemeRules.fresh(all, random);
    }

    @Override
    public @Nullable String refuse(int env, EndpointShape shape, SigningSecret secret) {
        List<Scheme> all = schemes.of(env, shape);
        if (all.isEmpty()) {
            return STANDARD.refuse(env, shape, secret);
        }
        try {
            SchemeRules.check(secret, all);
            return null;
        } catch (IllegalArgumentException e) {
            return "must be given anew with this format: " + e.getMessage();
        }
    }
}
