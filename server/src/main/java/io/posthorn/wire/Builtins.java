package io.posthorn.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The profiles that every installation has. They are files like any other. */
public final class Builtins {
    private static final List<String> NAMES = List.of(
            "standard",
            "cloudevents",
            "cloudevents-binary",
            "administrate",
            "admin",
            "timify",
            "prismatic",
            "prismatic-xml",
            "rest-hooks",
            "websub",
            "github",
            "stripe",
            "shopify",
            "slack",
            "slack-message",
            "teams",
            "discord",
            "asana",
            "trello",
            "pagerduty");
    private static final Map<String, Builtin> ALL = read();

    private Builtins() {}

    /**
     * One of them.
     *
     * @param name what it is chosen by
     * @param source YAML
     * @param profile the same, read
     */
    public record Builtin(String name, String source, Profile profile) {}

    /** All of them by name, {@code standard} first. */
    public static Map<String, Builtin> all() {
        return ALL;
    }

    /** One of them; null if there is none of this name. */
    public static @Nullable Builtin find(String name) {
        return ALL.get(name);
    }

    /** The profile of those who have chosen none. */
    public static Profile standard() {
        Builtin standard = ALL.get(Profile.STANDARD);
        if (standard == null) {
            throw new IllegalStateException("there is no built-in profile " + Profile.STANDARD);
        }
        return standard.profile();
    }

    private static Map<String, Builtin> read() {
        Map<String, Builtin> all = new LinkedHashMap<>();
        for (String name : NAMES) {
            String source = source(name);
            all.put(
                    name,
                    switch (ProfileParser.parse(source)) {
                        case ProfileParser.Result.Parsed(Profile profile) -> new Builtin(name, source, profile);
                        case ProfileParser.Result.Wrong(List<ProfileProblem> problems) ->
                            throw new IllegalStateException("the built-in profile " + name + " is wrong: "
                                    + problems.stream()
                                            .map(ProfileProblem::text)
                                            .toList());
                    });
        }
        return Collections.unmodifiableMap(all);
    }

    private static String source(String name) {
        try (InputStream in = Builtins.class.getResourceAsStream("/profiles/" + name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("the built-in profile " + name + " is not in this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the built-in profile " + name + " cannot be read", e);
        }
    }
}
