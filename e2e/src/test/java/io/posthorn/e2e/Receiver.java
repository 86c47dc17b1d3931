package io.posthorn.e2e;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Receives webhooks on this machine, well or badly. It reads HTTP/1.1 from bare sockets, a virtual thread for each
 * connection, because no HTTP server misbehaves as thoroughly as receivers do.
 */
final class Receiver implements AutoCloseable {
    private final ServerSocket listener;
    private final Thread acceptor;
    private final Map<String, Inbox> inboxes = new ConcurrentHashMap<>();
    private final Map<Socket, Thread> connections = new ConcurrentHashMap<>();
    private final Set<Throwable> failures = ConcurrentHashMap.newKeySet();

    /** One that listens on a free port. */
    Receiver() throws IOException {
        listener = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        acceptor = Thread.ofVirtual().name("receiver").start(this::accept);
    }

    /** The inbox at a path such as {@code /orders}. */
    Inbox at(String path) {
        return inboxes.computeIfAbsent(
                path, p -> new Inbox(URI.create("http://127.0.0.1:" + listener.getLocalPort() + p)));
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                Thread thread = Thread.ofVirtual().unstarted(() -> serve(socket));
                connections.put(socket, thread);
                thread.start();
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    failures.add(e);
                }
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                InputStream in = new BufferedInputStream(socket.getInputStream());
                OutputStream out = new BufferedOutputStream(socket.getOutputStream())) {
            boolean open = true;
            for (Arrival request = read(in); open && request != null; request = open ? read(in) : null) {
                Inbox inbox = at(request.line().split(" ", 3)[1]);
                Reply reply = inbox.reply();
                inbox.arrived(request);
                open = reply.write(request, out);
                out.flush();
            }
        } catch (SocketException | EOFException e) {
            // the sender has hung up: killed, stopped, or out of patience
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed in the midst of a reply
        } catch (IOException | RuntimeException | AssertionError e) {
            failures.add(e);
        } finally {
            connections.remove(socket);
        }
    }

    private static @org.jspecify.annotations.Nullable Arrival read(InputStream in) throws IOException {
        String line = line(in);
        if (line.isEmpty()) {
            return null; // the end of the connection, between requests
        }
        Map<String, List<String>> headers = new HashMap<>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.computeIfAbsent(header.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                    .add(header.substring(colon + 1).strip());
        }
        List<String> length = headers.getOrDefault("content-length", List.of());
        if (length.size() != 1) {
            throw new IOException("a delivery has one Content-Length, this one: " + line + " " + headers);
        }
        int expected = Integer.parseInt(length.getFirst());
        byte[] body = in.readNBytes(expected);
        if (body.length < expected) {
            throw new EOFException();
        }
        return new Arrival(line, headers, body, Instant.now(), System.nanoTime());
    }

    private static String line(InputStream in) throws IOException {
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            if (b != '\r') {
                bytes.write(b);
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Ends all connections; fails if something came that was no proper request. */
    @Override
    public void close() throws IOException, InterruptedException {
        listener.close();
        acceptor.join();
        for (Map.Entry<Socket, Thread> connection : connections.entrySet()) {
            connection.getValue().interrupt();
            connection.getKey().close();
        }
        if (!failures.isEmpty()) {
            AssertionError failed = new AssertionError("the receiver got something improper");
            failures.forEach(failed::addSuppressed);
            throw failed;
        }
    }
}
