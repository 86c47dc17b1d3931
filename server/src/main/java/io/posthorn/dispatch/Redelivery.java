package io.posthorn.dispatch;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.history.HistoryException;
import io.posthorn.history.Redeliveries;
import io.posthorn.history.Redeliveries.Begun;
import io.posthorn.history.Redeliveries.Resent;
import io.posthorn.history.Redeliveries.Step;
import io.posthorn.history.RedeliveryTask;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deliveries that are asked for again: one by one, or many by a task.
 *
 * <pre>
 *   resend ───────────────────────┐
 *   recover, replay ─▶ task ─page─┴─▶ deferral (REPLAY, due now) ─▶ lane
 * </pre>
 *
 * <p>A task takes a page of messages at a time and commits the deliveries that it finds together with its place, so that
 * after any end of the process it goes on exactly there. A few workers do the pages of all tasks in turn: a task that has
 * to wait, because its endpoint has enough to do or the database is away, stands aside until a later moment and holds
 * nobody up. So there is at most one entry in the line for each task, and one task for each endpoint.
 */
public final class Redelivery {
    private static final Logger LOG = LoggerFactory.getLogger(Redelivery.class);
    private static final int WORKERS = 2;
    private static final int PAGE = 500;
    /** A task adds a page while no more of its deliveries than this wait. */
    private static final int MOST_WAITING = 1_000;

    private static final long SHORT_MILLIS = 100;
    private static final long LONG_MILLIS = 5_000;
    private static final long LOOK_WHETHER_STOPPING_MILLIS = 250;
    private static final long UNDER_WAY_MILLIS = 5_000;

    private final Redeliveries store;
    private final Catalog catalog;
    private final Dispatcher dispatcher;
    private final DispatchMetrics metrics;
    private final Time time;
    private final int page;
    private final int mostWaiting;
    private final DelayQueue<Turn> line = new DelayQueue<>();
    private final AtomicLong arrivals = new AtomicLong();
    private final List<Thread> workers = new ArrayList<>();
    private volatile boolean stopping;

    /**
     * Nothing goes on before {@link #start}.
     *
     * @param store the books
     * @param catalog says which endpoint wants what
     * @param dispatcher whose lanes deliver
     * @param metrics of what is put into the backlog
     * @param time the clock
     */
    public Redelivery(Redeliveries store, Catalog catalog, Dispatcher dispatcher, DispatchMetrics metrics, Time time) {
        this(store, catalog, dispatcher, metrics, time, PAGE, MOST_WAITING);
    }

    /**
     * With other bounds.
     *
     * @param page messages that are looked at in one transaction
     * @param mostWaiting a task adds a page while no more of its deliveries than this wait
     */
    Redelivery(
            Redeliveries store,
            Catalog catalog,
            Dispatcher dispatcher,
            DispatchMetrics metrics,
            Time time,
            int page,
            int mostWaiting) {
        this.store = store;
        this.catalog = catalog;
        this.dispatcher = dispatcher;
        this.metrics = metrics;
        this.time = time;
        this.page = page;
        this.mostWaiting = mostWaiting;
    }

    /** A task's place in the line: when it is to be looked at, and how long it waits if it has to. */
    private record Turn(long taskNo, long at, long arrival, long pauseMillis, int waiting) implements Delayed {
        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(at - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            Turn turn = (Turn) other;
            int byTime = Long.compare(at - turn.at, 0);
            return byTime != 0 ? byTime : Long.compare(arrival, turn.arrival);
        }
    }

    /** Goes on with the tasks that an earlier process left, after recovery. Blocks while it reads them. */
    public void start() {
        for (long taskNo : store.running()) {
            enqueue(taskNo, 0, SHORT_MILLIS, 0);
        }
        for (int i = 0; i < WORKERS; i++) {
            workers.add(Thread.ofVirtual().name("redelivery-" + i).start(this::work));
        }
    }

    /** Ends after the pages that are under way; the tasks go on at the next start. */
    public void close() throws InterruptedException {
        stopping = true;
        for (Thread worker : workers) {
            if (!worker.join(Duration.ofMillis(LONG_MILLIS))) {
                worker.interrupt(); // its page is committed or not, and either is a place to go on from
            }
        }
    }

    // ---- asked for

