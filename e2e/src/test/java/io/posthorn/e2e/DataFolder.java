package io.posthorn.e2e;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Data folders as a first start leaves them. Unpacking and initialising the database takes several seconds, so one
 * server is started and stopped for all tests, and the others begin with a copy of its folder. The first start itself is
 * thereby tested too, and once more by the demo.
 */
final class DataFolder {
    private static @Nullable Path template;

    private DataFolder() {}

    /** Makes a data folder there. */
    static synchronized void prepare(Path dataDir) throws Exception {
        Path from = template();
        if (!Files.exists(dataDir)) {
            Program.run("cp", "-a", from.toString(), dataDir.toString());
            Files.delete(dataDir.resolve("pg18.port"));
        }
    }

    /** The folder of the PostgreSQL programs. */
    static synchronized Path programs() throws Exception {
        try (Stream<Path> entries = Files.list(template())) {
            return entries.filter(p -> p.getFileName().toString().startsWith("pgsql-"))
                    .findFirst()
                    .orElseThrow()
                    .resolve("bin");
        }
    }

    private static Path template() throws Exception {
        Path made = template;
        if (made == null) {
            Path folder = Files.createTempDirectory("posthorn-e2e-");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder), "delete the template"));
            try (ServerProcess server = ServerProcess.fresh(folder)) {
                server.start();
                int code = server.stop();
                if (code != ServerProcess.STOPPED) {
                    throw new AssertionError("the first server ended with " + code + ":\n" + server.log());
                }
                made = server.dataDir();
            }
            template = made;
        }
        return made;
    }

    private static void delete(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path entered, @Nullable IOException e) throws IOException {
                    Files.delete(entered);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            System.err.println("not deleted: " + folder + ": " + e);
        }
    }
}
