package io.posthorn.model;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the owner of an endpoint has decided about its deliveries. What is null is as the installation's configuration
 * has it.
 *
 * @param order in which order it gets them
 * @param retry what is tried again, and when
 * @param timeout the longest that an attempt may take, all of it
 * @param success what counts as success
 * @param circuit when it is left alone, and what becomes of its deliveries meanwhile
 * @param concurrency how many requests may be under way to it
 * @param disabling when it is disabled without being asked
 * @param notification who is told by e-mail, and of what
 */
public record DeliveryPolicy(
        Order order,
        Retry retry,
        @Nullable Duration timeout,
        Success success,
        Circuit circuit,
        Concurrency concurrency,
        Disabling disabling,
        Notification notification) {

    /** What suits most. */
    public static final DeliveryPolicy DEFAULT = new DeliveryPolicy(
            new Order(Mode.UNORDERED, null, OnExhausted.SKIP),
            new Retry(null, null, null, null, null, null, true, true),
            null,
            new Success(null, null, null),
            new Circuit(true, null, null, Duration.ofSeconds(30), Duration.ofHours(24), Afterwards.DEAD_LETTER),
            new Concurrency(null, true),
            new Disabling(true, Duration.ofDays(5), null),
            new Notification(List.of(), false));

    /** Which delivery may go while others have not ended. */
    public enum Mode {
        /** All side by side; a retry comes when it is due. */
        UNORDERED("unordered"),
        /** One after the other, in the order of acceptance. */
        FIFO("fifo"),
        /** As {@link #FIFO} among those with the same key; those with different keys, or without one, side by side. */
        FIFO_BY_KEY("fifoByKey"),
        /** One at a time for each key, and of several that wait only the latest; those without a key side by side. */
        LATEST_BY_KEY("latestByKey");

        private final String text;

        Mode(String text) {
            this.text = text;
        }

        /** The name in the API. */
        public String text() {
            return text;
        }

        /** Whether deliveries wait for others. */
        public boolean ordered() {
            return this != UNORDERED;
        }

        /** Whether the messages have keys. */
        public boolean keyed() {
            return this == FIFO_BY_KEY || this == LATEST_BY_KEY;
        }
    }

    /** What becomes of those behind one that has run out of attempts. */
    public enum OnExhausted {
        /** They go on. */
        SKIP("skip"),
        /** They wait until somebody sends it again or discards it. */
        HOLD("hold");

        private final String text;

        OnExhausted(String text) {
            this.text = text;
        }

        /** The name in the API. */
        public String text() {
            return text;
        }
    }

    /**
     * The order of deliveries.
     *
     * @param mode how they wait for each other
     * @param key where the key stands in the payload, such as {@code $.customer.id}; null for the message's
     *     {@code orderingKey}. Of no meaning without keys
     * @param onExhausted with {@link Mode#FIFO} and {@link Mode#FIFO_BY_KEY}
     */
    public record Order(Mode mode, @Nullable String key, OnExhausted onExhausted) {}

    /**
     * What is tried again, and when.
     *
     * @param schedule the wait after the first attempt, after the second, and so on
     * @param exponential waits that grow; at most one of the two is there
     * @param jitter each wait is multiplied by a random factor from 1 − jitter to 1 + jitter
     * @param maxAttempts all attempts of a round, the first one included
     * @param maxAge of the message; later than that no attempt begins
     * @param statuses which answers are tried again: codes ({@code 429}) and classes ({@code 5xx}); null for all that
     *     are no success
     * @param timeouts whether it is tried again if no complete answer came in time
     * @param connectionErrors whether it is tried again if there was no connection, or it broke
     */
    public record Retry(
            @Nullable List<Duration> schedule,
            @Nullable Exponential exponential,
            @Nullable Double jitter,
            @Nullable Integer maxAttempts,
            @Nullable Duration maxAge,
            @Nullable List<String> statuses,
            boolean timeouts,
            boolean connectionErrors) {}

    /**
     * Waits that grow.
     *
     * @param initial the first one
     * @param factor how many times the one before each one is; at least 1
     * @param cap the longest
     */
    public record Exponential(Duration initial, double factor, Duration cap) {}

    /**
     * What counts as success; all that is given has to hold.
     *
     * @param statuses codes ({@code 204}) and classes ({@code 2xx}); null for {@code 2xx}
     * @param body what the answer's body is, without white space around it
     * @param expression JSONata over the answer, which has to be true
     */
    public record Success(
            @Nullable List<String> statuses,
            @Nullable String body,
            @Nullable String expression) {}

    /** What becomes of deliveries whose time in an open circuit is over. */
    public enum Afterwards {
        /** They end, as exhausted ones do. */
        DEAD_LETTER("deadLetter"),
        /** They go on waiting. */
        KEEP("keep");

        private final String text;

        Afterwards(String text) {
            this.text = text;
        }

        /** The name in the API. */
        public String text() {
            return text;
        }
    }

    /**
     * When an endpoint is left alone.
     *
     * @param enabled whether it ever is
     * @param failures after so many failed attempts one after the other; null for what suits the order: 20, or 3 with
     *     {@link Mode#FIFO}, where there is only one to try
     * @param failureRate or when this part of the attempts of the last minute failed, of at least 20; null for never
     * @param probeAfter the first pause; each probe that fails doubles it, up to five minutes
     * @param keepFor how long deliveries wait for it
     * @param afterwards and then
     */
    public record Circuit(
            boolean enabled,
            @Nullable Integer failures,
            @Nullable Double failureRate,
            Duration probeAfter,
            Duration keepFor,
            Afterwards afterwards) {}

    /**
     * Requests under way to an endpoint.
     *
     * @param max at most
     * @param adaptive fewer while it cannot take them
     */
    public record Concurrency(@Nullable Integer max, boolean adaptive) {}

    /**
     * When an endpoint is disabled without being asked.
     *
     * @param onGone when it answers 410
     * @param failingFor when it has failed for so long with no success in between; null for never
     * @param failures when so many attempts have failed with no success in between; null for never
     */
    public record Disabling(
            boolean onGone,
            @Nullable Duration failingFor,
            @Nullable Integer failures) {}

    /**
     * Who is told by e-mail when the endpoint is disabled or a delivery has ended without success.
     *
     * @param emails addresses; empty for nobody
     * @param onRejected whether at once for each delivery whose answer is not tried again
     */
    public record Notification(List<String> emails, boolean onRejected) {}
}
