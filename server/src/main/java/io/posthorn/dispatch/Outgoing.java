package io.posthorn.dispatch;

import io.posthorn.model.Message;
import org.jspecify.annotations.Nullable;

/**
 * A request that is complete: signed, and with all its headers.
 *
 * @param message what it tells of
 * @param method in capitals
 * @param path and query; null for those of the endpoint's URL
 * @param userAgent null for the installation's
 * @param headers names and values in turn
 * @param body byte for byte; nobody changes it
 */
record Outgoing(
        Message message,
        String method,
        @Nullable String path,
        @Nullable String userAgent,
        String[] headers,
        byte[] body) {
    static final String POST = "POST";

    /** The usual one: the payload as it is. */
    static Outgoing usual(Message message, String[] headers) {
        return new Outgoing(message, POST, null, null, headers, message.payload);
    }

    /** The same with one header more. */
    Outgoing with(String name, String value) {
        String[] more = java.util.Arrays.copyOf(headers, headers.length + 2);
        more[headers.length] = name;
        more[headers.length + 1] = value;
        return new Outgoing(message, method, path, userAgent, more, body);
    }

    /** Whether only the endpoint's URL says where it goes, and the installation what sends it. */
    boolean isUsual() {
        return path == null && userAgent == null && method.equals(POST);
    }
}
