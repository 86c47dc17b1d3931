package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.Due;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Expression;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** The lanes of one event loop. Every method is called on that loop. */
final class LaneLoop {
    private static final int FETCH = 200;
    private static final long FETCH_BYTES = 4L << 20;
    private static final int FETCHES_AT_ONCE = 4;
    private static final int FETCH_FOR_EACH_IN_FLIGHT = 4;
    private static final int TRIED_AFTER_EACH = 4;
    private static final long AGAIN_AFTER_FAILURE_MICROS = 500_000;
    /** What waits longer for its first request is parked: it holds up the settled position of its shard. */
    private static final long MOST_WAIT_MICROS = 60_000_000;

    private static final long LOOK_FOR_AGED_MICROS = 5_000_000;
    private static final long MOST_BETWEEN_EXPIRIES_MICROS = 600_000_000;
    private static final long LOOK_AT_TROUBLE_MICROS = 5_000_000;
    /** Who has failed for so long is remembered beyond the end of the process, and again after each such time. */
    private static final long REMEMBER_MICROS = 60_000_000;

    /** Under way to one endpoint while somebody waits for each. */
    private static final int MOST_CALLS = 20;

    private static final int EXPIRE_AT_ONCE = 200;
    /** In an order, the first ones that are read may all have to wait. */
    private static final int READ_FOR_ORDERED_PROBE = 20;

    private final DispatchSettings settings;
    private final Routes routes;
    private final LanePorts ports;
    private final Judges judges;
    private final Time time;
    private final DispatchMetrics metrics;
    private final Map<Integer, Lane> lanes = new HashMap<>();
    /** Lanes that could go on but for the bound on all requests in flight, in the order in which they came. */
    private final ArrayDeque<Lane> blocked = new ArrayDeque<>();

    private final Looks looks = new Looks();
    /** Lanes whose last attempt failed, or which hold still, or of which something is remembered that is over. */
    private final Set<Lane> troubled = new LinkedHashSet<>();

    /** Messages that may be about to be cancelled, with by how many requests at a time. */
    private final Map<Held, Integer> cancelling = new HashMap<>();

    private int inFlight;
    private long bytes;
    private int fetching;
    private long agedLookedForAt;
    private long troubleLookedAt;
    private boolean stopping;
    /** Recovery is over: until then, rows may be missing that come before those that are there. */
    private boolean recovered;

    /** A message: the numbers of several shards are alike. */
    private record Held(int appNo, long seq) {
        static Held of(Message message) {
            return new Held(message.appNo, message.seq);
        }
    }

    LaneLoop(DispatchSettings settings, Routes routes, LanePorts ports, Time time, DispatchMetrics metrics) {
        this.settings = settings;
        this.routes = routes;
        this.ports = ports;
        this.judges = new Judges(settings.retry());
        this.time = time;
        this.metrics = metrics;
    }

    int inFlight() {
        return inFlight;
    }

    long bytes() {
        return bytes;
    }

    /** How many lanes wait for a moment or for their turn to look into the backlog. */
    int looking() {
        return looks.size();
    }

    /** How many deliveries wait in memory. */
    int queued() {
        int sum = 0;
        for (Lane lane : lanes.values()) {
            sum += lane.queue.size();
        }
        return sum;
    }

    /** New deliveries, in the order of acceptance. */
    void offer(List<Delivery> deliveries) {
        for (Delivery delivery : deliveries) {
            offer(delivery);
        }
    }

    private void offer(Delivery delivery) {
        Lane lane = lane(delivery.message().appNo, delivery.endpointNo());
        if (lane == null) {
            record(delivery.settlement(null, new Verdict.Dropped()));
            return;
        }
        if (lane.ordered != null) {
            lane.ordered.key(delivery);
        }
        long deliverAt = delivery.message().deliverAt;
        if (deliverAt > 0 && deliverAt > time.micros()) { // most of them never need to look at the clock
            park(lane, delivery, DeferralReason.SCHEDULED, deliverAt);
        } else if (stopping) {
            park(lane, delivery, DeferralReason.STOPPED);
        } else if (lane.closed != null) {
            lane.behind |= lane.ordered != null;
            park(lane, delivery, lane.closed);
        } else if (lane.ordered != null) {
            offer(lane, lane.ordered, delivery);
        } else if (holdsBack(lane)) {
            lane.behind = true;
            park(lane, delivery, whyHeldBack(lane));
            lookIntoBacklog(lane);
        } else if (lane.behind || !roomFor(lane, delivery)) {
            lane.behind = true;
            park(lane, delivery, DeferralReason.LANE_FULL);
        } else {
            enqueue(lane, delivery);
            pump(lane);
        }
    }

    private boolean roomFor(Lane lane, Delivery delivery) {
        long most = settings.memoryBytes();
        return lane.queue.size() < settings.laneQueue()
                && bytes + delivery.weight() <= shareOf(lane, most)
                && isWithinItsPart(lane.bytes, delivery.weight(), bytes, most);
    }

    private void takes(Lane lane, Delivery delivery) {
        bytes += delivery.weight();
        lane.bytes += delivery.weight();
    }

    private void leaves(Lane lane, Delivery delivery) {
        bytes -= delivery.weight();
        lane.bytes -= delivery.weight();
    }

    private void enqueue(Lane lane, Delivery delivery) {
        if (!cancelling.isEmpty() && cancelling.containsKey(Held.of(delivery.message()))) {
            lane.held.add(delivery.message().seq);
        }
        lane.queue.add(delivery);
        takes(lane, delivery);
    }

    private void park(Lane lane, Delivery delivery, DeferralReason reason) {
        park(lane, delivery, reason, lane.parkAt(time.micros()));
    }

    private void park(Lane lane, Delivery delivery, DeferralReason reason, long dueAt) {
        metrics.parked();
        unwritten(lane, delivery, reason == DeferralReason.SCHEDULED);
        record(delivery.settlement(null, new Verdict.Parked(dueAt, reason)));
    }

    /**
     * It is on its way to the backlog.
     *
     * @param later where it waits for its time
     */
    private static void unwritten(Lane lane, Delivery delivery, boolean later) {
        lane.unwritten.add(delivery.message().seq);
        if (lane.ordered != null) {
            lane.ordered.unwritten(delivery, later);
        }
    }

    private void record(Settlement settlement) {
        ports.record(settlement);
    }

    private @Nullable Lane lane(int appNo, int endpointNo) {
        Lane lane = lanes.get(endpointNo);
        if (lane == null) {
            Endpoint endpoint = ports.endpoint(appNo, endpointNo);
            if (endpoint == null) {
                return null;
            }
            lane = new Lane(endpointNo, gate(endpoint), judges.of(endpoint.delivery()));
            lane.order(endpoint, settings.keyOfKeys());
            lane.endpoint(endpoint, ports.paused(appNo), routes, judges);
            lanes.put(endpointNo, lane);
        }
        return lane;
    }

    private Gate gate(Endpoint endpoint) {
        return new Gate(endpoint, settings.endpointInFlight(), settings.retry().random());
    }

    // ---- requests

    private void pump(Lane lane) {
        if (begin(lane)) {
            wakeWhenItOpens(lane);
            lookIntoBacklog(lane);
        }
    }

    /** Begins what may begin; false if there is no place for all of it now. */
    private boolean begin(Lane lane) {
        while (lane.mayStart(time)) {
            if (stopping || ports.full() || !placeFor(lane)) {
                block(lane);
                return false;
            }
            start(lane, lane.queue.next());
        }
        return true;
    }

    // ---- the gate

