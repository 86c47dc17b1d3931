package io.posthorn.dispatch;

import io.posthorn.Requirement;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A model of what deliveries are promised, beside lanes that everything happens to. Each scenario is made from a number;
 * {@code -Dposthorn.seed} repeats it, {@code -Dposthorn.scenarios} says how many there are.
 */
final class OrderSimulationTest {
    private static final int SCENARIOS = Integer.getInteger("posthorn.scenarios", 10_000);

    /**
     * The same histories in every run, so that what fails has been changed; {@code -Dposthorn.seed} and {@code
     * -Dposthorn.scenarios} bring others.
     */
    private static final long FIRST = 21_289_530_460_000L;

    /** Nothing but the order matters: much of it happens at the same time. */
    @Test
    @Requirement({"A15", "B42", "B43", "D24"})
    void theOrderIsKeptWhateverHappens() {
        run(true);
    }

    /** The owners decide about everything that there is, and the endpoints are as hostile as can be. */
    @Test
    @Requirement({"A15", "B38", "B42", "B43", "B44", "B45", "D23", "D24"})
    void whatWasPromisedIsKeptWhateverHappens() {
        run(false);
    }

    private static void run(boolean orderOnly) {
        long seed = Long.getLong("posthorn.seed", FIRST);
        for (int i = 0; i < SCENARIOS; i++) {
            long number = seed + i;
            try {
                new Scenario(new Random(number), orderOnly, false).run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "scenario failed; repeat it with -Dposthorn.seed=" + number + " -Dposthorn.scenarios=1\n"
                                + String.join("\n", logOf(number, orderOnly)),
                        e);
            }
        }
    }

    /** The same once more: what happens is made from the number alone. */
    private static List<String> logOf(long number, boolean orderOnly) {
        Scenario again = new Scenario(new Random(number), orderOnly, true);
        try {
            again.run();
        } catch (RuntimeException | AssertionError e) {
            again.log.add(e.toString());
        }
        return again.log;
    }
}
