package io.posthorn.store;

import io.posthorn.model.Shards;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.postgresql.ds.PGSimpleDataSource;

/** The tables: migrations, and the rows every installation has. */
final class Schema {
    private static final int LEAST_VERSION = 15;
    private static final int MIGRATION_SECONDS = 3_600;

    private Schema() {}

    /**
     * Checks the server's version.
     *
     * @param version the major version
     * @throws DatabaseException {@code WRONG_VERSION}
     */
    static void checkVersion(int version, PgAddress address) throws DatabaseException {
        if (version < LEAST_VERSION) {
            throw new DatabaseException(
                    DatabaseException.Kind.WRONG_VERSION,
                    "The server at " + address.shown() + " is PostgreSQL " + version + "; Posthorn needs "
                            + LEAST_VERSION + " or later.");
        }
    }

    /**
     * Brings the tables up to date.
     *
     * @throws DatabaseException {@code SCHEMA_NEWER} or {@code BROKEN}
     */
    static void migrate(PgAddress address) throws DatabaseException {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(address.url());
        if (address.user() != null) {
            source.setUser(address.user());
        }
        if (address.password() != null) {
            source.setPassword(address.password());
        }
        source.setApplicationName("posthorn migrations");
        source.setSocketTimeout(MIGRATION_SECONDS);
        try {
            Flyway flyway = Flyway.configure(Schema.class.getClassLoader())
                    .dataSource(source)
                    .locations("classpath:db/migration")
                    .load();
            for (MigrationInfo info : flyway.info().applied()) {
                switch (info.getState()) {
                    case FUTURE_SUCCESS, FUTURE_FAILED ->
                        throw new DatabaseException(
                                DatabaseException.Kind.SCHEMA_NEWER,
                                "The database at " + address.shown() + " was changed by a newer Posthorn (migration "
                                        + info.getVersion() + ", " + info.getDescription()
                                        + "). Run that version or a later one.");
                    default -> {}
                }
            }
            flyway.migrate();
        } catch (FlywayException e) {
            throw new DatabaseException(
                    DatabaseException.Kind.BROKEN,
                    "The tables in the database at " + address.shown() + " cannot be brought up to date: "
                            + e.getMessage(),
                    e);
        }
    }

    /**
     * Makes the rows of a new installation, and checks those of an old one.
     *
     * @return {@code installation.id_key}
     * @throws DatabaseException {@code BROKEN} if it has another number of shards
     */
    static long installation(Connection c, PgAddress address) throws SQLException, DatabaseException {
        c.setAutoCommit(false);
        try (PreparedStatement insert = c.prepareStatement(
                "insert into installation (shards, id_key) values (?, ?) on conflict (only_row) do nothing")) {
            insert.setInt(1, Shards.COUNT);
            insert.setLong(2, new SecureRandom().nextLong());
            insert.executeUpdate();
        }
        long key;
        try (Statement select = c.createStatement();
                ResultSet r = select.executeQuery("select shards, id_key from installation")) {
            r.next();
            key = r.getLong(2);
            if (r.getInt(1) != Shards.COUNT) {
                throw new DatabaseException(
                        DatabaseException.Kind.BROKEN,
                        "The database at " + address.shown() + " was made with " + r.getInt(1)
                                + " shards, this Posthorn has " + Shards.COUNT
                                + ", and their number can never change. Run the Posthorn that made it.");
            }
        }
        try (PreparedStatement insert = c.prepareStatement(
                "insert into shard (no) select generate_series(0, ? - 1) on conflict (no) do nothing")) {
            insert.setInt(1, Shards.COUNT);
            insert.executeUpdate();
        }
        c.commit();
        c.setAutoCommit(true);
        return key;
    }
}
