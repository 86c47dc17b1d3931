package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Every command explains itself. */
final class CommandHelpTest {
    static Stream<List<String>> commands() {
        List<List<String>> paths = new ArrayList<>();
        collect(Posthorn.commands(new Captured(Path.of(""), Map.of()).surroundings()), List.of(), paths);
        return paths.stream();
    }

    private static void collect(CommandLine command, List<String> path, List<List<String>> into) {
        into.add(path);
        command.getSubcommands().forEach((name, within) -> {
            List<String> deeper = new ArrayList<>(path);
            deeper.add(name);
            collect(within, deeper, into);
        });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void hasADescriptionAnExampleAndHelp(List<String> path) {
        Captured process = new Captured(Path.of(""), Map.of());
        CommandLine command = Posthorn.commands(process.surroundings());
        for (String name : path) {
            command = Objects.requireNonNull(command.getSubcommands().get(name), name);
        }
        CommandSpec spec = command.getCommandSpec();
        assertThat(String.join(" ", spec.usageMessage().description())).isNotBlank();
        assertThat(spec.usageMessage().footer()).contains("%nExamples");
        assertThat(String.join("\n", spec.usageMessage().footer())).contains("\n  posthorn ");
        assertThat(spec.options())
                .allSatisfy(option -> assertThat(String.join("", option.description()))
                        .as(option.longestName())
                        .isNotBlank());
        assertThat(spec.positionalParameters())
                .allSatisfy(parameter -> assertThat(String.join("", parameter.description()))
                        .as(parameter.paramLabel())
                        .isNotBlank());

        List<String> asked = new ArrayList<>(path);
        asked.add("--help");
        assertThat(process.run(asked.toArray(String[]::new))).as(process.err()).isZero();
        asked.removeLast();
        asked.addFirst("help");
        Captured other = new Captured(Path.of(""), Map.of());
        assertThat(other.run(asked.toArray(String[]::new))).isZero();
        assertThat(other.out()).isEqualTo(process.out());
    }

    @Test
    void theCommandsStandUnderHeadings() {
        Captured process = new Captured(Path.of(""), Map.of());
        assertThat(process.run("--help")).isZero();
        assertThat(process.out())
                .containsSubsequence("Server\n", "  serve ", "Use\n", "  send ", "  audit ", "Tools\n", "  help ");
    }

    @Test
    void anUnknownOptionIsNoSetting() {
        Captured process = new Captured(Path.of(""), Map.of());
        assertThat(process.run("app", "list", "--limt", "3")).isEqualTo(ExitCodes.USAGE);
        assertThat(process.err()).startsWith("--limt is not an option; did you mean --limit?");
    }
}
