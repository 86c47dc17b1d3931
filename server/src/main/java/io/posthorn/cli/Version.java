package io.posthorn.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IVersionProvider;

/** The version, which the build writes into the jar. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"posthorn " + number() + " (Java " + Runtime.version() + ")"};
    }

    /** Such as {@code 0.1.0}; {@code development} outside a jar. */
    static String number() {
        @Nullable String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
