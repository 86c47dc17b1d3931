package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Svix' npm client, unmodified, through every operation: {@code e2e/npm/operations.mjs} is what it does. */
final class NpmClientTest {
    private static final Duration DONE_WITHIN = Duration.ofMinutes(3);
    private static final Pattern OPERATIONS = Pattern.compile("operations: (\\d+)");

    @Test
    @Requirement({"E5", "B19", "D9"})
    void theNpmClientWorksUnmodified(@TempDir Path folder) throws Exception {
        Path npm = Npm.installed();
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder)) {
            Inbox inbox = receiver.at("/hooks").replies(Reply.status(200));
            try (Program program = Program.start(
                    npm,
                    List.of(
                            "node",
                            "operations.mjs",
                            server.api().uri("").toString(),
                            ServerProcess.TOKEN,
                            inbox.url().toString()))) {
                int code = program.awaitExit(DONE_WITHIN);
                assertThat(code).as(program.output()).isZero();
                assertThat(Integer.parseInt(
                                program.awaitLine(OPERATIONS, Duration.ZERO).group(1)))
                        .isGreaterThanOrEqualTo(40);
            }
            assertThat(server.log()).doesNotContain("ERROR", "Exception");
            everythingIsSigned(server, inbox);
        }
    }

    /** With the secret that the endpoint has at the end; what was sent during its rotation is signed with it too. */
    private static void everythingIsSigned(ServerProcess server, Inbox inbox) throws Exception {
        String secret = server.api()
                .svix()
                .getEndpoint()
                .getSecret("npm-1.a_b", "ep.npm")
                .getKey();
        List<Arrival> custom = inbox.all().stream()
                .filter(arrival -> arrival.headers().containsKey("x-custom"))
                .toList();
        assertThat(custom).hasSizeGreaterThanOrEqualTo(4);
        for (Arrival arrival : custom) {
            assertThat(arrival.header("authorization")).isEqualTo("hidden");
            arrival.verify(secret);
        }
    }
}
