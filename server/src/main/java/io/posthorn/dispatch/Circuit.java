package io.posthorn.dispatch;

import io.posthorn.history.Backlog;
import io.posthorn.model.DeliveryPolicy;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When an endpoint is left alone because it fails.
 *
 * <pre>
 *              so many failures, or such a part of them
 *   ┌────────┐ ───────────────────────────────────────▶ ┌──────┐ ◀─┐ it fails: the pause doubles
 *   │ closed │                                          │ open │   │
 *   └────────┘ ◀──┐                                     └──────┘ ──┴▶ after the pause: one probe
 *                 │ the last level        a failure on     ▲             │ it succeeds
 *                 │ is passed              the lowest      │             ▼
 *                 └─────────────────────────────────── ┌──────────────────┐
 *                                                      │ ramp, level 0…8  │ ⟲ a failure: one level down
 *                                                      └──────────────────┘
 * </pre>
 *
 * On level n of the ramp 2ⁿ requests may be under way and 20·2ⁿ may start in a second. A level is passed with as many
 * successes as may be under way on it, and not before a second is over.
 */
final class Circuit {
    /** Where it stands. */
    enum State {
        /** Nothing is held back. */
        CLOSED,
        /** Nothing is sent but probes. */
        OPEN,
        /** The endpoint is well again, and is not to be knocked over. */
        RAMP
    }

    static final int TOP_LEVEL = 8;
    static final double FIRST_RATE = 20;
    /** The longest pause, microseconds. */
    static final long LONGEST_PAUSE = 300_000_000;

    private static final long SECOND = 1_000_000;
    private static final int FAILURES = 20;
    private static final int FAILURES_IN_FIFO = 3;
    private static final int LEAST_FOR_RATE = 20;
    private static final long RAMP_ENDS_AFTER = 60 * SECOND;
    private static final double JITTER = 0.1;

    private final DoubleSupplier random;

    private boolean enabled;
    private int mostFailures;
    private @Nullable Double failureRate;
    private long firstPause;

    private State state = State.CLOSED;
    /** Failures one after the other. */
    private int streak;

    private @Nullable LastMinute lastMinute;
    private long openSince;
    private long pause;
    private long probeAt = Backlog.NEVER;
    /** The request that is the probe; 0 if none is under way. */
    private long probe;

    private int level;
    private int passed;
    private long levelSince;
    private long rampSince;

    /**
     * A closed one.
     *
     * @param random from 0 to 1, so that not all endpoints are probed at the same moment
     */
    Circuit(DeliveryPolicy policy, boolean allowed, DoubleSupplier random) {
        this.random = random;
        policy(policy, allowed);
    }

    /** As the owner wants it from now on. One that must not be open any more closes. */
    final void policy(DeliveryPolicy policy, boolean allowed) {
        DeliveryPolicy.Circuit circuit = policy.circuit();
        enabled = circuit.enabled() && allowed;
        Integer failures = circuit.failures();
        mostFailures = failures != null
                ? failures
                : policy.order().mode() == DeliveryPolicy.Mode.FIFO ? FAILURES_IN_FIFO : FAILURES;
        failureRate = circuit.failureRate();
        firstPause = micros(circuit.probeAfter());
        if (failureRate == null) {
            lastMinute = null;
        }
        if (!enabled) {
            reset();
        }
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }

    State state() {
        return state;
    }

    /** Since when it is open, microseconds since 1970; 0 if it is not. */
    long openSince() {
        return state == State.OPEN ? openSince : 0;
    }

    /** When the next probe may go; {@link Backlog#NEVER} if it is not open or a probe is under way. */
    long probeAt() {
        return state == State.OPEN && probe == 0 ? probeAt : Backlog.NEVER;
    }

    /** The present pause between probes, microseconds. */
    long pause() {
        return pause;
    }

    /** Most requests under way on the ramp's level. */
    int rampLimit() {
        return 1 << level;
    }

    /** Most requests a second on the ramp's level. */
    double rampRate() {
        return FIRST_RATE * (1 << level);
    }

