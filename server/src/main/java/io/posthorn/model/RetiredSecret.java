package io.posthorn.model;

import java.time.Instant;

/**
 * A secret that was replaced by another and still signs, so that the receiver has time to learn the new one.
 *
 * @param secret what it was
 * @param until it signs before this moment, and never again from then on
 */
public record RetiredSecret(SigningSecret secret, Instant until) {}
