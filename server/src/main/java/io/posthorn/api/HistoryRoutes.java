package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.history.History;
import io.posthorn.model.Ids;
import java.util.List;
import java.util.stream.Stream;

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
    public List<Operation> operations() {
        return Stream.of(new MessageRoutes(reads), new AttemptRoutes(reads))
                .flatMap(module -> module.operations().stream())
                .toList();
    }
}
