package io.posthorn.api;

import io.posthorn.model.Authentication;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A URL whose owner has put user name and password in front of the host. They are taken out where an endpoint is
 * written: what is stored, shown and logged is the URL without them.
 *
 * @param url without them
 * @param basic what they were; null if there were none
 * @param broken the rule that they break, without them; null if they break none
 */
record UrlCredentials(
        String url,
        Authentication.@Nullable Basic basic,
        @Nullable String broken) {
    /** RFC 3986, 3.2.1: what is not in it has to be percent-encoded. */
    private static final Pattern URL = Pattern.compile("(https?://)([^/?#\\\\]*)@([^@/?#\\\\]*)(.*)", Pattern.DOTALL);

    private static final Pattern USER_INFO = Pattern.compile(
            "((?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::((?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*))?");

    /** Takes a URL apart; one without them stays what it is. */
    static UrlCredentials of(String url) {
        Matcher matcher = URL.matcher(lowerScheme(url));
        if (!matcher.matches()) {
            return new UrlCredentials(url, null, null);
        }
        String without = matcher.group(1) + matcher.group(3) + matcher.group(4);
        Matcher info = USER_INFO.matcher(matcher.group(2));
        if (!info.matches()) {
            return new UrlCredentials(
                    without, null, "must have what is not a letter or digit percent-encoded in user name and password");
        }
        String user = decoded(info.group(1));
        String password = info.group(2) == null ? "" : decoded(info.group(2));
        if (user == null || password == null) {
            return new UrlCredentials(without, null, "must have user name and password percent-encoded in UTF-8");
        }
        String broken = EndpointSecretFields.user(user);
        if (broken == null) {
            broken = EndpointSecretFields.password(password);
        }
        return broken == null
                ? new UrlCredentials(without, new Authentication.Basic(user, password), null)
                : new UrlCredentials(without, null, "has a user name or password that " + broken);
    }

    private static String lowerScheme(String url) {
        int end = url.indexOf("://");
        return end == 4 || end == 5
                ? url.substring(0, end).toLowerCase(java.util.Locale.ROOT) + url.substring(end)
                : url;
    }

    private static @Nullable String decoded(String text) {
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '%') {
                bytes.put((byte) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.put((byte) text.charAt(i));
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    @Override
    public String toString() {
        return "UrlCredentials[***]";
    }
}
