package io.posthorn.bench;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds where one HTTP/1.1 message begins and ends in an array, and nothing else: no objects are made. One instance
 * belongs to one event loop; each call of {@link #find} overwrites the fields with the message it found.
 *
 * <p>Only bodies with a content-length are read, because everything that the harness talks to sends one. A chunked
 * body is reported as {@link #CHUNKED}, so that a change of the server shows as what it is.
 */
final class HttpScan {
    /** More bytes are needed. */
    static final int INCOMPLETE = -1;
    /** The message has a transfer-encoding, which this scanner does not read. */
    static final int CHUNKED = -2;
    /** The content-length is not a number, or above {@link #MOST_BODY}. */
    static final int BAD_LENGTH = -3;
    /** The longest body, bytes. */
    static final int MOST_BODY = 64 << 20;

    private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRANSFER_ENCODING = "transfer-encoding:".getBytes(StandardCharsets.US_ASCII);

    /** Offset of the first byte of the message. */
    int start;
    /** Offset of the first byte of its body: behind the empty line. */
    int bodyStart;
    /** Offset behind the last byte of its body. */
    int bodyEnd;
    /** Whether it had a content-length; the body is empty otherwise. */
    boolean hasLength;

    /**
     * Looks for a whole message.
     *
     * @param data the bytes
     * @param from offset of the message's first byte
     * @param to offset behind the last byte there is
     * @return the offset behind the message, or {@link #INCOMPLETE}, {@link #CHUNKED} or {@link #BAD_LENGTH}
     */
    int find(byte[] data, int from, int to) {
        int length = -1;
        int line = from;
        for (int i = from; i < to; i++) {
            if (data[i] != '\n') {
                continue;
            }
            int lineEnd = i > line && data[i - 1] == '\r' ? i - 1 : i;
            if (lineEnd == line) {
                return end(from, i + 1, to, length);
            }
            int first = data[line] | 0x20;
            if (first == 'c' && startsWith(data, line, lineEnd, CONTENT_LENGTH)) {
                length = number(data, line + CONTENT_LENGTH.length, lineEnd);
                if (length < 0) {
                    return BAD_LENGTH;
                }
            } else if (first == 't' && startsWith(data, line, lineEnd, TRANSFER_ENCODING)) {
                return CHUNKED;
            }
            line = i + 1;
        }
        return INCOMPLETE;
    }

    private int end(int from, int body, int to, int length) {
        int size = Math.max(length, 0);
        if (to - body < size) {
            return INCOMPLETE;
        }
        start = from;
        bodyStart = body;
        bodyEnd = body + size;
        hasLength = length >= 0;
        return bodyEnd;
    }

    /**
     * The status code of the response that was found last.
     *
     * @return 100 to 999, or −1 if the first line is not a status line
     */
    int status(byte[] data) {
        if (bodyStart - start < 14 || data[start] != 'H' || data[start + 8] != ' ') {
            return -1;
        }
        int status = number(data, start + 9, start + 12);
        return status >= 100 ? status : -1;
    }

    /**
     * A header of the message that was found last.
     *
     * @param name in lower case
     * @return its value, trimmed; null if there is none
     */
    @Nullable
    String header(byte[] data, String name) {
        byte[] wanted = (name + ":").getBytes(StandardCharsets.US_ASCII);
        int line = start;
        for (int i = start; i < bodyStart; i++) {
            if (data[i] == '\n') {
                if (startsWith(data, line, i, wanted)) {
                    int at = line + wanted.length;
                    return new String(data, at, i - at, StandardCharsets.ISO_8859_1).trim();
                }
                line = i + 1;
            }
        }
        return null;
    }

    /** Whether the bytes start with these, which are in lower case, in any case. */
    private static boolean startsWith(byte[] data, int from, int to, byte[] wanted) {
        if (to - from < wanted.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            int b = data[from + i];
            if ((b >= 'A' && b <= 'Z' ? b | 0x20 : b) != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    /** The decimal number that stands there, with spaces around it; −1 if it is none or above {@link #MOST_BODY}. */
    private static int number(byte[] data, int from, int to) {
        int i = from;
        int end = to;
        while (i < end && data[i] == ' ') {
            i++;
        }
        while (end > i && data[end - 1] == ' ') {
            end--;
        }
        if (i == end) {
            return -1;
        }
        int value = 0;
        for (; i < end; i++) {
            int digit = data[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
            if (value > MOST_BODY) {
                return -1;
            }
        }
        return value;
    }
}
