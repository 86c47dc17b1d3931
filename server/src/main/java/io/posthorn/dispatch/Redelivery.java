package io.posthorn.dispatch;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.history.DeadLetters;
import io.posthorn.history.HistoryException;
import io.posthorn.history.Redeliveries;
import io.posthorn.history.Redeliveries.Begun;
import io.posthorn.history.Redeliveries.Resent;
import io.posthorn.history.Redeliveries.Step;
import io.posthorn.history.RedeliveryTask;
import io.posthorn.history.Selection;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Fatal;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
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
 * <p>What waits already, with a reason of its own, is made due where it is.
 *
 * <p>A task takes a page of messages at a time and commits the deliveries that it finds together with its place, so that
 * after any end of the process it goes on exactly there. A few workers do the pages of all tasks in turn: a task that has
 * to wait, because its endpoint has enough to do or the database is away, stands aside until a later moment and holds
 * nobody up. So there is at most one entry in the line for each task, and one task for each endpoint.
 */
public final class Redelivery {
    private static final Logger LOG = LoggerFactory.getLogger(Redelivery.class);
    private static final int WORKERS = 2;
    private static final long SHORT_MILLIS = 100;
    private static final long LONG_MILLIS = 5_000;
    private static final long LOOK_WHETHER_STOPPING_MILLIS = 250;
    private static final long LONGEST_PAUSE_OF_RESEND_MILLIS = 1_000;
    /** Resends that use the database at the same time. */
    private static final int RESENDS_AT_ONCE = 3;
    /** Requests of one application that wait for the end of a first attempt. */
    private static final int MOST_WAITING_RESENDS = 4;
    /** Endpoints share these, so that there is a bound on their number. */
    private static final int STRIPES = 256;

    private final Redeliveries store;
    private final Redeliveries.Wishes wishes;
    private final Lanes lanes;
    private final DispatchMetrics metrics;
    private final Time time;
    private final Fatal fatal;
    private final Bounds bounds;
    private final DelayQueue<Turn> line = new DelayQueue<>();
    /** The numbers of the tasks that stand in the line or are worked on. */
    private final Set<Long> known = ConcurrentHashMap.newKeySet();

    /** The numbers of tasks that somebody let go on, maybe while one of their turns found that they were to wait. */
    private final Set<Long> resumed = ConcurrentHashMap.newKeySet();

    private final AtomicLong arrivals = new AtomicLong();
    private final List<Thread> workers = new ArrayList<>();
    private final Semaphore resends = new Semaphore(RESENDS_AT_ONCE);
    /** One resend at a time for an endpoint: the database lets the others not wait. */
    private final Semaphore[] stripes = new Semaphore[STRIPES];
    /** By application: how many resends wait for the end of a first attempt. */
    private final Map<Integer, Integer> waitingResends = new ConcurrentHashMap<>();
    /** By endpoint: resends of which nobody knows whether they are committed. */
    private final Map<Integer, Doubt> doubts = new ConcurrentHashMap<>();

    private volatile boolean stopping;

    /** The lanes of all endpoints; nothing here waits. */
    interface Lanes {
        /** As {@link LaneLoop#asked}. */
        void asked(int appNo, int endpointNo, long[] seqs);

        /** As {@link LaneLoop#maybeAsked}. */
        void maybeAsked(int appNo, int endpointNo);

        /** As {@link LaneLoop#withdrawn}. */
        void withdrawn(int endpointNo, Set<Long> seqs);
    }

    /**
     * How much and how long.
     *
     * @param page messages that are looked at in one transaction
     * @param mostWaiting a task adds a page while no more of its deliveries than this wait
     * @param underWayMillis how long a resend waits for the end of the first attempt
     * @param turnMillis how long a resend waits until it may use the database
     * @param lookMillis between looks for tasks that nobody works on
     */
    record Bounds(int page, int mostWaiting, long underWayMillis, long turnMillis, long lookMillis) {
        static final Bounds USUAL = new Bounds(500, 1_000, 5_000, 1_000, 15_000);
    }

    /**
     * A resend whose commit may have happened.
     *
     * @param appNo the application
     * @param old a look has come by since, so that the commit is over by now
     */
    private record Doubt(int appNo, boolean old) {}

    /**
     * Nothing goes on before {@link #start}.
     *
     * @param store the books
     * @param catalog says which endpoint wants what
     * @param dispatcher whose lanes deliver
     * @param metrics of what is put into the backlog
     * @param time the clock
     * @param fatal told if tasks cannot go on
     */
    public Redelivery(
            Redeliveries store,
            Catalog catalog,
            Dispatcher dispatcher,
            DispatchMetrics metrics,
            Time time,
            Fatal fatal) {
        this(
                store,
                (appNo, endpointNo) -> wishes(catalog, appNo, endpointNo),
                lanesOf(dispatcher),
                metrics,
                time,
                fatal,
                Bounds.USUAL);
    }

