package io.posthorn.egress;

import static io.posthorn.egress.Caller.always;
import static io.posthorn.egress.Caller.await;
import static io.posthorn.egress.Caller.body;
import static io.posthorn.egress.Caller.failure;
import static io.posthorn.egress.Caller.local;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Requirement({"B6", "B36", "B37", "D22"})
@SuppressWarnings("NullAway.Init") // JUnit fills the fields
class TlsTest {
    @TempDir
    static Path folder;

    private static Certificates certificates;
    private static Vertx vertx;

    @BeforeAll
    static void start() {
        certificates = new Certificates(folder);
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() {
        await(vertx.close().toCompletionStage().toCompletableFuture());
    }

    private static HttpServer serve(String alias, String... protocols) {
        HttpServerOptions options = new HttpServerOptions()
                .setSsl(true)
                .setSni(true)
                .setKeyCertOptions(certificates.server(alias))
                .setEnabledSecureTransportProtocols(Set.of(protocols));
        return await(vertx.createHttpServer(options)
                .requestHandler(request -> request.response()
                        .end(request.connection().sslSession().getProtocol() + " " + request.authority() + " "
                                + request.connection().indicatedServerName()))
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture());
    }

    private static Caller trusting() {
        return new Caller(local(certificates.ca, Duration.ofSeconds(30), 100), always("127.0.0.1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void speaksTlsWithAServerThatIsTrusted(String protocol) {
        HttpServer server = serve(Certificates.GOOD, protocol);
        try (Caller caller = trusting()) {
            String url = "https://hooks.test:" + server.actualPort();

            assertThat(body(caller.post(url)))
                    .isEqualTo(protocol + " hooks.test:" + server.actualPort() + " hooks.test");
            assertThat(body(caller.post("https://127.0.0.1:" + server.actualPort())))
                    .startsWith(protocol);
            assertThat(body(caller.post(url))).startsWith(protocol);
            assertThat(caller.idle()).isEqualTo(2);
        }
    }

    @Test
    void aSelfSignedCertificateIsRefused() {
        assertRefused(Certificates.SELF_SIGNED, "hooks.test", "self-signed");
    }

    @Test
    void anExpiredCertificateIsRefused() {
        assertRefused(Certificates.EXPIRED, "hooks.test", "expired");
    }

    @Test
    void aCertificateForAnotherHostIsRefused() {
        assertRefused(Certificates.GOOD, "other.test", "for another host");
    }

    @Test
    void aPrivateAuthorityIsNotTrustedUnlessItIsConfigured() {
        HttpServer server = serve(Certificates.GOOD, "TLSv1.3");
        try (Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Outcome.Failure failure = failure(caller.post("https://hooks.test:" + server.actualPort()));

            assertThat(failure.kind()).isEqualTo(FailureKind.TLS);
            assertThat(failure.detail()).contains("not trusted");
        }
    }

    private static void assertRefused(String alias, String host, String reason) {
        HttpServer server = serve(alias, "TLSv1.2", "TLSv1.3");
        try (Caller caller = trusting()) {
            Outcome.Failure failure = failure(caller.post("https://" + host + ":" + server.actualPort()));

            assertThat(failure.kind()).isEqualTo(FailureKind.TLS);
            assertThat(failure.detail()).contains(host).contains(reason);
            assertThat(caller.idle()).isZero();
        }
    }

    /** The first flight of a server that has nothing newer, as bytes: the JDK does not speak TLS 1.1 any more. */
    @Test
    void aServerWithTls11OnlyIsRefused() throws Exception {
        byte[] hello = HexFormat.of()
                .parseHex("1603020" + "02a" + "02000026" + "0302" + "5a".repeat(32) + "00" + "c013" + "00");
        try (RawServer server = new RawServer(connection -> {
                    connection.write(hello);
                    connection.awaitEnd();
                });
                Caller caller = trusting()) {
            Outcome.Failure failure = failure(caller.post("https://hooks.test:" + server.port()));

            assertThat(failure.kind()).isEqualTo(FailureKind.TLS);
            assertThat(failure.detail()).contains("does not offer TLS 1.2 or later");
        }
    }

    @Test
    void aServerWithoutTlsIsATlsFailure() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                    connection.awaitEnd();
                });
                Caller caller = trusting()) {
            Outcome.Failure failure = failure(caller.post("https://hooks.test:" + server.port()));

            assertThat(failure.kind()).isEqualTo(FailureKind.TLS);
            assertThat(failure.detail()).contains("does not speak TLS");
        }
    }

    @Test
    void aConnectionClosedWithinTheHandshakeIsATlsFailure() throws Exception {
        try (RawServer server = new RawServer(connection -> connection.write(""));
                Caller caller = trusting()) {
            assertThat(failure(caller.post("https://hooks.test:" + server.port()))
                            .kind())
                    .isEqualTo(FailureKind.TLS);
        }
    }

    @Test
    @Requirement("B35")
    void aHandshakeThatHangsIsATimeout() throws Exception {
        try (RawServer server = new RawServer(RawServer.Connection::awaitEnd);
                Caller caller = trusting()) {
            Outcome.Failure failure =
                    failure(caller.post("https://hooks.test:" + server.port(), "{}", Duration.ofMillis(300)));

            assertThat(failure.kind()).isEqualTo(FailureKind.TIMEOUT);
            assertThat(failure.detail()).contains("connecting");
        }
    }

    @Test
    void aFileWithoutCertificateIsNamedInTheError() throws Exception {
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");

        assertThatThrownBy(() -> TrustedCas.with(empty))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("empty.pem");
        assertThatThrownBy(() -> TrustedCas.with(folder.resolve("missing.pem")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("missing.pem");
    }
}
