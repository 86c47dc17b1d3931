package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The programs in {@code e2e/npm}, with what they need from the npm registry. */
final class Npm {
    private static final Duration INSTALLED_WITHIN = Duration.ofMinutes(3);

    private Npm() {}

    /** Their folder, once everything is installed that its lock file names. */
    static synchronized Path installed() throws Exception {
        Path npm = Program.repository().resolve("e2e/npm");
        Path installed = npm.resolve("node_modules/.package-lock.json");
        if (!Files.isRegularFile(installed)
                || Files.getLastModifiedTime(installed)
                                .compareTo(Files.getLastModifiedTime(npm.resolve("package-lock.json")))
                        < 0) {
            try (Program install = Program.start(npm, List.of("npm", "ci", "--no-audit", "--no-fund"))) {
                assertThat(install.awaitExit(INSTALLED_WITHIN))
                        .as("npm ci in e2e/npm, which needs the npm registry: " + install.output())
                        .isZero();
            }
        }
        return npm;
    }
}