    /** What waits in memory goes on when its time has come. */
    private void wakeWhenItOpens(Lane lane) {
        if (!lane.gate.timeless() && lane.queue.hasNext() && lane.closed == null && !lane.changesOrder) {
            long now = time.micros();
            long at = lane.gate.opensAt(now);
            if (at > now && at != Backlog.NEVER) {
                looks.wake(lane, at);
            }
        }
    }

    /** Nothing new is taken into memory. */
    private boolean holdsBack(Lane lane) {
        return !lane.gate.timeless()
                && (lane.gate.closedForLong(time.micros()) || (lane.gate.circuitOpen() && lane.queue.hasNext()));
    }

    private static DeferralReason whyHeldBack(Lane lane) {
        return lane.gate.circuitOpen() ? DeferralReason.CIRCUIT : DeferralReason.LANE_FULL;
    }

    /**
     * The end of a request may have closed the lane, or opened it.
     *
     * @param failed whether it has failed
     */
    private void turned(Lane lane, Gate.Turn turn, boolean failed, int appNo, long now) {
        switch (turn) {
            case NONE -> {}
            case OPENED -> {
                metrics.circuitOpened();
                ports.circuitOpened(appNo, lane.endpointNo, lane.gate.failures(), lane.gate.triedAgainAt(now));
                troubleLookedAt = 0; // it is remembered at the next tick
            }
            case WELL -> {
                troubleLookedAt = 0;
                ports.well(lane.endpointNo, () -> retriesAreDue(lane));
            }
        }
        if (lanes.get(lane.endpointNo) != lane) {
            return; // the endpoint was deleted meanwhile
        }
        if (failed || turn != Gate.Turn.NONE) {
            troubled.add(lane);
        }
        if (lane.closed == null && !lane.queue.isEmpty() && holdsBack(lane)) {
            parkQueue(lane, whyHeldBack(lane));
        }
    }

    private void disableIfDue(Lane lane, Verdict verdict, long now) {
        if (lanes.get(lane.endpointNo) != lane || verdict instanceof Verdict.Delivered) {
            return;
        }
        String why = lane.gate.disable(now);
        if (verdict instanceof Verdict.Gone) {
            disable(lane, "it answered 410 Gone", 0);
        } else if (why != null) {
            disable(lane, why, lane.gate.failingSince());
        }
    }

    private void retriesAreDue(Lane lane) {
        if (lane.ordered != null) {
            lane.ordered.openAll(time.micros()); // their rows say whether it is time
        }
        due(lane, time.micros());
    }

    private void disable(Lane lane, String why, long failingSince) {
        if (lane.closed != DeferralReason.DISABLED) {
            lane.closed = DeferralReason.DISABLED;
            lane.disabling = true;
            ports.disable(lane.endpointNo, why, failingSince);
            parkQueue(lane, DeferralReason.DISABLED);
        }
    }

    /** What is remembered of lanes in trouble is brought up to date; what has waited too long for a circuit ends. */
    private void lookAtTrouble(long now) {
        List<EndpointTrouble> troubles = new ArrayList<>();
        List<Integer> well = new ArrayList<>();
        for (Iterator<Lane> each = troubled.iterator(); each.hasNext(); ) {
            Lane lane = each.next();
            EndpointTrouble trouble = lane.gate.trouble(lane.endpointNo, now);
            if (trouble == null) {
                if (lane.kept != null) {
                    lane.kept = null;
                    well.add(lane.endpointNo);
                }
                each.remove();
            } else if (isToBeKept(lane, trouble, now)) {
                lane.kept = trouble;
                lane.keptAt = now;
                troubles.add(trouble);
            }
            expire(lane, now);
        }
        if (!troubles.isEmpty() || !well.isEmpty()) {
            ports.keep(troubles, well);
        }
    }

    private static boolean isToBeKept(Lane lane, EndpointTrouble trouble, long now) {
        EndpointTrouble kept = lane.kept;
        if (kept != null) {
            return kept.openSince() != trouble.openSince()
                    || (!kept.equals(trouble) && now - lane.keptAt >= REMEMBER_MICROS);
        }
        return trouble.openSince() > 0
                || trouble.heldUntil() - now >= REMEMBER_MICROS
                || now - trouble.failingSince() >= REMEMBER_MICROS;
    }

    /** As it was when the process ended before. At the start. */
    void remember(int appNo, EndpointTrouble trouble) {
        Lane lane = lane(appNo, trouble.endpointNo());
        if (lane != null) {
            lane.kept = trouble;
            lane.keptAt = time.micros();
            lane.gate.restore(trouble);
            troubled.add(lane);
        }
    }

    private void expire(Lane lane, long now) {
        if (mayExpire(lane, now) && !lane.expiring && now >= lane.expiresAgainAt && !ports.full()) {
            lane.expiring = true;
            // a look passes over all that waits: not at every moment for the sake of a little of it
            lane.expiresAgainAt = now + Math.clamp(lane.keepsFor() / 100, 0, MOST_BETWEEN_EXPIRIES_MICROS);
            lane.releasedMeanwhile.clear();
            expire(lane, now - lane.keepsFor(), 0);
        }
    }

    private boolean mayExpire(Lane lane, long now) {
        long keepsFor = lane.keepsFor();
        long openSince = lane.gate.openSince();
        return openSince > 0
                && keepsFor != Backlog.NEVER
                && now - openSince >= keepsFor
                && lane.closed == null
                && !stopping;
    }

    private void expire(Lane lane, long acceptedUntil, long afterSeq) {
        ports.waiting(
                lane.endpointNo,
                acceptedUntil,
                afterSeq,
                lane.claims(),
                EXPIRE_AT_ONCE,
                waiting -> expire(lane, acceptedUntil, waiting));
    }

    private void expire(Lane lane, long acceptedUntil, @Nullable List<Backlog.Waiting> waiting) {
        lane.expiring = false;
        long now = time.micros();
        if (waiting == null
                || lanes.get(lane.endpointNo) != lane
                || !mayExpire(lane, now)
                || acceptedUntil > now - lane.keepsFor()) { // its owner has decided otherwise meanwhile
            return;
        }
        for (Backlog.Waiting delivery : waiting) {
            if (!lane.releasedMeanwhile.contains(delivery.seq()) && lane.claimed.add(delivery.seq())) {
                record(expired(lane, delivery));
                if (lane.fetching) {
                    lane.withdrawnMeanwhile.add(delivery.seq());
                }
            }
        }
        if (waiting.size() >= EXPIRE_AT_ONCE && !ports.full()) {
            lane.expiring = true;
            lane.releasedMeanwhile.clear();
            expire(lane, acceptedUntil, waiting.getLast().seq());
        }
    }

    private Settlement expired(Lane lane, Backlog.Waiting delivery) {
        Attempt nothing = Judge.unsent(
                AttemptStatus.EXPIRED,
                delivery.attempts() + 1,
                time.micros(),
                "nothing was sent: it has waited for the endpoint's circuit as long as it may");
        return new Settlement(
                delivery.appNo(),
                lane.endpointNo,
                delivery.seq(),
                delivery.messageAt(),
                nothing.number(),
                true,
                nothing,
                new Verdict.Exhausted(),
                delivery.base(),
                false,
                delivery.keyHash(),
                delivery.keyVersion(),
                false);
    }

    /** No attempt may begin any more. */
    private void tooOld(Lane lane, Delivery delivery) {
        leaves(lane, delivery);
        OrderedLine ordered = lane.ordered;
        Attempt nothing = Judge.unsent(
                AttemptStatus.EXPIRED,
                delivery.attempts() + 1,
                time.micros(),
                "nothing was sent: the message is older than its maxAge");
        Verdict verdict = new Verdict.Exhausted();
        if (ordered != null) {
            verdict = inOrder(ordered, delivery, verdict);
        }
        if (verdict instanceof Verdict.Held) {
            unwritten(lane, delivery, false);
        }
        lane.queue.ended(delivery);
        record(delivery.settlement(nothing, verdict));
        if (ordered != null) {
            settled(lane, ordered, delivery, verdict);
        }
        metrics.attempted(nothing, verdict, time.micros() - delivery.message().createdAt);
    }

