package io.posthorn.dispatch;

import io.posthorn.runtime.Recent;
import io.posthorn.runtime.Scripts;
import io.posthorn.wire.Filters;
import io.posthorn.wire.Profile;
import io.posthorn.wire.Renderer;
import io.posthorn.wire.Transformer;
import org.jspecify.annotations.Nullable;

/**
 * What one thread has read of profiles and scripts, those that were used last: thousands of endpoints share them, and none
 * can be used by two threads at once.
 */
final class MakerTools {
    /** What a thread keeps of profiles, characters of their expressions. */
    private static final int PROFILES = 512 << 10;

    private static final ThreadLocal<MakerTools> OF_THREAD = ThreadLocal.withInitial(MakerTools::new);

    private final Scripts scripts = new Scripts();
    private final Filters filters = new Filters(scripts);
    private final Transformer transformer = new Transformer(scripts);
    private final Recent<Same, Renderer> renderers = new Recent<>(PROFILES, Renderer::size);

    private MakerTools() {}

    /** The very same profile: the catalog has one object of each, and to compare all of it would take longer. */
    private record Same(Profile profile) {
        @Override
        @SuppressWarnings("ReferenceEquality") // that is what it is for
        public boolean equals(@Nullable Object other) {
            return other instanceof Same that && profile == that.profile;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(profile);
        }
    }

    /** Those of the present thread. */
    static MakerTools ofThread() {
        return OF_THREAD.get();
    }

    Scripts scripts() {
        return scripts;
    }

    Filters filters() {
        return filters;
    }

    Transformer transformer() {
        return transformer;
    }

    Renderer renderer(Profile profile) {
        return renderers.get(new Same(profile), () -> new Renderer(profile));
    }
}
