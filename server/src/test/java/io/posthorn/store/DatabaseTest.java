package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Opening a database that somebody else runs, and what it has when it is open. */
@Timeout(60)
final class DatabaseTest {
    @Test
    void aNewOneHasItsRows() throws Exception {
        try (Database db = TestDatabase.fresh();
                Database again = TestDatabase.again(db)) {
            assertThat(db.reachable()).isTrue();
            int shards = db.jdbi()
                    .withHandle(h -> h.createQuery("select count(*) from shard where no between 0 and 63")
                            .mapTo(Integer.class)
                            .one());
            assertThat(shards).isEqualTo(64);
            assertThat(again.idKey()).isEqualTo(db.idKey());
        }
    }

    @Test
    void eachInstallationHasItsOwnKey() {
        try (Database one = TestDatabase.fresh();
                Database other = TestDatabase.fresh()) {
            assertThat(one.idKey()).isNotEqualTo(other.idKey());
        }
    }

    @Test
    void aDedicatedConnectionIsOutsideThePool() throws Exception {
        try (Database db = TestDatabase.fresh();
                Connection c = db.dedicated("journal")) {
            assertThat(c.getAutoCommit()).isFalse();
            assertThat(c.isWrapperFor(org.postgresql.PGConnection.class)).isTrue();
            assertThat(c.unwrap(org.postgresql.PGConnection.class).getPrepareThreshold())
                    .isEqualTo(1);
            assertThat(c.getNetworkTimeout()).isEqualTo(30_000);
        }
    }

    @Test
    void aClosedOneIsNotReachable() {
        Database db = TestDatabase.fresh();
        db.close();
        db.close();
        assertThat(db.reachable()).isFalse();
    }

    @Test
    void aWrongPasswordIsRefused() throws Exception {
        DatabaseSettings s = TestDatabase.settings();
        DatabaseException e = refused(new DatabaseSettings(s.dataDir(), s.url(), s.user(), "wrong", 5, 0));
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.AUTH_FAILED);
        assertThat(e).hasMessageContaining("posthorn").hasMessageNotContaining("wrong");
    }

    @Test
    void aServerThatIsNotThereIsUnreachable() throws Exception {
        DatabaseSettings s = TestDatabase.settings();
        String url = "postgresql://u:secret@127.0.0.1:" + closedPort() + "/x";
        DatabaseException e = refused(new DatabaseSettings(s.dataDir(), url, null, null, 5, 0));
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.UNREACHABLE);
        assertThat(e).hasMessageContaining("127.0.0.1").hasMessageNotContaining("secret");
    }

    @Test
    void aDatabaseThatIsNotThereIsNamed() throws Exception {
        DatabaseSettings s = TestDatabase.settings();
        String url = String.valueOf(s.url()).replaceFirst("/test\\d+", "/nosuch");
        DatabaseException e = refused(new DatabaseSettings(s.dataDir(), url, s.user(), s.password(), 5, 0));
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.BROKEN);
        assertThat(e).hasMessageContaining("nosuch");
    }

    @Test
    void aNewerSchemaIsRefused() throws Exception {
        DatabaseException e = changed(
                "insert into flyway_schema_history (installed_rank, version, description, type, script, checksum,"
                        + " installed_by, execution_time, success) values (99, '999', 'from the future', 'SQL', 'V999__x.sql', 1, 'x', 1, true)");
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.SCHEMA_NEWER);
        assertThat(e).hasMessageContaining("999");
    }

    @Test
    void anotherNumberOfShardsIsRefused() throws Exception {
        DatabaseException e = changed("update installation set shards = 32");
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.BROKEN);
        assertThat(e).hasMessageContaining("32 shards").hasMessageContaining("64");
    }

    @ParameterizedTest
    @CsvSource({"14, true", "15, false", "18, false"})
    void needsFifteen(int version, boolean refused) {
        PgAddress address = new PgAddress("jdbc:postgresql://db/x", null, null);
        DatabaseException e =
                catchThrowableOfType(DatabaseException.class, () -> Schema.checkVersion(version, address));
        assertThat(e != null).isEqualTo(refused);
        if (e != null) {
            assertThat(e.kind()).isEqualTo(DatabaseException.Kind.WRONG_VERSION);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://u:p%40ss+%3A@h:5433/d?sslmode=require, jdbc:postgresql://h:5433/d?sslmode=require, u, p@ss+:",
        "postgres://u@h/d, jdbc:postgresql://h/d, u,",
        "'postgres://h1:1,h2:2/d', 'jdbc:postgresql://h1:1,h2:2/d',,",
        "postgres://[::1]:5432/d, jdbc:postgresql://[::1]:5432/d,,",
        "postgres://h, jdbc:postgresql://h/,,",
        "jdbc:postgresql://h/d?user=x, jdbc:postgresql://h/d?user=x,,",
    })
    void readsUrls(String url, String jdbc, String user, String password) throws Exception {
        PgAddress address = PgAddress.parse(url, null, null);
        assertThat(address.url()).startsWith(jdbc);
        assertThat(address.user()).isEqualTo(user);
        assertThat(address.password()).isEqualTo(password);
        PgAddress overridden = PgAddress.parse(url, "other", "word");
        assertThat(overridden.user()).isEqualTo("other");
        assertThat(overridden.password()).isEqualTo("word");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mysql://h/d", "postgres://u:se cret@h/d", "secret", "postgres:///"})
    void refusesOtherUrlsWithoutShowingThem(String url) {
        DatabaseException e = catchThrowableOfType(DatabaseException.class, () -> PgAddress.parse(url, null, null));
        assertThat(e).hasMessageContaining("postgresql://").hasMessageNotContaining("cret");
        assertThat(e).hasNoCause();
    }

    @Test
    void settingsDoNotShowSecrets() throws Exception {
        DatabaseSettings s = TestDatabase.settings();
        DatabaseSettings shown = new DatabaseSettings(s.dataDir(), "postgres://u:secret1@h/d", "u", "secret2", 5, 0);
        assertThat(shown.toString()).doesNotContain("secret1", "secret2");
        assertThat(new PgAddress("jdbc:postgresql://h/d?password=secret3", "u", "secret4").toString())
                .doesNotContain("secret3", "secret4");
    }

    private static DatabaseException changed(String sql) throws SQLException {
        DatabaseSettings settings = TestDatabase.settings();
        try (Database db = Database.open(settings);
                Connection c = db.dataSource().getConnection();
                Statement s = c.createStatement()) {
            s.execute(sql);
        } catch (DatabaseException e) {
            throw new AssertionError(e);
        }
        return refused(settings);
    }

    private static DatabaseException refused(DatabaseSettings settings) {
        return catchThrowableOfType(
                DatabaseException.class, () -> Database.open(settings).close());
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