    /** How many circuits are open. */
    int openCircuits() {
        int open = 0;
        for (Lane lane : troubled) {
            open += lane.gate.circuitOpen() ? 1 : 0;
        }
        return open;
    }

    /** How an endpoint is doing. One without a lane has had no deliveries yet. */
    EndpointHealth health(Endpoint endpoint) {
        Lane lane = lanes.get(endpoint.no());
        if (lane == null) {
            return new EndpointHealth(0, 0, 0, 0, 0, 0, gate(endpoint).limit(), 0);
        }
        long now = time.micros();
        return new EndpointHealth(
                lane.gate.failingSince(),
                lane.gate.failures(),
                lane.gate.openSince(),
                lane.gate.probeAt(),
                lane.gate.heldUntil(now),
                lane.inFlight.size(),
                lane.gate.limit(),
                lane.queue.size());
    }

    // ---- the end of a request

    private boolean placeFor(Lane lane) {
        int most = settings.inFlight();
        return inFlight < shareOf(lane, most) && isWithinItsPart(lane.inFlight.size(), 1, inFlight, most);
    }

    /**
     * However well it answers, one lane gets a quarter of what all share; more only as long as half of it is there for
     * others. So nobody has to count who wants a place, a lane alone on a server whose bounds are far apart never meets
     * this, and one that has grown at a quiet time and then hangs has half at the most.
     *
     * @param its what it has
     * @param more what it is to get
     * @param all what all have
     * @param most that all may have
     */
    private static boolean isWithinItsPart(long its, long more, long all, long most) {
        return all + more <= most / 2 || its + more <= most / 4 || its == 0;
    }

    /** The last quarter of what all lanes share is for proven lanes, half of all is closed to suspect ones. */
    private static long shareOf(Lane lane, long most) {
        return shareOf(lane.gate.standing(), most);
    }

    private static long shareOf(Health.Standing standing, long most) {
        return switch (standing) {
            case PROVEN -> most;
            case UNKNOWN -> Math.max(1, most - most / 4);
            case SUSPECT -> Math.max(1, most / 2);
        };
    }

    private void block(Lane lane) {
        if (!lane.blocked) {
            lane.blocked = true;
            blocked.add(lane);
        }
    }

    /** Tries lanes that wait for a place, at most so many: most of them may still find none. */
    private void unblock(int most) {
        for (int i = Math.min(most, blocked.size()); i > 0 && inFlight < settings.inFlight(); i--) {
            Lane lane = blocked.remove();
            lane.blocked = false;
            pump(lane);
        }
    }

    private void start(Lane lane, Delivery delivery) {
        Route route = lane.route;
        if (route == null) {
            throw new IllegalStateException("endpoint " + lane.endpointNo + " is enabled but has no route");
        }
        if (!delivery.manual() && lane.judge.tooOld(delivery.message().startsAt(), time)) {
            tooOld(lane, delivery);
            return;
        }
        lane.inFlight.add(delivery);
        inFlight++;
        delivery.request = lane.gate.begin(time);
        route.send(delivery.message(), delivery.attempts() + 1, exchange -> completed(lane, delivery, exchange));
    }

    private void completed(Lane lane, Delivery delivery, Exchange exchange) {
        try {
            Judge judge = lane.judge;
            String expression = judge.asks(exchange);
            if (expression != null && exchange.outcome() instanceof Outcome.Response response) {
                ports.ask(
                        lane.endpointNo,
                        expression,
                        response,
                        answer -> complete(lane, delivery, exchange, judge, answer));
            } else {
                complete(lane, delivery, exchange, judge, null);
            }
        } catch (RuntimeException | Error e) {
            ports.failed(e);
        }
    }

    private void complete(
            Lane lane, Delivery delivery, Exchange exchange, Judge judge, Expression.@Nullable Answer answer) {
        if (!lane.inFlight.remove(delivery)) {
            return; // given up by stop(): it is settled already
        }
        inFlight--;
        leaves(lane, delivery);
        long now = time.micros();
        OrderedLine ordered = lane.ordered;
        if (ordered != null) {
            ordered.key(delivery); // its request may have begun before there was an order
        }
        if (exchange.outcome() instanceof Outcome.Unwanted) {
            unwanted(lane, delivery);
            return;
        }
        String objection = judge.objection(exchange, answer);
        Attempt attempt = Judge.attempt(exchange, delivery.attempts() + 1, objection);
        long startsAt = delivery.message().startsAt();
        Verdict verdict = judge.verdict(exchange, objection, attempt.number() - delivery.base(), startsAt, now);
        boolean sent = !(exchange.outcome() instanceof Outcome.Failure(FailureKind kind, String _))
                || kind != FailureKind.CONTENT;
        boolean wasOpen = sent && lane.gate.circuitOpen();
        long askedFor = exchange.outcome() instanceof Outcome.Response response ? judge.askedFor(response, now) : 0;
        Gate.Turn turn = Gate.Turn.NONE;
        if (sent) {
            turn = lane.gate.ended(delivery.request, exchange.outcome(), verdict, askedFor, now);
        } else {
            lane.gate.unsent(delivery.request); // the endpoint has no part in it
        }
        verdict = wasOpen ? spared(lane, delivery, judge, verdict, now) : notAfterProbe(lane, turn, verdict, now);
        boolean last = delivery.last || attempt.number() >= Attempt.MOST;
        if (last && verdict instanceof Verdict.RetryAt) {
            verdict = new Verdict.Exhausted();
        }
        if (ordered != null) {
            verdict = inOrder(ordered, delivery, verdict);
        }
        if (verdict instanceof Verdict.RetryAt || verdict instanceof Verdict.Held) {
            unwritten(lane, delivery, false);
        }
        lane.queue.ended(delivery);
        disableIfDue(lane, verdict, now); // before anything else of it begins
        Settlement settlement = delivery.settlement(attempt, verdict);
        record(delivery.last ? settlement.bare() : settlement); // what is answered may repeat what was deleted
        if (ordered != null) {
            settled(lane, ordered, delivery, verdict);
        }
        metrics.attempted(attempt, verdict, now - startsAt);
        turned(lane, turn, !(verdict instanceof Verdict.Delivered), delivery.message().appNo, now);
        pump(lane);
        unblock(TRIED_AFTER_EACH);
    }

    /** As if it had not subscribed to the message: nothing is owed, and nothing is kept of it. */
    private void unwanted(Lane lane, Delivery delivery) {
        OrderedLine ordered = lane.ordered;
        Verdict verdict = new Verdict.Dropped();
        lane.gate.unsent(delivery.request);
        lane.queue.ended(delivery);
        record(delivery.settlement(null, verdict));
        if (ordered != null) {
            settled(lane, ordered, delivery, verdict);
        }
        metrics.unwanted();
        pump(lane);
        unblock(TRIED_AFTER_EACH);
    }

    /** What fails while the circuit is open does not use up the attempts that its delivery has. */
    private static Verdict spared(Lane lane, Delivery delivery, Judge judge, Verdict verdict, long now) {
        boolean hasFailed = verdict instanceof Verdict.RetryAt
                || (verdict instanceof Verdict.Exhausted(boolean rejected) && !rejected);
        long at = Math.max(now, lane.gate.triedAgainAt(now));
        if (!hasFailed
                || !lane.gate.circuitOpen()
                || judge.tooOld(delivery.message().startsAt(), at)) {
            return verdict;
        }
        delivery.spared = true;
        return new Verdict.RetryAt(at);
    }

