package io.posthorn.store;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded server as a process: started or adopted, watched, and stopped. One thread opens it; after that only the
 * watchdog changes its state, until it is closed.
 */
final class EmbeddedServer implements Watchdog.Watched, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedServer.class);

    private static final String DATABASE = "posthorn";
    private static final long STOP_SECONDS = 60;
    private static final int PORT_TRIES = 5;

    private final Binaries binaries;
    private final Cluster cluster;
    private final Launcher launcher;
    private final int wantedPort;
    private final int poolSize;
    private final Watchdog watchdog;

    private volatile ProcessHandle process;
    private int port;

    private EmbeddedServer(Binaries binaries, Cluster cluster, Launcher launcher, int wantedPort, int poolSize)
            throws DatabaseException, InterruptedException, IOException {
        this.binaries = binaries;
        this.cluster = cluster;
        this.launcher = launcher;
        this.wantedPort = wantedPort;
        this.poolSize = poolSize;
        @Nullable ProcessHandle adopted = adopt();
        this.process = adopted != null ? adopted : startOnSomePort();
        this.watchdog = new Watchdog(this);
    }

    /**
     * Unpacks, initialises and starts what is needed, or adopts the server that runs.
     *
     * @param dataDir locked by the caller
     * @param port 0 for any free one
     * @param poolSize how many connections the caller will want
     */
    static EmbeddedServer open(Path dataDir, int port, int poolSize) throws DatabaseException, InterruptedException {
        try {
            Binaries binaries = Binaries.unpack(dataDir);
            Cluster cluster = Cluster.in(dataDir);
            Launcher launcher = Launcher.choose(binaries, cluster.folder());
            cluster.initialise(binaries, launcher);
            EmbeddedServer server = new EmbeddedServer(binaries, cluster, launcher, port, poolSize);
            boolean created = false;
            try {
                server.createDatabase();
                created = true;
            } catch (SQLException e) {
                throw SqlErrors.isDiskFull(e)
                        ? Folders.diskFull(dataDir, e)
                        : new DatabaseException(
                                DatabaseException.Kind.BROKEN, "The embedded database does not work: " + e, e);
            } finally {
                if (!created) {
                    server.close();
                }
            }
            binaries.deleteOthers();
            server.watchdog.start();
            return server;
        } catch (IOException e) {
            throw Folders.explain(dataDir, e);
        }
    }

    /** Where it listens. */
    PgAddress address() throws DatabaseException {
        return address(DATABASE);
    }

    private PgAddress address(String database) throws DatabaseException {
        try {
            return new PgAddress(
                    "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?sslmode=disable&gssEncMode=disable",
                    Cluster.USER,
                    cluster.password());
        } catch (IOException e) {
            throw Folders.explain(cluster.dataDir(), e);
        }
    }

    // ---- adopt ----

    private @Nullable ProcessHandle adopt() throws IOException, DatabaseException, InterruptedException {
        PostmasterFile running = PostmasterFile.runningIn(cluster.folder());
        if (running == null) {
            PostmasterFile.disarm(cluster.folder());
            return null;
        }
        port = running.port();
        if ((wantedPort == 0 || wantedPort == port) && port != 0 && answersAsWanted(running.process())) {
            log.info(
                    "adopted the database that still runs: process {}, port {}",
                    running.process().pid(),
                    port);
            return running.process();
        }
        if (running.process().isAlive()) {
            log.info(
                    "a database with other settings still runs (process {}): stopping it",
                    running.process().pid());
            stop(running.process());
        }
        return null;
    }

    /** Waits until the server answers or ends, and asks what it is. */
    private boolean answersAsWanted(ProcessHandle running) throws DatabaseException, InterruptedException {
        try {
            Readiness.await(this::probe, running);
            try (Connection c = probe();
                    Statement s = c.createStatement();
                    ResultSet r = s.executeQuery(
                            "select current_setting('data_directory'), current_setting('posthorn.settings', true)")) {
                r.next();
                EmbeddedConfig wanted = EmbeddedConfig.of(binaries, port, poolSize);
                return Path.of(r.getString(1))
                                .toRealPath()
                                .equals(cluster.folder().toRealPath())
                        && wanted.fingerprint().equals(r.getString(2));
            }
        } catch (SQLException | IOException | TimeoutException e) {
            log.info("the database that still runs (process {}) cannot be adopted: {}", running.pid(), e.toString());
            return false;
        }
    }

    // ---- start ----

    private ProcessHandle startOnSomePort() throws IOException, DatabaseException, InterruptedException {
        int candidate = wantedPort != 0 ? wantedPort : cluster.rememberedPort();
        for (int tries = 1; ; tries++) {
            if (candidate == 0 || !Ports.isFree(candidate)) {
                if (wantedPort != 0) {
                    throw portTaken();
                }
                candidate = Ports.anyFree();
            }
            port = candidate;
            try {
                ProcessHandle started = start();
                cluster.rememberPort(port);
                return started;
            } catch (DatabaseException e) {
                if (e.kind() != DatabaseException.Kind.PORT_TAKEN || wantedPort != 0 || tries == PORT_TRIES) {
                    throw e;
                }
                candidate = 0;
            }
        }
    }

    private ProcessHandle start() throws IOException, DatabaseException, InterruptedException {
        EmbeddedConfig.of(binaries, port, poolSize).write(cluster.folder(), launcher);
        ServerLog serverLog = cluster.log();
        serverLog.prepare();
        long mark = serverLog.size();
        Process started = launcher.start(
                List.of(
                        binaries.program("postgres"),
                        "-D",
                        cluster.folder().toRealPath().toString()),
                serverLog.file());
        try {
            Readiness.await(this::probe, started.toHandle());
            return started.toHandle();
        } catch (SQLException | TimeoutException e) {
            stop(started.toHandle());
            throw whyNot(serverLog.since(mark), e);
        } catch (InterruptedException e) {
            stop(started.toHandle());
            throw e;
        }
    }

    private DatabaseException whyNot(String said, Exception e) {
        // when the disk is full the server cannot even say so: its log is on it
        if (Folders.isDiskFull(said) || Folders.hasNoSpace(cluster.dataDir())) {
            return Folders.diskFull(cluster.dataDir(), e);
        }
        if (said.contains("Address already in use") || said.contains("could not create any TCP/IP sockets")) {
            return portTaken();
        }
        if (said.contains("Permission denied")) {
            return Folders.explain(cluster.dataDir(), new IOException("Permission denied\n" + said, e));
        }
        return new DatabaseException(
                DatabaseException.Kind.BROKEN,
                "The embedded database in " + cluster.folder() + " does not start. Its log "
                        + cluster.log().file() + " says:\n" + (said.isEmpty() ? "(nothing)" : said),
                e);
    }

    private DatabaseException portTaken() {
        return new DatabaseException(
                DatabaseException.Kind.PORT_TAKEN,
                "Port " + port() + " on 127.0.0.1, which the embedded database should listen on, is taken by another"
                        + " program. Stop that, or choose another port (0 for any free one).");
    }

    private int port() {
        return wantedPort != 0 ? wantedPort : port;
    }

    private Connection probe() throws SQLException, DatabaseException {
        PgAddress address = address("postgres");
        return address.connect(address.properties("posthorn start"));
    }

    private void createDatabase() throws SQLException, DatabaseException {
        try (Connection c = probe();
                Statement s = c.createStatement()) {
            try (ResultSet r = s.executeQuery("select from pg_database where datname = '" + DATABASE + "'")) {
                if (r.next()) {
                    return;
                }
            }
            s.execute("create database " + DATABASE);
        }
    }

    // ---- watch ----

    /** For the watchdog: whether the server runs again. */
    @Override
    public boolean restart() throws InterruptedException {
        try {
            PostmasterFile.disarm(cluster.folder());
            process = start();
            log.info("the embedded database runs again: process {}, port {}", process.pid(), port);
            return true;
        } catch (IOException | DatabaseException e) {
            log.error("the embedded database cannot be restarted: {}", e.getMessage());
            return false;
        }
    }

    /** For the watchdog. */
    @Override
    public ProcessHandle process() {
        return process;
    }

    /** For the watchdog. */
    @Override
    public void tend() {
        try {
            cluster.log().bound();
        } catch (IOException e) {
            log.warn("cannot cut {}: {}", cluster.log().file(), e.toString());
        }
    }

    // ---- stop ----

    /** A fast shutdown: transactions are aborted, everything is written. Waits for it at most a minute. */
    @Override
    public void close() {
        try {
            watchdog.stop();
            stop(process);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            log.warn("interrupted while the embedded database was stopping; it goes on stopping by itself");
        } catch (DatabaseException | IOException e) {
            log.error("the embedded database does not stop, the next start will deal with it: {}", e.getMessage());
        }
    }

    private void stop(ProcessHandle server) throws DatabaseException, IOException, InterruptedException {
        if (!server.isAlive()) {
            return;
        }
        Launcher.Outcome outcome =
                launcher.run(List.of(binaries.program("pg_ctl"), "kill", "INT", String.valueOf(server.pid())));
        if (!Readiness.ended(server, SECONDS.toMillis(STOP_SECONDS))) {
            throw new DatabaseException(
                    DatabaseException.Kind.BROKEN,
                    "The database process " + server.pid() + " does not stop within " + STOP_SECONDS + " s ("
                            + outcome.output().strip() + "). See "
                            + cluster.log().file()
                            + "; when nothing else helps, kill -QUIT it.");
        }
    }
}
