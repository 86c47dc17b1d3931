package io.posthorn.notify;

import java.time.Instant;

/**
 * A mail as it is sent: plain text.
 *
 * @param id the left part of its {@code Message-ID}, letters, digits, hyphens and dots
 * @param at when it is written
 * @param to an address
 * @param subject one line
 * @param text lines
 */
record Letter(String id, Instant at, String to, String subject, String text) {}
