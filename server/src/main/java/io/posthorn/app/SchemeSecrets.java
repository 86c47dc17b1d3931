package io.posthorn.app;

import io.posthorn.api.SecretRule;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
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
