package io.posthorn.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Stands before a database and cuts connections at the moments that matter to a group commit. */
public final class CuttingProxy implements AutoCloseable {
    /** When to cut, once. */
    public enum Cut {
        /** The database has committed, and its answer does not arrive. */
        AFTER_COMMIT,
        /** Rows have been copied, and whatever follows, such as the commit, does not arrive. */
        BEFORE_COMMIT,
        /** Not at all, or it has happened. */
        NOT
    }

    private static final Pattern PORT = Pattern.compile("(//[^/:]+:)(\\d+)/");
    private static final byte[] COMMITTED = "COMMIT\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] COPIED = "COPY ".getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket listening;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicReference<Cut> armed = new AtomicReference<>(Cut.NOT);
    private final Set<Wire> wires = ConcurrentHashMap.newKeySet();
    private volatile boolean away;

    /** In front of the database of these settings. */
    public CuttingProxy(DatabaseSettings to) {
        Matcher port = PORT.matcher(String.valueOf(to.url()));
        if (!port.find()) {
            throw new IllegalArgumentException("no port in " + to.url());
        }
        target = Integer.parseInt(port.group(2));
        try {
            listening = new ServerSocket(0, 100, InetAddress.ofLiteral("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /** The same database through this. */
    public DatabaseSettings through(DatabaseSettings to) {
        String url = PORT.matcher(String.valueOf(to.url())).replaceFirst("$1" + listening.getLocalPort() + "/");
        return new DatabaseSettings(
                to.dataDir().resolveSibling("node" + listening.getLocalPort()),
                url,
                to.user(),
                to.password(),
                to.poolSize(),
                to.embeddedPort());
    }

    /** Cuts at the next such moment. */
    public void arm(Cut cut) {
        armed.set(cut);
    }

    /** Whether it has cut since it was armed. */
    public boolean hasCut() {
        return armed.get() == Cut.NOT;
    }

    /** The clients are cut off, and the database does not hear of it. */
    public void forgetServers() {
        wires.forEach(Wire::cutClient);
    }

    /** The database goes away. */
    public void goAway() {
        away = true;
        open.forEach(CuttingProxy::close);
    }

    /** The database is back. */
    public void comeBack() {
        away = false;
    }

    @Override
    public void close() {
        goAway();
        try {
            listening.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                open.add(client);
                Socket server = new Socket(InetAddress.ofLiteral("127.0.0.1"), target);
                open.add(server);
                Wire wire = new Wire(client, server);
                wires.add(wire);
                Thread.ofVirtual().start(wire::requests);
                Thread.ofVirtual().start(wire::answers);
                if (away) {
                    wire.cut();
                }
            } catch (IOException e) {
                assert listening.isClosed() : e;
            }
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Wire {
        private final Socket client;
        private final Socket server;
        private volatile boolean copied;
        private volatile boolean half;

        Wire(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        void requests() {
            pump(client, server, false);
        }

        void answers() {
            pump(server, client, true);
        }

        void cutClient() {
            half = true;
            CuttingProxy.close(client);
        }

        void cut() {
            if (half) {
                return;
            }
            CuttingProxy.close(client);
            CuttingProxy.close(server);
            open.remove(client);
            open.remove(server);
        }

        private void pump(Socket from, Socket to, boolean answers) {
            byte[] buffer = new byte[1 << 16];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    if (answers ? cutsAnswer(buffer, count) : cutsRequest()) {
                        cut();
                        return;
                    }
                    out.write(buffer, 0, count);
                }
                cut();
            } catch (IOException e) {
                cut();
            }
        }

        private boolean cutsAnswer(byte[] buffer, int count) {
            if (armed.get() == Cut.BEFORE_COMMIT && contains(buffer, count, COPIED)) {
                copied = true;
            }
            return contains(buffer, count, COMMITTED) && armed.compareAndSet(Cut.AFTER_COMMIT, Cut.NOT);
        }

        private boolean cutsRequest() {
            return copied && armed.compareAndSet(Cut.BEFORE_COMMIT, Cut.NOT);
        }

        private static boolean contains(byte[] in, int count, byte[] what) {
            for (int i = 0; i + what.length <= count; i++) {
                if (java.util.Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                    return true;
                }
            }
            return false;
        }
    }
}
