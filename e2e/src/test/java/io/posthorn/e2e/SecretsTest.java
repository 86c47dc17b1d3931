package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.svix.models.EndpointIn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nobody may read who gets hold of the database's files or of the log. */
final class SecretsTest {
    private static final byte[] KEY = "0123456789-the-key-of-an-endpoint".getBytes(StandardCharsets.US_ASCII);

    @Test
    @Requirement({"B18"})
    void secretsAreNotOnDiskOrInTheLog(@TempDir Path folder) throws Exception {
        String base64 = Base64.getEncoder().encodeToString(KEY);
        try (Receiver receiver = new Receiver();
                ServerProcess server = ServerProcess.local(folder, "--log-level", "debug")) {
            Inbox inbox = receiver.at("/hooks");
            Customer customer = Customer.of(server);
            server.api()
                    .svix()
                    .getEndpoint()
                    .create(customer.id(), new EndpointIn().url(inbox.url()).secret("whsec_" + base64));
            customer.publish("\"findable\"");
            inbox.await(1).getFirst().verify("whsec_" + base64);
            assertThat(server.stop()).isEqualTo(ServerProcess.STOPPED);

            assertThat(server.log()).doesNotContain(base64, ServerProcess.TOKEN);
            assertThat(filesWith(server.cluster(), "findable")).isNotEmpty();
            for (String text : List.of(
                    base64,
                    new String(KEY, StandardCharsets.US_ASCII),
                    HexFormat.of().formatHex(KEY),
                    ServerProcess.TOKEN)) {
                assertThat(filesWith(server.dataDir(), text)).isEmpty();
            }
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(server.dataDir().resolve("secret.key"))))
                    .isEqualTo("rw-------");
        }
    }

    private static List<Path> filesWith(Path folder, String text) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !file.toString().contains("/pgsql-") && Files.isRegularFile(file))
                    .filter(file -> contains(file, text))
                    .toList();
        }
    }

    private static boolean contains(Path file, String text) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).contains(text);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
