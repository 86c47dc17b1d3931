package io.posthorn.dispatch;

import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.DeliveryPolicy.Mode;
import io.posthorn.model.DeliveryPolicy.OnExhausted;
import io.posthorn.model.DeliveryPolicy.Order;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one endpoint was promised, as the documents say it. It sees only what is seen from outside: what is accepted and
 * asked for, what the owner decides, the requests and their answers, and what is recorded. It asks the lanes nothing.
 */
final class Promises {
    private static final long SECOND = 1_000_000;
    private static final long MINUTE = 60 * SECOND;
    private static final long LONGEST_PAUSE = 5 * MINUTE;
    private static final int TOP_LEVEL = 8;
    private static final int LEAST_FAILURES = 5;
    /** Rates are allowed to run ahead by a tenth of a second. */
    private static final long BURST = 100_000;

    private final int no;
    private final DispatchSettings settings;
    private final FakeWorld world;
    private final List<Message> accepted;
    private final Map<Long, Pair> pairs = new HashMap<>();
    private final List<FakeWorld.Request> underWay = new ArrayList<>();

    private Endpoint endpoint;
    private boolean appPaused;
    /** It has disabled itself; nobody has enabled it since. */
    private boolean closed;

    private boolean removed;
    private boolean stopping;
    /** The lanes know of the messages up to this number. */
    private long offered;

    private enum State {
        CLOSED,
        OPEN,
        RAMP
    }

    private State state = State.CLOSED;
    private int streak;
    private long openSince;
    private long pause;
    private long probeFrom;
    private FakeWorld.@Nullable Request probe;
    private int level;
    private int passed;
    private long levelSince;
    private long rampSince;
    private final Deque<Long> rampBegins = new ArrayDeque<>();
    private final Deque<Long> begins = new ArrayDeque<>();

    private long heldUntil;
    private long nextHold = SECOND;
    private int failures;
    private long failingSince;

    /** What is being answered at this moment. */
    private @Nullable Answering answering;

    /** A message on its way to the endpoint. */
    private static final class Pair {
        Books live = new Books(0, 0, 0, false, false, false, false);
        Books durable = live;
        /** After each attempt that is recorded and not committed. */
        final Deque<Books> recorded = new ArrayDeque<>();

        int asked;
        /** In how many attempts the round begins that was asked for last. */
        int roundFrom;

        boolean underWay;
        boolean discarded;

        void dueAtOnce() {
            live = live.dueAt(0);
            durable = durable.dueAt(0);
            Deque<Books> all = new ArrayDeque<>(recorded);
            recorded.clear();
            all.forEach(books -> recorded.add(books.dueAt(0)));
        }
    }

    /**
     * What has become of it.
     *
     * @param attempts in the log
     * @param counted those that use up its attempts
     * @param dueAt no attempt begins before
     * @param free unless somebody has asked for it
     * @param ended once and for all: what is asked for again stands aside
     * @param held until somebody decides
     * @param tried a request has been made
     */
    private record Books(
            int attempts, int counted, long dueAt, boolean free, boolean ended, boolean held, boolean tried) {
        Books dueAt(long at) {
            return new Books(attempts, counted, at, free, ended, held, tried);
        }

        Books free(boolean is) {
            return new Books(attempts, counted, dueAt, is, ended, held, tried);
        }

        Books end() {
            return new Books(attempts, counted, dueAt, free, true, false, tried);
        }
    }

    private enum Kind {
        DELIVERED,
        GONE,
        REJECTED,
        FAILED
    }

    /** Whether it uses up none of its attempts. It does if it is too old at the next probe, which is a matter of chance. */
    private enum Spared {
        NO,
        MAYBE,
        YES
    }

    /** How an answer is to be taken. */
    private record Answering(FakeWorld.Request request, Kind kind, Outcome outcome, Spared spared, boolean opened) {}

    Promises(int no, DispatchSettings settings, FakeWorld world, List<Message> accepted, Endpoint endpoint) {
        this.no = no;
        this.settings = settings;
        this.world = world;
        this.accepted = accepted;
        this.endpoint = endpoint;
    }

    private Pair pair(long seq) {
        return pairs.computeIfAbsent(seq, key -> new Pair());
    }

