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
    /** Given up before its end, which never happens here: what is owed is delivered or exhausted. Clients know it. */
    CANCELED(4);

    private final int code;

    DeliveryStatus(int code) {
        this.code = code;
    }

    /** The number in the API. */
    public int code() {
        return code;
    }
}
