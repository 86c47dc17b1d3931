package io.posthorn.store;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A process of its own that opens the database in a folder, says so, and waits to be killed. */
final class Crasher implements AutoCloseable {
    private static final String READY = "ready ";

    private final Process process;
    private final long postmaster;

    private Crasher(Process process, long postmaster) {
        this.process = process;
        this.postmaster = postmaster;
    }

    /** Starts one; returns when its database is open. */
    static Crasher start(Path dataDir) throws IOException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Crasher.class.getName(),
                        dataDir.toString()))
                .redirectErrorStream(true)
                .start();
        StringBuilder said = new StringBuilder();
        BufferedReader out = process.inputReader();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith(READY)) {
                return new Crasher(process, Long.parseLong(line.substring(READY.length())));
            }
            said.append(line).append('\n');
        }
        throw new IllegalStateException("the process has ended:\n" + said);
    }

    /** The process. */
    long pid() {
        return process.pid();
    }

    /** The process of its embedded server. */
    long postmaster() {
        return postmaster;
    }

    /** {@code kill -9}, and waits until it is dead. */
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Opens the database in the folder given, writes an event type, and waits. */
    public static void main(String[] args) throws Exception {
        Database db = Database.open(new DatabaseSettings(Path.of(args[0]), null, null, null, 5, 0));
        db.jdbi()
                .useHandle(
                        h -> h.execute(
                                "insert into event_type (env_no, name, description, created_at, updated_at) values (1, 'a', '', now(), now())"));
        ProcessHandle postmaster = db.embeddedProcess();
        System.out.println(READY + (postmaster == null ? 0 : postmaster.pid()));
        System.out.flush();
        new CountDownLatch(1).await();
    }
}
