package io.posthorn.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;

/** A message as the API takes it, with a payload that stays as it is. */
final class Envelope {
    private static final byte[] PAYLOAD = {',', '"', 'p', 'a', 'y', 'l', 'o', 'a', 'd', '"', ':'};

    private Envelope() {}

    /**
     * A message.
     *
     * @param head its other members, at least one
     * @param payload JSON
     */
    static byte[] of(ObjectNode head, byte[] payload) {
        byte[] first = JsonText.bytes(head);
        int open = first.length - 1; // without the closing brace
        byte[] message = Arrays.copyOf(first, open + PAYLOAD.length + payload.length + 1);
        System.arraycopy(PAYLOAD, 0, message, open, PAYLOAD.length);
        System.arraycopy(payload, 0, message, open + PAYLOAD.length, payload.length);
        message[message.length - 1] = '}';
        return message;
    }
}
