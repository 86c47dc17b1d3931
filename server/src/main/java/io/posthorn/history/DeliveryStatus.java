package io.posthorn.history;

/** Where a delivery stands, or how an attempt ended; an attempt that is on record has either succeeded or failed. */
public enum DeliveryStatus {
    /** The endpoint has it. */
    SUCCESS(0),
    /** Another attempt will be made. */
    PENDING(1),
    /** It has ended without success. */
    FAIL(2),
    /** The first attempt is under way, or is about to be. */
    SENDING(3),
    /** It has ended because somebody has cancelled it, or a newer one has taken its place. */
    CANCELED(4);

    private final int code;

    DeliveryStatus(int code) {
        this.code = code;
    }

    /**
     * What an attempt that led to this means for its delivery, if nothing follows.
     *
     * @param code of a {@link io.posthorn.model.Verdict}
     */
    static DeliveryStatus ofVerdict(int code) {
        return switch (code) {
            case 0 -> SUCCESS;
            case 4, 5 -> CANCELED;
            default -> FAIL;
        };
    }

    /** The number in the API. */
    public int code() {
        return code;
    }
}
