package io.posthorn.notify;

import io.posthorn.egress.TrustedCas;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPSenderFailedException;
import org.jspecify.annotations.Nullable;

/**
 * A mail server that is spoken to over SMTP, one conversation for each letter. A conversation runs on a virtual thread
 * of its own: when its time is over the thread is interrupted, which closes its socket.
 */
final class Smtp implements Postman {
    private static final long ONE_STEP_MILLIS = 10_000;
    /** From here on, RFC 5321, 4.2.1, it is of no use to try again. */
    private static final int FINAL = 500;
    /** RFC 4954. */
    private static final int AUTHENTICATE_FIRST = 530;

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
        InternetAddress to = address(letter.to());
        AtomicBoolean welcome = new AtomicBoolean();
        FutureTask<Boolean> conversation = new FutureTask<>(() -> {
            converse(message(letter, to), welcome);
            return true;
        });
        Thread thread = Thread.ofVirtual().name("smtp").start(conversation);
        try {
            conversation.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new NotSent(
                    welcome.get() ? Why.LATER : Why.SERVER,
                    "the mail server took longer than " + deadline.toSeconds() + " s",
                    e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            Why why = welcome.get() ? why(cause) : Why.SERVER;
            throw new NotSent(why, Letters.oneLine(String.valueOf(cause.getMessage())), cause);
        } finally {
            thread.interrupt();
        }
    }

    private static InternetAddress address(String text) throws NotSent {
        try {
            return new InternetAddress(text, true);
        } catch (AddressException e) {
            throw new NotSent(Why.REFUSED, "an address is not one", e);
        }
    }

    private void converse(MimeMessage message, AtomicBoolean welcome) throws MessagingException {
        try (Transport transport = session.getTransport(protocol)) {
            transport.connect(settings.host(), settings.port(), settings.user(), settings.password());
            welcome.set(true);
            transport.sendMessage(message, message.getAllRecipients());
        }
    }

    /**
     * What a refusal means: a number from 500 on is final if it is about the recipient or the text. Who the mails are from
     * is the same for all of them, and the operator's to put right.
     */
    private static Why why(Throwable refusal) {
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Throwable> rest = new ArrayDeque<>(List.of(refusal));
        Why why = Why.LATER;
        while (!rest.isEmpty()) {
            Throwable each = rest.pop();
            if (!seen.add(each)) {
                continue;
            }
            switch (each) {
                case SMTPSenderFailedException sender -> {
                    return sender.getReturnCode() == AUTHENTICATE_FIRST ? Why.SERVER : Why.LATER;
                }
                case SMTPAddressFailedException recipient when recipient.getReturnCode() >= FINAL -> why = Why.REFUSED;
                case SMTPSendFailedException text
                when text.getReturnCode() >= FINAL && !text.getCommand().startsWith("MAIL") -> why = Why.REFUSED;
                default -> {}
            }
            if (each.getCause() != null) {
                rest.push(each.getCause());
            }
            if (each instanceof MessagingException chain && chain.getNextException() != null) {
                rest.push(chain.getNextException());
            }
        }
        return why;
    }

    private MimeMessage message(Letter letter, InternetAddress to) throws MessagingException {
        InternetAddress from = new InternetAddress(settings.from(), true);
        String domain = settings.from().substring(settings.from().lastIndexOf('@') + 1);
        MimeMessage message = new MimeMessage(session) {
            @Override
            protected void updateMessageID() throws MessagingException {
                setHeader("Message-ID", "<" + letter.id() + "@" + domain + ">");
            }
        };
        message.setFrom(from);
        message.addRecipient(Message.RecipientType.TO, to);
        message.setSubject(letter.subject(), StandardCharsets.UTF_8.name());
        message.setHeader("Auto-Submitted", "auto-generated"); // RFC 3834: nobody's holiday notice answers it
        message.setHeader("Date", DATE.format(letter.at()));
        message.setText(letter.text(), StandardCharsets.UTF_8.name());
        message.saveChanges();
        return message;
    }
}