    private DeliveryPolicy policy() {
        return endpoint.delivery();
    }

    static String keyIn(byte[] payload) {
        String text = new String(payload, StandardCharsets.UTF_8);
        int at = text.indexOf("\"k\":\"") + 5;
        return text.substring(at, at + 2);
    }

    private static @Nullable String keyOf(Message message, Order order) {
        if (order.mode() == Mode.FIFO) {
            return "all";
        }
        return order.key() == null ? message.orderingKey : keyIn(message.payload);
    }

    private static void check(boolean is, String what, Object... about) {
        if (!is) {
            throw new AssertionError(what + ": " + java.util.Arrays.toString(about));
        }
    }

    // ---- what its owner decides

    /** The lane is about to hear of it. */
    void changed(Endpoint now, boolean applicationPaused) {
        boolean moved = !endpoint.url().equals(now.url());
        if (moved || (endpoint.disabled() && !now.disabled())) {
            closed &= endpoint.disabled() == now.disabled(); // to have moved does not enable it
            reset();
        }
        if (!Objects.equals(endpoint.rateLimit(), now.rateLimit())) {
            begins.clear(); // what began before was held to another rate
        }
        endpoint = now;
        appPaused = applicationPaused;
        if (!policy().circuit().enabled()) {
            resetCircuit();
        }
    }

    void removed() {
        removed = true;
    }

    boolean isRemoved() {
        return removed;
    }

    /** The lanes are about to hear of this message; at a start, of one after the other. */
    void offered(long seq) {
        offered = seq;
    }

    /** The process is about to stop: nothing begins any more. */
    void stopping() {
        stopping = true;
    }

    private void reset() {
        resetCircuit();
        heldUntil = 0;
        nextHold = SECOND;
        failures = 0;
        failingSince = 0;
    }

    private void resetCircuit() {
        state = State.CLOSED;
        streak = 0;
        probe = null;
        openSince = 0;
    }

    // ---- restarts

    /** What was under way is not any more, and what was not committed has not happened. */
    void crashed(@Nullable EndpointTrouble trouble) {
        stopping = false;
        closed = false;
        underWay.clear();
        begins.clear();
        rampBegins.clear();
        reset();
        for (Pair pair : pairs.values()) {
            pair.live = pair.durable;
            pair.recorded.clear();
            pair.underWay = false;
        }
        if (trouble != null) {
            failures = trouble.failures();
            failingSince = trouble.failingSince();
            streak = failures;
            heldUntil = trouble.heldUntil();
            if (policy().circuit().enabled() && trouble.openSince() > 0) {
                state = State.OPEN;
                openSince = trouble.openSince();
                pause = Math.max(micros(policy().circuit().probeAfter()), trouble.pauseMicros());
                probeFrom = trouble.probeAt();
            }
        }
    }

    /** This is kept beyond the end of the process. */
    void kept(EndpointTrouble trouble) {
        if (removed) {
            check(false, "trouble of a deleted endpoint is kept", trouble);
        }
        check((trouble.openSince() > 0) == (state == State.OPEN), "what is kept of the circuit", trouble, state);
        check(trouble.openSince() == openSince || state != State.OPEN, "since when it is open", trouble, openSince);
        check(trouble.failures() == failures, "how often it has failed", trouble, failures);
        check(
                trouble.heldUntil() == (heldUntil > world.now ? heldUntil : 0),
                "until when it is held",
                trouble,
                heldUntil);
    }

    boolean circuitOpen() {
        return state == State.OPEN && !removed;
    }

    boolean hasDisabledItself() {
        return closed;
    }

    // ---- what somebody asks for

    void asked(long seq) {
        Pair pair = pair(seq);
        pair.asked++;
        pair.roundFrom = pair.durable.attempts;
        pair.live = pair.live.free(true);
        pair.durable = pair.durable.free(true);
        Deque<Books> all = new ArrayDeque<>(pair.recorded);
        pair.recorded.clear();
        all.forEach(books -> pair.recorded.add(books.free(true)));
    }

    /** Somebody has discarded it, or cancelled it before it began. */
    void discarded(long seq) {
        Pair pair = pair(seq);
        pair.discarded = true;
        pair.live = pair.live.end();
        pair.durable = pair.durable.end();
    }

