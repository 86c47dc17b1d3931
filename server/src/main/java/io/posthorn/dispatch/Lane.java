package io.posthorn.dispatch;

import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.runtime.Time;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The state of one endpoint. Its {@link LaneLoop} owns it and is the only one to touch it. */
final class Lane {
    final int endpointNo;
    final ArrayDeque<Delivery> queue = new ArrayDeque<>();
    /** The deliveries whose requests are under way. */
    final InFlight inFlight = new InFlight();
    /** Sequence numbers of what was read from the backlog and is not yet committed as finished. */
    final Set<Long> claimed = new HashSet<>();

    /** Those of {@link #claimed} for which another round was asked meanwhile: their rows may outlive them. */
    final Set<Long> renewed = new HashSet<>();
    /** Sequence numbers of what is to wait in the backlog and is not committed there yet. */
    final Set<Long> unwritten = new HashSet<>();

    /** When the next request may start. */
    final Gate gate;

    /** What the outcomes mean. */
    Judge judge;
    /** What is remembered of its trouble beyond the end of the process; null if nothing is. */
    @Nullable
    EndpointTrouble kept;

    /** When that was handed over to be kept, microseconds since 1970. */
    long keptAt;
    /** Those that have waited for as long as they may are being looked for. */
    boolean expiring;

    private @Nullable String url;
    private @Nullable DeliveryPolicy policy;
    /** How its requests are made; null while the endpoint is disabled or cannot be reached by rule. */
    @Nullable
    Route route;

    /** Deliveries wait for the endpoint to be enabled. */
    boolean disabled;
    /** When the loop looks at it again; {@link Backlog#NEVER} if it does not. Changed by {@link Looks} only. */
    long wakeAt = Backlog.NEVER;
    /** It waits for its turn to look into the backlog. Changed by {@link Looks} only. */
    boolean wantsLook;
    /**
     * More is parked than the last look into the backlog brought: what is new joins behind it. What was asked for again
     * does not count: a million old messages must not hold up the new ones.
     */
    boolean behind;
    /** When the backlog is to be looked into, microseconds since 1970. */
    long nextDueAt = Backlog.NEVER;
    /** A look into the backlog is under way. */
    boolean fetching;
    /** What became due in the backlog while a look was under way. */
    long dueMeanwhile = Backlog.NEVER;
    /** Messages whose content was deleted while a look was under way, which may bring them all the same. */
    final Set<Long> withdrawnMeanwhile = new HashSet<>();
    /** Messages that were asked for again while a look was under way, which may bring them as they were before. */
    final Set<Long> askedMeanwhile = new HashSet<>();
    /** Nobody knows which messages were asked for again while a look was under way: any of them may have been. */
    boolean maybeAskedMeanwhile;
    /** It waits in the loop for a free place among all requests in flight. */
    boolean blocked;
    /** Parked deliveries keep their order by this: it never stands still. */
    private long lastParkedAt;

    Lane(int endpointNo, Gate gate, Judge judge) {
        this.endpointNo = endpointNo;
        this.gate = gate;
        this.judge = judge;
    }

    /** The endpoint as it is now. One that goes on after it was disabled, or has moved, has no past. */
    void endpoint(Endpoint endpoint, Routes routes, Judges judges) {
        boolean fresh = (disabled && !endpoint.disabled())
                || (url != null && !endpoint.url().equals(url));
        disabled = endpoint.disabled();
        route = routes.of(endpoint);
        url = endpoint.url();
        policy = endpoint.delivery();
        judge = judges.of(endpoint.delivery());
        gate.endpoint(endpoint);
        if (fresh) {
            gate.reset();
        }
    }

    /** How long deliveries wait for its open circuit, microseconds; {@link Backlog#NEVER} if for as long as it takes. */
    long keepsFor() {
        DeliveryPolicy.Circuit circuit = policy == null ? DeliveryPolicy.DEFAULT.circuit() : policy.circuit();
        return switch (circuit.afterwards()) {
            case DEAD_LETTER -> circuit.keepFor().toNanos() / 1_000;
            case KEEP -> Backlog.NEVER;
        };
    }

    boolean mayStart(Time time) {
        if (disabled || queue.isEmpty()) {
            return false;
        }
        return gate.timeless() ? gate.hasPlace(inFlight.size()) : gate.mayStart(inFlight.size(), time.micros());
    }

    /** A place behind all that was parked before. */
    long parkAt(long now) {
        lastParkedAt = Math.max(now, lastParkedAt + 1);
        return lastParkedAt;
    }

    /** Something in the backlog is due then. */
    void due(long at) {
        if (fetching) {
            dueMeanwhile = Math.min(dueMeanwhile, at);
        } else {
            nextDueAt = Math.min(nextDueAt, at);
        }
    }

    long[] claims() {
        long[] claims = new long[claimed.size()];
        Iterator<Long> each = claimed.iterator();
        for (int i = 0; i < claims.length; i++) {
            claims[i] = each.next();
        }
        return claims;
    }
}