    /** The one at which the circuit opens is tried again with the first probe: in an order, there is no other to try. */
    private static Verdict notAfterProbe(Lane lane, Gate.Turn turn, Verdict verdict, long now) {
        return turn == Gate.Turn.OPENED && verdict instanceof Verdict.RetryAt(long dueAt)
                ? new Verdict.RetryAt(Math.min(dueAt, lane.gate.triedAgainAt(now)))
                : verdict;
    }

    private void parkQueue(Lane lane, DeferralReason reason) {
        for (Delivery delivery : lane.queue) {
            leaves(lane, delivery);
            if (delivery.fromDeferral()) {
                release(lane, delivery.message().seq); // its row is still there
            } else {
                park(lane, delivery, reason);
            }
        }
        lane.behind |= !lane.queue.isEmpty();
        lane.queue.clear();
        if (lane.ordered != null) {
            lane.behind = true;
            lane.ordered.startAnew(lane.unwritten.seqs());
        }
        lane.due(time.micros());
    }

    /**
     * A lane that hardly moves must not keep what is only covered by the settled position: that would stand still for
     * as long, and everything behind it would have to be remembered and to be read again by recovery.
     */
    private void parkAged(long now) {
        for (Lane lane : lanes.values()) {
            if (lane.ordered != null) {
                keepAged(lane, now);
            } else if (hasAged(lane, now)) {
                lane.behind = true;
                lane.queue.removeIf(delivery -> {
                    if (delivery.fromDeferral()) {
                        return false;
                    }
                    leaves(lane, delivery);
                    park(lane, delivery, DeferralReason.LANE_FULL);
                    return true;
                });
            }
        }
    }

    private static boolean hasAged(Lane lane, long now) {
        for (Delivery delivery : lane.queue) {
            if (!delivery.fromDeferral()) {
                return now - delivery.message().createdAt > MOST_WAIT_MICROS;
            }
        }
        return false;
    }

    /**
     * In an order, rows behind those that were given away would be read before these are there. So they stay, and get
     * rows beside.
     */
    private void keepAged(Lane lane, long now) {
        for (Delivery delivery : lane.queue) {
            if (!delivery.fromDeferral() && now - delivery.message().createdAt > MOST_WAIT_MICROS) {
                park(lane, delivery, DeferralReason.ORDER);
                delivery.becomesRow();
                lane.claimed.add(delivery.message().seq);
                if (lane.fetching) {
                    lane.keptMeanwhile.add(delivery.message().seq);
                }
            }
        }
    }

    // ---- calls for which somebody waits

    /**
     * Calls an endpoint now, past what waits in its lane, or says why not. What comes of it is on record like any attempt,
     * and is never tried again. It counts for the endpoint's rate limit, circuit and health as any request does, except
     * for its running out of a time that was shorter than the endpoint's own.
     *
     * @param most how long whoever waits does
     * @param done told once, on this loop, now or later
     */
    void call(Message message, int endpointNo, Duration most, Consumer<Called> done) {
        Lane lane = lane(message.appNo, endpointNo);
        long now = time.micros();
        Called.Reason reason = lane == null ? Called.Reason.DISABLED : whyNotCalled(lane, now);
        Route route = lane == null ? null : lane.route;
        if (lane == null || route == null || reason != null) {
            done.accept(new Called.NotCalled(reason == null ? Called.Reason.DISABLED : reason));
            return;
        }
        Duration own = route.deadline();
        boolean hurried = own != null && most.compareTo(own) < 0;
        lane.calls++;
        inFlight++;
        long request = lane.gate.begin(time);
        Call call = new Call(message, request, hurried, done);
        route.send(message, 1, most, exchange -> called(lane, call, exchange));
    }

    /** A call that is under way. */
    private static final class Call {
        private final Message message;
        /** Its number at the lane's gate. */
        private final long request;
        /** Whether it has less time than the endpoint's owner allows. */
        private final boolean hurried;

        private final Consumer<Called> done;
        private boolean answered;

        Call(Message message, long request, boolean hurried, Consumer<Called> done) {
            this.message = message;
            this.request = request;
            this.hurried = hurried;
            this.done = done;
        }

        /** Whether this is its first answer. A second would be counted as one request fewer under way than there is. */
        boolean first() {
            boolean first = !answered;
            answered = true;
            return first;
        }
    }

    /** What waits in the lane is no reason, and neither are the requests under way for it, unless its owner counts them. */
    private Called.@Nullable Reason whyNotCalled(Lane lane, long now) {
        if (lane.closed != null) {
            return lane.closed == DeferralReason.PAUSED ? Called.Reason.PAUSED : Called.Reason.DISABLED;
        }
        if (stopping || ports.full()) {
            return Called.Reason.UNAVAILABLE;
        }
        if (lane.gate.opensAt(now) > now) {
            return lane.gate.circuitOpen()
                    ? Called.Reason.CIRCUIT_OPEN
                    : lane.gate.heldUntil(now) > 0 ? Called.Reason.ASKED_TO_WAIT : Called.Reason.RATE_LIMITED;
        }
        Integer owners = lane.ownersMost();
        boolean busy = lane.calls >= MOST_CALLS
                || inFlight >= settings.inFlight()
                || (owners != null && lane.calls + lane.inFlight.size() >= owners);
        return busy ? Called.Reason.BUSY : null;
    }

    private void called(Lane lane, Call call, Exchange exchange) {
        if (!call.first()) {
            return;
        }
        try {
            Judge judge = lane.judge;
            String expression = judge.asks(exchange);
            if (expression != null && exchange.outcome() instanceof Outcome.Response response) {
                ports.ask(lane.endpointNo, expression, response, answer -> called(lane, call, exchange, judge, answer));
            } else {
                called(lane, call, exchange, judge, null);
            }
        } catch (RuntimeException | Error e) {
            ports.failed(e);
        }
    }

    private void called(Lane lane, Call call, Exchange exchange, Judge judge, Expression.@Nullable Answer answer) {
        lane.calls--;
        inFlight--;
        Message message = call.message;
        long now = time.micros();
        if (exchange.outcome() instanceof Outcome.Unwanted) {
            lane.gate.unsent(call.request);
            metrics.unwanted();
            call.done.accept(new Called.NotCalled(Called.Reason.UNWANTED));
        } else {
            String objection = judge.objection(exchange, answer);
            Attempt attempt = Judge.attempt(exchange, 1, objection);
            Verdict verdict = judge.verdict(exchange, objection, 1, message.startsAt(), now);
            Verdict kept = verdict instanceof Verdict.Delivered ? verdict : new Verdict.Unrepeated();
            call.done.accept(said(exchange, objection, verdict));
            // as if it had a row in the backlog, because no settled position waits for it
            record(new Settlement(
                    message.appNo, lane.endpointNo, message.seq, message.createdAt, 1, true, attempt, kept));
            metrics.attempted(attempt, kept, now - message.createdAt);
            Gate.Turn turn = learnt(lane, call, exchange, judge, verdict, now);
            disableIfDue(lane, verdict, now);
            turned(lane, turn, !(verdict instanceof Verdict.Delivered), message.appNo, now);
        }
        pump(lane);
        unblock(TRIED_AFTER_EACH);
    }

    private static Gate.Turn learnt(Lane lane, Call call, Exchange exchange, Judge judge, Verdict verdict, long now) {
        boolean says = switch (exchange.outcome()) {
            case Outcome.Response _ -> true;
            case Outcome.Failure(FailureKind kind, String _) ->
                kind != FailureKind.CONTENT && (kind != FailureKind.TIMEOUT || !call.hurried);
            case Outcome.Unwanted _ -> false;
        };
        if (!says) {
            lane.gate.unsent(call.request);
            return Gate.Turn.NONE;
        }
        long askedFor = exchange.outcome() instanceof Outcome.Response response ? judge.askedFor(response, now) : 0;
        return lane.gate.ended(call.request, exchange.outcome(), verdict, askedFor, now);
    }

