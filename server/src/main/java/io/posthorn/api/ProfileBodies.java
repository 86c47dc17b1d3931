package io.posthorn.api;

import io.posthorn.catalog.PolicyCodec;
import io.posthorn.catalog.ProfileReader;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.wire.ProfileProblem;
import java.util.List;

/** What is wrong with a profile that somebody gives. */
final class ProfileBodies {
    private ProfileBodies() {}

    /**
     * Everything that is wrong.
     *
     * @param source YAML
     * @param ceilings of what an endpoint's owner may decide
     * @param mail whom they may have told by mail
     * @return in the order of the text; empty if nothing is
     */
    static List<ProfileProblem> check(String source, DeliveryCeilings ceilings, MailRule mail) {
        return switch (ProfileReader.read(source, (base, problems) -> rule(base, problems, ceilings, mail))) {
            case ProfileReader.Result.Read _ -> List.of();
            case ProfileReader.Result.Wrong(List<ProfileProblem> problems) -> problems;
        };
    }

    private static void rule(
            DeliveryPolicy base, PolicyCodec.Problems problems, DeliveryCeilings ceilings, MailRule mail) {
        ceilings.check(base, problems);
        for (String address : base.notification().emails()) {
            String rule = mail.refuse(address);
            if (rule != null) {
                problems.add(List.of("notification", "emails"), "each of them " + rule);
                return;
            }
        }
    }
}
