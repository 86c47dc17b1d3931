package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Token;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** Whose request it is. No lock and no query: for event loops. */
public final class Authenticator {
    private static final String SCHEME = "Bearer ";

    private final Catalog catalog;

    Authenticator(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * Lets a request with a valid token pass and answers any other with 401.
     *
     * @return whether it may pass; if not, it has been answered
     */
    public boolean check(HttpServerRequest request) {
        if (token(request) != null) {
            return true;
        }
        Errors.unauthorized(request);
        return false;
    }

    /** The token in {@code Authorization: Bearer …}; null if there is none or it is not valid. */
    public @Nullable Token token(HttpServerRequest request) {
        String header = request.headers().get(HttpHeaders.AUTHORIZATION);
        if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return null;
        }
        return catalog.authenticate(header.substring(SCHEME.length()).strip());
    }
}
