package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.dispatch.Called;
import io.posthorn.intake.AcceptResult;
import io.posthorn.intake.AnswerKeys;
import io.posthorn.intake.Intake;
import io.posthorn.intake.MessageParser;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.ParsedMessage;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.Submission;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /api/v1/app/{app}/msg/sync}: the publisher waits while its subscribers are asked.
 *
 * <pre>
 *   the request ──▶ intake ═commit═▶ message, owed to nobody
 *                                       │
 *                        every subscriber is called at the same moment
 *                                       │ what each has answered ═▶ attempt (the publisher does not wait for that)
 *                                       ▼
 *                    decided, at the deadline at the latest ──▶ 200
 * </pre>
 *
 * <p>The message is on record like any other, and so is each attempt; nothing is tried again, and after the end of the
 * process nobody takes up what was under way: the publisher is not there any more. The body is read here and not around
 * all operations, because the payload goes on byte for byte.
 *
 * <p>No thread waits: what has come to its end begins the next step, from the event loop to the intake, to the event loops
 * of the endpoints, and back. Each hop to another thread costs the publisher some of the few milliseconds that all this may
 * take. Only requests with an {@code Idempotency-Key}, and answers that an expression merges, have a thread of their own.
 */
public final class SyncRoutes implements RouteModule, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SyncRoutes.class);
    private static final String APP = "/api/v1/app/";
    private static final String SYNC = "/msg/sync";

    /** Under way in all: each is a request that waits. */
    private static final int MOST = 512;
    /** Under way of one application. */
    private static final int MOST_OF_ONE = 100;

    private static final int MOST_SUBSCRIBERS = 50;
    private static final int RETRY_SECONDS = 1;

    /** How subscribers are asked. */
    @FunctionalInterface
    public interface Calls {
        /** As {@link io.posthorn.dispatch.Dispatcher#call}. */
        void call(Message message, Endpoint[] endpoints, Duration most, BiConsumer<Endpoint, Called> each);
    }

    private final Catalog catalog;
    private final PayloadChecks checks;
    private final Intake intake;
    private final Calls calls;
    private final ApplicationPace pace;
    private final Repeats repeats;
    private final Vertx vertx;
    /** For requests with a key. */
    private final Blocking blocking;
    /** For what is merged. */
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("sync-", 0).factory());

    private final Semaphore room = new Semaphore(MOST);
    private final SyncMerger merger = new SyncMerger();
    /** By the number of the application; no entry for none. */
    private final ConcurrentHashMap<Integer, Integer> underWay = new ConcurrentHashMap<>();

    /**
     * The operation.
     *
     * @param vertx whose event loops answer
     * @param catalog says who subscribes
     * @param checks hold messages against the catalogue
     * @param intake takes the messages
     * @param calls reaches the subscribers
     * @param pace that of the applications, whoever sends
     * @param keys which requests have been answered already
     */
    public SyncRoutes(
            Vertx vertx,
            Catalog catalog,
            PayloadChecks checks,
            Intake intake,
            Calls calls,
            ApplicationPace pace,
            AnswerKeys keys) {
        this.checks = checks;
        this.catalog = catalog;
        this.intake = intake;
        this.calls = calls;
        this.pace = pace;
        this.repeats = new Repeats(keys);
        this.vertx = vertx;
        this.blocking = new Blocking(vertx, MOST);
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.fast(APP + ":app" + SYNC, Access.SEND));
    }

    /** The operation where requests come in. */
    public FastRoutes fast() {
        return (loop, authenticator, bodies, mostBody) ->
                request -> tryHandle(request, authenticator, bodies, mostBody);
    }

    private boolean tryHandle(HttpServerRequest request, Authenticator authenticator, Bodies bodies, int mostBody) {
        String path = request.path();
        if (path == null || !HttpMethod.POST.equals(request.method()) || !path.startsWith(APP)) {
            return false;
        }
        int slash = path.indexOf('/', APP.length());
        if (slash < 0 || !path.startsWith(SYNC, slash)) {
            return false;
        }
        String rest = path.substring(slash + SYNC.length());
        if (!rest.isEmpty() && !rest.equals("/")) {
            return false;
        }
        long since = System.nanoTime();
        Caller caller = authenticator.caller(request);
        if (caller == null || !Authenticator.permits(request, caller, Access.SEND)) {
            return true;
        }
        AppView app = catalog.app(caller.env(), path.substring(APP.length(), slash));
        if (app == null) {
            Errors.notFound(request, "there is no such application");
            return true;
        }
        if (!AcceptRoute.isEncoded(request)) {
            Errors.write(request, Errors.BAD_ENCODING);
            return true;
        }
        String key = request.getHeader(Repeats.HEADER);
        if (key != null && !Repeats.isKey(key)) {
            Errors.write(request, Answer.invalid(List.of(Repeats.noKey())));
            return true;
        }
        Application application = app.application();
        bodies.read(request, mostBody, body -> {
            if (key == null) {
                Context loop = vertx.getOrCreateContext();
                new Work(application, body, since, answer -> loop.runOnContext(any -> Errors.write(request, answer)))
                        .begin();
            } else {
                String operation = "POST " + request.uri();
                blocking.run(
                        request,
                        () -> repeats.once(caller, key, operation, body, () -> waited(application, body, since)));
            }
        });
        return true;
    }

    /** Blocks. */
    private Answer waited(Application application, byte[] body, long since) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        new Work(application, body, since, answer::complete).begin();
        try {
            return answer.get(3 * SyncRequest.LONGEST_DEADLINE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Answer.unavailable("the server is stopping", RETRY_SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new IllegalStateException("each step has a deadline, and none throws", e);
        }
    }

    /** Something that is waited for: it comes, or it is too late, and only one of both happens. */
    private final class Wait {
        private final AtomicBoolean over = new AtomicBoolean();
        private final long timer;

        Wait(Duration most, Runnable tooLate) {
            timer = vertx.setTimer(Math.max(1, most.plusNanos(999_999).toMillis()), fired -> {
                if (over.compareAndSet(false, true)) {
                    tooLate.run();
                }
            });
        }

        /** It has come; false if that was too late. */
        boolean ends() {
            boolean inTime = over.compareAndSet(false, true);
            if (inTime) {
                vertx.cancelTimer(timer);
            }
            return inTime;
        }
    }

    /** One request: the steps until it is being asked. Each has one that follows it, so no two are done at once. */
    private final class Work {
        private final Application application;
        private final byte[] body;
        private final long since;
        private final Consumer<Answer> done;
        /** Counts among those that are under way. */
        private boolean counted;

        /**
         * Nothing yet.
         *
         * @param since when the request was there, as {@link System#nanoTime}
         * @param done told once, on any thread
         */
        Work(Application application, byte[] body, long since, Consumer<Answer> done) {
            this.application = application;
            this.body = body;
            this.since = since;
            this.done = done;
        }

        void begin() {
            if (room.tryAcquire()) {
                step(this::check);
            } else {
                done.accept(Answer.unavailable("too many requests are being worked on", RETRY_SECONDS));
            }
        }

        /** The last step. */
        private void end(Answer answer) {
            if (counted) {
                ends(application);
            }
            room.release();
            done.accept(answer);
        }

        /** Steps are done on threads of others, who must not hear of what goes wrong here; the publisher does. */
        private void step(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException | StackOverflowError e) {
                end(Failures.answer(e));
            }
        }

        /** Held against the schema of its event type, if that is wanted. */
        private void check() {
            ParsedMessage read = MessageParser.parse(application.no(), body, null);
            ParsedMessage asItIs =
                    read instanceof ParsedMessage.Ok(NewMessage whole) ? new ParsedMessage.Ok(whole.forNobody()) : read;
            if (read instanceof ParsedMessage.Invalid || !checks.concern(application.envNo())) {
                take(asItIs);
                return;
            }
            Wait wait = new Wait(SyncRequest.LONGEST_DEADLINE, () -> end(Errors.BUSY));
            boolean begun = checks.check(application.envNo(), List.of(asItIs), Runnable::run, checked -> {
                if (wait.ends()) {
                    step(() -> {
                        if (checked.isEmpty()) {
                            end(Errors.BUSY);
                        } else {
                            take(checked.getFirst());
                        }
                    });
                }
            });
            if (!begun && wait.ends()) {
                end(Errors.BUSY);
            }
        }

        private void take(ParsedMessage checked) {
            switch (checked) {
                case ParsedMessage.Invalid(List<ParsedMessage.Problem> problems) -> end(Errors.invalid(problems));
                // an event id that was used before is told as such only if the message could be sent: nothing is
                // repeated
                case ParsedMessage.Refused refused -> end(Errors.invalid(refused.problems()));
                case ParsedMessage.Ok(NewMessage message) -> take(message);
            }
        }

        private void take(NewMessage message) {
            List<Problem> problems = new ArrayList<>();
            SyncRequest sync = SyncRequest.of(MessageParser.member(body, "sync"), problems);
            if (message.deliverAt() != 0) {
                problems.add(Problem.value("cannot be given for a synchronous message", "body", "deliverAt"));
            }
            if (!problems.isEmpty()) {
                end(Answer.invalid(problems));
                return;
            }
            counted = begins(application);
            if (counted) {
                submit(message, sync);
            } else {
                end(Answer.error(
                        429,
                        "busy",
                        "this application has " + MOST_OF_ONE + " synchronous messages under way",
                        Answer.retryAfter(RETRY_SECONDS)));
            }
        }

        private void submit(NewMessage message, SyncRequest sync) {
            String refusal = intake.refusal(1);
            if (refusal != null) {
                end(Answer.unavailable(refusal, AcceptRoute.RETRY_FULL_SECONDS));
                return;
            }
            if (subscribers(message.eventType(), message.channels()).length > MOST_SUBSCRIBERS) {
                end(Answer.error(
                        409, "limit", "a synchronous message is for at most " + MOST_SUBSCRIBERS + " endpoints"));
                return;
            }
            Answer tooFast = pace.refuse(application, 1);
            if (tooFast != null) {
                end(tooFast);
                return;
            }
            AtomicReference<@Nullable Submission> submitted = new AtomicReference<>();
            Wait wait = new Wait(left(sync), () -> {
                Submission late = submitted.get();
                if (late != null) {
                    late.withdraw();
                }
                end(Errors.UNAVAILABLE);
            });
            Submission submission = new Submission(message, Runnable::run, result -> {
                if (wait.ends()) {
                    step(() -> accepted(result, sync));
                }
            });
            submitted.set(submission);
            if (!intake.submit(List.of(submission)) && wait.ends()) {
                pace.giveBack(application, 1);
                end(Errors.BUSY);
            }
        }

        private void accepted(AcceptResult result, SyncRequest sync) {
            switch (result) {
                case AcceptResult.Accepted(Message message) -> {
                    Endpoint[] endpoints = subscribers(message.eventType, message.channels);
                    new Asking(this, message, sync, endpoints).begin();
                }
                case AcceptResult.EventIdTaken(String firstId) -> end(Errors.eventIdTaken(firstId));
                case AcceptResult.Unavailable _ -> end(Errors.UNAVAILABLE);
                case AcceptResult.Failed _ -> end(Errors.INTERNAL);
                case AcceptResult.Refused(List<ParsedMessage.Problem> problems) -> end(Errors.invalid(problems));
                case AcceptResult.Repeated _, AcceptResult.KeyReused _ ->
                    throw new IllegalStateException("it was given no key: " + result);
            }
        }

        private Endpoint[] subscribers(String eventType, List<String> channels) {
            AppView view = catalog.appByNo(application.no());
            return view == null || !catalog.permits(view.application(), eventType)
                    ? new Endpoint[0]
                    : catalog.matching(view, eventType, channels);
        }

        private Duration left(SyncRequest sync) {
            return sync.deadline().minusNanos(System.nanoTime() - since);
        }
    }

    /** One request whose subscribers are being asked. They answer on their event loops, so this is guarded by a lock. */
    private final class Asking {
        private final Work work;
        private final Message message;
        private final SyncRequest sync;
        private final Endpoint[] endpoints;
        private final Lock lock = new ReentrantLock();
        /** By the id of the endpoint; a null for one that did not want the message. */
        private final Map<String, @Nullable SyncResult> results = new HashMap<>();

        private final List<SyncResult> inTurn = new ArrayList<>();
        private boolean closed;

        Asking(Work work, Message message, SyncRequest sync, Endpoint[] endpoints) {
            this.work = work;
            this.message = message;
            this.sync = sync;
            this.endpoints = endpoints;
        }

        void begin() {
            if (endpoints.length == 0) {
                decide(List.of());
                return;
            }
            Duration left = work.left(sync);
            Wait wait = new Wait(left, () -> work.step(this::tooLate));
            calls.call(message, endpoints, left, (endpoint, called) -> {
                SyncResult result = read(endpoint, called);
                List<SyncResult> asked = said(endpoint, result);
                if (asked != null) {
                    wait.ends();
                    work.step(() -> decide(asked));
                }
            });
        }

        /** What is wrong with reading it is wrong with this answer, not with the others. */
        private @Nullable SyncResult read(Endpoint endpoint, Called called) {
            try {
                return SyncResult.of(endpoint, called);
            } catch (RuntimeException | StackOverflowError e) {
                LOG.error("what endpoint {} has answered cannot be read", endpoint.id(), e);
                return SyncResult.of(endpoint, new Called.Failed(false, "what it has answered cannot be read", -1));
            }
        }

        /** All results, if this was the one that it is decided with; else null. */
        private @Nullable List<SyncResult> said(Endpoint endpoint, @Nullable SyncResult result) {
            lock.lock();
            try {
                if (closed) {
                    return null;
                }
                results.put(endpoint.id(), result);
                boolean early = false;
                if (result != null) {
                    inTurn.add(result);
                    early = SyncDecision.isDecidedBy(sync, result);
                }
                closed = early || results.size() == endpoints.length;
                return closed ? asked(early) : null;
            } finally {
                lock.unlock();
            }
        }

        private void tooLate() {
            List<SyncResult> asked;
            lock.lock();
            try {
                if (closed) {
                    return;
                }
                closed = true;
                asked = asked(false);
            } finally {
                lock.unlock();
            }
            decide(asked);
        }

        /** All of them but those that did not want it; who has not answered is late, or nobody waits any more. */
        private List<SyncResult> asked(boolean early) {
            List<SyncResult> asked = new ArrayList<>();
            for (Endpoint endpoint : endpoints) {
                SyncResult result = results.get(endpoint.id());
                if (result != null) {
                    asked.add(result);
                } else if (!results.containsKey(endpoint.id())) {
                    asked.add(early ? SyncResult.pending(endpoint) : SyncResult.late(endpoint));
                }
            }
            return asked;
        }

        /** Nothing changes any more. */
        private void decide(List<SyncResult> asked) {
            String script = sync.merge();
            if (script == null) {
                work.end(decided(asked, (content, succeeded) -> null));
                return;
            }
            try {
                threads.execute(() -> work.step(() -> work.end(decided(
                        asked,
                        (content, succeeded) ->
                                merger.merge(work.application.no(), script, content, succeeded, work.left(sync))))));
            } catch (RejectedExecutionException _) {
                work.end(Answer.unavailable("the server is stopping", RETRY_SECONDS));
            }
        }

        private Answer decided(List<SyncResult> asked, SyncDecision.Merging merging) {
            SyncDecision decision =
                    SyncDecision.of(sync, new String(message.payload, StandardCharsets.UTF_8), inTurn, asked, merging);
            return Answer.json(200, SyncView.of(message, decision, asked));
        }
    }

    private boolean begins(Application application) {
        int now = underWay.merge(application.no(), 1, Integer::sum);
        if (now > MOST_OF_ONE) {
            ends(application);
            return false;
        }
        return true;
    }

    private void ends(Application application) {
        underWay.computeIfPresent(application.no(), (no, count) -> count == 1 ? null : count - 1);
    }

    /** Takes no more, and waits for what is under way: for as long as that may take. */
    @Override
    public void close() {
        blocking.close();
        try {
            if (!room.tryAcquire(MOST, SyncRequest.LONGEST_DEADLINE.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.warn("synchronous messages are under way that should have been answered");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        threads.close();
        merger.close();
    }
}
