package io.posthorn.e2e;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Waits for what sends no signal: the state of another process. */
final class Until {
    /** How long anything may take that happens at once on an idle machine. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final long LOOK_NANOS = 20_000_000;

    private Until() {}

    /** Asks again and again, for at most 30 s, until it holds. */
    static void holds(String what, Callable<Boolean> condition) throws Exception {
        value(what, condition, held -> held);
    }

    /**
     * Asks again and again, for at most 30 s, until the answer is right.
     *
     * @return the answer
     */
    static <T> T value(String what, Callable<T> question, Predicate<T> right) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            T answer = question.call();
            if (right.test(answer)) {
                return answer;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + PATIENCE + ": " + what + "; the last answer was " + answer);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
