package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps a server from starting is told in one message that says what to do, with an exit code for scripts. */
final class StartErrorsTest {
    private static final int FAILURE = 1;
    private static final int USAGE = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** It ends with the code and one message, which has all of these. */
    private static void fails(Program program, int code, String... words) throws InterruptedException {
        int ended = program.awaitExit(PATIENCE);
        String output = program.output();
        assertThat(ended).as(output).isEqualTo(code);
        assertThat(output).contains(words);
        assertThat(output).doesNotContain("Exception", "\tat ", "WARNING:");
    }

    @Test
    void aFolderThatIsInUse(@TempDir Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.local(folder)) {
            Program second = server.launch();
            fails(second, FAILURE, "Posthorn cannot start", server.dataDir().toString(), "another");
            assertThat(server.api().get("/api/v1/health").status()).isEqualTo(200);
        }
    }

    @Test
    void aPortThatIsTaken(@TempDir Path folder) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerProcess server = new ServerProcess(folder, "--port", String.valueOf(taken.getLocalPort()))) {
            DataFolder.prepare(server.dataDir());
            fails(server.launch(), FAILURE, "Posthorn cannot start", String.valueOf(taken.getLocalPort()), "--port");
            Until.holds("no database is left", () -> DatabaseProcess.runningIn(server.cluster()) == null);
        }
    }

    @Test
    void everyWrongSettingAtOnce(@TempDir Path folder) throws Exception {
        try (ServerProcess server = new ServerProcess(
                folder,
                "--port",
                "70000",
                "--max-body-bytes",
                "lots",
                "--allow-network",
                "10.0.0.0/99",
                "--retry-jitter",
                "2")) {
            Program run = server.launch();
            fails(
                    run,
                    USAGE,
                    "port",
                    "70000",
                    "max-body-bytes",
                    "lots",
                    "allow-network",
                    "10.0.0.0/99",
                    "retry-jitter");
            assertThat(server.dataDir()).doesNotExist();
        }
    }

    @Test
    void aWrongFileIsToldWithItsName(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("my.yaml");
        Files.writeString(file, "prot: 1234\nport: here\n");
        try (Program run = Program.posthorn(folder, List.of("serve", "--config", file.toString()))) {
            fails(run, USAGE, "my.yaml", "prot", "port");
        }
        try (Program run = Program.posthorn(folder, List.of("serve", "--config", "nowhere.yaml"))) {
            fails(run, USAGE, "nowhere.yaml");
        }
        try (Program run = Program.posthorn(folder, List.of("serve", "--nonsense"))) {
            fails(run, USAGE, "--nonsense");
        }
        try (Program run = Program.posthorn(folder, List.of("nonsense"))) {
            fails(run, USAGE, "nonsense");
        }
    }

    @Test
    void dataOfAnotherVersion(@TempDir Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.local(folder)) {
            server.stop();
            Files.writeString(server.cluster().resolve("PG_VERSION"), "14\n");
            fails(server.launch(), FAILURE, "Posthorn cannot start", "14", "18");
        }
    }

    @Test
    void aDatabaseThatIsNotThere(@TempDir Path folder) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (ServerProcess server =
                new ServerProcess(folder, "--database-url", "postgresql://127.0.0.1:" + port + "/posthorn")) {
            fails(server.launch(), FAILURE, "Posthorn cannot start", "127.0.0.1:" + port);
        }
    }

    @Test
    void aSecretKeyThatIsNotTheOldOne(@TempDir Path folder) throws Exception {
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Customer.of(server).endpoint(receiver.at("/hooks"));
            server.stop();
            try (ServerProcess other =
                    new ServerProcess(folder, "--secret-key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")) {
                fails(other.launch(), FAILURE, "Posthorn cannot start", "key");
            }
        }
    }
}
