package io.posthorn.e2e;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** Answers requests of any method, one after the other and each on a connection of its own. */
final class BareReceiver implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    private final Thread thread = Thread.ofVirtual().unstarted(this::accept);
    private final List<Arrival> arrivals = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private volatile Function<Arrival, String> reply = request -> "HTTP/1.1 204 Ok\r\n\r\n";

    BareReceiver() throws IOException {
        thread.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/");
    }

    /** From now on: the whole response. */
    void replies(Function<Arrival, String> next) {
        reply = next;
    }

    /** The request that came last; those that are answered are all there. */
    Arrival last() {
        return arrivals.getLast();
    }

    /** How many have come. */
    int count() {
        return arrivals.size();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                InputStream in = new BufferedInputStream(socket.getInputStream());
                Arrival request = read(in);
                arrivals.add(request);
                String answer = reply.apply(request);
                int head = answer.indexOf("\r\n\r\n");
                String closing = answer.substring(0, head) + "\r\nConnection: close" + answer.substring(head);
                socket.getOutputStream().write(closing.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException | RuntimeException | AssertionError e) {
                if (!listener.isClosed()) {
                    failures.add(e);
                }
            }
        }
    }

    private static Arrival read(InputStream in) throws IOException {
        String line = line(in);
        Map<String, List<String>> headers = new HashMap<>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.computeIfAbsent(header.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                    .add(header.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(
                headers.getOrDefault("content-length", List.of("0")).getFirst());
        return new Arrival(line, headers, in.readNBytes(length), Instant.now(), System.nanoTime());
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        listener.close();
        thread.join();
        if (!failures.isEmpty()) {
            AssertionError failed = new AssertionError("the receiver got something improper");
            failures.forEach(failed::addSuppressed);
            throw failed;
        }
    }
}
