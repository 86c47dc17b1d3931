package io.posthorn.history;

import io.posthorn.model.Attempt;
import io.posthorn.model.Shards;
import io.posthorn.model.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What is to be written about one delivery.
 *
 * @param appNo the application
 * @param endpointNo the endpoint
 * @param seq of the message
 * @param messageAt when the message was accepted, microseconds since 1970
 * @param attempts how many attempts have been made by now
 * @param fromDeferral whether the delivery has a row in {@code deferral}
 * @param attempt the attempt that was just made; null if none was
 * @param verdict what follows
 * @param base attempts made before the present round
 * @param manual whether somebody asked for the present round
 * @param keyHash of the key that it is in order by; 0 for none
 * @param keyVersion of the endpoint's order that the hash was made for; 0 for none
 * @param aside it had ended or never begun and was asked for again: it does not stand in the order
 */
public record Settlement(
        int appNo,
        int endpointNo,
        long seq,
        long messageAt,
        int attempts,
        boolean fromDeferral,
        @Nullable Attempt attempt,
        Verdict verdict,
        int base,
        boolean manual,
        long keyHash,
        int keyVersion,
        boolean aside) {

    /** Of a first round, for which nobody asked. */
    public Settlement(
            int appNo,
            int endpointNo,
            long seq,
            long messageAt,
            int attempts,
            boolean fromDeferral,
            @Nullable Attempt attempt,
            Verdict verdict) {
        this(appNo, endpointNo, seq, messageAt, attempts, fromDeferral, attempt, verdict, 0, false, 0, 0, false);
    }

    /** Of an endpoint whose deliveries are in no order. */
    public Settlement(
            int appNo,
            int endpointNo,
            long seq,
            long messageAt,
            int attempts,
            boolean fromDeferral,
            @Nullable Attempt attempt,
            Verdict verdict,
            int base,
            boolean manual) {
        this(appNo, endpointNo, seq, messageAt, attempts, fromDeferral, attempt, verdict, base, manual, 0, 0, false);
    }

    /** What comes with it from outside, bytes, roughly: the response as it is kept. */
    int weight() {
        if (attempt == null) {
            return 0;
        }
        String headers = attempt.headers();
        byte[] body = attempt.body();
        return (headers == null ? 0 : headers.length()) + (body == null ? 0 : body.length);
    }

    /** The same without anything that came from outside; itself if there is nothing of that kind. */
    public Settlement bare() {
        if (attempt == null || (attempt.detail() == null && attempt.headers() == null && attempt.body() == null)) {
            return this;
        }
        Attempt bare = new Attempt(
                attempt.number(),
                attempt.startedAt(),
                attempt.durationMicros(),
                attempt.status(),
                attempt.responseCode(),
                null,
                null,
                null);
        return new Settlement(
                appNo,
                endpointNo,
                seq,
                messageAt,
                attempts,
                fromDeferral,
                bare,
                verdict,
                base,
                manual,
                keyHash,
                keyVersion,
                aside);
    }

    int shard() {
        return Shards.of(appNo);
    }
}
