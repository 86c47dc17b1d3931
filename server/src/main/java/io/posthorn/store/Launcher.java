package io.posthorn.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * As whom the PostgreSQL programs run, and in which surroundings.
 *
 * <p>PostgreSQL refuses to run as root. Root has two ways round that: {@code unshare -U} starts the program in a user
 * namespace of its own, where it is nobody but its files are still those of root; where namespaces are forbidden,
 * {@code setpriv} starts it as a real other user, who has to own its folders. A cluster stays with the user who owns it,
 * whichever way it was made.
 */
final class Launcher {
    private static final int NOBODY = 65_534;
    private static final long PROGRAM_SECONDS = 120;

    private final List<String> asWhom;
    private final boolean setsid;
    private final @Nullable Owner owner;

    /** A user and a group by number. */
    private record Owner(int user, int group) {}

    /**
     * What a program that has ended left.
     *
     * @param code its exit code
     * @param output both streams, at most 64 KiB
     */
    record Outcome(int code, String output) {}

    private Launcher(List<String> asWhom, boolean setsid, @Nullable Owner owner) {
        this.asWhom = asWhom;
        this.setsid = setsid;
        this.owner = owner;
    }

    /**
     * Finds out how to run the programs here.
     *
     * @param cluster the data of the server, if there are any yet
     * @throws DatabaseException {@code UNSUPPORTED_PLATFORM} or {@code NO_PERMISSION} with what was tried
     */
    static Launcher choose(Binaries binaries, Path cluster) throws DatabaseException, InterruptedException {
        boolean setsid = onPath("setsid");
        Path dataDir = Objects.requireNonNull(cluster.getParent());
        try {
            int me = effectiveUser();
            boolean root = me == 0 || (me < 0 && "root".equals(System.getProperty("user.name")));
            @Nullable Owner owner = ownerOf(cluster);
            if (!root) {
                if (owner != null && me >= 0 && owner.user != me) {
                    throw new DatabaseException(
                            DatabaseException.Kind.NO_PERMISSION,
                            "The database in " + cluster + " belongs to user number " + owner.user + ", this is "
                                    + System.getProperty("user.name") + " (" + me
                                    + "). Run as its owner, or choose another data folder.");
                }
                return new Launcher(List.of(), setsid, null).verified(binaries);
            }
            if (owner != null && owner.user != 0) {
                return asUser(owner.user, owner.group, dataDir).verified(binaries);
            }
            Launcher namespace = new Launcher(List.of("unshare", "-U"), setsid, null);
            if (onPath("unshare") && namespace.run(List.of(binaries.program("postgres"), "--version")).code == 0) {
                return namespace;
            }
            if (owner != null) {
                throw new DatabaseException(
                        DatabaseException.Kind.UNSUPPORTED_PLATFORM,
                        "PostgreSQL does not run as root, and \"unshare -U\" is not permitted here. Give " + cluster
                                + " to an ordinary user (chown -R) and run as that user.");
            }
            return asUser(NOBODY, NOBODY, dataDir).verified(binaries);
        } catch (IOException e) {
            throw Folders.explain(dataDir, e);
        }
    }

    /** For root: as another user, who has to be able to enter the data folder, but not to read it. */
    static Launcher asUser(int user, int group, Path dataDir) throws IOException {
        Files.setPosixFilePermissions(dataDir, PosixFilePermissions.fromString("rwx--x--x"));
        return new Launcher(
                List.of("setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups", "--"),
                onPath("setsid"),
                new Owner(user, group));
    }

    private Launcher verified(Binaries binaries) throws DatabaseException, InterruptedException {
        String why;
        try {
            Outcome outcome = run(List.of(binaries.program("postgres"), "--version"));
            if (outcome.code == 0) {
                return this;
            }
            why = outcome.output.strip();
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw new DatabaseException(
                DatabaseException.Kind.UNSUPPORTED_PLATFORM,
                "The embedded PostgreSQL does not run here (" + String.join(" ", asWhom) + " "
                        + binaries.program("postgres") + ": " + why
                        + "). It needs a Linux with glibc; as root also \"unshare -U\", or \"setpriv\" and a data folder"
                        + " whose parents everybody may enter. Otherwise run PostgreSQL 15 or later yourself and give its"
                        + " address with --database-url.");
    }

    /** Runs a program to its end, at most two minutes. */
    Outcome run(List<String> command) throws IOException, InterruptedException {
        Process process = builder(false, command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readNBytes(1 << 16), StandardCharsets.UTF_8);
        if (!process.waitFor(PROGRAM_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(command.getFirst() + " did not end within " + PROGRAM_SECONDS + " s: " + output);
        }
        return new Outcome(process.exitValue(), output);
    }

    /** Starts a program that goes on, in a session of its own, with its output appended to the file. */
    Process start(List<String> command, Path log) throws IOException {
        Process process = builder(true, command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process.getOutputStream().close();
        return process;
    }

    /** Gives a file or folder to the user that the programs run as, if that is another one. */
    void give(Path path) throws IOException {
        if (owner != null) {
            Files.setAttribute(path, "unix:uid", owner.user, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:gid", owner.group, LinkOption.NOFOLLOW_LINKS);
        }
    }

    private ProcessBuilder builder(boolean ownSession, List<String> command) {
        List<String> line = new ArrayList<>();
        if (ownSession && setsid) {
            line.add("setsid");
        }
        line.addAll(asWhom);
        line.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(line).directory(new java.io.File("/"));
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
        environment.put("LC_ALL", "C");
        environment.put("TZ", "UTC");
        return builder;
    }

    private static @Nullable Owner ownerOf(Path cluster) throws IOException {
        if (!Files.isDirectory(cluster)) {
            return null;
        }
        Map<String, Object> ids = Files.readAttributes(cluster, "unix:uid,gid");
        return new Owner((Integer) ids.getOrDefault("uid", 0), (Integer) ids.getOrDefault("gid", 0));
    }

    /** The effective user number of this process, −1 if the system does not tell. */
    private static int effectiveUser() throws IOException {
        Path self = Path.of("/proc/self");
        return Files.isDirectory(self) ? (Integer) Files.getAttribute(self, "unix:uid") : -1;
    }

    private static boolean onPath(String program) {
        String path = System.getenv("PATH");
        if (path == null) {
            return false;
        }
        for (String folder : path.split(":", -1)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
