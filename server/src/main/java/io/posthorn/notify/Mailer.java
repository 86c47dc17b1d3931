package io.posthorn.notify;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.MailDomains;
import io.posthorn.model.Endpoint;
import io.posthorn.store.StaleOwnerException;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes letters of the mails that are due, one for each address, and sends them, one after the other. What cannot be sent
 * is tried again for a day, and nobody gets again what he has.
 */
final class Mailer {
    private static final Logger LOG = LoggerFactory.getLogger(Mailer.class);
    /** Mails that letters are made of at once. */
    private static final int MAILS = 100;
    /** Letters that are sent between two looks. */
    private static final int LETTERS = 20;
    /** Of these, of one application: one whose recipients are slow holds up the others for that long only. */
    private static final int LETTERS_OF_ONE = 2;
    /** So often in a row the mail server could not be spoken to. */
    private static final int MOST_IN_VAIN = 3;

    private static final long IDLE_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 10_000;
    private static final long FORGET_EVERY_MICROS = 60_000_000;
    private static final long FIRST_WAIT_MICROS = 60_000_000;
    private static final int MOST_DOUBLINGS = 6;

    private final PgNotices notices;
    private final Catalog catalog;
    private final Letters letters;
    private final Postman postman;
    private final NotifyMetrics metrics;
    private final Bell bell = new Bell();
    private final AtomicLong waiting = new AtomicLong();
    private final MailDomains domains;
    private long forgotAt;
    private int inVain;

    /**
     * A mailer.
     *
     * @param notices has the mails
     * @param catalog the addresses, as they are when a mail is sent
     * @param domains where letters may go
     * @param letters writes them
     * @param postman takes them
     * @param metrics of what was sent
     */
    Mailer(
            PgNotices notices,
            Catalog catalog,
            MailDomains domains,
            Letters letters,
            Postman postman,
            NotifyMetrics metrics) {
        this.notices = notices;
        this.catalog = catalog;
        this.domains = domains;
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
            forget(now);
            boolean any = address(now);
            List<PgLetters.Addressed> due = notices.read(tx -> PgLetters.due(tx, now, LETTERS_OF_ONE, LETTERS));
            waiting.set(notices.read(PgMails::count));
            Set<Integer> slow = new HashSet<>();
            for (PgLetters.Addressed letter : due) {
                if (!slow.contains(letter.mail().mail().appNo()) && !send(letter)) {
                    slow.add(letter.mail().mail().appNo());
                }
                if (inVain >= MOST_IN_VAIN) {
                    return Pump.Page.STUCK;
                }
            }
            return any || !due.isEmpty() ? Pump.Page.MORE : Pump.Page.EMPTY;
        } catch (SQLException | StaleOwnerException | RuntimeException e) {
            Setbacks.log(LOG, "mails cannot be sent now", e);
            return Pump.Page.STUCK;
        }
    }

    private void forget(long now) throws SQLException, StaleOwnerException {
        if (now - forgotAt < FORGET_EVERY_MICROS) {
            return;
        }
        int unsent = notices.write(tx -> {
            PgLetters.forgetCounts(tx, Caps.hour(now));
            return PgMails.forget(tx, now);
        });
        if (unsent > 0) {
            metrics.mailsGivenUp(unsent);
            LOG.error("{} mails could not be sent for a day and are left out", unsent);
        }
        forgotAt = now;
    }

    /** Makes letters of mails; false if there were none to make. */
    private boolean address(long now) throws SQLException, StaleOwnerException {
        if (notices.read(tx -> PgMails.due(tx, now, 1)).isEmpty()) {
            return false;
        }
        Map<Integer, Integer> leftOut = notices.write(
                tx -> PgLetters.make(tx, now, MAILS, this::addresses, address -> domains.refuse(address) == null));
        leftOut.forEach((appNo, count) -> {
            metrics.mailsLeftOut(count);
            AppView app = catalog.appByNo(appNo);
            LOG.warn(
                    "{} mails about application {} are left out: there were too many within this hour, or they would go"
                            + " to domains that are not in notification-domains",
                    count,
                    app == null ? "that is gone" : app.application().id());
        });
        return true;
    }

    /** Who is told now; nobody if the endpoint is gone. */
    private List<String> addresses(PgMails.Stored mail) {
        AppView app = catalog.appByNo(mail.mail().appNo());
        Endpoint endpoint = app == null ? null : app.endpointByNo(mail.mail().endpointNo());
        return endpoint == null ? List.of() : Reports.notification(endpoint).emails();
    }

    /** False if it has to be tried again. */
    private boolean send(PgLetters.Addressed letter) throws SQLException, StaleOwnerException, InterruptedException {
        Mail mail = letter.mail().mail();
        AppView app = catalog.appByNo(mail.appNo());
        Endpoint endpoint = app == null ? null : app.endpointByNo(mail.endpointNo());
        if (app == null
                || endpoint == null
                || !Reports.notification(endpoint).emails().contains(letter.address())) {
            done(letter); // nobody wants it any more
            return true;
        }
        try {
            postman.send(letters.write(letter.mail(), app.application(), endpoint, letter.address(), notices.now()));
        } catch (Postman.NotSent e) {
            return notSent(letter, endpoint, e);
        }
        inVain = 0;
        metrics.mailSent();
        done(letter);
        return true;
    }

    private boolean notSent(PgLetters.Addressed letter, Endpoint endpoint, Postman.NotSent e)
            throws SQLException, StaleOwnerException {
        inVain = e.why() == Postman.Why.SERVER ? inVain + 1 : 0;
        if (e.why() == Postman.Why.REFUSED) {
            metrics.mailsGivenUp(1);
            LOG.warn("a mail about endpoint {} is refused and left out: {}", endpoint.id(), e.getMessage());
            done(letter);
            return true;
        }
        metrics.mailFailed();
        LOG.warn("a mail about endpoint {} could not be sent yet: {}", endpoint.id(), e.getMessage());
        long wait = FIRST_WAIT_MICROS << Math.min(MOST_DOUBLINGS, letter.tries());
        notices.write(tx -> {
            PgLetters.again(tx, letter, notices.now() + wait);
            return true;
        });
        return false;
    }

    private void done(PgLetters.Addressed letter) throws SQLException, StaleOwnerException {
        notices.write(tx -> {
            PgLetters.delete(tx, letter);
            return true;
        });
    }
}
