package io.posthorn.store;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the database is and how much of it to use.
 *
 * @param dataDir the data folder; made if absent, and locked while the database is open
 * @param url {@code jdbc:postgresql://host/db} or {@code postgresql://user:password@host/db}; null for the embedded
 *     server
 * @param user overrides the user in the URL
 * @param password overrides the password in the URL
 * @param poolSize most connections in the pool, 1 to 500
 * @param embeddedPort the port of the embedded server on 127.0.0.1; 0 for any free one, which is then kept
 */
public record DatabaseSettings(
        Path dataDir,
        @Nullable String url,
        @Nullable String user,
        @Nullable String password,
        int poolSize,
        int embeddedPort) {

    /** Checks the bounds. */
    public DatabaseSettings {
        if (poolSize < 1 || poolSize > 500) {
            throw new IllegalArgumentException("the database pool has 1 to 500 connections, not " + poolSize);
        }
        if (embeddedPort < 0 || embeddedPort > 65_535) {
            throw new IllegalArgumentException("a port is a number from 0 to 65535, not " + embeddedPort);
        }
    }

    /** Without the password and without the URL, which may hold one. */
    @Override
    public String toString() {
        return "DatabaseSettings[dataDir=" + dataDir + ", " + (url == null ? "embedded" : "external") + ", poolSize="
                + poolSize + ", embeddedPort=" + embeddedPort + "]";
    }
}