    private static Called said(Exchange exchange, @Nullable String objection, Verdict verdict) {
        return switch (exchange.outcome()) {
            case Outcome.Response response ->
                new Called.Answered(
                        response.code(),
                        verdict instanceof Verdict.Delivered,
                        response.body(),
                        response.truncated(),
                        objection,
                        exchange.durationMicros());
            case Outcome.Failure(FailureKind kind, String detail) ->
                new Called.Failed(kind == FailureKind.TIMEOUT, detail, exchange.durationMicros());
            case Outcome.Unwanted _ -> new Called.NotCalled(Called.Reason.UNWANTED);
        };
    }

    // ---- order

    /** A new delivery. It must not come before an earlier one of its chain that is in the database. */
    private void offer(Lane lane, OrderedLine ordered, Delivery delivery) {
        supersede(lane, ordered, delivery);
        if (ordered.isShut(delivery)) {
            park(lane, delivery, DeferralReason.ORDER);
            if (ordered.latest()) {
                ordered.open(delivery, time.micros()); // nobody waits for the retry of what is out of date
            }
        } else if (holdsBack(lane)) {
            fallBehind(lane, ordered);
            park(lane, delivery, whyHeldBack(lane));
            lookIntoBacklog(lane);
        } else if (!ordered.gathers() && !lane.behind && roomFor(lane, delivery)) {
            enqueue(lane, ordered, delivery);
            pump(lane);
        } else if (ordered.gathers() && roomFor(lane, delivery)) {
            takes(lane, delivery);
            ordered.addToTail(delivery);
        } else {
            fallBehind(lane, ordered);
            park(lane, delivery, DeferralReason.LANE_FULL);
        }
    }

    /** New deliveries are parked from now on, and so is what has gathered. */
    private void fallBehind(Lane lane, OrderedLine ordered) {
        lane.behind = true;
        boolean hadRows = false;
        for (Delivery gathered : ordered.takeTail()) {
            leaves(lane, gathered);
            hadRows |= gathered.fromDeferral();
            park(lane, gathered, DeferralReason.LANE_FULL);
        }
        if (hadRows) {
            ordered.passedOver();
        }
    }

    private void enqueue(Lane lane, OrderedLine ordered, Delivery delivery) {
        enqueue(lane, delivery);
        if (ordered.isFull(delivery)) {
            leave(lane, ordered, ordered.shutFull(delivery));
        }
    }

    /** Those that wait and are older than this one with the same key end, if that is the order. */
    private void supersede(Lane lane, OrderedLine ordered, Delivery newer) {
        for (Delivery older : ordered.supersededBy(newer)) {
            leaves(lane, older);
            supersede(older, newer.message().id);
        }
    }

    private void supersede(Delivery older, String by) {
        String detail = "superseded by " + by + ", which has the same key";
        record(older.settlement(
                Judge.unsent(AttemptStatus.SUPERSEDED, older.attempts() + 1, time.micros(), detail),
                new Verdict.Superseded(by)));
        metrics.superseded();
    }

    /** What the order makes of the verdict on an attempt. */
    private static Verdict inOrder(OrderedLine ordered, Delivery delivery, Verdict verdict) {
        return switch (verdict) {
            case Verdict.RetryAt _ -> {
                String newer = ordered.newerThan(delivery);
                yield newer == null ? verdict : new Verdict.Superseded(newer);
            }
            case Verdict.Exhausted _ -> ordered.holds(delivery) && !delivery.last ? new Verdict.Held() : verdict;
            case Verdict.Delivered _,
                    Verdict.Gone _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Held _,
                    Verdict.Cancelled _,
                    Verdict.Parked _,
                    Verdict.Dropped _ -> verdict;
        };
    }

    /** An attempt is over and recorded: its chain goes on, or shuts behind it. */
    private void settled(Lane lane, OrderedLine ordered, Delivery delivery, Verdict verdict) {
        if (lanes.get(lane.endpointNo) != lane) {
            return; // the endpoint was deleted meanwhile
        }
        if (!lane.changesOrder) { // otherwise it is not known to be the first of its chain
            shutBehind(lane, ordered, delivery, verdict);
        }
        if (lane.changesOrder && lane.inFlight.size() == 0) {
            lane.changesOrder = false;
            ordered.startAnew(lane.unwritten.seqs());
            due(lane, time.micros());
        }
        opens(lane, ordered);
    }

    private void shutBehind(Lane lane, OrderedLine ordered, Delivery delivery, Verdict verdict) {
        switch (verdict) {
            case Verdict.RetryAt(long dueAt) ->
                // something newer may be in the database, and then nobody waits for the retry of this one
                shut(lane, ordered, delivery, ordered.latest() && lane.behind ? time.micros() : dueAt, true);
            case Verdict.Held _ -> shut(lane, ordered, delivery, Backlog.NEVER, true);
            case Verdict.Delivered _,
                    Verdict.Exhausted _,
                    Verdict.Gone _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Cancelled _,
                    Verdict.Parked _,
                    Verdict.Dropped _ -> {}
        }
    }

    /**
     * Nothing of a chain is sent for a time.
     *
     * @param first of those that stay in the database
     * @param unwritten whether it is on its way there
     */
    private void shut(Lane lane, OrderedLine ordered, Delivery first, long until, boolean unwritten) {
        List<Delivery> out = ordered.shut(first, until);
        if (unwritten) {
            ordered.awaits(first);
        }
        if (!ordered.isShut(first) && !first.aside()) {
            ordered.readAgain(first.message().seq);
        }
        leave(lane, ordered, out);
    }

    /** These are of a chain that is shut: they go to the database, or back to it. */
    private void leave(Lane lane, OrderedLine ordered, List<Delivery> out) {
        for (Delivery delivery : out) {
            leaves(lane, delivery);
            if (delivery.fromDeferral()) {
                release(lane, delivery.message().seq);
            } else {
                park(lane, delivery, DeferralReason.ORDER);
                ordered.awaits(delivery);
            }
        }
        weigh(lane, ordered);
    }

    private void weigh(Lane lane, OrderedLine ordered) {
        int weight = ordered.shutCount() * OrderedLine.SHUT_WEIGHT;
        bytes += weight - lane.shutWeight;
        lane.shutWeight = weight;
    }

    /** The lane looks into the backlog when its next chain opens. */
    private void opens(Lane lane, OrderedLine ordered) {
        due(lane, ordered.nextOpening());
    }

    /** Whether the lane may read rows now, as far as its order is concerned. */
    private boolean mayRead(Lane lane) {
        OrderedLine ordered = lane.ordered;
        boolean moves = lane.inFlight.size() > 0 || lane.queue.hasNext(); // then it looks again
        if (moves && !isWithinItsPart(lane.bytes, 1, bytes, settings.memoryBytes())) {
            return false;
        }
        if (ordered == null) {
            return true;
        }
        if (!recovered || lane.changesOrder || lane.fetching || ordered.hasBarrier() || ordered.tooManyShut()) {
            return false;
        }
        if (!ordered.isKeyed()) {
            rekey(lane, ordered);
            return false;
        }
        return true;
    }

    /** Chains whose time has come are read of; what is new stands behind what they have in the database. */
    private void openChains(Lane lane, OrderedLine ordered) {
        if (ordered.openDue(time.micros())) {
            weigh(lane, ordered);
            if (lane.behind) {
                ordered.raiseBarrier();
            } else {
                ordered.gather();
            }
            if (ordered.hasNext()) {
                begin(lane); // so many may have been shut that nothing was begun
            }
        }
    }

