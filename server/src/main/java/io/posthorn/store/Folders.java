package io.posthorn.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files and folders of the data folder. */
final class Folders {
    private static final Logger log = LoggerFactory.getLogger(Folders.class);
    private static final long LEAST_SPACE = 1 << 20;

    private Folders() {}

    /** Makes a folder and those above it; it is for its owner only. */
    static void createPrivate(Path folder) throws IOException {
        Path above = folder.toAbsolutePath().getParent();
        if (above != null) {
            Files.createDirectories(above);
        }
        Files.createDirectory(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** Writes a file for its owner only, whole or not at all. */
    static void writePrivate(Path file, String text) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, text, StandardOpenOption.SYNC, StandardOpenOption.WRITE);
        rename(fresh, file);
    }

    /** Renames within a folder and makes that survive a power failure. */
    static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        Path parent = to.toAbsolutePath().getParent();
        if (parent != null) {
            try (FileChannel folder = FileChannel.open(parent, StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
    }

    /**
     * Writes a folder with all its files to the disk. With a thousand files that takes seconds one by one, and a few
     * hundredths of a second if the file system is told to do it as a whole, which Java cannot.
     */
    static void force(Path root) throws IOException, InterruptedException {
        if (syncFileSystem(root)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : (Iterable<Path>) all::iterator) {
                if (!Files.isSymbolicLink(path)) {
                    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
                        file.force(false);
                    }
                }
            }
        }
    }

    private static boolean syncFileSystem(Path path) throws InterruptedException {
        try {
            return new ProcessBuilder("sync", "-f", path.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // no such program here
        }
    }

    /** The entries of a folder whose name starts with the prefix. */
    static List<Path> startingWith(Path folder, String prefix) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(p -> String.valueOf(p.getFileName()).startsWith(prefix))
                    .toList();
        }
    }

    /** A new folder whose name starts with the prefix, for work that is renamed when it is done. */
    static Path createUnfinished(Path folder, String prefix) throws IOException {
        return Files.createDirectory(folder.resolve(prefix + UUID.randomUUID()));
    }

    /**
     * Deletes what interrupted work has left. If that fails it is left to the next start: a program of a killed process
     * may still be writing there, and nobody else will look at it.
     */
    static void deleteUnfinished(Path folder, String prefix) throws IOException {
        for (Path left : startingWith(folder, prefix)) {
            try {
                deleteTree(left);
            } catch (IOException e) {
                log.warn("cannot delete the left-over {}: {}", left, e.toString());
            }
        }
    }

    /** Deletes a folder and what is in it; links are deleted, not followed. */
    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** What a failure in the data folder means for a person. */
    static DatabaseException explain(Path dataDir, IOException e) {
        String text = String.valueOf(e.getMessage());
        if (e instanceof AccessDeniedException
                || text.contains("Permission denied")
                || text.contains("Operation not permitted")
                || text.contains("Read-only file system")) {
            return new DatabaseException(
                    DatabaseException.Kind.NO_PERMISSION,
                    "No permission in the data folder " + dataDir + ": " + text + ". Run as the folder's owner ("
                            + ownerOf(dataDir) + "; this is " + System.getProperty("user.name")
                            + "), or choose another folder.",
                    e);
        }
        if (isDiskFull(text)) {
            return diskFull(dataDir, e);
        }
        return new DatabaseException(
                DatabaseException.Kind.BROKEN, "Cannot use the data folder " + dataDir + ": " + e, e);
    }

    /** The disk under the data folder is full. */
    static DatabaseException diskFull(Path dataDir, @Nullable Throwable cause) {
        return new DatabaseException(
                DatabaseException.Kind.DISK_FULL,
                "No space left on the disk of the data folder " + dataDir
                        + ". Free some (1 GB at least is sensible) and start again; nothing is lost.",
                cause);
    }

    /** Whether a message of the operating system or of PostgreSQL speaks of a full disk. */
    static boolean isDiskFull(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return lower.contains("no space left on device") || lower.contains("disk quota exceeded");
    }

    /** Whether less is left on the disk than any server needs to start. */
    static boolean hasNoSpace(Path path) {
        try {
            return Files.getFileStore(path).getUsableSpace() < LEAST_SPACE;
        } catch (IOException e) {
            return false; // then it is something worse, which others will report
        }
    }

    private static String ownerOf(Path path) {
        try {
            return Files.getOwner(path).getName();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
