package io.posthorn.dispatch;

import io.posthorn.model.Endpoint;

/** Makes the {@link Route} of an endpoint. */
@FunctionalInterface
interface Routes {
    /** The route of an endpoint as it is now. */
    Route of(Endpoint endpoint);
}
