package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.history.History;
import io.posthorn.model.Ids;
import io.posthorn.runtime.Time;
import java.util.List;
import java.util.stream.Stream;

/** Reading what happened: messages, attempts, where deliveries stand, and how many there were. */
public final class HistoryRoutes implements RouteModule {
    private final HistoryReads reads;
    private final Time time;

    /**
     * Routes that read.
     *
     * @param catalog says which endpoints belong to whom
     * @param history what happened
     * @param ids of messages; iterators are made with them too
     */
    public HistoryRoutes(Catalog catalog, History history, Ids ids) {
        this(catalog, history, ids, Time.system());
    }

    HistoryRoutes(Catalog catalog, History history, Ids ids, Time time) {
        this.reads = new HistoryReads(catalog, history, ids);
        this.time = time;
    }

    @Override
    public List<Operation> operations() {
        return Stream.of(new MessageRoutes(reads), new AttemptRoutes(reads), new StatsRoutes(reads, time))
                .flatMap(module -> module.operations().stream())
                .toList();
    }
}
