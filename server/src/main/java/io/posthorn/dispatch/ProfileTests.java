package io.posthorn.dispatch;

import io.posthorn.catalog.Catalog;
import io.posthorn.model.Endpoint;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Profile;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What the profiles of the catalog say about checks. A profile that cannot be read says nothing. */
public final class ProfileTests implements EndpointCheck.Tests {
    private final Catalog catalog;

    /** Those of a catalog. */
    public ProfileTests(Catalog catalog) {
        this.catalog = catalog;
    }

    @Override
    public EndpointCheck.Kind kind(Endpoint endpoint) {
        Profile profile = profile(endpoint);
        return profile == null
                ? EndpointCheck.Kind.NONE
                : switch (profile.check()) {
                    case NONE -> EndpointCheck.Kind.NONE;
                    case TEST_EVENT -> EndpointCheck.Kind.TEST_EVENT;
                    case CHALLENGE -> EndpointCheck.Kind.CHALLENGE;
                    case CLOUDEVENTS -> EndpointCheck.Kind.CLOUDEVENTS;
                    case WEBSUB -> EndpointCheck.Kind.WEBSUB;
                    case REST_HOOKS -> EndpointCheck.Kind.REST_HOOKS;
                };
    }

    @Override
    public EndpointCheck.TestEvent event(Endpoint endpoint) {
        Profile profile = profile(endpoint);
        Profile.TestEvent test = profile == null ? null : profile.testEvent();
        return test == null
                ? EndpointCheck.TestEvent.USUAL
                : new EndpointCheck.TestEvent(test.eventType(), test.payload().getBytes(StandardCharsets.UTF_8));
    }

    private @Nullable Profile profile(Endpoint endpoint) {
        try {
            return catalog.profiles().of(endpoint).profile();
        } catch (ContentException _) {
            return null;
        }
    }
}