    /** The retries of the endpoint are due: its circuit has closed. */
    void dueAtOnce() {
        pairs.values().forEach(Pair::dueAtOnce);
    }

    // ---- requests

    /** A request begins: may it? */
    void begins(FakeWorld.Request request) {
        Message message = request.message();
        String what = message.seq + "/" + no;
        long now = world.now;
        Pair pair = pair(message.seq);
        check(!removed, "the endpoint is deleted", what);
        check(!stopping, "the process stops", what);
        check(!endpoint.paused() && !appPaused, "paused", what);
        check(!endpoint.disabled() && !closed, "disabled", what, closed);
        check(message.deliverAt <= now, "before its time", what);
        check(heldUntil <= now, "the endpoint has asked to be left alone", what, heldUntil);
        check(!pair.underWay, "the same one twice", what);
        check(pair.live.free || pair.live.dueAt <= now, "before its retry is due", what, pair.live.dueAt);
        check(!pair.discarded || pair.asked > 0, "given up", what);
        Duration age = policy().retry().maxAge();
        check(
                age == null || pair.asked > 0 || now - message.startsAt() <= micros(age),
                "older than it may be",
                what,
                now - message.startsAt());
        limits(request, what);
        inOrder(message, pair, what);
        pair.live = pair.live.free(false);
        pair.underWay = true;
        underWay.add(request);
    }

    private void limits(FakeWorld.Request request, String what) {
        long now = world.now;
        check(world.requests.size() < settings.inFlight(), "too many under way, in all", what);
        Integer max = policy().concurrency().max();
        int most = max == null ? settings.endpointInFlight() : max;
        switch (state) {
            case OPEN -> {
                check(probe == null, "beside the probe", what, String.valueOf(probe));
                check(now >= probeFrom, "before the next probe", what, probeFrom);
                probe = request;
            }
            case RAMP -> {
                check(
                        underWay.size() < Math.min(most, 1 << level),
                        "too many on the ramp",
                        what,
                        level,
                        underWay.size());
                even(rampBegins, 20L << level, levelSince, "too fast for the ramp", what);
            }
            case CLOSED -> check(underWay.size() < most, "too many under way", what, underWay.size());
        }
        Integer rate = endpoint.rateLimit();
        if (rate != null) {
            even(begins, rate, 0, "too fast", what);
        } else {
            begins.clear();
        }
    }

    /** In any time there are at most as many as the rate has it, a tenth of a second's worth, and one. */
    private void even(Deque<Long> earlier, long perSecond, long since, String why, String what) {
        long now = world.now;
        earlier.removeIf(at -> at < since);
        int behind = 0;
        for (Iterator<Long> each = earlier.descendingIterator(); each.hasNext(); ) {
            long at = each.next();
            behind++;
            check(behind * SECOND <= (now - at + BURST) * perSecond, why, what, behind + 1, now - at, perSecond);
        }
        earlier.add(now);
        if (earlier.size() > 50) {
            earlier.removeFirst();
        }
    }

    private void inOrder(Message message, Pair pair, String what) {
        Order order = policy().order();
        String key = keyOf(message, order);
        if (!order.mode().ordered() || key == null) {
            return;
        }
        for (FakeWorld.Request other : underWay) {
            check(
                    !Objects.equals(key, keyOf(other.message(), order)),
                    "begins beside",
                    what,
                    order,
                    other.message().seq);
        }
        if (pair.live.ended) {
            return; // asked for again: it does not stand in the order
        }
        for (Message other : accepted.subList(0, (int) offered)) {
            boolean older = other.seq < message.seq;
            if (other.seq == message.seq
                    || older == (order.mode() == Mode.LATEST_BY_KEY)
                    || !Objects.equals(key, keyOf(other, order))) {
                continue;
            }
            Books books = pair(other.seq).live;
            boolean comesLater = other.deliverAt > 0 && !books.tried; // it takes its place when it is seen to be due
            check(
                    books.ended || comesLater,
                    older ? "begins before an older one has ended" : "begins although there is a newer one",
                    what,
                    order,
                    other.seq);
        }
    }

    // ---- answers

