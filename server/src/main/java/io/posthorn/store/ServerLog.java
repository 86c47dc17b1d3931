package io.posthorn.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * {@code pg18.log}: what the embedded server says. It is cut when it exceeds 10 MB, also while the server writes to it
 * (it appends, so it goes on at the new end); the part before is kept as {@code pg18.log.1}.
 *
 * @param file the log
 */
record ServerLog(Path file) {
    private static final long MOST = 10_000_000;
    private static final int TAIL = 4_000;

    /** Makes it, for its owner only, and cuts it if it is too long. */
    void prepare() throws IOException {
        if (!Files.exists(file)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        bound();
    }

    /** Cuts it if it is too long. */
    void bound() throws IOException {
        if (size() > MOST) {
            Files.copy(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(0);
            }
        }
    }

    /** Its length in bytes. */
    long size() throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    /** What was written after the position, at most the last 4,000 bytes of it. */
    String since(long position) throws IOException {
        if (!Files.exists(file)) {
            return "";
        }
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long from = Math.max(Math.min(position, in.length()), in.length() - TAIL);
            byte[] bytes = new byte[(int) (in.length() - from)];
            in.seek(from);
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8).strip();
        }
    }
}
