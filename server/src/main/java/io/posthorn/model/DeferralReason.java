package io.posthorn.model;

/** Why a delivery waits in the database. The codes stand there. */
public enum DeferralReason {
    /** An attempt failed and the next one is scheduled. */
    RETRY(0),
    /** There was no room in memory for the endpoint's queue. */
    LANE_FULL(1),
    /** The endpoint is disabled; its deliveries wait until it is enabled. */
    DISABLED(2),
    /** The server was stopped before the delivery's turn came. */
    STOPPED(3),
    /** It had ended, or had never begun, and was asked for again. */
    REPLAY(4),
    /** The endpoint or its application is paused. */
    PAUSED(5),
    /** The endpoint's circuit is open. */
    CIRCUIT(6),
    /** An earlier one of its order has not ended. */
    ORDER(7),
    /** It has run out of attempts, and its order waits until somebody decides. */
    HELD(8),
    /** Its message is to be sent later. */
    SCHEDULED(9);

    private final int code;

    DeferralReason(int code) {
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
    public static DeferralReason of(int code) {
        for (DeferralReason reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        throw new IllegalArgumentException("no deferral reason " + code);
    }
}
