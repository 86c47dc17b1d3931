package io.posthorn.store;

/**
 * How much room a database takes.
 *
 * @param bytes that it takes
 * @param free bytes that are left on its disk; {@link Long#MAX_VALUE} if nobody can tell
 */
public record DiskUse(long bytes, long free) {}
