package io.posthorn.dispatch;

import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.DeliveryPolicy.Order;
import io.posthorn.model.Endpoint;
import io.posthorn.runtime.Time;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The state of one endpoint. Its {@link LaneLoop} owns it and is the only one to touch it. */
final class Lane {
    final int endpointNo;
    /** What waits in memory. */
    Line queue = new SimpleLine();
    /** The same as {@link #queue} if the deliveries wait for each other; null if they do not. */
    @Nullable
    OrderedLine ordered;
    /** Requests of an earlier order are under way: nothing begins before they are over. */
    boolean changesOrder;
    /** The deliveries whose requests are under way. */
    final InFlight inFlight = new InFlight();
    /** Requests under way for which somebody waits, beside {@link #inFlight}. */
    int calls;
    /** Sequence numbers of what was read from the backlog and is not yet committed as finished. */
    final Set<Long> claimed = new HashSet<>();

    /** Those of {@link #claimed} for which another round was asked meanwhile: their rows may outlive them. */
    final Set<Long> renewed = new HashSet<>();
    /** Sequence numbers of what is to wait in the backlog and is not committed there yet. */
    final Unwritten unwritten = new Unwritten();

    /** Sequence numbers of what waits in memory and may be about to be cancelled: nothing begins meanwhile. */
    final Set<Long> held = new HashSet<>();

    /** When the next request may start. */
    final Gate gate;

    /** What the outcomes mean. */
    Judge judge;
    /** What is remembered of its trouble beyond the end of the process; null if nothing is. */
    @Nullable
    EndpointTrouble kept;

    /** When that was handed over to be kept, microseconds since 1970. */
    long keptAt;
    /** Not before then are those looked for that have waited for as long as they may, microseconds since 1970. */
    long expiresAgainAt;
    /** Those that have waited for as long as they may are being looked for. */
    boolean expiring;
    /** What left the memory meanwhile: it may be found all the same, as it was before. */
    final Set<Long> releasedMeanwhile = new HashSet<>();
    /** It is to be disabled, and is not yet: whatever else is changed about the endpoint, nothing begins. */
    boolean disabling;

    private @Nullable String url;
    private @Nullable DeliveryPolicy policy;
    /** How its requests are made; null while the endpoint is disabled or cannot be reached by rule. */
    @Nullable
    Route route;

    /** Why nothing is begun: its deliveries wait in the database; null if something may be. */
    @Nullable
    DeferralReason closed;

    private Order order = DeliveryPolicy.DEFAULT.order();
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
    /** Messages that got rows, and stayed in memory, while a look was under way, which may bring them all the same. */
    final Set<Long> keptMeanwhile = new HashSet<>();
    /** Nobody knows which messages were asked for again while a look was under way: any of them may have been. */
    boolean maybeAskedMeanwhile;
    /** What its deliveries weigh in memory, bytes, without {@link #shutWeight}. Changed by its loop only. */
    long bytes;

    /** What its shut chains weigh in memory, bytes. */
    int shutWeight;
    /** It waits in the loop for a free place among all requests in flight. */
    boolean blocked;
    /** Parked deliveries keep their order by this: it never stands still. */
    private long lastParkedAt;

    Lane(int endpointNo, Gate gate, Judge judge) {
        this.endpointNo = endpointNo;
        this.gate = gate;
        this.judge = judge;
    }

    /**
     * The endpoint as it is now, but for its order. One that goes on after it was disabled, or has moved, has no past.
     *
     * @param paused whether its application is
     */
    void endpoint(Endpoint endpoint, boolean paused, Routes routes, Judges judges) {
        disabling &= !endpoint.disabled();
        boolean fresh = (closed == DeferralReason.DISABLED && !endpoint.disabled() && !disabling)
                || (url != null && !endpoint.url().equals(url));
        closed = endpoint.disabled() || disabling
                ? DeferralReason.DISABLED
                : endpoint.paused() || paused ? DeferralReason.PAUSED : null;
        route = routes.of(endpoint);
        url = endpoint.url();
        policy = endpoint.delivery();
        judge = judges.of(endpoint.delivery());
        gate.endpoint(endpoint);
        if (fresh) {
            gate.reset();
        }
    }

    /**
     * How long deliveries wait for its open circuit, microseconds; {@link Backlog#NEVER} if for as long as it takes. What
     * ends would let pass what is behind it, which an order that holds does not allow.
     */
    long keepsFor() {
        DeliveryPolicy.Circuit circuit = policy == null ? DeliveryPolicy.DEFAULT.circuit() : policy.circuit();
        if (order.mode().ordered() && order.onExhausted() == DeliveryPolicy.OnExhausted.HOLD) {
            return Backlog.NEVER;
        }
        return switch (circuit.afterwards()) {
            case DEAD_LETTER -> circuit.keepFor().toNanos() / 1_000;
            case KEEP -> Backlog.NEVER;
        };
    }

    /** How many requests its owner allows at once; null if they have not decided. */
    @Nullable
    Integer ownersMost() {
        return policy == null ? null : policy.concurrency().max();
    }

    /** Whether the deliveries are to wait for each other in another way than they do. */
    boolean isInAnotherOrder(Endpoint endpoint) {
        return !endpoint.delivery().order().equals(order);
    }

    /** Nothing waits in memory. From now on, deliveries wait for each other as the endpoint's owner wants it. */
    void order(Endpoint endpoint, long keyOfKeys) {
        order = endpoint.delivery().order();
        ordered = order.mode().ordered() ? new OrderedLine(order, keyOfKeys) : null;
        queue = ordered == null ? new SimpleLine() : ordered;
    }

    boolean mayStart(Time time) {
        if (closed != null || !held.isEmpty() || changesOrder || !queue.hasNext()) {
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
