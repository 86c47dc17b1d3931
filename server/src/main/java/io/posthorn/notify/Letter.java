package io.posthorn.notify;

import java.time.Instant;
import java.util.List;

/**
 * A mail as it is sent: plain text.
 *
 * @param id the left part of its {@code Message-ID}, letters, digits, hyphens and dots
 * @param at when it is written
 * @param to addresses
 * @param subject one line
 * @param text lines
 */
record Letter(String id, Instant at, List<String> to, String subject, String text) {}
