package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens to the embedded server and its folder in a hard life. */
@Timeout(120)
final class EmbeddedServerTest {
    @TempDir
    Path temp;

    private Path dataDir;

    EmbeddedServerTest() {
        this.dataDir = Path.of("unset");
    }

    /** The binaries are linked, not unpacked: that has its own test. */
    @BeforeEach
    void linkBinaries() throws IOException {
        dataDir = temp.resolve("data");
        Path binaries = TestDatabase.binaries();
        Files.createDirectories(dataDir);
        Files.createSymbolicLink(dataDir.resolve(binaries.getFileName()), binaries);
    }

    @AfterEach
    void unlinkBinaries() throws IOException {
        Files.delete(dataDir.resolve(TestDatabase.binaries().getFileName()));
    }

    @Test
    void restartKeepsDataAndPort() throws Exception {
        long key;
        String url;
        ProcessHandle first;
        try (Database db = open()) {
            key = db.idKey();
            url = db.address().url();
            first = postmaster(db);
            addEventType(db);
        }
        assertThat(first.isAlive()).as("stopped").isFalse();
        assertThat(dataDir.resolve("pg18").resolve("postmaster.pid")).doesNotExist();
        try (Database db = open()) {
            assertThat(db.idKey()).isEqualTo(key);
            assertThat(db.address().url()).isEqualTo(url);
            assertThat(eventTypes(db)).isEqualTo(1);
        }
    }

    @Test
    void keepsThePasswordToItself() throws Exception {
        try (Database db = open()) {
            String password = Objects.requireNonNull(db.address().password());
            assertThat(password).hasSize(48);
            assertThat(Files.getPosixFilePermissions(dataDir.resolve("pg18.password")))
                    .hasToString("[OWNER_READ, OWNER_WRITE]");
            PgAddress wrong = new PgAddress(db.address().url(), Cluster.USER, "not " + password);
            SQLException refused = catchThrowableOfType(
                    SQLException.class,
                    () -> wrong.connect(wrong.properties("test")).close());
            assertThat(SqlErrors.isAuthFailure(refused)).isTrue();
        }
    }

    @Test
    void isDurableAndListensLocally() throws Exception {
        try (Database db = open()) {
            List<String> settings = List.of("fsync", "synchronous_commit", "full_page_writes", "data_checksums");
            for (String name : settings) {
                assertThat(show(db, name)).as(name).isEqualTo("on");
            }
            assertThat(show(db, "listen_addresses")).isEqualTo("127.0.0.1");
            assertThat(show(db, "unix_socket_directories")).isEmpty();
        }
    }

    /** Ctrl-C in a terminal goes to the whole session. */
    @Test
    void hasASessionOfItsOwn() throws Exception {
        Path stat = Path.of("/proc/self/stat");
        Assumptions.assumeTrue(Files.exists(stat), "needs /proc");
        try (Database db = open()) {
            long pid = postmaster(db).pid();
            String[] fields = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"))
                    .split(" ", -1);
            assertThat(fields[5]).isEqualTo(String.valueOf(pid));
        }
    }

    @Test
    void adoptsTheServerOfAKilledProcess() throws Exception {
        long before;
        try (Crasher crasher = Crasher.start(dataDir)) {
            before = crasher.postmaster();
        }
        try (Database db = open()) {
            assertThat(postmaster(db).pid()).as("adopted").isEqualTo(before);
            assertThat(eventTypes(db)).isEqualTo(1);
        }
        assertThat(ProcessHandle.of(before).filter(ProcessHandle::isAlive))
                .as("an adopted server is stopped too")
                .isEmpty();
    }

    @Test
    void replacesARunningServerThatHasOtherSettings() throws Exception {
        long before;
        try (Crasher crasher = Crasher.start(dataDir)) {
            before = crasher.postmaster();
        }
        try (Database db = Database.open(new DatabaseSettings(dataDir, null, null, null, 100, 0))) {
            assertThat(postmaster(db).pid()).isNotEqualTo(before);
            assertThat(show(db, "max_connections")).isEqualTo("130");
            assertThat(eventTypes(db)).isEqualTo(1);
        }
    }

    @Test
    void startsAfterAServerThatWasKilledToo() throws Exception {
        long before;
        try (Crasher crasher = Crasher.start(dataDir)) {
            before = crasher.postmaster();
            ProcessHandle postmaster = ProcessHandle.of(before).orElseThrow();
            crasher.close();
            postmaster.destroyForcibly();
            postmaster.onExit().get(30, TimeUnit.SECONDS);
        }
        assertThat(dataDir.resolve("pg18").resolve("postmaster.pid")).exists();
        try (Database db = open()) {
            assertThat(postmaster(db).pid()).isNotEqualTo(before);
            assertThat(eventTypes(db)).isEqualTo(1);
        }
    }

    @Test
    void aPidThatAnotherProgramHasNowIsNoHindrance() throws Exception {
        Path file = dataDir.resolve("pg18").resolve("postmaster.pid");
        String left;
        try (Database db = open()) {
            assertThat(db.reachable()).isTrue();
            left = Files.readString(file);
        }
        String own = String.valueOf(ProcessHandle.current().pid());
        Files.writeString(file, left.replaceFirst("\\d+", own));
        try (Database db = open()) {
            assertThat(db.reachable()).isTrue();
            assertThat(Files.readString(file)).doesNotStartWith(own + "\n");
        }
    }

