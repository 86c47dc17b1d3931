package io.posthorn.dispatch;

/**
 * What a lane's last exchanges say of its endpoint, and how many requests it may therefore have in flight. Failures
 * that hold a connection or time (no answer, no connection, 429, 502, 504) halve the limit each; a success restores it.
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

    private static final int MOST_HALVINGS = 30;
    private final int most;
    private int halvings;
    private Standing standing = Standing.UNKNOWN;

    Health(int most) {
        this.most = most;
    }

    void good() {
        halvings = 0;
        standing = Standing.PROVEN;
    }

    void bad() {
        halvings = Math.min(MOST_HALVINGS, halvings + 1);
        standing = Standing.SUSPECT;
    }

    /** Most requests in flight to the endpoint now, at least 1. */
    int limit() {
        return Math.max(1, most >> halvings);
    }

    Standing standing() {
        return standing;
    }
}