    /** A request is itself, whatever it holds. */
    @SuppressWarnings("ReferenceEquality")
    private boolean isProbe(FakeWorld.Request request) {
        return request == probe;
    }

    /** The answer comes: what follows for the endpoint. Before the lane hears of it. */
    void answers(FakeWorld.Request request, Outcome outcome) {
        check(underWay.remove(request), "nobody waits for this answer", request);
        Pair pair = pair(request.message().seq);
        pair.underWay = false;
        if (removed) {
            return;
        }
        Kind kind = kind(outcome);
        boolean wasOpen = state == State.OPEN;
        boolean isProbe = isProbe(request);
        long now = world.now;
        hold(outcome, kind);
        if (kind == Kind.DELIVERED) {
            failures = 0;
            failingSince = 0;
        } else {
            failingSince = failures == 0 ? now : failingSince;
            failures++;
        }
        boolean refused = outcome instanceof Outcome.Response && (kind == Kind.GONE || kind == Kind.REJECTED);
        if (kind == Kind.DELIVERED || refused) {
            streak = kind == Kind.DELIVERED ? 0 : streak;
            well(kind == Kind.DELIVERED, isProbe);
        } else {
            streak++;
            fails(isProbe);
        }
        boolean mayBeSpared = wasOpen && state == State.OPEN && kind == Kind.FAILED;
        Spared spared = !mayBeSpared || tooOld(request.message(), Math.max(now, probeFrom))
                ? Spared.NO
                : tooOld(request.message(), Math.max(now + pause * 11 / 10 + 1, probeFrom * 11 / 9))
                        ? Spared.MAYBE
                        : Spared.YES;
        answering = new Answering(request, kind, outcome, spared, !wasOpen && state == State.OPEN);
        DeliveryPolicy.Disabling disabling = policy().disabling();
        Integer most = disabling.failures();
        Duration time = disabling.failingFor();
        closed |= kind == Kind.GONE
                || (kind != Kind.DELIVERED && most != null && failures >= most)
                || (kind != Kind.DELIVERED
                        && time != null
                        && failures >= LEAST_FAILURES
                        && now - failingSince >= micros(time));
    }

    /** The lane has heard of the answer. */
    void answered() {
        check(answering == null, "the attempt was not recorded", String.valueOf(answering));
    }

    private void well(boolean success, boolean isProbe) {
        long now = world.now;
        switch (state) {
            case CLOSED -> {}
            case RAMP -> {
                passed += success ? 1 : 0;
                rise();
            }
            case OPEN -> {
                if (isProbe) {
                    state = State.RAMP;
                    probe = null;
                    streak = 0;
                    openSince = 0;
                    rampSince = now;
                    level(0);
                    rampBegins.clear();
                    dueAtOnce();
                }
            }
        }
    }

    private void fails(boolean isProbe) {
        DeliveryPolicy.Circuit circuit = policy().circuit();
        switch (state) {
            case CLOSED -> {
                Integer own = circuit.failures();
                int most = own != null ? own : policy().order().mode() == Mode.FIFO ? 3 : 20;
                if (circuit.enabled() && streak >= most) {
                    pause = micros(circuit.probeAfter());
                    open();
                }
            }
            case RAMP -> {
                rise();
                if (state == State.RAMP) {
                    if (level == 0) {
                        open();
                    } else {
                        level(level - 1);
                    }
                }
            }
            case OPEN -> {
                if (isProbe) {
                    probe = null;
                    pause = Math.min(2 * pause, Math.max(LONGEST_PAUSE, micros(circuit.probeAfter())));
                    probeFrom = world.now + pause * 9 / 10;
                }
            }
        }
    }

    private void open() {
        state = State.OPEN;
        openSince = world.now;
        probe = null;
        probeFrom = world.now + pause * 9 / 10;
    }

    private void rise() {
        if (world.now - rampSince >= MINUTE) {
            state = State.CLOSED;
        } else if (passed >= 1 << level && world.now - levelSince >= SECOND) {
            if (level == TOP_LEVEL) {
                state = State.CLOSED;
            } else {
                level(level + 1);
            }
        }
    }

    private void level(int to) {
        level = to;
        rampBegins.clear(); // they were held to another rate
        passed = 0;
        levelSince = world.now;
    }

