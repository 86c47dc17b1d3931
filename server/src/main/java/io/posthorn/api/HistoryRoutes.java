package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.history.History;
import io.posthorn.model.Ids;
import io.vertx.ext.web.Router;

/** Reading what happened: messages, attempts, and where deliveries stand. */
public final class HistoryRoutes implements RouteModule {
    private final HistoryReads reads;

    /**
     * Routes that read.
     *
     * @param catalog says which endpoints belong to whom
     * @param history what happened
     * @param ids of messages; iterators are made with them too
     */
    public HistoryRoutes(Catalog catalog, History history, Ids ids) {
        this.reads = new HistoryReads(catalog, history, ids);
    }

    @Override
    public void mount(Router router, Blocking blocking) {
        new MessageRoutes(reads).mount(router, blocking);
        new AttemptRoutes(reads).mount(router, blocking);
    }
}
