package io.posthorn.wire;

import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import java.util.ArrayList;
import java.util.List;

/**
 * Signs one endpoint's requests with its present secret and with those that it replaced, each of them until its time is
 * over. That is decided for each request, so nothing has to happen at that moment. Confined to one thread.
 */
public final class OverlapSigner {
    private final SigningSecret present;
    private final List<RetiredSecret> old;
    private StandardSigner signer;
    /** From when on the signer has one secret too many, microseconds since 1970. */
    private long until;

    /**
     * A signer for requests from now on.
     *
     * @param present signs always, and first
     * @param old sign after it, in this order
     * @param now microseconds since 1970
     */
    public OverlapSigner(SigningSecret present, List<RetiredSecret> old, long now) {
        this.present = present;
        this.old = List.copyOf(old);
        this.signer = at(now);
    }

    /**
     * Signs a request, as {@link StandardSigner#sign} does.
     *
     * @param messageId of the message
     * @param now the moment of the attempt, microseconds since 1970; its second is the timestamp
     * @param body what is sent, byte for byte
     */
    public String sign(String messageId, long now, byte[] body) {
        if (now >= until) {
            signer = at(now);
        }
        return signer.sign(messageId, now / 1_000_000, body);
    }

    private StandardSigner at(long now) {
        List<SigningSecret> inForce = new ArrayList<>();
        inForce.add(present);
        until = Long.MAX_VALUE;
        for (RetiredSecret each : old) {
            long end = Time.micros(each.until());
            // A text is from before the endpoint had this format. Nobody expects its signature.
            if (now < end && each.secret().form() != SigningSecret.Form.TEXT) {
                inForce.add(each.secret());
                until = Math.min(until, end);
            }
        }
        return new StandardSigner(inForce);
    }
}
