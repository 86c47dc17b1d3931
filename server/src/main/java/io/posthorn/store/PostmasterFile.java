package io.posthorn.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code postmaster.pid} in the cluster's folder: written by a server that runs there, and left behind by one that was
 * killed. Its lines: pid, folder, start time, port, socket folder, address, shared memory key, state.
 *
 * @param process the server, alive and in this folder
 * @param port where it listens; 0 while it has not got that far
 */
record PostmasterFile(ProcessHandle process, int port) {
    /** More than any system gives out, so nobody has it. */
    private static final String NOBODYS_PID = String.valueOf(Integer.MAX_VALUE);

    /** The server that runs in the folder, or null if none does. */
    static @Nullable PostmasterFile runningIn(Path cluster) throws IOException {
        List<String> lines = read(cluster);
        Optional<ProcessHandle> process = process(lines);
        if (process.isEmpty() || !worksIn(process.get(), cluster)) {
            return null;
        }
        return new PostmasterFile(process.get(), lines.size() > 3 ? number(lines.get(3)) : 0);
    }

    /**
     * Makes a left-over file harmless. PostgreSQL takes care of the pid of a dead process itself, but refuses to start
     * if another program has got that number since. Only the number is replaced and the file is kept, because its
     * shared memory key lets PostgreSQL find out whether children of the dead server are still about.
     */
    static void disarm(Path cluster) throws IOException {
        List<String> lines = read(cluster);
        if (process(lines).isPresent()) {
            List<String> changed = new ArrayList<>(lines);
            changed.set(0, NOBODYS_PID);
            Files.writeString(file(cluster), String.join("\n", changed) + "\n");
        }
    }

    /** What the kernel says about where the process is; a server works in the folder of its data. */
    private static boolean worksIn(ProcessHandle process, Path cluster) throws IOException {
        Path cwd = Path.of("/proc", String.valueOf(process.pid()), "cwd");
        if (Files.isDirectory(Path.of("/proc/self"))) {
            try {
                return Files.readSymbolicLink(cwd).equals(cluster.toRealPath());
            } catch (NoSuchFileException e) {
                return false; // it has just ended, or is a zombie
            } catch (java.nio.file.AccessDeniedException e) {
                return false; // another user's
            }
        }
        return process.info().command().map(c -> c.endsWith("/postgres")).orElse(false);
    }

    private static Optional<ProcessHandle> process(List<String> lines) {
        int pid = lines.isEmpty() ? 0 : number(lines.getFirst());
        return pid <= 0 ? Optional.empty() : ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
    }

    private static List<String> read(Path cluster) throws IOException {
        try {
            return Files.readAllLines(file(cluster), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    private static Path file(Path cluster) {
        return cluster.resolve("postmaster.pid");
    }

    private static int number(String line) {
        try {
            return Integer.parseInt(line.strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
