package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.Due;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    private final DispatchSettings settings;
    private final Routes routes;
    private final LanePorts ports;
    private final Judge judge;
    private final Time time;
    private final DispatchMetrics metrics;
    private final Map<Integer, Lane> lanes = new HashMap<>();
    /** Lanes that could go on but for the bound on all requests in flight, in the order in which they came. */
    private final ArrayDeque<Lane> blocked = new ArrayDeque<>();

    private final Looks looks = new Looks();

    /** Messages that may be about to be cancelled, with by how many requests at a time. */
    private final Map<Held, Integer> cancelling = new HashMap<>();

    private int inFlight;
    private long bytes;
    private int fetching;
    private long agedLookedForAt;
    private boolean stopping;

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
        this.judge = new Judge(settings.retry());
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
        } else if (isLater(delivery.message())) {
            schedule(lane, delivery);
        } else if (stopping) {
            park(lane, delivery, DeferralReason.STOPPED);
        } else if (lane.disabled) {
            park(lane, delivery, DeferralReason.DISABLED);
        } else if (lane.behind || !roomFor(lane, delivery)) {
            lane.behind = true;
            park(lane, delivery, DeferralReason.LANE_FULL);
        } else {
            enqueue(lane, delivery);
            pump(lane);
        }
    }

    private boolean isLater(Message message) {
        return message.deliverAt != 0 && message.deliverAt > time.micros();
    }

    /** It holds nobody up: it joins the others when it is due. */
    private void schedule(Lane lane, Delivery delivery) {
        metrics.parked();
        lane.unwritten.add(delivery.message().seq);
        record(delivery.settlement(null, new Verdict.Parked(delivery.message().deliverAt, DeferralReason.SCHEDULED)));
    }

    private boolean roomFor(Lane lane, Delivery delivery) {
        return lane.queue.size() < settings.laneQueue()
                && bytes + delivery.weight() <= shareOf(lane, settings.memoryBytes());
    }

    private void enqueue(Lane lane, Delivery delivery) {
        lane.queue.add(delivery);
        bytes += delivery.weight();
    }

    private void park(Lane lane, Delivery delivery, DeferralReason reason) {
        metrics.parked();
        lane.unwritten.add(delivery.message().seq);
        record(delivery.settlement(null, new Verdict.Parked(lane.parkAt(time.micros()), reason)));
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
            lane = new Lane(endpointNo, settings.endpointInFlight());
            lane.endpoint(endpoint, routes);
            lanes.put(endpointNo, lane);
        }
        return lane;
    }

    // ---- requests

    private void pump(Lane lane) {
        while (lane.mayStart()) {
            if (stopping || ports.full() || !placeFor(lane)) {
                block(lane);
                return;
            }
            start(lane, lane.queue.remove());
        }
        lookIntoBacklog(lane);
    }

    private boolean placeFor(Lane lane) {
        return inFlight < shareOf(lane, settings.inFlight());
    }

    /** The last quarter of what all lanes share is for proven lanes, half of all is closed to suspect ones. */
    private static long shareOf(Lane lane, long most) {
        return shareOf(lane.health.standing(), most);
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
        lane.inFlight.add(delivery);
        inFlight++;
        route.send(delivery.message(), exchange -> completed(lane, delivery, exchange));
    }

    private void completed(Lane lane, Delivery delivery, Exchange exchange) {
        try {
            complete(lane, delivery, exchange);
        } catch (RuntimeException | Error e) {
            ports.failed(e);
        }
    }

    private void complete(Lane lane, Delivery delivery, Exchange exchange) {
        if (!lane.inFlight.remove(delivery)) {
            return; // given up by stop(): it is settled already
        }
        inFlight--;
        bytes -= delivery.weight();
        long now = time.micros();
        Attempt attempt = Judge.attempt(exchange, delivery.attempts() + 1);
        Verdict verdict = judge.verdict(exchange, attempt.number() - delivery.base(), now);
        boolean last = delivery.last || attempt.number() >= Attempt.MOST;
        if (last && verdict instanceof Verdict.RetryAt) {
            verdict = new Verdict.Exhausted();
        }
        if (verdict instanceof Verdict.RetryAt) {
            lane.unwritten.add(delivery.message().seq);
        }
        assess(lane, exchange.outcome());
        if (verdict instanceof Verdict.Gone && !lane.disabled) {
            lane.disabled = true;
            ports.gone(delivery.message().appNo, lane.endpointNo);
            parkQueue(lane, DeferralReason.DISABLED);
        }
        record(delivery.settlement(attempt, verdict));
        metrics.attempted(attempt, verdict, now - delivery.message().createdAt);
        pump(lane);
        unblock(TRIED_AFTER_EACH);
    }

    private static void assess(Lane lane, Outcome outcome) {
        switch (outcome) {
            case Outcome.Response response -> {
                switch (response.code()) {
                    case 429, 502, 504 -> lane.health.bad();
                    default -> lane.health.good();
                }
            }
            case Outcome.Failure _ -> lane.health.bad();
        }
    }

    private void parkQueue(Lane lane, DeferralReason reason) {
        for (Delivery delivery : lane.queue) {
            bytes -= delivery.weight();
            if (delivery.fromDeferral()) {
                release(lane, delivery.message().seq); // its row is still there
            } else {
                park(lane, delivery, reason);
            }
        }
        lane.behind |= !lane.queue.isEmpty();
        lane.queue.clear();
        lane.due(time.micros());
    }

    /**
     * A lane that hardly moves must not keep what is only covered by the settled position: that would stand still for
     * as long, and everything behind it would have to be remembered and to be read again by recovery.
     */
    private void parkAged(long now) {
        for (Lane lane : lanes.values()) {
            if (hasAged(lane, now)) {
                lane.behind = true;
                lane.queue.removeIf(delivery -> {
                    if (delivery.fromDeferral()) {
                        return false;
                    }
                    bytes -= delivery.weight();
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

    // ---- backlog

    /** At the start: the endpoint has something in the backlog. */
    void backlog(Backlog.Summary summary) {
        Lane lane = lane(summary.appNo(), summary.endpointNo());
        if (lane != null) {
            lane.behind = summary.parked() > 0;
            due(lane, summary.nextDueAt());
        }
    }

    /** These are committed: rows in the backlog came, moved or went. */
    void committed(List<Settlement> settlements) {
        for (Settlement settlement : settlements) {
            Lane lane = lanes.get(settlement.endpointNo());
            if (lane != null) {
                if (settlement.fromDeferral() && release(lane, settlement.seq())) {
                    due(lane, time.micros());
                }
                switch (settlement.verdict()) {
                    case Verdict.RetryAt(long dueAt) -> written(lane, settlement.seq(), dueAt);
                    case Verdict.Parked(long dueAt, DeferralReason _) -> written(lane, settlement.seq(), dueAt);
                    case Verdict.Held _ -> lane.unwritten.remove(settlement.seq());
                    case Verdict.Delivered _,
                            Verdict.Exhausted _,
                            Verdict.Gone _,
                            Verdict.Superseded _,
                            Verdict.Cancelled _,
                            Verdict.Dropped _ -> {}
                }
            }
        }
    }

    private void written(Lane lane, long seq, long dueAt) {
        lane.unwritten.remove(seq);
        due(lane, dueAt);
    }

    /** Not in memory any more. True if another round was asked for meanwhile, so that its row may be there again. */
    private static boolean release(Lane lane, long seq) {
        lane.claimed.remove(seq);
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
            for (long seq : seqs) {
                if (lane.claimed.contains(seq)) {
                    lane.renewed.add(seq);
                } else if (lane.fetching) {
                    lane.askedMeanwhile.add(seq);
                }
            }
            due(lane, time.micros());
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
                    bytes -= delivery.weight();
                    release(lane, seq);
                    due(lane, time.micros()); // it may have been asked for anew, and this been read from that row
                }
                return out;
            });
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
            lookIntoBacklog(lane);
        }
        look();
        if (now - agedLookedForAt > LOOK_FOR_AGED_MICROS || now < agedLookedForAt) {
            agedLookedForAt = now;
            parkAged(now);
        }
        unblock(blocked.size());
    }

    private void lookIntoBacklog(Lane lane) {
        if (lane.nextDueAt == Backlog.NEVER || stopping || lane.disabled || lane.fetching) {
            return;
        }
        if (lane.nextDueAt > time.micros()) {
            looks.wake(lane, lane.nextDueAt);
        } else if (!runsLow(lane)) {
            return; // the queue comes first; the lane looks again when it runs low
        } else {
            looks.want(lane);
            look();
        }
    }

    private boolean runsLow(Lane lane) {
        return lane.queue.size() <= Math.min(settings.laneQueue() / 4, 2 * lane.health.limit());
    }

    /** Those whose turn it is look into their backlogs, as far as there is room for what they bring. */
    private void look() {
        for (Lane lane = looks.next(this::mayLook); lane != null; lane = looks.next(this::mayLook)) {
            boolean still = !stopping && !lane.disabled && !lane.fetching && lane.nextDueAt != Backlog.NEVER;
            if (still && runsLow(lane)) {
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
        int most = FETCH_FOR_EACH_IN_FLIGHT * lane.health.limit();
        bytes += allowance;
        fetching++;
        lane.fetching = true;
        lane.nextDueAt = Backlog.NEVER;
        lane.dueMeanwhile = Backlog.NEVER;
        ports.fetch(
                lane.endpointNo,
                now,
                lane.claims(),
                Math.min(most, Math.min(FETCH, settings.laneQueue())),
                allowance,
                fetched -> {
                    bytes -= allowance;
                    fetching--;
                    fetched(lane, fetched);
                    look();
                });
    }

    /** What a look into the backlog brought; null if the database is away. */
    private void fetched(Lane lane, Backlog.@Nullable Fetched fetched) {
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
        boolean goesOn = !stopping && !lane.disabled;
        lane.behind = fetched.behind() || (!goesOn && !fetched.due().isEmpty());
        lane.nextDueAt = Math.min(fetched.nextDueAt(), lane.dueMeanwhile);
        if (!goesOn) {
            due(lane, now);
            return;
        }
        for (Due due : fetched.due()) {
            if (withdrawn.contains(due.message().seq)) {
                lane.due(now); // whoever withdrew it removes its row; but it may have been asked for anew since
                continue;
            }
            if (cancelling.containsKey(Held.of(due.message()))) {
                continue; // release() has it looked for again
            }
            lane.claimed.add(due.message().seq);
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
     * A message may be about to be cancelled: until {@link #release} none of its deliveries begins here. What waits in
     * memory for its turn goes back to its row in the backlog.
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
                all &= !lane.unwritten.contains(message.seq);
                if (holdIn(lane, message.seq)) {
                    begun.add(endpointNo);
                }
            }
        }
        return all;
    }

    private boolean holdIn(Lane lane, long seq) {
        lane.queue.removeIf(delivery -> {
            boolean back = delivery.fromDeferral() && delivery.message().seq == seq;
            if (back) {
                bytes -= delivery.weight();
                release(lane, seq);
            }
            return back;
        });
        for (Delivery delivery : lane.inFlight) {
            if (delivery.message().seq == seq) {
                return true;
            }
        }
        return lane.queue.stream().anyMatch(delivery -> delivery.message().seq == seq);
    }

    /** What was held goes on, if it is still there. Parameters as of {@link #hold}. */
    void release(List<Integer> endpointNos, Message message) {
        cancelling.computeIfPresent(Held.of(message), (held, times) -> times == 1 ? null : times - 1);
        for (int endpointNo : endpointNos) {
            Lane lane = lanes.get(endpointNo);
            if (lane != null) {
                due(lane, time.micros());
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
            bytes -= delivery.weight();
            record(delivery.settlement(null, new Verdict.Dropped()));
            return true;
        });
        if (waited) {
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
        boolean wasDisabled = lane.disabled;
        lane.endpoint(endpoint, routes);
        if (lane.disabled) {
            parkQueue(lane, DeferralReason.DISABLED);
        } else if (wasDisabled) {
            lane.due(time.micros());
        }
        pump(lane);
    }

    void removed(int endpointNo) {
        Lane lane = lanes.remove(endpointNo);
        if (lane != null) {
            looks.forget(lane);
            lane.nextDueAt = Backlog.NEVER;
            for (Delivery delivery : lane.queue) {
                bytes -= delivery.weight();
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
                bytes -= delivery.weight();
                if (!delivery.fromDeferral()) {
                    park(lane, delivery, DeferralReason.STOPPED);
                }
            }
            lane.inFlight.clear();
        }
    }
}
