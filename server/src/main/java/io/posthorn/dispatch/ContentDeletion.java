package io.posthorn.dispatch;

import io.posthorn.history.Contents;
import io.posthorn.model.Message;
import java.util.Set;

/**
 * Deletes the content of messages for good, with what receivers answered, who may have repeated it, and ends the deliveries that still wait for it.
 *
 * <pre>
 *   the loops know of it ▶ payload deleted ▶ lanes let go of it ▶ rows in deferral deleted
 *                                                               ▶ all outcomes written ▶ responses deleted
 * </pre>
 *
 * <p>The order is what makes it complete. A message that its publisher deletes before the fan-out has come to it would
 * be handed to the lanes afterwards, so that is waited for. Once the payload is deleted, no look into the backlog brings
 * it any more; a look that began before is known to its lane. Rows of deliveries that a lane has in its hands are ended
 * by their outcomes, and counted by them; the others are deleted here. Where this stops half-way, what is left are rows
 * without a payload: the next look that comes upon them removes them, and doing it all again does no harm.
 */
public final class ContentDeletion {
    private static final long PATIENCE_MILLIS = 5_000;

    private final Dispatcher dispatcher;
    private final Contents contents;
    private final DispatchMetrics metrics;

    /** What became of it. */
    public enum Deleted {
        /** The content is gone. */
        DONE,
        /** There is no such message any more. */
        NOT_FOUND,
        /** Outcomes cannot be written just now: nothing was changed, or not all of it. */
        NOT_NOW
    }

    /**
     * A deletion.
     *
     * @param dispatcher whose lanes may have the messages
     * @param contents what is stored
     * @param metrics told of what is owed no longer
     */
    public ContentDeletion(Dispatcher dispatcher, Contents contents, DispatchMetrics metrics) {
        this.dispatcher = dispatcher;
        this.contents = contents;
        this.metrics = metrics;
    }

    /**
     * Deletes the payload of a message. Blocks, for some seconds at most.
     *
     * @param message committed
     */
    public Deleted delete(Message message) throws InterruptedException {
        if (!dispatcher.awaitHanded(message, PATIENCE_MILLIS)) {
            return Deleted.NOT_NOW;
        }
        if (!contents.deletePayload(message)) {
            return Deleted.NOT_FOUND;
        }
        Set<Integer> theirs = dispatcher.withdraw(message);
        metrics.forgotten(contents.endDeferred(message, theirs));
        dispatcher.ended(message);
        // What is answered from now on is not kept; what was answered before may still be on its way to the disk.
        if (!dispatcher.awaitWritten(PATIENCE_MILLIS)) {
            return Deleted.NOT_NOW;
        }
        contents.deleteResponses(message);
        return Deleted.DONE;
    }
}
