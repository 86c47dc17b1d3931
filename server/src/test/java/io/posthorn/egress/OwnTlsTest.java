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
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
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
    void whatCannotBeBegunIsToldOnceAndForgotten() {
        try (Caller caller = new Caller(local(), (host, done) -> {
            throw new IllegalStateException("of the test");
        })) {
            assertThat(failure(post(caller, caller.target("https://hooks.test/")))
                            .detail())
                    .contains("of the test");
            assertThat(caller.inFlight()).isZero();
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
        assertThatThrownBy(() -> TlsMaterial.given(
                        identity(
                                certificates.certificate(Certificates.EXPIRED),
                                certificates.key(Certificates.EXPIRED),
                                null),
                        Instant.now()))
                .hasMessageContaining("expired");
        assertThat(OwnTls.of(client())).hasToString("OwnTls[***]");
        assertThat(TlsMaterial.of(client())).hasToString("TlsMaterial[***]");
    }

    @Test
    void aChainIsInOrderOrRefused(@TempDir Path elsewhere) throws Exception {
        String client = certificates.certificate(Certificates.CLIENT);
        String key = certificates.key(Certificates.CLIENT);
        TlsIdentity inOrder = identity(client + ca, key, null);
        assertThat(TlsMaterial.given(inOrder, Instant.now()).chain()).hasSize(2);
        assertThat(OwnTls.of(inOrder)).isEqualTo(OwnTls.of(inOrder));

        assertUnusable("certificate", identity(ca + client, key, null));
        assertUnusable("certificate", identity(client + client, key, null));
        assertUnusable("certificate", identity(client + ca + ca, key, null));
        assertUnusable("certificate", identity(client + certificates.certificate(Certificates.GOOD), key, null));
        // an authority of the same name, which has signed something else
        String namesake = Files.readString(new Certificates(elsewhere).ca);
        assertUnusable("certificate", identity(client + namesake, key, null));
    }

    /** Half a second a signature, and no bound at all for what a key may have in it. */
    @Test
    void keysAreNoLongerThanTheyHaveToBe() throws Exception {
        KeyFactory rsa = KeyFactory.getInstance("RSA");
        assertThat(TlsMaterial.of(identity(null, null, certificate(modulus(4_096), rsa)))
                        .authorities())
                .hasSize(1);
        assertUnusable("ca", identity(null, null, certificate(modulus(4_097), rsa)));

        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2_048);
        KeyPair pair = generator.generateKeyPair();
        RSAPrivateCrtKey good = (RSAPrivateCrtKey) pair.getPrivate();
        String certificate = certificate(good.getModulus(), rsa);
        TlsMaterial.given(identity(certificate, pem("PRIVATE KEY", good.getEncoded()), null), Instant.now());
        assertUnusable(
                "certificate", identity(certificate(modulus(4_104), rsa), pem("PRIVATE KEY", good.getEncoded()), null));
        assertUnusable("key", identity(certificate(modulus(2_048), rsa), pem("PRIVATE KEY", good.getEncoded()), null));
        PrivateKey tooLong = rsa.generatePrivate(new RSAPrivateCrtKeySpec(
                good.getModulus(),
                good.getPublicExponent(),
                good.getPrivateExponent(),
                modulus(100_000),
                good.getPrimeQ(),
                good.getPrimeExponentP(),
                good.getPrimeExponentQ(),
                good.getCrtCoefficient()));
        assertThatThrownBy(() -> TlsMaterial.of(identity(certificate, pem("PRIVATE KEY", tooLong.getEncoded()), null)))
                .isInstanceOf(TlsMaterial.Unusable.class);
    }

    /** Odd, and of so many bits; nobody asks whether it is a modulus. */
    private static BigInteger modulus(int bits) {
        return BigInteger.ONE.shiftLeft(bits - 1).setBit(0);
    }

    /** One that nobody has signed. */
    private static String certificate(BigInteger modulus, KeyFactory rsa) throws Exception {
        byte[] key = rsa.generatePublic(new RSAPublicKeySpec(modulus, RSAKeyGenParameterSpec.F4))
                .getEncoded();
        byte[] name = new X500Principal("CN=long").getEncoded();
        byte[] algorithm = HexFormat.of().parseHex("300d06092a864886f70d01010b0500"); // SHA-256 with RSA
        byte[] validity = der(
                0x30,
                der(0x17, "200101000000Z".getBytes(StandardCharsets.US_ASCII)),
                der(0x17, "490101000000Z".getBytes(StandardCharsets.US_ASCII)));
        byte[] version = der(0xa0, der(0x02, new byte[] {2}));
        byte[] body = der(0x30, version, der(0x02, new byte[] {1}), algorithm, name, validity, name, key);
        return pem("CERTIFICATE", der(0x30, body, algorithm, der(0x03, new byte[257])));
    }

    private static byte[] der(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        int size = content.size();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(tag);
        if (size < 128) {
            all.write(size);
        } else {
            all.write(0x82);
            all.write(size >> 8);
            all.write(size);
        }
        all.writeBytes(content.toByteArray());
        return all.toByteArray();
    }

    private static String pem(String what, byte[] encoded) {
        return "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded) + "\n-----END " + what
                + "-----\n";
    }

    private static void assertUnusable(String member, TlsIdentity identity) {
        assertThatThrownBy(() -> TlsMaterial.given(identity, Instant.now()))
                .isInstanceOfSatisfying(TlsMaterial.Unusable.class, e -> {
                    assertThat(e.member()).isEqualTo(member);
                    assertThat(e.rule()).startsWith("must");
                });
    }
}
