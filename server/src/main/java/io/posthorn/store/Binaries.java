package io.posthorn.store;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL programs, unpacked into the data folder.
 *
 * <p>The folder's name holds the checksum of the archive, so that an upgrade unpacks beside the old ones, and it gets
 * that name only when everything is in it: a folder with the right name is complete.
 *
 * @param folder with {@code bin}, {@code lib} and {@code share}
 * @param fingerprint the checksum, 8 hexadecimal digits
 */
record Binaries(Path folder, String fingerprint) {
    /** The major version of the archives on the class path. */
    static final int MAJOR = 18;

    private static final Logger log = LoggerFactory.getLogger(Binaries.class);
    private static final String PREFIX = "pgsql-";
    private static final String UNFINISHED = "pgsql.new-";

    /** The path of a program such as {@code postgres}. */
    String program(String name) {
        return folder.resolve("bin").resolve(name).toString();
    }

    /**
     * Unpacks the archive for this machine, unless that has been done.
     *
     * @throws DatabaseException {@code UNSUPPORTED_PLATFORM} if there is none, or for trouble in the folder
     */
    static Binaries unpack(Path dataDir) throws DatabaseException, InterruptedException {
        String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        String resource = "/postgres-" + platform + ".txz";
        URL archive = Binaries.class.getResource(resource);
        if (archive == null) {
            throw new DatabaseException(
                    DatabaseException.Kind.UNSUPPORTED_PLATFORM,
                    "There is no embedded PostgreSQL for this machine (" + platform
                            + "). Run PostgreSQL 15 or later yourself and give its address with --database-url.");
        }
        try {
            String fingerprint = checksum(archive);
            Path folder = dataDir.resolve(PREFIX + MAJOR + "-" + fingerprint);
            Folders.deleteUnfinished(dataDir, UNFINISHED);
            if (!Files.isDirectory(folder)) {
                Path fresh = Folders.createUnfinished(dataDir, UNFINISHED);
                try (InputStream in = archive.openStream()) {
                    extract(in, fresh);
                }
                Folders.force(fresh);
                Folders.rename(fresh, folder);
            }
            return new Binaries(folder, fingerprint);
        } catch (IOException e) {
            throw Folders.explain(dataDir, e);
        }
    }

    /** Deletes what earlier versions have left; call it when no server runs from there. */
    void deleteOthers() {
        Path dataDir = folder.getParent();
        try {
            for (Path other : dataDir == null ? List.<Path>of() : Folders.startingWith(dataDir, PREFIX)) {
                if (!other.equals(folder)) {
                    Folders.deleteTree(other);
                }
            }
        } catch (IOException e) {
            log.warn("cannot delete the programs of an earlier version in {}: {}", dataDir, e.toString());
        }
    }

    /** What the archives call a machine. */
    static String platform(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String processor = osArch.toLowerCase(Locale.ROOT);
        return (os.startsWith("mac") ? "darwin" : os.split(" ", 2)[0]) + "-"
                + switch (processor) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64", "arm64" -> "arm_64";
                    default -> processor;
                };
    }

    /** A jar knows the checksum of each of its entries, which saves reading 15 MB at every start. */
    private static String checksum(URL archive) throws IOException {
        URLConnection connection = archive.openConnection();
        connection.setUseCaches(false);
        try (InputStream in = connection.getInputStream()) {
            if (connection instanceof JarURLConnection jar
                    && jar.getJarEntry() != null
                    && jar.getJarEntry().getCrc() >= 0) {
                return "%08x".formatted(jar.getJarEntry().getCrc());
            }
            CRC32 crc = new CRC32();
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                crc.update(buffer, 0, n);
            }
            return "%08x".formatted(crc.getValue());
        }
    }

    private static void extract(InputStream archive, Path target) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(archive, 1 << 16)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (isForDevelopers(entry.getName())) {
                    continue;
                }
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("the archive has an entry outside its folder: " + entry.getName());
                }
                write(tar, entry, path);
            }
        }
    }

    private static void write(TarArchiveInputStream tar, TarArchiveEntry entry, Path path) throws IOException {
        Path parent = path.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        if (entry.isDirectory()) {
            Files.createDirectories(path);
        } else if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
            Files.copy(tar, path);
            Set<PosixFilePermission> mode =
                    PosixFilePermissions.fromString((entry.getMode() & 0100) != 0 ? "rwxr-xr-x" : "rw-r--r--");
            Files.setPosixFilePermissions(path, mode);
        }
    }

    private static boolean isForDevelopers(String name) {
        return name.endsWith(".a") || name.contains("lib/pkgconfig/") || name.contains("lib/postgresql/pgxs/");
    }
}
