package io.posthorn.dispatch;

import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Says when a lane may start its next request, whichever it is: not more at once than the endpoint takes
 * ({@link Health}), not more in a second than its owner wants ({@link Flow}), none while it has asked to be left alone, and
 * nothing but probes while it fails ({@link Circuit}). It is told of every start and every end. Its clock is handed in.
 */
final class Gate {
    /** What the end of a request has changed for the whole lane. */
    enum Turn {
        /** Nothing. */
        NONE,
        /** The circuit has opened: what waits in memory is to be parked. */
        OPENED,
        /** The circuit is not open any more: what waits for a later retry can go now. */
        WELL
    }

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;
    private static final double SECONDS_IN_MINUTE = 60;
    private static final long FIRST_HOLD = 1_000_000;
    private static final long LONGEST_HOLD = 60_000_000;
    /** Beyond it, a lane that holds still gives its memory back, microseconds. */
    private static final long LONG = 5_000_000;
    /** Who has failed for days has failed several times: one failure now and one last week is another thing. */
    private static final int LEAST_FAILURES = 5;

    private final int usualMost;
    private final Health health;
    private final Circuit circuit;
    private final Flow flow = new Flow();
    private final Flow ramp = new Flow();

    /** Requests a second, of what its owner wants and what it has agreed to the smaller one; 0 for any number. */
    private double rate;

    private DeliveryPolicy.Disabling disabling = DeliveryPolicy.DEFAULT.disabling();
    private long heldUntil;
    private long nextHold = FIRST_HOLD;
    /** When the first attempt failed after the last success; 0 if none has. */
    private long failingSince;

    private int failures;

    /**
     * The gate of an endpoint of which nothing is known.
     *
     * @param usualMost requests in flight, at least 1; if its owner has decided, fewer
     * @param random from 0 to 1
     */
    Gate(Endpoint endpoint, int usualMost, DoubleSupplier random) {
        this.usualMost = usualMost;
        DeliveryPolicy policy = endpoint.delivery();
        this.health = new Health(most(policy), policy.concurrency().adaptive());
        this.circuit = new Circuit(policy, !endpoint.temporary(), random);
        endpoint(endpoint);
    }

    /** The endpoint as it is from now on. */
    final void endpoint(Endpoint endpoint) {
        DeliveryPolicy policy = endpoint.delivery();
        rate = rate(endpoint.rateLimit(), endpoint.shape().agreedRate());
        disabling = policy.disabling();
        health.bounds(most(policy), policy.concurrency().adaptive());
        circuit.policy(policy, !endpoint.temporary());
    }

    private static double rate(@Nullable Integer perSecond, @Nullable Integer perMinute) {
        double agreed = perMinute == null ? 0 : perMinute / SECONDS_IN_MINUTE;
        return perSecond == null ? agreed : agreed == 0 ? perSecond : Math.min(perSecond, agreed);
    }

    private int most(DeliveryPolicy policy) {
        Integer most = policy.concurrency().max();
        return most == null ? usualMost : Math.clamp(most, 1, usualMost);
    }

    /**
     * Whether another request may start.
     *
     * @param inFlight how many are under way
     * @param now microseconds since 1970
     */
    boolean mayStart(int inFlight, long now) {
        return hasPlace(inFlight) && opensAt(now) <= now;
    }

    /** Whether so many requests under way leave room for one, if it were time for it. */
    boolean hasPlace(int inFlight) {
        return circuit.state() == Circuit.State.OPEN
                || inFlight < limit(); // those that hang do not keep the probe waiting
    }

    /** Whether time has no say in it: most lanes never need to look at the clock. */
    boolean timeless() {
        return rate == 0 && heldUntil == 0 && circuit.state() == Circuit.State.CLOSED;
    }

    /**
     * When the next request may start if it finds a place.
     *
     * @param now microseconds since 1970
     * @return now if it may start now; {@link Backlog#NEVER} if a probe is under way: its end tells
     */
    long opensAt(long now) {
        long at = now;
        if (heldUntil > now) {
            at = heldUntil;
        } else {
            heldUntil = 0;
        }
        switch (circuit.state()) {
            case CLOSED -> {}
            case OPEN -> at = Math.max(at, circuit.probeAt());
            case RAMP -> at = Math.max(at, ramp.opensAt(circuit.rampRate(), now));
        }
        return rate == 0 ? at : Math.max(at, flow.opensAt(rate, now));
    }

    /** Whether what waits here would be in the way for long. */
    boolean closedForLong(long now) {
        long at = opensAt(now);
        return circuitOpen() ? at > now : at - now > LONG;
    }

    /** Most requests in flight now, at least 1. */
    int limit() {
        return switch (circuit.state()) {
            case CLOSED -> health.limit();
            case OPEN -> 1;
            case RAMP -> Math.min(health.limit(), circuit.rampLimit());
        };
    }

    /** How many deliveries are worth having in memory: as many as can start before more can be read. */
    int worthReading(int forEachInFlight) {
        if (circuit.state() == Circuit.State.OPEN) {
            return 1;
        }
        int most = forEachInFlight * limit();
        return rate == 0 ? most : Math.min(most, Math.max(1, (int) rate));
    }

    /** Which part of what all lanes share is for this one. */
    Health.Standing standing() {
        return health.standing();
    }

    /** Whether nothing is sent but probes. */
    boolean circuitOpen() {
        return circuit.state() == Circuit.State.OPEN;
    }

    /**
     * A request starts.
     *
     * @return its number, to be given back at its end
     */
    long begin(Time time) {
        long request = health.begin();
        circuit.begun(request);
        if (rate > 0) {
            flow.started(rate, time.micros());
        }
        if (circuit.state() == Circuit.State.RAMP) {
            ramp.started(circuit.rampRate(), time.micros());
        }
        return request;
    }

