package io.posthorn.e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program that runs, with all that it says on both streams. */
final class Program implements AutoCloseable {
    private static final Set<Program> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> RUNNING.forEach(p -> p.process.destroyForcibly()), "end programs"));
    }

    /** The rest of the output is there at once, unless a child holds on to it. */
    private static final Duration OUTPUT = Duration.ofSeconds(5);

    private final Process process;
    private final Thread reader;
    private final List<String> lines = new ArrayList<>();
    private boolean ended;

    private Program(Process process) {
        this.process = process;
        this.reader = Thread.ofVirtual().name("output").start(this::read);
    }

    /** Starts a program in a folder. */
    static Program start(Path folder, List<String> command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("POSTHORN_"));
        Process process = builder.start();
        process.getOutputStream().close();
        Program program = new Program(process);
        RUNNING.add(program);
        return program;
    }

    /** Starts the server's jar as {@code ./posthorn} does, with these arguments, in an empty folder. */
    static Program posthorn(Path folder, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaFlags());
        command.add("-jar");
        command.add(jar().toString());
        command.addAll(arguments);
        return start(folder, command);
    }

    /** Runs one of the system's programs to its end. */
    static void run(String... command) throws IOException, InterruptedException {
        try (Program program = start(Path.of("/"), List.of(command))) {
            int code = program.awaitExit(Duration.ofMinutes(1));
            if (code != 0) {
                throw new IOException(String.join(" ", command) + " ended with " + code + ": " + program.output());
            }
        }
    }

    /** The root of the repository: the folder with the script {@code posthorn}, here or above. */
    static Path repository() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isRegularFile(folder.resolve("posthorn"))) {
            Path above = folder.getParent();
            if (above == null) {
                throw new IllegalStateException("the tests run in the repository or a folder of it");
            }
            folder = above;
        }
        return folder;
    }

    private static Path jar() {
        Path jar = repository().resolve("server/target/posthorn.jar");
        if (!Files.isRegularFile(jar)) {
            throw new IllegalStateException(jar + " is missing; build it with ./mvnw -pl server package -DskipTests");
        }
        return jar;
    }

    /** The flags of the script, read from it, so that the tests run what users run. */
    private static List<String> javaFlags() throws IOException {
        Matcher flags = Pattern.compile("^java_flags='([^']*)'", Pattern.MULTILINE)
                .matcher(Files.readString(repository().resolve("scripts/java.sh")));
        if (!flags.find()) {
            throw new IllegalStateException("scripts/java.sh no longer has java_flags");
        }
        return List.of(flags.group(1).strip().split("\\s+", -1));
    }

    private void read() {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                    lines.notifyAll();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            synchronized (lines) {
                ended = true;
                lines.notifyAll();
            }
        }
    }

    /**
     * Waits for a line that the pattern is found in.
     *
     * @throws AssertionError if the program ends or the time is over before
     */
    Matcher awaitLine(Pattern pattern, Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        synchronized (lines) {
            for (int seen = 0; ; ) {
                for (; seen < lines.size(); seen++) {
                    Matcher matcher = pattern.matcher(lines.get(seen));
                    if (matcher.find()) {
                        return matcher;
                    }
                }
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (ended || left <= 0) {
                    throw new AssertionError((ended ? "the program ended" : "not within " + most) + " before it said "
                            + pattern + "; it said:\n" + output());
                }
                lines.wait(left);
            }
        }
    }

    /** Waits for its end and for all that it said. */
    int awaitExit(Duration most) throws InterruptedException {
        if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("it did not end within " + most + "; it said:\n" + output());
        }
        RUNNING.remove(this);
        reader.join(OUTPUT);
        return process.exitValue();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks it to end (SIGTERM). By its handle: {@link Process#destroy} would close its output, too. */
    void terminate() {
        process.toHandle().destroy();
    }

    /** Ends it at once (SIGKILL). */
    void kill() throws InterruptedException {
        process.toHandle().destroyForcibly();
        process.waitFor();
        reader.join(OUTPUT);
        RUNNING.remove(this);
    }

    /** All that it has said. */
    String output() {
        synchronized (lines) {
            return String.join("\n", lines);
        }
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
