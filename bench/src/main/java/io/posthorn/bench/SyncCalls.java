package io.posthorn.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Synchronous messages: how much longer the publisher waits than its slowest subscriber takes. The subscribers say in their
 * answers how long they took from the whole request to the beginning of the response. In the same run and at the same rate
 * stand two floors: a publisher that calls the same subscribers itself, all at once, and writes nothing down; and one that
 * first writes the message to a file and waits until the disk has it, as it must be before anybody is called.
 */
final class SyncCalls {
    private static final int SUBSCRIBERS = 3;
    private static final double RATE = 40;
    private static final int WARM_SECONDS = 5;
    private static final int WARM_AT_ONCE = 12;
    private static final long TAKES_NANOS = 20_000_000;
    private static final int WRITTEN_BYTES = 1_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Lab lab;
    private final Report report;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    SyncCalls(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
    }

    /** One call; what it took beyond the slowest subscriber, milliseconds. */
    @FunctionalInterface
    private interface Asked {
        double beyond() throws IOException, InterruptedException;
    }

    void run() throws IOException, InterruptedException {
        ServerProcess server = lab.product("sync");
        server.start();
        Path file = Files.createTempFile(Files.createDirectories(lab.options().results()), "floor", ".log");
        try (Subscribers subscribers = new Subscribers();
                FileChannel log = FileChannel.open(file, StandardOpenOption.APPEND)) {
            String app = id(server, "/api/v1/app", JSON.createObjectNode().put("name", "sync"));
            for (int i = 0; i < SUBSCRIBERS; i++) {
                ObjectNode endpoint = JSON.createObjectNode().put("url", subscribers.url(i));
                id(server, "/api/v1/app/" + app + "/endpoint", endpoint);
            }
            ObjectNode message = JSON.createObjectNode().put("eventType", "confirmation.before");
            message.putObject("payload").put("text", "x".repeat(500));
            message.putObject("sync").put("decision", "veto").put("deadline", "10s");
            // the decision that waits for all, whatever they say
            HttpRequest request = request(server, "/api/v1/app/" + app + "/msg/sync", message);
            Asked product = () -> product(request);
            List<HttpRequest> direct = new ArrayList<>();
            for (int i = 0; i < SUBSCRIBERS; i++) {
                direct.add(HttpRequest.newBuilder(URI.create(subscribers.url(i)))
                        .POST(HttpRequest.BodyPublishers.ofString("{}"))
                        .build());
            }
            Asked floor = () -> floor(direct, null);
            Asked written = () -> floor(direct, log);
            measure(floor, WARM_SECONDS);
            warm(product);
            measure(product, WARM_SECONDS);
            List<Double> ofFloor = new ArrayList<>();
            List<Double> ofWritten = new ArrayList<>();
            List<Double> ofProduct = new ArrayList<>();
            for (int turn = 0; turn < lab.options().pairs(); turn++) {
                ofFloor.addAll(measure(floor, lab.options().seconds()));
                ofWritten.addAll(measure(written, lab.options().seconds()));
                ofProduct.addAll(measure(product, lab.options().seconds()));
            }
            tell(ofFloor, ofWritten, ofProduct);
            report.note("load of the machine, over 1, 5 and 15 minutes: "
                    + Files.readString(Path.of("/proc/loadavg")).strip());
        } finally {
            Files.deleteIfExists(file);
            client.shutdownNow();
            server.stop();
        }
    }

    private void tell(List<Double> ofFloor, List<Double> ofWritten, List<Double> ofProduct) {
        String at = String.format(Locale.ROOT, ", %d subscribers at %d/s", SUBSCRIBERS, Math.round(RATE));
        report.add(Figure.plain("sync", "beyond the slowest, floor, p50" + at, percentile(ofFloor, 50), "ms"));
        report.add(Figure.plain("sync", "beyond the slowest, floor, p99", percentile(ofFloor, 99), "ms"));
        report.add(Figure.plain("sync", "the same, written down first, p50", percentile(ofWritten, 50), "ms"));
        report.add(Figure.plain("sync", "the same, written down first, p99", percentile(ofWritten, 99), "ms"));
        report.add(Figure.plain("sync", "beyond the slowest, p50", percentile(ofProduct, 50), "ms"));
        report.add(Figure.atMost("sync", "beyond the slowest, p99", percentile(ofProduct, 99), "ms", 5));
    }

