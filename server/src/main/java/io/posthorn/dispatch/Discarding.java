package io.posthorn.dispatch;

import io.posthorn.history.DeadLetter;
import io.posthorn.history.DeadLetters;
import io.posthorn.history.DeadLetters.Discarded;
import io.posthorn.runtime.Time;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Gives up dead letters. The lanes of those that others wait for are told, so that these go on. */
public final class Discarding {
    private final DeadLetters store;
    private final Redelivery.Lanes lanes;
    private final DispatchMetrics metrics;
    private final Time time;

    /**
     * Discarding.
     *
     * @param store the books
     * @param dispatcher whose lanes are told
     * @param metrics of what leaves the backlog
     * @param time the clock
     */
    public Discarding(DeadLetters store, Dispatcher dispatcher, DispatchMetrics metrics, Time time) {
        this(store, Redelivery.lanesOf(dispatcher), metrics, time);
    }

    /** With other lanes. */
    Discarding(DeadLetters store, Redelivery.Lanes lanes, DispatchMetrics metrics, Time time) {
        this.store = store;
        this.lanes = lanes;
        this.metrics = metrics;
        this.time = time;
    }

    /** As {@link DeadLetters#discard(int, List, long)}. */
    public Discarded discard(int appNo, List<DeadLetters.Ref> refs) {
        Set<Integer> endpoints = refs.stream().map(DeadLetters.Ref::endpointNo).collect(Collectors.toSet());
        return told(appNo, endpoints, () -> store.discard(appNo, refs, time.micros()));
    }

    /** As {@link DeadLetters#discard(DeadLetter.Wanted, long)}. */
    public Discarded discard(DeadLetter.Wanted wanted) {
        Integer endpointNo = wanted.endpointNo();
        return told(
                wanted.appNo(),
                endpointNo == null ? Set.of() : Set.of(endpointNo),
                () -> store.discard(wanted, time.micros()));
    }

    private Discarded told(int appNo, Set<Integer> endpoints, Supplier<Discarded> discarding) {
        Discarded discarded;
        try {
            discarded = discarding.get();
        } catch (RuntimeException e) {
            endpoints.forEach(no -> lanes.maybeAsked(appNo, no)); // nobody knows whether it is committed
            throw e;
        }
        discarded.released().forEach((endpointNo, seqs) -> {
            metrics.forgotten(seqs.size());
            lanes.withdrawn(endpointNo, seqs);
        });
        return discarded;
    }
}