    /** A request begins; while the circuit is open it is the probe. */
    void begun(long request) {
        if (state == State.OPEN) {
            probe = request;
        }
    }

    /** What had begun was not sent after all: if it was to be the probe, another one may be. */
    void unsent(long request) {
        if (request == probe) {
            probe = 0;
        }
    }

    /**
     * A request has succeeded, or was answered in a way that is no failure of the endpoint.
     *
     * @param request its number
     * @param success false if it was only answered
     * @return whether the circuit was open and is not any more
     */
    boolean succeeded(long request, boolean success, long now) {
        streak = success ? 0 : streak;
        count(now, false);
        return switch (state) {
            case CLOSED -> false;
            case RAMP -> {
                passed += success ? 1 : 0;
                rise(now);
                yield false;
            }
            case OPEN -> {
                if (request != probe) {
                    yield false; // it began before; whether the endpoint is well now, the probe tells
                }
                state = State.RAMP;
                probe = 0;
                probeAt = Backlog.NEVER;
                streak = 0;
                lastMinute = null;
                rampSince = now;
                level(0, now);
                yield true;
            }
        };
    }

    /**
     * A request has failed.
     *
     * @return whether the circuit was not open and is now
     */
    boolean failed(long request, long now) {
        streak++;
        count(now, true);
        switch (state) {
            case CLOSED -> {
                if (enabled && (streak >= mostFailures || tooManyOfLastMinute(now))) {
                    pause = firstPause;
                    open(now);
                    return true;
                }
            }
            case RAMP -> {
                rise(now);
                if (state == State.CLOSED) {
                    return false;
                }
                if (level == 0) {
                    open(now);
                    return true;
                }
                level(level - 1, now);
            }
            case OPEN -> {
                if (request == probe) {
                    probe = 0;
                    pause = Math.min(2 * pause, Math.max(LONGEST_PAUSE, firstPause));
                    probeAt = now + jittered(pause);
                }
            }
        }
        return false;
    }

    private void open(long now) {
        state = State.OPEN;
        openSince = now;
        probe = 0;
        probeAt = now + jittered(pause);
    }

    private long jittered(long micros) {
        return (long) (micros * (1 + JITTER * (2 * random.getAsDouble() - 1)));
    }

    /** One level at a time; what has gone well for a minute, however little it was, is over. */
    private void rise(long now) {
        if (now - rampSince >= RAMP_ENDS_AFTER) {
            state = State.CLOSED;
        } else if (passed >= rampLimit() && now - levelSince >= SECOND) {
            if (level == TOP_LEVEL) {
                state = State.CLOSED;
            } else {
                level(level + 1, now);
            }
        }
    }

    private void level(int to, long now) {
        level = to;
        passed = 0;
        levelSince = now;
    }

    private void count(long now, boolean failure) {
        if (failureRate != null && state == State.CLOSED) {
            LastMinute counts = lastMinute;
            if (counts == null) {
                counts = new LastMinute();
                lastMinute = counts;
            }
            counts.add(now, failure);
        }
    }

    private boolean tooManyOfLastMinute(long now) {
        Double rate = failureRate;
        LastMinute counts = lastMinute;
        return rate != null
                && counts != null
                && counts.all(now) >= LEAST_FOR_RATE
                && counts.failed(now) >= rate * counts.all(now);
    }

    /** As it stood when the process ended before. */
    void restore(long since, long pauseMicros, long nextProbeAt, int failuresBefore) {
        streak = failuresBefore;
        if (enabled && since > 0) {
            state = State.OPEN;
            openSince = since;
            pause = Math.max(firstPause, Math.min(pauseMicros, LONGEST_PAUSE));
            probeAt = nextProbeAt;
            probe = 0;
        }
    }

    /** Nothing has happened. */
    void reset() {
        state = State.CLOSED;
        streak = 0;
        lastMinute = null;
        probe = 0;
        probeAt = Backlog.NEVER;
        openSince = 0;
        pause = 0;
    }
}