    private static double percentile(List<Double> values, int percent) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }

    /** So that what is measured is compiled: some thousand calls, several at a time. */
    private static void warm(Asked asked) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < WARM_AT_ONCE; i++) {
                threads.execute(() -> {
                    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(2 * WARM_SECONDS);
                    try {
                        while (System.nanoTime() < until) {
                            asked.beyond();
                        }
                    } catch (IOException | InterruptedException e) {
                        System.err.println("warming up ends early: " + e);
                    }
                });
            }
        }
    }

    /** At an even rate, however long each takes. */
    private static List<Double> measure(Asked asked, int seconds) throws InterruptedException, IOException {
        int count = (int) (RATE * seconds);
        List<CompletableFuture<Double>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            long began = System.nanoTime();
            for (int i = 0; i < count; i++) {
                long at = began + (long) (i * 1e9 / RATE);
                LockSupport.parkNanos(at - System.nanoTime());
                CompletableFuture<Double> one = new CompletableFuture<>();
                all.add(one);
                threads.execute(() -> {
                    try {
                        one.complete(asked.beyond());
                    } catch (IOException | InterruptedException | RuntimeException e) {
                        one.completeExceptionally(e);
                    }
                });
            }
        }
        List<Double> millis = new ArrayList<>();
        for (CompletableFuture<Double> one : all) {
            try {
                millis.add(one.join());
            } catch (java.util.concurrent.CompletionException e) {
                throw new IOException("a call has failed: " + e.getCause(), e);
            }
        }
        return millis;
    }

    private double product(HttpRequest request) throws IOException, InterruptedException {
        long began = System.nanoTime();
        HttpResponse<byte[]> answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        long took = System.nanoTime() - began;
        if (answer.statusCode() != 200) {
            throw new IOException("a synchronous message was answered " + answer.statusCode() + ": "
                    + new String(answer.body(), StandardCharsets.UTF_8));
        }
        long slowest = 0;
        int answered = 0;
        for (var result : JSON.readTree(answer.body()).path("results")) {
            slowest = Math.max(slowest, result.path("body").path("nanos").asLong());
            answered += result.path("status").asText().equals("answered") ? 1 : 0;
        }
        if (answered != SUBSCRIBERS) {
            throw new IOException("only " + answered + " subscribers have answered: "
                    + new String(answer.body(), StandardCharsets.UTF_8));
        }
        return (took - slowest) / 1e6;
    }

    private double floor(List<HttpRequest> requests, @Nullable FileChannel log) throws IOException {
        long began = System.nanoTime();
        if (log != null) {
            log.write(ByteBuffer.allocate(WRITTEN_BYTES));
            log.force(false);
        }
        List<CompletableFuture<HttpResponse<byte[]>>> asked = requests.stream()
                .map(request -> client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray()))
                .toList();
        long slowest = 0;
        for (CompletableFuture<HttpResponse<byte[]>> one : asked) {
            slowest = Math.max(
                    slowest, JSON.readTree(one.join().body()).path("nanos").asLong());
        }
        return (System.nanoTime() - began - slowest) / 1e6;
    }

    private String id(ServerProcess server, String path, ObjectNode body) throws IOException, InterruptedException {
        HttpResponse<String> made = client.send(request(server, path, body), HttpResponse.BodyHandlers.ofString());
        if (made.statusCode() != 201) {
            throw new IOException(path + " was answered " + made.statusCode() + ": " + made.body());
        }
        return JSON.readTree(made.body()).path("id").asText();
    }

    private static HttpRequest request(ServerProcess server, String path, ObjectNode body) throws IOException {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(Duration.ofSeconds(20))
                .header("authorization", "Bearer " + server.token())
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                .build();
    }

    /** They take a while, and say how long it was. */
    private static final class Subscribers implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());

        Subscribers() throws IOException {
            Thread.ofVirtual().start(this::accept);
        }

        String url(int which) {
            return "http://127.0.0.1:" + listener.getLocalPort() + "/" + which;
        }

        private void accept() {
            while (!listener.isClosed()) {
                try {
                    Socket socket = listener.accept();
                    socket.setTcpNoDelay(true);
                    Thread.ofVirtual().start(() -> serve(socket));
                } catch (IOException e) {
                    if (!listener.isClosed()) {
                        System.err.println("a subscriber could not be reached: " + e);
                    }
                }
            }
        }

        private static void serve(Socket socket) {
            try (socket;
                    InputStream in = new BufferedInputStream(socket.getInputStream())) {
                while (read(in)) {
                    long began = System.nanoTime();
                    TimeUnit.NANOSECONDS.sleep(TAKES_NANOS);
                    String body = "{\"nanos\":" + (System.nanoTime() - began) + "}";
                    socket.getOutputStream()
                            .write(("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                                            + body.length() + "\r\n\r\n" + body)
                                    .getBytes(StandardCharsets.US_ASCII));
                }
            } catch (IOException e) {
                // the other side has closed the connection
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** False at the end of the connection. */
        private static boolean read(InputStream in) throws IOException {
            int length = 0;
            String line = line(in);
            if (line.isEmpty()) {
                return false;
            }
            for (; !line.isEmpty(); line = line(in)) {
                String lower = line.toLowerCase(Locale.ROOT);
                if (lower.startsWith("content-length:")) {
                    length = Integer.parseInt(lower.substring(15).strip());
                }
            }
            return in.readNBytes(length).length == length;
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
        public void close() throws IOException {
            listener.close();
        }
    }
}
