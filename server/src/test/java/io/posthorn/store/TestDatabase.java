package io.posthorn.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Databases for tests: one embedded server for each test JVM, started when first needed and stopped with the JVM, and on
 * it a new, empty database with Posthorn's tables for everybody who asks.
 */
public final class TestDatabase {
    private static final AtomicInteger number = new AtomicInteger();

    private TestDatabase() {}

    /** The server; held here so that it starts once, when first needed. */
    private static final class Server {
        static final Path FOLDER = folder();
        static final EmbeddedServer INSTANCE = start();

        private static Path folder() {
            try {
                return Files.createTempDirectory("posthorn-test-db-");
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        private static EmbeddedServer start() {
            try {
                EmbeddedServer server = EmbeddedServer.open(FOLDER, 0, 200);
                hurry(server.address());
                Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
                    server.close();
                    try {
                        Folders.deleteTree(FOLDER);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }));
                return server;
            } catch (DatabaseException | SQLException e) {
                throw new IllegalStateException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    /** Nothing here outlives the JVM, so nothing has to reach the disk; and {@code fsync} is slow on shared machines. */
    private static void hurry(PgAddress address) throws SQLException {
        try (Connection c = DriverManager.getConnection(address.url(), address.user(), address.password());
                Statement s = c.createStatement()) {
            s.execute("alter system set fsync = off");
            s.execute("select pg_reload_conf()");
        }
    }

    /** A new database, opened as an external one is. The caller closes it. */
    public static Database fresh() {
        try {
            return open(settings());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Opens a database again, as a second node with a data folder of its own would.
     *
     * @param other from {@link #fresh}; it stays open
     */
    public static Database again(Database other) {
        PgAddress address = other.address();
        return open(new DatabaseSettings(nodeFolder(), address.url(), address.user(), address.password(), 5, 0));
    }

    /** The same database for another node, with a data folder of its own. */
    public static DatabaseSettings beside(DatabaseSettings other) {
        return new DatabaseSettings(nodeFolder(), other.url(), other.user(), other.password(), 5, 0);
    }

    /** The settings of a new, empty database, for those who open it themselves. */
    public static DatabaseSettings settings() throws SQLException {
        try {
            PgAddress admin = Server.INSTANCE.address();
            String name = "test" + number.incrementAndGet();
            try (Connection c = DriverManager.getConnection(admin.url(), admin.user(), admin.password());
                    Statement s = c.createStatement()) {
                s.execute("create database " + name);
            }
            return new DatabaseSettings(
                    nodeFolder(),
                    admin.url().replace("/posthorn?", "/" + name + "?"),
                    admin.user(),
                    admin.password(),
                    5,
                    0);
        } catch (DatabaseException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The unpacked programs. */
    static Path binaries() throws IOException {
        assert Server.INSTANCE.process().isAlive();
        return Folders.startingWith(Server.FOLDER, "pgsql-").getFirst();
    }

    private static Path nodeFolder() {
        return Server.FOLDER.resolve("node" + number.incrementAndGet());
    }

    private static Database open(DatabaseSettings settings) {
        try {
            return Database.open(settings);
        } catch (DatabaseException e) {
            throw new IllegalStateException(e);
        }
    }
}
