package io.posthorn.notify;

import io.posthorn.catalog.Catalog;
import io.posthorn.intake.Submission;
import io.posthorn.model.Ids;
import io.posthorn.runtime.Notices;
import io.posthorn.store.StaleOwnerException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room's threads: one that sends events, one that sends mails, and one that writes down what it is told. */
public final class Notifier implements Notices, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);
    private static final int MOST_UNWRITTEN = 10_000;
    private static final long BACKLOG_EVERY_MILLIS = 60_000;
    private static final long AGAIN_AFTER_MILLIS = 1_000;
    private static final Duration CONVERSATION = Duration.ofSeconds(30);

    private final PgNotices notices;
    private final Pump pump;
    private final @Nullable Mailer mailer;
    private final int threshold;
    private final LongSupplier backlog;
    private final BlockingQueue<Consumer<Rows>> told = new ArrayBlockingQueue<>(MOST_UNWRITTEN);
    private final List<Thread> threads = new ArrayList<>();
    /** When each limit was last told, by what it is a limit of. Guarded by itself. */
    private final Map<String, Long> limits = new HashMap<>();

    private boolean anyBacklogTold = true;

    /**
     * Not running yet.
     *
     * @param settings who is told of what
     * @param notices the tables, open
     * @param catalog who is there
     * @param ids makes the public ids
     * @param installation distinguishes this installation's mails from those of others
     * @param intake takes all or none
     * @param backlog how many deliveries wait in the database, all together
     * @param metrics of what was sent
     */
    public Notifier(
            NotifySettings settings,
            PgNotices notices,
            Catalog catalog,
            Ids ids,
            String installation,
            Predicate<List<Submission>> intake,
            LongSupplier backlog,
            NotifyMetrics metrics) {
        this.notices = notices;
        this.threshold = settings.backlogThreshold();
        this.backlog = backlog;
        this.pump = new Pump(notices, intake, metrics);
        MailSettings mail = settings.mail();
        this.mailer = mail == null
                ? null
                : new Mailer(notices, catalog, new Letters(ids, installation), new Smtp(mail, CONVERSATION), metrics);
        catalog.onEndpointChange(change -> wake());
        notices.onWritten(this::wake);
    }

    private void wake() {
        pump.wake();
        if (mailer != null) {
            mailer.wake();
        }
    }

    /** Begins to send. */
    public void start() {
        threads.add(Thread.ofVirtual().name("operational-events").start(pump::run));
        threads.add(Thread.ofVirtual().name("operational-notices").start(this::run));
        if (mailer != null) {
            threads.add(Thread.ofVirtual().name("operational-mail").start(mailer::run));
        }
    }

    /** How many events wait to be sent. */
    public long eventsWaiting() {
        return pump.waiting();
    }

    /** How many mails wait to be sent. */
    public long mailsWaiting() {
        return mailer == null ? 0 : mailer.waiting();
    }

    @Override
    public void circuitOpened(int appNo, int endpointNo, int failures, long probeAt) {
        say(rows -> notices.reports().circuitOpened(rows, appNo, endpointNo, failures, probeAt, notices.now()));
    }

    @Override
    public void endpointLimitReached(int appNo, int limit) {
        if (first("endpoints of " + appNo)) {
            say(rows -> notices.reports().endpointLimit(rows, appNo, limit, notices.now()));
        }
    }

    @Override
    public void databaseSizeReached(long bytes, long bound) {
        if (first("size")) {
            say(rows -> notices.reports().databaseSize(rows, bytes, bound, notices.now()));
        }
    }

    /** Whether it was not told within the last hour. */
    private boolean first(String limit) {
        long now = notices.now();
        synchronized (limits) {
            limits.values().removeIf(at -> now - at >= PgMails.HOUR_MICROS);
            if (limits.size() >= MOST_UNWRITTEN) {
                return false;
            }
            return limits.putIfAbsent(limit, now) == null;
        }
    }

    private void say(Consumer<Rows> what) {
        if (!told.offer(what)) {
            LOG.warn("{} notices wait to be written down, one more is left out", MOST_UNWRITTEN);
        }
    }

    private void run() {
        long lookAt = System.nanoTime();
        try {
            while (true) {
                long left = TimeUnit.NANOSECONDS.toMillis(lookAt - System.nanoTime());
                Consumer<Rows> next = left > 0 ? told.poll(left, TimeUnit.MILLISECONDS) : told.poll();
                if (next != null) {
                    write(next);
                } else {
                    look();
                    lookAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BACKLOG_EVERY_MILLIS);
                }
            }
        } catch (InterruptedException _) {
            LOG.debug("no more notices are written down");
        }
    }

    /** Returns when it is written, or this process may not write any more. */
    private void write(Consumer<Rows> what) throws InterruptedException {
        Rows rows = new Rows();
        what.accept(rows);
        while (true) {
            try {
                notices.tell(rows);
                return;
            } catch (StaleOwnerException e) {
                LOG.debug("a notice is left out, another node owns the installation: {}", e.getMessage());
                return;
            } catch (SQLException | RuntimeException e) {
                LOG.warn("a notice cannot be written down yet: {}", e.toString());
                TimeUnit.MILLISECONDS.sleep(AGAIN_AFTER_MILLIS);
            }
        }
    }

    /** Costs nothing while all endpoints together have less waiting than one may have. */
    private void look() {
        try {
            if (backlog.getAsLong() >= threshold || anyBacklogTold) {
                notices.backlogs();
                anyBacklogTold = notices.anyBacklogTold();
            }
        } catch (SQLException | StaleOwnerException | RuntimeException e) {
            LOG.warn("the backlogs of the endpoints cannot be counted now: {}", e.toString());
        }
    }

    /** Sends nothing more; what is not sent yet is sent after the next start. */
    @Override
    public void close() throws InterruptedException {
        for (Thread thread : threads) {
            thread.interrupt();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
