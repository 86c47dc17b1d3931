package io.posthorn.app;

import io.posthorn.runtime.Nearest;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Settings from environment variables. An empty one counts as absent, because that is how compose files and service
 * managers pass on a variable that is not set.
 */
final class EnvironmentSource {
    /** Those that are not settings: the file, what the launcher reads, and what the client commands read. */
    private static final Set<String> OTHERS = Set.of(
            ConfigSources.FILE_VARIABLE,
            "POSTHORN_JAVA_OPTS",
            "POSTHORN_URL",
            "POSTHORN_TOKEN",
            "POSTHORN_ENVIRONMENT",
            "POSTHORN_APP");

    private EnvironmentSource() {}

    /** Adds what the environment says; a {@code POSTHORN_} variable that nobody knows is a problem. */
    static void read(Map<String, String> environment, List<Given> given, List<Problem> problems) {
        Map<String, Setting<?>> byVariable =
                Settings.ALL.stream().collect(Collectors.toMap(Setting::variable, setting -> setting));
        new TreeMap<>(environment).forEach((name, text) -> {
            Setting<?> setting = byVariable.get(name);
            if (setting != null && !text.isEmpty()) {
                given.add(new Given(setting.key(), text, new Origin.Variable(name)));
            } else if (setting == null && name.startsWith(Setting.PREFIX) && !OTHERS.contains(name)) {
                List<String> known = Stream.concat(byVariable.keySet().stream(), OTHERS.stream())
                        .sorted()
                        .toList();
                problems.add(new Problem(name, new Origin.Variable("environment"), Nearest.hint(name, known)));
            }
        });
    }
}
