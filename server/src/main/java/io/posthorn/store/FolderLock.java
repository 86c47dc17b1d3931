package io.posthorn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * {@code posthorn.lock} in the data folder: locked by the process that has the folder open, with its pid inside. The
 * operating system gives the lock back when the process ends in whatever way; the file stays.
 */
final class FolderLock implements AutoCloseable {
    private final FileChannel channel;

    private FolderLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Makes the folder if need be and locks it.
     *
     * @throws DatabaseException {@code FOLDER_IN_USE}, {@code NO_PERMISSION} or {@code DISK_FULL}
     */
    static FolderLock take(Path dataDir) throws DatabaseException {
        Path file = dataDir.resolve("posthorn.lock");
        try {
            if (!Files.isDirectory(dataDir)) {
                Folders.createPrivate(dataDir);
            }
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                if (channel.tryLock() == null) {
                    throw inUse(dataDir, channel);
                }
                channel.truncate(0);
                channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
                return new FolderLock(channel);
            } catch (OverlappingFileLockException e) {
                throw inUse(dataDir, channel);
            } catch (IOException | DatabaseException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw Folders.explain(dataDir, e);
        }
    }

    private static DatabaseException inUse(Path dataDir, FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(32);
        channel.read(text, 0);
        String pid = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
        channel.close();
        return new DatabaseException(
                DatabaseException.Kind.FOLDER_IN_USE,
                "The data folder " + dataDir + " is in use by process " + (pid.isEmpty() ? "(unknown)" : pid)
                        + ". Stop that process, or choose another folder.");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("cannot release posthorn.lock", e);
        }
    }
}
