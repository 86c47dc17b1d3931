package io.posthorn.model;

/** How an attempt ended. The codes stand in the database. */
public enum AttemptStatus {
    /** A response came; its code tells the rest. */
    RESPONSE(0),
    /** The deadline of the whole exchange passed. */
    TIMEOUT(1),
    /** The name could not be resolved. */
    DNS(2),
    /** No connection. */
    CONNECT(3),
    /** The TLS handshake failed: certificate, host name or version. */
    TLS(4),
    /** The address is one that Posthorn does not send to. */
    REFUSED_ADDRESS(5),
    /** The connection broke midway, or the answer was not HTTP. */
    PROTOCOL(6),
    /** Nothing was sent: a newer message with the same key took its place. */
    SUPERSEDED(7),
    /** Nothing was sent any more: it had waited for as long as it may. */
    EXPIRED(8),
    /** Nothing was sent any more: somebody has cancelled or discarded it. */
    CANCELLED(9),
    /** Nothing was sent: no request could be made of the message and the endpoint's settings. */
    CONTENT(10);

    private final int code;

    AttemptStatus(int code) {
        this.code = code;
    }

    /** The number in the database. */
    public int code() {
        return code;
    }

    /**
     * The other way round.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static AttemptStatus of(int code) {
        for (AttemptStatus status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        throw new IllegalArgumentException("no attempt status " + code);
    }
}
