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
 */
public record AppDraft(
        String name,
        @Nullable String uid,
        Map<String, String> metadata,
        @Nullable Integer rateLimit) {

    /** The part of an application that its owner decides. */
    public static AppDraft of(Application application) {
        return new AppDraft(application.name(), application.uid(), application.metadata(), application.rateLimit());
    }
}
