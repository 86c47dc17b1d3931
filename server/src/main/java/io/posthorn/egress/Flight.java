package io.posthorn.egress;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.posthorn.egress.AddressResolver.Resolution;
import io.posthorn.egress.Outcome.Failure;
import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request under way. Its methods stand in the order in which they happen; each asks first whether it is over,
 * because the deadline may have ended it while the others were waiting. Confined to the loop of its {@link Egress}.
 */
final class Flight extends Deadlines.Entry {
    private final Egress egress;
    private final Target target;
    private final Requests.Line line;
    private final String[] headers;
    private final byte[] body;
    private final long budgetMillis;
    private final Consumer<Outcome> landed;

    private List<InetAddress> addresses = List.of();
    /** Which of the addresses is tried. */
    private int tried;
    /** Why the first address could not be reached: what counts if none can. */
    private @Nullable Failure firstTrouble;

    private @Nullable Link link;
    private @Nullable ResponseReader response;
    private boolean repeated;
    private boolean over;
    private String doing = "resolving the name";

    Flight(
            Egress egress,
            Target target,
            Requests.Line line,
            String[] headers,
            byte[] body,
            long budgetMillis,
            Consumer<Outcome> landed) {
        this.egress = egress;
        this.target = target;
        this.line = line;
        this.headers = headers;
        this.body = body;
        this.budgetMillis = budgetMillis;
        this.landed = landed;
    }

    void start() {
        List<InetAddress> literal = target.literal();
        if (literal == null) {
            egress.resolve(target.host(), this::resolved);
        } else {
            guard(literal);
        }
    }

    private void resolved(Resolution resolution) {
        if (over) {
            return;
        }
        switch (resolution) {
            case Resolution.Addresses(List<InetAddress> found) -> guard(found);
            case Resolution.Unresolved(String reason) ->
                end(new Failure(FailureKind.DNS, "the name " + target.host() + " could not be resolved: " + reason));
        }
    }

    private void guard(List<InetAddress> found) {
        for (InetAddress address : found) {
            String reason = egress.policy().refuse(address);
            if (reason != null) {
                String text = address.getHostAddress();
                String place = target.literal() == null ? target.host() + " resolves to " + text + ", which" : text;
                end(new Failure(
                        FailureKind.REFUSED_ADDRESS,
                        place + " is " + reason + " and must not be reached; nothing was sent"));
                return;
            }
        }
        addresses = found;
        Link idle = egress.idle().take(target.origin(), found);
        if (idle == null) {
            connect();
        } else {
            send(idle);
        }
    }

    private void connect() {
        InetAddress address = addresses.get(tried);
        doing = "connecting";
        egress.open(target.origin(), address, this::connected, cause -> unreachable(address, cause));
    }

    private void connected(Link opened) {
        if (over) {
            egress.idle().give(opened, System.nanoTime());
        } else {
            send(opened);
        }
    }

    private void unreachable(InetAddress address, Throwable cause) {
        if (over) {
            return;
        }
        Failure trouble = Failures.connecting(target.origin(), address, cause);
        if (firstTrouble == null) {
            firstTrouble = trouble;
        }
        tried++;
        if (trouble.kind() != FailureKind.CONNECT) {
            end(trouble);
        } else if (tried < addresses.size()) {
            connect();
        } else {
            int others = addresses.size() - 1;
            end(
                    others == 0 || firstTrouble == null
                            ? trouble
                            : new Failure(
                                    FailureKind.CONNECT,
                                    firstTrouble.detail() + " (nor to its " + others + " other addresses)"));
        }
    }

    private void send(Link free) {
        FullHttpRequest request;
        try {
            request = egress.requests().request(target, line, headers, body);
        } catch (IllegalArgumentException e) {
            egress.idle().give(free, System.nanoTime());
            end(Failures.protocol("the request to " + target.host() + " cannot be written: " + e.getMessage()));
            return;
        }
        link = free;
        doing = "waiting for the response";
        free.send(this, request);
    }

    /** The head of the response is there. */
    void answered(HttpResponse head) {
        doing = "reading the response";
        response = new ResponseReader(head, line.keep() < 0 ? egress.settings().keptResponseBytes() : line.keep());
    }

    /** A part of its body; beyond the bound the rest is not worth the connection. */
    void body(Link on, ByteBuf chunk) {
        ResponseReader reader = response;
        if (reader != null && reader.add(chunk) > egress.settings().maxResponseBytes()) {
            on.close();
            end(reader.response());
        }
    }

    /** All of it. The link is free. */
    void ended(Link on) {
        ResponseReader reader = response;
        if (reader == null) {
            throw new IllegalStateException("a response ended that had not begun");
        }
        if (reader.keepsAlive()) {
            egress.idle().give(on, System.nanoTime());
        } else {
            on.close();
        }
        end(reader.response());
    }

    /** The link broke, or what came over it was not HTTP. It is closed. */
    void broken(Link on, Throwable cause) {
        link = null;
        if (on.reused && !repeated && !on.heard() && Failures.isClosed(cause)) {
            repeated = true;
            connect();
        } else {
            end(Failures.exchanging(target.origin(), cause, response != null));
        }
    }

    @Override
    void expired() {
        if (egress.isClosed()) {
            abort(Failures.protocol("the request to " + target.host() + " was given up: Posthorn is stopping"));
        } else {
            abort(new Failure(
                    FailureKind.TIMEOUT,
                    target.host() + ": no complete answer within " + budgetMillis + " ms; it ended while " + doing));
        }
    }

    /** A fault of ours, while it was begun. */
    void failed(RuntimeException why) {
        if (!over) {
            abort(Failures.protocol("the request to " + target.host() + " could not be begun: " + why));
        }
    }

    private void abort(Failure why) {
        Link used = link;
        if (used != null) {
            used.close();
        }
        end(why);
    }

    private void end(Outcome outcome) {
        over = true;
        link = null;
        landed.accept(outcome);
    }
}
