package io.posthorn.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration is read from.
 *
 * @param directory what relative names of files start from
 * @param environment the environment variables
 * @param file the file named by {@code --config}; null if none is
 * @param flags key to text for each flag that was given; a list with commas
 */
public record ConfigSources(
        Path directory,
        Map<String, String> environment,
        @Nullable String file,
        Map<String, String> flags) {
    /** The file that is read if it exists and no other is named. */
    public static final String USUAL_FILE = "posthorn.yaml";
    /** The variable that names another file. */
    public static final String FILE_VARIABLE = "POSTHORN_CONFIG";

    /** Reads everything, in rising order of precedence: file, environment, flags. */
    public Loaded load() {
        List<Given> given = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        readFile(given, problems);
        EnvironmentSource.read(environment, given, problems);
        flags.forEach((key, text) -> given.add(new Given(key, text, new Origin.Flag("--" + key))));
        return Resolution.of(given, problems);
    }

    private void readFile(List<Given> given, List<Problem> problems) {
        String fromVariable = environment.getOrDefault(FILE_VARIABLE, "");
        if (file != null) {
            readNamed(file, new Origin.Flag("--config"), given, problems);
        } else if (!fromVariable.isEmpty()) {
            readNamed(fromVariable, new Origin.Variable(FILE_VARIABLE), given, problems);
        } else if (Files.exists(directory.resolve(USUAL_FILE))) {
            YamlSource.read(directory.resolve(USUAL_FILE), USUAL_FILE, given, problems);
        }
    }

    private void readNamed(String name, Origin origin, List<Given> given, List<Problem> problems) {
        Path path = directory.resolve(name);
        if (Files.exists(path)) {
            YamlSource.read(path, name, given, problems);
        } else {
            problems.add(new Problem("the file " + name, origin, "does not exist"));
        }
    }
}
