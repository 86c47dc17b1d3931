package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.posthorn.model.DeliveryPolicy;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses the owner of an endpoint may give. */
final class MailAddressesTest {
    /** What is accepted here and refused when the mail is written would never be sent, and nobody would know. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a@example.com",
                "user@host",
                "a.b@example.com",
                "a.b.c+tag@mail.example.co.uk",
                "A_B-c@example-host.com",
                "!#$%&'*+/=?^_`{|}~-@example.com",
                "1@1.example",
                "a..b@example.com",
                ".a@example.com",
                "a.@example.com",
                ".@example.com",
                "a@",
                "@example.com",
                "a",
                "",
                "a b@example.com",
                "a@b@example.com",
                "a@example..com",
                "a@example.com.",
                "a@.example.com",
                "a@exa_mple.com",
                "a,b@example.com",
                "a@example.com,b@example.com",
                "a@example.com\r\nBcc: b@example.com",
                "a\u0000@example.com"
            })
    void theCodecAndTheMailRoomJudgeAlike(String address) {
        boolean strict;
        try {
            strict = new InternetAddress(address, true).getAddress().equals(address);
        } catch (AddressException e) {
            strict = false;
        }
        assertThat(PolicyCodec.noEmail(address) == null).as(address).isEqualTo(strict);
    }

    /** What the mail room would take, with a name, a comment or quotes, is not an address as it is wanted here. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "A <a@example.com>",
                "\"a b\"@example.com",
                "a(comment)@example.com",
                "a@[127.0.0.1]",
                "a@-example.com",
                "\u00e4@example.com"
            })
    void whatCouldBeReadInTwoWaysIsRefused(String address) {
        assertThat(PolicyCodec.noEmail(address)).isEqualTo("must be an e-mail address");
    }

    @Test
    void aLongOneIsJudgedAtOnce() {
        assertThat(PolicyCodec.noEmail("a.".repeat(120) + "a@example.com")).isNull();
        assertThat(PolicyCodec.noEmail("a.".repeat(100_000) + "@")).isNotNull();
        assertThat(PolicyCodec.noEmail("a.".repeat(126) + "@")).isNotNull();
    }

    @Test
    void eachIsKeptOnce() throws Exception {
        DeliveryPolicy read =
                PolicyCodec.read(JsonMapper.builder().build().readTree("""
                        {"notification": {"emails": ["Dev@example.com", "ops@example.com", "dev@EXAMPLE.com"]}}
                        """), DeliveryPolicy.DEFAULT, (path, rule) -> {
                    throw new AssertionError(path + rule);
                });
        assertThat(read.notification().emails()).isEqualTo(List.of("Dev@example.com", "ops@example.com"));
    }
}
