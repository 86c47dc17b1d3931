package io.posthorn.egress;

import static io.posthorn.egress.Caller.always;
import static io.posthorn.egress.Caller.await;
import static io.posthorn.egress.Caller.body;
import static io.posthorn.egress.Caller.failure;
import static io.posthorn.egress.Caller.local;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.model.TlsIdentity;
import io.posthorn.model.TlsMaterial;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Client certificates, private authorities and pinned keys, against real servers. */
@Requirement({"B36", "B37", "D22", "D25"})
@SuppressWarnings("NullAway.Init") // JUnit fills the fields
class OwnTlsTest {
    @TempDir
    static Path folder;

    private static Certificates certificates;
    private static String ca;
    private static Vertx vertx;

    @BeforeAll
    static void start() throws Exception {
        certificates = new Certificates(folder);
        ca = Files.readString(certificates.ca);
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() {
        await(vertx.close().toCompletionStage().toCompletableFuture());
    }

    /** Answers with the name of the client. */
    private static HttpServer serve(String alias, ClientAuth auth, String... protocols) {
        HttpServerOptions options = new HttpServerOptions()
                .setSsl(true)
                .setKeyCertOptions(certificates.server(alias))
                .setClientAuth(auth)
                .setTrustOptions(new PemTrustOptions().addCertPath(certificates.ca.toString()));
        if (protocols.length > 0) {
            options.setEnabledSecureTransportProtocols(Set.of(protocols));
        }
        return await(vertx.createHttpServer(options)
                .requestHandler(request -> {
                    try {
                        request.response()
                                .end(
                                        auth == ClientAuth.REQUIRED
                                                ? request.connection()
                                                        .sslSession()
                                                        .getPeerPrincipal()
                                                        .getName()
                                                : "anybody");
                    } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
                        request.response().end("nobody");
                    }
                })
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture());
    }

    private static TlsIdentity identity(
            @Nullable String certificate, @Nullable String key, @Nullable String authority, String... pins) {
        return new TlsIdentity(certificate, key, authority, List.of(pins));
    }

    private static TlsIdentity client() {
        return identity(certificates.certificate(Certificates.CLIENT), certificates.key(Certificates.CLIENT), ca);
    }

