package io.posthorn.dispatch;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointChange;
import io.posthorn.egress.AddressResolver;
import io.posthorn.egress.Egress;
import io.posthorn.egress.EgressPolicy;
import io.posthorn.egress.EgressSettings;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.egress.Target;
import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.history.EndpointTroubles;
import io.posthorn.history.Recorder;
import io.posthorn.history.SettledPositions;
import io.posthorn.history.Settlement;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Expression;
import io.posthorn.runtime.FairWorkers;
import io.posthorn.runtime.Fatal;
import io.posthorn.runtime.Notices;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All lanes: knows which event loop owns which endpoint, and carries what concerns a lane to its loop.
 */
public final class Dispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    private static final long TICK_MILLIS = 25;
    private static final int FETCHES_AT_ONCE = 3;
    private static final long LOOK_WHETHER_DONE_MILLIS = 20;
    private static final long AGAIN_MILLIS = 1_000;
    private static final int DUE_AT_ONCE = 5_000;
    private static final long LOOPS_ANSWER_WITHIN_SECONDS = 5;

    private record Owner(Context context, LaneLoop lanes, Egress egress, Routes routes) {}

    private final Catalog catalog;
    private final Recorder recorder;
    private final SettledPositions positions;
    private final Backlog backlog;
    private final Notices notices;
    private final DispatchMetrics metrics;
    private final Fatal fatal;
    private final Listeners listeners;
    private final EndpointTroubles troubles;
    private final TroubleKeeper keeper;
    private final Assessors assessors = new Assessors();
    private final FairWorkers makers;
    private final TlsIdentities identities;
    private final EgressPolicy policy;
    private final Time time;
    private final List<Owner> owners = new ArrayList<>();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Semaphore fetches = new Semaphore(FETCHES_AT_ONCE);
    /** One at a time: they may take long. */
    private final Semaphore rekeyings = new Semaphore(1);
    /** For each shard the highest number whose deliveries the loops were told of; guarded by {@link #handing}. */
    private final long[] handed = new long[Shards.COUNT];

    private final Lock handing = new ReentrantLock();
    private final Condition handedOn = handing.newCondition();

    /**
     * A dispatcher whose loops run, with nothing to do yet.
     *
     * @param vertx whose event loops it uses
     * @param loops how many of them
     * @param settings the bounds for all loops together
     * @param egressSettings how requests may leave
     * @param resolver of names
     * @param catalog the endpoints
     * @param recorder where outcomes go; it is started by this
     * @param positions what is owed
     * @param backlog the deferred deliveries
     * @param troubles what is remembered of endpoints in trouble
     * @param shaping what requests need that are not the usual ones
     * @param time the clock
     * @param metrics of attempts
     * @param notices told of circuits that open
     * @param fatal told if the lanes cannot go on
     */
    public Dispatcher(
            Vertx vertx,
            int loops,
            DispatchSettings settings,
            EgressSettings egressSettings,
            AddressResolver resolver,
            Catalog catalog,
            Recorder recorder,
            SettledPositions positions,
            Backlog backlog,
            EndpointTroubles troubles,
            Shaping shaping,
            Time time,
            DispatchMetrics metrics,
            Notices notices,
            Fatal fatal)
            throws InterruptedException {
        this.catalog = catalog;
        this.recorder = recorder;
        this.positions = positions;
        this.backlog = backlog;
        this.troubles = troubles;
        this.keeper = new TroubleKeeper(troubles);
        this.time = time;
        this.metrics = metrics;
        this.notices = notices;
        this.fatal = fatal;
        this.policy = egressSettings.policy();
        this.listeners = new Listeners(catalog, egressSettings, settings.attemptTimeout(), time);
        this.makers = new FairWorkers("posthorn-make-", Math.max(2, loops));
        this.identities = new TlsIdentities(makers);
        DispatchSettings share = settings.share(loops);
        InstantSource clock = () -> Time.instant(time.micros());
        for (Context context : EventLoops.take(vertx, loops)) {
            Egress egress = new Egress(context, egressSettings, resolver, clock);
            Routes routes = new RouteFactory(
                    catalog, egress, policy, listeners, context, settings, shaping, makers, identities, time);
            owners.add(
                    new Owner(context, new LaneLoop(share, routes, new Ports(context), time, metrics), egress, routes));
        }
        for (int i = 0; i < owners.size(); i++) {
            run(i, loop -> vertx.setPeriodic(TICK_MILLIS, timer -> guarded(loop::tick)));
        }
        keeper.start();
        recorder.start(this::committed);
        catalog.onEndpointChange(this::changed);
    }

    /** Those who take deliveries over a connection of theirs. */
    public Listeners listeners() {
        return listeners;
    }

    /** An empty batch of deliveries. */
    public Handover handover() {
        return new Handover(this, owners.size());
    }

    /**
     * Blocks while so much waits to be recorded that nothing should be added.
     *
     * @param millis how long at most
     * @return whether there is room now
     */
    public boolean awaitRoom(long millis) throws InterruptedException {
        return recorder.awaitRoom(millis);
    }

    /** Tells the lanes what is remembered of their trouble. At the start, before {@link #loadBacklog}. Blocks. */
    public void loadTroubles() throws Backlog.BacklogUnavailable {
        for (EndpointTroubles.Remembered each : troubles.all()) {
            run(loopOf(each.trouble().endpointNo()), loop -> loop.remember(each.appNo(), each.trouble()));
        }
    }

    /**
     * Tells the lanes what they have in the backlog. At the start, before anything is handed over. Blocks.
     *
     * @return how many deliveries that is
     */
    public long loadBacklog() throws Backlog.BacklogUnavailable {
        AtomicLong rows = new AtomicLong();
        backlog.summaries(summary -> {
            rows.addAndGet(summary.rows());
            run(loopOf(summary.endpointNo()), loop -> loop.backlog(summary));
        });
        return rows.get();
    }

    /** Recovery is over: everything that it found was handed over. Does not wait. */
    public void recovered() {
        for (int i = 0; i < owners.size(); i++) {
            run(i, LaneLoop::recovered);
        }
    }

    int loopOf(int endpointNo) {
        return Math.floorMod(endpointNo, owners.size());
    }

    /**
     * Calls endpoints now, all at the same moment and past what waits for them, and says what came of each: for somebody
     * who waits. Each outcome is on record like any attempt, and none is tried again. An endpoint may be left out that is
     * disabled, paused, in trouble, or has as many requests as it may. Does not wait.
     *
     * @param message committed, and owed to nobody ({@link Message#NOBODY})
     * @param endpoints of its application
     * @param most how long to wait for each, if its own deadline is not sooner
     * @param each told once for each endpoint, on its event loop: it must not block
     */
    public void call(Message message, Endpoint[] endpoints, Duration most, BiConsumer<Endpoint, Called> each) {
        for (Endpoint endpoint : endpoints) {
            run(
                    loopOf(endpoint.no()),
                    loop -> loop.call(message, endpoint.no(), most, called -> each.accept(endpoint, called)));
        }
    }

    /** Requests that are no deliveries: for checks of endpoints. */
    public EndpointCheck.Exchanges exchanges() {
        return new EndpointCheck.Exchanges() {
            @Override
            public CompletableFuture<Exchange> send(
                    Endpoint endpoint,
                    Target target,
                    Message message,
                    String method,
                    @Nullable String path,
                    String[] headers,
                    Duration most) {
                Owner owner = owners.get(loopOf(endpoint.no()));
                return made(owner, done -> {
                    String[] all = MessageHeaders.behind(headers, Credentials.headers(endpoint));
                    Outgoing outgoing = new Outgoing(message, method, path, null, all, message.payload);
                    Credentials.sender(endpoint, target, owner.egress, policy, identities, owner.context, time)
                            .send(outgoing, most, done);
                });
            }

            @Override
            public CompletableFuture<Exchange> deliver(Endpoint endpoint, Message message, Duration most) {
                Owner owner = owners.get(loopOf(endpoint.no()));
                return made(owner, done -> owner.routes.of(endpoint).send(message, 1, most, done));
            }

            private CompletableFuture<Exchange> made(Owner owner, Consumer<Consumer<Exchange>> request) {
                CompletableFuture<Exchange> done = new CompletableFuture<>();
                owner.context.runOnContext(ignored -> {
                    try {
                        request.accept(done::complete);
                    } catch (RuntimeException e) {
                        LOG.info("a request that is no delivery cannot be made: {}", e.toString());
                        Outcome failure = new Outcome.Failure(
                                FailureKind.PROTOCOL, "the request cannot be made: " + e.getMessage());
                        done.complete(new Exchange(time.micros(), 0, failure));
                    }
                });
                return done;
            }
        };
    }

    /** Deliveries were asked for again; parameters as {@link LaneLoop#asked}. Does not wait. */
    void asked(int appNo, int endpointNo, long[] seqs) {
        run(loopOf(endpointNo), loop -> loop.asked(appNo, endpointNo, seqs));
    }

    /** Deliveries may have been asked for again; parameters as {@link LaneLoop#maybeAsked}. Does not wait. */
    void maybeAsked(int appNo, int endpointNo) {
        run(loopOf(endpointNo), loop -> loop.maybeAsked(appNo, endpointNo));
    }

    /**
     * Deliveries are wanted no more, and their rows in the backlog are gone: those that have not begun do not. Does not
     * wait.
     *
     * @param endpointNo the endpoint
     * @param seqs of the messages
     */
    public void withdrawn(int endpointNo, Set<Long> seqs) {
        run(loopOf(endpointNo), loop -> loop.withdrawn(endpointNo, seqs));
    }

    void owe(Message message, int endpoints) {
        positions.owe(Shards.of(message.appNo), message.seq, message.createdAt, endpoints);
    }

    /** Up to these numbers, one for each shard, messages are with the loops or need not be. */
    void handed(long[] last) {
        handing.lock();
        try {
            for (int shard = 0; shard < handed.length; shard++) {
                handed[shard] = Math.max(handed[shard], last[shard]);
            }
            handedOn.signalAll();
        } finally {
            handing.unlock();
        }
    }

    /**
     * Waits until the loops were told of a message, if its publisher has been faster.
     *
     * @param millis how long at most
     * @return whether they were
     */
    boolean awaitHanded(Message message, long millis) throws InterruptedException {
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        handing.lock();
        try {
            while (handed[Shards.of(message.appNo)] < message.seq) {
                if (left <= 0) {
                    return false;
                }
                left = handedOn.awaitNanos(left);
            }
            return true;
        } finally {
            handing.unlock();
        }
    }

    /**
     * Ends what waits in memory for a message. Blocks.
     *
     * @param message handed over, and without content in the database from now on
     * @return the endpoints whose lanes see to it that its row in the backlog, if there is one, goes
     */
    Set<Integer> withdraw(Message message) {
        AppView app = catalog.appByNo(message.appNo);
        if (app == null) {
            return Set.of();
        }
        List<Integer> endpoints = app.endpoints().stream().map(Endpoint::no).toList();
        Set<Integer> theirs = ConcurrentHashMap.newKeySet();
        ask(loop -> theirs.addAll(loop.withdraw(endpoints, message)));
        return theirs;
    }

    /**
     * Keeps the deliveries of a message from beginning, until {@link #release}. Blocks.
     *
     * @param message handed over
     * @param begun where the endpoints are put that are being sent it
     * @return false if some delivery is on its way to the disk; to be asked again, after the release
     */
    boolean hold(Message message, Set<Integer> begun) {
        List<Integer> endpoints = endpointsOf(message);
        Set<Integer> found = ConcurrentHashMap.newKeySet();
        AtomicBoolean all = new AtomicBoolean(true);
        ask(loop -> {
            if (!loop.hold(endpoints, message, found)) {
                all.set(false);
            }
        });
        begun.addAll(found);
        return all.get();
    }

    /** What was held and is still there goes on. Does not wait. */
    void release(Message message) {
        List<Integer> endpoints = endpointsOf(message);
        for (int i = 0; i < owners.size(); i++) {
            run(i, loop -> loop.release(endpoints, message));
        }
    }

    private List<Integer> endpointsOf(Message message) {
        AppView app = catalog.appByNo(message.appNo);
        return app == null
                ? List.of()
                : app.endpoints().stream().map(Endpoint::no).toList();
    }

    /** As {@link Recorder#awaitWritten}. */
    boolean awaitWritten(long millis) throws InterruptedException {
        return recorder.awaitWritten(millis);
    }

    /** Rows in the backlog of a message are gone; what was held up by them goes on. Does not wait. */
    void ended(Message message) {
        AppView app = catalog.appByNo(message.appNo);
        if (app != null) {
            Set<Long> seq = Set.of(message.seq);
            app.endpoints().forEach(endpoint -> {
                if (endpoint.delivery().order().mode().ordered()) {
                    withdrawn(endpoint.no(), seq);
                }
            });
        }
    }

    void run(int loop, Consumer<LaneLoop> task) {
        Owner owner = owners.get(loop);
        owner.context.runOnContext(ignored -> guarded(() -> task.accept(owner.lanes)));
    }

    /** An exception that only the event loop's log would see leaves deliveries that nobody would ever make. */
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            lanesFailed(e);
        }
    }

    private void lanesFailed(Throwable why) {
        fatal.failed("the lanes of an event loop", why);
    }

    /** Requests in flight, in all. */
    public long inFlight() {
        return sum(LaneLoop::inFlight);
    }

    /** Deliveries that wait in memory, in all. */
    public long queued() {
        return sum(LaneLoop::queued);
    }

    /** Memory that deliveries take, bytes. */
    public long memoryBytes() {
        return sum(LaneLoop::bytes);
    }

    /** Endpoints whose circuit is open. */
    public long openCircuits() {
        return sum(LaneLoop::openCircuits);
    }

    /**
     * How an endpoint is doing. Blocks, for some seconds at most.
     *
     * @return null if its event loop does not answer in time
     */
    public @Nullable EndpointHealth health(Endpoint endpoint) {
        CompletableFuture<EndpointHealth> health = new CompletableFuture<>();
        run(loopOf(endpoint.no()), loop -> health.complete(loop.health(endpoint)));
        try {
            return health.get(LOOPS_ANSWER_WITHIN_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (TimeoutException _) {
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException("nobody completes it with an exception", e);
        }
    }

    /** Asks every loop on its own thread. Blocks, so never call it on one of them. */
    private long sum(ToLongFunction<LaneLoop> figure) {
        AtomicLong sum = new AtomicLong();
        ask(loop -> sum.addAndGet(figure.applyAsLong(loop)));
        return sum.get();
    }

    private void ask(Consumer<LaneLoop> question) {
        CountDownLatch asked = new CountDownLatch(owners.size());
        for (int i = 0; i < owners.size(); i++) {
            run(i, loop -> {
                question.accept(loop);
                asked.countDown();
            });
        }
        try {
            if (!asked.await(LOOPS_ANSWER_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the event loops do not answer");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** On the recorder's thread: lanes hear of what concerns the backlog; plain successes do not. */
    private void committed(List<Settlement> settlements) {
        List<@Nullable List<Settlement>> loops = new ArrayList<>();
        for (int i = 0; i < owners.size(); i++) {
            loops.add(null);
        }
        for (Settlement settlement : settlements) {
            if (settlement.fromDeferral() || waits(settlement.verdict())) {
                int loop = loopOf(settlement.endpointNo());
                List<Settlement> list = loops.get(loop);
                if (list == null) {
                    list = new ArrayList<>();
                    loops.set(loop, list);
                }
                list.add(settlement);
            }
        }
        for (int i = 0; i < loops.size(); i++) {
            List<Settlement> list = loops.get(i);
            if (list != null) {
                run(i, loop -> loop.committed(list));
            }
        }
    }

    private static boolean waits(Verdict verdict) {
        return switch (verdict) {
            case Verdict.RetryAt _, Verdict.Parked _, Verdict.Held _ -> true;
            case Verdict.Delivered _,
                    Verdict.Exhausted _,
                    Verdict.Gone _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Cancelled _,
                    Verdict.Dropped _ -> false;
        };
    }

    private void changed(EndpointChange change) {
        switch (change) {
            case EndpointChange.Changed(Endpoint endpoint) ->
                run(loopOf(endpoint.no()), loop -> loop.changed(endpoint));
            case EndpointChange.Removed(Endpoint endpoint) -> {
                run(loopOf(endpoint.no()), loop -> loop.removed(endpoint.no()));
                workers.execute(() -> forget(endpoint.no()));
            }
        }
    }

    /** Its lane stands still from now on, so this must succeed, also if the database is away for a while. */
    private void disable(int endpointNo, String why, long failingSince) {
        while (true) {
            try {
                catalog.disable(endpointNo, why, failingSince == 0 ? null : Time.instant(failingSince));
                return;
            } catch (RuntimeException e) {
                LOG.warn("an endpoint could not be disabled yet ({}): {}", why, e.getMessage());
                if (!pause()) {
                    return; // it stays enabled; the next start sends to it again, and it fails again
                }
            }
        }
    }

    /** Pages, so that no lock is held for long. The lane hears of it in any case: it can go on without. */
    private void makeDue(int endpointNo) {
        long now = time.micros();
        try {
            int made = DUE_AT_ONCE;
            while (made == DUE_AT_ONCE && stopped.getCount() > 0) {
                made = troubles.makeDue(endpointNo, now, DUE_AT_ONCE);
            }
        } catch (Backlog.BacklogUnavailable e) {
            LOG.warn("retries of an endpoint that is well again stay when they were due: {}", e.getMessage());
        }
    }

    /** False if the dispatcher has stopped. */
    private boolean pause() {
        try {
            return !stopped.await(AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void forget(int endpointNo) {
        try {
            metrics.forgotten(backlog.forget(endpointNo));
        } catch (Backlog.BacklogUnavailable e) {
            LOG.warn(
                    "the backlog of a deleted endpoint could not be removed, the next start does it: {}",
                    e.getMessage());
        }
    }

    /**
     * Begins no more requests from now on; what comes is parked. The first step of a stop, so that what is under way
     * then is what has to be waited for.
     */
    public void beginNoMore() {
        for (int i = 0; i < owners.size(); i++) {
            run(i, LaneLoop::stop);
        }
    }

    /**
     * Begins no more requests, waits for those in flight, and settles the rest as deferred.
     *
     * @param graceMillis how long to wait for requests in flight
     */
    public void stop(long graceMillis) throws InterruptedException {
        try {
            stopLoops(graceMillis);
            listeners.stop();
        } finally {
            stopped.countDown();
            assessors.close();
            makers.close();
            keeper.close();
            recorder.close();
            workers.shutdown();
        }
    }

    private void stopLoops(long graceMillis) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMillis);
        beginNoMore();
        while (inFlight() > 0 && System.nanoTime() < until) {
            TimeUnit.MILLISECONDS.sleep(LOOK_WHETHER_DONE_MILLIS);
        }
        CountDownLatch given = new CountDownLatch(owners.size());
        for (int i = 0; i < owners.size(); i++) {
            int no = i;
            run(i, loop -> {
                loop.giveUp();
                owners.get(no).egress.close();
                given.countDown();
            });
        }
        if (!given.await(LOOPS_ANSWER_WITHIN_SECONDS, TimeUnit.SECONDS)) {
            LOG.warn("an event loop does not answer; what it has in flight is found again by the next start");
        }
    }

    private final class Ports implements LanePorts {
        private final Context context;

        Ports(Context context) {
            this.context = context;
        }

        @Override
        public void record(Settlement settlement) {
            recorder.record(settlement);
        }

        @Override
        public boolean full() {
            return recorder.full();
        }

        @Override
        public @Nullable Endpoint endpoint(int appNo, int endpointNo) {
            AppView app = catalog.appByNo(appNo);
            return app == null ? null : app.endpointByNo(endpointNo);
        }

        @Override
        public void failed(Throwable why) {
            lanesFailed(why);
        }

        @Override
        public void disable(int endpointNo, String why, long failingSince) {
            workers.execute(() -> Dispatcher.this.disable(endpointNo, why, failingSince));
        }

        @Override
        public void circuitOpened(int appNo, int endpointNo, int failures, long probeAt) {
            notices.circuitOpened(appNo, endpointNo, failures, probeAt);
        }

        @Override
        public void ask(
                int endpointNo, String expression, Outcome.Response response, Consumer<Expression.Answer> done) {
            assessors.ask(
                    endpointNo,
                    expression,
                    response,
                    answer -> context.runOnContext(ignored -> guarded(() -> done.accept(answer))));
        }

        @Override
        public void well(int endpointNo, Runnable done) {
            workers.execute(() -> {
                makeDue(endpointNo);
                context.runOnContext(ignored -> guarded(done));
            });
        }

        @Override
        public void keep(List<EndpointTrouble> inTrouble, List<Integer> well) {
            keeper.keep(inTrouble, well);
        }

        @Override
        public void waiting(
                int endpointNo,
                long acceptedUntil,
                long afterSeq,
                long[] claimed,
                int most,
                Consumer<@Nullable List<Backlog.Waiting>> done) {
            workers.execute(() -> {
                List<Backlog.Waiting> waiting = readWaiting(endpointNo, acceptedUntil, afterSeq, claimed, most);
                context.runOnContext(ignored -> guarded(() -> done.accept(waiting)));
            });
        }

        private @Nullable List<Backlog.Waiting> readWaiting(
                int endpointNo, long acceptedUntil, long afterSeq, long[] claimed, int most) {
            fetches.acquireUninterruptibly();
            try {
                return backlog.waiting(endpointNo, acceptedUntil, afterSeq, claimed, most);
            } catch (Backlog.BacklogUnavailable e) {
                LOG.warn("what has waited too long cannot be read, trying again: {}", e.getMessage());
                return null;
            } finally {
                fetches.release();
            }
        }

        @Override
        public boolean paused(int appNo) {
            AppView app = catalog.appByNo(appNo);
            return app != null && app.application().paused();
        }

        @Override
        public void rekey(int endpointNo, int version, ToLongFunction<Message> key, Consumer<Boolean> done) {
            workers.execute(() -> {
                boolean keyed = keyed(endpointNo, version, key);
                context.runOnContext(ignored -> guarded(() -> done.accept(keyed)));
            });
        }

        private boolean keyed(int endpointNo, int version, ToLongFunction<Message> key) {
            rekeyings.acquireUninterruptibly(); // not one of the places for looks: it may take minutes
            try {
                backlog.rekey(endpointNo, version, key);
                return true;
            } catch (Backlog.BacklogUnavailable e) {
                LOG.warn("the backlog cannot be put in another order yet, trying again: {}", e.getMessage());
                return false;
            } finally {
                rekeyings.release();
            }
        }

        @Override
        public void fetch(
                int endpointNo,
                long now,
                long[] claimed,
                Backlog.@Nullable Ordered ordered,
                int most,
                long mostBytes,
                Consumer<Backlog.@Nullable Fetched> done) {
            workers.execute(() -> {
                Backlog.Fetched fetched = read(endpointNo, now, claimed, ordered, most, mostBytes);
                context.runOnContext(ignored -> guarded(() -> done.accept(fetched)));
            });
        }

        private Backlog.@Nullable Fetched read(
                int endpointNo, long now, long[] claimed, Backlog.@Nullable Ordered ordered, int most, long mostBytes) {
            fetches.acquireUninterruptibly();
            try {
                Backlog.Fetched fetched = ordered == null
                        ? backlog.fetch(endpointNo, now, claimed, most, mostBytes)
                        : backlog.fetch(endpointNo, now, claimed, ordered, most, mostBytes);
                metrics.forgotten(fetched.forgotten());
                return fetched;
            } catch (Backlog.BacklogUnavailable e) {
                LOG.warn("the backlog cannot be read, trying again: {}", e.getMessage());
                return null;
            } finally {
                fetches.release();
            }
        }
    }
}
