package io.posthorn.cli;

import java.time.Duration;
import java.util.Locale;

/** How the demo's receivers behave. Nothing about it is random, so that every run can be compared with the last. */
enum DemoEndpoint {
    /** Answers 204 at once. */
    HEALTHY("answers at once", Duration.ZERO),
    /** Of three requests for a message the first two fail, so of all requests two in three do. */
    FAILING("fails twice in three", Duration.ZERO),
    /** Takes its time and answers 204. */
    SLOW("takes 150 ms", Duration.ofMillis(150));

    private static final int FAILURES = 2;

    private final String behaviour;
    private final Duration pause;

    DemoEndpoint(String behaviour, Duration pause) {
        this.behaviour = behaviour;
        this.pause = pause;
    }

    /** Its name in the table and its path. */
    String title() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What it does, for people. */
    String behaviour() {
        return behaviour;
    }

    /** How long it thinks before it answers. */
    Duration pause() {
        return pause;
    }

    /**
     * What it answers.
     *
     * @param request the how-manieth request for this message, from 1
     */
    int status(int request) {
        return switch (this) {
            case HEALTHY, SLOW -> 204;
            case FAILING -> request % (FAILURES + 1) == 0 ? 204 : 500;
        };
    }
}
