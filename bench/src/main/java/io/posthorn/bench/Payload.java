package io.posthorn.bench;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The payload of every message: {@value #BYTES} bytes of JSON with three numbers at fixed offsets, so that writing it
 * is a copy and three patches, and reading it is a comparison and three loops. It only works because the server
 * delivers a payload byte for byte; a payload that was changed on its way is counted as mangled.
 */
final class Payload {
    /** How long it is. */
    static final int BYTES = 512;

    private static final int RUN_DIGITS = 7;
    private static final int SEQ_DIGITS = 12;
    private static final int TIME_DIGITS = 16;
    private static final byte[] HEAD = ascii("{\"run\":\"");
    private static final byte[] SEQ = ascii("\",\"seq\":\"");
    private static final byte[] TIME = ascii("\",\"at\":\"");
    private static final byte[] PAD = ascii("\",\"pad\":\"");
    private static final byte[] TAIL = ascii("\"}");
    private static final int RUN_AT = HEAD.length;
    private static final int SEQ_AT = RUN_AT + RUN_DIGITS + SEQ.length;
    private static final int TIME_AT = SEQ_AT + SEQ_DIGITS + TIME.length;
    private static final int PAD_AT = TIME_AT + TIME_DIGITS + PAD.length;

    private Payload() {}

    /**
     * A payload whose sequence number and time are zero.
     *
     * @param run {@link Run#id}
     */
    static byte[] template(int run) {
        byte[] bytes = new byte[BYTES];
        Arrays.fill(bytes, (byte) '0');
        put(bytes, 0, HEAD);
        put(bytes, SEQ_AT - SEQ.length, SEQ);
        put(bytes, TIME_AT - TIME.length, TIME);
        put(bytes, PAD_AT - PAD.length, PAD);
        for (int i = PAD_AT; i < BYTES - TAIL.length; i++) {
            bytes[i] = (byte) ('a' + i * 7 % 26);
        }
        put(bytes, BYTES - TAIL.length, TAIL);
        long rest = run;
        for (int i = RUN_AT + RUN_DIGITS - 1; i >= RUN_AT; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return bytes;
    }

    /**
     * Writes the numbers of one message into a copy of the template.
     *
     * @param at where in the buffer the payload begins
     * @param seq 0 to 10^12 − 1
     * @param time microseconds, 0 to 10^16 − 1
     */
    static void patch(ByteBuf buf, int at, long seq, long time) {
        digits(buf, at + SEQ_AT, SEQ_DIGITS, seq);
        digits(buf, at + TIME_AT, TIME_DIGITS, time);
    }

    /** Whether a payload stands there, by its length and its fixed parts in front. */
    static boolean isOne(byte[] data, int from, int to) {
        return to - from == BYTES
                && matches(data, from, HEAD)
                && matches(data, from + SEQ_AT - SEQ.length, SEQ)
                && matches(data, from + TIME_AT - TIME.length, TIME);
    }

    /** Whether it is the template in every byte but those of sequence number and time. */
    static boolean isIntact(byte[] data, int from, byte[] template) {
        return Arrays.equals(data, from, from + SEQ_AT, template, 0, SEQ_AT)
                && Arrays.equals(
                        data, from + TIME_AT + TIME_DIGITS, from + BYTES, template, TIME_AT + TIME_DIGITS, BYTES);
    }

    /** The run of the payload there. */
    static int run(byte[] data, int from) {
        return (int) number(data, from + RUN_AT, RUN_DIGITS);
    }

    /** The sequence number of the payload there. */
    static long seq(byte[] data, int from) {
        return number(data, from + SEQ_AT, SEQ_DIGITS);
    }

    /** The time of the payload there, microseconds. */
    static long time(byte[] data, int from) {
        return number(data, from + TIME_AT, TIME_DIGITS);
    }

    private static void digits(ByteBuf buf, int at, int count, long value) {
        long rest = value;
        for (int i = at + count - 1; i >= at && rest != 0; i--) {
            long next = rest / 10;
            buf.setByte(i, (int) ('0' + rest - next * 10));
            rest = next;
        }
    }

    private static long number(byte[] data, int from, int count) {
        long value = 0;
        for (int i = from; i < from + count; i++) {
            value = value * 10 + (data[i] - '0');
        }
        return value;
    }

    private static boolean matches(byte[] data, int from, byte[] wanted) {
        return Arrays.equals(data, from, from + wanted.length, wanted, 0, wanted.length);
    }

    private static void put(byte[] bytes, int at, byte[] what) {
        System.arraycopy(what, 0, bytes, at, what.length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
