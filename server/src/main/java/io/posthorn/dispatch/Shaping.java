package io.posthorn.dispatch;

import java.util.function.Supplier;

/**
 * What requests need that are not the usual ones.
 *
 * @param thin makes thin payloads
 * @param publicUrl what the installation is reached under, without a slash at the end; asked for each request
 */
public record Shaping(Thin thin, Supplier<String> publicUrl) {}
