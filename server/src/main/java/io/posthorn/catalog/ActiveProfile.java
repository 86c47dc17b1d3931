package io.posthorn.catalog;

import io.posthorn.model.DeliveryPolicy;
import io.posthorn.wire.Profile;

/**
 * The profile that an endpoint has, from wherever.
 *
 * @param name of it; {@link #OWN} for one of the endpoint's own
 * @param profile what requests are like. The same object as long as it does not change
 * @param base what the endpoint's deliveries are like where its owner has decided nothing
 */
public record ActiveProfile(String name, Profile profile, DeliveryPolicy base) {
    /** In place of a name: the endpoint brings it along. No profile has this name. */
    public static final String OWN = "(own)";

    /** Whether requests are those of the profile that those have who have chosen none. */
    public boolean isStandard() {
        return profile.equals(ProfileReader.STANDARD.profile());
    }
}
