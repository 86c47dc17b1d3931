package io.posthorn.notify;

import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Turn;
import io.posthorn.catalog.WriteGuard;
import io.posthorn.history.PgOutcomeListener;
import io.posthorn.history.Settlement;
import io.posthorn.model.Ids;
import io.posthorn.runtime.Time;
import io.posthorn.store.StaleOwnerException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The tables of this room: what is told is written in the transaction of what it tells of, or in one of its own. Knows
 * which endpoints are in trouble; what it knows follows the commits.
 */
public final class PgNotices implements PgOutcomeListener {
    private final NotifySettings settings;
    private final Ids ids;
    private final DataSource pool;
    private final WriteGuard guard;
    private final Time time;
    private final Set<Integer> troubled = ConcurrentHashMap.newKeySet();
    /** What the outcomes in a transaction that is not committed yet change about {@link #troubled}. */
    private Map<Integer, Boolean> pending = Map.of();

    private boolean pendingRows;
    private volatile @Nullable Reports reports;
    private volatile Runnable wake = () -> {};

    /** Something to do in a transaction. */
    @FunctionalInterface
    interface Doing<T extends @Nullable Object> {
        /** Does it. */
        T in(Connection tx) throws SQLException;
    }

    /**
     * Nothing is told before {@link #open}.
     *
     * @param settings who is told of what
     * @param ids makes the public ids
     * @param pool of connections
     * @param guard asked in every transaction of its own
     * @param time the clock
     */
    public PgNotices(NotifySettings settings, Ids ids, DataSource pool, WriteGuard guard, Time time) {
        this.settings = settings;
        this.ids = ids;
        this.pool = pool;
        this.guard = guard;
        this.time = time;
    }

    /** The same guard, which also writes down what is told of the change in the same transaction. */
    public WriteGuard marking(WriteGuard other) {
        return tx -> {
            other.check(tx);
            Reports open = reports;
            if (open != null && Turn.TURN.isBound()) {
                Rows rows = new Rows();
                open.turned(rows, Turn.TURN.get());
                write(tx, rows);
            }
        };
    }

    /**
     * From now on it tells what happens; before the first outcome is written.
     *
     * @param catalog who is there
     */
    public void open(Catalog catalog) throws SQLException, StaleOwnerException {
        troubled.addAll(write(tx -> {
            PgOutbox.forgetDeleted(tx);
            return PgOutbox.marked(tx, Mark.TROUBLE);
        }));
        reports = new Reports(catalog, ids, settings.operationalApplication(), settings.mail() != null);
    }

    /** What is done after rows were written; must not block. */
    void onWritten(Runnable awake) {
        wake = awake;
    }

    Reports reports() {
        Reports open = reports;
        if (open == null) {
            throw new IllegalStateException("not open yet");
        }
        return open;
    }

    long now() {
        return time.micros();
    }

    // ---- outcomes, on the recorder's thread

    @Override
    public void written(Connection tx, List<Settlement> batch) throws SQLException {
        pending = Map.of();
        pendingRows = false;
        Reports open = reports;
        if (open == null) {
            return;
        }
        Rows rows = new Rows();
        IntPredicate inTrouble = endpoint -> {
            Boolean changed = rows.troubles.get(endpoint);
            return changed != null ? changed : !troubled.isEmpty() && troubled.contains(endpoint);
        };
        for (Settlement settlement : batch) {
            open.outcome(rows, settlement, inTrouble);
        }
        if (!rows.isEmpty()) {
            write(tx, rows);
            pending = new HashMap<>(rows.troubles);
            pendingRows = true;
        }
    }

    @Override
    public void committed() {
        pending.forEach(this::trouble);
        pending = Map.of();
        if (pendingRows) {
            pendingRows = false;
            wake.run();
        }
    }

    private void trouble(int endpointNo, boolean begins) {
        if (begins) {
            troubled.add(endpointNo);
        } else {
            troubled.remove(endpointNo);
        }
    }