    @Test
    void whatAnInterruptedStartHasLeftIsThrownAway() throws Exception {
        Path halfUnpacked = Files.createDirectories(dataDir.resolve("pgsql.new-1/bin"));
        Files.writeString(halfUnpacked.resolve("postgres"), "half");
        Path halfMade = Files.createDirectories(dataDir.resolve("pg18.new-1/data"));
        Files.writeString(halfMade.resolve("PG_VERSION"), "18");
        Files.writeString(dataDir.resolve("pg18.password"), "of a cluster that never was");
        try (Database db = open()) {
            assertThat(db.reachable()).isTrue();
        }
        assertThat(halfUnpacked.getParent()).doesNotExist();
        assertThat(halfMade.getParent()).doesNotExist();
    }

    @Test
    void aKilledServerIsRestartedAndThePoolRecovers() throws Exception {
        try (Database db = open()) {
            addEventType(db);
            ProcessHandle before = postmaster(db);
            before.destroyForcibly();
            before.onExit().get(30, TimeUnit.SECONDS);
            Until.holds("restarted", () -> postmaster(db).pid() != before.pid());
            Until.holds("usable again", () -> {
                try {
                    return eventTypes(db) == 1;
                } catch (org.jdbi.v3.core.JdbiException e) {
                    SQLException cause = (SQLException) Objects.requireNonNull(e.getCause());
                    assertThat(SqlErrors.isUnavailable(cause)).as("%s", cause).isTrue();
                    return false;
                }
            });
            Until.holds("reachable again", db::reachable);
        }
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = other.getLocalPort();
            DatabaseException e = refused(new DatabaseSettings(dataDir, null, null, null, 5, port));
            assertThat(e.kind()).isEqualTo(DatabaseException.Kind.PORT_TAKEN);
            assertThat(e).hasMessageContaining(String.valueOf(port));
        }
        try (Database db = open()) {
            assertThat(db.reachable()).as("nothing is left locked").isTrue();
        }
    }

    @Test
    void aRememberedPortThatIsTakenIsReplaced() throws Exception {
        int port;
        try (Database db = open()) {
            port = Integer.parseInt(show(db, "port"));
        }
        try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                Database db = open()) {
            assertThat(show(db, "port")).isNotEqualTo(String.valueOf(other.getLocalPort()));
        }
    }

    @Test
    void aFolderIsOpenedOnce() throws Exception {
        try (Crasher crasher = Crasher.start(dataDir)) {
            DatabaseException e = refused(settings());
            assertThat(e.kind()).isEqualTo(DatabaseException.Kind.FOLDER_IN_USE);
            assertThat(e)
                    .hasMessageContaining("process " + crasher.pid() + ".")
                    .hasMessageContaining(dataDir.toString());
        }
        try (Database db = open()) {
            assertThat(db.reachable()).isTrue();
            DatabaseException e = refused(settings());
            assertThat(e.kind()).isEqualTo(DatabaseException.Kind.FOLDER_IN_USE);
        }
    }

    @Test
    void dataOfAnotherVersionAreLeftAlone() throws Exception {
        Path cluster = Files.createDirectories(dataDir.resolve("pg18"));
        Files.writeString(cluster.resolve("PG_VERSION"), "17\n");
        DatabaseException e = refused(settings());
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.WRONG_VERSION);
        assertThat(e).hasMessageContaining("PostgreSQL 17").hasMessageContaining(cluster.toString());
        assertThat(cluster).isDirectoryContaining("glob:**PG_VERSION");
    }

    @Test
    void dataOfAnOlderPosthornAreNotPassedOver() throws Exception {
        Files.createDirectories(dataDir.resolve("pg17"));
        assertThat(refused(settings()).kind()).isEqualTo(DatabaseException.Kind.WRONG_VERSION);
        assertThat(dataDir.resolve("pg18")).doesNotExist();
    }

    @Test
    void aForeignFolderIsRefused() throws Exception {
        Path file = Files.writeString(temp.resolve("file"), "");
        DatabaseException e = refused(new DatabaseSettings(file, null, null, null, 5, 0));
        assertThat(e).hasMessageContaining(file.toString());
    }

    @Test
    void aFolderWithoutPermissionIsRefused() throws Exception {
        Assumptions.assumeFalse("root".equals(System.getProperty("user.name")), "root may write everywhere");
        Files.setPosixFilePermissions(dataDir, java.nio.file.attribute.PosixFilePermissions.fromString("r-x------"));
        DatabaseException e = refused(settings());
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.NO_PERMISSION);
    }

    @Test
    void aBrokenServerIsExplainedWithItsLog() throws Exception {
        open().close();
        Files.delete(dataDir.resolve("pg18/global/pg_control"));
        DatabaseException e = refused(settings());
        assertThat(e.kind()).isEqualTo(DatabaseException.Kind.BROKEN);
        assertThat(e).hasMessageContaining("pg_control").hasMessageContaining("pg18.log");
    }

    private Database open() throws DatabaseException {
        return Database.open(settings());
    }

    private DatabaseSettings settings() {
        return new DatabaseSettings(dataDir, null, null, null, 5, 0);
    }

    private static DatabaseException refused(DatabaseSettings settings) {
        return catchThrowableOfType(
                DatabaseException.class, () -> Database.open(settings).close());
    }

    private static ProcessHandle postmaster(Database db) {
        return Objects.requireNonNull(db.embeddedProcess());
    }

    private static void addEventType(Database db) {
        db.jdbi()
                .useHandle(
                        h -> h.execute(
                                "insert into event_type (env_no, name, description, created_at, updated_at) values (1, 'a', '', now(), now())"));
    }

    private static int eventTypes(Database db) {
        return db.jdbi()
                .withHandle(h -> h.createQuery("select count(*) from event_type")
                        .mapTo(Integer.class)
                        .one());
    }

    private static String show(Database db, String setting) {
        return db.jdbi()
                .withHandle(h ->
                        h.createQuery("show " + setting).mapTo(String.class).one());
    }
}
