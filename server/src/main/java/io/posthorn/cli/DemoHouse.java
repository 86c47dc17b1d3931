package io.posthorn.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the demo has to put away, whether it ends by itself or by Ctrl-C: the temporary folder, and whatever was
 * started. The last started is stopped first; everything happens once.
 */
final class DemoHouse implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DemoHouse.class);

    private final Path folder;
    private final Deque<Runnable> stops = new ArrayDeque<>();
    private boolean closed;

    /** Makes the folder, and makes sure that all is put away when the process ends. */
    DemoHouse() throws IOException {
        folder = Files.createTempDirectory("posthorn-demo-");
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("demo-stop").unstarted(this::close));
    }

    /** The temporary folder. */
    Path folder() {
        return folder;
    }

    /** Something that was started, by how it is stopped. */
    synchronized void stopWith(Runnable stop) {
        if (closed) {
            stop.run();
        } else {
            stops.push(stop);
        }
    }

    /** Whether all is put away already. */
    synchronized boolean closed() {
        return closed;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        stops.forEach(Runnable::run);
        try {
            Files.walkFileTree(folder, new Remover());
        } catch (IOException e) {
            LOG.warn("The folder {} could not be removed: {}", folder, e.toString());
        }
    }

    private static final class Remover extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException trouble) throws IOException {
            if (trouble != null) {
                throw trouble;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
        }
    }
}
