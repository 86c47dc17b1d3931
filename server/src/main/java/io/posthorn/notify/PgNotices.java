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
    private static final int ENDPOINTS_AT_ONCE = 200;
    /** It is looked once a minute, and others need the disk. */
    private static final long BACKLOGS_NANOS = 15_000_000_000L;

    private final NotifySettings settings;
    private final Ids ids;
    private final DataSource pool;
    private final WriteGuard guard;
    private final Time time;
    private final Set<Integer> troubled = ConcurrentHashMap.newKeySet();
    /** What the outcomes in a transaction that is not committed yet change about {@link #troubled}. */
    private Map<Integer, Boolean> pending = Map.of();

    private boolean pendingRows;
    private final Floods floods = new Floods();
    /** The endpoint up to which the backlogs were counted; the last look had no time for more. */
    private int countedUpTo = Integer.MIN_VALUE;

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
            PgMails.forget(tx, time.micros());
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
        floods.begin();
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
            long now = time.micros();
            rows.events.replaceAll(
                    event -> event.gatherFor() == 0 || floods.take(event.gatherFor(), now) ? event.alone() : event);
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
            floods.committed(time.micros());
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
            PgOutbox.write(tx, rows.events, time.micros());
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

    /** Tells of endpoints for which more waits than should, and forgets those for which it does not any more. */
    void backlogs() throws SQLException, StaleOwnerException {
        backlogs(ENDPOINTS_AT_ONCE, System.nanoTime() + BACKLOGS_NANOS);
    }

    /**
     * The same, so many endpoints at once, and no more of them after a moment; the next call goes on there.
     *
     * @param until of {@link System#nanoTime}
     */
    void backlogs(int atOnce, long until) throws SQLException, StaleOwnerException {
        do {
            int after = countedUpTo;
            List<PgOutbox.Place> places = read(tx -> PgOutbox.waitedFor(tx, after, atOnce));
            boolean last = places.size() < atOnce;
            int upTo = last ? Integer.MAX_VALUE : places.getLast().endpointNo();
            // A page that cannot be counted in time must not keep those behind it from being counted.
            countedUpTo = last ? Integer.MIN_VALUE : upTo;
            backlogs(places, after, upTo);
        } while (countedUpTo != Integer.MIN_VALUE && System.nanoTime() - until < 0);
    }

    private void backlogs(List<PgOutbox.Place> places, int after, int upTo) throws SQLException, StaleOwnerException {
        int threshold = settings.backlogThreshold();
        List<PgOutbox.Place> watched = places.stream()
                .filter(place -> reports().watched(place.appNo(), place.endpointNo()))
                .toList();
        Map<Integer, Long> waiting = read(tx -> PgOutbox.waiting(tx, watched, 2L * threshold));
        Set<Integer> marked = read(tx -> PgOutbox.marked(tx, Mark.BACKLOG));
        Set<Integer> under = new HashSet<>();
        for (int endpointNo : marked) {
            if (endpointNo > after && endpointNo <= upTo && 2 * waiting.getOrDefault(endpointNo, 0L) < threshold) {
                under.add(endpointNo);
            }
        }
        Rows rows = new Rows();
        Set<Integer> over = new HashSet<>();
        for (PgOutbox.Place place : watched) {
            long deliveries = waiting.getOrDefault(place.endpointNo(), 0L);
            if (deliveries >= threshold
                    && !marked.contains(place.endpointNo())
                    && reports().backlog(rows, place.appNo(), place.endpointNo(), deliveries, threshold, now())) {
                over.add(place.endpointNo());
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
