package io.posthorn.history;

/** What became of a transaction of outcomes. */
public sealed interface WriteResult {
    /**
     * It is committed.
     *
     * @param backlogChange by how much it has changed the number of deliveries that wait in the database
     */
    record Written(int backlogChange) implements WriteResult {}

    /**
     * The database is away or full; the same batch is to be tried again.
     *
     * @param why for the log
     */
    record Unavailable(String why) implements WriteResult {}

    /**
     * The database is fine and does not take the content of the batch: one of its outcomes is at fault.
     *
     * @param why for the log
     */
    record Refused(String why) implements WriteResult {}

    /** This node no longer owns the shards. */
    record Fenced() implements WriteResult {}
}