    /** With other bounds and other lanes. */
    Redelivery(
            Redeliveries store,
            Redeliveries.Wishes wishes,
            Lanes lanes,
            DispatchMetrics metrics,
            Time time,
            Fatal fatal,
            Bounds bounds) {
        this.store = store;
        this.wishes = wishes;
        this.lanes = lanes;
        this.metrics = metrics;
        this.time = time;
        this.fatal = fatal;
        this.bounds = bounds;
        Arrays.setAll(stripes, i -> new Semaphore(1, true));
    }

    static Lanes lanesOf(Dispatcher dispatcher) {
        return new Lanes() {
            @Override
            public void asked(int appNo, int endpointNo, long[] seqs) {
                dispatcher.asked(appNo, endpointNo, seqs);
            }

            @Override
            public void maybeAsked(int appNo, int endpointNo) {
                dispatcher.maybeAsked(appNo, endpointNo);
            }

            @Override
            public void withdrawn(int endpointNo, Set<Long> seqs) {
                dispatcher.withdrawn(endpointNo, seqs);
            }
        };
    }

    /**
     * A task's place in the line: when it is to be looked at, and how long it waits if it has to.
     *
     * @param task as it was when it came here; null for the look for tasks that nobody works on
     * @param unsure the database went away during its last page: nobody knows whether that is committed
     */
    private record Turn(
            @Nullable RedeliveryTask task, long at, long arrival, long pauseMillis, int waiting, boolean unsure)
            implements Delayed {
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
        store.running().forEach(this::adopt);
        enqueue(null, bounds.lookMillis, 0, 0, false);
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
     * seconds, and not at all while several others of the application do.
     *
     * @param endpoint enabled
     * @param message its content is of no concern
     */
    public Resent resend(Endpoint endpoint, Message message) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(bounds.underWayMillis);
        Resent resent = ask(endpoint, message);
        if (isToBeAskedAgain(resent) && waits(endpoint.appNo())) {
            try {
                long pause = SHORT_MILLIS;
                while (isToBeAskedAgain(resent) && System.nanoTime() < until) {
                    TimeUnit.MILLISECONDS.sleep(pause);
                    pause = Math.min(LONGEST_PAUSE_OF_RESEND_MILLIS, 2 * pause);
                    resent = ask(endpoint, message);
                }
            } finally {
                waitingResends.computeIfPresent(endpoint.appNo(), (app, count) -> count == 1 ? null : count - 1);
            }
        }
        if (resent == Resent.QUEUED || resent == Resent.HASTENED) {
            metrics.asked(resent == Resent.QUEUED ? 1 : 0);
            lanes.asked(endpoint.appNo(), endpoint.no(), new long[] {message.seq});
        }
        return resent;
    }

    /**
     * Delivers dead letters of one endpoint once more.
     *
     * @param endpoint enabled
     * @param refs which; of this endpoint
     * @return what became of each: {@link Resent#BUSY} of all of them if others had their turn for too long
     */
    public Map<DeadLetters.Ref, Resent> replay(Endpoint endpoint, List<DeadLetters.Ref> refs)
            throws InterruptedException {
        Map<DeadLetters.Ref, Resent> busy = new HashMap<>();
        refs.forEach(ref -> busy.put(ref, Resent.BUSY));
        Map<DeadLetters.Ref, Resent> all = inTurn(
                endpoint,
                busy,
                () -> store.replay(endpoint.appNo(), endpoint.no(), ordered(endpoint), refs, time.micros()));
        long[] due = all.entrySet().stream()
                .filter(each -> each.getValue() == Resent.QUEUED || each.getValue() == Resent.HASTENED)
                .mapToLong(each -> each.getKey().seq())
                .toArray();
        if (due.length > 0) {
            metrics.asked(all.values().stream()
                    .filter(resent -> resent == Resent.QUEUED)
                    .count());
            lanes.asked(endpoint.appNo(), endpoint.no(), due);
        }
        return all;
    }

    private static boolean isToBeAskedAgain(Resent resent) {
        return resent == Resent.UNDER_WAY || resent == Resent.BUSY;
    }

    /** Whether one more of the application may wait: what waits takes a place of all requests. */
    private boolean waits(int appNo) {
        boolean[] may = new boolean[1];
        waitingResends.compute(appNo, (app, count) -> {
            int waiting = count == null ? 0 : count;
            may[0] = waiting < MOST_WAITING_RESENDS;
            return may[0] ? Integer.valueOf(waiting + 1) : count;
        });
        return may[0];
    }

