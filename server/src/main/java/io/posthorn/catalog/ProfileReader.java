package io.posthorn.catalog;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.wire.Builtins;
import io.posthorn.wire.Profile;
import io.posthorn.wire.ProfileParser;
import io.posthorn.wire.ProfileProblem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads profiles as a whole: {@link ProfileParser} and, for their {@code delivery}, {@link PolicyCodec}. */
public final class ProfileReader {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of every environment, by name. */
    static final Map<String, NamedProfile> BUILTINS = builtins();
    /** The one of those who have chosen none. */
    static final ActiveProfile STANDARD = active(BUILTINS.get(Profile.STANDARD));

    private ProfileReader() {}

    /** What came of it. */
    public sealed interface Result {
        /**
         * Nothing is wrong with it.
         *
         * @param profile what requests are like
         * @param base what deliveries are like where nobody decides otherwise
         */
        record Read(Profile profile, DeliveryPolicy base) implements Result {}

        /**
         * Something is.
         *
         * @param problems in the order of the file, at least one
         */
        record Wrong(List<ProfileProblem> problems) implements Result {}
    }

    /** A rule for the policy of a profile, beyond those that hold everywhere. */
    @FunctionalInterface
    public interface Rule {
        /** Tells what breaks it. */
        void check(DeliveryPolicy base, PolicyCodec.Problems problems);
    }

    /**
     * Reads one.
     *
     * @param source YAML
     */
    public static Result read(String source) {
        return read(source, (base, problems) -> {});
    }

    /**
     * Reads one.
     *
     * @param source YAML
     * @param rule for its policy
     */
    public static Result read(String source, Rule rule) {
        return switch (ProfileParser.parse(source)) {
            case ProfileParser.Result.Wrong(List<ProfileProblem> problems) -> new Result.Wrong(problems);
            case ProfileParser.Result.Parsed(Profile profile) -> read(profile, rule);
        };
    }

    private static Result read(Profile profile, Rule rule) {
        List<ProfileProblem> problems = new ArrayList<>();
        PolicyCodec.Problems told = (path, broken) -> {
            List<String> whole = new ArrayList<>(List.of("delivery"));
            whole.addAll(path);
            problems.add(profile.problem(whole, broken));
        };
        DeliveryPolicy base = PolicyCodec.read(JSON.valueToTree(profile.delivery()), DeliveryPolicy.DEFAULT, told);
        PolicyCodec.Broken broken = problems.isEmpty() ? PolicyCodec.broken(base) : null;
        if (broken != null) {
            problems.add(profile.problem(broken.path(), broken.rule()));
        }
        if (problems.isEmpty()) {
            rule.check(base, told);
        }
        return problems.isEmpty() ? new Result.Read(profile, base) : new Result.Wrong(problems);
    }

    private static Map<String, NamedProfile> builtins() {
        Map<String, NamedProfile> all = new LinkedHashMap<>();
        Builtins.all().forEach((name, builtin) -> {
            if (!(read(builtin.profile(), (base, problems) -> {})
                    instanceof Result.Read(Profile profile, DeliveryPolicy base))) {
                throw new IllegalStateException("the delivery of the built-in profile " + name + " is wrong");
            }
            all.put(name, new NamedProfile(name, true, builtin.source(), profile, base, null, null));
        });
        return Collections.unmodifiableMap(all);
    }

    private static ActiveProfile active(@Nullable NamedProfile named) {
        if (named == null) {
            throw new IllegalStateException("there is no built-in profile " + Profile.STANDARD);
        }
        return active(named, named.name());
    }

    static ActiveProfile active(NamedProfile named, String name) {
        return new ActiveProfile(name, named.profile(), named.base());
    }
}
