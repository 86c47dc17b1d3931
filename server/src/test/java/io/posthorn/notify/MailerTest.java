package io.posthorn.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.posthorn.catalog.MailDomains;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Verdict;
import jakarta.mail.internet.MimeMessage;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** From the table to a mail server. */
@Timeout(60)
final class MailerTest {
    @TempDir
    private Path folder;

    private House house;
    private Application app;
    private Endpoint endpoint;
    private final Counting counting = new Counting();
    private final List<Letter> letters = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        house = new House(folder, true);
        app = house.app("acme");
        endpoint = house.endpoint(app, "hooks", true);
    }

    @AfterEach
    void close() {
        house.close();
    }

    private Mailer mailer(Postman postman) {
        return mailer(MailDomains.ANY, postman);
    }

    private Mailer mailer(MailDomains domains, Postman postman) {
        return new Mailer(
                house.notices, house.catalog, domains, new Letters(house.written.ids, "test"), postman, counting);
    }

    private static void refuse(Letter letter) throws Postman.NotSent {
        throw new Postman.NotSent(Postman.Why.LATER, "no", new IllegalStateException(letter.id()));
    }

    private static void unreachable(Letter letter) throws Postman.NotSent {
        throw new Postman.NotSent(Postman.Why.SERVER, "no", new IllegalStateException(letter.id()));
    }

    private void exhaust(int count) {
        for (int i = 0; i < count; i++) {
            house.settle(house.ended(house.message(app), endpoint, 500, new Verdict.Exhausted()));
        }
    }

    @Test
    void aMailReachesTheServer() throws Exception {
        GreenMail server = server("smtp");
        try {
            server.setUser("me@example.com", "me", "secret");
            house.settle(house.ended(house.message(app), endpoint, 422, new Verdict.Exhausted(true)));
            int port = server.getSmtp().getPort();
            Smtp smtp = new Smtp(
                    MailSettings.of("smtp://me:secret@127.0.0.1:" + port, false, "ops@example.com", null),
                    Duration.ofSeconds(20));
            assertThat(mailer(smtp).page()).isEqualTo(Pump.Page.MORE);
            MimeMessage mail = server.getReceivedMessages()[0];
            assertThat(mail.getSubject()).isEqualTo("[Posthorn] A delivery to " + endpoint.id() + " was rejected");
            assertThat(mail.getFrom()[0]).hasToString("ops@example.com");
            assertThat(mail.getAllRecipients()).extracting(Object::toString).containsExactly("a@example.com");
            assertThat(mail.getMessageID()).matches("<posthorn-test-\\d+@example.com>");
            assertThat(mail.getHeader("Auto-Submitted")).containsExactly("auto-generated");
            assertThat(mail.getSentDate()).isNotNull();
            assertThat(mail.getContentType()).isEqualTo("text/plain; charset=UTF-8");
            assertThat(mail.getContent().toString())
                    .contains("https://example.com\r\n", "Last answer:  422")
                    .doesNotContain("secret");
            assertThat(mailer(smtp).page()).isEqualTo(Pump.Page.EMPTY);
            assertThat(counting.sent()).hasValue(1);
        } finally {
            server.stop();
        }
    }

    private static GreenMail server(String protocol) {
        ServerSetup setup = new ServerSetup(0, "127.0.0.1", protocol);
        setup.setServerStartupTimeout(20_000);
        GreenMail server = new GreenMail(setup);
        server.start();
        return server;
    }

    @Test
    void aServerWithoutStartTlsIsNotSpokenTo() throws Exception {
        GreenMail server = server("smtp");
        try {
            Smtp smtp = smtp("smtp://me:secret@127.0.0.1:" + server.getSmtp().getPort(), true, null);
            assertThatThrownBy(() -> smtp.send(letter())).isInstanceOf(Postman.NotSent.class);
            assertThat(server.getReceivedMessages()).isEmpty();
        } finally {
            server.stop();
        }
    }

    @Test
    void aServerWhoseCertificateNobodyVouchesForIsNotSpokenTo() throws Exception {
        GreenMail server = server("smtps");
        try {
            Smtp smtp = smtp("smtps://127.0.0.1:" + server.getSmtps().getPort(), true, null);
            assertThatThrownBy(() -> smtp.send(letter()))
                    .isInstanceOf(Postman.NotSent.class)
                    .hasRootCauseInstanceOf(java.security.GeneralSecurityException.class);
        } finally {
            server.stop();
        }
    }

    @Test
    void nothingIsSaidBeforeStartTls() throws Exception {
        Path keys = folder.resolve("keys.p12");
        Path certificate = SmallSmtp.certificate(keys);
        try (SmallSmtp server = new SmallSmtp(keys, false)) {
            smtp("smtp://me:secret@127.0.0.1:" + server.port(), true, certificate)
                    .send(letter());
            assertThat(server.said).filteredOn(line -> line.startsWith("plain")).hasSize(2);
            assertThat(server.said.get(1)).isEqualTo("plain STARTTLS");
            assertThat(server.said).anyMatch(line -> line.startsWith("secure AUTH PLAIN"));
            assertThat(server.said).contains("secure RCPT TO:<a@example.com>", "secure DATA");
        }
    }

    @Test
    void tlsFromTheStart() throws Exception {
        Path keys = folder.resolve("keys.p12");
        Path certificate = SmallSmtp.certificate(keys);
        try (SmallSmtp server = new SmallSmtp(keys, true)) {
            smtp("smtps://127.0.0.1:" + server.port(), true, certificate).send(letter());
            assertThat(server.said).contains("secure DATA").noneMatch(line -> line.startsWith("plain"));
        }
    }

    @Test
    void aServerThatSaysNothingHasAnEnd() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
            Smtp smtp = new Smtp(
                    MailSettings.of("smtp://127.0.0.1:" + silent.getLocalPort(), false, null, null),
                    Duration.ofMillis(300));
            assertThatThrownBy(() -> smtp.send(letter())).isInstanceOf(Postman.NotSent.class);
        }
    }

    @Test
    void anAddressThatIsNoneReachesNobody() {
        Smtp smtp = smtp("smtp://127.0.0.1:1", false, null);
        Letter hostile = new Letter("x", Instant.EPOCH, "a@example.com\r\nBcc: b@example.com", "s", "t");
        assertThatThrownBy(() -> smtp.send(hostile)).isInstanceOf(Postman.NotSent.class);
    }

    private static Smtp smtp(String url, boolean startTls, @Nullable Path ca) {
        return new Smtp(MailSettings.of(url, startTls, null, ca), Duration.ofSeconds(20));
    }

    private static Letter letter() {
        return new Letter("x", Instant.EPOCH, "a@example.com", "subject", "text\n");
    }

    @Test
    void whatCannotBeSentIsTriedAgainLaterAndLater() throws Exception {
        exhaust(1);
        long began = house.clock.get();
        Mailer refused = mailer(MailerTest::refuse);
        refused.page();
        assertThat(refused.page()).as("not before its time").isEqualTo(Pump.Page.EMPTY);
        house.clock.addAndGet(61_000_000);
        refused.page();
        house.clock.addAndGet(61_000_000);
        assertThat(refused.page()).as("the wait has doubled").isEqualTo(Pump.Page.EMPTY);
        house.clock.addAndGet(61_000_000);
        assertThat(mailer(letters::add).page()).isEqualTo(Pump.Page.MORE);
        assertThat(letters).hasSize(1);
        assertThat(counting.failed()).hasValue(2);
        assertThat(counting.givenUp()).hasValue(0);
        assertThat(house.clock.get() - began).isLessThan(PgMails.HOUR_MICROS);
    }

    @Test
    void afterADayItIsGivenUp() throws Exception {
        exhaust(1);
        house.clock.addAndGet(25 * PgMails.HOUR_MICROS);
        mailer(MailerTest::refuse).page();
        assertThat(counting.givenUp()).hasValue(1);
        assertThat(house.mails(Long.MAX_VALUE / 4)).isEmpty();
    }

    @Test
    void atMostOneMailAnHourAboutExhaustedOnes() throws Exception {
        Mailer mailer = mailer(letters::add);
        exhaust(1);
        mailer.page();
        exhaust(5);
        mailer.page();
        assertThat(letters).hasSize(1);
        house.clock.addAndGet(PgMails.HOUR_MICROS);
        mailer.page();
        exhaust(2);
        mailer.page();
        assertThat(letters)
                .extracting(Letter::subject)
                .containsExactly(
                        "[Posthorn] A delivery to " + endpoint.id() + " ended without success",
                        "[Posthorn] 5 deliveries to " + endpoint.id() + " ended without success");
        house.clock.addAndGet(PgMails.HOUR_MICROS);
        mailer.page();
        assertThat(letters).last().extracting(Letter::subject).asString().contains("2 deliveries");
        house.clock.addAndGet(2 * PgMails.HOUR_MICROS);
        exhaust(1);
        mailer.page();
        assertThat(letters)
                .hasSize(4)
                .last()
                .extracting(Letter::subject)
                .asString()
                .contains("A delivery");
    }

    @Test
    void whatGathersWhileItIsSentIsInTheNextOne() throws Exception {
        exhaust(3);
        house.clock.addAndGet(PgMails.HOUR_MICROS);
        mailer(letter -> {
                    letters.add(letter);
                    if (letters.size() == 2) {
                        exhaust(1);
                    }
                })
                .page();
        house.clock.addAndGet(PgMails.HOUR_MICROS);
        mailer(letters::add).page();
        assertThat(letters)
                .extracting(letter -> letter.subject().replace(endpoint.id(), "it"))
                .containsExactly(
                        "[Posthorn] A delivery to it ended without success",
                        "[Posthorn] 2 deliveries to it ended without success",
                        "[Posthorn] A delivery to it ended without success");
    }

    @Test
    void aServerThatTakesNothingIsLeftAloneForAWhile() throws Exception {
        Endpoint[] others = new Endpoint[4];
        Arrays.setAll(others, i -> house.endpoint(app, "other" + i, false));
        for (Endpoint other : others) {
            house.settle(house.ended(house.message(app), other, 500, new Verdict.Exhausted()));
        }
        Mailer mailer = mailer(MailerTest::unreachable);
        while (mailer.page() == Pump.Page.MORE) {
            assertThat(counting.failed().get())
                    .as("it is left alone after three")
                    .isLessThan(3);
        }
        assertThat(counting.failed()).hasValue(3);
    }

    @Test
    void aDeletedEndpointsOwnerIsLeftInPeace() throws Exception {
        exhaust(1);
        house.catalog.endpoints().delete(app.envNo(), app.id(), endpoint.id());
        mailer(letters::add).page();
        assertThat(letters).isEmpty();
        assertThat(house.mails(Long.MAX_VALUE / 4)).isEmpty();
    }

    private Endpoint endpoint(Application of, String uid, String... addresses) {
        return house.endpoint(of, uid, true, List.of(addresses));
    }

    private void reject(Application of, Endpoint at, int count) {
        for (int i = 0; i < count; i++) {
            house.settle(house.ended(house.message(of), at, 422, new Verdict.Exhausted(true)));
        }
    }

    private static void all(Mailer mailer) throws InterruptedException {
        Pump.Page page = mailer.page();
        while (page == Pump.Page.MORE) {
            page = mailer.page();
        }
        assertThat(page).isEqualTo(Pump.Page.EMPTY);
    }

    @Test
    void oneAddressThatIsRefusedOrSlowIsNothingToTheOthers() throws Exception {
        Endpoint many = endpoint(app, "many", "good@example.com", "never@example.com", "later@example.com");
        try (PlainSmtp server = new PlainSmtp(Map.of("never@example.com", "550 5.1.1 no such user"))) {
            server.answer("later@example.com", "451 4.7.1 come back");
            Smtp smtp = smtp("smtp://127.0.0.1:" + server.port(), false, null);
            reject(app, many, 1);
            Mailer mailer = mailer(smtp);
            all(mailer);
            assertThat(counting.sent()).hasValue(1);
            assertThat(counting.givenUp()).as("refused for good").hasValue(1);
            assertThat(counting.failed()).hasValue(1);

            server.answer("later@example.com", "250 fine");
            house.clock.addAndGet(PgMails.HOUR_MICROS);
            all(mailer);
            assertThat(server.taken).containsExactlyInAnyOrder("good@example.com", "later@example.com");
            assertThat(server.texts)
                    .as("nobody sees the others")
                    .hasSize(2)
                    .noneMatch(text -> text.contains("good@") && text.contains("later@"))
                    .noneMatch(text -> text.contains("never@"));
            assertThat(server.asked)
                    .as("who has it, and who never takes it, is not asked again")
                    .containsExactlyInAnyOrder(
                            "good@example.com", "never@example.com", "later@example.com", "later@example.com");
        }
    }

    @Test
    void aTextThatIsRefusedForGoodIsNotTriedAgain() throws Exception {
        try (PlainSmtp server = new PlainSmtp(Map.of("DATA", "554 5.7.1 spam"))) {
            reject(app, endpoint, 1);
            all(mailer(smtp("smtp://127.0.0.1:" + server.port(), false, null)));
            assertThat(counting.givenUp()).hasValue(1);
            assertThat(counting.failed()).hasValue(0);
        }
    }

    @Test
    void aRefusedSenderIsTheOperatorsMatterAndIsTriedAgain() throws Exception {
        try (PlainSmtp server = new PlainSmtp(Map.of("MAIL", "550 5.7.1 who are you"))) {
            Smtp smtp = smtp("smtp://127.0.0.1:" + server.port(), false, null);
            assertThatThrownBy(() -> smtp.send(letter()))
                    .isInstanceOfSatisfying(
                            Postman.NotSent.class, e -> assertThat(e.why()).isEqualTo(Postman.Why.LATER));
        }
    }

    @Test
    void nobodyListeningIsTheServersFault() {
        Smtp smtp = smtp("smtp://127.0.0.1:1", false, null);
        assertThatThrownBy(() -> smtp.send(letter()))
                .isInstanceOfSatisfying(
                        Postman.NotSent.class, e -> assertThat(e.why()).isEqualTo(Postman.Why.SERVER));
    }

    @Test
    void oneCustomersTroubleIsNotTheServersAndDoesNotStopTheOthers() throws Exception {
        reject(app, endpoint, 30);
        Application other = house.app("other");
        reject(other, endpoint(other, "theirs", "b@example.com"), 1);
        Mailer mailer = mailer(letter -> {
            if (letter.to().equals("a@example.com")) {
                refuse(letter);
            }
            letters.add(letter);
        });
        assertThat(mailer.page()).as("in the first round").isEqualTo(Pump.Page.MORE);
        assertThat(letters).extracting(Letter::to).containsExactly("b@example.com");
        assertThat(counting.failed())
                .as("one that is slow is enough for a round")
                .hasValue(1);
    }

    @Test
    void anAddressGetsSoManyAnHourWhateverBecomesOfEndpoints() throws Exception {
        house.clock.set(Caps.hour(house.clock.get()) + PgMails.HOUR_MICROS);
        reject(app, endpoint, 15);
        all(mailer(letters::add));
        house.catalog.endpoints().delete(app.envNo(), app.id(), endpoint.id());
        Endpoint again = endpoint(app, "again", "A+hooks@Example.com", "b@example.com");
        reject(app, again, 15);
        all(mailer(letters::add));
        assertThat(letters)
                .extracting(Letter::to)
                .filteredOn("b@example.com"::equals)
                .hasSize(15);
        assertThat(letters).as("the same mailbox, after a plus").hasSize(15 + Caps.TO_ADDRESS);
        assertThat(counting.leftOut()).hasValue(10);
    }

    @Test
    void anApplicationGetsSoManyAnHour() throws Exception {
        for (int i = 0; i < 24; i++) {
            Endpoint each = endpoint(app, "e" + i, "x" + i + "@example.com");
            reject(app, each, 10);
        }
        house.clock.set(Caps.hour(house.clock.get()) + PgMails.HOUR_MICROS);
        all(mailer(letters::add));
        assertThat(letters).hasSize(Caps.OF_APPLICATION);
        assertThat(counting.leftOut()).hasValue(240 - Caps.OF_APPLICATION);
        house.clock.addAndGet(PgMails.HOUR_MICROS);
        reject(app, endpoint, 1);
        all(mailer(letters::add));
        assertThat(letters).as("another hour").hasSize(Caps.OF_APPLICATION + 1);
    }

    @Test
    void otherDomainsAreNotWrittenTo() throws Exception {
        Endpoint both = endpoint(app, "both", "a@inside.example", "a@outside.example");
        reject(app, both, 1);
        all(mailer(MailDomains.of(List.of("Inside.example")), letters::add));
        assertThat(letters).extracting(Letter::to).containsExactly("a@inside.example");
        assertThat(counting.leftOut()).hasValue(1);
    }

    @Test
    void whatIsOlderThanADayOrOfADeletedEndpointGoesAtTheStartToo() throws Exception {
        Endpoint gone = endpoint(app, "gone", "b@example.com");
        reject(app, endpoint, 1);
        reject(app, gone, 1);
        mailer(MailerTest::refuse).page();
        house.clock.addAndGet(PgMails.DAY_MICROS / 2);
        reject(app, endpoint, 1);
        house.catalog.endpoints().delete(app.envNo(), app.id(), gone.id());
        house.clock.addAndGet(PgMails.DAY_MICROS / 2 + 1_000_000);
        house.again();
        assertThat(house.written.rows("operational_mail")).isEqualTo(1);
        assertThat(house.written.rows("operational_letter")).isZero();
        house.clock.addAndGet(PgMails.DAY_MICROS);
        house.again();
        assertThat(house.written.rows("operational_mail")).isZero();
    }
}
