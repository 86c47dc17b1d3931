package io.posthorn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.SigningSecret.Form;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SigningSecretTest {
    private static final HexFormat HEX = HexFormat.of();

    /** RFC 8032, 7.1: TEST 1, 2 and 3, and TEST SHA(abc). */
    @ParameterizedTest
    @CsvSource({
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,"
                + "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb,"
                + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7,"
                + "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42,"
                + "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"
    })
    void thePublicKeyFollowsFromTheSeed(String seed, String expected) {
        assertThat(HEX.formatHex(Ed25519.publicOf(HEX.parseHex(seed)))).isEqualTo(expected);
    }

    @Test
    void anyPairThatJavaMakesIsTheSame() throws Exception {
        for (int i = 0; i < 8; i++) {
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            byte[] seed = ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow();
            assertThat(Ed25519.publicKey(Ed25519.publicOf(seed))).isEqualTo(pair.getPublic());
            assertThat(Ed25519.privateKey(seed)).isEqualTo(pair.getPrivate());
        }
    }

    @Test
    void aPrivateKeyIsWrittenWithItsPublicOneAndReadWithOrWithoutIt() throws Exception {
        SigningSecret fresh = SigningSecret.freshEd25519(new SecureRandom());
        byte[] seed = Arrays.copyOf(fresh.key(), 32);

        assertThat(fresh.form()).isEqualTo(Form.ED25519);
        assertThat(fresh.reveal()).startsWith("whsk_").hasSize(5 + 88);
        assertThat(SigningSecret.parse(fresh.reveal())).isEqualTo(fresh);
        assertThat(SigningSecret.parse("whsk_" + Base64.getEncoder().encodeToString(seed)))
                .isEqualTo(fresh);
        assertThat(SigningSecret.stored(Form.ED25519, fresh.key())).isEqualTo(fresh);
        assertThat(fresh.publicKey())
                .isEqualTo("whpk_" + Base64.getEncoder().encodeToString(Arrays.copyOfRange(fresh.key(), 32, 64)));
        assertThat(fresh).hasToString("whsk_***");

        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(Ed25519.privateKey(seed));
        signature.update(seed);
        byte[] signed = signature.sign();
        signature.initVerify(Ed25519.publicKey(Arrays.copyOfRange(fresh.key(), 32, 64)));
        signature.update(seed);
        assertThat(signature.verify(signed)).isTrue();
    }

    @Test
    void halvesThatDoNotBelongTogetherAreRefused() {
        byte[] pair = SigningSecret.freshEd25519(new SecureRandom()).key();
        pair[40] ^= 1;
        assertThatThrownBy(
                        () -> SigningSecret.parse("whsk_" + Base64.getEncoder().encodeToString(pair)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not the public key");
        assertThatThrownBy(
                        () -> SigningSecret.parse("whsk_" + Base64.getEncoder().encodeToString(new byte[33])))
                .hasMessageContaining("64 bytes");
        assertThatThrownBy(() -> SigningSecret.parse("whsk_no base64")).hasMessageContaining("whsk_ and base64");
    }

    @ParameterizedTest
    @ValueSource(strings = {"It's a Secret to Everybody", "x", " leading", "Schlüssel 🔑", "whsec_not really"})
    void aTextIsKeptExactly(String text) {
        SigningSecret secret = SigningSecret.text(text);

        assertThat(secret.reveal()).isEqualTo(text);
        assertThat(secret.key()).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
        assertThat(SigningSecret.stored(Form.TEXT, secret.key())).isEqualTo(secret);
        assertThat(secret.publicKey()).isNull();
        assertThat(secret).hasToString("***");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "a\nb", "a\u0000", "\ud800", "a\u2028b"})
    void aTextThatCannotBeSeenIsRefused(String text) {
        assertThatThrownBy(() -> SigningSecret.text(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTextHasAtMost256Characters() {
        assertThat(SigningSecret.text("🔑".repeat(256)).reveal()).hasSize(512);
        assertThatThrownBy(() -> SigningSecret.text("x".repeat(257))).hasMessageContaining("256");
    }

    @Test
    void theSameBytesInAnotherFormAreAnotherSecret() {
        byte[] key = "x".repeat(32).getBytes(StandardCharsets.UTF_8);
        assertThat(new SigningSecret(key)).isNotEqualTo(SigningSecret.text("x".repeat(32)));
        assertThat(SigningSecret.stored(Form.SYMMETRIC, key)).isEqualTo(new SigningSecret(key));
    }
}
