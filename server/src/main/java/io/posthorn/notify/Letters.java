package io.posthorn.notify;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.runtime.Time;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Writes the letters. What the owners and strangers have given is in them only as far as it says what they are about:
 * ids and where the endpoint is. No payload, no answer, no header, no secret.
 */
final class Letters {
    private static final int MOST_LINE = 500;

    private final Ids ids;
    private final String installation;

    /**
     * Letters.
     *
     * @param ids makes the public ids
     * @param installation distinguishes the letters of this installation from those of others
     */
    Letters(Ids ids, String installation) {
        this.ids = ids;
        this.installation = installation;
    }

    /**
     * The letter for a mail to the owner of an endpoint.
     *
     * @param to an address
     * @param now microseconds since 1970
     */
    Letter write(PgMails.Stored stored, Application app, Endpoint endpoint, String to, long now) {
        Mail mail = stored.mail();
        int told = stored.told();
        String subject = switch (mail.kind()) {
            case DISABLED -> "Endpoint " + endpoint.id() + " was disabled";
            case EXHAUSTED -> counted(told) + " to " + endpoint.id() + " ended without success";
            case REJECTED -> counted(told) + " to " + endpoint.id() + (told == 1 ? " was" : " were") + " rejected";
        };
        List<String> lines = new ArrayList<>();
        lines.add(opening(mail, told));
        lines.add("");
        lines.add("Endpoint:     " + endpoint.id());
        lines.add("URL:          " + place(endpoint.url()));
        lines.add("Application:  " + app.id());
        if (mail.seq() > 0) {
            String which = told == 1 ? "Message:      " : "Last message: ";
            lines.add(which + ids.message(mail.appNo(), mail.messageAt(), mail.seq()));
            lines.add("Attempts:     " + mail.attempts());
            lines.add("Last answer:  " + (mail.responseCode() == 0 ? "none" : Integer.toString(mail.responseCode())));
        }
        lines.add("Time:         " + Time.instant(mail.at()));
        return new Letter(
                "posthorn-" + installation + "-" + stored.no(),
                Time.instant(now),
                to,
                oneLine("[Posthorn] " + subject),
                String.join("\n", lines.stream().map(Letters::oneLine).toList()) + "\n");
    }

    private static String opening(Mail mail, int told) {
        String several = told == 1 ? "" : " since the mail before this one";
        return switch (mail.kind()) {
            case DISABLED ->
                "The endpoint was disabled" + (mail.detail() == null ? "" : ": " + mail.detail())
                        + ". Nothing is sent to it until it is enabled again.";
            case EXHAUSTED ->
                counted(told) + " to this endpoint ended without success" + several
                        + " and will not be tried again by itself.";
            case REJECTED ->
                "The endpoint rejected " + counted(told).toLowerCase(Locale.ROOT) + several
                        + ": the answer was one that is not tried again.";
        };
    }

    private static String counted(int told) {
        return told == 1 ? "A delivery" : told + " deliveries";
    }

    /** Where an endpoint is: scheme, host and port. In all the rest of a URL there may be a secret, in its path too. */
    static String place(String url) {
        try {
            URI uri = new URI(url);
            String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
            return uri.getHost() == null ? "not shown" : uri.getScheme() + "://" + uri.getHost() + port;
        } catch (URISyntaxException notOne) {
            return "not shown";
        }
    }

    /** Without anything that could end the line, and not too long. */
    static String oneLine(String text) {
        StringBuilder line = new StringBuilder();
        text.codePoints().limit(MOST_LINE).forEach(each -> {
            int type = Character.getType(each);
            boolean harmless = type != Character.CONTROL
                    && type != Character.FORMAT
                    && type != Character.LINE_SEPARATOR
                    && type != Character.PARAGRAPH_SEPARATOR
                    && type != Character.SURROGATE;
            line.appendCodePoint(harmless ? each : '?');
        });
        return line.toString();
    }
}
