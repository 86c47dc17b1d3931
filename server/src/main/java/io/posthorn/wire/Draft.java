package io.posthorn.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request before it is printed and signed.
 *
 * @param method in capitals
 * @param path and query, beginning with a slash; null for those of the endpoint's URL
 * @param headers names and values, without those of the signature
 * @param body a tree: maps with texts as keys, lists, texts, numbers, booleans, null; or {@code byte[]} for what is sent
 *     as it is
 */
public record Draft(
        String method,
        @Nullable String path,
        Map<String, String> headers,
        @Nullable Object body) {}
