package io.posthorn.model;

import org.jspecify.annotations.Nullable;

/** How an endpoint learns who calls it, beside the signature. All of them print themselves without what is secret. */
public sealed interface Authentication {
    /**
     * RFC 7617.
     *
     * @param user without a colon
     * @param password secret
     */
    record Basic(String user, String password) implements Authentication {
        @Override
        public String toString() {
            return "Basic[" + user + ", ***]";
        }
    }

    /**
     * A header of its own.
     *
     * @param name of the header
     * @param value secret
     */
    record Header(String name, String value) implements Authentication {
        @Override
        public String toString() {
            return "Header[" + name + ", ***]";
        }
    }

    /**
     * RFC 6750.
     *
     * @param token secret
     */
    record Bearer(String token) implements Authentication {
        @Override
        public String toString() {
            return "Bearer[***]";
        }
    }

    /**
     * Client credentials, RFC 6749, 4.4.
     *
     * @param tokenUrl where tokens are got
     * @param clientId who asks
     * @param clientSecret secret
     * @param scope asked for, with spaces between several; null for none
     * @param audience the parameter {@code audience}; null for none
     * @param inBody whether the secret stands in the body of the request for a token, and not in its header
     */
    record OAuth2(
            String tokenUrl,
            String clientId,
            String clientSecret,
            @Nullable String scope,
            @Nullable String audience,
            boolean inBody)
            implements Authentication {
        @Override
        public String toString() {
            return "OAuth2[" + tokenUrl + ", " + clientId + ", ***]";
        }
    }
}
