package io.posthorn.dispatch;

import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.history.Settlement;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Expression;
import java.util.List;
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

    /**
     * The endpoint is to be disabled.
     *
     * @param why for people
     * @param failingSince when the first attempt failed after the last success, microseconds since 1970; 0 if that is not
     *     why
     */
    void disable(int endpointNo, String why, long failingSince);

    /** The endpoint is left alone; parameters as {@link io.posthorn.runtime.Notices#circuitOpened}. */
    void circuitOpened(int appNo, int endpointNo, int failures, long probeAt);

    /**
     * Asks the success expression of an endpoint about a response; one at a time for each endpoint.
     *
     * @param done told on the lane's loop, later
     */
    void ask(int endpointNo, String expression, Outcome.Response response, Consumer<Expression.Answer> done);

    /**
     * The endpoint is well again: its deliveries that wait for a later retry are due now.
     *
     * @param done told on the lane's loop when they are
     */
    void well(int endpointNo, Runnable done);

    /**
     * Keeps what is known of endpoints in trouble beyond the end of the process.
     *
     * @param troubles of endpoints that are in trouble
     * @param well endpoints that are not any more
     */
    void keep(List<EndpointTrouble> troubles, List<Integer> well);

    /**
     * Looks for deliveries that have waited too long for an open circuit; parameters as {@link Backlog#waiting}.
     *
     * @param done told on the lane's loop; null if the database is away
     */
    void waiting(
            int endpointNo,
            long acceptedUntil,
            long afterSeq,
            long[] claimed,
            int most,
            Consumer<@Nullable List<Backlog.Waiting>> done);

    /** Whether the application's endpoints get nothing for the time being. */
    boolean paused(int appNo);

    /**
     * Makes the rows of an endpoint have the hashes of the present keys; parameters as {@link Backlog#rekey}.
     *
     * @param done told on the lane's loop whether they have; not if the database is away
     */
    void rekey(int endpointNo, int version, ToLongFunction<Message> key, Consumer<Boolean> done);

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
