package io.posthorn.bench;

/** How fast a {@link Loader} sends. */
sealed interface Pace {
    /**
     * A closed loop: the next message goes out when an earlier one is accepted and has arrived everywhere.
     *
     * @param outstanding messages under way at any time
     */
    record Closed(int outstanding) implements Pace {}

    /**
     * An open loop.
     *
     * @param schedule when each message goes out
     */
    record Open(Schedule schedule) implements Pace {}

    /** Nothing more goes out. */
    record Stopped() implements Pace {}
}