    private Resent ask(Endpoint endpoint, Message message) throws InterruptedException {
        return inTurn(
                endpoint, Resent.BUSY, () -> store.resend(message, endpoint.no(), ordered(endpoint), time.micros()));
    }

    private static boolean ordered(Endpoint endpoint) {
        return endpoint.delivery().order().mode().ordered();
    }

    /**
     * Asks the books when it is this one's turn.
     *
     * @param otherwise if that does not come in time
     */
    private <T> T inTurn(Endpoint endpoint, T otherwise, Supplier<T> asking) throws InterruptedException {
        Semaphore stripe = stripes[Math.floorMod(endpoint.no(), STRIPES)];
        if (!stripe.tryAcquire(bounds.turnMillis, TimeUnit.MILLISECONDS)) {
            return otherwise;
        }
        try {
            if (!resends.tryAcquire(bounds.turnMillis, TimeUnit.MILLISECONDS)) {
                return otherwise;
            }
            try {
                return asking.get();
            } catch (RuntimeException e) {
                doubts.put(endpoint.no(), new Doubt(endpoint.appNo(), false));
                throw e;
            } finally {
                resends.release();
            }
        } finally {
            stripe.release();
        }
    }

    /**
     * Begins a task.
     *
     * @param application whose messages
     * @param endpoint one of its endpoints, enabled
     * @param kind what to look for
     * @param since messages accepted from then, microseconds since 1970
     * @param until and before then; not later than now counts
     * @param selection what is left out
     * @param createdBy who asks for it, for people
     */
    public Begun begin(
            Application application,
            Endpoint endpoint,
            RedeliveryTask.Kind kind,
            long since,
            long until,
            Selection selection,
            String createdBy) {
        long now = time.micros();
        RedeliveryTask.Draft draft = new RedeliveryTask.Draft(
                Ids.fresh("qtask_"),
                application.envNo(),
                application.no(),
                endpoint.no(),
                application.id(),
                endpoint.id(),
                kind,
                since,
                Math.min(until, now),
                selection,
                createdBy);
        Begun begun =
                Audit.about(new Audit.Subject(draft.envNo(), draft.appId(), draft.id()), () -> store.begin(draft, now));
        // One that is in the way may have been begun by a commit that its caller never heard of.
        adopt(
                switch (begun) {
                    case Begun.Started(RedeliveryTask task) -> task;
                    case Begun.Busy(RedeliveryTask running) -> running;
                });
        return begun;
    }

    /** Ends a task; null if it does not run. What its endpoint has in memory and has not begun is not begun. */
    public @Nullable RedeliveryTask cancel(RedeliveryTask task) {
        Redeliveries.Cancelled cancelled = store.cancel(task.no(), time.micros());
        if (cancelled == null) {
            return null;
        }
        metrics.forgotten(cancelled.withdrawn().size());
        lanes.withdrawn(task.endpointNo(), Set.copyOf(cancelled.withdrawn()));
        lanes.maybeAsked(task.appNo(), task.endpointNo()); // what was owed a retry before the task is owed it still
        return cancelled.task();
    }

    /**
     * Lets a task wait; null if it does not run. What its endpoint has in memory and has not begun is not begun, but for
     * what keeps its place in an order.
     */
    public @Nullable RedeliveryTask pause(RedeliveryTask task) {
        Redeliveries.Moved paused = store.pause(task.no(), time.micros());
        if (paused == null) {
            return null;
        }
        lanes.withdrawn(task.endpointNo(), Set.copyOf(paused.moved()));
        return paused.task();
    }

    /** Lets a task go on; null if it does not run. */
    public @Nullable RedeliveryTask resume(RedeliveryTask task) {
        Redeliveries.Moved moved = store.resume(task.no(), time.micros());
        if (moved == null) {
            return null;
        }
        if (!moved.moved().isEmpty()) {
            lanes.asked(
                    task.appNo(),
                    task.endpointNo(),
                    moved.moved().stream().mapToLong(Long::longValue).toArray());
        }
        if (!adopt(moved.task())) {
            resumed.add(task.no());
            if (!known.contains(task.no()) && resumed.remove(task.no())) {
                adopt(moved.task()); // its last turn was over before it could see that
            }
        }
        return moved.task();
    }

    /** The books, for reading. */
    public Redeliveries store() {
        return store;
    }

    // ---- the workers

    /** The task is worked on from now on. False if it is already. */
    private boolean adopt(RedeliveryTask task) {
        boolean fresh = known.add(task.no());
        if (fresh) {
            enqueue(task, 0, SHORT_MILLIS, 0, false);
        }
        return fresh;
    }

