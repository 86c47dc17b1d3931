package io.posthorn.dispatch;

/**
 * What a lane's last exchanges say of its endpoint, and how many requests it may therefore have in flight: as many as it
 * is allowed as long as it takes them. What holds a connection or time (no answer, no connection, 429, 502, 504, a 503 that
 * says when to come back) halves the number, once for all requests that were under way together; from there on each
 * success adds a little, one for each round of them.
 */
final class Health {
    /** Which part of all requests in flight a lane may use. */
    enum Standing {
        /** Its last requests failed in a way that costs others something. */
        SUSPECT,
        /** Nothing is known yet. */
        UNKNOWN,
        /** Its last request was answered. */
        PROVEN
    }

    private int most;
    private boolean adaptive;
    private double allowed;
    private long begun;
    /** Requests up to this one were under way when the number was halved last. */
    private long halvedAt;

    private Standing standing = Standing.UNKNOWN;

    /**
     * Nothing is known.
     *
     * @param most requests in flight, at least 1
     * @param adaptive whether there are fewer when the endpoint cannot take them
     */
    Health(int most, boolean adaptive) {
        this.most = most;
        this.adaptive = adaptive;
        this.allowed = most;
    }

    /** Other bounds from now on. What it has come down to stays, if it may. */
    void bounds(int newMost, boolean isAdaptive) {
        allowed = allowed >= most ? newMost : Math.min(allowed, newMost);
        most = newMost;
        adaptive = isAdaptive;
    }

    /** A request begins; the number that it has. */
    long begin() {
        return ++begun;
    }

    /**
     * It was answered in a way that costs nobody anything.
     *
     * @param success whether it has succeeded
     */
    void good(boolean success) {
        standing = Standing.PROVEN;
        if (success && allowed < most) {
            allowed = Math.min(most, allowed + 1 / allowed);
        }
    }

    /** It was too much, or cost something. */
    void bad(long request) {
        standing = Standing.SUSPECT;
        if (request > halvedAt) {
            halvedAt = begun;
            allowed = Math.max(1, Math.floor(allowed) / 2);
        }
    }

    /** Most requests in flight to the endpoint now, at least 1. */
    int limit() {
        return adaptive ? (int) allowed : most;
    }

    Standing standing() {
        return standing;
    }

    /** Nothing is known any more. */
    void reset() {
        allowed = most;
        standing = Standing.UNKNOWN;
    }
}