    private static String pin(String alias) throws Exception {
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(certificates.certificate(alias).getBytes(StandardCharsets.UTF_8)));
        return Base64.getEncoder().encodeToString(TlsMaterial.pin(certificate));
    }

    private static Caller usual() {
        return new Caller(local(), always("127.0.0.1"));
    }

    private static Exchange post(Caller caller, Target target) {
        return caller.send(target, "POST", null, null, "{}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aClientCertificateIsShownAndNobodyElseTravelsOnItsConnection(String protocol) {
        HttpServer server = serve(Certificates.GOOD, ClientAuth.REQUIRED, protocol);
        try (Caller caller = new Caller(local(certificates.ca, Duration.ofSeconds(30), 100), always("127.0.0.1"))) {
            Target without = caller.target("https://hooks.test:" + server.actualPort());
            Target with = without.with(OwnTls.of(client()));

            assertThat(failure(post(caller, without)).kind()).isEqualTo(FailureKind.TLS);
            assertThat(body(post(caller, with))).isEqualTo("CN=posthorn");
            assertThat(body(post(caller, with))).isEqualTo("CN=posthorn");
            assertThat(caller.idle()).isEqualTo(1);
            // the connection lies idle, for the same host and port, and must not be used
            assertThat(failure(post(caller, without)).kind()).isEqualTo(FailureKind.TLS);
            // read again it is the same identity, and serves
            assertThat(body(post(caller, without.with(OwnTls.of(client()))))).isEqualTo("CN=posthorn");
            assertThat(caller.idle()).isEqualTo(1);
        }
    }

    @Test
    void aCertificateOfASelfSignedClientIsRefusedByTheServer() {
        HttpServer server = serve(Certificates.GOOD, ClientAuth.REQUIRED);
        try (Caller caller = usual()) {
            Target target = caller.target("https://hooks.test:" + server.actualPort())
                    .with(OwnTls.of(identity(
                            certificates.certificate(Certificates.SELF_SIGNED),
                            certificates.key(Certificates.SELF_SIGNED),
                            ca)));
            assertThat(failure(post(caller, target)).kind()).isEqualTo(FailureKind.TLS);
        }
    }

    @Test
    void aPrivateAuthorityIsTrustedForItsEndpointAlone() {
        HttpServer server = serve(Certificates.GOOD, ClientAuth.NONE);
        try (Caller caller = usual()) {
            Target usual = caller.target("https://hooks.test:" + server.actualPort());
            Target own = usual.with(OwnTls.of(identity(null, null, ca)));

            assertThat(failure(post(caller, usual)).detail()).contains("not trusted");
            assertThat(body(post(caller, own))).isEqualTo("anybody");
            assertThat(failure(post(caller, usual)).detail()).contains("not trusted");
            Target otherHost = caller.target("https://other.test:" + server.actualPort())
                    .with(OwnTls.of(identity(null, null, ca)));
            assertThat(failure(post(caller, otherHost)).detail()).contains("for another host");
        }
    }

    @Test
    void withAnAuthorityOfItsOwnTheOthersAreNotTrusted() {
        HttpServer server = serve(Certificates.GOOD, ClientAuth.NONE);
        try (Caller caller = new Caller(local(certificates.ca, Duration.ofSeconds(30), 100), always("127.0.0.1"))) {
            Target usual = caller.target("https://hooks.test:" + server.actualPort());
            Target own =
                    usual.with(OwnTls.of(identity(null, null, certificates.certificate(Certificates.SELF_SIGNED))));

            assertThat(body(post(caller, usual))).isEqualTo("anybody");
            assertThat(failure(post(caller, own)).kind()).isEqualTo(FailureKind.TLS);
        }
    }

    @Test
    void aPinnedKeyHasToBeTheServers() throws Exception {
        HttpServer server = serve(Certificates.GOOD, ClientAuth.NONE);
        try (Caller caller = new Caller(local(certificates.ca, Duration.ofSeconds(30), 100), always("127.0.0.1"))) {
            Target usual = caller.target("https://hooks.test:" + server.actualPort());
            String right = pin(Certificates.GOOD);
            String wrong = pin(Certificates.CLIENT);

            assertThat(body(post(caller, usual.with(OwnTls.of(identity(null, null, null, right))))))
                    .isEqualTo("anybody");
            assertThat(body(post(caller, usual.with(OwnTls.of(identity(null, null, ca, wrong, right))))))
                    .isEqualTo("anybody");
            Outcome.Failure refused = failure(post(caller, usual.with(OwnTls.of(identity(null, null, null, wrong)))));
            assertThat(refused.kind()).isEqualTo(FailureKind.TLS);
            assertThat(refused.detail()).contains("hooks.test").contains("pinned");
        }
    }

    /** A pin is one condition more, not one less. */
    @Test
    @Requirement("B6")
    void aPinDoesNotMakeASelfSignedCertificateGood() throws Exception {
        HttpServer server = serve(Certificates.SELF_SIGNED, ClientAuth.NONE);
        HttpServer expired = serve(Certificates.EXPIRED, ClientAuth.NONE);
        try (Caller caller = usual()) {
            String pin = pin(Certificates.SELF_SIGNED);
            Target target = caller.target("https://hooks.test:" + server.actualPort());
            assertThat(failure(post(caller, target.with(OwnTls.of(identity(null, null, null, pin)))))
                            .detail())
                    .contains("self-signed");
            assertThat(body(post(
                            caller,
                            target.with(OwnTls.of(
                                    identity(null, null, certificates.certificate(Certificates.SELF_SIGNED), pin))))))
                    .isEqualTo("anybody");
            Target old = caller.target("https://hooks.test:" + expired.actualPort())
                    .with(OwnTls.of(identity(null, null, ca, pin(Certificates.EXPIRED))));
            assertThat(failure(post(caller, old)).detail()).contains("expired");
        }
    }

    @Test
    void plainHttpHasNoTls() {
        try (Caller caller = usual()) {
            Target target = caller.target("http://hooks.test/");
            assertThatThrownBy(() -> target.with(OwnTls.of(client()))).hasMessageContaining("https");
        }
    }

    @Test
    void whatCannotBeUsedIsNamed() {
        String certificate = certificates.certificate(Certificates.CLIENT);
        String key = certificates.key(Certificates.CLIENT);
        assertUnusable("key", identity(certificate, null, null));
        assertUnusable("certificate", identity(null, key, null));
        assertUnusable("key", identity(certificate, certificates.key(Certificates.GOOD), null));
        assertUnusable("key", identity(certificate, "-----BEGIN RSA PRIVATE KEY-----\nAAAA", null));
        assertUnusable("key", identity(certificate, key.replace("A", "B"), null));
        assertUnusable("certificate", identity("nonsense", key, null));
        assertUnusable("certificate", identity(certificate.substring(0, 100), key, null));
        assertUnusable("ca", identity(null, null, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"));
        assertUnusable("ca", identity(null, null, ca + " ".repeat(TlsMaterial.LONGEST_PEM)));
        assertUnusable("pins", identity(null, null, null, "AAAA"));
        assertUnusable("pins", identity(null, null, null, "not base64"));
        assertThatThrownBy(() -> TlsMaterial.of(identity(
                                certificates.certificate(Certificates.EXPIRED),
                                certificates.key(Certificates.EXPIRED),
                                null))
                        .checkValidAt(Instant.now()))
                .hasMessageContaining("expired");
        assertThat(OwnTls.of(client())).hasToString("OwnTls[***]");
        assertThat(TlsMaterial.of(client())).hasToString("TlsMaterial[***]");
    }

    private static void assertUnusable(String member, TlsIdentity identity) {
        assertThatThrownBy(() -> OwnTls.of(identity)).isInstanceOfSatisfying(TlsMaterial.Unusable.class, e -> {
            assertThat(e.member()).isEqualTo(member);
            assertThat(e.rule()).startsWith("must");
        });
    }
}
