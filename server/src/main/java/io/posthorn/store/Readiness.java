package io.posthorn.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waiting for a server process to answer, or to end. */
final class Readiness {
    private static final Logger log = LoggerFactory.getLogger(Readiness.class);
    private static final long ANSWER_SECONDS = 60;
    private static final long RECOVERY_SECONDS = 1_800;
    private static final long POLL_MILLIS = 20;

    private Readiness() {}

    /** Tries to connect. */
    interface Probe {
        /** A new connection. */
        Connection connect() throws SQLException, DatabaseException;
    }

    /**
     * Returns when the server takes connections. One that does not answer at all is given a minute; one that says it
     * is recovering is given half an hour, since it does what it has to.
     *
     * @throws SQLException if it has ended, or refuses us
     * @throws TimeoutException if it takes too long
     */
    static void await(Probe probe, ProcessHandle server) throws SQLException, TimeoutException, InterruptedException {
        long start = System.nanoTime();
        boolean told = false;
        while (true) {
            SQLException last;
            try (Connection c = probe.connect()) {
                c.getMetaData().getDatabaseMajorVersion();
                return;
            } catch (SQLException e) {
                last = e;
            } catch (DatabaseException e) {
                throw new SQLException(e);
            }
            long seconds = NANOSECONDS.toSeconds(System.nanoTime() - start);
            if (SqlErrors.isAuthFailure(last) || !server.isAlive()) {
                throw last;
            }
            if (seconds >= (SqlErrors.isNotReady(last) ? RECOVERY_SECONDS : ANSWER_SECONDS)) {
                throw (TimeoutException) new TimeoutException("no answer within " + seconds + " s").initCause(last);
            }
            if (seconds >= 5 && !told) {
                log.info("waiting for the embedded database: {}", last.getMessage());
                told = true;
            }
            ended(server, POLL_MILLIS);
        }
    }

    /** Whether the process has ended within the time. */
    static boolean ended(ProcessHandle server, long millis) throws InterruptedException {
        try {
            server.onExit().get(millis, MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return !server.isAlive();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the system does not tell when process " + server.pid() + " ends", e);
        }
    }
}
