package io.posthorn.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL server, found by the file that it keeps in the folder of its data. */
record DatabaseProcess(ProcessHandle handle) {
    private static final long PATIENCE_SECONDS = 30;

    /** The one that runs in the folder, or null. */
    static @Nullable DatabaseProcess runningIn(Path cluster) throws IOException {
        Path file = cluster.resolve("postmaster.pid");
        if (!Files.exists(file)) {
            return null;
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.isEmpty() || !lines.getFirst().strip().matches("[1-9]\\d*")) {
            return null;
        }
        ProcessHandle handle =
                ProcessHandle.of(Long.parseLong(lines.getFirst().strip())).orElse(null);
        if (handle == null || !handle.isAlive() || !worksIn(handle, cluster)) {
            return null;
        }
        return new DatabaseProcess(handle);
    }

    /** A left-over file may name a number that another program has got since: never touch that. */
    private static boolean worksIn(ProcessHandle handle, Path cluster) throws IOException {
        Path cwd = Path.of("/proc", String.valueOf(handle.pid()), "cwd");
        try {
            return Files.readSymbolicLink(cwd).equals(cluster.toRealPath());
        } catch (java.nio.file.NoSuchFileException e) {
            return false; // it has just ended
        }
    }

    /** Sends it a signal such as {@code KILL}; one that has just ended needs none. */
    void signal(String name) throws IOException, InterruptedException {
        try {
            Program.run("kill", "-" + name, String.valueOf(handle.pid()));
        } catch (IOException e) {
            if (handle.isAlive()) {
                throw e;
            }
        }
    }

    /** Stops it and all its processes in their tracks. */
    void freeze() throws IOException, InterruptedException {
        signalAll("STOP");
    }

    /** Lets all of them go on. */
    void thaw() throws IOException, InterruptedException {
        signalAll("CONT");
    }

    private void signalAll(String name) throws IOException, InterruptedException {
        signal(name); // first the one that starts others
        for (ProcessHandle child : handle.descendants().toList()) {
            new DatabaseProcess(child).signal(name);
        }
    }

    /** Waits for its end. */
    void awaitEnd() throws InterruptedException {
        try {
            handle.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the database did not end within " + PATIENCE_SECONDS + " s", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends it without ceremony, shared memory tidied up. */
    void end() throws IOException, InterruptedException {
        thaw();
        signal("QUIT");
        awaitEnd();
    }
}
