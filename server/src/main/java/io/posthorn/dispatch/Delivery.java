package io.posthorn.dispatch;

import io.posthorn.history.Due;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import org.jspecify.annotations.Nullable;

/** A message on its way to one endpoint. A class and not a record: it is itself, whatever it holds. */
final class Delivery {
    /** What a delivery costs in memory besides its payload, bytes, roughly. */
    private static final int OVERHEAD = 400;

    private final Message message;
    private final int endpointNo;
    private final int attempts;
    private boolean fromDeferral;
    private final int base;
    private final boolean manual;
    private final boolean aside;
    /** Of the key that it is in order by; 0 for none. Given by its lane. */
    long keyHash;
    /** The endpoint's order that the hash was made for; 0 for none. Given by its lane. */
    int keyVersion;
    /** Its place in {@link InFlight}, which alone uses this; negative if it is not in flight. */
    int place = -1;
    /** The message's content was deleted while this was in flight: no other attempt follows. */
    boolean last;

    /**
     * A delivery.
     *
     * @param message what to deliver
     * @param endpointNo where
     * @param attempts made so far
     * @param fromDeferral whether it has a row in {@code deferral}
     */
    Delivery(Message message, int endpointNo, int attempts, boolean fromDeferral) {
        this(message, endpointNo, attempts, fromDeferral, 0, false, false);
    }

    private Delivery(
            Message message,
            int endpointNo,
            int attempts,
            boolean fromDeferral,
            int base,
            boolean manual,
            boolean aside) {
        this.message = message;
        this.endpointNo = endpointNo;
        this.attempts = attempts;
        this.fromDeferral = fromDeferral;
        this.base = base;
        this.manual = manual;
        this.aside = aside;
    }

    /** One that was read back from {@code deferral}. */
    static Delivery of(Due due, int endpointNo) {
        return new Delivery(due.message(), endpointNo, due.attempts(), true, due.base(), due.manual(), due.aside());
    }

    Message message() {
        return message;
    }

    int endpointNo() {
        return endpointNo;
    }

    int attempts() {
        return attempts;
    }

    boolean fromDeferral() {
        return fromDeferral;
    }

    /** It gets a row in {@code deferral}, and stays in memory. */
    void becomesRow() {
        fromDeferral = true;
    }

    /** Attempts made before the present round: the retry schedule counts from there. */
    int base() {
        return base;
    }

    /** It had ended or never begun and was asked for again: it does not stand in the order. */
    boolean aside() {
        return aside;
    }

    /** What it costs in memory, bytes, roughly. */
    int weight() {
        return message.payload.length + OVERHEAD;
    }

    /** What is to be written about it. */
    Settlement settlement(@Nullable Attempt attempt, Verdict verdict) {
        return new Settlement(
                message.appNo,
                endpointNo,
                message.seq,
                message.createdAt,
                attempt == null ? attempts : attempt.number(),
                fromDeferral,
                attempt,
                verdict,
                base,
                manual,
                keyHash,
                keyVersion,
                aside);
    }
}
