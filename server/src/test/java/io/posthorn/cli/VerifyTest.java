package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The signature is the published example of Standard Webhooks. */
final class VerifyTest {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private static final long TIMESTAMP = 1_614_265_330;
    private static final String BODY = "{\"test\": 2432232314}";
    private static final String SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    @Test
    void theExampleIsValid() {
        Run run = run(0, BODY, "--secret", SECRET, "--id", ID, "--timestamp", "" + TIMESTAMP, "--signature", SIGNATURE);
        assertThat(run.out).isEqualTo("valid");
        assertThat(run.code).isZero();
    }

    @Test
    void headersAreTakenAsTheyCame() {
        assertThat(headers(0, BODY, SECRET, "Webhook-", SIGNATURE)).isEqualTo("valid");
        assertThat(headers(0, BODY, SECRET, "svix-", SIGNATURE)).isEqualTo("valid");
    }

    @Test
    void oneOfSeveralSignaturesOrSecretsIsEnough() {
        String several = "v1a,AAAA v1,AAAA " + SIGNATURE;
        assertThat(headers(0, BODY, SECRET, "webhook-", several)).isEqualTo("valid");
        Run run = run(
                0,
                BODY,
                "--secret",
                OTHER,
                "--secret",
                SECRET,
                "--id",
                ID,
                "--timestamp",
                "" + TIMESTAMP,
                "--signature",
                SIGNATURE);
        assertThat(run.out).isEqualTo("valid");
    }

    @Test
    void anotherSecretOrAnAlteredRequestIsInvalid() {
        assertThat(headers(0, BODY, OTHER, "webhook-", SIGNATURE)).contains("invalid: no signature matches");
        assertThat(headers(0, BODY + "\n", SECRET, "webhook-", SIGNATURE)).contains("no signature matches");
        Run id = run(
                0, BODY, "--secret", SECRET, "--id", "msg_x", "--timestamp", "" + TIMESTAMP, "--signature", SIGNATURE);
        assertThat(id.out).contains("no signature matches");
        assertThat(id.code).isEqualTo(ExitCodes.FAILURE);
    }

    @Test
    void theTimestampMustBeNearInBothDirections() {
        assertThat(headers(300, BODY, SECRET, "webhook-", SIGNATURE)).isEqualTo("valid");
        assertThat(headers(301, BODY, SECRET, "webhook-", SIGNATURE)).contains("too old by this clock: 301 s");
        assertThat(headers(-300, BODY, SECRET, "webhook-", SIGNATURE)).isEqualTo("valid");
        assertThat(headers(-301, BODY, SECRET, "webhook-", SIGNATURE)).contains("ahead of this clock by 301 s");
        String[] given = {"--secret", SECRET, "--id", ID, "--timestamp", "" + TIMESTAMP, "--signature", SIGNATURE};
        assertThat(run(86_400, BODY, and(given, "--ignore-time")).code).isZero();
        assertThat(run(86_400, BODY, and(given, "--tolerance", "1d")).code).isZero();
        assertThat(run(86_401, BODY, and(given, "--tolerance", "1d")).code).isEqualTo(ExitCodes.FAILURE);
    }

    @Test
    void whatIsMissingOrMalformedIsNamed() {
        assertThat(run(0, BODY, "--secret", SECRET, "--id", ID).out)
                .isEqualTo("invalid: the request has no webhook-timestamp and no webhook-signature");
        assertThat(headers(0, BODY, SECRET, "webhook-", "v2,AAAA")).contains("webhook-signature has no signature of");
        assertThat(run(0, BODY, "--secret", SECRET, "--id", ID, "--timestamp", "now", "--signature", SIGNATURE).out)
                .contains("webhook-timestamp must be seconds since 1970");
    }

    @Test
    void secretAndBodyComeFromFiles(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("secret"), "\n" + OTHER + "\n" + SECRET + "\n");
        Files.writeString(folder.resolve("body"), BODY);
        Captured process = new Captured(folder, Map.of());
        assertThat(process.run(
                        "verify",
                        "--secret-file",
                        "secret",
                        "--ignore-time",
                        "--id",
                        ID,
                        "--timestamp",
                        "" + TIMESTAMP,
                        "--signature",
                        SIGNATURE,
                        "body"))
                .as(process.err())
                .isZero();
        assertThat(process.run(
                        "verify",
                        "--secret",
                        SECRET,
                        "--ignore-time",
                        "--id",
                        ID,
                        "--timestamp",
                        "1",
                        "--signature",
                        SIGNATURE,
                        "missing"))
                .isEqualTo(ExitCodes.USAGE);
        assertThat(process.err()).contains("missing cannot be read: there is no such file");
    }

    private record Run(int code, String out) {}

    private static String headers(long age, String body, String secret, String prefix, String signature) {
        Run run = run(
                age,
                body,
                "--secret",
                secret,
                "--header",
                prefix + "id: " + ID,
                "--header",
                prefix + "timestamp=" + TIMESTAMP,
                "--header",
                prefix + "signature: " + signature);
        assertThat(run.code).isEqualTo(run.out.equals("valid") ? ExitCodes.OK : ExitCodes.FAILURE);
        return run.out;
    }

    /** Runs it as long after the signature as said, in seconds. */
    private static Run run(long age, String body, String... arguments) {
        Captured process = new Captured(Path.of(""), Map.of()).in(body);
        Clock clock = Clock.fixed(Instant.ofEpochSecond(TIMESTAMP + age), ZoneOffset.UTC);
        int code = new CommandLine(new VerifyCommand(process.surroundings(), clock)).execute(arguments);
        return new Run(code, process.out().strip());
    }

    private static String[] and(String[] given, String... more) {
        List<String> all = new ArrayList<>(List.of(given));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }
}
