package io.posthorn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The embedded PostgreSQL in a data folder, seen from outside: {@code pg18/postmaster.pid} says which process it is
 * and where it listens, {@code pg18.password} how to get in.
 *
 * @param dataDir the server's data folder
 */
record Database(Path dataDir) {
    private static final String USER = "posthorn";
    private static final String NAME = "posthorn";

    /** The process ids of all its processes; empty if it does not run. */
    List<Long> pids() {
        try {
            long postmaster = Long.parseLong(postmasterFile().getFirst().trim());
            // the file outlives a server that was killed, and its number may be another process by now
            if (!ProcFs.worksIn(postmaster, dataDir.resolve("pg18"))) {
                return List.of();
            }
            List<Long> all = new ArrayList<>(ProcFs.children(postmaster));
            all.addFirst(postmaster);
            return all;
        } catch (IOException | NumberFormatException e) {
            return List.of();
        }
    }

    /** Opens a connection. */
    Connection connect() throws IOException, SQLException {
        String port = postmasterFile().get(3).trim();
        String password = Files.readString(dataDir.resolve("pg18.password")).strip();
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + NAME, USER, password);
    }

    /** Runs a query for one number. */
    long count(String sql) throws IOException, SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    private List<String> postmasterFile() throws IOException {
        return Files.readAllLines(dataDir.resolve("pg18/postmaster.pid"));
    }
}
