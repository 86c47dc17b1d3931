package io.posthorn.catalog;

import io.posthorn.model.Application;
import java.util.List;

/**
 * How many active endpoints an application may have, and who is told when one is refused another. Active are those that are not
 * disabled; temporary ones, which live as long as a connection, do not count.
 *
 * @param usual for an application without a limit of its own, 1 to {@link Endpoints#MOST}
 * @param watcher told of refusals, and of what is taken from applications
 */
public record EndpointLimit(int usual, Watcher watcher) {
    /** As many as there can be, and nobody is told: for tools and tests. */
    public static final EndpointLimit NONE = new EndpointLimit(Endpoints.MOST, (application, limit, active) -> {});

    /** Checks the bounds. */
    public EndpointLimit {
        if (usual < 1 || usual > Endpoints.MOST) {
            throw new IllegalArgumentException("1 to " + Endpoints.MOST + " endpoints, not " + usual);
        }
    }

    /** Somebody who wants to know. */
    @FunctionalInterface
    public interface Watcher {
        /**
         * An application was refused an active endpoint, because it has as many as it may have. It may come again and again. Called in the midst of a change, so it is quick, does not throw and changes
         * nothing.
         *
         * @param application whose limit it is
         * @param limit in force
         * @param active how many it has; more than the limit if that was lowered
         */
        void reached(Application application, int limit, int active);

        /**
         * Scopes were taken from an application. Called as {@link #reached} is.
         *
         * @param application as it is now
         * @param scopes that it had and has not any more; empty if it was not restricted before
         * @param endpoints how many want event types that they do not get any more
         * @param eventTypes the first of these types by name, at most {@link WithheldTypes#MOST}
         */
        default void scopesTaken(
                Application application, List<String> scopes, int endpoints, List<String> eventTypes) {}
    }
}
