package io.posthorn.notify;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The mail server, and who writes.
 *
 * @param host where it is
 * @param port where it listens
 * @param tls whether the conversation is encrypted from its first byte
 * @param startTls whether one that is not has to become so before anything is said; of no meaning with {@code tls}
 * @param user null for none
 * @param password of the user
 * @param from who the mails are from
 * @param extraCa a PEM file of certificates that are trusted beside those of the Java runtime
 */
public record MailSettings(
        String host,
        int port,
        boolean tls,
        boolean startTls,
        @Nullable String user,
        @Nullable String password,
        String from,
        @Nullable Path extraCa) {

    private static final int MOST_URL = 2_000;
    private static final int SMTP = 587;
    private static final int SMTPS = 465;

    /**
     * What is wrong with a URL of a mail server: {@code smtp://host:port} or {@code smtps://host:port}, perhaps with
     * {@code user:password@}, percent-encoded where a character has a meaning in URLs.
     *
     * @return null if it is fine, else the rule that it breaks, without repeating the URL
     */
    public static @Nullable String wrong(String url) {
        URI uri = uri(url);
        if (uri == null
                || uri.getHost() == null
                || !("smtp".equals(uri.getScheme()) || "smtps".equals(uri.getScheme()))) {
            return "must be a URL such as smtp://user:password@mail.example.com:587, or with smtps";
        }
        String path = uri.getRawPath();
        if (!(path == null || path.isEmpty() || path.equals("/"))
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            return "must end with the host or the port";
        }
        String who = uri.getRawUserInfo();
        if (who != null && (who.indexOf(':') < 1 || who.endsWith(":"))) {
            return "must have a user and a password, or neither";
        }
        if (who != null && decoded(who) == null) {
            return "must have a user and a password whose percent signs are followed by two digits, and no control characters";
        }
        return null;
    }

    private static @Nullable URI uri(String url) {
        try {
            return url.length() > MOST_URL ? null : new URI(url);
        } catch (URISyntaxException notOne) {
            return null;
        }
    }

    private static @Nullable String decoded(String part) {
        try {
            String text = URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
            return text.chars().anyMatch(Character::isISOControl) ? null : text;
        } catch (IllegalArgumentException notPercent) {
            return null;
        }
    }

    /**
     * Settings from a URL.
     *
     * @param url of which nothing is {@link #wrong}
     * @param startTls see above
     * @param from who the mails are from; null for {@code posthorn@} the host
     * @param extraCa see above
     */
    public static MailSettings of(String url, boolean startTls, @Nullable String from, @Nullable Path extraCa) {
        URI uri = wrong(url) == null ? uri(url) : null;
        if (uri == null) {
            throw new IllegalArgumentException("not a URL of a mail server");
        }
        boolean tls = "smtps".equals(uri.getScheme());
        String who = uri.getRawUserInfo();
        int colon = who == null ? -1 : who.indexOf(':');
        return new MailSettings(
                uri.getHost(),
                uri.getPort() > 0 ? uri.getPort() : tls ? SMTPS : SMTP,
                tls,
                startTls,
                who == null ? null : decoded(who.substring(0, colon)),
                who == null ? null : decoded(who.substring(colon + 1)),
                from == null ? "posthorn@" + uri.getHost() : from,
                extraCa);
    }

    /** Everything but the password. */
    @Override
    public String toString() {
        return "MailSettings[%s:%d, tls=%s, startTls=%s, from=%s]".formatted(host, port, tls, startTls, from);
    }
}
