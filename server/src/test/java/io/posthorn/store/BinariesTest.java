package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The programs, unpacked, and as whom they run. */
@Timeout(120)
final class BinariesTest {
    @TempDir
    Path temp;

    @Test
    void areUnpackedWholeOnce() throws Exception {
        Path left = Files.createDirectories(temp.resolve("pgsql.new-99/lib"));
        Binaries binaries = Binaries.unpack(temp);
        assertThat(left).doesNotExist();
        assertThat(Path.of(binaries.program("postgres"))).isExecutable();
        try (Stream<Path> files = Files.walk(binaries.folder())) {
            List<Path> all = files.toList();
            assertThat(all)
                    .anyMatch(Files::isSymbolicLink)
                    .noneMatch(p -> p.toString().endsWith(".a"));
            assertThat(all).as("no dangling link").allMatch(Files::exists);
        }
        Path mark = Files.writeString(binaries.folder().resolve("mark"), "");
        assertThat(Binaries.unpack(temp)).isEqualTo(binaries);
        assertThat(mark).as("not unpacked again").exists();

        Path older = Files.createDirectories(temp.resolve("pgsql-18-00000000/bin"));
        binaries.deleteOthers();
        assertThat(older.getParent()).doesNotExist();
        assertThat(mark).exists();
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64",
        "Linux, aarch64, linux-arm_64",
        "Mac OS X, aarch64, darwin-arm_64",
        "Windows 11, amd64, windows-x86_64",
        "Linux, riscv64, linux-riscv64"
    })
    void haveTheNamesOfTheArchives(String os, String processor, String name) {
        assertThat(Binaries.platform(os, processor)).isEqualTo(name);
    }

    @Test
    void aLongLogIsCutAndTheServerGoesOn() throws Exception {
        ServerLog log = new ServerLog(temp.resolve("pg18.log"));
        log.prepare();
        Files.write(log.file(), new byte[10_000_001]);
        try (OutputStream server = Files.newOutputStream(log.file(), StandardOpenOption.APPEND)) {
            log.bound();
            assertThat(log.size()).isZero();
            server.write("after".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(log.since(0)).isEqualTo("after");
        assertThat(temp.resolve("pg18.log.1")).hasSize(10_000_001);
    }

    /** Where user namespaces are forbidden; a cluster that another user owns stays with that user. */
    @Test
    void rootRunsAClusterAsTheUserWhoOwnsIt() throws Exception {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "only root can change users");
        int nobody = 65_534;
        Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwx--x--x"));
        Path dataDir = Files.createDirectory(temp.resolve("data"));
        Cluster cluster = Cluster.in(dataDir);
        cluster.initialise(Binaries.unpack(dataDir), Launcher.asUser(nobody, nobody, dataDir));
        assertThat(Files.getAttribute(cluster.folder(), "unix:uid")).isEqualTo(nobody);
        for (int start = 1; start <= 2; start++) {
            try (Database db = Database.open(new DatabaseSettings(dataDir, null, null, null, 5, 0))) {
                long pid =
                        java.util.Objects.requireNonNull(db.embeddedProcess()).pid();
                assertThat(Files.getAttribute(Path.of("/proc/" + pid), "unix:uid"))
                        .isEqualTo(nobody);
                assertThat(db.reachable()).isTrue();
            }
        }
    }

    /** On a small file system of its own. */
    @Test
    void aFullDiskIsSaidToBeFull() throws Exception {
        Path disk = Files.createDirectory(temp.resolve("disk"));
        Assumptions.assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk.toString()), "mount");
        try {
            Path dataDir = Files.createDirectory(disk.resolve("data"));
            Files.createSymbolicLink(dataDir.resolve(TestDatabase.binaries().getFileName()), TestDatabase.binaries());
            DatabaseSettings settings = new DatabaseSettings(dataDir, null, null, null, 5, 0);
            assertThat(kindOf(settings)).isEqualTo(DatabaseException.Kind.DISK_FULL);

            assertThat(run("mount", "-o", "remount,size=200m", disk.toString())).isTrue();
            Database.open(settings).close();
            Path filler = disk.resolve("filler");
            assertThat(run("dd", "if=/dev/zero", "of=" + filler, "bs=64k"))
                    .as("dd stops when the disk is full")
                    .isFalse();
            assertThat(kindOf(settings)).isEqualTo(DatabaseException.Kind.DISK_FULL);

            Files.delete(filler);
            try (Database db = Database.open(settings)) {
                assertThat(db.reachable()).as("nothing is lost").isTrue();
            }
        } finally {
            assertThat(run("umount", disk.toString())).isTrue();
        }
    }

    private static DatabaseException.Kind kindOf(DatabaseSettings settings) {
        try (Database db = Database.open(settings)) {
            throw new AssertionError("opened " + db.address());
        } catch (DatabaseException e) {
            return e.kind();
        }
    }

    private static boolean run(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue() == 0;
    }
}