    private void forget(RedeliveryTask task) {
        known.remove(task.no());
        resumed.remove(task.no());
    }

    private void enqueue(@Nullable RedeliveryTask task, long millis, long pauseMillis, int waiting, boolean unsure) {
        line.add(new Turn(
                task,
                System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis),
                arrivals.incrementAndGet(),
                pauseMillis,
                waiting,
                unsure));
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
        } catch (Throwable e) {
            fatal.failed("the background tasks", e);
        }
    }

    private void turn(Turn turn) {
        RedeliveryTask task = turn.task;
        if (task == null) {
            lookForLost();
            return;
        }
        try {
            step(task, turn);
        } catch (RuntimeException e) {
            LOG.error("background task {} has failed", task.no(), e);
            giveUp(task, turn, "it could not go on: the server's log says why");
        }
    }

    /**
     * The database may go away during a commit, so that whoever asked for it hears of a failure and it happened all the
     * same: a task that nobody works on, a row that nobody looks at.
     */
    private void lookForLost() {
        try {
            store.running().forEach(this::adopt);
            doubts.forEach((endpointNo, doubt) -> {
                if (!doubt.old) {
                    doubts.replace(endpointNo, doubt, new Doubt(doubt.appNo, true));
                } else if (doubts.remove(endpointNo, doubt)) {
                    lanes.maybeAsked(doubt.appNo, endpointNo);
                }
            });
        } catch (HistoryException e) {
            LOG.warn("cannot look for background tasks now: {}", e.getMessage());
        }
        enqueue(null, bounds.lookMillis, 0, 0, false);
    }

    private void step(RedeliveryTask before, Turn turn) {
        Step step = store.step(before.no(), wishes, bounds.page, bounds.mostWaiting, time.micros());
        boolean unsure = step instanceof Step.Away;
        if (turn.unsure && !unsure) {
            // Whatever the earlier page came to is over: it held the lock that this one has had.
            lanes.maybeAsked(before.appNo(), before.endpointNo());
        }
        switch (step) {
            case Step.Moved(RedeliveryTask task, long[] queued, int added, boolean more) -> {
                if (queued.length > 0) {
                    metrics.asked(added);
                    lanes.asked(task.appNo(), task.endpointNo(), queued);
                }
                if (task.status() == RedeliveryTask.Status.RUNNING) {
                    enqueue(task, more ? 0 : SHORT_MILLIS, SHORT_MILLIS, 0, false);
                } else {
                    forget(task);
                }
            }
            case Step.Paused _ -> {
                known.remove(before.no());
                if (resumed.remove(before.no())) {
                    adopt(before); // whoever let it go on has found that it was known
                }
            }
            case Step.Full(int waiting) -> {
                // Looks more and more seldom while nothing moves, and soon again when something does.
                long pause = waiting == turn.waiting ? longer(turn.pauseMillis) : SHORT_MILLIS;
                enqueue(before, pause, pause, waiting, false);
            }
            case Step.Away(String why) -> {
                LOG.warn("background task {} waits: {}", before.no(), why);
                long pause = longer(turn.pauseMillis);
                enqueue(before, pause, pause, turn.waiting, true);
            }
            case Step.Busy _ -> enqueue(before, SHORT_MILLIS, SHORT_MILLIS, turn.waiting, false);
            case Step.Ended _ -> {
                LOG.debug("background task {} has ended", before.no());
                forget(before);
            }
        }
    }

    private static long longer(long millis) {
        return Math.min(LONG_MILLIS, millis * 2);
    }

    private static Redeliveries.@Nullable Wish wishes(Catalog catalog, int appNo, int endpointNo) {
        AppView view = catalog.appByNo(appNo);
        Endpoint endpoint = view == null ? null : view.endpointByNo(endpointNo);
        return view == null || endpoint == null
                ? null
                : new Redeliveries.Wish(
                        message -> (message.onlyEndpointNo == 0 || message.onlyEndpointNo == endpointNo)
                                && catalog.permits(view.application(), message.eventType)
                                && catalog.wants(view.application(), endpoint, message.eventType, message.channels),
                        ordered(endpoint));
    }

    private void giveUp(RedeliveryTask task, Turn turn, String why) {
        try {
            store.fail(task.no(), why, time.micros());
        } catch (HistoryException e) {
            LOG.warn("that background task {} has failed cannot be recorded yet: {}", task.no(), e.getMessage());
            enqueue(task, LONG_MILLIS, LONG_MILLIS, turn.waiting, turn.unsure); // it fails again then
            return;
        }
        forget(task);
        if (turn.unsure) {
            lanes.maybeAsked(task.appNo(), task.endpointNo());
        }
    }
}
