package io.posthorn.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Reads messages, one a line, without holding more than a line. Empty lines are passed over. */
final class LineReader {
    /** The longest line, in bytes; above, it is refused without being held. */
    static final int MOST = 16 << 20;

    private static final int BUFFER = 1 << 16;

    private final InputStream in;
    private final @Nullable ObjectNode head;
    private final byte[] buffer = new byte[BUFFER];
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private int at;
    private int filled;
    private long number;

    /**
     * A reader.
     *
     * @param in JSON lines in UTF-8
     * @param head the message's other members if lines are payloads; null if they are messages
     */
    LineReader(InputStream in, @Nullable ObjectNode head) {
        this.in = in;
        this.head = head;
    }

    /** A line. */
    sealed interface Line {
        /** Its number; the first is 1. */
        long number();

        /** JSON, ready to be sent. */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Message(long number, byte[] json) implements Line {}

        /** It cannot be sent. */
        record Wrong(long number, String why) implements Line {}
    }

    /** The next line that is not empty; null at the end. */
    @Nullable
    Line next() throws IOException {
        while (true) {
            boolean tooLong = fill();
            if (number < 0) {
                return null;
            }
            byte[] bytes = line.toByteArray();
            if (tooLong) {
                return new Line.Wrong(number, "is longer than " + (MOST >> 20) + " MiB");
            }
            if (!blank(bytes)) {
                String wrong = JsonText.wrong(bytes, head == null);
                return wrong == null
                        ? new Line.Message(number, head == null ? bytes : Envelope.of(head, bytes))
                        : new Line.Wrong(number, wrong);
            }
        }
    }

    /** Reads a line; the answer is whether it was too long. At the end the number becomes negative. */
    private boolean fill() throws IOException {
        line.reset();
        number++;
        boolean tooLong = false;
        boolean something = false;
        while (at < filled || more()) {
            something = true;
            int end = at;
            while (end < filled && buffer[end] != '\n') {
                end++;
            }
            tooLong |= line.size() + (end - at) > MOST;
            if (!tooLong) {
                line.write(buffer, at, end - at);
            }
            boolean ended = end < filled;
            at = end + (ended ? 1 : 0);
            if (ended) {
                return tooLong;
            }
        }
        if (!something) {
            number = Long.MIN_VALUE;
        }
        return tooLong;
    }

    private boolean more() throws IOException {
        at = 0;
        filled = Math.max(0, in.read(buffer));
        return filled > 0;
    }

    private static boolean blank(byte[] bytes) {
        for (byte b : bytes) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }
}
