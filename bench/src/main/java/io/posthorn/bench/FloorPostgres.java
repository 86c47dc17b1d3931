package io.posthorn.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.tukaani.xz.XZInputStream;

/**
 * A PostgreSQL of the floor's own, from the same binaries and with the same settings as the product's, laid out so that
 * {@link Database} finds it. One that is still running is taken over.
 */
final class FloorPostgres {
    /** What differs from PostgreSQL's defaults; fsync stays on. */
    private static final List<String> SETTINGS = List.of(
            "shared_buffers=256MB",
            "max_wal_size=4GB",
            "jit=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=");

    private static final long START_SECONDS = 30;

    private final Path dataDir;
    private final Path cluster;
    private final Path binaries;

    private FloorPostgres(Path dataDir) {
        this.dataDir = dataDir;
        cluster = dataDir.resolve("pg18");
        binaries = dataDir.resolve("postgres");
    }

    /** Unpacks, initialises and starts what is not there yet. */
    static Database open(Path dataDir) throws IOException, InterruptedException, SQLException {
        FloorPostgres postgres = new FloorPostgres(dataDir);
        Database database = new Database(dataDir);
        if (!Files.exists(postgres.binaries)) {
            postgres.unpack();
        }
        if (!Files.exists(postgres.cluster)) {
            postgres.initialise();
        }
        if (database.pids().isEmpty()) {
            postgres.start();
        }
        return database;
    }

    /** Stops it with a fast shutdown: its connections are cut, its data are written. */
    static void stop(Database database) throws IOException, InterruptedException {
        List<Long> pids = database.pids();
        if (pids.isEmpty()) {
            return;
        }
        new ProcessBuilder("kill", "-INT", String.valueOf(pids.getFirst()))
                .start()
                .waitFor();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!database.pids().isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
    }

    private void unpack() throws IOException, InterruptedException {
        boolean arm = System.getProperty("os.arch", "").equals("aarch64");
        String name = "/postgres-linux-" + (arm ? "arm_64" : "x86_64") + ".txz";
        Files.createDirectories(binaries);
        try (InputStream packed = FloorPostgres.class.getResourceAsStream(name)) {
            if (packed == null) {
                throw new IOException("this jar has no " + name);
            }
            Process tar = new ProcessBuilder("tar", "-x", "-C", binaries.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (OutputStream to = tar.getOutputStream();
                    InputStream from = new XZInputStream(packed)) {
                from.transferTo(to);
            }
            if (tar.waitFor() != 0) {
                throw new IOException("tar could not unpack " + name);
            }
        }
    }

    private void initialise() throws IOException, InterruptedException {
        Files.createDirectories(cluster);
        Process initdb = program("initdb")
                .command(command(
                        "initdb",
                        "-D",
                        cluster.toString(),
                        "-U",
                        "posthorn",
                        "-A",
                        "trust",
                        "-E",
                        "UTF8",
                        "--no-locale",
                        "-N"))
                .start();
        if (initdb.waitFor() != 0) {
            throw new IOException("initdb failed");
        }
        Files.writeString(dataDir.resolve("pg18.password"), "");
    }

    private void start() throws IOException, InterruptedException, SQLException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        List<String> line = command("postgres", "-D", cluster.toString(), "-p", String.valueOf(port));
        for (String setting : SETTINGS) {
            line.add("-c");
            line.add(setting);
        }
        Process process = program("postgres").command(line).start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try (Connection connection = DriverManager.getConnection(
                            "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "posthorn", "");
                    Statement statement = connection.createStatement()) {
                statement.execute("create database posthorn");
                return;
            } catch (SQLException e) {
                if ("42P04".equals(e.getSQLState())) {
                    return;
                }
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw e;
                }
                Thread.sleep(20);
            }
        }
    }

    private ProcessBuilder program(String name) {
        ProcessBuilder builder = new ProcessBuilder(name)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        dataDir.resolve("pg18.log").toFile()));
        builder.environment().put("LC_ALL", "C");
        return builder;
    }

    /** The program as somebody it agrees to run as: PostgreSQL refuses root, whom a namespace makes nobody. */
    private List<String> command(String name, String... arguments) throws IOException {
        List<String> line = new ArrayList<>();
        if ((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0) {
            line.addAll(List.of("unshare", "-U"));
        }
        line.add(binaries.resolve("bin").resolve(name).toString());
        line.addAll(List.of(arguments));
        return line;
    }
}
