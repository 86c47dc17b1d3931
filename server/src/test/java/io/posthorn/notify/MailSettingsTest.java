package io.posthorn.notify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** URLs of mail servers. */
final class MailSettingsTest {
    @Test
    void aUrlHasEverything() {
        MailSettings settings = MailSettings.of("smtp://me%40x:p%3Aw%2F+1@mail.example.com:2525", true, "a@b.c", null);
        assertThat(settings)
                .isEqualTo(new MailSettings("mail.example.com", 2525, false, true, "me@x", "p:w/+1", "a@b.c", null));
        assertThat(settings.toString()).doesNotContain("p:w");
    }

    @Test
    void portAndSenderFollowFromTheHost() {
        assertThat(MailSettings.of("smtps://mail.example.com/", true, null, null))
                .isEqualTo(new MailSettings(
                        "mail.example.com", 465, true, true, null, null, "posthorn@mail.example.com", null));
        assertThat(MailSettings.of("smtp://mail.example.com", false, null, null).port())
                .isEqualTo(587);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mail.example.com",
                "http://mail.example.com",
                "smtp:user:secret@mail.example.com",
                "smtp://user:secret@mail.example.com:25/path",
                "smtp://user:secret@mail.example.com?x=1",
                "smtp://user:secret@mail.example.com#x",
                "smtp://secret@mail.example.com",
                "smtp://:secret@mail.example.com",
                "smtp://secret:@mail.example.com",
                "smtp://user:secret%0d%0aQUIT@mail.example.com",
                "smtp://user:secret%zz@mail.example.com",
                "smtp://user:secret@",
                "smtp://user:sec ret@mail.example.com"
            })
    void whatIsNoneIsRefusedWithoutRepeatingIt(String url) {
        assertThat(MailSettings.wrong(url)).startsWith("must ").doesNotContain("secret");
    }
}
