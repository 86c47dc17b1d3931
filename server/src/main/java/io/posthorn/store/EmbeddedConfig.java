package io.posthorn.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/**
 * The settings of the embedded server, as {@code posthorn.conf}.
 *
 * @param text the file, without the fingerprint
 * @param fingerprint tells these settings and binaries from others; a running server shows it as
 *     {@code posthorn.settings}
 */
record EmbeddedConfig(String text, String fingerprint) {
    /**
     * The settings.
     *
     * @param port on 127.0.0.1
     * @param poolSize connections in the pool; long-lived writers, the owner's lock and the migrations come on top
     */
    static EmbeddedConfig of(Binaries binaries, int port, int poolSize) {
        // Durability is not for sale: fsync, synchronous_commit and full_page_writes are on.
        // Checkpoints are spread and rare, because each one makes the next write of every page a full-page image.
        // Nothing replicates, so wal_level is minimal. Queries are short, so JIT compilation costs more than it gives.
        // Statements are never logged: they may hold payloads.
        String text = """
                # Written by Posthorn at every start; changes are lost.
                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                max_connections = %d

                fsync = on
                synchronous_commit = on
                full_page_writes = on
                wal_level = minimal
                max_wal_senders = 0
                wal_buffers = 16MB
                max_wal_size = 4GB
                min_wal_size = 256MB
                checkpoint_timeout = 15min
                checkpoint_completion_target = 0.9

                shared_buffers = 256MB
                huge_pages = try
                jit = off

                log_min_messages = warning
                log_min_error_statement = panic
                log_error_verbosity = terse
                log_checkpoints = off
                log_autovacuum_min_duration = -1
                timezone = 'UTC'
                log_timezone = 'UTC'
                """.formatted(port, Math.max(50, poolSize + 30));
        CRC32 crc = new CRC32();
        crc.update(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return new EmbeddedConfig(text, binaries.fingerprint() + "-" + "%08x".formatted(crc.getValue()));
    }

    /** Writes the file into the cluster's folder. */
    void write(Path cluster, Launcher launcher) throws IOException {
        Path file = cluster.resolve("posthorn.conf");
        String all = text + "posthorn.settings = '" + fingerprint + "'\n";
        if (!Files.exists(file) || !Files.readString(file).equals(all)) {
            Folders.writePrivate(file, all);
        }
        launcher.give(file);
    }
}
