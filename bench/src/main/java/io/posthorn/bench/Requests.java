package io.posthorn.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;

/** The requests of a run, encoded beforehand: sending one copies two arrays and patches two or three numbers. */
final class Requests {
    private final Plan plan;
    private final byte[][] heads;
    private final byte[][] bodies;
    private final int payloadAt;

    /**
     * Encodes the requests.
     *
     * @param template {@link Payload#template}
     */
    Requests(Installed installed, byte[] template) {
        plan = installed.plan();
        heads = new byte[plan.apps()][];
        for (int app = 0; app < heads.length; app++) {
            heads[app] = installed.head(app);
        }
        bodies = new byte[plan.types()][];
        for (int type = 0; type < bodies.length; type++) {
            byte[] before = installed.beforePayload(type);
            String body = new String(before, StandardCharsets.US_ASCII)
                    + new String(template, StandardCharsets.US_ASCII)
                    + "}";
            bodies[type] = body.getBytes(StandardCharsets.US_ASCII);
        }
        payloadAt = installed.beforePayload(0).length;
    }

    /**
     * The request for a message.
     *
     * @param time when it was to be sent, microseconds
     */
    ByteBuf encode(ByteBufAllocator alloc, int seq, long time) {
        byte[] head = heads[plan.app(seq)];
        byte[] body = bodies[plan.type(seq)];
        ByteBuf buf = alloc.directBuffer(head.length + body.length);
        buf.writeBytes(head).writeBytes(body);
        if (plan.keys() > 0) {
            int digit = head.length + Installed.keyAt() + Installed.KEY_DIGITS;
            for (int rest = seq % plan.keys(); rest > 0; rest /= 10) {
                buf.setByte(--digit, '0' + rest % 10);
            }
        }
        Payload.patch(buf, head.length + payloadAt, seq, time);
        return buf;
    }
}
