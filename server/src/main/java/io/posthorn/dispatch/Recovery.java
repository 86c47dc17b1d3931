package io.posthorn.dispatch;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.history.SettledPositions;
import io.posthorn.history.Unsettled;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.runtime.Time;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes on where an earlier owner of the shards stopped, however it stopped: reads the messages above the settled
 * positions, leaves out the pairs that already have an attempt or a deferral, and hands the rest to the lanes.
 */
public final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final long WAIT_MILLIS = 10_000;

    private final Unsettled unsettled;
    private final SettledPositions positions;
    private final Catalog catalog;
    private final Dispatcher dispatcher;

    /**
     * A recovery.
     *
     * @param unsettled reads the messages
     * @param positions set to where the shards stand
     * @param catalog says who wants what
     * @param dispatcher delivers it
     */
    public Recovery(Unsettled unsettled, SettledPositions positions, Catalog catalog, Dispatcher dispatcher) {
        this.unsettled = unsettled;
        this.positions = positions;
        this.catalog = catalog;
        this.dispatcher = dispatcher;
    }

    /**
     * What recovery found.
     *
     * @param heads the highest sequence number of each shard
     * @param latest the time of the latest message, microseconds since 1970: no later one may have an earlier time
     * @param messages how many were above the settled positions
     * @param deliveries how many were handed to the lanes
     */
    public record Recovered(long[] heads, long latest, long messages, long deliveries) {}

    /** Does it. Blocks until the lanes have taken everything. Before anything new is accepted. */
    public Recovered run() throws SQLException, InterruptedException {
        List<Unsettled.Standing> standings = unsettled.standings();
        long[] heads = new long[Shards.COUNT];
        long[] latest = {0};
        for (Unsettled.Standing standing : standings) {
            positions.init(standing.shard(), standing.settled(), standing.settledAt(), standing.head());
            heads[standing.shard()] = standing.head();
            latest[0] = Math.max(latest[0], standing.settledAt());
        }
        long[] counts = new long[2];
        unsettled.read(standings, page -> {
            while (!dispatcher.awaitRoom(WAIT_MILLIS)) {
                LOG.info("recovery waits: what was delivered so far cannot be recorded yet");
            }
            Handover handover = dispatcher.handover();
            for (Unsettled.Owed owed : page) {
                List<Endpoint> endpoints = remaining(owed.message(), owed.done());
                latest[0] = Math.max(latest[0], owed.message().createdAt);
                counts[0]++;
                counts[1] += endpoints.size();
                handover.add(owed.message(), endpoints);
            }
            handover.sendAndWait();
        });
        for (Unsettled.Standing standing : standings) {
            positions.release(standing.shard());
        }
        dispatcher.handed(heads);
        dispatcher.recovered();
        return new Recovered(heads, latest[0], counts[0], counts[1]);
    }

    private List<Endpoint> remaining(Message message, Set<Integer> done) {
        AppView app = catalog.appByNo(message.appNo);
        boolean permitted = app != null && catalog.permits(app.application(), message.eventType);
        if (app == null || !permitted || !message.hasContent()) {
            return List.of();
        }
        if (message.onlyEndpointNo != 0) {
            Endpoint only = app.endpointByNo(message.onlyEndpointNo);
            return only == null || done.contains(only.no()) ? List.of() : List.of(only);
        }
        return remainingOfAll(app, message, done);
    }

    private List<Endpoint> remainingOfAll(AppView app, Message message, Set<Integer> done) {
        List<Endpoint> remaining = new ArrayList<>();
        for (Endpoint endpoint : catalog.matching(app, message.eventType, message.channels)) {
            boolean itsTime = Time.micros(endpoint.createdAt()) <= message.createdAt;
            if (itsTime && !done.contains(endpoint.no())) {
                remaining.add(endpoint);
            }
        }
        for (Endpoint endpoint : app.endpoints()) {
            if (wasDisabledSince(app, endpoint, message) && !done.contains(endpoint.no())) {
                remaining.add(endpoint);
            }
        }
        return remaining;
    }

    /**
     * An endpoint that was disabled after the message had been accepted is owed it nevertheless: the lane parks it until
     * the endpoint is enabled. When it was disabled is not kept; that it was changed since is the nearest to it.
     */
    private boolean wasDisabledSince(AppView app, Endpoint endpoint, Message message) {
        return endpoint.disabled()
                && Time.micros(endpoint.createdAt()) <= message.createdAt
                && Time.micros(endpoint.updatedAt()) > message.createdAt
                && catalog.wants(app.application(), endpoint, message.eventType, message.channels);
    }
}
