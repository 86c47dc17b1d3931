package io.posthorn.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL server that somebody else runs: it does not know Posthorn, and comes and goes as it likes. */
final class ExternalPostgres implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("database system is ready to accept connections");

    private final Path programs;
    private final Path data;
    private final int port;
    private @Nullable Program run;

    /** Makes one in an empty folder; it does not run yet. */
    ExternalPostgres(Path folder) throws Exception {
        programs = DataFolder.programs();
        data = folder.resolve("external");
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Program.run(command(
                        "initdb",
                        "--pgdata=" + data,
                        "--username=posthorn",
                        "--auth=trust",
                        "--encoding=UTF8",
                        "--no-locale",
                        "--no-sync")
                .toArray(String[]::new));
    }

    /** PostgreSQL does not run as root; in a user namespace of its own it does not know that it is. */
    private List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(programs.resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    /** What {@code --database-url} takes. */
    String url() {
        return "postgresql://127.0.0.1:" + port + "/postgres";
    }

    ExternalPostgres start() throws IOException, InterruptedException {
        Program started = Program.start(
                Path.of("/"),
                command(
                        "postgres",
                        "-D",
                        data.toString(),
                        "-p",
                        String.valueOf(port),
                        "-c",
                        "listen_addresses=127.0.0.1",
                        "-c",
                        "unix_socket_directories="));
        run = started;
        started.awaitLine(READY, Duration.ofSeconds(30));
        return this;
    }

    /** Ends it as an operator does who is in a hurry: connections are cut. */
    void stop() throws IOException, InterruptedException {
        DatabaseProcess process = Objects.requireNonNull(DatabaseProcess.runningIn(data), "it does not run");
        process.signal("INT");
        Objects.requireNonNull(run).awaitExit(Duration.ofSeconds(30));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        DatabaseProcess process = DatabaseProcess.runningIn(data);
        if (process != null) {
            process.end();
        }
    }
}
