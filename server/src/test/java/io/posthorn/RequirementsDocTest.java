package io.posthorn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/requirements.md} says which test proves which requirement. It is made from the {@link Requirement}
 * annotations in the sources of all modules; {@code ./dev requirements} writes it anew.
 */
class RequirementsDocTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path PAGE = ROOT.resolve("docs/requirements.md");
    private static final Pattern NAMED = Pattern.compile(
            "@Requirement\\(\\s*(\\{[^}]*}|\"[^\"]*\")\\s*\\)(?:(?!@Requirement)[^;{}]|\\{[^}]*})*?\\b(?:void|class)\\s+(\\w+)");
    private static final Pattern NUMBER = Pattern.compile("\"([A-E]\\d+)\"");
    private static final Map<String, String> GROUPS =
            Map.of("A", "Administrate", "B", "Admin", "C", "Prismatic", "D", "Overview", "E", "TIMIFY");

    @Test
    void thePageIsMadeFromTheTests() throws IOException {
        String page = page();
        if (Boolean.getBoolean("posthorn.requirements.write")) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.readString(PAGE))
                .as("docs/requirements.md is out of date: run ./dev requirements")
                .isEqualTo(page);
    }

    @Test
    void everyAnnotationIsFound() throws IOException {
        for (Path source : sources()) {
            String text = Files.readString(source);
            assertThat(NAMED.matcher(text).results().count())
                    .as("annotations read in %s", source)
                    .isEqualTo(Pattern.compile("@Requirement\\(")
                            .matcher(text)
                            .results()
                            .count());
        }
    }

    private static String page() throws IOException {
        Map<String, Map<Integer, TreeSet<String>>> groups = new TreeMap<>();
        for (Path source : sources()) {
            String type = source.getFileName().toString().replace(".java", "");
            Matcher named = NAMED.matcher(Files.readString(source));
            while (named.find()) {
                String test = named.group(2).equals(type) ? type : type + "." + named.group(2);
                NUMBER.matcher(named.group(1))
                        .results()
                        .map(number -> number.group(1))
                        .forEach(number -> groups.computeIfAbsent(number.substring(0, 1), g -> new TreeMap<>())
                                .computeIfAbsent(Integer.valueOf(number.substring(1)), n -> new TreeSet<>())
                                .add(test));
            }
        }
        StringBuilder page = new StringBuilder("""
                # Requirements

                Which test proves which statement of the source documents. Made from the tests by `./dev requirements`; do
                not edit it by hand.
                """);
        groups.forEach((group, numbers) -> {
            page.append("\n## ")
                    .append(group)
                    .append(". ")
                    .append(GROUPS.get(group))
                    .append("\n\n| | proved by |\n|---|---|\n");
            numbers.forEach((number, tests) -> page.append("| ")
                    .append(group)
                    .append(number)
                    .append(" | ")
                    .append(String.join(
                            "<br>", tests.stream().map(t -> "`" + t + "`").toList()))
                    .append(" |\n"));
        });
        return page.toString();
    }

    private static List<Path> sources() {
        return Stream.of("server", "e2e", "bench")
                .map(module -> ROOT.resolve(module).resolve("src/test/java"))
                .filter(Files::isDirectory)
                .flatMap(RequirementsDocTest::javaFiles)
                .filter(path -> !path.getFileName().toString().startsWith("Requirement"))
                .sorted()
                .toList();
    }

    private static Stream<Path> javaFiles(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(path -> path.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
