package io.posthorn.catalog;

import io.posthorn.model.Endpoint;

/** What happened to an endpoint, for those who hold state about it. */
public sealed interface EndpointChange {
    /** The endpoint: as it is now, or as it was before it was removed. */
    Endpoint endpoint();

    /**
     * It is new, or something about it is different.
     *
     * @param endpoint as it is now
     */
    record Changed(Endpoint endpoint) implements EndpointChange {}

    /**
     * It is gone, by itself or with its application.
     *
     * @param endpoint as it was
     */
    record Removed(Endpoint endpoint) implements EndpointChange {}
}
