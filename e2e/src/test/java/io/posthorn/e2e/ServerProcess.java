package io.posthorn.e2e;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A server with a data folder of its own: it can be started, stopped, killed and started again on the same data. When it
 * is closed nothing of it runs any more.
 */
final class ServerProcess implements AutoCloseable {
    static final String TOKEN = "e2e-token";
    /** The exit code after an orderly stop by SIGTERM: 128 and the signal, as the Java runtime has it. */
    static final int STOPPED = 143;

    private static final Pattern LISTENS = Pattern.compile("listens on \\S*:(\\d+)");
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(60);
    private static final Set<ServerProcess> SEEN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(ServerProcess::endAll, "end servers"));
    }

    private final Path folder;
    private final List<String> flags;
    private final List<Program> runs = new ArrayList<>();
    private @Nullable Api api;
    private boolean prepared;
    private volatile boolean closed;

    /**
     * A server that does not run yet.
     *
     * @param folder an empty one for all that belongs to it
     * @param flags beside the data folder, the port and the token
     */
    ServerProcess(Path folder, String... flags) {
        this.folder = folder;
        this.flags = List.of(flags);
        SEEN.add(this);
    }

    /** Starts one that may deliver to this machine, and waits until it is ready. */
    static ServerProcess local(Path folder, String... flags) throws Exception {
        List<String> all = new ArrayList<>(List.of("--allow-http", "--allow-network", "127.0.0.0/8"));
        all.addAll(List.of(flags));
        return new ServerProcess(folder, all.toArray(String[]::new)).start();
    }

    /** One that does not run yet, in a folder where none has run: its first start makes everything. */
    static ServerProcess fresh(Path folder, String... flags) {
        ServerProcess server = new ServerProcess(folder, flags);
        server.prepared = true;
        return server;
    }

    /** Starts it, again after an earlier end, and waits until it is ready. */
    ServerProcess start() throws Exception {
        if (!prepared && !flags.contains("--database-url")) {
            DataFolder.prepare(dataDir());
        }
        prepared = true;
        launch();
        awaitReady();
        return this;
    }

    /** Waits until it answers that it is healthy. */
    void awaitReady() throws Exception {
        int port = Integer.parseInt(run().awaitLine(LISTENS, START).group(1));
        Api fresh = new Api(port, TOKEN);
        api = fresh;
        Until.holds("the server is healthy", () -> fresh.get("/api/v1/health").status() == 200);
    }

    /** Starts it and waits for nothing. */
    Program launch() throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("serve", "--data-dir", dataDir().toString()));
        arguments.addAll(List.of("--host", "127.0.0.1", "--admin-token", TOKEN));
        if (!flags.contains("--port")) {
            arguments.addAll(List.of("--port", "0"));
        }
        arguments.addAll(flags);
        Program run = Program.posthorn(folder, arguments);
        runs.add(run);
        return run;
    }

    Path dataDir() {
        return folder.resolve("data");
    }

    /** Its API, with the administrator's token. */
    Api api() {
        return Objects.requireNonNull(api, "the server was not started");
    }

    /** The run that goes on, or the last one. */
    Program run() {
        return runs.getLast();
    }

    /** What all its runs have said. */
    String log() {
        StringBuilder all = new StringBuilder();
        for (Program run : runs) {
            all.append("---- ").append(folder).append('\n').append(run.output()).append('\n');
        }
        return all.toString();
    }

    /** Stops it in order (SIGTERM) and says with which code it ended. */
    int stop() throws InterruptedException {
        run().terminate();
        return run().awaitExit(STOP);
    }

    /** Ends it at once (SIGKILL); the database goes on. */
    void kill() throws InterruptedException {
        run().kill();
    }

    /** The folder of its embedded database. */
    Path cluster() {
        return dataDir().resolve("pg18");
    }

    /** Its embedded database, which must be running. */
    DatabaseProcess database() throws IOException {
        return Objects.requireNonNull(DatabaseProcess.runningIn(cluster()), "no database runs in " + cluster());
    }

    /** Those that are not closed, and those that were closed since {@link #forgetClosed}. */
    static Set<ServerProcess> seen() {
        return SEEN;
    }

    /** Another test begins. */
    static void forgetClosed() {
        SEEN.removeIf(server -> server.closed);
    }

    private static void endAll() {
        for (ServerProcess server : SEEN) {
            try {
                server.close();
            } catch (IOException | InterruptedException e) {
                System.err.println("not ended: " + server.folder + ": " + e);
            }
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        for (Program run : runs) {
            run.kill();
        }
        DatabaseProcess database = DatabaseProcess.runningIn(cluster());
        if (database != null) {
            database.end();
        }
        closed = true;
    }
}
