package io.posthorn.dispatch;

import io.posthorn.history.Backlog;
import io.posthorn.history.Settlement;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** What a {@link LaneLoop} needs of the other rooms. Nothing here blocks. */
interface LanePorts {
    /** Hands an outcome to the recorder. */
    void record(Settlement settlement);

    /** Whether the recorder has so much to write that nothing new should begin. */
    boolean full();

    /** The endpoint as it is now; null if there is none. */
    @Nullable
    Endpoint endpoint(int appNo, int endpointNo);

    /** Whether the application's endpoints get nothing for the time being. */
    boolean paused(int appNo);

    /**
     * Makes the rows of an endpoint have the hashes of the present keys; parameters as {@link Backlog#rekey}.
     *
     * @param done told on the lane's loop whether they have; not if the database is away
     */
    void rekey(int endpointNo, int version, ToLongFunction<Message> key, Consumer<Boolean> done);

    /** The endpoint answered 410: it is to be disabled. */
    void gone(int appNo, int endpointNo);

    /** Something that must not happen has happened: the lanes cannot be trusted any more. */
    void failed(Throwable why);

    /**
     * Looks into the backlog; parameters as {@link Backlog#fetch}.
     *
     * @param done told on the lane's loop; null if the database is away
     */
    void fetch(
            int endpointNo,
            long now,
            long[] claimed,
            Backlog.@Nullable Ordered ordered,
            int most,
            long mostBytes,
            Consumer<Backlog.@Nullable Fetched> done);
}
