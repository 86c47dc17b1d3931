package io.posthorn.api;

import org.jspecify.annotations.Nullable;

/** Where endpoints may be. */
@FunctionalInterface
public interface UrlRule {
    /**
     * Judges a URL. Called where blocking is allowed.
     *
     * @param url as it was given
     * @return null if it may be used, else the reason, for its owner
     */
    @Nullable
    String refuse(String url);
}
