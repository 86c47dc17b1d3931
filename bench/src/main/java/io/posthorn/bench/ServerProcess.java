package io.posthorn.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server under test in a process of its own: the product, or the floor, which takes the same arguments. It keeps its
 * data folder and its port when it is killed and started again.
 */
final class ServerProcess implements AutoCloseable {
    private static final long START_SECONDS = 60;
    private static final long STOP_SECONDS = 40;
    private static final long POLL_MILLIS = 5;

    private final String name;
    private final List<String> command;
    private final Path folder;
    private final int port;
    private final String token;
    private final Database database;
    private @Nullable Process process;
    private long javaPid;

    /**
     * A server that does not run yet.
     *
     * @param name for people
     * @param command what to run; the arguments of {@code serve} are put behind it
     * @param folder an empty folder for its data and its output
     */
    ServerProcess(String name, List<String> command, Path folder) throws IOException {
        this.name = name;
        this.command = command;
        this.folder = folder;
        this.token = "bench-" + Long.toHexString(System.nanoTime()) + "-0123456789abcdef";
        this.database = new Database(folder.resolve("data"));
        try (ServerSocket free = new ServerSocket(0)) {
            this.port = free.getLocalPort();
        }
    }

    /**
     * Starts it and waits until it is healthy.
     *
     * @return from the start of the process to the first healthy answer, milliseconds
     * @throws IOException with the end of its output, if it does not come up within a minute
     */
    long start() throws IOException, InterruptedException {
        long began = System.nanoTime();
        Process started = spawn();
        while (!healthy()) {
            if (!started.isAlive()) {
                throw new IOException(
                        name + " ended with code " + started.exitValue() + " at the start. It said:\n" + output());
            }
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(START_SECONDS)) {
                throw new IOException(name + " was not healthy within " + START_SECONDS + " s. It said:\n" + output());
            }
            Thread.sleep(POLL_MILLIS);
        }
        javaPid = ProcFs.javaUnder(started.pid());
        return (System.nanoTime() - began) / 1_000_000;
    }

    /** Starts it and does not wait. */
    Process spawn() throws IOException {
        List<String> line = new ArrayList<>(command);
        line.addAll(List.of(
                "--data-dir",
                database.dataDir().toString(),
                "--port",
                String.valueOf(port),
                "--admin-token",
                token,
                "--endpoint-limit",
                "100",
                "--allow-http",
                "--allow-network",
                "127.0.0.0/8"));
        process = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(outputFile().toFile()))
                .start();
        return process;
    }

    /** Whether {@code /api/v1/health} answers 2xx at this moment. */
    boolean healthy() {
        return ask("GET /api/v1/health HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer " + token
                                + "\r\nconnection: close\r\n\r\n")
                        / 100
                == 2;
    }

    /**
     * Sends a request on a connection of its own.
     *
     * @return the status of the answer; 0 if there was none
     */
    int ask(String request) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            socket.setSoTimeout(5_000);
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            InputStream in = socket.getInputStream();
            String line = new String(in.readNBytes(12), StandardCharsets.ISO_8859_1);
            return line.matches("HTTP/1\\.1 [1-9][0-9][0-9]") ? Integer.parseInt(line.substring(9)) : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    /** Kills the server's virtual machine as {@code kill -9} does; PostgreSQL goes on. */
    void kill() throws InterruptedException {
        ProcessHandle.of(javaPid).ifPresent(ProcessHandle::destroyForcibly);
        Process running = process;
        if (running != null && !running.waitFor(10, TimeUnit.SECONDS)) {
            running.destroyForcibly();
        }
    }

    /** Stops it in order, and by force what is left then. */
    void stop() throws InterruptedException {
        Process running = process;
        if (running != null && running.isAlive()) {
            // the script may wait for the virtual machine instead of having become it
            ProcessHandle.of(javaPid == 0 ? running.pid() : javaPid).ifPresent(ProcessHandle::destroy);
            running.destroy();
            running.waitFor(STOP_SECONDS, TimeUnit.SECONDS);
        }
        close();
    }

    /** Ends all that is left of it by force. May be called at any time and from any thread. */
    @Override
    public void close() {
        Process running = process;
        if (running != null) {
            running.descendants().forEach(ProcessHandle::destroyForcibly);
            running.destroyForcibly();
        }
        ProcessHandle.of(javaPid == 0 ? -1 : javaPid).ifPresent(ProcessHandle::destroyForcibly);
        javaPid = 0;
        for (long pid : database.pids()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /** The end of what it has said. */
    String output() throws IOException {
        String all = Files.exists(outputFile()) ? Files.readString(outputFile()) : "";
        return all.substring(Math.max(0, all.length() - 4_000));
    }

    private Path outputFile() {
        return folder.resolve("output.log");
    }

    /** For people. */
    String name() {
        return name;
    }

    /** Where it listens, on 127.0.0.1. */
    int port() {
        return port;
    }

    /** The administrator's token. */
    String token() {
        return token;
    }

    /** Its PostgreSQL. */
    Database database() {
        return database;
    }

    /** Its virtual machine. */
    long javaPid() {
        return javaPid;
    }

    /** Its PostgreSQL's processes. */
    List<Long> postgresPids() {
        return database.pids();
    }
}
