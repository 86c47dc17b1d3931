package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Token;
import io.posthorn.model.Environment;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** Whose request it is. No lock and no query: for event loops. */
public final class Authenticator {
    /** Which environment a token of the whole installation is used for; the default one without it. */
    static final String ENVIRONMENT = "posthorn-environment";

    private static final String SCHEME = "Bearer ";

    private final Catalog catalog;

    Authenticator(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * Says whose request it is, and answers one without a valid token with 401, one for an environment that the token
     * does not reach with 403.
     *
     * @return null if it has been answered
     */
    public @Nullable Caller caller(HttpServerRequest request) {
        Token token = token(request);
        if (token == null) {
            Errors.unauthorized(request);
            return null;
        }
        String wanted = request.headers().get(ENVIRONMENT);
        if (wanted == null) {
            return new Caller(token, token.envNo() == Token.EVERYWHERE ? Environment.DEFAULT_NO : token.envNo());
        }
        Environment environment = catalog.environments().find(wanted);
        if (environment == null || (token.envNo() != Token.EVERYWHERE && token.envNo() != environment.no())) {
            Errors.write(request, 403, "forbidden", "this token has no environment `" + wanted + "`");
            return null;
        }
        return new Caller(token, environment.no());
    }

    /**
     * Whether the caller may do this; if not, it is answered with 403.
     *
     * @param access what it takes
     */
    public static boolean permits(HttpServerRequest request, Caller caller, Access access) {
        if (access.allows(caller.token())) {
            return true;
        }
        Errors.write(request, 403, "forbidden", "this needs " + access.needs());
        return false;
    }

    /** The token in {@code Authorization: Bearer …}; null if there is none or it is not valid. */
    private @Nullable Token token(HttpServerRequest request) {
        String header = request.headers().get(HttpHeaders.AUTHORIZATION);
        if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return null;
        }
        return catalog.authenticate(header.substring(SCHEME.length()).strip());
    }
}