    /** The rows in the database may have been written when the owner wanted another order. */
    private void rekey(Lane lane, OrderedLine ordered) {
        lane.fetching = true;
        ports.rekey(lane.endpointNo, ordered.version(), ordered::writtenKey, done -> {
            lane.fetching = false;
            ordered.keyed(done);
            if (lanes.get(lane.endpointNo) == lane) {
                lane.nextDueAt = Math.min(lane.nextDueAt, lane.dueMeanwhile);
                lane.dueMeanwhile = Backlog.NEVER;
                due(lane, done ? time.micros() : time.micros() + AGAIN_AFTER_FAILURE_MICROS);
                lookIntoBacklog(lane);
            }
        });
    }

    /** All that recovery found has been offered: what is in order may be read from the database. */
    void recovered() {
        recovered = true;
        for (Lane lane : lanes.values()) {
            if (lane.ordered != null) {
                lane.ordered.startAnew(lane.unwritten.seqs());
                lookIntoBacklog(lane);
            }
        }
    }

    /**
     * What a look into the backlog brought of a lane with an order.
     *
     * @param renewed whether it may be older than what was asked for since, by number
     */
    private void take(
            Lane lane, OrderedLine ordered, Backlog.Fetched fetched, Set<Long> withdrawn, LongPredicate renewed) {
        long now = time.micros();
        long last = 0;
        for (Due due : fetched.due()) {
            if (ordered.tooManyShut()) {
                ordered.readAgain(due.message().seq);
                break;
            }
            Delivery delivery = Delivery.of(due, lane.endpointNo);
            ordered.key(delivery);
            last = delivery.aside() ? last : Math.max(last, due.message().seq);
            if (withdrawn.contains(due.message().seq)) {
                ordered.readAgain(due.message().seq); // it may have been asked for anew
            } else if (!lane.keptMeanwhile.contains(due.message().seq)
                    && (delivery.aside() || !ordered.isShut(delivery))) {
                take(lane, ordered, due, delivery, now, renewed.test(due.message().seq));
            }
        }
        boolean undisturbed = ordered.read(last);
        if (fetched.behind() || !undisturbed) {
            lane.due(now);
        } else if (ordered.gathers()) {
            for (Delivery gathered : ordered.takeTail()) {
                leaves(lane, gathered);
                if (ordered.isShut(gathered)) {
                    park(lane, gathered, DeferralReason.ORDER);
                } else {
                    supersede(lane, ordered, gathered);
                    enqueue(lane, ordered, gathered);
                }
            }
        } else if (lane.behind) {
            lane.behind = false;
            ordered.gather();
            lane.due(now);
        }
        opens(lane, ordered);
    }

    private void take(Lane lane, OrderedLine ordered, Due due, Delivery delivery, long now, boolean renewed) {
        long seq = due.message().seq;
        if (ordered.hasOlderWritten(delivery)) {
            return; // the read may have begun behind the older one: both are read again
        }
        boolean waits = due.reason() == DeferralReason.RETRY && due.dueAt() > now && !delivery.aside();
        if (renewed && !delivery.aside() && (waits || due.reason() == DeferralReason.HELD)) {
            ordered.readAgain(seq); // it does not wait any more: it is read again, and what is behind it, too
            ordered.writtenMeanwhile(delivery.keyHash, seq);
            return;
        }
        if (due.reason() == DeferralReason.HELD && ordered.holds(delivery)) {
            shut(lane, ordered, delivery, Backlog.NEVER, false);
            return;
        }
        String newer = due.newer() == null ? ordered.newerThanRead(delivery) : due.newer();
        if (newer == null && waits && ordered.isChained(delivery)) {
            shut(lane, ordered, delivery, due.dueAt(), false);
            return;
        }
        if (due.reason() == DeferralReason.SCHEDULED && ordered.awaitsOlder(delivery)) {
            return; // its row was there before theirs: it is read again behind them
        }
        for (Delivery older : ordered.takeOlder(delivery)) { // this one has waited for its time, and comes behind them
            leaves(lane, older);
            enqueue(lane, ordered, older);
        }
        if (!delivery.aside() && ordered.isShut(delivery)) {
            return; // by so many of them
        }
        if (!lane.claimed.add(seq)) {
            return; // it has been found to have waited too long since the read began
        }
        if (renewed) {
            lane.renewed.add(seq);
        }
        if (due.reason() == DeferralReason.HELD) {
            record(delivery.settlement(null, new Verdict.Dropped())); // it is over, and holds nobody up any more
        } else if (newer != null) {
            supersede(delivery, newer);
        } else {
            supersede(lane, ordered, delivery);
            enqueue(lane, ordered, delivery);
        }
    }

    // ---- backlog

    /** At the start: the endpoint has something in the backlog. */
    void backlog(Backlog.Summary summary) {
        Lane lane = lane(summary.appNo(), summary.endpointNo());
        if (lane != null) {
            lane.behind = lane.ordered == null ? summary.parked() > 0 : summary.rows() > 0;
            due(lane, summary.nextDueAt());
        }
    }

    /** These are committed: rows in the backlog came, moved or went. */
    void committed(List<Settlement> settlements) {
        Set<Lane> inOrder = new LinkedHashSet<>(); // in the order of what is committed, so that a run can be repeated
        for (Settlement settlement : settlements) {
            Lane lane = lanes.get(settlement.endpointNo());
            if (lane != null) {
                if (lane.ordered != null) {
                    inOrder.add(lane);
                }
                if (settlement.fromDeferral() && release(lane, settlement.seq())) {
                    asked(lane, Set.of(settlement.seq()));
                }
                switch (settlement.verdict()) {
                    case Verdict.RetryAt(long dueAt) -> written(lane, settlement, dueAt);
                    case Verdict.Parked(long dueAt, DeferralReason _) -> written(lane, settlement, dueAt);
                    case Verdict.Held _ -> written(lane, settlement, Backlog.NEVER);
                    case Verdict.Dropped _ -> {
                        if (settlement.fromDeferral() && lane.ordered != null) {
                            asked(lane, Set.of(settlement.seq())); // its row is gone, and holds nobody up any more
                        }
                    }
                    case Verdict.Delivered _,
                            Verdict.Exhausted _,
                            Verdict.Gone _,
                            Verdict.Superseded _,
                            Verdict.Unrepeated _,
                            Verdict.Cancelled _ -> {}
                }
            }
        }
        inOrder.forEach(this::lookIntoBacklog); // they may have waited for just that
    }

    private void written(Lane lane, Settlement settlement, long dueAt) {
        boolean last = lane.unwritten.written(settlement.seq());
        OrderedLine ordered = lane.ordered;
        if (ordered == null) {
            due(lane, dueAt);
            return;
        }
        if (last) {
            ordered.written(settlement.seq());
        }
        if (settlement.aside() || !ordered.isShutWritten(settlement.keyHash())) {
            ordered.readAgain(settlement.seq());
            if (!settlement.aside() && lane.fetching) {
                ordered.writtenMeanwhile(settlement.keyHash(), settlement.seq());
            }
            due(lane, dueAt); // otherwise it waits for its chain
        }
        opens(lane, ordered);
    }

    /** These rows are due, whatever the lane thought of them. */
    private void asked(Lane lane, Set<Long> seqs) {
        OrderedLine ordered = lane.ordered;
        if (ordered != null) {
            seqs.forEach(ordered::readAgain);
            ordered.open(seqs, time.micros());
        }
        due(lane, time.micros());
    }