    /** An endpoint was deleted; what the tables still have of it goes with the next start. */
    void removed(int endpointNo) {
        troubled.remove(endpointNo);
    }

    // ---- transactions

    private void write(Connection tx, Rows rows) throws SQLException {
        if (!rows.events.isEmpty()) {
            PgOutbox.write(tx, rows.events);
        }
        if (!rows.mails.isEmpty()) {
            PgMails.write(tx, rows.mails, time.micros());
        }
        Map<Boolean, Set<Integer>> turned = rows.troubles.entrySet().stream()
                .collect(Collectors.partitioningBy(
                        Map.Entry::getValue, Collectors.mapping(Map.Entry::getKey, Collectors.toSet())));
        Set<Integer> begun = turned.getOrDefault(true, Set.of());
        if (!begun.isEmpty()) {
            PgOutbox.mark(tx, Mark.TROUBLE, begun, time.micros());
        }
        Set<Integer> ended = turned.getOrDefault(false, Set.of());
        if (!ended.isEmpty()) {
            PgOutbox.unmark(tx, Mark.TROUBLE, ended);
        }
    }

    /** Writes what is told of something that has no transaction. */
    void tell(Rows rows) throws SQLException, StaleOwnerException {
        if (!rows.isEmpty()) {
            write(tx -> {
                write(tx, rows);
                return true;
            });
            rows.troubles.forEach(this::trouble);
            wake.run();
        }
    }

    /**
     * Looks how much waits for endpoints, and tells of those for which too much does; again when it has been less than
     * half as much in between.
     */
    void backlogs() throws SQLException, StaleOwnerException {
        int threshold = settings.backlogThreshold();
        List<PgOutbox.Waiting> much = read(tx -> PgOutbox.backlogs(tx, Math.max(1, threshold / 2)));
        Set<Integer> marked = read(tx -> PgOutbox.marked(tx, Mark.BACKLOG));
        Rows rows = new Rows();
        Set<Integer> over = new HashSet<>();
        Set<Integer> under = new HashSet<>(marked);
        for (PgOutbox.Waiting each : much) {
            under.remove(each.endpointNo());
            if (each.deliveries() >= threshold
                    && !marked.contains(each.endpointNo())
                    && reports().backlog(rows, each.appNo(), each.endpointNo(), each.deliveries(), threshold, now())) {
                over.add(each.endpointNo());
            }
        }
        if (over.isEmpty() && under.isEmpty()) {
            return;
        }
        write(tx -> {
            write(tx, rows);
            PgOutbox.mark(tx, Mark.BACKLOG, over, now());
            PgOutbox.unmark(tx, Mark.BACKLOG, under);
            return true;
        });
        wake.run();
    }

    /** Whether somebody was told of a backlog that may be over by now. */
    boolean anyBacklogTold() throws SQLException {
        return !read(tx -> PgOutbox.marked(tx, Mark.BACKLOG)).isEmpty();
    }

    /** Reads. */
    <T extends @Nullable Object> T read(Doing<T> doing) throws SQLException {
        try (Connection tx = pool.getConnection()) {
            return ended(tx, doing);
        }
    }

    /** Writes, if this process may. */
    <T extends @Nullable Object> T write(Doing<T> doing) throws SQLException, StaleOwnerException {
        try (Connection tx = pool.getConnection()) {
            boolean before = tx.getAutoCommit();
            tx.setAutoCommit(false);
            try {
                guard.check(tx);
                T done = doing.in(tx);
                tx.commit();
                return done;
            } catch (SQLException | StaleOwnerException | RuntimeException e) {
                tx.rollback();
                throw e;
            } finally {
                tx.setAutoCommit(before);
            }
        }
    }

    private static <T extends @Nullable Object> T ended(Connection tx, Doing<T> doing) throws SQLException {
        boolean before = tx.getAutoCommit();
        tx.setAutoCommit(false);
        try {
            return doing.in(tx);
        } finally {
            tx.rollback();
            tx.setAutoCommit(before);
        }
    }
}
