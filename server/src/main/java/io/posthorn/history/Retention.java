package io.posthorn.history;

import io.posthorn.runtime.Time;
import io.posthorn.store.StaleOwnerException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets go of what is old enough: payloads first, then attempts and messages, whole UTC days at a time. A day is old enough
 * when all of it is.
 *
 * <p>Of messages that are about to go, what still waits to be delivered ends, visibly: each such delivery gets an entry in
 * the log of attempts. A day with messages that are not settled is left alone, whatever its age: a process that was down
 * for weeks still delivers what it owes.
 */
public final class Retention implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    private static final Duration FIRST = Duration.ofMinutes(1);
    private static final Duration EVERY = Duration.ofMinutes(10);
    private static final Duration KEYS = Duration.ofHours(12).plusDays(1);
    /** How often a day is tried in one pass, if its table is in use. */
    private static final int TRIES = 20;

    private static final long BETWEEN_TRIES_MILLIS = 250;

    private final PgRetention store;
    private final Ages ages;
    private final Clock clock;
    private final Watcher watcher;
    private final PgRetention.Pause pause;
    private volatile @Nullable Thread thread;

    /**
     * How long what is kept.
     *
     * @param payloads of messages
     * @param attempts with what was answered; not shorter than the payloads
     * @param messages not shorter than the payloads
     */
    public record Ages(Duration payloads, Duration attempts, Duration messages) {
        /** Checks that they fit together. */
        public Ages {
            if (attempts.compareTo(payloads) < 0 || messages.compareTo(payloads) < 0) {
                throw new IllegalArgumentException("payloads cannot outlive attempts or messages");
            }
        }
    }

    /** Told of what went. Does not block. */
    public interface Watcher {
        /** A day of a table was dropped. */
        void dropped(String table);

        /** A day of messages has lost its payloads. */
        void stripped();

        /**
         * Deliveries that waited have ended, and their rows in the backlog are gone.
         *
         * @param endpointNo whose
         * @param seqs of the messages
         */
        void expired(int endpointNo, Set<Long> seqs);

        /**
         * What was still to be done about messages of an application went with them. Told once in a pass.
         *
         * @param appNo the application
         * @param day the last one whose messages go
         * @param deliveries that waited and have ended, those of {@link #expired} together
         * @param deadLetters that nobody can send again any more
         */
        void lost(int appNo, LocalDate day, long deliveries, long deadLetters);
    }

    private static final class Lost {
        private long deliveries;
        private long deadLetters;
    }

    /**
     * A retention that does nothing until it is started.
     *
     * @param store the tables
     * @param ages of what is kept
     * @param clock says what is old
     * @param watcher told of what went
     */
    public Retention(PgRetention store, Ages ages, Clock clock, Watcher watcher) {
        this(store, ages, clock, watcher, nanos -> TimeUnit.NANOSECONDS.sleep(Math.min(nanos, 1_000_000_000)));
    }

    Retention(PgRetention store, Ages ages, Clock clock, Watcher watcher, PgRetention.Pause pause) {
        this.store = store;
        this.ages = ages;
        this.clock = clock;
        this.watcher = watcher;
        this.pause = pause;
    }

    /** Looks every ten minutes from now on, on a thread of its own. */
    public void start() {
        thread = Thread.ofVirtual().name("retention").start(this::run);
    }

    private void run() {
        try {
            Duration wait = FIRST;
            while (true) {
                Thread.sleep(wait);
                wait = EVERY;
                try {
                    pass();
                } catch (SQLException | StaleOwnerException | RuntimeException e) {
                    LOG.warn(
                            "what is too old could not be removed, trying again in {} min: {}",
                            EVERY.toMinutes(),
                            e.toString());
                }
            }
        } catch (InterruptedException _) {
            LOG.debug("the retention ends; a day that was being written anew is begun again at the next start");
        }
    }

    /** Removes all that is too old. Blocks for as long as that takes. */
    void pass() throws SQLException, StaleOwnerException, InterruptedException {
        Instant now = clock.instant();
        for (LocalDate day : olderThan("idempotency", now, KEYS)) {
            drop("idempotency", day);
        }
        LocalDate firstWithPayloads = stripPayloads(now);
        for (LocalDate day : olderThan("attempt", now, ages.attempts)) {
            // Without its attempts, a message that still has its payload would look as if it had never been delivered.
            if (firstWithPayloads == null || day.isBefore(firstWithPayloads)) {
                drop("attempt", day);
            }
        }
        dropMessages(now);
    }

    private List<LocalDate> olderThan(String table, Instant now, Duration age) throws SQLException {
        // The first day that is not over for so long.
        LocalDate first = LocalDate.ofInstant(now.minus(age), ZoneOffset.UTC);
        return store.days(table).stream().filter(day -> day.isBefore(first)).toList();
    }

    private boolean drop(String table, LocalDate day) throws SQLException, StaleOwnerException, InterruptedException {
        for (int tries = 1; !store.drop(table, day); tries++) {
            if (tries == TRIES) {
                LOG.info("{} of {} is in use; it is dropped another time", table, day);
                return false;
            }
            pause.after(TimeUnit.MILLISECONDS.toNanos(BETWEEN_TRIES_MILLIS));
        }
        LOG.info("Dropped {} of {}: it is older than it may get", table, day);
        watcher.dropped(table);
        return true;
    }

    /** The first day that should have lost its payloads and has not; null if there is none. */
    private @Nullable LocalDate stripPayloads(Instant now)
            throws SQLException, StaleOwnerException, InterruptedException {
        store.stripKept(pause);
        LocalDate first = null;
        Set<LocalDate> stripped = store.stripped();
        Set<LocalDate> dropped = new HashSet<>(olderThan("message", now, ages.messages));
        for (LocalDate day : olderThan("message", now, ages.payloads)) {
            boolean todo = !stripped.contains(day) && !dropped.contains(day);
            if (todo && (store.unsettled(day) || !strip(day)) && first == null) {
                first = day;
            }
        }
        return first;
    }

    private boolean strip(LocalDate day) throws SQLException, StaleOwnerException, InterruptedException {
        if (!store.strip(day, pause)) {
            LOG.info("The messages of {} are in use; their payloads are removed another time", day);
            return false;
        }
        LOG.info("Removed the payloads of {}: they are older than they may get", day);
        watcher.stripped();
        return true;
    }

    private void dropMessages(Instant now) throws SQLException, StaleOwnerException, InterruptedException {
        List<LocalDate> days = olderThan("message", now, ages.messages);
        int count = 0;
        while (count < days.size() && !store.unsettled(days.get(count))) {
            count++;
        }
        if (count == 0) {
            return;
        }
        LocalDate before = days.get(count - 1).plusDays(1);
        Map<Integer, Lost> lost = new TreeMap<>();
        try {
            endWaiting(before, lost);
            forgetDeadLetters(before, lost);
        } finally {
            // Also what was begun and broke off: its rows are gone.
            tell(before, lost);
        }
        store.forgetEventIds(before, pause);
        for (LocalDate day : days.subList(0, count)) {
            if (!drop("message", day)) {
                return;
            }
        }
        store.forgetDays(before);
    }

    private void tell(LocalDate before, Map<Integer, Lost> lost) {
        long deliveries =
                lost.values().stream().mapToLong(each -> each.deliveries).sum();
        if (deliveries > 0) {
            LOG.warn(
                    "{} deliveries that still waited for messages from before {} have ended: these are older than they"
                            + " may get",
                    deliveries,
                    before);
        }
        long dead = lost.values().stream().mapToLong(each -> each.deadLetters).sum();
        if (dead > 0) {
            LOG.warn("{} dead letters from before {} are dropped with their messages", dead, before);
        }
        lost.forEach((appNo, each) -> watcher.lost(appNo, before.minusDays(1), each.deliveries, each.deadLetters));
    }

    private void endWaiting(LocalDate before, Map<Integer, Lost> lost)
            throws SQLException, StaleOwnerException, InterruptedException {
        PgRetention.Key after = null;
        while (true) {
            long began = System.nanoTime();
            PgRetention.Page page = store.endWaiting(before, after, Time.micros(clock.instant()));
            Map<Integer, Set<Long>> byEndpoint = new HashMap<>();
            for (PgRetention.Ended ended : page.ended()) {
                byEndpoint
                        .computeIfAbsent(ended.endpointNo(), no -> new HashSet<>())
                        .add(ended.seq());
                lost.computeIfAbsent(ended.appNo(), no -> new Lost()).deliveries++;
            }
            byEndpoint.forEach(watcher::expired);
            after = page.last();
            if (after == null) {
                return;
            }
            pause.after(System.nanoTime() - began);
        }
    }

    private void forgetDeadLetters(LocalDate before, Map<Integer, Lost> lost)
            throws SQLException, StaleOwnerException, InterruptedException {
        while (true) {
            long began = System.nanoTime();
            Map<Integer, Long> page = store.forgetDeadLetters(before);
            if (page.isEmpty()) {
                return;
            }
            page.forEach((appNo, count) -> lost.computeIfAbsent(appNo, no -> new Lost()).deadLetters += count);
            pause.after(System.nanoTime() - began);
        }
    }

    /** Ends after the piece that is under way. */
    @Override
    public void close() throws InterruptedException {
        Thread running = thread;
        if (running != null) {
            running.interrupt();
            running.join();
        }
    }
}