    /** Not in memory any more. True if another round was asked for meanwhile, so that its row may be there again. */
    private static boolean release(Lane lane, long seq) {
        lane.claimed.remove(seq);
        if (lane.expiring) {
            lane.releasedMeanwhile.add(seq);
        }
        return lane.renewed.remove(seq);
    }

    /**
     * Deliveries were asked for again: they have rows in the backlog that are due.
     *
     * @param appNo the application
     * @param endpointNo the endpoint
     * @param seqs of the messages
     */
    void asked(int appNo, int endpointNo, long[] seqs) {
        Lane lane = lane(appNo, endpointNo);
        if (lane != null) {
            Set<Long> all = new HashSet<>();
            for (long seq : seqs) {
                all.add(seq);
                if (lane.claimed.contains(seq)) {
                    lane.renewed.add(seq);
                } else if (lane.fetching) {
                    lane.askedMeanwhile.add(seq);
                }
            }
            asked(lane, all);
        }
    }

    /**
     * Deliveries may have been asked for again, and nobody knows which: the database went away during the commit.
     *
     * @param appNo the application
     * @param endpointNo the endpoint
     */
    void maybeAsked(int appNo, int endpointNo) {
        Lane lane = lane(appNo, endpointNo);
        if (lane != null) {
            lane.renewed.addAll(lane.claimed);
            lane.maybeAskedMeanwhile |= lane.fetching;
            if (lane.ordered != null) {
                lane.ordered.readAgain(1);
                lane.ordered.openAll(time.micros());
            }
            due(lane, time.micros());
        }
    }

    /**
     * Deliveries that were asked for are wanted no more, and their rows are gone: those that have not begun do not.
     *
     * @param endpointNo the endpoint
     * @param seqs of the messages
     */
    void withdrawn(int endpointNo, Set<Long> seqs) {
        Lane lane = lanes.get(endpointNo);
        if (lane != null) {
            if (lane.fetching) {
                lane.withdrawnMeanwhile.addAll(seqs);
            }
            lane.queue.removeIf(delivery -> {
                long seq = delivery.message().seq;
                boolean out = delivery.fromDeferral() && seqs.contains(seq);
                if (out) {
                    leaves(lane, delivery);
                    release(lane, seq);
                    due(lane, time.micros()); // it may have been asked for anew, and this been read from that row
                }
                return out;
            });
            if (lane.ordered != null) {
                asked(lane, seqs); // what was held up by them goes on
            }
            pump(lane);
        }
    }

    private void due(Lane lane, long at) {
        long before = lane.nextDueAt;
        lane.due(at);
        if (lane.nextDueAt < before) {
            lookIntoBacklog(lane);
        }
    }

    /** Called many times a second: looks into the backlogs that are due, and tries lanes that were held up again. */
    void tick() {
        long now = time.micros();
        for (Lane lane = looks.awake(now); lane != null; lane = looks.awake(now)) {
            pump(lane);
        }
        look();
        if (now - troubleLookedAt > LOOK_AT_TROUBLE_MICROS || now < troubleLookedAt) {
            troubleLookedAt = now;
            lookAtTrouble(now);
        }
        if (now - agedLookedForAt > LOOK_FOR_AGED_MICROS || now < agedLookedForAt) {
            agedLookedForAt = now;
            parkAged(now);
        }
        unblock(blocked.size());
    }

    private void lookIntoBacklog(Lane lane) {
        if (lane.nextDueAt == Backlog.NEVER || stopping || lane.closed != null || lane.fetching) {
            return;
        }
        long now = time.micros();
        if (lane.nextDueAt > now) {
            looks.wake(lane, lane.nextDueAt);
            return;
        }
        if (!lane.gate.timeless() && lane.gate.closedForLong(now)) {
            long opensAt = lane.gate.opensAt(now);
            if (opensAt != Backlog.NEVER) {
                looks.wake(lane, opensAt);
            }
            return;
        }
        if (lane.ordered != null && !lane.changesOrder) {
            openChains(lane, lane.ordered);
        }
        if (!runsLow(lane) || !mayRead(lane)) {
            return; // the queue comes first; the lane looks again when it runs low
        }
        looks.want(lane);
        look();
    }

    private boolean runsLow(Lane lane) {
        if (lane.gate.circuitOpen()) {
            // one is enough for a probe; what has gathered waits for a look, and is none
            return !lane.queue.hasNext() && (lane.ordered == null || lane.ordered.runsLow(1, settings.laneQueue()));
        }
        int limit = lane.gate.limit();
        return lane.ordered == null
                ? lane.queue.size() <= Math.min(settings.laneQueue() / 4, 2 * limit)
                : lane.ordered.runsLow(limit, settings.laneQueue());
    }

    /** Those whose turn it is look into their backlogs, as far as there is room for what they bring. */
    private void look() {
        for (Lane lane = looks.next(this::mayLook); lane != null; lane = looks.next(this::mayLook)) {
            boolean still = !stopping && lane.closed == null && !lane.fetching && lane.nextDueAt != Backlog.NEVER;
            if (still && holdsBack(lane)) {
                lookIntoBacklog(lane); // it has closed meanwhile
            } else if (still && runsLow(lane) && mayRead(lane)) {
                fetch(lane);
            }
        }
    }

    private boolean mayLook(Health.Standing standing) {
        long share = shareOf(standing, settings.memoryBytes());
        return fetching < FETCHES_AT_ONCE && share - bytes > share / 10 && !ports.full();
    }

    private void fetch(Lane lane) {
        long now = time.micros();
        // Counted as taken until the look is over: others look meanwhile, and together they must find room, too.
        long allowance = Math.min((shareOf(lane, settings.memoryBytes()) - bytes) / 4, FETCH_BYTES);
        // An endpoint that gets one request at a time shall not fill the memory of all.
        int most = lane.ordered != null && lane.gate.circuitOpen()
                ? READ_FOR_ORDERED_PROBE
                : lane.gate.worthReading(FETCH_FOR_EACH_IN_FLIGHT);
        bytes += allowance;
        fetching++;
        lane.fetching = true;
        lane.keptMeanwhile.clear();
        lane.nextDueAt = Backlog.NEVER;
        lane.dueMeanwhile = Backlog.NEVER;
        OrderedLine ordered = lane.ordered;
        if (ordered != null) {
            ordered.reads();
        }
        ports.fetch(
                lane.endpointNo,
                now,
                lane.claims(),
                ordered == null ? null : ordered.wanted(),
                Math.min(most, Math.min(FETCH, settings.laneQueue())),
                allowance,
                fetched -> {
                    bytes -= allowance;
                    fetching--;
                    fetched(lane, ordered, fetched);
                    look();
                });
    }