    private void hold(Outcome outcome, Kind kind) {
        if (kind == Kind.DELIVERED) {
            nextHold = SECOND;
        } else if (outcome instanceof Outcome.Response response && (response.code() == 429 || response.code() == 503)) {
            long wanted = retryAfter(response);
            if (wanted > 0) {
                heldUntil = Math.max(heldUntil, world.now + wanted);
            } else if (response.code() == 429 && heldUntil <= world.now) {
                heldUntil = world.now + nextHold;
                nextHold = Math.min(2 * nextHold, MINUTE);
            }
        }
    }

    private long retryAfter(Outcome outcome) {
        String text = outcome instanceof Outcome.Response response ? response.retryAfter() : null;
        return text == null
                ? 0
                : Math.min(
                        Long.parseLong(text) * SECOND, micros(settings.retry().retryAfterMost()));
    }

    private Kind kind(Outcome outcome) {
        DeliveryPolicy.Retry retry = policy().retry();
        return switch (outcome) {
            case Outcome.Response response -> {
                List<String> successes = policy().success().statuses();
                if (successes == null ? response.code() / 100 == 2 : among(successes, response.code())) {
                    yield Kind.DELIVERED;
                }
                if (response.code() == 410 && policy().disabling().onGone()) {
                    yield Kind.GONE;
                }
                List<String> retried = retry.statuses();
                yield retried == null || among(retried, response.code()) ? Kind.FAILED : Kind.REJECTED;
            }
            case Outcome.Unwanted _ -> throw new IllegalStateException("no endpoint of the model has a filter");
            case Outcome.Failure failure ->
                (failure.kind() == FailureKind.TIMEOUT ? retry.timeouts() : retry.connectionErrors())
                        ? Kind.FAILED
                        : Kind.REJECTED;
        };
    }

    private static boolean among(List<String> codes, int code) {
        return codes.contains(Integer.toString(code)) || codes.contains(code / 100 + "xx");
    }

    // ---- what is recorded

    /** It is handed to the recorder. */
    void recorded(Settlement settlement) {
        if (removed) {
            return;
        }
        Pair pair = pair(settlement.seq());
        Attempt attempt = settlement.attempt();
        String what = settlement.seq() + "/" + no + " " + settlement.verdict();
        if (attempt == null) {
            nothingWasTried(settlement, pair, what);
            return;
        }
        check(attempt.number() == pair.live.attempts + 1, "the number of the attempt", what, attempt.number());
        Answering answer = answering;
        Verdict verdict = settlement.verdict();
        boolean sent = attempt.status().code() <= AttemptStatus.PROTOCOL.code();
        Books before = pair.live;
        boolean free =
                before.free || settlement.base() < pair.roundFrom; // it was in memory already when it was asked for
        long dueAt = 0;
        int counted = before.counted;
        if (sent) {
            if (answer == null || answer.request.message().seq != settlement.seq()) {
                throw new AssertionError("an attempt that was not made is recorded: " + what);
            }
            answering = null;
            boolean spared = answer.spared == Spared.YES
                    || (answer.spared == Spared.MAYBE && settlement.base() > before.attempts - before.counted);
            counted += spared ? 0 : 1;
            if (answer.spared != Spared.MAYBE || pair.asked == 0) {
                dueAt = judged(answer, spared, pair, counted, settlement, what);
            }
        } else {
            unsent(attempt, settlement, pair, what);
        }
        boolean ended = before.ended || ended(verdict);
        pair.live = new Books(
                attempt.number(), counted, dueAt, free, ended, verdict instanceof Verdict.Held, before.tried || sent);
        pair.recorded.add(pair.live);
    }

    private void nothingWasTried(Settlement settlement, Pair pair, String what) {
        switch (settlement.verdict()) {
            case Verdict.Parked(long dueAt, DeferralReason reason) ->
                check(
                        (reason == DeferralReason.SCHEDULED)
                                == (dueAt == deliverAt(settlement.seq()) && dueAt > world.now),
                        "parked until its time",
                        what);
            case Verdict.Dropped _ -> {
                check(pair.live.held, "it is dropped, and nobody was told", what);
                pair.live = pair.live.end();
            }
            case Verdict.Delivered _,
                    Verdict.Exhausted _,
                    Verdict.Gone _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Held _,
                    Verdict.Cancelled _,
                    Verdict.RetryAt _ -> check(false, "no attempt, and yet", what);
        }
    }

