package io.posthorn.api;

import io.vertx.ext.web.Router;

/** Some routes of the API. */
@FunctionalInterface
public interface RouteModule {
    /**
     * Adds them; called once for each server instance. What is under {@code /api/v1} is reached with a valid token only.
     *
     * @param router takes paths from the root, such as {@code /api/v1/app/:app/msg}, without a trailing slash
     * @param blocking makes handlers of functions that may block
     */
    void mount(Router router, Blocking blocking);
}
