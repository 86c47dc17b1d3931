package io.posthorn.notify;

import org.jspecify.annotations.Nullable;

/**
 * Something for the addresses of an endpoint.
 *
 * @param appNo the endpoint's application
 * @param endpointNo the endpoint
 * @param kind what it is about
 * @param at when it happened, microseconds since 1970
 * @param seq of the message; 0 without one
 * @param messageAt when that was accepted, microseconds since 1970
 * @param attempts made of it
 * @param responseCode of the last one; 0 without a response
 * @param detail in our own words; null for none
 */
record Mail(
        int appNo,
        int endpointNo,
        MailKind kind,
        long at,
        long seq,
        long messageAt,
        int attempts,
        int responseCode,
        @Nullable String detail) {}