    private long deliverAt(long seq) {
        return accepted.get((int) seq - 1).deliverAt;
    }

    private void unsent(Attempt attempt, Settlement settlement, Pair pair, String what) {
        Message message = accepted.get((int) settlement.seq() - 1);
        switch (settlement.verdict()) {
            case Verdict.Superseded(String by) -> superseded(message, by, what);
            case Verdict.Exhausted _, Verdict.Held _ -> {
                check(attempt.status() == AttemptStatus.EXPIRED, "why it has ended", what, attempt);
                boolean tooOld = tooOld(message, world.now);
                check(tooOld || waitedForCircuit(message, pair), "it has ended too early", what, attempt);
            }
            case Verdict.Delivered _,
                    Verdict.Gone _,
                    Verdict.Unrepeated _,
                    Verdict.Cancelled _,
                    Verdict.Dropped _,
                    Verdict.Parked _,
                    Verdict.RetryAt _ -> check(false, "nothing was sent, and yet", what, attempt);
        }
    }

    private boolean waitedForCircuit(Message message, Pair pair) {
        DeliveryPolicy.Circuit circuit = policy().circuit();
        Order order = policy().order();
        long keep = micros(circuit.keepFor());
        return state == State.OPEN
                && circuit.afterwards() == DeliveryPolicy.Afterwards.DEAD_LETTER
                && !(order.mode().ordered() && order.onExhausted() == OnExhausted.HOLD)
                && !pair.live.held
                && world.now - openSince >= keep
                && world.now - message.createdAt >= keep;
    }

    private void superseded(Message message, String by, String what) {
        Order order = policy().order();
        check(order.mode() == Mode.LATEST_BY_KEY, "superseded in another order", what, order);
        Message newer = accepted.stream()
                .filter(other -> other.id.equals(by))
                .findFirst()
                .orElse(null);
        check(
                newer != null
                        && newer.seq > message.seq
                        && newer.deliverAt <= world.now
                        && keyOf(message, order) != null
                        && Objects.equals(keyOf(newer, order), keyOf(message, order)),
                "superseded by another one",
                what);
    }

    /**
     * Whether an attempt was judged as it should be.
     *
     * @return when the next one may begin
     */
    private long judged(Answering answer, boolean spared, Pair pair, int counted, Settlement settlement, String what) {
        Message message = answer.request.message();
        Order order = policy().order();
        Verdict verdict = settlement.verdict();
        int inRound = settlement.attempts() - settlement.base() + (spared ? 1 : 0);
        if (pair.asked == 0) {
            check(inRound == counted + (spared ? 1 : 0), "attempts that count", what, inRound, counted);
        }
        check(inRound >= 1, "an attempt before its round", what, inRound);
        long now = world.now;
        return switch (answer.kind) {
            case DELIVERED -> {
                check(verdict instanceof Verdict.Delivered, "it has arrived", what);
                yield 0;
            }
            case GONE -> {
                check(verdict instanceof Verdict.Gone, "it is gone", what);
                yield 0;
            }
            case REJECTED -> {
                check(
                        verdict.equals(new Verdict.Exhausted(true)) || holds(verdict),
                        "such an outcome is not tried again",
                        what);
                checkHeld(settlement, order, verdict, what);
                yield 0;
            }
            case FAILED -> {
                if (spared) {
                    check(verdict instanceof Verdict.RetryAt || isSuperseded(message, verdict, what), "spared", what);
                    if (verdict instanceof Verdict.RetryAt(long at)) {
                        check(at >= now && at <= now + pause * 11 / 10 + 1, "the next probe", what);
                    }
                    yield 0;
                }
                Duration[] waits = waits(inRound);
                long asked = retryAfter(answer.outcome);
                long earliest = waits == null ? 0 : now + Math.max(micros(waits[0]), asked);
                long latest = waits == null ? 0 : now + Math.max(micros(waits[1]), asked);
                boolean mayEnd = waits == null || tooOld(message, latest);
                boolean mustEnd = waits == null || tooOld(message, earliest);
                if (verdict instanceof Verdict.RetryAt(long at)) {
                    check(!mustEnd, "it has no attempt left", what, inRound);
                    long from = answer.opened ? Math.min(earliest, probeFrom) : earliest;
                    check(
                            from <= at && at <= latest + 1,
                            "when it is tried again",
                            what,
                            at - now,
                            from - now,
                            latest - now);
                    yield state == State.OPEN ? 0 : from;
                }
                check(mayEnd || isSuperseded(message, verdict, what), "it had attempts left", what, inRound);
                if (!(verdict instanceof Verdict.Superseded)) {
                    check(
                            verdict instanceof Verdict.Exhausted(boolean rejected)
                                    ? !rejected
                                    : verdict instanceof Verdict.Held,
                            "it is exhausted",
                            what);
                    checkHeld(settlement, order, verdict, what);
                }
                yield 0;
            }
        };
    }

