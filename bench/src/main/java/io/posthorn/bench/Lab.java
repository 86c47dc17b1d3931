package io.posthorn.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Everything that exists while the harness runs, and the one place that takes it away again: the event loop, the
 * receiver, the servers, the temporary folder. Closing it twice or from a shutdown hook does no harm.
 */
final class Lab implements AutoCloseable {
    /**
     * The virtual machine of the floor: what {@code java_flags} in {@code scripts/java.sh} gives to the product, so that
     * neither wins by its collector. Change both together.
     */
    private static final List<String> FLOOR_JVM = List.of(
            "-Xms192m",
            "-Xmx320m",
            "-Xmn128m",
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders",
            "-XX:MaxDirectMemorySize=128m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow");

    private final Options options;
    private final Path folder;
    private final Net net = new Net();
    private final Receiver.Listening receiver;
    private final List<ServerProcess> servers = new ArrayList<>();
    private boolean closed;

    /** Sets up an empty laboratory. */
    Lab(Options options) throws IOException, InterruptedException {
        this.options = options;
        folder = Files.createTempDirectory("posthorn-bench-");
        receiver = Receiver.listen(net);
    }

    /** A product that does not run yet, with a data folder of its own. */
    ServerProcess product(String name) throws IOException {
        if (options.onFloor()) {
            return floor(name);
        }
        Path launcher = options.posthorn().toAbsolutePath().normalize();
        if (!Files.isExecutable(launcher)) {
            throw new IOException(
                    launcher + " is not there or not executable. Name the server's launcher with --posthorn.");
        }
        return server(name, List.of(launcher.toString(), "serve"));
    }

    /** A floor that does not run yet, with a data folder of its own. */
    ServerProcess floor(String name) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(FLOOR_JVM);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Floor.class.getName()));
        return server(name, command);
    }

    private synchronized ServerProcess server(String name, List<String> command) throws IOException {
        if (closed) {
            throw new IOException("the harness is being stopped");
        }
        Path own = Files.createDirectory(folder.resolve("server-" + servers.size()));
        ServerProcess server = new ServerProcess(name, command, own);
        servers.add(server);
        return server;
    }

    /** Makes the applications and endpoints of a plan on a server. */
    Installed install(ServerProcess server, Plan plan) throws IOException, InterruptedException {
        int first = net.ask(() -> receiver.receiver().reserve(plan.endpoints()));
        try (Api api = new Api(server)) {
            return api.install(plan, receiver, first);
        }
    }

    /** Opens a run for a plan on a server. */
    Run open(Installed installed) throws InterruptedException {
        return net.ask(() -> receiver.receiver().open(installed));
    }

    /** The event loop. */
    Net net() {
        return net;
    }

    /** The command line. */
    Options options() {
        return options;
    }

    /** Complains about requests that the receiver could not place. */
    void checkStrangers(Report report) throws InterruptedException {
        long strangers = net.ask(() -> receiver.receiver().strangers());
        if (strangers > 0) {
            report.failure(strangers + " requests reached the receiver that were no deliveries of this run, the first: "
                    + net.ask(() -> String.valueOf(receiver.receiver().firstStranger())));
        }
    }

    /** Ends every process, and deletes the folder. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        servers.forEach(ServerProcess::close);
        net.close();
        // a process that is being killed can still write a file while the tree is deleted
        for (int tries = 0; tries < 5 && Files.exists(folder); tries++) {
            deleteTree(folder);
        }
    }

    private static void deleteTree(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException | UncheckedIOException e) {
            System.err.println("could not delete all of " + root + ": " + e.getMessage());
        }
    }
}
