package io.posthorn.notify;

import io.posthorn.runtime.Notices;
import io.posthorn.store.StaleOwnerException;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was said and is not written down yet. Made before those who say it; the {@link Notifier} writes it down when it
 * runs. So much may wait as a database can be away for; what is more is left out, and the log says so.
 */
public final class NoticeQueue implements Notices {
    private static final Logger LOG = LoggerFactory.getLogger(NoticeQueue.class);
    private static final int MOST_WAITING = 10_000;
    private static final int MOST_LIMITS = 100_000;
    private static final long AGAIN_AFTER_MILLIS = 1_000;

    private final PgNotices notices;
    private final BlockingQueue<Consumer<Rows>> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    /** When each limit was last told, by what it is a limit of. Guarded by itself. */
    private final Map<String, Long> limits = new HashMap<>();

    /**
     * An empty queue.
     *
     * @param notices the tables; need not be open yet
     */
    public NoticeQueue(PgNotices notices) {
        this.notices = notices;
    }

    @Override
    public void circuitOpened(int appNo, int endpointNo, int failures, long probeAt) {
        long now = notices.now();
        say(rows -> notices.reports().circuitOpened(rows, appNo, endpointNo, failures, probeAt, now));
    }

    @Override
    public void endpointLimitReached(int appNo, int limit, int active) {
        long now = notices.now();
        if (first("endpoints of " + appNo, now)) {
            say(rows -> notices.reports().endpointLimit(rows, appNo, limit, active, now));
        }
    }

    @Override
    public void scopesTaken(int appNo, List<String> scopes, int endpoints, List<String> eventTypes) {
        long now = notices.now();
        say(rows -> notices.reports().scopesTaken(rows, appNo, scopes, endpoints, eventTypes, now));
    }

    @Override
    public void messagesExpired(int appNo, LocalDate day, long deliveries, long deadLetters) {
        long now = notices.now();
        say(rows -> notices.reports().lost(rows, appNo, day, deliveries, deadLetters, now));
    }

    @Override
    public void databaseSizeReached(long bytes, long bound) {
        long now = notices.now();
        if (first("size", now)) {
            say(rows -> notices.reports().databaseSize(rows, bytes, bound, now));
        }
    }

    /** Whether it was not told within the last hour. */
    private boolean first(String limit, long now) {
        synchronized (limits) {
            Long last = limits.get(limit);
            if (last != null && now - last < PgMails.HOUR_MICROS) {
                return false;
            }
            if (limits.size() >= MOST_LIMITS) {
                limits.values().removeIf(at -> now - at >= PgMails.HOUR_MICROS);
            }
            if (limits.size() >= MOST_LIMITS) {
                return false;
            }
            limits.put(limit, now);
            return true;
        }
    }

    private void say(Consumer<Rows> what) {
        if (!waiting.offer(what)) {
            LOG.warn("{} notices wait to be written down, one more is left out", MOST_WAITING);
        }
    }

    /**
     * Writes down the next one; returns when it is written, or this process may not write any more.
     *
     * @param millis how long to wait for one at most
     * @return false if there was none
     */
    boolean write(long millis) throws InterruptedException {
        Consumer<Rows> what = waiting.poll(Math.max(0, millis), TimeUnit.MILLISECONDS);
        if (what == null) {
            return false;
        }
        Rows rows = new Rows();
        try {
            what.accept(rows);
        } catch (RuntimeException e) {
            LOG.error("a notice cannot be put into words, it is left out", e);
            return true;
        }
        while (!tell(rows)) {
            TimeUnit.MILLISECONDS.sleep(AGAIN_AFTER_MILLIS);
        }
        return true;
    }

    private boolean tell(Rows rows) {
        try {
            notices.tell(rows);
            return true;
        } catch (StaleOwnerException e) {
            LOG.debug("a notice is left out, another node owns the installation: {}", e.getMessage());
            return true;
        } catch (SQLException e) {
            Setbacks.log(LOG, "a notice cannot be written down yet", e);
            return false;
        } catch (RuntimeException e) {
            // What the database has no part in comes again with each try, and the others wait.
            LOG.error("a notice cannot be written down, it is left out", e);
            return true;
        }
    }
}