    private boolean isSuperseded(Message message, Verdict verdict, String what) {
        if (verdict instanceof Verdict.Superseded(String by)) {
            superseded(message, by, what);
            return true;
        }
        return false;
    }

    private static boolean holds(Verdict verdict) {
        return verdict instanceof Verdict.Held;
    }

    private void checkHeld(Settlement settlement, Order order, Verdict verdict, String what) {
        boolean held = order.onExhausted() == OnExhausted.HOLD
                && (order.mode() == Mode.FIFO || order.mode() == Mode.FIFO_BY_KEY)
                && keyOf(accepted.get((int) settlement.seq() - 1), order) != null
                && !settlement.aside();
        check(held == verdict instanceof Verdict.Held, "held", what, order, settlement.aside());
    }

    /** The shortest and the longest wait after so many attempts; null if there is no other attempt. */
    private Duration @Nullable [] waits(int attempts) {
        DeliveryPolicy.Retry retry = policy().retry();
        List<Duration> schedule = retry.schedule() == null ? settings.retry().delays() : retry.schedule();
        DeliveryPolicy.Exponential growing = retry.exponential();
        Integer most = retry.maxAttempts();
        if (most != null && attempts >= most) {
            return null;
        }
        Duration wait;
        if (growing == null) {
            if (attempts > schedule.size()) {
                return null;
            }
            wait = schedule.get(attempts - 1);
        } else {
            double grown = growing.initial().toNanos() * Math.pow(growing.factor(), attempts - 1.0);
            wait = Duration.ofNanos(
                    (long) Math.min(grown, (double) growing.cap().toNanos()));
        }
        Double own = retry.jitter();
        double jitter = own == null ? settings.retry().jitter() : own;
        return new Duration[] {times(wait, 1 - jitter), times(wait, 1 + jitter)};
    }

    private static Duration times(Duration wait, double factor) {
        return Duration.ofNanos((long) (wait.toNanos() * factor));
    }

    private boolean tooOld(Message message, long at) {
        Duration age = policy().retry().maxAge();
        return age != null && at - message.startsAt() > micros(age);
    }

    /** It is durable. */
    void committed(Settlement settlement) {
        if (removed) {
            return;
        }
        Pair pair = pair(settlement.seq());
        if (settlement.attempt() != null) {
            Books books = Objects.requireNonNull(pair.recorded.poll(), "committed, and never recorded");
            pair.durable = pair.durable.ended ? books.end() : books;
        } else if (settlement.verdict() instanceof Verdict.Dropped) {
            pair.durable = pair.durable.end();
        }
    }

    static boolean ended(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Delivered _,
                    Verdict.Exhausted _,
                    Verdict.Gone _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Cancelled _,
                    Verdict.Dropped _ -> true;
            case Verdict.RetryAt _, Verdict.Held _, Verdict.Parked _ -> false;
        };
    }

    /** All is over: was each message delivered, or did it end visibly? */
    void nothingIsLost() {
        check(underWay.isEmpty(), "still under way", underWay);
        for (Message message : accepted) {
            if (!removed) {
                check(pair(message.seq).durable.ended, "it has not ended", message.seq + "/" + no);
            }
        }
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }
}
