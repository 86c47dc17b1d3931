package io.posthorn.catalog;

import io.posthorn.model.Application;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What its owner decides about an application. The caller has checked it against {@link Rules}.
 *
 * @param name for people
 * @param uid the owner's own id for it
 * @param metadata free-form
 * @param rateLimit messages a second
 * @param paused nothing is sent while it is; null to keep what is, or for not
 * @param endpointLimit most endpoints that are not disabled; null to keep what is, or for as many as configured
 * @param scopes what it may be told of; null to keep what is, or for everything
 */
public record AppDraft(
        String name,
        @Nullable String uid,
        Map<String, String> metadata,
        @Nullable Integer rateLimit,
        @Nullable Boolean paused,
        @Nullable Limit endpointLimit,
        @Nullable Scopes scopes) {

    /** A limit; null for as many as configured. */
    public record Limit(@Nullable Integer most) {}

    /** Names of scopes; null for everything. */
    public record Scopes(@Nullable List<String> names) {}

    /** A draft that says nothing of pausing and limits. */
    public AppDraft(String name, @Nullable String uid, Map<String, String> metadata, @Nullable Integer rateLimit) {
        this(name, uid, metadata, rateLimit, null, null, null);
    }

    /** The part of an application that its owner decides. */
    public static AppDraft of(Application application) {
        return new AppDraft(
                application.name(),
                application.uid(),
                application.metadata(),
                application.rateLimit(),
                null,
                null,
                null);
    }
}