    /**
     * Delivers a message once more. Where its first attempt is still under way it waits for the end of that, at most five
     * seconds.
     *
     * @param endpoint enabled
     * @param message its content is of no concern
     */
    public Resent resend(Endpoint endpoint, Message message) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(UNDER_WAY_MILLIS);
        Resent resent = store.resend(message, endpoint.no(), time.micros());
        while (resent == Resent.UNDER_WAY && System.nanoTime() < until) {
            TimeUnit.MILLISECONDS.sleep(SHORT_MILLIS);
            resent = store.resend(message, endpoint.no(), time.micros());
        }
        if (resent == Resent.QUEUED || resent == Resent.HASTENED) {
            metrics.asked(resent == Resent.QUEUED ? 1 : 0);
            dispatcher.asked(endpoint.appNo(), endpoint.no(), new long[] {message.seq});
        }
        return resent;
    }

    /**
     * Begins a task.
     *
     * @param view the application
     * @param endpoint one of its endpoints, enabled
     * @param kind what to look for
     * @param since messages accepted from then, microseconds since 1970
     * @param until and before then; not later than now counts
     * @param createdBy who asks for it, for people
     */
    public Begun begin(
            AppView view, Endpoint endpoint, RedeliveryTask.Kind kind, long since, long until, String createdBy) {
        long now = time.micros();
        RedeliveryTask.Draft draft = new RedeliveryTask.Draft(
                Ids.fresh("qtask_"),
                view.application().envNo(),
                view.application().no(),
                endpoint.no(),
                view.application().id(),
                endpoint.id(),
                kind,
                since,
                Math.min(until, now),
                createdBy);
        Begun begun =
                Audit.about(new Audit.Subject(draft.envNo(), draft.appId(), draft.id()), () -> store.begin(draft, now));
        if (begun instanceof Begun.Started(RedeliveryTask task)) {
            enqueue(task.no(), 0, SHORT_MILLIS, 0);
        }
        return begun;
    }

    /** Ends a task; null if it does not run. What its endpoint has in memory and has not begun is not begun. */
    public @Nullable RedeliveryTask cancel(RedeliveryTask task) {
        Redeliveries.Cancelled cancelled = store.cancel(task.no(), time.micros());
        if (cancelled == null) {
            return null;
        }
        metrics.forgotten(cancelled.withdrawn().size());
        dispatcher.withdrawn(task.endpointNo(), Set.copyOf(cancelled.withdrawn()));
        return cancelled.task();
    }

    /** The books, for reading. */
    public Redeliveries store() {
        return store;
    }

    // ---- the workers

    private void enqueue(long taskNo, long millis, long pauseMillis, int waiting) {
        line.add(new Turn(
                taskNo,
                System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis),
                arrivals.incrementAndGet(),
                pauseMillis,
                waiting));
    }

    private void work() {
        try {
            while (!stopping) {
                Turn next = line.poll(LOOK_WHETHER_STOPPING_MILLIS, TimeUnit.MILLISECONDS);
                if (next != null) {
                    turn(next);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("stopping: tasks go on at the next start");
        }
    }

    private void turn(Turn turn) {
        try {
            step(turn);
        } catch (RuntimeException e) {
            LOG.error("background task {} has failed", turn.taskNo, e);
            giveUp(turn, "it could not go on: the server's log says why");
        }
    }

    private void step(Turn turn) {
        switch (store.step(turn.taskNo, this::wishes, page, mostWaiting, time.micros())) {
            case Step.Moved(RedeliveryTask task, long[] queued, int added, boolean more) -> {
                if (queued.length > 0) {
                    metrics.asked(added);
                    dispatcher.asked(task.appNo(), task.endpointNo(), queued);
                }
                if (task.status() == RedeliveryTask.Status.RUNNING) {
                    enqueue(turn.taskNo, more ? 0 : SHORT_MILLIS, SHORT_MILLIS, 0);
                }
            }
            case Step.Full(int waiting) -> {
                // Looks more and more seldom while nothing moves, and soon again when something does.
                long pause = waiting == turn.waiting ? longer(turn.pauseMillis) : SHORT_MILLIS;
                enqueue(turn.taskNo, pause, pause, waiting);
            }
            case Step.Away(String why) -> {
                LOG.warn("background task {} waits: {}", turn.taskNo, why);
                long pause = longer(turn.pauseMillis);
                enqueue(turn.taskNo, pause, pause, turn.waiting);
            }
            case Step.Busy _ -> enqueue(turn.taskNo, SHORT_MILLIS, SHORT_MILLIS, turn.waiting);
            case Step.Ended _ -> LOG.debug("background task {} has ended", turn.taskNo);
        }
    }

    private static long longer(long millis) {
        return Math.min(LONG_MILLIS, millis * 2);
    }

    private @Nullable Predicate<Message> wishes(int appNo, int endpointNo) {
        AppView view = catalog.appByNo(appNo);
        Endpoint endpoint = view == null ? null : view.endpointByNo(endpointNo);
        return endpoint == null
                ? null
                : message -> (message.onlyEndpointNo == 0 || message.onlyEndpointNo == endpointNo)
                        && Recovery.wants(endpoint, message);
    }

    private void giveUp(Turn turn, String why) {
        try {
            store.fail(turn.taskNo, why, time.micros());
        } catch (HistoryException e) {
            LOG.warn("that background task {} has failed cannot be recorded yet: {}", turn.taskNo, e.getMessage());
            enqueue(turn.taskNo, LONG_MILLIS, LONG_MILLIS, turn.waiting); // it fails again then
        }
    }
}
