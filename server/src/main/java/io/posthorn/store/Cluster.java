package io.posthorn.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * The data of the embedded server: {@code pg18} with {@code pg18.password} and {@code pg18.port} beside it.
 *
 * <p>{@code initdb} works in a folder of another name, which is renamed at the end: a folder called {@code pg18} is
 * complete, and what an interrupted start has left is thrown away by the next.
 *
 * @param folder {@code pg18} in the data folder
 */
record Cluster(Path folder) {
    /** The superuser, and the only one. */
    static final String USER = "posthorn";

    private static final String NAME = "pg" + Binaries.MAJOR;
    private static final String UNFINISHED = NAME + ".new-";

    /** The cluster in a data folder, there or not. */
    static Cluster in(Path dataDir) {
        return new Cluster(dataDir.resolve(NAME));
    }

    /**
     * Makes the cluster unless it is there.
     *
     * @throws DatabaseException {@code WRONG_VERSION} if it is one of another major version, or for trouble in the
     *     folder
     */
    void initialise(Binaries binaries, Launcher launcher) throws DatabaseException, InterruptedException {
        Path dataDir = beside("").toAbsolutePath();
        try {
            Folders.deleteUnfinished(dataDir, UNFINISHED);
            if (Files.isDirectory(folder)) {
                checkVersion();
                return;
            }
            for (Path other : Folders.startingWith(dataDir, "pg")) {
                String name = String.valueOf(other.getFileName());
                if (name.matches("pg\\d+") && Files.isDirectory(other)) {
                    throw wrongVersion(other, name.substring(2));
                }
            }
            make(binaries, launcher, Folders.createUnfinished(dataDir, UNFINISHED));
        } catch (IOException e) {
            throw Folders.explain(dataDir, e);
        }
    }

    private void make(Binaries binaries, Launcher launcher, Path fresh)
            throws IOException, DatabaseException, InterruptedException {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        String password = HexFormat.of().formatHex(random);
        Path passwordFile = fresh.resolve("password");
        Folders.writePrivate(passwordFile, password + "\n");
        launcher.give(fresh);
        launcher.give(passwordFile);
        Path data = fresh.resolve("data");
        Launcher.Outcome outcome = launcher.run(List.of(
                binaries.program("initdb"),
                "--pgdata=" + data,
                "--username=" + USER,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                "--no-instructions"));
        if (outcome.code() != 0) {
            throw new IOException("initdb failed: " + outcome.output().strip());
        }
        Files.writeString(
                data.resolve("postgresql.conf"),
                "\n# written by Posthorn at every start\ninclude_if_exists 'posthorn.conf'\n",
                java.nio.file.StandardOpenOption.APPEND,
                java.nio.file.StandardOpenOption.SYNC);
        Folders.writePrivate(passwordFile(), password + "\n");
        Folders.rename(data, folder);
        Folders.deleteTree(fresh);
    }

    private void checkVersion() throws IOException, DatabaseException {
        Path file = folder.resolve("PG_VERSION");
        String version = Files.exists(file) ? Files.readString(file).strip() : "?";
        if (!version.equals(String.valueOf(Binaries.MAJOR))) {
            throw wrongVersion(folder, version);
        }
    }

    private static DatabaseException wrongVersion(Path where, String version) {
        return new DatabaseException(
                DatabaseException.Kind.WRONG_VERSION,
                "The data in " + where + " are of PostgreSQL " + version + ", this Posthorn has " + Binaries.MAJOR
                        + ". Start the Posthorn that made them, dump the database (pg_dump) and load it into a new data"
                        + " folder; or choose another folder.");
    }

    /** The superuser's password. */
    String password() throws IOException {
        return Files.readString(passwordFile()).strip();
    }

    /** The port it had last, 0 if none. */
    int rememberedPort() throws IOException {
        Path file = beside(".port");
        if (!Files.exists(file)) {
            return 0;
        }
        String text = Files.readString(file).strip();
        return text.matches("\\d{1,5}") ? Integer.parseInt(text) : 0;
    }

    /** Keeps the port for the next start. */
    void rememberPort(int port) throws IOException {
        if (rememberedPort() != port) {
            Folders.writePrivate(beside(".port"), port + "\n");
        }
    }

    /** Where the server's output goes. */
    ServerLog log() {
        return new ServerLog(beside(".log"));
    }

    /** The data folder. */
    Path dataDir() {
        return beside("");
    }

    private Path passwordFile() {
        return beside(".password");
    }

    private Path beside(String suffix) {
        Path dataDir = java.util.Objects.requireNonNull(folder.getParent());
        return suffix.isEmpty() ? dataDir : dataDir.resolve(NAME + suffix);
    }
}