    /** When a delivery is tried again whose attempt failed while the circuit was open. */
    long triedAgainAt(long now) {
        long at = circuit.probeAt();
        return at == Backlog.NEVER ? now + circuit.pause() : at;
    }

    /**
     * A request has ended.
     *
     * @param request the number that it was given
     * @param outcome how
     * @param verdict what it means for its delivery
     * @param askedFor how long the endpoint has asked to be left alone, microseconds; 0 if it has not
     * @param now microseconds since 1970
     */
    Turn ended(long request, Outcome outcome, Verdict verdict, long askedFor, long now) {
        boolean success = verdict instanceof Verdict.Delivered;
        assess(request, outcome, success, askedFor);
        hold(outcome, success, askedFor, now);
        if (success) {
            failingSince = 0;
            failures = 0;
        } else {
            failingSince = failures == 0 ? now : failingSince;
            failures++;
        }
        if (success || isOnlyRefused(outcome, verdict)) {
            return circuit.succeeded(request, success, now) ? Turn.WELL : Turn.NONE;
        }
        return circuit.failed(request, now) ? Turn.OPENED : Turn.NONE;
    }

    /** What had started was not sent after all: nothing is learnt of the endpoint. */
    void unsent(long request) {
        circuit.unsent(request);
        if (rate > 0) {
            flow.givenBack(rate);
        }
        if (circuit.state() == Circuit.State.RAMP) {
            ramp.givenBack(circuit.rampRate());
        }
    }

    /** It does not want this one, and says so: it is there. */
    private static boolean isOnlyRefused(Outcome outcome, Verdict verdict) {
        return outcome instanceof Outcome.Response
                && (verdict instanceof Verdict.Gone
                        || (verdict instanceof Verdict.Exhausted(boolean rejected) && rejected));
    }

    private void assess(long request, Outcome outcome, boolean success, long askedFor) {
        boolean costly = switch (outcome) {
            case Outcome.Response response ->
                !success
                        && switch (response.code()) {
                            case TOO_MANY_REQUESTS, 502, 504 -> true;
                            case UNAVAILABLE -> askedFor > 0;
                            default -> false;
                        };
            case Outcome.Failure _ -> true;
            case Outcome.Unwanted _ -> false;
        };
        if (costly) {
            health.bad(request);
        } else {
            health.good(success);
        }
    }

    private void hold(Outcome outcome, boolean success, long askedFor, long now) {
        if (success) {
            nextHold = FIRST_HOLD;
        } else if (outcome instanceof Outcome.Response response) {
            int code = response.code();
            if (askedFor > 0 && (code == TOO_MANY_REQUESTS || code == UNAVAILABLE)) {
                heldUntil = Math.max(heldUntil, now + askedFor);
            } else if (code == TOO_MANY_REQUESTS && heldUntil <= now) {
                heldUntil = now + nextHold;
                nextHold = Math.min(2 * nextHold, LONGEST_HOLD);
            }
        }
    }

    /**
     * Why the endpoint is to be disabled, to be asked after a failure.
     *
     * @return for people; null if it is not
     */
    @Nullable
    String disable(long now) {
        Integer most = disabling.failures();
        if (most != null && failures >= most) {
            return failures + " attempts one after the other have failed";
        }
        Duration time = disabling.failingFor();
        if (time != null && failures >= LEAST_FAILURES && now - failingSince >= time.toNanos() / 1_000) {
            return "it has failed for " + text(time) + " without a success";
        }
        return null;
    }

    private static String text(Duration time) {
        if (time.toSeconds() % 86_400 == 0) {
            return time.toDays() == 1 ? "a day" : time.toDays() + " days";
        }
        return time.toSeconds() % 3_600 == 0 ? time.toHours() + " h" : time.toSeconds() + " s";
    }

    /** When the first attempt failed after the last success, microseconds since 1970; 0 if none has. */
    long failingSince() {
        return failingSince;
    }

    /** Attempts since the last success. */
    int failures() {
        return failures;
    }

    /** Since when the circuit is open, microseconds since 1970; 0 if it is not. */
    long openSince() {
        return circuit.openSince();
    }

    /** When the next probe is due, microseconds since 1970; 0 if the circuit is not open or a probe is under way. */
    long probeAt() {
        long at = circuit.probeAt();
        return at == Backlog.NEVER ? 0 : at;
    }

    /** Until when nothing is sent because it has asked for that, microseconds since 1970; 0 if it has not. */
    long heldUntil(long now) {
        return heldUntil > now ? heldUntil : 0;
    }

    /** What is to be remembered beyond the end of the process; null if there is nothing. */
    @Nullable
    EndpointTrouble trouble(int endpointNo, long now) {
        boolean open = circuitOpen();
        if (failures == 0
                && heldUntil(now) == 0
                && !open) { // an open circuit may have seen the success of an old request
            return null;
        }
        return new EndpointTrouble(
                endpointNo,
                failingSince == 0 ? now : failingSince,
                failures,
                circuit.openSince(),
                open ? circuit.pause() : 0,
                open ? triedAgainAt(now) : 0,
                heldUntil(now));
    }

    /** As it stood when the process ended before. */
    void restore(EndpointTrouble trouble) {
        failingSince = trouble.failures() == 0 ? 0 : trouble.failingSince();
        failures = trouble.failures();
        heldUntil = trouble.heldUntil();
        circuit.restore(trouble.openSince(), trouble.pauseMicros(), trouble.probeAt(), trouble.failures());
    }

    /** Nothing is known any more. */
    void reset() {
        health.reset();
        circuit.reset();
        heldUntil = 0;
        nextHold = FIRST_HOLD;
        failingSince = 0;
        failures = 0;
        ramp.reset();
    }
}
