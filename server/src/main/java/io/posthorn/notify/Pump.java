package io.posthorn.notify;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.catalog.AppView;
import io.posthorn.intake.AcceptResult;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.Submission;
import io.posthorn.runtime.Time;
import io.posthorn.store.StaleOwnerException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes events out of the outbox and gives them to the intake as messages of the operational application: those that tell
 * of one application in their order, and the applications in turn.
 */
final class Pump {
    private static final Logger LOG = LoggerFactory.getLogger(Pump.class);
    private static final int PAGE = 100;
    private static final long COUNT_EVERY_NANOS = 1_000_000_000;
    private static final long IDLE_MILLIS = 5_000;
    private static final long FIRST_PAUSE_MILLIS = 250;
    private static final long LONGEST_PAUSE_MILLIS = 30_000;
    private static final long ANSWER_WITHIN_SECONDS = 30;

    private final PgNotices notices;
    private final Predicate<List<Submission>> intake;
    private final NotifyMetrics metrics;
    private final Bell bell = new Bell();
    private final AtomicLong waiting = new AtomicLong();
    /** The application whose turn was last; those with higher numbers are next. */
    private int after = Integer.MIN_VALUE;

    private long countedAt;

    private record Sent(long no, Submission submission, CompletableFuture<AcceptResult> answer) {}

    /**
     * A pump.
     *
     * @param notices has the outbox
     * @param intake takes all or none
     * @param metrics of what was sent
     */
    Pump(PgNotices notices, Predicate<List<Submission>> intake, NotifyMetrics metrics) {
        this.notices = notices;
        this.intake = intake;
        this.metrics = metrics;
    }

    /** There may be something new. */
    void wake() {
        bell.ring();
    }

    /** How many events were in the outbox when it was last looked at. */
    long waiting() {
        return waiting.get();
    }

    /** Until it is interrupted. */
    void run() {
        long pause = FIRST_PAUSE_MILLIS;
        try {
            while (true) {
                switch (page()) {
                    case EMPTY -> {
                        pause = FIRST_PAUSE_MILLIS;
                        bell.await(IDLE_MILLIS);
                    }
                    case MORE -> pause = FIRST_PAUSE_MILLIS;
                    case STUCK -> {
                        TimeUnit.MILLISECONDS.sleep(pause);
                        pause = Math.min(LONGEST_PAUSE_MILLIS, 2 * pause);
                    }
                }
            }
        } catch (InterruptedException _) {
            LOG.debug("the pump ends");
        }
    }

    /** What a look at the outbox showed. */
    enum Page {
        /** There is nothing. */
        EMPTY,
        /** Some went; there may be more. */
        MORE,
        /** Not all could be sent now. */
        STUCK
    }

    /** Sends the first ones, and removes those that nobody has to send again. */
    Page page() throws InterruptedException {
        try {
            long now = notices.now();
            if (notices.read(tx -> PgOutbox.gathered(tx, now))) {
                notices.write(tx -> {
                    PgOutbox.close(tx, now);
                    return true;
                });
            }
            List<PgOutbox.Stored> page = next();
            count(page.isEmpty());
            if (page.isEmpty()) {
                return Page.EMPTY;
            }
            List<Long> done = send(page);
            if (!done.isEmpty()) {
                notices.write(tx -> {
                    PgOutbox.delete(tx, done);
                    return true;
                });
                waiting.addAndGet(-done.size());
            }
            return done.size() == page.size() ? Page.MORE : Page.STUCK;
        } catch (SQLException | StaleOwnerException | RuntimeException e) {
            Setbacks.log(LOG, "operational events cannot be sent now", e);
            return Page.STUCK;
        }
    }

    /** Those whose turn it is: with very many applications, a part of them at a time. */
    private List<PgOutbox.Stored> next() throws SQLException {
        int from = after;
        List<PgOutbox.Stored> page = notices.read(tx -> PgOutbox.page(tx, from, PAGE));
        if (page.isEmpty() && from != Integer.MIN_VALUE) {
            page = notices.read(tx -> PgOutbox.page(tx, Integer.MIN_VALUE, PAGE));
        }
        Set<Integer> turn = new TreeSet<>();
        page.forEach(stored -> turn.add(stored.event().appNo()));
        after = turn.size() < PAGE ? Integer.MIN_VALUE : Collections.max(turn);
        return page;
    }

    /** Counting reads all of them, so it is not done again and again while there are many. */
    private void count(boolean none) throws SQLException {
        long now = System.nanoTime();
        if (none || countedAt == 0 || now - countedAt > COUNT_EVERY_NANOS) {
            waiting.set(notices.read(PgOutbox::count));
            countedAt = now;
        }
    }

    private List<Long> send(List<PgOutbox.Stored> page) throws InterruptedException {
        List<Long> done = new ArrayList<>();
        List<Sent> sent = new ArrayList<>();
        for (PgOutbox.Stored stored : page) {
            AppView operator = notices.reports().operational(stored.event().envNo());
            if (operator == null) {
                done.add(stored.no()); // it was deleted meanwhile: nobody wants to hear of it any more
            } else {
                CompletableFuture<AcceptResult> answer = new CompletableFuture<>();
                NewMessage message = message(operator.application().no(), stored);
                sent.add(new Sent(stored.no(), new Submission(message, Runnable::run, answer::complete), answer));
            }
        }
        if (!sent.isEmpty() && intake.test(sent.stream().map(Sent::submission).toList())) {
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(ANSWER_WITHIN_SECONDS);
            for (Sent each : sent) {
                if (accepted(each, until)) {
                    done.add(each.no());
                }
            }
        }
        return done;
    }

    private static NewMessage message(int appNo, PgOutbox.Stored stored) {
        Event event = stored.event();
        ObjectNode data = event.data();
        if (stored.told() > 1) {
            data.put(Reports.COUNT, stored.told());
        }
        if (event.seq() > 0) {
            data.put("msgEventId", stored.eventId());
        }
        ObjectNode payload = JsonNodeFactory.instance.objectNode();
        payload.put("type", event.type());
        payload.put("timestamp", Time.instant(event.at()).toString());
        payload.set("data", data);
        return new NewMessage(
                appNo,
                event.type(),
                "operational-" + stored.no(),
                List.of(),
                List.of(),
                payload.toString().getBytes(StandardCharsets.UTF_8),
                null);
    }

    /** Whether it need not be sent again. */
    private boolean accepted(Sent sent, long until) throws InterruptedException {
        try {
            return switch (sent.answer().get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                case AcceptResult.Accepted _ -> {
                    metrics.eventSent();
                    yield true;
                }
                case AcceptResult.EventIdTaken _, AcceptResult.Repeated _ -> true; // accepted before a crash
                case AcceptResult.Unavailable _ -> false;
                case AcceptResult.Failed _ -> {
                    LOG.error("an operational event cannot be stored as a message, it is left out");
                    yield true;
                }
                case AcceptResult.Refused _ -> throw new IllegalStateException("it was not held against anything");
                case AcceptResult.KeyReused _ -> throw new IllegalStateException("it has no idempotency key");
            };
        } catch (TimeoutException _) {
            sent.submission().withdraw();
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("nobody completes it exceptionally", e);
        }
    }
}
