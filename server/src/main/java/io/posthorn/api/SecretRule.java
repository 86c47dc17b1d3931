package io.posthorn.api;

import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import org.jspecify.annotations.Nullable;

/** Which signing secrets go with how an endpoint's requests are made. Called where blocking is allowed. */
public interface SecretRule {
    /** What holds where everything is signed as Standard Webhooks says. */
    SecretRule STANDARD = new SecretRule() {
        @Override
        public SigningSecret parse(int env, EndpointShape shape, String text) {
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

        @Override
        public @Nullable SigningSecret fresh(int env, EndpointShape shape) {
            return null;
        }

        @Override
        public @Nullable String refuse(int env, EndpointShape shape, SigningSecret secret) {
            return secret.form() == SigningSecret.Form.TEXT
                    ? "must be given anew: the present one is a text, and whsec_ or whsk_ and base64 is needed"
                    : null;
        }
    };

    /**
     * Reads a secret that an endpoint's owner gave.
     *
     * @param env the number of the environment
     * @param shape how its requests are made
     * @throws IllegalArgumentException if requests cannot be signed with it; the message is a rule, without the secret
     */
    SigningSecret parse(int env, EndpointShape shape, String text);

    /** A new one; null for the usual kind. */
    @Nullable
    SigningSecret fresh(int env, EndpointShape shape);

    /** Null if requests can be signed with the secret that an endpoint has, else the rule, for people. */
    @Nullable
    String refuse(int env, EndpointShape shape, SigningSecret secret);
}
