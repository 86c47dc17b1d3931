package io.posthorn.app;

import io.posthorn.runtime.Nearest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From what was given to what applies: the last one given wins, and all that is wrong is told at once. */
final class Resolution {
    private final Map<Setting<?>, InForce<?>> inForce = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private Resolution() {}

    /**
     * Resolves.
     *
     * @param given in rising order of precedence
     * @param found what was found to be wrong while reading
     */
    static Loaded of(List<Given> given, List<Problem> found) {
        Map<String, Given> byKey = new LinkedHashMap<>();
        given.forEach(value -> byKey.put(value.key(), value));
        Resolution resolution = new Resolution();
        resolution.problems.addAll(found);
        for (Setting<?> setting : Settings.ALL) {
            resolution.resolve(setting, byKey.remove(setting.key()));
        }
        byKey.values().forEach(resolution::unknown);
        return resolution.result();
    }

    private Loaded result() {
        Values values = new Values(inForce);
        problems.addAll(Consistency.problems(values));
        return problems.isEmpty()
                ? new Loaded.Valid(values.config(), List.copyOf(inForce.values()))
                : new Loaded.Invalid(List.copyOf(problems));
    }

    private <T> void resolve(Setting<T> setting, @Nullable Given given) {
        Origin origin = given == null ? new Origin.Default() : given.origin();
        String text = given == null ? setting.fallback() : given.text();
        if (text == null) {
            inForce.put(setting, new InForce<>(setting, null, origin));
            return;
        }
        switch (setting.kind().parse(text)) {
            case Parsed.Value<T>(T value) -> inForce.put(setting, new InForce<>(setting, value, origin));
            case Parsed.Wrong<T>(String rule) ->
                problems.add(new Problem(
                        setting.key() + " = "
                                + (text.isEmpty() ? "(empty)" : setting.kind().mask(text)),
                        origin,
                        rule));
        }
    }

    private void unknown(Given given) {
        List<String> keys = Settings.ALL.stream().map(Setting::key).toList();
        problems.add(new Problem(given.key(), given.origin(), Nearest.hint(given.key(), keys)));
    }
}
