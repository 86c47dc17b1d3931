package io.posthorn.notify;

import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointChange;
import io.posthorn.intake.Submission;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.store.StaleOwnerException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room's threads: one that sends events, one that sends mails, and one that writes down what it is told. */
public final class Notifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);
    private static final long BACKLOG_EVERY_MILLIS = 60_000;
    private static final Duration CONVERSATION = Duration.ofSeconds(30);

    private final PgNotices notices;
    private final Pump pump;
    private final @Nullable Mailer mailer;
    private final int threshold;
    private final LongSupplier backlog;
    private final NoticeQueue told;
    private final List<Thread> threads = new ArrayList<>();
    private boolean anyBacklogTold = true;

    /**
     * Not running yet.
     *
     * @param settings who is told of what
     * @param notices the tables, open
     * @param told what others said
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
            NoticeQueue told,
            Catalog catalog,
            Ids ids,
            String installation,
            Predicate<List<Submission>> intake,
            LongSupplier backlog,
            NotifyMetrics metrics) {
        this.notices = notices;
        this.told = told;
        this.threshold = settings.backlogThreshold();
        this.backlog = backlog;
        this.pump = new Pump(notices, intake, metrics);
        MailSettings mail = settings.mail();
        this.mailer = mail == null
                ? null
                : new Mailer(
                        notices,
                        catalog,
                        settings.domains(),
                        new Letters(ids, installation),
                        new Smtp(mail, CONVERSATION),
                        metrics);
        catalog.onEndpointChange(change -> {
            if (change instanceof EndpointChange.Removed(Endpoint endpoint)) {
                notices.removed(endpoint.no());
            }
            wake();
        });
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

    private void run() {
        long lookAt = System.nanoTime();
        try {
            while (true) {
                if (!told.write(TimeUnit.NANOSECONDS.toMillis(lookAt - System.nanoTime()))) {
                    look();
                    lookAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BACKLOG_EVERY_MILLIS);
                }
            }
        } catch (InterruptedException _) {
            LOG.debug("no more notices are written down");
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
            Setbacks.log(LOG, "the backlogs of the endpoints cannot be counted now", e);
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
