package io.posthorn.notify;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.model.Endpoint;
import io.posthorn.store.StaleOwnerException;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the mails that are due, one after the other. What cannot be sent is tried again for a day. */
final class Mailer {
    private static final Logger LOG = LoggerFactory.getLogger(Mailer.class);
    private static final int PAGE = 20;
    /** So many in a row that could not be sent: it is the mail server and not the mail. */
    private static final int MOST_IN_VAIN = 3;

    private static final long IDLE_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 10_000;
    private static final long TRIED_FOR_MICROS = 24 * PgMails.HOUR_MICROS;
    private static final long FIRST_WAIT_MICROS = 60_000_000;
    private static final int MOST_DOUBLINGS = 6;

    private final PgNotices notices;
    private final Catalog catalog;
    private final Letters letters;
    private final Postman postman;
    private final NotifyMetrics metrics;
    private final Bell bell = new Bell();
    private final AtomicLong waiting = new AtomicLong();

    /**
     * A mailer.
     *
     * @param notices has the mails
     * @param catalog the addresses, as they are when a mail is sent
     * @param letters writes them
     * @param postman takes them
     * @param metrics of what was sent
     */
    Mailer(PgNotices notices, Catalog catalog, Letters letters, Postman postman, NotifyMetrics metrics) {
        this.notices = notices;
        this.catalog = catalog;
        this.letters = letters;
        this.postman = postman;
        this.metrics = metrics;
    }

    /** There may be something new. */
    void wake() {
        bell.ring();
    }

    /** How many mails waited when it last looked. */
    long waiting() {
        return waiting.get();
    }

    /** Until it is interrupted. */
    void run() {
        try {
            while (true) {
                switch (page()) {
                    case EMPTY -> bell.await(IDLE_MILLIS);
                    case MORE -> {}
                    case STUCK -> TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                }
            }
        } catch (InterruptedException _) {
            LOG.debug("the mailer ends");
        }
    }

    /** Sends some of those that are due. */
    Pump.Page page() throws InterruptedException {
        try {
            long now = notices.now();
            List<PgMails.Stored> due = notices.read(tx -> PgMails.due(tx, now, PAGE));
            waiting.set(notices.read(PgMails::count));
            if (due.isEmpty()) {
                return Pump.Page.EMPTY;
            }
            notices.write(tx -> {
                PgMails.forgetSent(tx, now);
                return true;
            });
            int inVain = 0;
            for (PgMails.Stored mail : due) {
                inVain = send(mail) ? 0 : inVain + 1;
                if (inVain == MOST_IN_VAIN) {
                    return Pump.Page.STUCK;
                }
            }
            return Pump.Page.MORE;
        } catch (SQLException | StaleOwnerException | RuntimeException e) {
            Setbacks.log(LOG, "mails cannot be sent now", e);
            return Pump.Page.STUCK;
        }
    }

    /** False if the mail server did not take it. */
    private boolean send(PgMails.Stored found) throws SQLException, StaleOwnerException, InterruptedException {
        PgMails.Stored mail = found.open() ? notices.write(tx -> PgMails.close(tx, found)) : found;
        AppView app = catalog.appByNo(mail.mail().appNo());
        Endpoint endpoint = app == null ? null : app.endpointByNo(mail.mail().endpointNo());
        List<String> to =
                endpoint == null ? List.of() : Reports.notification(endpoint).emails();
        if (app == null || endpoint == null || to.isEmpty()) {
            remove(mail); // nobody wants it any more
            return true;
        }
        try {
            postman.send(letters.write(mail, app.application(), endpoint, to, notices.now()));
        } catch (Postman.NotSent e) {
            notSent(mail, endpoint, e);
            return false;
        }
        metrics.mailSent();
        notices.write(tx -> {
            PgMails.sent(tx, mail.no(), notices.now());
            return true;
        });
        return true;
    }

    private void notSent(PgMails.Stored mail, Endpoint endpoint, Postman.NotSent why)
            throws SQLException, StaleOwnerException {
        metrics.mailFailed();
        long now = notices.now();
        if (now - mail.mail().at() > TRIED_FOR_MICROS) {
            metrics.mailGivenUp();
            LOG.error("a mail about endpoint {} could not be sent for a day: {}", endpoint.id(), why.getMessage());
            remove(mail);
            return;
        }
        LOG.warn("a mail about endpoint {} could not be sent yet: {}", endpoint.id(), why.getMessage());
        long wait = FIRST_WAIT_MICROS << Math.min(MOST_DOUBLINGS, mail.tries());
        notices.write(tx -> {
            PgMails.again(tx, mail.no(), now + wait);
            return true;
        });
    }

    private void remove(PgMails.Stored mail) throws SQLException, StaleOwnerException {
        notices.write(tx -> {
            PgMails.delete(tx, mail.no());
            return true;
        });
    }
}
