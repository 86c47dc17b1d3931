package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Holds the reference in {@code docs/cli.md} to the commands; with {@code -Dposthorn.cli.write=true} it writes it. */
final class CliDocsTest {
    private static final String MARK = "<!-- from here on written from the commands -->\n";
    private static final Set<String> REMOTE =
            Set.of("--server", "--token", "--token-file", "--environment", "--timeout", "--json");
    private static final Set<String> LISTS = Set.of("--limit", "--all", "--iterator", "--order");

    @Test
    void theReferenceIsThatOfTheCommands() throws IOException {
        Path file = Path.of("..", "docs", "cli.md");
        String page = Files.readString(file);
        int mark = page.indexOf(MARK);
        assertThat(mark).as("the mark in " + file).isPositive();
        String expected = page.substring(0, mark + MARK.length()) + reference();
        if (Boolean.getBoolean("posthorn.cli.write")) {
            Files.writeString(file, expected);
        } else {
            assertThat(page)
                    .as("write it with ./mvnw -pl server test -Dtest=CliDocsTest -Dposthorn.cli.write=true")
                    .isEqualTo(expected);
        }
    }

    private static String reference() {
        StringBuilder text = new StringBuilder();
        CommandLine root = Posthorn.commands(new Captured(Path.of(""), Map.of()).surroundings());
        for (CommandLine command : root.getSubcommands().values()) {
            write(command, text);
        }
        return text.toString();
    }

    private static void write(CommandLine command, StringBuilder text) {
        CommandSpec spec = command.getCommandSpec();
        boolean group = !command.getSubcommands().isEmpty();
        text.append(group || spec.qualifiedName().chars().filter(c -> c == ' ').count() == 1 ? "\n## " : "\n### ");
        text.append(spec.qualifiedName().substring("posthorn ".length())).append("\n\n");
        text.append(plain(String.join(" ", spec.usageMessage().description()))).append('\n');
        List<String> rows = new ArrayList<>();
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            rows.add("| `" + parameter.paramLabel() + "` | " + cell(parameter.description()) + " |\n");
        }
        boolean settings = List.of("serve", "config").contains(spec.name());
        for (OptionSpec option : spec.options()) {
            if (!shared(spec, option.longestName())
                    && !option.usageHelp()
                    && !option.versionHelp()
                    && (!settings || option.group() == null)) {
                rows.add("| `" + option.longestName()
                        + (option.arity().max() == 0
                                ? ""
                                : " " + option.paramLabel().replace("|", "\\|")) + "` | "
                        + cell(option.description()) + (option.required() ? " Needed." : "") + " |\n");
            }
        }
        if (settings) {
            rows.add("| `--…` | every setting of [configuration.md](configuration.md) |\n");
        }
        if (!rows.isEmpty()) {
            text.append("\n| | |\n|---|---|\n");
            rows.forEach(text::append);
        }
        if (!group) {
            List<String> footer = List.of(spec.usageMessage().footer());
            text.append("\n```sh\n");
            footer.subList(footer.indexOf("%nExamples") + 1, footer.size()).stream()
                    .filter(line -> line.startsWith("  "))
                    .forEach(line -> text.append(plain(line.substring(2))).append('\n'));
            text.append("```\n");
        }
        command.getSubcommands().values().forEach(within -> write(within, text));
    }

    /** What the page describes once for all commands. */
    private static boolean shared(CommandSpec spec, String option) {
        return (spec.mixins().containsKey("remote") && REMOTE.contains(option))
                || (spec.optionsMap().keySet().containsAll(LISTS) && LISTS.contains(option));
    }

    private static String cell(String[] lines) {
        return plain(String.join(" ", lines)).replace("|", "\\|");
    }

    private static String plain(String text) {
        return text.replace("%n", "\n").replace("%%", "%").replace("${COMPLETION-CANDIDATES}", "bash or zsh");
    }
}
