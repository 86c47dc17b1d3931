package io.posthorn.wire;

/** The header names of Standard Webhooks 1.0.0, in lower case. */
public final class StandardHeaders {
    /** The id of the message, the same on every attempt: what the receiver recognises a repetition by. */
    public static final String ID = "webhook-id";
    /** When the attempt was made, seconds since 1970. */
    public static final String TIMESTAMP = "webhook-timestamp";
    /** What {@link StandardSigner#sign} returns. */
    public static final String SIGNATURE = "webhook-signature";

    private StandardHeaders() {}
}
