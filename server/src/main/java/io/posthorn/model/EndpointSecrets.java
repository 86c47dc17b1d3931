package io.posthorn.model;

import org.jspecify.annotations.Nullable;

/**
 * What an endpoint's owner has given for its requests and is shown to nobody. It lies encrypted in the database.
 *
 * @param config free-form JSON that profiles may send along; null for none
 * @param authentication beside the signature; null for none
 * @param tls of its connections; null for the usual
 */
public record EndpointSecrets(
        @Nullable String config,
        @Nullable Authentication authentication,
        @Nullable TlsIdentity tls) {

    /** There are none. */
    public static final EndpointSecrets NONE = new EndpointSecrets(null, null, null);

    @Override
    public String toString() {
        return "EndpointSecrets[***]";
    }
}
