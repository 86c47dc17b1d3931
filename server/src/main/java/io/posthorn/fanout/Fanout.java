package io.posthorn.fanout;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.dispatch.Dispatcher;
import io.posthorn.dispatch.Handover;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import java.util.List;

/** Turns accepted messages into deliveries. */
public final class Fanout {
    private static final Endpoint[] NONE = {};
    private static final int MOST_AT_ONCE = 32_000;

    private final Catalog catalog;
    private final Dispatcher dispatcher;

    /**
     * A fan-out.
     *
     * @param catalog says who wants what
     * @param dispatcher delivers it
     */
    public Fanout(Catalog catalog, Dispatcher dispatcher) {
        this.catalog = catalog;
        this.dispatcher = dispatcher;
    }

    /**
     * Hands messages to the lanes of the endpoints that want them. Blocks while the history has too much to write,
     * which holds up the intake, which slows the publishers down. Where very many endpoints want the same messages, it
     * hands over some of them and waits until the lanes have them.
     *
     * @param messages committed, in the order of their numbers
     * @param millis how long to wait for room at most
     * @return how many of them were handed over, from the first one on; 0 if there was no room in time
     */
    public int accepted(List<Message> messages, long millis) throws InterruptedException {
        if (!dispatcher.awaitRoom(millis)) {
            return 0;
        }
        Handover handover = dispatcher.handover();
        int count = 0;
        int deliveries = 0;
        while (count < messages.size() && deliveries < MOST_AT_ONCE) {
            Message message = messages.get(count);
            AppView app = catalog.appByNo(message.appNo);
            Endpoint[] endpoints = app == null || !catalog.permits(app.application(), message.eventType)
                    ? NONE
                    : destinations(app, message);
            handover.add(message, endpoints);
            deliveries += endpoints.length;
            count++;
        }
        if (count == messages.size()) {
            handover.send();
        } else {
            handover.sendAndWait();
        }
        return count;
    }

    private Endpoint[] destinations(AppView app, Message message) {
        if (message.onlyEndpointNo == 0) {
            return catalog.matching(app, message.eventType, message.channels);
        }
        Endpoint only = app.endpointByNo(message.onlyEndpointNo);
        return only == null ? NONE : new Endpoint[] {only};
    }
}
