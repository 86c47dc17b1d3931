package io.posthorn.cli;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Lines that go in one request. */
final class LineBatch {
    /** The most that the server takes. */
    static final int MOST = 1_000;
    /** The most bytes, so that it stays below the largest body that a server takes by default; one line may be longer. */
    static final int MOST_BYTES = 900 << 10;

    private static final byte[] OPEN = "{\"messages\":[".getBytes(StandardCharsets.US_ASCII);

    private final List<LineReader.Line.Message> lines;
    private int bytes;

    LineBatch() {
        this(new ArrayList<>());
    }

    /** One of these lines. */
    LineBatch(List<LineReader.Line.Message> lines) {
        this.lines = lines;
        lines.forEach(line -> bytes += line.json().length + 1);
    }

    /** Whether one more fits. */
    boolean fits(LineReader.Line.Message line) {
        return lines.isEmpty() || (lines.size() < MOST && bytes + line.json().length + 1 <= MOST_BYTES);
    }

    void add(LineReader.Line.Message line) {
        lines.add(line);
        bytes += line.json().length + 1;
    }

    List<LineReader.Line.Message> lines() {
        return lines;
    }

    /** The request's body, the lines as they are. */
    byte[] body() {
        byte[] body = new byte[OPEN.length + bytes + 1];
        System.arraycopy(OPEN, 0, body, 0, OPEN.length);
        int at = OPEN.length;
        for (LineReader.Line.Message line : lines) {
            System.arraycopy(line.json(), 0, body, at, line.json().length);
            at += line.json().length;
            body[at++] = ',';
        }
        body[at - 1] = ']';
        body[at] = '}';
        return body;
    }
}
