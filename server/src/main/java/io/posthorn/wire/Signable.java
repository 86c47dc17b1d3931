package io.posthorn.wire;

/**
 * A request that is to be signed, or one that came.
 *
 * @param messageId of the message; empty if there is none
 * @param method in capitals
 * @param url absolute, as it is sent: scheme and host in lower case, no usual port, percent-encoded
 * @param headers names and values in turn
 * @param body byte for byte
 */
public record Signable(String messageId, String method, String url, String[] headers, byte[] body) {
    @Override
    public String toString() {
        return "Signable[" + messageId + ", " + method + ", " + body.length + " bytes]";
    }
}
