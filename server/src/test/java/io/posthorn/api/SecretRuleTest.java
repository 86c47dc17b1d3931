package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import io.posthorn.model.SigningSecret.Form;
import io.posthorn.wire.Scheme;
import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.Clock;
import io.posthorn.wire.Scheme.Encoding;
import io.posthorn.wire.Scheme.InHeader;
import io.posthorn.wire.Scheme.KeyForm;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SecretRuleTest {
    private static final EndpointShape SHAPE = EndpointShape.DEFAULT;

    private static SecretRule with(KeyForm form, Algorithm algorithm) {
        Scheme scheme = new InHeader(
                algorithm,
                form,
                Encoding.HEX,
                "{body}",
                Clock.SECONDS,
                "x-signature",
                "{signatures}",
                "{signature}",
                null,
                null,
                null);
        return new SecretRule((env, shape) -> List.of(scheme));
    }

    @Test
    void aTextIsKeptWhereTheFormatSignsWithTexts() {
        SecretRule texts = with(KeyForm.TEXT, Algorithm.HMAC_SHA256);
        assertThat(texts.parse(1, SHAPE, "It's a Secret to Everybody").reveal())
                .isEqualTo("It's a Secret to Everybody");
        assertThat(texts.parse(1, SHAPE, "whsec_0").form()).isEqualTo(Form.TEXT);
        assertThat(texts.refuse(1, SHAPE, new SigningSecret(new byte[24]))).isNull();
        assertThatThrownBy(() -> texts.parse(1, SHAPE, "a\nb")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aFreshOneGoesWithTheFormat() {
        for (KeyForm form : KeyForm.values()) {
            SecretRule rule = with(form, Algorithm.HMAC_SHA256);
            SigningSecret fresh = Objects.requireNonNull(rule.fresh(1, SHAPE));
            assertThat(rule.refuse(1, SHAPE, fresh)).as("%s", form).isNull();
            assertThat(rule.parse(1, SHAPE, fresh.reveal()).reveal()).isEqualTo(fresh.reveal());
        }
        assertThat(Objects.requireNonNull(
                                with(KeyForm.STANDARD, Algorithm.ED25519).fresh(1, SHAPE))
                        .form())
                .isEqualTo(Form.ED25519);
    }

    @Test
    void aSecretOfAnotherFormatHasToBeGivenAnew() {
        SigningSecret text = SigningSecret.text("a text");
        assertThat(with(KeyForm.STANDARD, Algorithm.HMAC_SHA256).refuse(1, SHAPE, text))
                .contains("given anew");
        assertThat(with(KeyForm.HEX, Algorithm.HMAC_SHA256).refuse(1, SHAPE, text))
                .contains("hexadecimal");
        SecretRule usual = new SecretRule((env, shape) -> List.of());
        assertThat(usual.refuse(1, SHAPE, text)).contains("given anew");
        assertThat(usual.fresh(1, SHAPE)).isNull();
        assertThatThrownBy(() -> usual.parse(1, SHAPE, "a text")).hasMessageContaining("whsec_");
    }
}
