package io.posthorn.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database, open: embedded or external, with its tables up to date and today's partitions made.
 *
 * <p>Connections that are lost come back by themselves: meanwhile every use throws an {@link SQLException} for which
 * {@link SqlErrors#isUnavailable} is true.
 */
public final class Database implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Database.class);

    private static final int TRIES = 5;
    private static final long FIRST_PAUSE_MILLIS = 200;
    private static final long NOT_READY_SECONDS = 60;
    private static final long POOL_WAIT_MILLIS = 5_000;

    private final FolderLock lock;
    private final @Nullable EmbeddedServer embedded;
    private final Path dataDir;
    private final PgAddress address;
    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final DailyPartitions partitions;
    private final Reachability reachability;
    private final long idKey;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Database(
            FolderLock lock,
            @Nullable EmbeddedServer embedded,
            Path dataDir,
            PgAddress address,
            HikariDataSource pool,
            long idKey) {
        this.dataDir = dataDir;
        this.lock = lock;
        this.embedded = embedded;
        this.address = address;
        this.pool = pool;
        this.idKey = idKey;
        this.jdbi = Jdbi.create(pool);
        this.partitions = new DailyPartitions(pool, Clock.systemUTC());
        this.reachability = new Reachability(address);
    }

    /**
     * Locks the data folder, starts or adopts the embedded server or connects to the external one, checks its version,
     * runs the migrations, and makes the partitions of today and the next days.
     *
     * @throws DatabaseException with the kind and a message for people; nothing is left open or locked then
     */
    public static Database open(DatabaseSettings settings) throws DatabaseException {
        FolderLock lock = FolderLock.take(settings.dataDir().toAbsolutePath());
        @Nullable EmbeddedServer embedded = null;
        @Nullable Database database = null;
        try {
            PgAddress address;
            String url = settings.url();
            if (url == null) {
                embedded = EmbeddedServer.open(
                        settings.dataDir().toAbsolutePath(), settings.embeddedPort(), settings.poolSize());
                address = embedded.address();
            } else {
                address = PgAddress.parse(url, settings.user(), settings.password());
            }
            database = prepare(settings, lock, embedded, address);
            return database;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException(
                    DatabaseException.Kind.BROKEN, "Interrupted while the database was being opened.", e);
        } finally {
            if (database == null) {
                if (embedded != null) {
                    embedded.close();
                }
                lock.close();
            }
        }
    }

    private static Database prepare(
            DatabaseSettings settings, FolderLock lock, @Nullable EmbeddedServer embedded, PgAddress address)
            throws DatabaseException, InterruptedException {
        try (Connection first = connectPatiently(address)) {
            Schema.checkVersion(first.getMetaData().getDatabaseMajorVersion(), address);
            Schema.migrate(address);
            long idKey = Schema.installation(first, address);
            Database database = new Database(
                    lock,
                    embedded,
                    settings.dataDir().toAbsolutePath(),
                    address,
                    pool(address, settings.poolSize()),
                    idKey);
            try {
                database.partitions.ensureAhead();
            } catch (SQLException e) {
                database.pool.close();
                throw e;
            }
            return database;
        } catch (SQLException e) {
            throw explain(address, e);
        }
    }

    /** A server that has just been started, or restarted, is waited for; one that is not there only briefly. */
    private static Connection connectPatiently(PgAddress address) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(NOT_READY_SECONDS);
        long pause = FIRST_PAUSE_MILLIS;
        for (int tries = 1; ; tries++) {
            try {
                return address.connect(address.properties("posthorn start"));
            } catch (SQLException e) {
                boolean again = SqlErrors.isNotReady(e) ? System.nanoTime() < deadline : tries < TRIES;
                if (!again || !SqlErrors.isUnavailable(e)) {
                    throw e;
                }
                log.info("the database at {} does not answer yet: {}", address.shown(), e.getMessage());
            }
            Thread.sleep(pause);
            pause = Math.min(pause * 2, 2_000);
        }
    }

    private static DatabaseException explain(PgAddress address, SQLException e) {
        if (SqlErrors.isAuthFailure(e)) {
            return new DatabaseException(
                    DatabaseException.Kind.AUTH_FAILED,
                    "The database at " + address.shown() + " refuses user "
                            + Objects.requireNonNullElse(address.user(), "(none given)") + ": " + e.getMessage()
                            + ". Check user and password in the database URL.",
                    e);
        }
        if (SqlErrors.isDiskFull(e)) {
            return new DatabaseException(
                    DatabaseException.Kind.DISK_FULL,
                    "The disk of the database at " + address.shown() + " is full. Free some space and start again.",
                    e);
        }
        if (SqlErrors.isUnavailable(e)) {
            return new DatabaseException(
                    DatabaseException.Kind.UNREACHABLE,
                    "The database at " + address.shown() + " does not answer: " + e.getMessage()
                            + " Check the address, and that the server runs and takes connections from here.",
                    e);
        }
        return new DatabaseException(
                DatabaseException.Kind.BROKEN,
                "The database at " + address.shown() + " cannot be used: " + e.getMessage(),
                e);
    }

    private static HikariDataSource pool(PgAddress address, int size) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("posthorn");
        config.setJdbcUrl(address.url());
        config.setDataSourceProperties(address.properties("posthorn"));
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(Math.min(2, size));
        config.setConnectionTimeout(POOL_WAIT_MILLIS);
        config.setValidationTimeout(2_000);
        config.setInitializationFailTimeout(-1);
        config.setKeepaliveTime(TimeUnit.MINUTES.toMillis(2));
        return new HikariDataSource(config);
    }

    /** Jdbi on the pool. */
    public Jdbi jdbi() {
        return jdbi;
    }

    /** The pool. A connection is waited for at most 5 s; a statement may take at most 30 s. */
    public DataSource dataSource() {
        return pool;
    }

    /**
     * A connection outside the pool, for a writer that keeps it: autocommit off, statements prepared on the server from
     * their first use on, the socket timeout 30 s. The caller closes it, and opens another one when it breaks.
     *
     * @param applicationName what {@code pg_stat_activity} shows
     */
    public Connection dedicated(String applicationName) throws SQLException {
        Properties properties = address.properties(applicationName);
        properties.setProperty("prepareThreshold", "1");
        Connection connection = address.connect(properties);
        try {
            connection.setAutoCommit(false);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** {@code installation.id_key}: what public ids are mixed with. */
    public long idKey() {
        return idKey;
    }

    /** Whether the database answers, at most 2 s ago or now; takes at most about 2 s. Any thread may ask. */
    public boolean reachable() {
        return !closed.get() && reachability.check();
    }

    /**
     * Becomes the owner; waits as standby for as long as another node is. Interrupt the thread to give up.
     *
     * @param nodeName shown to others that wait
     * @throws DatabaseException if the database refuses; one that is away is waited for
     */
    public Ownership own(String nodeName) throws DatabaseException, InterruptedException {
        Ownership ownership = new Ownership(address, nodeName);
        try {
            ownership.acquire();
        } catch (SQLException e) {
            throw explain(address, e);
        }
        return ownership;
    }

    /**
     * How much room it takes, and how much is left. Asks the database; some milliseconds.
     *
     * @return of the embedded database with its write-ahead log, and the free room of its disk; of an external one
     *     {@link Long#MAX_VALUE} is free, because nobody here can tell
     */
    public DiskUse diskUse() throws SQLException {
        String wal = embedded == null ? "0" : "(select coalesce(sum(size), 0)::bigint from pg_ls_waldir())";
        long bytes;
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_database_size(current_database()) + " + wal)) {
            row.next();
            bytes = row.getLong(1);
        }
        try {
            return new DiskUse(
                    bytes,
                    embedded == null
                            ? Long.MAX_VALUE
                            : Files.getFileStore(dataDir).getUsableSpace());
        } catch (IOException e) {
            throw new SQLException("the free room of " + dataDir + " cannot be found out: " + e.getMessage(), e);
        }
    }

    /** The partitions of the tables that grow. */
    public DailyPartitions partitions() {
        return partitions;
    }

    /** The process of the embedded server, null if the database is external. */
    @Nullable
    ProcessHandle embeddedProcess() {
        return embedded == null ? null : embedded.process();
    }

    /** How the database is reached. */
    PgAddress address() {
        return address;
    }

    /**
     * Closes the pool, stops the embedded server in order (at most a minute) and gives the data folder back. Connections
     * outside the pool and the ownership are to be closed before.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        reachability.close();
        pool.close();
        if (embedded != null) {
            embedded.close();
        }
        lock.close();
    }
}
