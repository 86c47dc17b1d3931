package io.posthorn.wire;

import org.jspecify.annotations.Nullable;

/**
 * A request that is ready but for who it comes from: headers of signatures and authentication are to be added.
 *
 * @param method in capitals
 * @param path and query, beginning with a slash; null for those of the endpoint's URL
 * @param userAgent null for the installation's
 * @param headers names and values in turn, the content type among them
 * @param body byte for byte
 */
public record Rendered(
        String method, @Nullable String path, @Nullable String userAgent, String[] headers, byte[] body) {}
