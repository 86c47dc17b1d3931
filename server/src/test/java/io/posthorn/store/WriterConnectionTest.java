package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WriterConnectionTest {
    /** A network that swallows everything leaves the backend in its transaction: what it does later must not count. */
    @Test
    void theBackendOfABrokenConnectionIsEndedBeforeAnythingIsRead() throws Exception {
        DatabaseSettings settings = TestDatabase.settings();
        try (CuttingProxy proxy = new CuttingProxy(settings);
                Database db = Database.open(proxy.through(settings));
                Database direct = Database.open(settings);
                Ownership owner = db.own("writer test");
                WriterConnection writer = new WriterConnection(db, owner, "writer")) {
            Connection first = writer.begin();
            int pid = pid(first);
            proxy.forgetServers(); // the client's side is cut, the server's stays open
            assertThatThrownBy(() -> pid(first)).isInstanceOf(SQLException.class);
            assertThat(alive(direct, pid)).isTrue();
            writer.broken();

            assertThat(pid(writer.connect())).isNotEqualTo(pid);
            assertThat(alive(direct, pid)).isFalse();
        }
    }

    private static int pid(Connection connection) throws SQLException {
        try (Statement s = connection.createStatement();
                ResultSet r = s.executeQuery("select pg_backend_pid()")) {
            r.next();
            return r.getInt(1);
        }
    }

    private static boolean alive(Database database, int pid) throws SQLException {
        try (Connection c = database.dataSource().getConnection();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery("select count(*) from pg_stat_activity where pid = " + pid)) {
            r.next();
            return r.getInt(1) == 1;
        }
    }
}
