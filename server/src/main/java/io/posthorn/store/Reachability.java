package io.posthorn.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the database whether it is there, on a connection of its own, so that a busy pool is not taken for a lost
 * database. Answers are kept for a second, so that asking often costs nothing.
 */
final class Reachability implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Reachability.class);
    private static final int SECONDS = 2;
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final PgAddress address;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Connection connection;
    private long askedAt;
    private boolean asked;
    private volatile boolean answer;

    Reachability(PgAddress address) {
        this.address = address;
    }

    /** Whether the database answers. Waits at most about two seconds. */
    boolean check() {
        try {
            if (!lock.tryLock(SECONDS, TimeUnit.SECONDS)) {
                return false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return answer;
        }
        try {
            if (!asked || System.nanoTime() - askedAt > FRESH_NANOS) {
                answer = ask();
                asked = true;
                askedAt = System.nanoTime();
            }
            return answer;
        } finally {
            lock.unlock();
        }
    }

    private boolean ask() {
        try {
            Connection c = connection;
            if (c == null) {
                Properties properties = address.properties("posthorn health");
                properties.setProperty("connectTimeout", String.valueOf(SECONDS));
                properties.setProperty("socketTimeout", String.valueOf(SECONDS));
                c = address.connect(properties);
                connection = c;
            }
            if (c.isValid(SECONDS)) {
                return true;
            }
            drop();
            return false;
        } catch (SQLException e) {
            log.debug("the database does not answer: {}", e.toString());
            drop();
            return false;
        }
    }

    private void drop() {
        Connection c = connection;
        connection = null;
        if (c != null) {
            try {
                c.close();
            } catch (SQLException e) {
                log.debug("closing a broken connection: {}", e.toString());
            }
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            drop();
        } finally {
            lock.unlock();
        }
    }
}
