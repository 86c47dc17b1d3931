package io.posthorn.catalog;

import io.posthorn.model.Application;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What its owner decides about an application. The caller has checked it against {@link Rules}.
 *
 * @param name for people
 * @param uid the owner's own id for it
 * @param metadata free-form
 * @param rateLimit messages a second
 * @param paused nothing is sent while it is
 * @param endpointLimit most endpoints that are not disabled
 */
public record AppDraft(
        String name,
        @Nullable String uid,
        Map<String, String> metadata,
        @Nullable Integer rateLimit,
        boolean paused,
        @Nullable Integer endpointLimit) {

    /** A draft that says nothing of pausing and limits. */
    public AppDraft(String name, @Nullable String uid, Map<String, String> metadata, @Nullable Integer rateLimit) {
        this(name, uid, metadata, rateLimit, false, null);
    }

    /** The part of an application that its owner decides. */
    public static AppDraft of(Application application) {
        return new AppDraft(
                application.name(),
                application.uid(),
                application.metadata(),
                application.rateLimit(),
                application.paused(),
                application.endpointLimit());
    }
}
