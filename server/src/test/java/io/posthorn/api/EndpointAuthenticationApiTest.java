package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import io.posthorn.egress.Certificates;
import io.posthorn.model.SigningSecret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an endpoint's owner says about authentication and TLS: what is kept, and what of it is shown. */
class EndpointAuthenticationApiTest {
    private static final String ALL = "/app/one/endpoint";
    private static final Api api = Api.usual();

    @BeforeAll
    static void application() {
        api.post("/app", "{\"name\":\"one\",\"uid\":\"one\"}");
    }

    @AfterAll
    static void close() {
        api.close();
    }

    private static String made(String more) {
        Api.Reply made = api.post(ALL, "{\"url\":\"https://example.com/\"" + more.replace('\'', '"') + "}");
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        return ALL + "/" + made.id();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'type':'basic','user':'jo','password':'hidden-1'}|{'type':'basic','user':'jo'}",
                "{'type':'header','name':'X-Check','value':'hidden-1'}|{'type':'header','name':'X-Check'}",
                "{'type':'bearer','token':'hidden-1'}|{'type':'bearer'}",
                "{'type':'oauth2','tokenUrl':'https://a.example/t','clientId':'c','clientSecret':'hidden-1','scope':'s'}"
                        + "|{'type':'oauth2','tokenUrl':'https://a.example/t','clientId':'c','scope':'s','audience':null,"
                        + "'clientAuthentication':'basic'}"
            })
    @Requirement({"A7", "A11", "E23"})
    void whatIsSecretIsKeptAndNotShown(String given, String shown) throws Exception {
        String one = made(",'authentication':" + given);
        Api.Reply reply = api.get(one);

        assertThat(reply.body().get("authentication")).isEqualTo(Api.JSON.readTree(shown.replace('\'', '"')));
        assertThat(reply.text()).doesNotContain("hidden-1");
        // who does not know of it keeps it
        assertThat(api.put(one, "{\"url\":\"https://example.com/2\"}").body().get("authentication"))
                .isEqualTo(reply.body().get("authentication"));
        assertThat(api.patch(one, "{\"authentication\":null}")
                        .body()
                        .get("authentication")
                        .isNull())
                .isTrue();
        for (String path : List.of(ALL, "/app/one/audit", "/audit-log")) {
            assertThat(api.get(path).text()).doesNotContain("hidden-1");
        }
    }

    @Test
    @Requirement("A7")
    void userAndPasswordAreTakenOutOfTheUrl() {
        Api.Reply made = api.post(ALL, "{\"url\":\"HTTPS://jo%40x:p%C3%A4ss%3A1@example.com:8443/a?b=c@d\"}");
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        assertThat(made.body().get("url").textValue()).isEqualTo("https://example.com:8443/a?b=c@d");
        assertThat(made.body().at("/authentication/user").textValue()).isEqualTo("jo@x");
        String one = ALL + "/" + made.id();

        Api.Reply changed = api.patch(one, "{\"url\":\"https://other:hidden-2@example.com/\"}");
        assertThat(changed.body().get("url").textValue()).isEqualTo("https://example.com/");
        assertThat(changed.body().at("/authentication/user").textValue()).isEqualTo("other");
        assertThat(changed.text()).doesNotContain("hidden-2");
        assertThat(api.patch(one, "{\"url\":\"https://example.com/3\"}")
                        .body()
                        .at("/authentication/user")
                        .textValue())
                .isEqualTo("other");
        Api.Reply both = api.patch(
                one,
                "{\"url\":\"https://a:b@example.com/\",\"authentication\":{\"type\":\"bearer\"," + "\"token\":\"t\"}}");
        assertThat(both.status()).isEqualTo(422);
        assertThat(both.places()).containsExactly("body.authentication");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://a:hidden-3%zz@example.com/",
                "https://a%3Ab:hidden-3@example.com/",
                "https://a:hidden-3%0d%0aX@example.com/",
                "https://a:hidden-3%ff@example.com/",
                "https://a:hidden-3@b@example.com/",
                "ftp://a:hidden-3@example.com/"
            })
    void aUrlThatIsNotPlainIsRefusedWithoutRepeatingIt(String url) {
        Api.Reply refused = api.post(ALL, "{\"url\":\"" + url + "\"}");
        assertThat(refused.status()).as(refused.text()).isEqualTo(422);
        assertThat(refused.places()).containsExactly("body.url");
        assertThat(refused.text()).doesNotContain("hidden-3");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'type':'basic','user':'a:b','password':'x'}|body.authentication.user",
                "{'type':'basic','user':'a'}|body.authentication.password",
                "{'type':'basic','user':'a','password':'x\\n'}|body.authentication.password",
                "{'type':'basic','user':'a','password':'x','token':'y'}|body.authentication.token",
                "{'type':'header','name':'Host','value':'x'}|body.authentication.name",
                "{'type':'header','name':'webhook-id','value':'x'}|body.authentication.name",
                "{'type':'header','name':'X-A','value':'x\\r\\nY: z'}|body.authentication.value",
                "{'type':'bearer','token':'a b'}|body.authentication.token",
                "{'type':'oauth2','tokenUrl':'refused','clientId':'c','clientSecret':'s'}|body.authentication.tokenUrl",
                "{'type':'oauth2','tokenUrl':'https://a.example/','clientId':'c'}|body.authentication.clientSecret",
                "{'type':'other'}|body.authentication.type",
                "{}|body.authentication.type",
                "[]|body.authentication",
            })
    void whatCannotBeUsedIsNamed(String given, String place) {
        Api.Reply refused =
                api.post(ALL, "{\"url\":\"https://example.com/\",\"authentication\":" + given.replace('\'', '"') + "}");
        assertThat(refused.status()).as(refused.text()).isEqualTo(422);
        assertThat(refused.places()).containsExactly(place);
    }

    @Test
    @Requirement("B37")
    void tlsIsShownWithoutItsKey(@TempDir Path folder) throws Exception {
        Certificates certificates = new Certificates(folder);
        String pin = Base64.getEncoder().encodeToString(new byte[32]);
        var tls = Api.JSON
                .createObjectNode()
                .put("certificate", certificates.certificate(Certificates.CLIENT))
                .put("key", certificates.key(Certificates.CLIENT))
                .put("ca", Files.readString(certificates.ca));
        tls.putArray("pins").add(pin);
        String one = made("");
        Api.Reply changed = api.patch(one, "{\"tls\":" + tls + "}");

        assertThat(changed.status()).as(changed.text()).isEqualTo(200);
        assertThat(changed.body().at("/tls/certificate/subject").textValue()).isEqualTo("CN=posthorn");
        assertThat(changed.body().at("/tls/certificate/issuer").textValue()).isEqualTo("CN=Test authority");
        assertThat(changed.body().at("/tls/certificate/expiresAt").textValue()).endsWith("Z");
        assertThat(changed.body().at("/tls/ca/0/subject").textValue()).isEqualTo("CN=Test authority");
        assertThat(changed.body().at("/tls/pins/0").textValue()).isEqualTo(pin);
        assertThat(changed.text()).doesNotContain("PRIVATE", "BEGIN");

        ShownCertificates shown = new ShownCertificates();
        String pem = certificates.certificate(Certificates.CLIENT);
        assertThat(shown.of(pem)).isSameAs(shown.of(pem)).hasSize(1);
        for (int i = 0; i < 1_100; i++) {
            shown.of("number " + i + "\n" + pem);
        }
        assertThat(shown.size()).isEqualTo(1_000);
        assertThat(shown.of(null)).isEmpty();

        var backwards = tls.deepCopy().put("certificate", Files.readString(certificates.ca) + pem);
        assertThat(api.patch(one, "{\"tls\":" + backwards + "}").places()).containsExactly("body.tls.certificate");
        tls.put("key", certificates.key(Certificates.GOOD));
        assertThat(api.patch(one, "{\"tls\":" + tls + "}").places()).containsExactly("body.tls.key");
        assertThat(api.patch(one, "{\"tls\":{\"ca\":\"x\"}}").places()).containsExactly("body.tls.ca");
        assertThat(api.patch(one, "{\"tls\":{\"pins\":[\"x\"]}}").places()).containsExactly("body.tls.pins");
        assertThat(api.patch(one, "{\"tls\":{\"chain\":\"x\"}}").places()).containsExactly("body.tls.chain");
        assertThat(api.get(one).body()).isEqualTo(changed.body());
        assertThat(api.patch(one, "{\"tls\":null}").body().get("tls").isNull()).isTrue();
    }

    @Test
    @Requirement("D3")
    void aPrivateKeyCanBeMadeAndItsPublicOneIsShown() {
        String one = made("");
        assertThat(api.post(one + "/secret/rotate", "{\"type\":\"ed25519\"}").status())
                .isEqualTo(204);
        JsonNode shown = api.get(one + "/secret").body();
        SigningSecret secret = SigningSecret.parse(shown.get("key").textValue());

        assertThat(secret.form()).isEqualTo(SigningSecret.Form.ED25519);
        assertThat(shown.get("publicKey").textValue()).isEqualTo(secret.publicKey());
        assertThat(api.post(one + "/secret/rotate", "{\"type\":\"symmetric\"}").status())
                .isEqualTo(204);
        assertThat(api.get(one + "/secret").body().has("publicKey")).isFalse();
        assertThat(api.post(one + "/secret/rotate", "{\"key\":\"" + secret.reveal() + "\"}")
                        .status())
                .isEqualTo(204);
        assertThat(api.get(one + "/secret").body()).isEqualTo(shown);
        assertThat(api.post(one + "/secret/rotate", "{\"type\":\"rsa\"}").places())
                .containsExactly("body.type");
        assertThat(api.post(one + "/secret/rotate", "{\"type\":\"ed25519\",\"key\":\"" + secret.reveal() + "\"}")
                        .places())
                .containsExactly("body.type");
        assertThat(api.patch(one, "{\"secret\":\"whsk_AAAA\"}").places()).containsExactly("body.secret");
        assertThat(api.patch(one, "{\"secret\":\"any text\"}").places()).containsExactly("body.secret");
    }
}
