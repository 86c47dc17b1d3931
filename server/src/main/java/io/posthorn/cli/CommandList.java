package io.posthorn.cli;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;

/** The commands in the help of {@code posthorn}, under headings; what has none comes last. */
final class CommandList implements IHelpSectionRenderer {
    private static final Map<String, List<String>> SECTIONS = Map.of(
            "Server", List.of("serve", "config", "demo"),
            "Use",
                    List.of(
                            "send",
                            "listen",
                            "app",
                            "endpoint",
                            "event-type",
                            "profile",
                            "message",
                            "attempt",
                            "dead-letter",
                            "task",
                            "token",
                            "environment",
                            "audit"),
            "Tools", List.of("verify", "completion", "version", "help"));
    private static final List<String> ORDER = List.of("Server", "Use", "Tools");

    /** The heading that a command stands under. */
    static String section(String command) {
        return ORDER.stream()
                .filter(section -> SECTIONS.getOrDefault(section, List.of()).contains(command))
                .findFirst()
                .orElse("Tools");
    }

    @Override
    public String render(Help help) {
        int widest = help.subcommands().keySet().stream()
                .mapToInt(String::length)
                .max()
                .orElse(0);
        StringBuilder text = new StringBuilder();
        for (String section : ORDER) {
            text.append(String.format("%n%s%n", section));
            List<String> names = SECTIONS.getOrDefault(section, List.of());
            help.subcommands().entrySet().stream()
                    .filter(entry -> section(entry.getKey()).equals(section))
                    .sorted(Comparator.comparingInt(entry -> names.indexOf(entry.getKey())))
                    .forEach(entry -> text.append(
                            String.format("  %-" + widest + "s  %s%n", entry.getKey(), sentence(entry.getValue()))));
        }
        return text.toString();
    }

    private static String sentence(Help help) {
        String[] description = help.commandSpec().usageMessage().description();
        return description.length == 0 ? "" : description[0].replace("%n", " ");
    }
}
