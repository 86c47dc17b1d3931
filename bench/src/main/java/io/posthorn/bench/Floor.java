package io.posthorn.bench;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The floor: accept, commit, sign, deliver, log, and no product. It validates nothing, retries nothing, bounds nothing
 * and forgets what was under way when it dies. What the product needs beyond this is what the product costs.
 *
 * <p>Run by the harness in a process of its own with the arguments of {@code posthorn serve}.
 */
public final class Floor {
    private static final int LOOPS = 2;
    private static final long ORIGIN_MICROS = System.currentTimeMillis() * 1000;
    private static final long ORIGIN_NANOS = System.nanoTime();

    private final int port;
    private final byte[] bearer;
    private final FloorCatalog catalog;
    private final GroupCommit<FloorTables.Message> messages;
    private final GroupCommit<FloorTables.Attempt> attempts;
    private long lastSeq;
    private final AtomicLong delivered = new AtomicLong();

    private Floor(int port, String token, FloorCatalog catalog, Database database) throws IOException, SQLException {
        this.port = port;
        this.bearer = ("Bearer " + token).getBytes(StandardCharsets.ISO_8859_1);
        this.catalog = catalog;
        Connection first = database.connect();
        Connection second = database.connect();
        lastSeq = FloorTables.prepare(first);
        GroupCommit.Writer<FloorTables.Message> insert = FloorTables.messages(first);
        messages = new GroupCommit<>(
                "floor-messages",
                first,
                (connection, rows) -> {
                    long now = micros();
                    for (FloorTables.Message row : rows) {
                        row.seqAndTime()[0] = ++lastSeq;
                        row.seqAndTime()[1] = now;
                    }
                    insert.write(connection, rows);
                },
                this::committed);
        attempts = new GroupCommit<>(
                "floor-attempts", second, FloorTables.attempts(second), rows -> delivered.addAndGet(successes(rows)));
    }

    /**
     * Runs until it is killed.
     *
     * @param args those of {@code posthorn serve}; {@code --data-dir}, {@code --port} and {@code --admin-token} count
     */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i++) {
            options.put(args[i], args[i + 1]);
        }
        Path dataDir = Path.of(required(options, "--data-dir"));
        Files.createDirectories(dataDir);
        Database database = FloorPostgres.open(dataDir);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(database)));
        Floor floor = new Floor(
                Integer.parseInt(required(options, "--port")),
                required(options, "--admin-token"),
                new FloorCatalog(dataDir.resolve("catalog")),
                database);
        Vertx vertx =
                Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(LOOPS));
        vertx.deployVerticle(() -> new FloorHttp(floor), new DeploymentOptions().setInstances(LOOPS))
                .await();
        System.out.println("the floor listens, native transport: " + vertx.isNativeTransportEnabled());
    }

    /** At an orderly end; the writers may see their connections go before this process does. */
    private static void stop(Database database) {
        try {
            FloorPostgres.stop(database);
        } catch (IOException e) {
            System.err.println("the floor's PostgreSQL could not be stopped: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String required(Map<String, String> options, String name) {
        String value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the floor needs " + name);
        }
        return value;
    }

    private void committed(List<FloorTables.Message> rows) {
        // one task for each loop, not one for each message: waking a loop up is what costs
        Map<FloorHttp, List<FloorTables.Message>> byLoop = new HashMap<>();
        for (FloorTables.Message row : rows) {
            byLoop.computeIfAbsent(row.loop(), loop -> new ArrayList<>()).add(row);
        }
        byLoop.forEach(FloorHttp::committed);
    }

    private static long successes(List<FloorTables.Attempt> rows) {
        return rows.stream().filter(row -> row.status() / 100 == 2).count();
    }

    /** A message is to be committed, answered and delivered. */
    void accept(FloorTables.Message message) {
        messages.add(message);
    }

    /** An attempt is to be logged. */
    void attempted(FloorTables.Attempt attempt) {
        attempts.add(attempt);
    }

    int port() {
        return port;
    }

    byte[] bearer() {
        return bearer;
    }

    FloorCatalog catalog() {
        return catalog;
    }

    long delivered() {
        return delivered.get();
    }

    /** Microseconds since 1970. */
    static long micros() {
        return ORIGIN_MICROS + (System.nanoTime() - ORIGIN_NANOS) / 1000;
    }
}
