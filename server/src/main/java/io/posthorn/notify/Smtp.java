package io.posthorn.notify;

import io.posthorn.egress.TrustedCas;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A mail server that is spoken to over SMTP, one conversation for each letter. A conversation runs on a virtual thread
 * of its own: when its time is over the thread is interrupted, which closes its socket.
 */
final class Smtp implements Postman {
    private static final long ONE_STEP_MILLIS = 10_000;
    /** RFC 5322, 3.3. */
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final MailSettings settings;
    private final Duration deadline;
    private final Session session;
    private final String protocol;

    /**
     * Speaks to nobody yet.
     *
     * @param settings where the server is
     * @param deadline the longest that a conversation may take
     * @throws IllegalArgumentException if the certificates to trust cannot be read; the message is for people
     */
    Smtp(MailSettings settings, Duration deadline) {
        this.settings = settings;
        this.deadline = deadline;
        this.protocol = settings.tls() ? "smtps" : "smtp";
        this.session = Session.getInstance(properties());
    }

    private Properties properties() {
        Properties properties = new Properties();
        String prefix = "mail." + protocol + ".";
        String step = Long.toString(Math.min(ONE_STEP_MILLIS, deadline.toMillis()));
        properties.put(prefix + "connectiontimeout", step);
        properties.put(prefix + "timeout", step);
        properties.put(prefix + "auth", Boolean.toString(settings.user() != null));
        properties.put(
                prefix + "sendpartial", "true"); // one address that is refused is no reason to leave out the others
        properties.put(prefix + "ssl.checkserveridentity", "true");
        properties.put(prefix + "starttls.enable", Boolean.toString(settings.startTls()));
        properties.put(prefix + "starttls.required", Boolean.toString(settings.startTls()));
        SSLSocketFactory sockets = sockets(settings.extraCa());
        if (sockets != null) {
            properties.put(prefix + "ssl.socketFactory", sockets);
        }
        return properties;
    }

    private static @Nullable SSLSocketFactory sockets(@Nullable Path extraCa) {
        if (extraCa == null) {
            return null;
        }
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, TrustedCas.factory(extraCa).getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("extra-ca cannot be used for mail: " + e.getMessage(), e);
        }
    }

    @Override
    public void send(Letter letter) throws NotSent, InterruptedException {
        FutureTask<Boolean> conversation = new FutureTask<>(() -> {
            converse(letter);
            return true;
        });
        Thread thread = Thread.ofVirtual().name("smtp").start(conversation);
        try {
            conversation.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new NotSent("the mail server took longer than " + deadline.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new NotSent(Letters.oneLine(String.valueOf(cause.getMessage())), cause);
        } finally {
            thread.interrupt();
        }
    }

    private void converse(Letter letter) throws MessagingException {
        MimeMessage message = message(letter);
        try (Transport transport = session.getTransport(protocol)) {
            transport.connect(settings.host(), settings.port(), settings.user(), settings.password());
            transport.sendMessage(message, message.getAllRecipients());
        }
    }

    private MimeMessage message(Letter letter) throws MessagingException {
        InternetAddress from = new InternetAddress(settings.from(), true);
        String domain = settings.from().substring(settings.from().lastIndexOf('@') + 1);
        MimeMessage message = new MimeMessage(session) {
            @Override
            protected void updateMessageID() throws MessagingException {
                setHeader("Message-ID", "<" + letter.id() + "@" + domain + ">");
            }
        };
        message.setFrom(from);
        for (String address : letter.to()) {
            message.addRecipient(Message.RecipientType.TO, new InternetAddress(address, true));
        }
        message.setSubject(letter.subject(), StandardCharsets.UTF_8.name());
        message.setHeader("Auto-Submitted", "auto-generated"); // RFC 3834: nobody's holiday notice answers it
        message.setHeader("Date", DATE.format(letter.at()));
        message.setText(letter.text(), StandardCharsets.UTF_8.name());
        message.saveChanges();
        return message;
    }
}
