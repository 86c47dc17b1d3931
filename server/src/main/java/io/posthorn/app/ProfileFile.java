package io.posthorn.app;

import io.posthorn.catalog.ProfileReader;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.wire.Profile;
import io.posthorn.wire.ProfileParser;
import io.posthorn.wire.ProfileProblem;
import java.util.List;

/** Profiles as the command line has them: read in full, without a server. */
public final class ProfileFile {
    private ProfileFile() {}

    /**
     * Reads one with all that belongs to it.
     *
     * @param source YAML
     */
    public static ProfileParser.Result read(String source) {
        return switch (ProfileReader.read(source)) {
            case ProfileReader.Result.Read(Profile profile, DeliveryPolicy _) ->
                new ProfileParser.Result.Parsed(profile);
            case ProfileReader.Result.Wrong(List<ProfileProblem> problems) -> new ProfileParser.Result.Wrong(problems);
        };
    }
}
