package io.posthorn.history;

import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import org.jspecify.annotations.Nullable;

/**
 * A deferred delivery, read back.
 *
 * @param message the whole message
 * @param attempts made so far
 * @param dueAt microseconds since 1970
 * @param reason why it was deferred
 * @param base attempts made before the present round; the retry schedule counts from there
 * @param manual whether somebody asked for the present round
 * @param aside it had ended or never begun and was asked for again: it does not stand in the order
 * @param newer the id of the latest message with the same key that waits behind it, if that was asked for; else null
 */
public record Due(
        Message message,
        int attempts,
        long dueAt,
        DeferralReason reason,
        int base,
        boolean manual,
        boolean aside,
        @Nullable String newer) {}
