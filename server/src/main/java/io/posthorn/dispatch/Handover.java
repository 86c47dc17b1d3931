package io.posthorn.dispatch;

import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A batch of deliveries on its way to the lanes: one task for each event loop, however many messages. Used by one
 * thread, once.
 */
public final class Handover {
    private final Dispatcher dispatcher;
    private final List<List<Delivery>> loops = new ArrayList<>();
    /** The highest number of each shard. */
    private final long[] last = new long[Shards.COUNT];

    Handover(Dispatcher dispatcher, int loops) {
        this.dispatcher = dispatcher;
        for (int i = 0; i < loops; i++) {
            this.loops.add(new ArrayList<>());
        }
    }

    /**
     * A message and the endpoints that are owed it. From now on its shard is not settled beyond it until they are.
     *
     * @param message committed, and handed over for the first time in this process
     * @param endpoints may be empty
     */
    public void add(Message message, Collection<Endpoint> endpoints) {
        owe(message, endpoints.size());
        for (Endpoint endpoint : endpoints) {
            add(message, endpoint);
        }
    }

    /** As {@link #add(Message, Collection)}. */
    public void add(Message message, Endpoint[] endpoints) {
        owe(message, endpoints.length);
        for (Endpoint endpoint : endpoints) {
            add(message, endpoint);
        }
    }

    private void owe(Message message, int endpoints) {
        dispatcher.owe(message, endpoints);
        int shard = Shards.of(message.appNo);
        last[shard] = Math.max(last[shard], message.seq);
    }

    private void add(Message message, Endpoint endpoint) {
        loops.get(dispatcher.loopOf(endpoint.no())).add(new Delivery(message, endpoint.no(), 0, false));
    }

    /** Hands all over. Does not wait. */
    public void send() {
        for (int i = 0; i < loops.size(); i++) {
            List<Delivery> deliveries = loops.get(i);
            if (!deliveries.isEmpty()) {
                dispatcher.run(i, loop -> loop.offer(deliveries));
            }
        }
        dispatcher.handed(last);
    }

    /** Hands all over and waits until the lanes have taken it. */
    public void sendAndWait() throws InterruptedException {
        CountDownLatch taken = new CountDownLatch(loops.size());
        for (int i = 0; i < loops.size(); i++) {
            List<Delivery> deliveries = loops.get(i);
            dispatcher.run(i, loop -> {
                loop.offer(deliveries);
                taken.countDown();
            });
        }
        taken.await();
        dispatcher.handed(last);
    }
}
