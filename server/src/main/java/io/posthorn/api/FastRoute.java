package io.posthorn.api;

import io.vertx.core.http.HttpServerRequest;

/** A route of the hot path, asked before the router about every request, on the request's event loop. */
@FunctionalInterface
public interface FastRoute {
    /**
     * Takes the request or leaves it. One that takes it authenticates ({@link Authenticator}), reads the body
     * ({@link Bodies}) and answers by itself, and never blocks.
     *
     * @param request with nothing read and no handler set; its method and path cost nothing to look at
     * @return whether it has taken it; if not, it has not touched it
     */
    boolean tryHandle(HttpServerRequest request);
}
