package io.posthorn.history;

import io.posthorn.model.Message;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;

/** Reads what was accepted and is not settled: for recovery. */
public interface Unsettled {
    /**
     * Where a shard stands.
     *
     * @param shard its number
     * @param settled its settled position
     * @param settledAt nothing above was accepted before, microseconds since 1970
     * @param head the highest sequence number there is, at least {@code settled}
     */
    record Standing(int shard, long settled, long settledAt, long head) {}

    /**
     * A message above its shard's settled position.
     *
     * @param message the message; without content if that was deleted: then it is owed to nobody
     * @param done the endpoints for which it has an attempt or a deferral
     */
    record Owed(Message message, Set<Integer> done) {}

    /** Takes messages on; may block. */
    @FunctionalInterface
    interface Taker {
        /** These are next. */
        void take(List<Owed> page) throws InterruptedException;
    }

    /** All shards. */
    List<Standing> standings() throws SQLException;

    /**
     * All messages above the settled positions, page by page, within an application in order.
     *
     * @param standings as {@link #standings} told them
     * @param taker takes the pages
     */
    void read(List<Standing> standings, Taker taker) throws SQLException, InterruptedException;
}
