package io.posthorn.history;

import org.jspecify.annotations.Nullable;

/**
 * Where a delivery stands.
 *
 * @param status in a word
 * @param nextAttemptAt when the next attempt is due, microseconds since 1970; null if none is scheduled
 */
public record DeliveryState(DeliveryStatus status, @Nullable Long nextAttemptAt) {}
