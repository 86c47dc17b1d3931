package io.posthorn.egress;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that says exactly the bytes that a test wants, for what no decent server does. */
final class RawServer implements AutoCloseable {
    static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** What it does with a connection. */
    interface Script {
        void run(Connection connection) throws IOException, InterruptedException;
    }

    /** One connection, from the server's side. */
    static final class Connection {
        /** From 0, in the order of accepting. */
        final int number;

        private final Socket socket;
        private final InputStream in;

        Connection(int number, Socket socket) throws IOException {
            this.number = number;
            this.socket = socket;
            this.in = new BufferedInputStream(socket.getInputStream());
        }

        /** Reads a request with its body; empty if the other side has closed. */
        String read() throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int c = in.read();
                if (c < 0) {
                    return "";
                }
                head.append((char) c);
            }
            String lower = head.toString().toLowerCase(Locale.ROOT);
            int found = lower.indexOf("content-length: ");
            if (found < 0) {
                return head.toString();
            }
            int at = found + "content-length: ".length();
            int length = Integer.parseInt(lower.substring(at, lower.indexOf('\r', at)));
            return head + new String(in.readNBytes(length), StandardCharsets.UTF_8);
        }

        void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        void write(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
        }

        /** Closes with a reset instead of an orderly end. */
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        /** Waits until the other side has closed. */
        void awaitEnd() throws IOException {
            while (in.read() >= 0) {
                // what else comes does not matter
            }
        }
    }

    private final ServerSocket server;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final BlockingQueue<String> log = new LinkedBlockingQueue<>();
    private final AtomicInteger accepted = new AtomicInteger();

    RawServer(Script script) {
        try {
            server = new ServerSocket(0, 500, InetAddress.ofLiteral("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.startVirtualThread(() -> accept(script));
    }

    private void accept(Script script) {
        try {
            while (true) {
                Socket socket = server.accept();
                sockets.add(socket);
                Connection connection = new Connection(accepted.getAndIncrement(), socket);
                Thread.startVirtualThread(() -> serve(script, connection));
            }
        } catch (IOException e) {
            log.add("closed");
        }
    }

    private void serve(Script script, Connection connection) {
        try (Socket _ = connection.socket) {
            script.run(connection);
            log.add("ended " + connection.number);
        } catch (IOException e) {
            log.add("broke " + connection.number);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    int port() {
        return server.getLocalPort();
    }

    /** How many connections there have been. */
    int accepted() {
        return accepted.get();
    }

    /** Waits until the script of a connection has come to its end, or the connection broke. */
    String awaitOver() throws InterruptedException {
        String entry = log.poll(10, TimeUnit.SECONDS);
        if (entry == null) {
            throw new AssertionError("no connection ended within 10 s");
        }
        return entry;
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
