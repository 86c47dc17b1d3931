package io.posthorn.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write, until another node has it. See the room's story for how the lock, the epoch and the fence work
 * together.
 */
public final class Ownership implements AutoCloseable {
    /** The first key of all advisory locks of Posthorn; the second: 1 the owner, 2 the fence, 3 partitions. */
    static final int LOCK_SPACE = 7_236_461;

    private static final Logger log = LoggerFactory.getLogger(Ownership.class);
    private static final long POLL_MILLIS = 500;
    private static final long PING_MILLIS = 2_000;
    private static final int PING_SECONDS = 5;

    private enum State {
        STANDBY,
        HELD,
        /** The lock connection is gone; the epoch may still be ours. */
        BROKEN,
        LOST,
        CLOSED
    }

    private final PgAddress address;
    private final String nodeName;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread monitor;
    private final Object guard = new Object();

    /** Touched by one thread at a time: the one that acquires, then the monitor, then the one that closes. */
    private @Nullable Connection connection;

    private volatile State state = State.STANDBY;
    private volatile long epoch;
    private @Nullable Runnable onLost;

    Ownership(PgAddress address, String nodeName) {
        this.address = address;
        this.nodeName = nodeName;
        this.monitor = Thread.ofVirtual().name("posthorn-ownership").unstarted(this::watch);
    }

    /**
     * Blocks until the lock is ours, then raises the epoch.
     *
     * @throws SQLException if the database refuses; one that is away is waited for
     */
    void acquire() throws SQLException, InterruptedException {
        @Nullable String reported = null;
        try {
            while (state == State.STANDBY) {
                try {
                    if (lock()) {
                        epoch = takeOwnership();
                        state = State.HELD;
                        log.info("{} is the owner, epoch {}", nodeName, epoch);
                        continue;
                    }
                    String other = present();
                    if (!other.equals(reported)) {
                        log.info("{} is standby: {} is the owner", nodeName, other);
                        reported = other;
                    }
                } catch (SQLException e) {
                    disconnect();
                    if (!SqlErrors.isUnavailable(e)) {
                        throw e;
                    }
                    if (!"".equals(reported)) {
                        log.warn("{} waits for the database to become the owner: {}", nodeName, e.getMessage());
                        reported = "";
                    }
                }
                Thread.sleep(POLL_MILLIS);
            }
            monitor.start();
        } finally {
            if (state == State.STANDBY) {
                disconnect();
            }
        }
    }

    /** The epoch that this owner's writes carry. */
    public long epoch() {
        return epoch;
    }

    /**
     * Makes the transaction fail if another owner has taken over, and holds a takeover up until it has ended. To be
     * called once in every transaction that writes, before the writes.
     *
     * @param tx with autocommit off
     * @throws StaleOwnerException another owner has taken over; the transaction has to be rolled back, and no later one
     *     will pass
     */
    public void fence(Connection tx) throws SQLException, StaleOwnerException {
        try (PreparedStatement s = tx.prepareStatement("select fence(?)")) {
            s.setLong(1, epoch);
            s.execute();
        } catch (SQLException e) {
            if (SqlErrors.isStaleOwner(e)) {
                lost("its write was refused");
                throw new StaleOwnerException(epoch, e);
            }
            throw e;
        }
    }

    /** Whether the lock connection is alive, as far as is known: a loss is noticed within a few seconds. */
    public boolean held() {
        return state == State.HELD;
    }

    /**
     * Sets what to do when another node has taken over: called once, on a thread of this object or of a writer; at once
     * if it has happened. It must not block for long.
     */
    public void onLost(Runnable action) {
        synchronized (guard) {
            if (state != State.LOST) {
                onLost = action;
                return;
            }
        }
        action.run();
    }

    private void watch() {
        try {
            while (!closing.await(state == State.HELD ? PING_MILLIS : POLL_MILLIS, MILLISECONDS)) {
                try {
                    switch (state) {
                        case HELD -> ping();
                        case BROKEN -> relock();
                        case STANDBY, LOST, CLOSED -> {
                            disconnect();
                            return;
                        }
                    }
                } catch (SQLException e) {
                    disconnect();
                    if (move(State.HELD, State.BROKEN)) {
                        log.warn(
                                "{} has lost its lock connection, trying to get it back: {}", nodeName, e.getMessage());
                    } else {
                        log.debug("the lock connection is not back yet: {}", e.toString());
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ping() throws SQLException {
        Connection c = connection;
        if (c == null || !c.isValid(PING_SECONDS)) {
            throw new SQLException("no answer within " + PING_SECONDS + " s", "08006");
        }
    }

    /** Another node may have had the lock in between: the epoch tells. */
    private void relock() throws SQLException {
        boolean locked = lock();
        long now = presentEpoch();
        if (now != epoch) {
            disconnect();
            lost(present(now));
        } else if (locked && move(State.BROKEN, State.HELD)) {
            log.info("{} has its lock back, epoch {} goes on", nodeName, epoch);
        }
    }

    private void lost(String why) {
        @Nullable Runnable action;
        synchronized (guard) {
            if (state == State.LOST || state == State.CLOSED) {
                return;
            }
            state = State.LOST;
            action = onLost;
            onLost = null;
        }
        log.error("{} is no longer the owner (epoch {}): {}", nodeName, epoch, why);
        if (action != null) {
            action.run();
        }
    }

    private boolean move(State from, State to) {
        synchronized (guard) {
            if (state != from) {
                return false;
            }
            state = to;
            return true;
        }
    }

    // ---- SQL ----

    private boolean lock() throws SQLException {
        try (PreparedStatement s = connected().prepareStatement("select pg_try_advisory_lock(?, 1)")) {
            s.setInt(1, LOCK_SPACE);
            try (ResultSet r = s.executeQuery()) {
                r.next();
                return r.getBoolean(1);
            }
        }
    }

    private long takeOwnership() throws SQLException {
        try (PreparedStatement s = connected().prepareStatement("select take_ownership(?)")) {
            s.setString(1, nodeName);
            try (ResultSet r = s.executeQuery()) {
                r.next();
                return r.getLong(1);
            }
        }
    }

    private long presentEpoch() throws SQLException {
        try (Statement s = connected().createStatement();
                ResultSet r = s.executeQuery("select epoch from ownership")) {
            r.next();
            return r.getLong(1);
        }
    }

    private String present() throws SQLException {
        return present(presentEpoch());
    }

    private String present(long now) throws SQLException {
        try (Statement s = connected().createStatement();
                ResultSet r = s.executeQuery("select owner, since from ownership")) {
            r.next();
            return r.getString(1) + " (epoch " + now + ", since " + r.getString(2) + ")";
        }
    }

    private Connection connected() throws SQLException {
        Connection c = connection;
        if (c == null) {
            Properties properties = address.properties("posthorn owner " + nodeName);
            c = address.connect(properties);
            connection = c;
            try (Statement s = c.createStatement()) {
                // so that the server ends the session of a machine that has vanished, and frees the lock, within 20 s
                s.execute("set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;"
                        + " set tcp_user_timeout = 20000");
            }
        }
        return c;
    }

    private void disconnect() {
        Connection c = connection;
        connection = null;
        if (c != null) {
            try {
                c.close();
            } catch (SQLException e) {
                log.debug("closing the lock connection: {}", e.toString());
            }
        }
    }

    /** Gives the right back: a standby may take over at once. */
    @Override
    public void close() {
        synchronized (guard) {
            state = State.CLOSED;
            onLost = null;
        }
        closing.countDown();
        try {
            if (Thread.currentThread() != monitor) { // the action of onLost() may close us
                monitor.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        disconnect();
    }
}
