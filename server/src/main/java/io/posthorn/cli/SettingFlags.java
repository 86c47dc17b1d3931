package io.posthorn.cli;

import io.posthorn.app.ConfigSources;
import io.posthorn.app.Kind;
import io.posthorn.app.Loaded;
import io.posthorn.app.Setting;
import io.posthorn.app.Settings;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The settings as flags of a command. They are taken as texts; the configuration judges them. */
final class SettingFlags {
    private static final String CONFIG = "--config";

    private SettingFlags() {}

    /** Adds a flag for each setting, under the headings of the table, and {@code --config}. */
    static void addTo(CommandSpec command) {
        command.addOption(OptionSpec.builder("-c", CONFIG)
                .type(String.class)
                .paramLabel("FILE")
                .description("The configuration file; otherwise posthorn.yaml, if there is one.")
                .build());
        Settings.ALL.stream().map(Setting::group).distinct().forEach(group -> {
            ArgGroupSpec.Builder section = ArgGroupSpec.builder()
                    .validate(false)
                    .exclusive(false)
                    .heading("%n" + group + "%n")
                    .order(Settings.ALL.size());
            Settings.ALL.stream()
                    .filter(setting -> setting.group().equals(group))
                    .forEach(setting -> section.addArg(option(setting)));
            command.addArgGroup(section.build());
        });
    }

    /** Reads the configuration for a command that was called with such flags. */
    static Loaded load(Surroundings surroundings, CommandSpec command) {
        ParseResult parsed = command.commandLine().getParseResult();
        Map<String, String> given = new HashMap<>();
        for (Setting<?> setting : Settings.ALL) {
            String text = text(parsed, setting.flag());
            if (text != null) {
                given.put(setting.key(), text);
            }
        }
        return new ConfigSources(
                        surroundings.directory(), surroundings.environment(), text(parsed, CONFIG), Map.copyOf(given))
                .load();
    }

    private static OptionSpec option(Setting<?> setting) {
        OptionSpec.Builder option =
                OptionSpec.builder(setting.flag()).paramLabel(label(setting)).description(description(setting));
        return switch (setting.kind().shape()) {
            case SCALAR, SECRET, URL -> option.type(String.class).build();
            case SWITCH ->
                option.type(String.class).arity("0..1").fallbackValue("true").build();
            case LIST ->
                option.type(List.class).auxiliaryTypes(String.class).arity("1").build();
        };
    }

    private static String[] description(Setting<?> setting) {
        String fallback = setting.fallback();
        String help = setting.help().replace("`", "").replace("%", "%%");
        boolean shown =
                fallback != null && !fallback.isEmpty() && setting.kind().shape() != Kind.Shape.SWITCH;
        return new String[] {shown ? help + " Default: " + fallback : help};
    }

    private static String label(Setting<?> setting) {
        String key = setting.key();
        return key.substring(key.lastIndexOf('-') + 1).toUpperCase(Locale.ROOT);
    }

    private static @Nullable String text(ParseResult parsed, String flag) {
        OptionSpec option = parsed.matchedOption(flag);
        if (option == null) {
            return null;
        }
        Object value = option.getValue();
        return value instanceof List<?> list
                ? String.join(",", list.stream().map(String::valueOf).toList())
                : String.valueOf(value);
    }
}