    /** What a look into the backlog brought; null if the database is away. */
    private void fetched(Lane lane, @Nullable OrderedLine ordered, Backlog.@Nullable Fetched fetched) {
        lane.fetching = false;
        Set<Long> withdrawn = Set.copyOf(lane.withdrawnMeanwhile);
        lane.withdrawnMeanwhile.clear();
        Set<Long> asked = Set.copyOf(lane.askedMeanwhile);
        lane.askedMeanwhile.clear();
        boolean maybeAsked = lane.maybeAskedMeanwhile;
        lane.maybeAskedMeanwhile = false;
        if (lanes.get(lane.endpointNo) != lane) {
            return; // the endpoint was deleted meanwhile
        }
        long now = time.micros();
        if (fetched == null) {
            due(lane, now + AGAIN_AFTER_FAILURE_MICROS);
            return;
        }
        if (ordered != lane.ordered || (ordered != null && ordered.isReadInVain())) {
            due(lane, now); // it was read for another order, or for a lane that had something before it
            return;
        }
        boolean goesOn = !stopping && lane.closed == null && !lane.changesOrder && !holdsBack(lane);
        if (ordered != null && goesOn) {
            lane.nextDueAt = Math.min(fetched.nextDueAt(), lane.dueMeanwhile);
            take(lane, ordered, fetched, withdrawn, seq -> maybeAsked || asked.contains(seq));
            if (lane.nextDueAt > now && lane.nextDueAt != Backlog.NEVER) {
                looks.wake(lane, lane.nextDueAt);
            }
            pump(lane);
            return;
        }
        if (ordered != null) {
            due(lane, now); // it stays behind: what was read is left where it is
            return;
        }
        lane.behind = fetched.behind() || (!goesOn && !fetched.due().isEmpty());
        lane.nextDueAt = Math.min(fetched.nextDueAt(), lane.dueMeanwhile);
        if (!goesOn) {
            lane.due(now);
            lookIntoBacklog(lane); // it may have been due before that: then nobody else wakes it
            return;
        }
        for (Due due : fetched.due()) {
            if (withdrawn.contains(due.message().seq)) {
                lane.due(now); // whoever withdrew it removes its row; but it may have been asked for anew since
                continue;
            }
            if (!lane.claimed.add(due.message().seq)) {
                continue; // it has been found to have waited too long since the look began
            }
            if (maybeAsked || asked.contains(due.message().seq)) {
                lane.renewed.add(due.message().seq); // as it was read, it may know nothing of that round
            }
            enqueue(lane, Delivery.of(due, lane.endpointNo));
        }
        if (lane.nextDueAt > now && lane.nextDueAt != Backlog.NEVER) {
            looks.wake(lane, lane.nextDueAt);
        }
        pump(lane);
    }

    // ---- messages that are cancelled before they go

    /**
     * A message may be about to be cancelled: until {@link #release} none of its deliveries begins here. A lane in whose
     * memory one waits begins nothing at all meanwhile, so that its order stays as it is.
     *
     * @param endpointNos of its application; those of other loops do no harm
     * @param begun where those are put whose delivery is under way
     * @return false if some delivery is on its way to the disk: nobody can tell yet what becomes of it
     */
    boolean hold(List<Integer> endpointNos, Message message, Set<Integer> begun) {
        cancelling.merge(Held.of(message), 1, Integer::sum);
        boolean all = true;
        for (int endpointNo : endpointNos) {
            Lane lane = lanes.get(endpointNo);
            if (lane != null) {
                boolean underWay = isUnderWay(lane, message.seq);
                // read from its row, and neither under way nor waiting: it has ended, and that is on its way to the
                // disk
                boolean ended = lane.claimed.contains(message.seq) && !underWay && !lane.held.contains(message.seq);
                all &= !ended && !lane.unwritten.contains(message.seq);
                if (underWay) {
                    begun.add(endpointNo);
                }
            }
        }
        return all;
    }

    private static boolean isUnderWay(Lane lane, long seq) {
        for (Delivery delivery : lane.inFlight) {
            if (delivery.message().seq == seq) {
                return true;
            }
        }
        for (Delivery delivery : lane.queue) {
            if (delivery.message().seq == seq) {
                lane.held.add(seq);
                return !delivery.fromDeferral(); // without a row there is nothing to be cancelled
            }
        }
        return false;
    }

    /** What was held and is still there goes on. Parameters as of {@link #hold}. */
    void release(List<Integer> endpointNos, Message message) {
        if (cancelling.merge(Held.of(message), -1, Integer::sum) > 0) {
            return;
        }
        cancelling.remove(Held.of(message));
        for (int endpointNo : endpointNos) {
            Lane lane = lanes.get(endpointNo);
            if (lane != null && lane.held.remove(message.seq)) {
                pump(lane);
            }
        }
    }

    // ---- content that is deleted

    /**
     * The content of a message is gone: what waits for it here ends, and what is in flight is not tried again.
     *
     * @param endpointNos whose lanes; those of other loops do no harm
     * @param message of the same application as the endpoints
     * @return those of them whose row in the backlog, if there is one, is this loop's to end
     */
    List<Integer> withdraw(List<Integer> endpointNos, Message message) {
        List<Integer> ours = new ArrayList<>();
        for (int endpointNo : endpointNos) {
            Lane lane = lanes.get(endpointNo);
            if (lane != null && withdraw(lane, message)) {
                ours.add(endpointNo);
            }
        }
        return ours;
    }

    private boolean withdraw(Lane lane, Message message) {
        long seq = message.seq;
        boolean rowIsOurs = lane.claimed.contains(seq);
        if (lane.unwritten.contains(seq)) {
            // On its way to the backlog, by the recorder: what takes it out again goes the same way, behind it.
            record(new Delivery(message, lane.endpointNo, 0, true).settlement(null, new Verdict.Dropped()));
            rowIsOurs = true;
        }
        if (lane.fetching) {
            lane.withdrawnMeanwhile.add(seq);
        }
        for (Delivery delivery : lane.inFlight) {
            delivery.last |= delivery.message().seq == seq;
        }
        boolean waited = lane.queue.removeIf(delivery -> {
            if (delivery.message().seq != seq) {
                return false;
            }
            leaves(lane, delivery);
            record(delivery.settlement(null, new Verdict.Dropped()));
            return true;
        });
        if (waited) {
            if (lane.ordered != null) {
                opens(lane, lane.ordered);
            }
            pump(lane);
        }
        return rowIsOurs;
    }

    // ---- changes of endpoints

    void changed(Endpoint endpoint) {
        Lane lane = lanes.get(endpoint.no());
        if (lane == null) {
            return;
        }
        boolean wasClosed = lane.closed != null || lane.gate.circuitOpen();
        if (lane.isInAnotherOrder(endpoint)) {
            reorder(lane, endpoint);
        }
        lane.endpoint(endpoint, ports.paused(endpoint.appNo()), routes, judges);
        if (lane.closed != null) {
            parkQueue(lane, lane.closed);
        } else if (wasClosed) {
            lane.due(time.micros());
        }
        pump(lane);
    }

    /** All goes to the database; from there it is read in the new order, when the requests of the old one are over. */
    private void reorder(Lane lane, Endpoint endpoint) {
        parkQueue(lane, DeferralReason.ORDER);
        bytes -= lane.shutWeight;
        lane.shutWeight = 0;
        lane.order(endpoint, settings.keyOfKeys());
        lane.behind = true;
        OrderedLine ordered = lane.ordered;
        lane.changesOrder = ordered != null && lane.inFlight.size() > 0;
        if (ordered != null) {
            ordered.startAnew(lane.unwritten.seqs());
        }
    }

    void removed(int endpointNo) {
        Lane lane = lanes.remove(endpointNo);
        if (lane != null) {
            bytes -= lane.shutWeight;
            lane.shutWeight = 0;
            looks.forget(lane);
            troubled.remove(lane);
            lane.nextDueAt = Backlog.NEVER;
            for (Delivery delivery : lane.queue) {
                leaves(lane, delivery);
                record(delivery.settlement(null, new Verdict.Dropped()));
            }
            lane.queue.clear();
        }
    }

    // ---- the end

    /** Begins nothing more. What has not begun is parked. */
    void stop() {
        stopping = true;
        for (Lane lane : lanes.values()) {
            parkQueue(lane, DeferralReason.STOPPED);
        }
    }

    /** What is still in flight is parked: whatever its exchange brings comes too late. */
    void giveUp() {
        for (Lane lane : lanes.values()) {
            for (Delivery delivery : lane.inFlight) {
                inFlight--;
                leaves(lane, delivery);
                if (!delivery.fromDeferral()) {
                    park(lane, delivery, DeferralReason.STOPPED);
                }
            }
            lane.inFlight.clear();
        }
    }
}
