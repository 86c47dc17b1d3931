package io.posthorn.e2e;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** What a receiver does with a request. */
@FunctionalInterface
interface Reply {
    /**
     * Answers it, or does not.
     *
     * @param request what came
     * @param out to the sender, flushed afterwards
     * @return whether the connection stays open
     */
    boolean write(Arrival request, OutputStream out) throws IOException, InterruptedException;

    /** A response without a body. */
    static Reply status(int code, String... headerLines) {
        return response(code, new byte[0], headerLines);
    }

    /** A response with a body. */
    static Reply response(int code, byte[] body, String... headerLines) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + code + " Whatever\r\n");
        for (String line : headerLines) {
            head.append(line).append("\r\n");
        }
        head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
        byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
        return (request, out) -> {
            out.write(bytes);
            out.write(body);
            return true;
        };
    }

    /** The bytes as they are, then the connection is closed. */
    static Reply raw(String bytes) {
        return (request, out) -> {
            out.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            return false;
        };
    }

    /** Nothing, until the latch is open; then the other reply. */
    static Reply after(CountDownLatch latch, Reply then) {
        return (request, out) -> {
            latch.await();
            return then.write(request, out);
        };
    }

    /** A response that never ends: a byte of the body whenever the interval is over. */
    static Reply drip(long millis) {
        return (request, out) -> {
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
            CountDownLatch never = new CountDownLatch(1);
            while (!never.await(millis, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                out.write('x');
                out.flush();
            }
            return false;
        };
    }

    /** One reply after the other; the last one for all that follow. */
    static Reply inTurn(Reply... replies) {
        AtomicInteger next = new AtomicInteger();
        return (request, out) -> replies[Math.min(next.getAndIncrement(), replies.length - 1)].write(request, out);
    }

    /** Each message has its own. */
    static Reply forEachMessage(Supplier<Reply> replies) {
        Map<String, Reply> own = new ConcurrentHashMap<>();
        return (request, out) ->
                own.computeIfAbsent(request.id(), id -> replies.get()).write(request, out);
    }
}
