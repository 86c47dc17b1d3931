package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Credential;
import io.posthorn.catalog.Token;
import io.posthorn.model.Environment;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whose request it is, and whether there are too many of them. No lock and no query: for event loops.
 *
 * <p>A token has the rate limit that was given to it, else that of the server; without either, nothing is counted. Only
 * valid tokens are counted: those who guess get 401 before it.
 */
public final class Authenticator {
    /** Which environment a token of the whole installation is used for; the default one without it. */
    static final String ENVIRONMENT = "posthorn-environment";

    private static final String SCHEME = "Bearer ";

    /** The burst is one second's worth, so the next request is never further away than that. */
    private static final int RETRY_SECONDS = 1;

    private final Catalog catalog;
    private final int usualLimit;
    private final LongSupplier nanos;

    /**
     * For the tokens of an installation.
     *
     * @param usualLimit requests a second with a token that has no limit of its own; 0 for any number
     * @param nanos as {@link System#nanoTime}
     */
    Authenticator(Catalog catalog, int usualLimit, LongSupplier nanos) {
        this.catalog = catalog;
        this.usualLimit = usualLimit;
        this.nanos = nanos;
    }

    /**
     * Says whose request it is, and answers one without a valid token with 401, one too many with 429, one for an
     * environment that the token does not reach with 403.
     *
     * @return null if it has been answered
     */
    public @Nullable Caller caller(HttpServerRequest request) {
        Credential credential = credential(catalog, request);
        if (credential == null) {
            Errors.unauthorized(request);
            return null;
        }
        Token token = credential.token();
        Integer own = token.rateLimit();
        int limit = own == null ? usualLimit : own;
        if (limit != 0 && !inTime(request, credential, limit)) {
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

    /** Whether a request that was permitted would be again: for those that go on for long. */
    static boolean stillPermits(Catalog catalog, HttpServerRequest request, Access access) {
        Credential credential = credential(catalog, request);
        return credential != null && access.allows(credential.token());
    }

    /** Counts the request; one too many is answered with 429. Whatever the answer is, it says how much is left. */
    private boolean inTime(HttpServerRequest request, Credential credential, int limit) {
        int left = credential.pace().take(limit, nanos.getAsLong());
        request.response()
                .putHeader("ratelimit-policy", "\"token\";q=" + limit + ";w=1")
                .putHeader("ratelimit", "\"token\";r=" + Math.max(0, left) + ";t=1");
        if (left >= 0) {
            return true;
        }
        Errors.write(
                request,
                Answer.error(
                        429,
                        "rate_limited",
                        "this token may make " + limit + " requests a second",
                        Answer.retryAfter(RETRY_SECONDS)));
        return false;
    }

    /** The token in {@code Authorization: Bearer …}; null if there is none or it is not valid. */
    private static @Nullable Credential credential(Catalog catalog, HttpServerRequest request) {
        String header = request.headers().get(HttpHeaders.AUTHORIZATION);
        if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return null;
        }
        return catalog.authenticate(header.substring(SCHEME.length()).strip());
    }
}
