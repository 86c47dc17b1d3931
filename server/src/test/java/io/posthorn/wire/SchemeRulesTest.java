package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.Clock;
import io.posthorn.wire.Scheme.Encoding;
import io.posthorn.wire.Scheme.InHeader;
import io.posthorn.wire.Scheme.KeyForm;
import io.posthorn.wire.Scheme.MessageSignature;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemeRulesTest {

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "{body},x-sig,{signatures},{signature},-,-,-",
                "{timestamp},x-sig,{signatures},{signature},-,-,content",
                "{body}{secret},x-sig,{signatures},{signature},-,-,content",
                "{body},x sig,{signatures},{signature},-,-,header",
                "{body},x-sig,{timestamp},{signature},-,-,value",
                "{body},x-sig,{signatures}{body},{signature},-,-,value",
                "{body},x-sig,{signatures},v1,-,-,each",
                "{body},x-sig,{signatures},{signature},;,x-old,previousHeader",
                "{body},x-sig,{signatures},{signature},-,X-Sig,previousHeader",
                "{body},x-sig,{signatures},{signature},123456,-,separator",
            })
    void aSchemeThatBreaksARuleIsToldWhich(
            String content,
            String header,
            String value,
            String each,
            @Nullable String separator,
            @Nullable String previous,
            @Nullable String field) {
        SchemeRules.Broken broken = SchemeRules.broken(new InHeader(
                Algorithm.HMAC_SHA256,
                KeyForm.TEXT,
                Encoding.HEX,
                content,
                Clock.SECONDS,
                header,
                value,
                each,
                separator,
                previous,
                null));
        assertThat(broken == null ? null : broken.field()).isEqualTo(field);
    }

    @Test
    void ofMessageSignaturesToo() {
        assertThat(broken(Algorithm.HMAC_SHA256, "sig", "@method")).isNull();
        assertThat(broken(Algorithm.HMAC_SHA1, "sig", "@method")).isEqualTo("algorithm");
        assertThat(broken(Algorithm.HMAC_SHA256, "Sig", "@method")).isEqualTo("label");
        assertThat(broken(Algorithm.HMAC_SHA256, "sig")).isEqualTo("components");
        assertThat(broken(Algorithm.HMAC_SHA256, "sig", "@status")).isEqualTo("components");
        assertThat(broken(Algorithm.HMAC_SHA256, "sig", "Date")).isEqualTo("components");
        assertThat(broken(Algorithm.HMAC_SHA256, "sig", "date", "date")).isEqualTo("components");
        assertThat(broken(Algorithm.ED25519, "sig", "@method")).isEqualTo("key");
    }

    private static @Nullable String broken(Algorithm algorithm, String label, String... components) {
        SchemeRules.Broken broken =
                SchemeRules.broken(new MessageSignature(algorithm, KeyForm.TEXT, label, List.of(components), null));
        return broken == null ? null : broken.field();
    }
}
