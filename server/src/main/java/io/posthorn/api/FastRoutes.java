package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.intake.Intake;
import io.posthorn.intake.PayloadChecks;
import io.vertx.core.Context;
import java.time.Duration;

/** Makes the hot path of each server instance. */
@FunctionalInterface
public interface FastRoutes {
    /** No hot path. */
    FastRoutes NONE = (loop, authenticator, bodies, mostBody) -> request -> false;

    /**
     * The hot path of one instance.
     *
     * @param loop the event loop it lives on
     * @param authenticator whose request it is
     * @param bodies reads bodies
     * @param mostBody bytes in one
     */
    FastRoute on(Context loop, Authenticator authenticator, Bodies bodies, int mostBody);

    /** These, and if they leave a request, others. */
    default FastRoutes or(FastRoutes others) {
        return (loop, authenticator, bodies, mostBody) -> {
            FastRoute first = on(loop, authenticator, bodies, mostBody);
            FastRoute second = others.on(loop, authenticator, bodies, mostBody);
            return request -> first.tryHandle(request) || second.tryHandle(request);
        };
    }

    /**
     * Accepting messages.
     *
     * @param catalog says which applications there are
     * @param intake takes the messages
     * @param deadline how long a publisher waits for the commit; then the answer is 503
     * @param longestDelay how far in the future a message may be sent
     * @param pace that of the applications, whoever sends
     * @param checks holds messages against the catalogue
     */
    static FastRoutes accepting(
            Catalog catalog,
            Intake intake,
            Duration deadline,
            Duration longestDelay,
            ApplicationPace pace,
            PayloadChecks checks) {
        return (loop, authenticator, bodies, mostBody) -> new AcceptRoute(
                loop, catalog, intake, deadline, longestDelay, authenticator, bodies, mostBody, pace, checks);
    }
}
